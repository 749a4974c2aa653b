package import Chronology
package import Trading

/// Why an order may not be sent.
package struct Refusal: Error, Equatable, Sendable, CustomStringConvertible {
    package let code: RefusalCode
    /// The values that decided, for a person.
    package let detail: String

    package init(_ code: RefusalCode, _ detail: String) {
        self.code = code
        self.detail = detail
    }

    package var description: String { "\(code): \(detail)" }
}

/// What a trading state lets through.
package enum TradingPermission: Equatable, Sendable { case all, reducing, nothing }

/// What the checks know of the account.
package struct AccountFacts: Equatable, Sendable {
    package var isEnabled: Bool
    package var permission: TradingPermission
    /// Zero for no limit.
    package var maximumOrderNotional: Money
    /// Zero for no limit.
    package var maximumOrdersPerSecond: Int
    /// Orders of this account sent within the last second.
    package var ordersInLastSecond: Int
    /// The account's signed position in the order's symbol.
    package var position: Quantity
    /// What its open reduce-only orders on the order's side have left to execute.
    package var reducing: Quantity
    /// Margin its orders may use that the risk snapshot does not count yet.
    package var reserved: Money

    package init(
        isEnabled: Bool, permission: TradingPermission, maximumOrderNotional: Money = .zero,
        maximumOrdersPerSecond: Int = 0, ordersInLastSecond: Int = 0, position: Quantity = .zero,
        reducing: Quantity = .zero, reserved: Money = .zero
    ) {
        self.isEnabled = isEnabled
        self.permission = permission
        self.maximumOrderNotional = maximumOrderNotional
        self.maximumOrdersPerSecond = maximumOrdersPerSecond
        self.ordersInLastSecond = ordersInLastSecond
        self.position = position
        self.reducing = reducing
        self.reserved = reserved
    }
}

/// The last price known of the order's symbol.
package struct PriceFacts: Equatable, Sendable {
    package var bid: Price
    package var ask: Price
    package var mark: Price
    /// The older of the times at which book and mark were received.
    package var at: WallTime

    package init(bid: Price, ask: Price, mark: Price, at: WallTime) {
        self.bid = bid
        self.ask = ask
        self.mark = mark
        self.at = at
    }
}

/// The account's risk snapshot.
package struct RiskFacts: Equatable, Sendable {
    package var available: Money
    package var at: WallTime

    package init(available: Money, at: WallTime) {
        self.available = available
        self.at = at
    }
}

/// What a spot account holds of an order's two assets, less what is on its way.
package struct SpotFacts: Equatable, Sendable {
    /// Of the quote asset, for buys.
    package var quote: Money
    /// Of the base asset, for sells.
    package var base: Quantity

    package init(quote: Money, base: Quantity) {
        self.quote = quote
        self.base = base
    }
}

/// The checks of an order before its intent is saved (B2f).
///
/// Orders that only reduce skip what guards against new risk: freshness of price and risk, margin,
/// minimum notional and the account's limits.
package struct PreTrade: Sendable {
    package struct Limits: Equatable, Sendable {
        package var priceAge = Interval.seconds(3)
        package var riskAge = Interval.seconds(10)
        /// Divides notional into initial margin; greater than zero.
        package var leverage: Ratio = .whole(20)
        /// The taker fee set aside with the margin (0.05 %).
        package var takerFee = Ratio(units: 500_000_000)

        package init() {}
    }

    package var limits: Limits
    package var venue: TradingPermission
    /// Nil where the account is not known.
    package var account: AccountFacts?
    package var instrument: Instrument?
    package var price: PriceFacts?
    package var risk: RiskFacts?
    /// Set where the venue holds assets and no margin: they stand for `risk` then.
    package var spot: SpotFacts?
    package var now: WallTime

    package init(
        limits: Limits, venue: TradingPermission, account: AccountFacts?, instrument: Instrument?,
        price: PriceFacts?, risk: RiskFacts?, spot: SpotFacts? = nil, now: WallTime
    ) {
        self.limits = limits
        self.venue = venue
        self.account = account
        self.instrument = instrument
        self.price = price
        self.risk = risk
        self.spot = spot
        self.now = now
    }

    /// Passes an order, or says why not; gives the margin to reserve for it.
    /// - Parameter executed: what the position holds of it already, where an order is amended.
    package func check(
        _ order: OrderIntent, executed: Quantity = .zero
    ) throws(Refusal) -> Money {
        guard let account else { throw Refusal(.accountUnknown, order.account.name) }
        try checkState(order, account)
        guard let instrument else { throw Refusal(.instrumentUnknown, order.symbol.name) }
        try checkInstrument(order, instrument)
        if order.isReduceOnly {
            try checkReduces(order, order.quantity - executed, account)
            return .zero
        }
        let price = try checkPrice(order, instrument)
        let notional = reference(order, price).times(order.quantity, .up)
        try checkLimits(notional, account)
        let left = executed.isZero ? notional : reference(order, price).times(
            order.quantity - executed, .up)
        return try checkMargin(order, order.quantity - executed, left, account)
    }

    private func checkState(_ order: OrderIntent, _ account: AccountFacts) throws(Refusal) {
        let isFlatten = PreTrade.isFlatten(order)
        switch venue {
        case .nothing where !isFlatten: throw Refusal(.venueHalted, "only cancels pass")
        case .reducing where !order.isReduceOnly:
            throw Refusal(.venueReducing, "only reduce-only orders pass")
        case .all, .reducing, .nothing: break
        }
        switch account.permission {
        case .nothing where !isFlatten: throw Refusal(.accountHalted, order.account.name)
        case .reducing where !order.isReduceOnly:
            throw Refusal(.accountReducing, order.account.name)
        case .all, .reducing, .nothing: break
        }
        if !account.isEnabled, !order.isReduceOnly {
            throw Refusal(.accountDisabled, order.account.name)
        }
    }

    /// The emergency close passes a halt (P7): it reduces, and its id says what it is.
    private static func isFlatten(_ order: OrderIntent) -> Bool {
        order.isReduceOnly
            && ClientOrderID.parts(of: order.clientOrderID.text)?.origin == .flatten
    }

    private func checkInstrument(_ order: OrderIntent, _ rules: Instrument) throws(Refusal) {
        guard rules.status == .trading else {
            throw Refusal(.instrumentNotTrading, "\(rules.symbol) is \(rules.status.text)")
        }
        guard (order.type == .market) == (order.price == nil) else {
            throw Refusal(.malformed, "a limit order has a price, a market order has none")
        }
        if let price = order.price {
            guard price.isPositive, price >= rules.minimumPrice,
                rules.maximumPrice.isZero || price <= rules.maximumPrice
            else { throw Refusal(.priceOutOfRange, price.text) }
            guard rules.admits(price: price) else {
                throw Refusal(.priceOffTick, "\(price) is not a multiple of \(rules.tick)")
            }
        }
        let isMarket = order.type == .market
        let least = isMarket ? rules.marketMinimumQuantity : rules.minimumQuantity
        let most = isMarket ? rules.marketMaximumQuantity : rules.maximumQuantity
        guard order.quantity.isPositive, order.quantity >= least else {
            throw Refusal(.quantityTooSmall, "\(order.quantity) is below \(least)")
        }
        guard most.isZero || order.quantity <= most else {
            throw Refusal(.quantityTooLarge, "\(order.quantity) is above \(most)")
        }
        guard rules.admits(quantity: order.quantity, type: order.type) else {
            throw Refusal(.quantityOffStep, "\(order.quantity) is not a multiple of \(rules.step)")
        }
    }

    /// A reduce-only order is against the position, and all of them together not larger than it.
    private func checkReduces(
        _ order: OrderIntent, _ left: Quantity, _ account: AccountFacts
    ) throws(Refusal) {
        let delta = order.side.signed(left)
        guard account.position.signum == -delta.signum,
            left + account.reducing <= account.position.magnitude
        else {
            throw Refusal(
                .reduceOnlyWouldIncrease,
                "position \(account.position), reducing already \(account.reducing)")
        }
    }

    private func checkPrice(_ order: OrderIntent, _ rules: Instrument) throws(Refusal) -> PriceFacts
    {
        guard let price, price.mark.isPositive, price.bid.isPositive, price.ask.isPositive else {
            throw Refusal(.priceUnknown, order.symbol.name)
        }
        let age = now - price.at
        guard age <= limits.priceAge else {
            throw Refusal(.priceStale, "\(age.milliseconds) ms old")
        }
        if let limit = order.price { try checkBand(limit, order.side, rules, price.mark) }
        let valued = order.price ?? price.mark
        let notional = valued.times(order.quantity, .down)
        guard notional >= rules.minimumNotional else {
            throw Refusal(.notionalTooSmall, "\(notional) is below \(rules.minimumNotional)")
        }
        return price
    }

    private func checkBand(
        _ limit: Price, _ side: Side, _ rules: Instrument, _ mark: Price
    ) throws(Refusal) {
        switch side {
        case .buy:
            let most = mark.scaled(by: rules.bandUp, .floor)
            guard rules.bandUp.isZero || limit <= most else {
                throw Refusal(.priceOutsideBand, "\(limit) is above \(most)")
            }
        case .sell:
            let least = mark.scaled(by: rules.bandDown, .ceiling)
            guard rules.bandDown.isZero || limit >= least else {
                throw Refusal(.priceOutsideBand, "\(limit) is below \(least)")
            }
        }
    }

    /// The price an order is valued at: its own, or the worse of mark and touch for a market order.
    private func reference(_ order: OrderIntent, _ price: PriceFacts) -> Price {
        order.price ?? max(price.mark, order.side == .buy ? price.ask : price.bid)
    }

    private func checkLimits(_ notional: Money, _ account: AccountFacts) throws(Refusal) {
        let most = account.maximumOrderNotional
        guard most.isZero || notional <= most else {
            throw Refusal(.orderNotionalLimit, "\(notional) is above \(most)")
        }
        let rate = account.maximumOrdersPerSecond
        guard rate == 0 || account.ordersInLastSecond < rate else {
            throw Refusal(.orderRateLimit, "\(rate) orders a second")
        }
    }

    private func checkMargin(
        _ order: OrderIntent, _ left: Quantity, _ notional: Money, _ account: AccountFacts
    ) throws(Refusal) -> Money {
        if let spot { return try checkHoldings(order, left, notional, spot) }
        guard let risk else { throw Refusal(.riskUnknown, order.account.name) }
        let age = now - risk.at
        guard age <= limits.riskAge else {
            throw Refusal(.riskStale, "\(age.milliseconds) ms old")
        }
        let needed = margin(order.side.signed(left), notional, position: account.position)
        let free = risk.available - account.reserved
        guard needed <= free else {
            throw Refusal(.marginInsufficient, "needs \(needed), free \(free)")
        }
        return needed
    }

    /// A buy is paid with its fee, a sell out of what is there; gives what a buy sets aside.
    private func checkHoldings(
        _ order: OrderIntent, _ left: Quantity, _ notional: Money, _ spot: SpotFacts
    ) throws(Refusal) -> Money {
        switch order.side {
        case .buy:
            let needed = notional + notional.scaled(by: limits.takerFee, .up)
            guard needed <= spot.quote else {
                throw Refusal(.marginInsufficient, "needs \(needed), free \(spot.quote)")
            }
            return needed
        case .sell:
            guard left <= spot.base else {
                throw Refusal(.marginInsufficient, "sells \(left), free \(spot.base)")
            }
            return .zero
        }
    }

    /// Initial margin of the part that opens, and the fee of all of it; rounded up.
    private func margin(_ delta: Quantity, _ notional: Money, position: Quantity) -> Money {
        let fee = notional.scaled(by: limits.takerFee, .up)
        let closes = position.signum == -delta.signum
        let size = delta.magnitude
        let opening = closes ? max(.zero, size - position.magnitude) : size
        if opening.isZero { return fee }
        let share = opening.ratio(to: size, .up)
        let opened = notional.scaled(by: share, .up)
        return Money(units: FixedPoint.quotient(opened.units, limits.leverage.units, .up)) + fee
    }
}

internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What of the account an order is judged by.
internal struct AccountRules {
    let isHedge: Bool
    /// Most open orders a symbol.
    let openOrders: Int
}

extension OrderParameters {
    /// Whether it can only take off its position.
    internal var reduces: Bool { isReduceOnly || leg.isClosed(by: side) }
}

/// What an order must be to reach the book, with the venue's code for each way it is not.
internal enum OrderRules {
    /// Replaces a wish for "the best price of that side" by the price it stands for.
    static func resolvePriceMatch(
        _ wanted: inout OrderParameters, _ market: Market
    ) throws(ExchangeError) {
        if wanted.priceMatch == "NONE" { return }
        if wanted.price != nil { throw .notRequired("price") }
        guard wanted.type == .limit else { throw .priceMatch }
        let (side, level): (Side, Int)
        switch wanted.priceMatch {
        case "OPPONENT": (side, level) = (wanted.side.opposite, 1)
        case "OPPONENT_5": (side, level) = (wanted.side.opposite, 5)
        case "QUEUE": (side, level) = (wanted.side, 1)
        case "QUEUE_5": (side, level) = (wanted.side, 5)
        case "QUEUE_10": (side, level) = (wanted.side, 10)
        case "QUEUE_20": (side, level) = (wanted.side, 20)
        case _: throw .priceMatch
        }
        let depth = market.book.depth(side, limit: level)
        guard depth.count == level, let found = depth.last else { throw .noDepth }
        wanted.price = found.price
    }

    static func check(
        _ wanted: OrderParameters, _ market: Market, _ stake: Stake, _ rules: AccountRules,
        wall: WallTime
    ) throws(ExchangeError) {
        try checkStatus(market.listing.instrument.status)
        try checkLeg(wanted, isHedge: rules.isHedge)
        try checkShape(wanted, wall: wall)
        try checkQuantity(wanted, market.listing)
        if let price = wanted.price { try checkPrice(price, wanted.side, market) }
        try checkClientOrderID(wanted, stake)
        if wanted.reduces {
            try checkReduction(wanted, stake)
        } else {
            try checkNotional(wanted, market)
        }
        if stake.orders.openCount >= rules.openOrders { throw .tooManyOpen }
        if wanted.type == .market { try checkCounterparty(wanted.side, market) }
    }

    static func checkStatus(_ status: InstrumentStatus) throws(ExchangeError) {
        switch status {
        case .trading: return
        case .cancelOnly, .halted: throw .symbolStatus
        case .other: throw .symbolEnded
        }
    }

    /// One-way mode knows the net position only, hedge mode the two legs only.
    static func checkLeg(
        _ wanted: OrderParameters, isHedge: Bool
    ) throws(ExchangeError) {
        if isHedge == (wanted.leg == .net) { throw .positionSide }
        if isHedge, wanted.isReduceOnly { throw .notRequired("reduceonly") }
    }

    /// What only closes needs something to close; closing a leg may not want more than it holds.
    private static func checkReduction(
        _ wanted: OrderParameters, _ stake: Stake
    ) throws(ExchangeError) {
        let position = stake.holdings[wanted.leg].quantity
        let reduces = wanted.side == .buy ? position.isNegative : position.isPositive
        if !reduces { throw .reduceOnly }
        if wanted.leg == .net { return }
        var room = position.magnitude
        for order in stake.orders.open where order.leg == wanted.leg && !order.mayAdd {
            room -= order.remaining
        }
        if wanted.quantity > room { throw .reduceOnly }
    }

    private static func checkShape(_ wanted: OrderParameters, wall: WallTime) throws(ExchangeError)
    {
        switch wanted.type {
        case .market:
            if wanted.price != nil { throw .notRequired("price") }
            if wanted.timeInForce != nil { throw .notRequired("timeInForce") }
        case .limit:
            guard let force = wanted.timeInForce else { throw .missing("timeInForce") }
            if wanted.price == nil { throw .missing("price") }
            if force == .goodTillDate {
                let least = wall.milliseconds + 600_000
                let isFit = wanted.goodTillDate > least && wanted.goodTillDate < 253_402_300_799_000
                if !isFit { throw .goodTillDate }
            } else if wanted.goodTillDate != 0 {
                throw .notRequired("goodTillDate")
            }
        }
    }

    static func checkQuantity(
        _ wanted: OrderParameters, _ listing: Listing
    ) throws(ExchangeError) {
        let quantity = wanted.quantity
        let rules = listing.instrument
        guard quantity.isMultiple(of: unit(listing.quantityPrecision)) else { throw .precision }
        guard quantity.isPositive else { throw .quantityNotPositive }
        let isMarket = wanted.type == .market
        let least = isMarket ? rules.marketMinimumQuantity : rules.minimumQuantity
        let most = isMarket ? rules.marketMaximumQuantity : rules.maximumQuantity
        if quantity < least { throw .quantityTooSmall }
        if quantity > most { throw .quantityTooLarge }
        guard (quantity - least).isMultiple(of: rules.step) else { throw .quantityOffStep }
    }

    static func checkPrice(
        _ price: Price, _ side: Side, _ market: Market
    ) throws(ExchangeError) {
        let rules = market.listing.instrument
        guard price.isMultiple(of: unit(market.listing.pricePrecision)) else { throw .precision }
        guard price.isPositive else { throw .priceNotPositive }
        if price > rules.maximumPrice { throw .priceTooHigh }
        if price < rules.minimumPrice { throw .priceTooLow }
        guard (price - rules.minimumPrice).isMultiple(of: rules.tick) else { throw .priceOffTick }
        switch side {
        case .buy:
            let most = market.mark.scaled(by: rules.bandUp, .down).down(to: rules.tick)
            if price > most { throw .abovePriceBand(most) }
        case .sell:
            let least = market.mark.scaled(by: rules.bandDown, .up).up(to: rules.tick)
            if price < least { throw .belowPriceBand(least) }
        }
    }

    private static func checkClientOrderID(
        _ wanted: OrderParameters, _ stake: Stake
    ) throws(ExchangeError) {
        guard let id = wanted.clientOrderID else { return }
        guard isClientID(id) else { throw .clientOrderID }
        if let other = stake.orders.order(clientOrderID: id), other.isOpen {
            throw .duplicateClientOrderID
        }
    }

    /// Whether the venue takes a text as a client's id.
    static func isClientID(_ id: String) -> Bool {
        (1...36).contains(id.utf8.count) && id.utf8.allSatisfy(isAllowedInID)
    }

    private static func isAllowedInID(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"),
            UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        case _: false
        }
    }

    static func checkNotional(
        _ wanted: OrderParameters, _ market: Market
    ) throws(ExchangeError) {
        let price = wanted.price ?? market.mark
        let least = market.listing.instrument.minimumNotional
        if price.times(wanted.quantity, .down) < least { throw .notional(least) }
    }

    private static func checkCounterparty(_ side: Side, _ market: Market) throws(ExchangeError) {
        guard let best = market.book.best(side.opposite)?.price else { return }
        let rules = market.listing.instrument
        let isFar =
            side == .buy
            ? best > market.mark.scaled(by: rules.bandUp, .down)
            : best < market.mark.scaled(by: rules.bandDown, .up)
        if isFar { throw .counterpartyPrice }
    }

    // MARK: prices

    /// The worst price the order may trade at.
    static func limit(of wanted: OrderParameters, _ market: Market) -> Price? {
        if let price = wanted.price { return price }
        let bound = market.listing.takeBound
        let share = wanted.side == .buy ? Ratio.one + bound : Ratio.one - bound
        return market.mark.scaled(by: share, .nearestEven)
    }

    /// What an order's margin is counted at: its price, or for market orders a little beyond the best.
    static func referencePrice(of wanted: OrderParameters, _ market: Market) -> Price {
        if let price = wanted.price {
            return wanted.side == .buy ? price : max(price, market.book.best(.buy)?.price ?? price)
        }
        let best = market.book.best(wanted.side.opposite)?.price ?? market.mark
        guard wanted.side == .buy else { return best }
        return best.scaled(by: Ratio(units: 1_000_500_000_000), .up)
    }

    /// The smallest amount with this many decimals.
    static func unit<Value: ExactDecimal>(_ places: Int) -> Value {
        var units: Int128 = 1_000_000_000_000
        for _ in 0..<places { units /= 10 }
        return Value(units: units)
    }
}

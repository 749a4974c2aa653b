internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What a conditional order must be, with the venue's code for each way it is not.
internal enum AlgoRules {
    static func check(_ algo: AlgoOrder, _ market: Market, isHedge: Bool) throws(ExchangeError) {
        try OrderRules.checkStatus(market.listing.instrument.status)
        if isHedge == (algo.leg == .net) { throw .positionSide }
        if isHedge, algo.isReduceOnly { throw .notRequired("reduceonly") }
        guard OrderRules.isClientID(algo.clientAlgoID) else { throw .clientOrderID }
        try checkSize(algo, market)
        try checkPrices(algo, market)
        try checkTrailing(algo)
        if algo.kind != .trailing, isReached(algo, at: price(algo, market)) { throw .wouldTrigger }
    }

    private static func checkSize(_ algo: AlgoOrder, _ market: Market) throws(ExchangeError) {
        if algo.closesPosition {
            guard algo.kind == .stopMarket || algo.kind == .takeProfitMarket else {
                throw .closePositionWithQuantity
            }
            if !algo.quantity.isZero { throw .notRequired("quantity") }
            if algo.isReduceOnly { throw .notRequired("reduceonly") }
            return
        }
        if algo.quantity.isZero { throw .missing("quantity") }
        let form = OrderParameters(
            symbol: algo.symbol, side: algo.side, type: algo.kind.isMarket ? .market : .limit,
            quantity: algo.quantity)
        try OrderRules.checkQuantity(form, market.listing)
    }

    private static func checkPrices(_ algo: AlgoOrder, _ market: Market) throws(ExchangeError) {
        let listing = market.listing
        if algo.kind != .trailing { try checkLevel(algo.trigger, "triggerPrice", listing) }
        if algo.kind.isMarket {
            if !algo.price.isZero { throw .notRequired("price") }
        } else if algo.priceMatch == "NONE" {
            if algo.price.isZero { throw .missing("price") }
            try checkLevel(algo.price, "price", listing)
        } else if !algo.price.isZero {
            throw .notRequired("price")
        }
    }

    private static func checkLevel(
        _ price: Price, _ name: String, _ listing: Listing
    ) throws(ExchangeError) {
        if price.isZero { throw .missing(name) }
        if price.isNegative { throw .triggerNotPositive }
        guard price.isMultiple(of: OrderRules.unit(listing.pricePrecision)) else {
            throw .precision
        }
        if price > listing.instrument.maximumPrice { throw .priceTooHigh }
        guard price.isMultiple(of: listing.instrument.tick) else { throw .priceOffTick }
    }

    private static func checkTrailing(_ algo: AlgoOrder) throws(ExchangeError) {
        guard algo.kind == .trailing else {
            if !algo.callback.isZero { throw .notRequired("callbackRate") }
            return
        }
        let least = Ratio(units: 100_000_000_000)
        guard algo.callback >= least, algo.callback <= .whole(10) else { throw .callbackRate }
    }

    // MARK: triggering

    /// The price an order looks at.
    static func price(_ algo: AlgoOrder, _ market: Market) -> Price {
        algo.working == .mark ? market.mark : market.last
    }

    /// Whether the price is where the order waits for it.
    static func isReached(_ algo: AlgoOrder, at price: Price) -> Bool {
        algo.kind.waitsAbove(algo.side) ? price >= algo.trigger : price <= algo.trigger
    }

    /// Whether mark and last price are near enough for an order that asked for protection.
    static func isTrustworthy(_ algo: AlgoOrder, _ market: Market) -> Bool {
        if !algo.isPriceProtected { return true }
        let gap = (market.mark - market.last).magnitude
        return gap <= market.mark.scaled(by: market.listing.takeBound, .down)
    }

    /// Lets a trailing order follow the price; true where the price has come back far enough.
    static func follow(_ algo: inout AlgoOrder, _ price: Price) -> Bool {
        let isBuy = algo.side == .buy
        if algo.extreme.isZero {
            let isActive =
                algo.activation.isZero
                || (isBuy ? price <= algo.activation : price >= algo.activation)
            if isActive { algo.extreme = price }
            return false
        }
        algo.extreme = isBuy ? min(algo.extreme, price) : max(algo.extreme, price)
        let share = Ratio(units: algo.callback.units / 100)
        let back = algo.extreme.scaled(by: share, .up)
        return isBuy ? price >= algo.extreme + back : price <= algo.extreme - back
    }
}

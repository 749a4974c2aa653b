internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What a person does past the client: the account's owner, or a stranger.
extension FuturesDesk {
    /// The position an amount is meant for in the present mode.
    internal func leg(of amount: Quantity) -> PositionLeg {
        guard mode.isHedge else { return .net }
        return amount.isNegative ? .short : .long
    }

    /// An order of the account that no client sent, as from the venue's own web page.
    internal func tradeByHand(
        _ symbol: Symbol, _ side: Side, _ quantity: Quantity, _ price: Price?, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        var wanted = OrderParameters(
            symbol: symbol, side: side, type: price == nil ? .market : .limit,
            timeInForce: price == nil ? nil : .goodTillCancel, quantity: quantity, price: price,
            clientOrderID: "web_\(markets[number].book.nextOrderID)")
        wanted.leg = leg(of: side.signed(quantity))
        _ = try place(wanted, wall: wall)
    }

    /// A stranger takes an open order in equal parts up to a share of it; the rest is cancelled.
    internal func fillThenCancel(
        _ symbol: Symbol, _ clientOrderID: String, parts: Int, _ share: Ratio, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        guard let order = find(number, nil, clientOrderID), order.isOpen else {
            throw .unknownOrder
        }
        guard parts > 0, !share.isNegative, share <= .one else { throw .invalid("parts") }
        let step = markets[number].listing.instrument.step
        let whole = order.quantity.scaled(by: share, .down).down(to: step)
        let part = Quantity(units: whole.units / Int128(parts)).up(to: step)
        var left = min(whole, order.remaining)
        while left.isPositive, let now = stakes[number].orders[order.orderID], now.isOpen {
            let amount = min(part, left, now.remaining)
            try fillPart(symbol, orderID: order.orderID, quantity: amount, wall: wall)
            left -= amount
        }
        guard stakes[number].orders[order.orderID]?.isOpen == true else { return }
        remove(order.orderID, number, wall: wall.milliseconds)
        commit()
    }

    /// Moves a price by a share of itself: at once where no background is there to carry it.
    internal func ramp(
        _ symbol: Symbol, by share: Ratio, over time: Interval, wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        guard share > -.one else { throw .invalid("by") }
        if floor.hasBackground { return floor.move(number, by: share, over: time) }
        let target = markets[number].fair.scaled(by: .one + share, .nearestEven)
            .down(to: markets[number].listing.instrument.tick)
        try movePrice(symbol, to: target, wall: wall)
    }

    /// Takes all of a symbol's positions away at mark.
    internal func deleverageAll(_ symbol: Symbol, wall: WallTime) throws(ExchangeError) {
        let number = try market(symbol)
        let held = legs.filter { !stakes[number].holdings[$0].quantity.isZero }
        if held.isEmpty { throw .reduceOnly }
        for leg in held { try deleverage(symbol, leg, wall: wall) }
    }
}

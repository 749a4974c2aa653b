internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What is remembered besides orders and trades: self-trades that were prevented, changes in place.
extension SpotDesk {
    /// A trade with itself did not happen: both orders know what they lost by it, and who goes on
    /// with less says so.
    internal func prevented(_ match: MatchPrevention, _ number: Int, wall: Int64) {
        guard let taker = stakes[number].orders.order(bookID: match.takerID),
            let maker = stakes[number].orders.order(bookID: match.makerID)
        else { preconditionFailure("orders of the account are on record") }
        let record = SpotPrevention(
            matchID: (stakes[number].preventions.last?.matchID ?? -1) + 1, market: number,
            symbol: taker.symbol, takerOrderID: taker.orderID, makerOrderID: maker.orderID,
            mode: taker.selfTrade.rawValue, price: match.price,
            takerQuantity: match.takerQuantity, makerQuantity: match.makerQuantity,
            timeMilliseconds: wall)
        keep(record)
        lose(match.makerQuantity, maker, record, wall: wall)
        lose(match.takerQuantity, taker, record, wall: wall)
    }

    private func lose(
        _ quantity: Quantity, _ losing: SpotOrder, _ record: SpotPrevention, wall: Int64
    ) {
        if quantity.isZero { return }
        // An order of a list that is struck goes ahead alone.
        var order = leave(losing, wall: wall)
        order.prevented += quantity
        if order.preventedMatchID < 0 { order.preventedMatchID = record.matchID }
        order.updatedAtMilliseconds = wall
        reason = .canceled
        // Who has nothing left expires next, and gives back all it holds then.
        let goesOn = order.remaining.isPositive
        if goesOn, order.kind.hasPrice { release(&order, all: false) }
        stakes[order.market].orders.put(order)
        noteOrder(order.market, order.orderID)
        if goesOn { report(order, .prevented, prevention: record, wall: wall) }
    }

    /// Keeps a prevention, and forgets the oldest where there are a fifth too many.
    internal func keep(_ record: SpotPrevention) {
        notePrevention(record)
        stakes[record.market].preventions.append(record)
        let kept = settings.limits.keptOrders
        if stakes[record.market].preventions.count > kept + kept / 5 {
            stakes[record.market].preventions.removeFirst(kept / 5)
        }
    }

    /// Keeps a change in place, likewise.
    internal func keep(_ record: SpotAmendment) {
        noteAmendment(record)
        stakes[record.market].amendments.append(record)
        let kept = settings.limits.keptOrders
        if stakes[record.market].amendments.count > kept + kept / 5 {
            stakes[record.market].amendments.removeFirst(kept / 5)
        }
    }
}

package import Chronology
package import Matching
package import Trading

// ExchangeMarkets: the public side of an exchange, one `Market` a symbol: book, prices, prints.
// 1. The same listings, seed and calls at the same times give the same markets and events.
// 2. What happened in a book is told once: a depth change, a print and the best prices after it.
// 3. Update ids grow over all symbols, and trade and order ids within each.
// 4. Nothing here knows whose orders they are but the background's own.

/// All markets of one exchange with their background of makers and takers.
///
/// The exchange places and cancels the orders of its accounts through the floor and settles the match
/// events it is given; it takes what the public is told with `takeTold`.
package struct MarketFloor: Sendable {
    /// The market stands still while the process did: longer gaps are not lived through afterwards.
    private static let longestGap = Interval.seconds(1)

    package internal(set) var markets: [Market]
    /// Whether makers and takers move the markets; without them only accounts' orders trade.
    package let hasBackground: Bool
    package internal(set) var nextUpdateID: Int64 = 1_000
    private var numbers: [Symbol: Int] = [:]
    private var hasOpened = false
    internal var told: [MarketEvent] = []

    package init(_ listings: [Listing], seed: UInt64, hasBackground: Bool) {
        self.hasBackground = hasBackground
        markets = listings.enumerated().map {
            Market($0.element, number: $0.offset, seed: seed)
        }
        for (number, market) in markets.enumerated() { numbers[market.symbol] = number }
    }

    /// The number of a symbol's market, or nil where the symbol is not traded here.
    package func number(of symbol: Symbol) -> Int? { numbers[symbol] }

    /// What the public is told since the last call, in order.
    package mutating func takeTold() -> [MarketEvent] {
        defer { told.removeAll(keepingCapacity: true) }
        return told
    }

    // MARK: orders

    /// Takes an order into a book; what it did is appended to `events` and told to the public.
    package mutating func place(
        _ ticket: OrderTicket, _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) -> Placement {
        let first = events.count
        let placement = markets[number].book.place(ticket, &events)
        absorb(number, events[first...], wall: wall)
        return placement
    }

    /// Takes an order off its book; false where none rests under this id.
    package mutating func cancel(
        _ orderID: Int64, _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) -> Bool {
        let first = events.count
        let wasResting = markets[number].book.cancel(orderID, &events)
        absorb(number, events[first...], wall: wall)
        return wasResting
    }

    /// Changes a resting order's price and quantity; it goes to the end of its new queue.
    package mutating func amend(
        _ orderID: Int64, _ side: Side, price: Price, quantity: Quantity, _ number: Int,
        wall: Int64, _ events: inout [MatchEvent]
    ) -> Amendment {
        let first = events.count
        let amendment = markets[number].book.amend(
            orderID, price: price, quantity: quantity, &events)
        if case .amended(let from, _) = amendment { touch(number, side, from) }
        absorb(number, events[first...], wall: wall)
        return amendment
    }

    /// Tells that what rests at a price was changed past the floor.
    package mutating func changed(_ number: Int, _ side: Side, _ price: Price, wall: Int64) {
        touch(number, side, price)
        tellTicker(number, wall: wall)
    }

    private mutating func absorb(_ number: Int, _ events: ArraySlice<MatchEvent>, wall: Int64) {
        if events.isEmpty { return }
        for event in events {
            switch event {
            case .accepted: break
            case .traded(let trade): traded(trade, number, wall: wall)
            case .rested(_, let side, let price, _): touch(number, side, price)
            case .expired(_, _, let side, let price, _, _):
                if let price { touch(number, side, price) }
            case .cancelled(_, _, let side, let price, _): touch(number, side, price)
            }
        }
        tellTicker(number, wall: wall)
    }

    private mutating func traded(_ trade: MatchTrade, _ number: Int, wall: Int64) {
        touch(number, trade.takerSide.opposite, trade.price)
        markets[number].last = trade.price
        markets[number].lastTradeAt = wall
        markets[number].prints.printed(trade, wall: wall)
        told.append(
            .print(
                PublicTrade(
                    market: number, id: trade.tradeID, price: trade.price,
                    quantity: trade.quantity, isBuyerMaker: trade.takerSide == .sell,
                    timeMilliseconds: wall)))
        if trade.makerOwner == .market, trade.makerRemaining.isZero {
            markets[number].ladders[trade.takerSide.opposite].remove(orderID: trade.makerID)
        }
    }

    private mutating func touch(_ number: Int, _ side: Side, _ price: Price) {
        nextUpdateID += 1
        let id = nextUpdateID
        markets[number].lastUpdateID = id
        for index in markets[number].depth.indices {
            markets[number].depth[index].touched(side, price, updateID: id)
        }
    }

    private mutating func tellTicker(_ number: Int, wall: Int64) {
        let bid = markets[number].book.best(.buy)
        let ask = markets[number].book.best(.sell)
        var ticker = BookTicker(market: number, updateID: markets[number].lastUpdateID)
        if let bid { (ticker.bid, ticker.bidQuantity) = (bid.price, bid.quantity) }
        if let ask { (ticker.ask, ticker.askQuantity) = (ask.price, ask.quantity) }
        ticker.timeMilliseconds = wall
        guard !ticker.shows(markets[number].ticker) else { return }
        markets[number].ticker = ticker
        told.append(.bookTicker(ticker))
    }

    /// What a market's mark price stream says now.
    package func markUpdate(_ number: Int, isThird: Bool, wall: Int64) -> MarkUpdate {
        let market = markets[number]
        return MarkUpdate(
            market: number, mark: market.mark, average: market.average, index: market.index,
            isThird: isThird, timeMilliseconds: wall)
    }

    // MARK: time

    /// When a market acts next; before the first call of `catchUp`, at once.
    package var nextDue: Instant {
        guard hasOpened else { return .distantPast }
        return markets.reduce(Instant.distantFuture) { min($0, $1.schedule.next) }
    }

    /// At the first call, lets the markets open now; later, moves their schedules by what the process
    /// has slept too long, and returns that time.
    package mutating func catchUp(now: Instant) -> Interval {
        guard hasOpened else {
            hasOpened = true
            for number in markets.indices { markets[number].schedule.beat = now }
            return .zero
        }
        let lag = now - nextDue
        guard lag > MarketFloor.longestGap else { return .zero }
        for number in markets.indices { markets[number].schedule.shift(by: lag) }
        return lag
    }

    /// Does the one thing that is due at `due`: of equal ones, the first market's, in a fixed order.
    ///
    /// - Returns: the market whose book the events appended to `events` are of; nil where none is due.
    package mutating func act(
        _ due: Instant, wall: WallTime, _ events: inout [MatchEvent]
    ) -> Int? {
        guard let number = markets.firstIndex(where: { $0.schedule.next == due }) else {
            return nil
        }
        act(number, due, wall: wall.milliseconds, &events)
        return number
    }

    // MARK: bringing back

    /// Lets one market be brought back after a restart.
    package mutating func restore(_ number: Int, _ body: (inout Market) -> Void) {
        body(&markets[number])
    }

    /// Moves the shared update id forward, never back.
    package mutating func raiseUpdateID(to id: Int64) { nextUpdateID = max(nextUpdateID, id) }

    /// Marks a market's book as changed by all ids up to now, as after a restart.
    package mutating func touchAll() {
        for number in markets.indices { markets[number].lastUpdateID = nextUpdateID }
    }
}

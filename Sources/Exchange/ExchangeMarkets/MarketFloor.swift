package import Chronology
package import Matching
package import Trading

// ExchangeMarkets: the public side of an exchange, one `Market` a symbol: book, prices, prints.
// 1. The same listings, seed and calls at the same times give the same markets and events.
// 2. What happened in a book is told once: a depth change, a print and the best prices after it.
// 3. Update ids grow over all symbols, and trade and order ids within each.
// 4. Nothing here knows whose orders they are but the background's own.
// 5. A print is on the tape and in the candles when it is told; candles have no gaps.

/// What a floor is made with.
package struct FloorSettings: Sendable {
    /// The same seed gives the same markets.
    package var seed: UInt64 = 1
    /// Whether makers and takers move the markets; without them only accounts' orders trade.
    package var hasBackground = true
    package var conditions = MarketConditions()
    /// Whether markets that open have a made-up past; without it their candles begin when they do.
    package var hasHistory = true
    /// Whether owners gain positions; not on a spot exchange.
    package var keepsPositions = true
    /// Whether candles of mark, index and premium are kept.
    package var keepsMarks = false
    /// Whether candles of one second are kept.
    package var keepsSeconds = false
    /// How often depth updates are told.
    package var cadences: [DepthCadence] = [.fast, .usual, .slow]

    package init() {}
}

/// All markets of one exchange with their background of makers and takers.
///
/// The exchange places and cancels the orders of its accounts through the floor and settles the match
/// events it is given; it takes what the public is told with `takeTold`.
package struct MarketFloor: Sendable {
    /// The market stands still while the process did: longer gaps are not lived through afterwards.
    private static let longestGap = Interval.seconds(1)

    package internal(set) var markets: [Market]
    package let settings: FloorSettings
    package internal(set) var nextUpdateID: Int64 = 1_000
    private var numbers: [Symbol: Int] = [:]
    /// When each market acts next, side by side, because they are searched for every action.
    private var dues: ContiguousArray<Instant>
    internal var schedule = FloorSchedule()
    private var hasOpened = false
    internal var told: [MarketEvent] = []

    package init(_ listings: [Listing], _ settings: FloorSettings) {
        self.settings = settings
        markets = listings.enumerated().map { Market($0.element, number: $0.offset, settings) }
        dues = ContiguousArray(repeating: .distantFuture, count: listings.count)
        for (number, market) in markets.enumerated() { numbers[market.symbol] = number }
    }

    /// A futures floor as it is mostly made; markets that have no background have no past either.
    package init(_ listings: [Listing], seed: UInt64, hasBackground: Bool) {
        var settings = FloorSettings()
        settings.seed = seed
        settings.hasBackground = hasBackground
        settings.hasHistory = hasBackground
        settings.keepsMarks = true
        self.init(listings, settings)
    }

    /// Whether makers and takers move the markets; without them only accounts' orders trade.
    package var hasBackground: Bool { settings.hasBackground }

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

    /// Changes a resting order; what it did is appended to `events` and told to the public.
    package mutating func amend(
        _ orderID: Int64, price: Price, quantity: Quantity, keepsPriority: Bool = false,
        _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) -> Amendment {
        let first = events.count
        let side = markets[number].book.side(of: orderID)
        let amendment = markets[number].book.amend(
            orderID, price: price, quantity: quantity, keepsPriority: keepsPriority, &events)
        if case .amended(let from, _) = amendment, let side {
            touch(number, side, from)
            if events.count == first { tellTicker(number, wall: wall) }
        }
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
        note(number, events, wall: wall)
        tellTicker(number, wall: wall)
    }

    /// Notes what happened in a book: levels touched and prints.
    internal mutating func note(
        _ number: Int, _ events: ArraySlice<MatchEvent>, wall: Int64
    ) {
        for event in events {
            switch event {
            case .accepted: break
            case .traded(let trade): traded(trade, number, wall: wall)
            case .prevented(let prevention):
                touch(number, prevention.takerSide.opposite, prevention.price)
            case .rested(_, let side, let price, _): touch(number, side, price)
            case .expired(_, _, let side, let price, _, _):
                if let price { touch(number, side, price) }
            case .cancelled(_, _, let side, let price, _): touch(number, side, price)
            }
        }
    }

    private mutating func traded(_ trade: MatchTrade, _ number: Int, wall: Int64) {
        touch(number, trade.takerSide.opposite, trade.price)
        printed(
            number, id: trade.tradeID, trade.price, trade.quantity, taker: trade.takerSide,
            wall: wall)
        if trade.makerOwner == .market, trade.makerRemaining.isZero {
            markets[number].ladders[trade.takerSide.opposite].remove(orderID: trade.makerID)
        }
    }

    /// Puts a print on the tape and tells it.
    internal mutating func printed(
        _ number: Int, id: Int64, _ price: Price, _ quantity: Quantity, taker: Side, wall: Int64
    ) {
        let print = PublicTrade(
            market: number, id: id, price: price, quantity: quantity,
            isBuyerMaker: taker == .sell, timeMilliseconds: wall)
        beginTape(number, wall: wall)
        markets[number].last = price
        markets[number].lastTradeAt = wall
        markets[number].tape.add(print)
        markets[number].prints.printed(print)
        told.append(.print(print))
    }

    internal mutating func touch(_ number: Int, _ side: Side, _ price: Price) {
        nextUpdateID += 1
        let id = nextUpdateID
        markets[number].lastUpdateID = id
        markets[number].depth.touched(side, price, updateID: id)
    }

    internal mutating func tellTicker(_ number: Int, wall: Int64) {
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
        return dues.reduce(schedule.next) { min($0, $1) }
    }

    /// At the first call, lets the markets open now; later, moves their schedules by what the process
    /// has slept too long, and returns that time.
    package mutating func catchUp(now: Instant) -> Interval {
        guard hasOpened else {
            hasOpened = true
            schedule.beat = now + .milliseconds(50)
            schedule.mark = now + .seconds(1)
            for number in markets.indices {
                markets[number].schedule.opening = now
                dues[number] = now
            }
            return .zero
        }
        let lag = now - nextDue
        guard lag > MarketFloor.longestGap else { return .zero }
        schedule.shift(by: lag)
        for number in markets.indices {
            markets[number].schedule.shift(by: lag)
            dues[number] = markets[number].schedule.next
        }
        return lag
    }

    /// Does the one thing that is due at `due`: of equal ones, the first market's, in a fixed order, and
    /// last what all markets do together.
    ///
    /// - Returns: the market whose book the events appended to `events` are of, 0 where all acted
    ///   together; nil where nothing is due.
    package mutating func act(
        _ due: Instant, wall: WallTime, _ events: inout [MatchEvent]
    ) -> Int? {
        if let number = dues.firstIndex(of: due) {
            act(number, due, wall: wall.milliseconds, &events)
            dues[number] = markets[number].schedule.next
            return number
        }
        if markets.isEmpty { return nil }
        if schedule.beat == due {
            schedule.beat = due + .milliseconds(50)
            beat(wall: wall.milliseconds)
            return 0
        }
        guard schedule.mark == due else { return nil }
        schedule.mark = due + .seconds(1)
        publishMarks(wall: wall.milliseconds)
        return 0
    }

    /// Lets a market's tape begin, if it has not.
    internal mutating func beginTape(_ number: Int, wall: Int64) {
        if markets[number].isOpen { return }
        markets[number].isOpen = true
        if markets[number].tape.hasBegun {
            markets[number].tape.resume(at: wall)
            markets[number].marks?.resume()
            return
        }
        markets[number].beginTape(
            MarketOpening(
                wall: wall, last: markets[number].last, mark: markets[number].mark,
                index: markets[number].index, nextID: markets[number].book.nextTradeID,
                scale: markets[number].tape.scale))
    }

    /// The time since the last call of which all minutes have closed, on the minute; nil where none has.
    /// At the first call after a restart it begins where the minutes that came back end.
    package mutating func closedMinutes(at wall: Int64) -> Range<Int64>? {
        let opening = wall / 60_000 * 60_000
        let last = schedule.minute ?? firstUnkept ?? opening
        schedule.minute = opening
        guard last < opening else { return nil }
        for number in markets.indices where markets[number].isOpen {
            markets[number].tape.minutes.advance(to: wall)
        }
        return last..<opening
    }

    /// The first minute that may not be on file; nil where no market has opened.
    private var firstUnkept: Int64? {
        let kept = markets.compactMap(\.tape.keptMinute).max()
        if let kept { return kept + 60_000 }
        return markets.compactMap { $0.opening.map { $0.wall / 60_000 * 60_000 } }.min()
    }

    /// Begins the mean of a market's premium anew, as after a funding.
    package mutating func restartPremium(_ number: Int) {
        markets[number].premiums = PremiumMean()
    }

    // MARK: reading

    /// A market's candle that is being built.
    package func candle(_ number: Int, _ interval: CandleInterval, at wall: Int64) -> Candle? {
        markets[number].candle(interval, at: wall)
    }

    /// A market's candle that opened at a time and has closed.
    package func candle(
        _ number: Int, _ interval: CandleInterval, openingAt opening: Int64
    ) -> Candle? {
        markets[number].candle(
            interval, openingAt: opening, at: interval.next(after: opening) - 1)
    }

    /// What traded in a market in the 24 hours before `wall`.
    package func statistics(_ number: Int, at wall: Int64) -> DayStatistics {
        markets[number].statistics(at: wall)
    }

    // MARK: an operator's hand

    /// Changes whether a market trades; while it does not, its background stands still.
    package mutating func setStatus(_ number: Int, _ status: InstrumentStatus) {
        markets[number].listing.instrument.status = status
    }

    /// Changes a market's filters, as venues do overnight; the symbol stays.
    package mutating func replaceListing(_ number: Int, _ listing: Listing) {
        precondition(listing.symbol == markets[number].symbol, "a market keeps its symbol")
        markets[number].listing = listing
    }

    /// Leads a market's price to another one on a straight line: a crash of 30 % in a minute is
    /// `by: -0.3, over: .seconds(60)`. Makers follow it, and it stays there.
    package mutating func move(_ number: Int, by change: Ratio, over length: Interval) {
        let from = markets[number].fair
        let to = from + from.scaled(by: change, .nearestEven)
        let least = markets[number].leastPrice
        markets[number].script = PriceScript(from: from, to: max(to, least), length: length)
    }

    /// Sets a market's price and mark price at once; makers follow with their next quotes.
    package mutating func jump(_ number: Int, to price: Price) {
        let price = max(price, markets[number].leastPrice)
        markets[number].script = nil
        markets[number].fair = price
        markets[number].home = price
        markets[number].mark = price
        markets[number].index = price
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

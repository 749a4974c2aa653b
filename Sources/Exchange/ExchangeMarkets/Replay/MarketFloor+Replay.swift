internal import Chronology
internal import Matching
internal import Trading

// Replay: a market's book is what a recording says, and clients trade against it.
// 1. The background's orders stand for the recorded levels; accounts' orders rest among them, and what
//    crosses them trades. A level that grows goes behind what rests there.
// 2. The top of the book is the newest of what bookTicker and depth frames say, by update id: a bookTicker
//    older than the depth applied is not shown.
// 3. A recorded trade takes accounts' orders it reaches, in their turn; where there are none, it is
//    printed and the book is left to the frames that say what became of it.
// 4. What a frame does is told at once, after all of it: no state between.
extension MarketFloor {
    /// Lets a market replay a recording instead of its makers and takers, from its opening on; false where
    /// the symbol is not listed. Call it before time begins.
    package mutating func attach(_ feed: ReplayFeed, loops: Bool = true) -> Bool {
        guard let number = number(of: feed.symbol) else { return false }
        var replay = MarketReplay(feed, loops: loops)
        guard replay.advance() else { return false }
        jump(number, to: feed.firstPrice)
        markets[number].last = feed.firstPrice
        markets[number].replay = replay
        return true
    }

    /// How far a market's replay has come; nil where it replays nothing.
    package func replayProgress(_ number: Int) -> ReplayProgress? {
        markets[number].replay.map {
            ReplayProgress(frames: $0.frames, stale: $0.stale, problem: $0.problem)
        }
    }

    /// Applies the frame that is due, and says how long to wait for the next; nil after the last.
    internal mutating func replayFrame(
        _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) -> Interval? {
        guard var replay = markets[number].replay else { return nil }
        markets[number].replay = nil
        let time = replay.frame.time
        apply(&replay, number, wall: wall, &events)
        tellTicker(number, wall: wall)
        if let middle = markets[number].middle { markets[number].fair = middle }
        replay.frames += 1
        var wait: Interval?
        if replay.advance() {
            wait = .nanoseconds(max(0, replay.frame.time - time))
        } else if replay.loops, replay.problem == nil {
            wait = restart(&replay, number, wall: wall, &events)
        }
        markets[number].replay = replay
        return wait
    }

    private mutating func restart(
        _ replay: inout MarketReplay, _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) -> Interval? {
        // Nobody is told of best prices until there are some again.
        for side in Side.allCases {
            trim(&replay, number, side, 0, wall: wall, &events) { _ in true }
        }
        replay.bids = [:]
        replay.asks = [:]
        replay.tickerID = 0
        replay.depthID = 0
        replay.feed.restart()
        return replay.advance() ? .seconds(1) : nil
    }

    // MARK: frames

    private mutating func apply(
        _ replay: inout MarketReplay, _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) {
        let frame = replay.frame
        switch frame.kind {
        case .trade: applyTrade(&replay, number, wall: wall, &events)
        case .snapshot: applySnapshot(&replay, frame, number, wall: wall, &events)
        case .depth: applyDepth(&replay, frame, number, wall: wall, &events)
        case .ticker:
            guard frame.updateID >= replay.depthID, let bid = frame.bids.first,
                let ask = frame.asks.first
            else {
                replay.stale += 1
                return
            }
            replay.tickerID = frame.updateID
            replay.bestBid = bid
            replay.bestAsk = ask
            applyTop(&replay, number, wall: wall, &events)
        }
    }

    /// Makes the book's top what the newest bookTicker says.
    private mutating func applyTop(
        _ replay: inout MarketReplay, _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) {
        let (bid, ask, id) = (replay.bestBid, replay.bestAsk, replay.tickerID)
        trim(&replay, number, .buy, id, wall: wall, &events) { $0 > bid.price }
        trim(&replay, number, .sell, id, wall: wall, &events) { $0 < ask.price }
        set(&replay, number, .buy, bid, id, wall: wall, &events)
        set(&replay, number, .sell, ask, id, wall: wall, &events)
    }

    private mutating func applyDepth(
        _ replay: inout MarketReplay, _ frame: ReplayFrame, _ number: Int, wall: Int64,
        _ events: inout [MatchEvent]
    ) {
        if frame.updateID <= replay.depthID { return }
        replay.depthID = frame.updateID
        for isGone in [true, false] {
            for level in frame.bids where level.quantity.isZero == isGone {
                set(&replay, number, .buy, level, frame.updateID, wall: wall, &events)
            }
            for level in frame.asks where level.quantity.isZero == isGone {
                set(&replay, number, .sell, level, frame.updateID, wall: wall, &events)
            }
        }
        if replay.tickerID > frame.updateID { applyTop(&replay, number, wall: wall, &events) }
        if replay.frames % 1_024 == 0 { replay.forget(upTo: frame.updateID) }
    }

    /// Takes a REST snapshot over: what was said after it stays, what it does not have is gone.
    private mutating func applySnapshot(
        _ replay: inout MarketReplay, _ frame: ReplayFrame, _ number: Int, wall: Int64,
        _ events: inout [MatchEvent]
    ) {
        let id = frame.updateID
        let (bids, asks) = (Set(frame.bids.map(\.price)), Set(frame.asks.map(\.price)))
        let (low, high) = (frame.bids.map(\.price).min(), frame.asks.map(\.price).max())
        let known = replay
        trim(&replay, number, .buy, id, wall: wall, &events, wholeSide: true) { price in
            !bids.contains(price) && low.map { price >= $0 } ?? true
                && (known[.buy, price]?.updateID ?? 0) <= id
        }
        trim(&replay, number, .sell, id, wall: wall, &events, wholeSide: true) { price in
            !asks.contains(price) && high.map { price <= $0 } ?? true
                && (known[.sell, price]?.updateID ?? 0) <= id
        }
        for level in frame.bids { set(&replay, number, .buy, level, id, wall: wall, &events) }
        for level in frame.asks { set(&replay, number, .sell, level, id, wall: wall, &events) }
        if replay.tickerID > id { applyTop(&replay, number, wall: wall, &events) }
    }

    // MARK: trades

    private mutating func applyTrade(
        _ replay: inout MarketReplay, _ number: Int, wall: Int64, _ events: inout [MatchEvent]
    ) {
        guard let trade = replay.frame.bids.first else { return }
        let side: Side = replay.frame.isBuyerMaker ? .sell : .buy
        let reach = reachedLevels(number, side.opposite, trade.price)
        let meets = (0..<reach).contains { rank in
            let level = markets[number].book.level(side.opposite, rank)
            return level.quantity > standing(replay, number, side.opposite, level.price)
        }
        guard meets else {
            let id = markets[number].book.skipTradeID()
            printed(number, id: id, trade.price, trade.quantity, taker: side, wall: wall)
            return
        }
        let first = events.count
        let ticket = OrderTicket(
            owner: .market, side: side, type: .limit, timeInForce: .immediateOrCancel,
            quantity: trade.quantity, limit: trade.price)
        _ = markets[number].book.place(ticket, &events)
        note(number, events[first...], wall: wall)
        // What stood for the recording and was taken on the way stands again.
        var taken: Set<Price> = []
        for event in events[first...] {
            guard case .traded(let match) = event, match.makerOwner == .market,
                taken.insert(match.price).inserted,
                let level = replay[side.opposite, match.price]
            else { continue }
            let again = ReplayFrame.Level(price: match.price, quantity: level.quantity)
            set(
                &replay, number, side.opposite, again, level.updateID, wall: wall, &events)
        }
    }

    /// How many levels of a side an order with this limit reaches.
    private func reachedLevels(_ number: Int, _ side: Side, _ limit: Price) -> Int {
        let book = markets[number].book
        let better = book.levels(side, betterThan: limit)
        return better + (book.quantity(side, at: limit).isPositive ? 1 : 0)
    }

    // MARK: levels

    /// What of a level stands for the recording.
    private func standing(
        _ replay: MarketReplay, _ number: Int, _ side: Side, _ price: Price
    ) -> Quantity {
        guard let level = replay[side, price], level.orderID != 0 else { return .zero }
        return markets[number].book.remaining(of: level.orderID) ?? .zero
    }

    /// Makes a level what the recording says, unless it has said something newer.
    private mutating func set(
        _ replay: inout MarketReplay, _ number: Int, _ side: Side, _ wanted: ReplayFrame.Level,
        _ id: Int64, wall: Int64, _ events: inout [MatchEvent]
    ) {
        var level = replay[side, wanted.price] ?? MarketReplay.Level()
        if level.updateID > id { return }
        level.updateID = id
        level.quantity = wanted.quantity
        let first = events.count
        let left =
            level.orderID == 0
            ? Quantity.zero : markets[number].book.remaining(of: level.orderID) ?? .zero
        if left.isZero { level.orderID = 0 }
        if wanted.quantity.isZero {
            if level.orderID != 0 { _ = markets[number].book.cancel(level.orderID, &events) }
            level.orderID = 0
        } else if level.orderID != 0 {
            if left != wanted.quantity {
                level.placed = level.placed - left + wanted.quantity
                _ = markets[number].book.amend(
                    level.orderID, price: wanted.price, quantity: level.placed,
                    keepsPriority: wanted.quantity < left, &events)
                touch(number, side, wanted.price)
            }
        } else {
            clearOther(&replay, number, side, wanted.price, id, wall: wall, &events)
            level.orderID = markets[number].book.nextOrderID
            level.placed = wanted.quantity
            let ticket = OrderTicket(
                owner: .market, side: side, type: .limit, quantity: wanted.quantity,
                limit: wanted.price)
            _ = markets[number].book.place(ticket, &events)
        }
        replay[side, wanted.price] = level
        note(number, events[first...], wall: wall)
    }

    /// Takes recorded levels of the other side off that this price would meet: they are older.
    private mutating func clearOther(
        _ replay: inout MarketReplay, _ number: Int, _ side: Side, _ price: Price, _ id: Int64,
        wall: Int64, _ events: inout [MatchEvent]
    ) {
        trim(&replay, number, side.opposite, id, wall: wall, &events) {
            side == .buy ? $0 <= price : $0 >= price
        }
    }

    /// Takes recorded levels off, from the best on: as long as they are unwanted, or all of a side that
    /// are. Levels that hold accounts' orders only are passed over.
    private mutating func trim(
        _ replay: inout MarketReplay, _ number: Int, _ side: Side, _ id: Int64, wall: Int64,
        _ events: inout [MatchEvent], wholeSide: Bool = false, where isUnwanted: (Price) -> Bool
    ) {
        var rank = 0
        let first = events.count
        while rank < markets[number].book.levelCount(side) {
            let price = markets[number].book.level(side, rank).price
            guard isUnwanted(price) else {
                if !wholeSide { break }
                rank += 1
                continue
            }
            let count = markets[number].book.levelCount(side)
            if var level = replay[side, price], level.orderID != 0 {
                _ = markets[number].book.cancel(level.orderID, &events)
                level.orderID = 0
                level.quantity = .zero
                level.updateID = max(level.updateID, id)
                replay[side, price] = level
            }
            if markets[number].book.levelCount(side) == count { rank += 1 }
        }
        note(number, events[first...], wall: wall)
    }
}

/// How far a replay has come.
package struct ReplayProgress: Equatable, Sendable {
    package let frames: Int64
    /// Top-of-book frames older than the depth known by then.
    package let stale: Int64
    package let problem: ReplayProblem?
}

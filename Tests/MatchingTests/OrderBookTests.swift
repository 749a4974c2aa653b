import Matching
import Testing
import Trading

let ann = OwnerID(1)
let bob = OwnerID(2)

func limit(
    _ owner: OwnerID, _ side: Side, _ quantity: Int64, at price: Int64,
    _ timeInForce: TimeInForce = .goodTillCancel, reduceOnly: Bool = false,
    selfTrade: SelfTradePrevention = .expireMaker
) -> OrderTicket {
    OrderTicket(
        owner: owner, side: side, type: .limit, timeInForce: timeInForce,
        quantity: .whole(quantity),
        limit: .whole(price), isReduceOnly: reduceOnly, selfTrade: selfTrade)
}

func market(
    _ owner: OwnerID, _ side: Side, _ quantity: Int64, bound: Int64? = nil, reduceOnly: Bool = false
) -> OrderTicket {
    OrderTicket(
        owner: owner, side: side, type: .market, quantity: .whole(quantity),
        limit: bound.map { .whole($0) }, isReduceOnly: reduceOnly)
}

/// The events as lines that read like a ledger.
func ledger(_ events: [MatchEvent]) -> [String] {
    events.map { event in
        switch event {
        case .accepted(let id, _): "accepted \(id)"
        case .traded(let t):
            "trade \(t.tradeID): \(t.takerSide.rawValue) \(t.takerID) x \(t.makerID) \(t.quantity) @ \(t.price)"
        case .prevented(let p):
            "prevented \(p.takerID) x \(p.makerID) @ \(p.price): "
                + "\(p.takerQuantity), \(p.makerQuantity)"
        case .rested(let id, _, let price, let left): "rested \(id): \(left) @ \(price)"
        case .expired(let id, _, _, _, let left, let reason): "expired \(id): \(left) \(reason)"
        case .cancelled(let id, _, _, _, let left): "cancelled \(id): \(left)"
        }
    }
}

/// Places orders one after the other and returns what happened, as lines.
func play(_ book: inout OrderBook, _ tickets: OrderTicket...) -> [String] {
    var lines: [String] = []
    for ticket in tickets {
        var events: [MatchEvent] = []
        if case .refused(let why) = book.place(ticket, &events) { lines.append("refused \(why)") }
        lines += ledger(events)
    }
    return lines
}

@Suite("The order book") struct OrderBookTests {
    @Test("The best price trades first, and at one price the oldest order (invariant 1)")
    func priceTimePriority() {
        var book = OrderBook()
        let lines = play(
            &book, limit(ann, .sell, 2, at: 101), limit(bob, .sell, 3, at: 100),
            limit(ann, .sell, 4, at: 100), market(.market, .buy, 8))
        #expect(
            lines.suffix(4) == [
                "accepted 4", "trade 1: BUY 4 x 2 3 @ 100", "trade 2: BUY 4 x 3 4 @ 100",
                "trade 3: BUY 4 x 1 1 @ 101",
            ])
        #expect(book.remaining(of: 1) == .whole(1))
        #expect(book.position(of: ann) == .whole(-5))
    }

    @Test("An iceberg shows a part, and comes forward behind the others of its price (invariant 9)")
    func iceberg() {
        var book = OrderBook()
        var ice = limit(ann, .sell, 7, at: 100)
        ice.display = .whole(3)
        let lines = play(
            &book, ice, limit(bob, .sell, 2, at: 100), limit(bob, .sell, 1, at: 101))
        #expect(lines.contains("rested 1: 7 @ 100"))
        #expect(book.best(.sell)?.quantity == .whole(5))
        #expect(book.remaining(of: 1) == .whole(7))
        #expect(
            play(&book, market(.market, .buy, 4)) == [
                "accepted 4", "trade 1: BUY 4 x 1 3 @ 100", "trade 2: BUY 4 x 2 1 @ 100",
            ])
        // The next part stands behind bob's rest, and all of it goes before the worse price.
        #expect(
            play(&book, market(.market, .buy, 6)) == [
                "accepted 5", "trade 3: BUY 5 x 2 1 @ 100", "trade 4: BUY 5 x 1 3 @ 100",
                "trade 5: BUY 5 x 1 1 @ 100", "trade 6: BUY 5 x 3 1 @ 101",
            ])
        var second = limit(ann, .buy, 9, at: 90)
        second.display = .whole(2)
        _ = play(&book, second)
        var events: [MatchEvent] = []
        #expect(book.cancel(6, &events))
        #expect(ledger(events) == ["cancelled 6: 9"])
        let allOrNothing = limit(bob, .sell, 9, at: 90, .fillOrKill)
        _ = play(&book, second)
        #expect(play(&book, allOrNothing).count == 6)
    }

    @Test("A trade happens at the resting price and the rest of a limit order rests (invariant 2)")
    func makerPrice() {
        var book = OrderBook()
        let lines = play(&book, limit(ann, .buy, 2, at: 100), limit(bob, .sell, 5, at: 98))
        #expect(
            lines == [
                "accepted 1", "rested 1: 2 @ 100", "accepted 2", "trade 1: SELL 2 x 1 2 @ 100",
                "rested 2: 3 @ 98",
            ])
        #expect(book.best(.buy) == nil)
        #expect(book.best(.sell)?.quantity == .whole(3))
    }

    @Test("Time in force decides what becomes of the rest")
    func timeInForce() {
        var book = OrderBook()
        #expect(
            play(
                &book, limit(ann, .sell, 2, at: 100),
                limit(bob, .buy, 3, at: 100, .immediateOrCancel)
            )
            .last == "expired 2: 1 immediateRemainder")
        #expect(
            play(&book, limit(ann, .sell, 2, at: 100), limit(bob, .buy, 3, at: 100, .fillOrKill))
                .last
                == "refused notFillable")
        #expect(play(&book, limit(bob, .buy, 1, at: 100, .postOnly)) == ["refused wouldTake"])
        #expect(
            play(&book, limit(bob, .buy, 2, at: 100, .fillOrKill)) == [
                "accepted 4", "trade 2: BUY 4 x 3 2 @ 100",
            ])
        #expect(play(&book, market(bob, .buy, 1)).last == "expired 5: 1 marketRemainder")
        #expect(play(&book, limit(bob, .buy, 1, at: 100, .postOnly)).last == "rested 6: 1 @ 100")
    }

    @Test("A market order does not trade beyond its bound")
    func bound() {
        var book = OrderBook()
        let lines = play(
            &book, limit(ann, .sell, 1, at: 100), limit(ann, .sell, 1, at: 106),
            market(bob, .buy, 2, bound: 105))
        #expect(lines.suffix(2) == ["trade 1: BUY 3 x 1 1 @ 100", "expired 3: 1 marketRemainder"])
    }

    @Test("A refused order changes nothing and uses up no id (invariant 5)")
    func refusal() {
        var book = OrderBook()
        _ = play(&book, limit(ann, .sell, 2, at: 100))
        _ = play(
            &book, limit(bob, .buy, 3, at: 100, .fillOrKill),
            limit(bob, .buy, 3, at: 100, .postOnly),
            limit(bob, .buy, 1, at: 100, reduceOnly: true))
        #expect(book.nextOrderID == 2)
        #expect(book.nextTradeID == 1)
        #expect(book.position(of: bob).isZero)
        #expect(book.quantity(.sell, at: .whole(100)) == .whole(2))
    }

    @Test("Self-trade prevention follows the taker's choice")
    func selfTrade() {
        func outcome(_ mode: SelfTradePrevention) -> [String] {
            var book = OrderBook()
            return Array(
                play(
                    &book, limit(ann, .sell, 1, at: 100), limit(bob, .sell, 1, at: 101),
                    limit(ann, .buy, 2, at: 101, selfTrade: mode)
                ).dropFirst(5))
        }
        #expect(
            outcome(.expireMaker) == [
                "prevented 3 x 1 @ 100: 0, 1", "expired 1: 1 selfTrade",
                "trade 1: BUY 3 x 2 1 @ 101", "rested 3: 1 @ 101",
            ])
        #expect(
            outcome(.expireTaker) == ["prevented 3 x 1 @ 100: 2, 0", "expired 3: 2 selfTrade"])
        #expect(
            outcome(.expireBoth) == [
                "prevented 3 x 1 @ 100: 2, 1", "expired 1: 1 selfTrade", "expired 3: 2 selfTrade",
            ])
        #expect(
            outcome(.decrement) == [
                "prevented 3 x 1 @ 100: 1, 1", "expired 1: 0 selfTrade",
                "trade 1: BUY 3 x 2 1 @ 101",
            ])
        #expect(
            outcome(.none) == ["trade 1: BUY 3 x 1 1 @ 100", "trade 2: BUY 3 x 2 1 @ 101"])
    }

    @Test("What would have traded with the same owner is taken off both orders")
    func decrement() {
        var book = OrderBook()
        let lines = play(
            &book, limit(ann, .sell, 5, at: 100),
            limit(ann, .buy, 2, at: 100, selfTrade: .decrement))
        #expect(lines.suffix(2) == ["prevented 2 x 1 @ 100: 2, 2", "expired 2: 0 selfTrade"])
        #expect(book.quantity(.sell, at: .whole(100)) == .whole(3))
        #expect(
            play(&book, limit(ann, .buy, 3, at: 100, selfTrade: .decrement)) == [
                "accepted 3", "prevented 3 x 1 @ 100: 3, 3", "expired 1: 0 selfTrade",
                "expired 3: 0 selfTrade",
            ])
        #expect(book.best(.sell) == nil)
    }

    @Test("A reduce-only order is trimmed to the position and ends with it (invariant 4)")
    func reduceOnly() {
        var book = OrderBook()
        _ = play(&book, limit(.market, .sell, 3, at: 100), limit(ann, .buy, 3, at: 100))
        _ = play(&book, limit(ann, .sell, 2, at: 110, reduceOnly: true))
        _ = play(&book, limit(ann, .sell, 2, at: 111, reduceOnly: true))
        #expect(
            play(&book, market(.market, .buy, 4)) == [
                "accepted 5", "trade 2: BUY 5 x 3 2 @ 110", "trade 3: BUY 5 x 4 1 @ 111",
                "expired 4: 1 nothingToReduce", "expired 5: 1 marketRemainder",
            ])
        #expect(book.position(of: ann).isZero)
        #expect(book.count == 0)
    }

    @Test("A reduce-only order that takes all of the position does not rest with the remainder")
    func reduceOnlyRemainder() {
        var book = OrderBook()
        book.setPosition(.whole(3), of: ann)
        _ = play(&book, limit(.market, .buy, 3, at: 100))
        #expect(
            play(&book, limit(ann, .sell, 5, at: 100, reduceOnly: true)).last
                == "expired 2: 2 nothingToReduce")
    }

    @Test("Orders that come back after a restart keep their id and their turn, and never cross")
    func restore() {
        var book = OrderBook()
        func back(_ id: Int64, _ side: Side, _ price: Int64) -> Bool {
            book.restore(
                orderID: id, owner: ann, side: side, price: .whole(price), remaining: .one,
                isReduceOnly: false)
        }
        #expect(back(7, .buy, 100))
        #expect(back(9, .buy, 100))
        #expect(!back(9, .buy, 90))
        #expect(!back(10, .sell, 100))
        #expect(play(&book, market(bob, .sell, 1)).last == "trade 1: SELL 10 x 7 1 @ 100")
    }
}

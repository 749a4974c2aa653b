import Matching
import Testing
import Trading

/// Amends an order and returns what became of it and what happened.
private func amend(
    _ book: inout OrderBook, _ id: Int64, _ quantity: Int64, at price: Int64,
    keepsPriority: Bool = false
) -> (Amendment, [String]) {
    var events: [MatchEvent] = []
    let result = book.amend(
        id, price: .whole(price), quantity: .whole(quantity), keepsPriority: keepsPriority, &events)
    return (result, ledger(events))
}

@Suite("Amendments, legs and orders by amount") struct OrderBookRequestTests {
    @Test("An amended order goes to the end of the queue, also at its old price (invariant 6)")
    func losesPriority() {
        var book = OrderBook()
        _ = play(&book, limit(ann, .sell, 2, at: 100), limit(bob, .sell, 2, at: 100))
        let (result, lines) = amend(&book, 1, 1, at: 100)
        #expect(result == .amended(from: .whole(100), remaining: .whole(2)))
        #expect(lines == ["rested 1: 1 @ 100"])
        #expect(play(&book, market(.market, .buy, 1)).last == "trade 1: BUY 3 x 2 1 @ 100")
        #expect(book.quantity(.sell, at: .whole(100)) == .whole(2))
    }

    @Test("A lower quantity keeps its turn where that is asked for; anything else is refused then")
    func keepsPriority() {
        var book = OrderBook()
        _ = play(&book, limit(ann, .sell, 3, at: 100), limit(bob, .sell, 2, at: 100))
        #expect(
            amend(&book, 1, 4, at: 100, keepsPriority: true).0 == .refused(.losesPriority))
        #expect(
            amend(&book, 1, 2, at: 101, keepsPriority: true).0 == .refused(.losesPriority))
        let (result, lines) = amend(&book, 1, 2, at: 100, keepsPriority: true)
        #expect(result == .amended(from: .whole(100), remaining: .whole(3)))
        #expect(lines.isEmpty)
        #expect(book.quantity(.sell, at: .whole(100)) == .whole(4))
        #expect(play(&book, market(.market, .buy, 1)).last == "trade 1: BUY 3 x 1 1 @ 100")
    }

    @Test("C7: an amendment to a quantity that is filled already cancels the order")
    func amendBelowFilled() {
        var book = OrderBook()
        _ = play(&book, limit(ann, .sell, 5, at: 100), market(bob, .buy, 3))
        let (result, lines) = amend(&book, 1, 3, at: 101)
        #expect(result == .cancelled(.nothingLeft))
        #expect(lines == ["cancelled 1: 2"])
        #expect(book.count == 0)
    }

    @Test("The new quantity is the order's total: what has traded counts")
    func amendTotal() {
        var book = OrderBook()
        _ = play(&book, limit(ann, .sell, 5, at: 100), market(bob, .buy, 3))
        #expect(amend(&book, 1, 9, at: 101).1 == ["rested 1: 6 @ 101"])
        #expect(amend(&book, 1, 9, at: 101).0 == .refused(.unchanged))
        #expect(amend(&book, 7, 9, at: 101).0 == .refused(.unknownOrder))
    }

    @Test("A post-only order that would take at its new price is cancelled; another trades")
    func amendAcross() {
        var book = OrderBook()
        _ = play(
            &book, limit(bob, .buy, 2, at: 99), limit(ann, .sell, 2, at: 100, .postOnly),
            limit(ann, .sell, 3, at: 101))
        let (result, lines) = amend(&book, 2, 2, at: 99)
        #expect(result == .cancelled(.wouldTake))
        #expect(lines == ["cancelled 2: 2"])
        #expect(
            amend(&book, 3, 3, at: 98).1 == ["trade 1: SELL 3 x 1 2 @ 99", "rested 3: 1 @ 98"])
    }

    @Test("An amended order meets its owner's own orders without prevention")
    func amendAgainstOwn() {
        var book = OrderBook()
        _ = play(&book, limit(ann, .buy, 1, at: 99), limit(ann, .sell, 1, at: 101))
        #expect(amend(&book, 2, 1, at: 99).1 == ["trade 1: SELL 2 x 1 1 @ 99"])
    }

    private func leg(
        _ side: Side, _ quantity: Int64, at price: Int64?, _ leg: PositionLeg,
        _ force: TimeInForce = .goodTillCancel
    ) -> OrderTicket {
        OrderTicket(
            owner: ann, side: side, type: price == nil ? .market : .limit, timeInForce: force,
            quantity: .whole(quantity), limit: price.map { .whole($0) }, leg: leg)
    }

    @Test("Legs stand side by side, and closing never exceeds the leg (invariants 4 and 7)")
    func legs() {
        var book = OrderBook()
        _ = play(&book, limit(.market, .sell, 9, at: 101), limit(.market, .buy, 9, at: 99))
        #expect(play(&book, leg(.sell, 1, at: nil, .long)) == ["refused nothingToReduce"])
        _ = play(&book, leg(.buy, 3, at: nil, .long), leg(.sell, 2, at: nil, .short))
        #expect(book.position(of: ann, leg: .long) == .whole(3))
        #expect(book.position(of: ann, leg: .short) == .whole(-2))
        #expect(
            play(&book, leg(.sell, 5, at: nil, .long)) == [
                "accepted 5", "trade 3: SELL 5 x 2 3 @ 99", "expired 5: 2 nothingToReduce",
            ])
        #expect(book.position(of: ann, leg: .long).isZero)
        #expect(book.position(of: ann, leg: .short) == .whole(-2))
        #expect(book.position(of: ann).isZero)
    }

    @Test("Self-trade is judged by owner across legs")
    func legsSelfTrade() {
        var book = OrderBook()
        book.setPosition(.whole(2), of: ann, leg: .long)
        _ = play(&book, leg(.sell, 2, at: 100, .long))
        #expect(
            play(&book, leg(.buy, 1, at: 100, .long)) == [
                "accepted 2", "prevented 2 x 1 @ 100: 0, 2", "expired 1: 2 selfTrade",
                "rested 2: 1 @ 100",
            ])
    }

    @Test("A fill-or-kill order counts reducing makers for what their position allows")
    func fillOrKillReducing() {
        var book = OrderBook()
        book.setPosition(.whole(3), of: ann)
        _ = play(
            &book, limit(ann, .sell, 2, at: 100, reduceOnly: true),
            limit(ann, .sell, 2, at: 101, reduceOnly: true))
        #expect(
            play(&book, limit(bob, .buy, 4, at: 105, .fillOrKill)) == ["refused notFillable"])
        #expect(
            play(&book, limit(bob, .buy, 3, at: 105, .fillOrKill)) == [
                "accepted 3", "trade 1: BUY 3 x 1 2 @ 100", "trade 2: BUY 3 x 2 1 @ 101",
                "expired 2: 1 nothingToReduce",
            ])
    }

    @Test("A reducing order does not trade with another of its position (invariant 8)")
    func reducingAgainstOwn() {
        var book = OrderBook()
        book.setPosition(.one, of: ann)
        _ = play(&book, limit(ann, .sell, 5, at: 100, reduceOnly: true))
        #expect(
            play(&book, limit(ann, .buy, 5, at: 100, selfTrade: .none)) == [
                "accepted 2", "expired 1: 5 nothingToReduce", "rested 2: 5 @ 100",
            ])
        #expect(
            play(&book, limit(ann, .sell, 5, at: 99, reduceOnly: true, selfTrade: .none)) == [
                "accepted 3", "expired 3: 5 nothingToReduce",
            ])
        #expect(book.position(of: ann) == .one)
    }

    private func byAmount(
        _ side: Side, _ amount: String, step: String, bound: Int64? = nil
    ) -> OrderTicket {
        OrderTicket(
            marketOrderOf: bob, side: side, amount: Money(text: amount)!,
            step: Quantity(text: step)!, limit: bound.map { .whole($0) })
    }

    @Test("An order by amount takes whole steps, never for more than the amount")
    func amount() {
        var book = OrderBook(keepsPositions: false)
        _ = play(&book, limit(ann, .sell, 1, at: 100), limit(ann, .sell, 5, at: 110))
        #expect(
            play(&book, byAmount(.buy, "200", step: "0.01")) == [
                "accepted 3", "trade 1: BUY 3 x 1 1 @ 100", "trade 2: BUY 3 x 2 0.9 @ 110",
            ])
        #expect(
            play(&book, byAmount(.buy, "1", step: "0.01")) == [
                "accepted 4", "expired 4: 0 marketRemainder",
            ])
        #expect(
            play(&book, byAmount(.buy, "1000", step: "0.1")) == [
                "accepted 5", "trade 3: BUY 5 x 2 4.1 @ 110", "expired 5: 0 marketRemainder",
            ])
        #expect(book.position(of: bob).isZero)
    }

    @Test("An order by amount stops at its bound")
    func amountBound() {
        var book = OrderBook(keepsPositions: false)
        _ = play(&book, limit(ann, .buy, 1, at: 100), limit(ann, .buy, 5, at: 90))
        #expect(
            play(&book, byAmount(.sell, "200", step: "0.5", bound: 95)) == [
                "accepted 3", "trade 1: SELL 3 x 1 1 @ 100", "expired 3: 0 marketRemainder",
            ])
    }

    @Test("On a spot book nothing can be reduced")
    func spotReduceOnly() {
        var book = OrderBook(keepsPositions: false)
        _ = play(&book, limit(ann, .sell, 1, at: 100), market(bob, .buy, 1))
        #expect(
            play(&book, limit(bob, .sell, 1, at: 100, reduceOnly: true)) == [
                "refused nothingToReduce"
            ])
    }

    @Test("An order that comes back keeps what had traded, for the amendment that follows")
    func restoreExecuted() {
        var book = OrderBook()
        let isBack = book.restore(
            orderID: 3, owner: ann, side: .buy, price: .whole(90), remaining: .whole(2),
            isReduceOnly: false, executed: .whole(4), timeInForce: .postOnly)
        #expect(isBack)
        #expect(amend(&book, 3, 7, at: 91).1 == ["rested 3: 3 @ 91"])
        #expect(amend(&book, 3, 4, at: 91).0 == .cancelled(.nothingLeft))
    }

    @Test("Levels are read one by one, best first")
    func levels() {
        var book = OrderBook()
        _ = play(
            &book, limit(ann, .buy, 1, at: 98), limit(ann, .buy, 2, at: 99),
            limit(ann, .buy, 3, at: 97))
        #expect(book.levelCount(.buy) == 3)
        #expect((0..<3).map { book.level(.buy, $0).price } == [.whole(99), .whole(98), .whole(97)])
        #expect(book.depth(.buy, limit: 2).map(\.quantity) == [.whole(2), .whole(1)])
        #expect(book.levels(.buy, betterThan: .whole(97)) == 2)
        #expect(book.levels(.buy, betterThan: .whole(96)) == 3)
        #expect(book.levels(.buy, betterThan: .whole(99)) == 0)
    }
}

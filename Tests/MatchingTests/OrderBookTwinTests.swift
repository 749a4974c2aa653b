import Bounded
import Matching
import Testing
import Trading

@Suite("The order book and its slow twin") struct OrderBookTwinTests {
    private func ticket(_ random: inout SplitMix64) -> OrderTicket {
        let isMarket = Int.random(in: 0..<6, using: &random) == 0
        let price = Price.whole(Int64.random(in: 95...105, using: &random))
        let forces: [TimeInForce] = [
            .goodTillCancel, .goodTillCancel, .goodTillCancel, .immediateOrCancel, .fillOrKill,
            .postOnly, .goodTillDate,
        ]
        let isBounded = Bool.random(using: &random)
        return OrderTicket(
            owner: OwnerID(Int32.random(in: 0...3, using: &random)),
            side: Bool.random(using: &random) ? .buy : .sell, type: isMarket ? .market : .limit,
            timeInForce: isMarket ? .goodTillCancel : forces.randomElement(using: &random)!,
            quantity: .whole(Int64.random(in: 1...6, using: &random)),
            limit: isMarket && !isBounded ? nil : price,
            isReduceOnly: Int.random(in: 0..<4, using: &random) == 0,
            selfTrade: SelfTradePrevention.allCases.randomElement(using: &random)!)
    }

    @Test("Seeded random flows give the same events, books and positions", arguments: 1...40)
    func sameHistory(seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        var book = OrderBook()
        var twin = SlowBook()
        for turn in 0..<400 {
            var mine: [MatchEvent] = []
            var theirs: [MatchEvent] = []
            if Int.random(in: 0..<4, using: &random) == 0,
                let some = twin.resting.randomElement(using: &random)
            {
                #expect(book.cancel(some.id, &mine) == twin.cancel(some.id, &theirs))
            } else {
                let order = ticket(&random)
                let placed = book.place(order, &mine)
                #expect(placed == twin.place(order, &theirs), "seed \(seed), turn \(turn)")
            }
            guard mine == theirs, isSame(book, twin) else {
                Issue.record("seed \(seed), turn \(turn): \(ledger(mine)) is not \(ledger(theirs))")
                return
            }
        }
    }

    private func isSame(_ book: OrderBook, _ twin: SlowBook) -> Bool {
        for side in Side.allCases {
            let mine = book.depth(side).map { ($0.price, $0.quantity) }
            let theirs = twin.depth(side)
            guard mine.count == theirs.count, zip(mine, theirs).allSatisfy({ $0 == $1 }) else {
                return false
            }
        }
        if let bid = book.best(.buy), let ask = book.best(.sell), bid.price >= ask.price {
            return false
        }
        let owners = (1...3).map { OwnerID($0) }
        return book.count == twin.resting.count
            && owners.allSatisfy { book.position(of: $0) == twin.positions[$0] ?? .zero }
            && twin.resting.allSatisfy { order in
                book.remaining(of: order.id) == order.remaining
                    && !(order.ticket.isReduceOnly
                        && twin.room(order.ticket.owner, order.ticket.side).isZero)
            }
    }
}

import Bounded
import Matching
import Testing
import Trading

/// A seeded flow of requests and the two books it goes to.
private struct TwinFlow {
    /// What kind of venue the flow is of.
    enum Mode: CaseIterable, Sendable { case oneWay, hedge, spot }

    let mode: Mode
    var random: SplitMix64
    var book: OrderBook
    var twin = SlowBook()
    /// Prices tried on each side of 100, in ticks.
    let spread: Int64

    init(_ mode: Mode, seed: Int, spread: Int64) {
        self.mode = mode
        self.spread = spread
        random = SplitMix64(seed: UInt64(seed))
        book = OrderBook(keepsPositions: mode != .spot)
        twin.keepsPositions = mode != .spot
    }

    mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &random)
    }

    private mutating func price() -> Price { .whole(draw(100 - spread...100 + spread)) }

    private mutating func ticket() -> OrderTicket {
        let owner = OwnerID(Int32(draw(0...3)))
        let side: Side = draw(0...1) == 0 ? .buy : .sell
        let selfTrade = SelfTradePrevention.allCases.randomElement(using: &random)!
        let bound: Price? = draw(0...1) == 0 ? price() : nil
        if mode == .spot, draw(0...7) == 0 {
            let step = Quantity(units: [1, 10, 25, 100][Int(draw(0...3))] * 10_000_000_000)
            return OrderTicket(
                marketOrderOf: owner, side: side, amount: .whole(draw(1...900)), step: step,
                limit: bound, selfTrade: selfTrade)
        }
        let isMarket = draw(0...5) == 0
        let forces: [TimeInForce] = [
            .goodTillCancel, .goodTillCancel, .goodTillCancel, .immediateOrCancel, .fillOrKill,
            .postOnly, .goodTillDate,
        ]
        let leg: PositionLeg = mode == .hedge ? (draw(0...1) == 0 ? .long : .short) : .net
        var ticket = OrderTicket(
            owner: owner, side: side, type: isMarket ? .market : .limit,
            timeInForce: isMarket ? .goodTillCancel : forces.randomElement(using: &random)!,
            quantity: .whole(draw(1...6)), limit: isMarket ? bound : price(),
            isReduceOnly: draw(0...3) == 0, selfTrade: selfTrade,
            leg: leg)
        if mode == .spot, draw(0...2) == 0 { ticket.display = .whole(draw(1...3)) }
        return ticket
    }

    /// Makes one request of both; a sentence about it where they differ.
    mutating func turn() -> String? {
        var mine: [MatchEvent] = []
        var theirs: [MatchEvent] = []
        let some = twin.resting.randomElement(using: &random)
        let kind = draw(0...9)
        var differs = false
        if kind < 2 {
            let id = some?.id ?? draw(1...50)
            differs = book.cancel(id, &mine) != twin.cancel(id, &theirs)
        } else if kind < 5, let some {
            let id = draw(0...19) == 0 ? 1_000_000 : some.id
            let wanted = draw(0...2) == 0 ? some.price : price()
            let quantity = Quantity.whole(draw(1...8))
            let keeps = draw(0...2) == 0
            let one = book.amend(
                id, price: wanted, quantity: quantity, keepsPriority: keeps, &mine)
            let other = twin.amend(
                id, price: wanted, quantity: quantity, keepsPriority: keeps, &theirs)
            differs = one != other
        } else {
            let order = ticket()
            differs = book.place(order, &mine) != twin.place(order, &theirs)
        }
        if !differs, mine == theirs, isSame() { return nil }
        return "\(ledger(mine)) is not \(ledger(theirs))"
    }

    private func isSame() -> Bool {
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
        let holders = (1...3).flatMap { number in
            PositionLeg.allCases.map { SlowBook.Holder(owner: OwnerID(number), leg: $0) }
        }
        return book.count == twin.resting.count && book.nextOrderID == twin.nextOrderID
            && holders.allSatisfy { holder in
                let position = book.position(of: holder.owner, leg: holder.leg)
                return position == twin.positions[holder] ?? .zero
                    && !(holder.leg == .long && position.isNegative)
                    && !(holder.leg == .short && position.isPositive)
            }
            && twin.resting.allSatisfy { order in
                book.remaining(of: order.id) == order.remaining
                    && !(twin.onlyReduces(order.ticket) && twin.room(order.ticket).isZero)
            }
    }
}

@Suite("The order book and its slow twin") struct OrderBookTwinTests {
    private func run(_ mode: TwinFlow.Mode, seed: Int, turns: Int, spread: Int64) {
        var flow = TwinFlow(mode, seed: seed, spread: spread)
        for turn in 0..<turns {
            if let difference = flow.turn() {
                Issue.record("\(mode), seed \(seed), turn \(turn): \(difference)")
                return
            }
        }
    }

    @Test("One-way flows give the same events, books and positions (invariants 1 to 6)")
    func oneWay() { for seed in 1...60 { run(.oneWay, seed: seed, turns: 400, spread: 5) } }

    @Test("Hedge-mode flows give the same, and no leg is ever on its other side (invariant 7)")
    func hedge() { for seed in 101...160 { run(.hedge, seed: seed, turns: 400, spread: 4) } }

    @Test("Spot flows, orders by amount among them, give the same and gain no position")
    func spot() { for seed in 201...240 { run(.spot, seed: seed, turns: 400, spread: 5) } }

    @Test("Long flows over many prices give the same")
    func long() {
        run(.oneWay, seed: 301, turns: 6_000, spread: 40)
        run(.hedge, seed: 302, turns: 6_000, spread: 40)
    }

    @Test("The id index holds what was put in, through growth, removal and colliding numbers")
    func idIndex() {
        for seed in 1...20 {
            var random = SplitMix64(seed: UInt64(seed))
            var book = OrderBook()
            var known: [Int64: Quantity] = [:]
            for _ in 0..<2_000 {
                let id = Int64.random(in: 1...900, using: &random) << Int64(seed % 5 * 11)
                if let left = known[id] {
                    #expect(book.remaining(of: id) == left, "seed \(seed)")
                    var events: [MatchEvent] = []
                    let isGone = book.cancel(id, &events)
                    #expect(isGone, "seed \(seed)")
                    known[id] = nil
                } else {
                    let left = Quantity.whole(Int64.random(in: 1...9, using: &random))
                    let isBack = book.restore(
                        orderID: id, owner: ann, side: .buy, price: .whole(id % 17 + 1),
                        remaining: left, isReduceOnly: false)
                    #expect(isBack, "seed \(seed)")
                    known[id] = left
                }
                guard book.count == known.count else {
                    Issue.record("seed \(seed): \(book.count) orders, not \(known.count)")
                    return
                }
            }
            #expect(known.allSatisfy { book.remaining(of: $0.key) == $0.value }, "seed \(seed)")
        }
    }
}

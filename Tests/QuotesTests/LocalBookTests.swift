import Bounded
import Testing
import Trading

@testable import Quotes

@Suite("Local books")
struct LocalBookTests {
    private func change(
        _ first: Int64, _ last: Int64, previous: Int64 = -1, bids: [(Int64, Int64)] = [],
        asks: [(Int64, Int64)] = []
    ) -> DepthChange {
        var change = DepthChange()
        change.firstID = first
        change.lastID = last
        change.previousID = previous
        change.bids = ContiguousArray(bids.map(Self.level))
        change.asks = ContiguousArray(asks.map(Self.level))
        return change
    }

    private static func level(_ pair: (Int64, Int64)) -> BookLevel {
        BookLevel(price: .whole(pair.0), quantity: .whole(pair.1))
    }

    private func snapshot(_ id: Int64) -> DepthChange {
        change(id, id, bids: [(99, 1), (98, 2)], asks: [(101, 1), (102, 2)])
    }

    @Test(
        "invariant 1, futures: the first change spans the snapshot, the next name their predecessor"
    )
    func futuresRule() {
        var book = LocalBook(rule: .previousID)
        #expect(book.changeReceived(change(80, 90, previous: 70)) == .held)
        #expect(book.changeReceived(change(91, 105, previous: 90, bids: [(99, 5)])) == .held)
        #expect(book.snapshotReceived(snapshot(100)) == .applied)
        #expect(book.isLive && book.lastID == 105 && book.level(.buy, 0).quantity == .whole(5))
        // Numbers run over all symbols: only `pu` tells.
        #expect(book.changeReceived(change(300, 310, previous: 105, asks: [(101, 0)])) == .applied)
        #expect(book.level(.sell, 0).price == .whole(102) && book.count(.sell) == 1)
        #expect(book.changeReceived(change(300, 310, previous: 105)) == .old)
        #expect(book.changeReceived(change(400, 410, previous: 390)) == .needsSnapshot(.gap))
        #expect(!book.isLive && book.count(.buy) == 0)
    }

    @Test("futures: a change that begins after the snapshot is taken where it names its number")
    func snapshotAtAnEnd() {
        var book = LocalBook(rule: .previousID)
        #expect(book.changeReceived(change(150, 160, previous: 100, bids: [(98, 7)])) == .held)
        #expect(book.snapshotReceived(snapshot(100)) == .applied)
        #expect(book.lastID == 160 && book.level(.buy, 1).quantity == .whole(7))
    }

    @Test("invariant 1, spot and MEXC: each change begins one after the last")
    func consecutiveRule() {
        var book = LocalBook(rule: .consecutive)
        #expect(book.changeReceived(change(95, 99)) == .held)
        #expect(book.changeReceived(change(100, 103, bids: [(99, 3)])) == .held)
        #expect(book.snapshotReceived(snapshot(101)) == .applied)
        #expect(book.lastID == 103 && book.level(.buy, 0).quantity == .whole(3))
        #expect(book.changeReceived(change(104, 104, bids: [(97, 1)])) == .applied)
        #expect(book.changeReceived(change(106, 106)) == .needsSnapshot(.gap))
        // The change behind the gap is kept: a snapshot that reaches it makes the book live again.
        #expect(book.snapshotReceived(snapshot(104)) == .needsSnapshot(.gap))
        #expect(book.snapshotReceived(snapshot(105)) == .applied)
        #expect(book.lastID == 106)
    }

    @Test("invariant 2: the queue before a snapshot is bounded, the oldest leave")
    func boundedQueue() {
        var limits = LocalBook.Limits()
        limits.heldChanges = 4
        var book = LocalBook(rule: .consecutive, limits: limits)
        for id in Int64(1)...10 { #expect(book.changeReceived(change(id, id)) == .held) }
        #expect(book.snapshotReceived(snapshot(3)) == .needsSnapshot(.gap))
        #expect(book.snapshotReceived(snapshot(6)) == .applied)
        #expect(book.lastID == 10)
    }

    @Test("invariant 3, I1: a change that crosses the book, or a crossed snapshot, shows nothing")
    func crossed() {
        var book = LocalBook(rule: .consecutive)
        #expect(book.snapshotReceived(snapshot(1)) == .applied)
        #expect(book.changeReceived(change(2, 2, bids: [(101, 1)])) == .needsSnapshot(.crossed))
        #expect(!book.isLive)
        let bad = change(5, 5, bids: [(10, 1)], asks: [(10, 1)])
        #expect(book.snapshotReceived(bad) == .needsSnapshot(.crossed))
        #expect(book.changeReceived(change(6, 6)) == .held)
    }

    @Test("T1: a new connection empties the book")
    func connectionChanged() {
        var book = LocalBook(rule: .consecutive)
        _ = book.snapshotReceived(snapshot(1))
        book.connectionChanged()
        #expect(!book.isLive && book.changeReceived(change(2, 2)) == .held)
    }

    @Test("invariant 4: a shallow book stays live while a new snapshot is fetched")
    func refresh() {
        var limits = LocalBook.Limits()
        limits.shownLevels = 2
        limits.snapshotLevels = 2
        var book = LocalBook(rule: .consecutive, limits: limits)
        _ = book.snapshotReceived(snapshot(1))
        #expect(!book.isShallow)
        #expect(book.changeReceived(change(2, 2, bids: [(99, 0)])) == .applied)
        #expect(book.isShallow && book.isLive)
        book.refreshBegun()
        #expect(book.changeReceived(change(3, 3, bids: [(97, 4)])) == .applied)
        // A snapshot from before the refresh is of no use, and does no harm.
        #expect(book.snapshotReceived(snapshot(1)) == .old)
        #expect(book.isLive && book.lastID == 3)
        let deep = change(2, 2, bids: [(98, 2), (97, 9)], asks: [(101, 1), (102, 2)])
        #expect(book.snapshotReceived(deep) == .applied)
        #expect(!book.isShallow && book.lastID == 3 && book.level(.buy, 1).quantity == .whole(4))
        #expect(book.snapshotReceived(deep) == .old)
    }
}

/// A market with every level, and the book that follows it through changes and snapshots.
@Suite("Local books beside a slow twin")
struct LocalBookTwinTests {
    private struct Market {
        var bids: [Int64: Int64] = [:]
        var asks: [Int64: Int64] = [:]
        var id: Int64 = 1_000
        var middle: Int64 = 500

        /// Up to six levels move; what would cross is taken away first.
        mutating func change(
            _ random: inout SplitMix64, isFutures: Bool
        ) -> DepthChange {
            var change = DepthChange()
            middle += Int64.random(in: -3...3, using: &random)
            change.previousID = isFutures ? id : -1
            change.firstID = id + (isFutures ? Int64.random(in: 1...50, using: &random) : 1)
            var newBids: [Int64: Int64] = [:]
            var newAsks: [Int64: Int64] = [:]
            for price in bids.keys where price >= middle { newBids[price] = 0 }
            for price in asks.keys where price <= middle { newAsks[price] = 0 }
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let distance = Int64.random(in: 1...40, using: &random)
                let quantity = Int64.random(in: 0...4, using: &random)
                if Bool.random(using: &random) {
                    newBids[middle - distance] = quantity
                } else {
                    newAsks[middle + distance] = quantity
                }
            }
            for (price, quantity) in newBids { bids[price] = quantity == 0 ? nil : quantity }
            for (price, quantity) in newAsks { asks[price] = quantity == 0 ? nil : quantity }
            change.bids = Self.levels(newBids.sorted { $0.key < $1.key })
            change.asks = Self.levels(newAsks.sorted { $0.key < $1.key })
            change.lastID = change.firstID + Int64.random(in: 0...5, using: &random)
            id = change.lastID
            return change
        }

        static func levels(_ pairs: [(key: Int64, value: Int64)]) -> ContiguousArray<BookLevel> {
            ContiguousArray(
                pairs.map { BookLevel(price: .whole($0.key), quantity: .whole($0.value)) })
        }

        func best(_ side: Side, _ count: Int) -> [BookLevel] {
            let sorted =
                side == .buy
                ? bids.sorted { $0.key > $1.key } : asks.sorted { $0.key < $1.key }
            return Array(Self.levels(Array(sorted.prefix(count))))
        }

        func snapshot(_ levels: Int) -> DepthChange {
            var change = DepthChange()
            change.firstID = id
            change.lastID = id
            change.bids = ContiguousArray(best(.buy, levels))
            change.asks = ContiguousArray(best(.sell, levels))
            return change
        }
    }

    @Test(
        "lost changes, late snapshots, moving markets: what a live, deep book shows is the market",
        arguments: [LocalBook.Rule.previousID, .consecutive])
    func twin(rule: LocalBook.Rule) {
        let seed: UInt64 = 20_261_121
        var random = SplitMix64(seed: seed)
        var checked = 0
        var gaps = 0
        for _ in 0..<200 {
            var limits = LocalBook.Limits()
            limits.levels = Int.random(in: 12...40, using: &random)
            limits.snapshotLevels = Int.random(in: 8...12, using: &random)
            limits.heldChanges = 6
            limits.shownLevels = 5
            var market = Market()
            var book = LocalBook(rule: rule, limits: limits)
            var pending: DepthChange?
            for _ in 0..<200 {
                let change = market.change(&random, isFutures: rule == .previousID)
                if Int.random(in: 0..<40, using: &random) > 0 {
                    let outcome = book.changeReceived(change)
                    if outcome == .needsSnapshot(.gap) { gaps += 1 }
                    if outcome == .needsSnapshot(.crossed) {
                        Issue.record("a sound market crossed, seed \(seed)")
                    }
                }
                if book.isShallow, !book.isRefreshing { book.refreshBegun() }
                if let snapshot = pending, Bool.random(using: &random) {
                    _ = book.snapshotReceived(snapshot)
                    pending = nil
                }
                if pending == nil, !book.isLive || book.isRefreshing {
                    pending = market.snapshot(limits.snapshotLevels)
                }
                guard book.isLive, !book.isShallow, book.lastID == market.id else { continue }
                checked += 1
                for side in [Side.buy, .sell] {
                    let shown = book.levels(side, atMost: 5)
                    #expect(shown == market.best(side, 5), "seed \(seed)")
                }
            }
        }
        #expect(checked > 10_000 && gaps > 100, "checked \(checked), gaps \(gaps)")
    }
}

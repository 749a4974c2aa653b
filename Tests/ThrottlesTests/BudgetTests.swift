import Bounded
import Chronology
import Testing
import Throttles

@Suite("Token bucket")
struct TokenBucketTests {
    private let start = Instant(nanoseconds: 0)

    @Test("it is full at first, and comes back with time")
    func refill() {
        var bucket = TokenBucket(capacity: 10, refillTime: .seconds(10), now: start)
        let isTaken = bucket.take(10, now: start)
        let isMore = bucket.take(1, now: start)
        #expect(isTaken && !isMore)
        #expect(bucket.wait(for: 3, now: start) == .seconds(3))
        #expect(bucket.tokens(now: start + .milliseconds(2_999)) == 2)
        #expect(bucket.tokens(now: start + .milliseconds(3_000)) == 3)
        #expect(bucket.tokens(now: start + .seconds(1_000_000)) == 10)
        #expect(bucket.wait(for: 11, now: start) == nil)
    }

    @Test("invariant 1: no span gives more than the capacity and what comes back in it")
    func bound() {
        for seed in UInt64(0)..<100 {
            var random = SplitMix64(seed: seed)
            var bucket = TokenBucket(capacity: 7, refillTime: .seconds(3), now: start)
            var now = start
            var taken: [(at: Instant, count: Int64)] = []
            for _ in 0..<400 {
                now = now + .microseconds(Int64.random(in: 0...600_000, using: &random))
                let count = Int64.random(in: 1...4, using: &random)
                if bucket.take(count, now: now) { taken.append((now, count)) }
            }
            for (index, first) in taken.enumerated() {
                var sum: Int64 = 0
                for other in taken[index...] {
                    sum += other.count
                    let most = 7 + Double((other.at - first.at).nanoseconds) * 7 / 3e9
                    #expect(Double(sum) <= most + 1e-6, "seed \(seed)")
                }
            }
        }
    }

    @Test("I5: a clock that goes back gives nothing and breaks nothing")
    func clockBack() {
        var bucket = TokenBucket(capacity: 5, refillTime: .seconds(5), now: start + .seconds(100))
        _ = bucket.take(5, now: start + .seconds(100))
        #expect(bucket.tokens(now: start) == 0)
        #expect(bucket.tokens(now: start + .seconds(101)) == 1)
    }
}

@Suite("Shared budget")
struct BudgetTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    private func budget(queue: Int = 100) -> Budget {
        Budget(
            [.weight(1_000, in: .seconds(60)), .orders(100, in: .seconds(10))], queueLimit: queue,
            now: start)
    }

    private func ask(
        _ budget: inout Budget, _ id: UInt64, _ weight: Int64, _ lane: BudgetLane = .query,
        orders: Int64 = 0, at now: Instant? = nil
    ) -> [Budget.Action] {
        let now = now ?? start
        return budget.requested(
            id, BudgetCost(weight: weight, orders: orders), lane, deadline: now + .seconds(2),
            now: now)
    }

    private func lease(
        _ budget: inout Budget, _ tokens: Int64, _ lane: BudgetLane = .query, limit: Int = 0,
        at now: Instant? = nil, again: Interval = .milliseconds(500)
    ) -> [Budget.Action] {
        let now = now ?? start
        return budget.leased(
            limit: limit, lane: lane, tokens: tokens, until: now + .seconds(6),
            askAgain: now + again, now: now)
    }

    @Test("calls wait for a lease and go in the order they came; the rest of it serves the next")
    func order() {
        var budget = budget()
        #expect(ask(&budget, 1, 5) == [.lease(limit: 0, lane: .query, want: 25, least: 5)])
        #expect(ask(&budget, 2, 5).isEmpty && ask(&budget, 3, 1).isEmpty)
        #expect(lease(&budget, 12) == [.grant(1), .grant(2), .grant(3)])
        #expect(ask(&budget, 4, 1) == [.grant(4)])
        #expect(ask(&budget, 5, 1) == [.lease(limit: 0, lane: .query, want: 21, least: 1)])
    }

    @Test("invariant 1: a protective call waits for nobody, and uses what the others have leased")
    func protection() {
        var budget = budget()
        _ = ask(&budget, 1, 50)
        #expect(lease(&budget, 0).isEmpty)
        #expect(
            ask(&budget, 2, 1, .protective) == [
                .lease(limit: 0, lane: .protective, want: 21, least: 1)
            ])
        #expect(lease(&budget, 1, .protective) == [.grant(2)])
        #expect(budget.waiting(.query) == 1)
        _ = lease(&budget, 60, at: start + .seconds(1))
        #expect(ask(&budget, 3, 5, .protective, at: start + .seconds(1)) == [.grant(3)])
    }

    @Test("invariant 2: what a lease gave is gone when it ends")
    func leaseEnds() {
        var budget = budget()
        _ = ask(&budget, 1, 5)
        _ = lease(&budget, 25)
        #expect(ask(&budget, 2, 5, at: start + .seconds(5)) == [.grant(2)])
        let late = ask(&budget, 3, 5, at: start + .seconds(6))
        #expect(late == [.lease(limit: 0, lane: .query, want: 25, least: 5)])
    }

    @Test("an order takes of both limits, or of none")
    func twoLimits() {
        var budget = budget()
        #expect(ask(&budget, 1, 1, .trading, orders: 1).count == 2)
        #expect(lease(&budget, 10, .trading).isEmpty)
        #expect(lease(&budget, 3, .trading, limit: 1) == [.grant(1)])
        #expect(ask(&budget, 2, 1, .trading, orders: 2) == [.grant(2)])
        #expect(!ask(&budget, 3, 1, .trading, orders: 1).contains(.grant(3)))
    }

    @Test("invariant 3: a ban refuses what waits and what comes, and voids what was leased")
    func ban() {
        var budget = budget()
        _ = ask(&budget, 1, 5)
        _ = lease(&budget, 25)
        _ = ask(&budget, 2, 100)
        let until = start + .seconds(120)
        #expect(budget.banned(until: until, now: start) == [.refuse(2, .banned(until: until))])
        #expect(ask(&budget, 3, 1, .protective) == [.refuse(3, .banned(until: until))])
        #expect(budget.banned(until: start + .seconds(60), now: start).isEmpty)
        // The lease asked for before the ban is answered with nothing.
        #expect(lease(&budget, 0).isEmpty)
        let after = start + .seconds(121)
        #expect(ask(&budget, 4, 1, at: after) == [.lease(limit: 0, lane: .query, want: 21, least: 1)])
    }

    @Test("invariant 4: without the shared count a tenth of each limit serves, protection longest")
    func alone() {
        var budget = budget()
        var granted: [BudgetLane: Int] = [:]
        var now = start
        _ = ask(&budget, 1, 5)
        #expect(budget.leaseFailed(limit: 0, lane: .query, now: now).contains(.grant(1)))
        for id in UInt64(2)..<200 {
            for lane in [BudgetLane.query, .protective] {
                if ask(&budget, id * 2 + UInt64(lane.rawValue), 5, lane, at: now).contains(where: {
                    if case .grant = $0 { true } else { false }
                }) {
                    granted[lane, default: 0] += 1
                }
            }
            now = now + .milliseconds(1)
        }
        #expect((granted[.protective] ?? 0) > (granted[.query] ?? 0))
        #expect((granted[.protective] ?? 0) + (granted[.query] ?? 0) <= 20)
    }

    @Test("a full queue and a call that comes too late are refused with the reason")
    func refusals() {
        var budget = budget(queue: 2)
        _ = ask(&budget, 1, 5)
        _ = ask(&budget, 2, 5)
        #expect(ask(&budget, 3, 5) == [.refuse(3, .full)])
        #expect(budget.nextDeadline == start + .seconds(2))
        let late = budget.deadlineReached(now: start + .seconds(2))
        #expect(late == [.refuse(1, .late), .refuse(2, .late)])
        #expect(ask(&budget, 4, 701) == [.refuse(4, .tooLarge)])
    }
}

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
        let lease = BudgetLease(tokens: tokens, part: 7, begin: now, end: now + .seconds(6))
        return budget.leased(
            limit: limit, lane: lane, lease, askAgain: now + again, now: now)
    }

    private func wish(
        _ lane: BudgetLane, want: Int64, least: Int64, back: Int64 = 0, part: Int64 = 0
    ) -> Budget.Action {
        .lease(limit: 0, LeaseWish(lane, want: want, least: least, back: back, part: part))
    }

    /// The calls that may be made.
    private func granted(_ actions: [Budget.Action]) -> [UInt64] {
        actions.compactMap { if case .grant(let id) = $0 { id } else { nil } }
    }

    @Test("calls wait for a lease and go in the order they came; the rest of it serves the next")
    func order() {
        var budget = budget()
        #expect(ask(&budget, 1, 5) == [wish(.query, want: 25, least: 5)])
        #expect(ask(&budget, 2, 5).isEmpty && ask(&budget, 3, 1).isEmpty)
        #expect(lease(&budget, 12) == [.grant(1), .grant(2), .grant(3)])
        #expect(ask(&budget, 4, 1) == [.grant(4)])
        #expect(ask(&budget, 5, 1) == [wish(.query, want: 21, least: 1)])
    }

    @Test("invariant 1: a protective call waits for nobody, and uses what the others have leased")
    func protection() {
        var budget = budget()
        _ = ask(&budget, 1, 50)
        #expect(lease(&budget, 0).isEmpty)
        #expect(
            ask(&budget, 2, 1, .protective) == [wish(.protective, want: 21, least: 1)])
        #expect(granted(lease(&budget, 1, .protective)) == [2])
        #expect(budget.waiting(.query) == 1)
        _ = lease(&budget, 60, at: start + .seconds(1))
        #expect(granted(ask(&budget, 3, 5, .protective, at: start + .seconds(1))) == [3])
    }

    @Test("invariant 2: what a lease gave is gone when it ends")
    func leaseEnds() {
        var budget = budget()
        _ = ask(&budget, 1, 5)
        _ = lease(&budget, 25)
        #expect(ask(&budget, 2, 5, at: start + .seconds(5)) == [.grant(2)])
        let late = ask(&budget, 3, 5, at: start + .seconds(6))
        // What the ended one still held is given back.
        #expect(late == [wish(.query, want: 25, least: 5, back: 15, part: 7)])
    }

    @Test("an order takes of both limits, or of none")
    func twoLimits() {
        var budget = budget()
        #expect(ask(&budget, 1, 1, .trading, orders: 1).count == 2)
        #expect(lease(&budget, 10, .trading).isEmpty)
        #expect(granted(lease(&budget, 3, .trading, limit: 1)) == [1])
        #expect(granted(ask(&budget, 2, 1, .trading, orders: 2)) == [2])
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
        #expect(ask(&budget, 4, 1, at: after) == [wish(.query, want: 21, least: 1)])
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

    @Test("T7: what was spent while the shared count could not be asked is counted when it can be")
    func toldLater() {
        var budget = budget()
        _ = ask(&budget, 1, 5)
        var actions = budget.leaseFailed(limit: 0, lane: .query, now: start)
        #expect(granted(actions) == [1])
        var told: [Int64] = []
        var now = start
        for _ in 0..<2 {
            for action in actions {
                guard case .lease(let limit, let wish) = action, limit == 0 else { continue }
                told.append(wish.spent)
                // The first answer is lost, too: it is told again.
                _ = budget.leaseFailed(limit: 0, lane: wish.lane, spent: wish.spent, now: now)
            }
            now = now + .milliseconds(250)
            actions = budget.deadlineReached(now: now)
        }
        #expect(told == [5, 5])
    }

    @Test("a full queue and a call that comes too late are refused with the reason")
    func refusals() {
        var budget = budget(queue: 2)
        _ = ask(&budget, 1, 5)
        _ = ask(&budget, 2, 5)
        #expect(ask(&budget, 3, 5) == [.refuse(3, .full)])
        #expect(budget.nextDeadline(now: start) == start + .seconds(2))
        let late = budget.deadlineReached(now: start + .seconds(2))
        #expect(late == [.refuse(1, .late), .refuse(2, .late)])
        #expect(ask(&budget, 4, 701) == [.refuse(4, .tooLarge)])
    }

    /// Two minutes of a lane's calls against a shared count that always gives, late by a delay; how many
    /// calls found no tokens ready, and the tokens that were counted and neither spent nor given back.
    private func steady(
        every pause: Interval, delay: Interval, _ lane: BudgetLane
    ) -> (late: Int, lost: Int64, asked: Int) {
        let part = Interval.seconds(3)
        var budget = Budget([.weight(2_400, in: .seconds(60))], now: start)
        var (now, nextCall, id) = (start, start, UInt64(0))
        var replies: [(at: Instant, wish: LeaseWish, lease: BudgetLease)] = []
        var (late, spent, counted, asked) = (0, Int64(0), Int64(0), 0)
        while now < start + .seconds(120) {
            var actions = budget.deadlineReached(now: now)
            if now >= nextCall {
                id += 1
                nextCall = nextCall + pause
                let own = budget.requested(
                    id, BudgetCost(weight: 1), lane, deadline: now + .seconds(2), now: now)
                if !own.contains(.grant(id)) { late += 1 }
                actions += own
            }
            while let reply = replies.first, reply.at <= now {
                replies.removeFirst()
                actions += budget.leased(
                    limit: 0, lane: reply.wish.lane, reply.lease, askAgain: now, now: now)
            }
            for action in actions {
                if case .grant = action { spent += 1 }
                guard case .lease(_, let wish) = action else { continue }
                asked += 1
                let index = (now - start).nanoseconds / part.nanoseconds + (wish.isAhead ? 1 : 0)
                let begin = start + .nanoseconds(index * part.nanoseconds)
                counted += wish.want - wish.back
                replies.append(
                    (
                        now + delay, wish,
                        BudgetLease(
                            tokens: wish.want, part: index, begin: max(begin, now),
                            end: begin + part)
                    ))
            }
            now = now + .milliseconds(1)
        }
        return (late, counted - spent, asked)
    }

    @Test(
        "invariant 5: a lane of orders in use finds tokens ready; only the first call waits for them",
        arguments: [5, 50, 900, 20_000] as [Int64])
    func ready(milliseconds: Int64) {
        for lane in [BudgetLane.trading, .protective] {
            let run = steady(every: .milliseconds(milliseconds), delay: .milliseconds(4), lane)
            #expect(run.late == 1, "\(lane) every \(milliseconds) ms: \(run)")
            // Of what was counted all is spent or given back, but for what is held at the end.
            #expect(run.lost <= 480, "\(lane) every \(milliseconds) ms: \(run)")
            #expect(run.asked <= 250, "\(lane) every \(milliseconds) ms: \(run)")
        }
    }

    @Test("invariant 5: a lane that is not in use holds nothing, and asks for nothing")
    func idle() {
        var budget = budget()
        _ = ask(&budget, 1, 5, .trading)
        _ = lease(&budget, 25, .trading)
        var now = start
        var asked = 0
        while let deadline = budget.nextDeadline(now: now), asked < 1_000 {
            now = max(deadline, now + .milliseconds(1))
            for action in budget.deadlineReached(now: now) {
                guard case .lease(let limit, let wish) = action else { continue }
                asked += 1
                _ = lease(&budget, wish.want, wish.lane, limit: limit, at: now)
            }
        }
        #expect((1...20).contains(asked))
        #expect(now - start <= .seconds(70))
    }
}

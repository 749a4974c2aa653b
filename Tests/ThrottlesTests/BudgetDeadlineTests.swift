import Bounded
import Chronology
import Testing
import Throttles

@Suite("A budget's deadlines")
struct BudgetDeadlineTests {
    /// The shared count of one process, answering late, with nothing, or not at all.
    private struct Story {
        var budget: Budget
        var now = Instant(nanoseconds: 1_000_000_000_000)
        var random: SplitMix64
        /// What was asked, when, and when the answer comes.
        var asked: [(limit: Int, wish: LeaseWish, at: Instant, answer: Instant)] = []
        var nextID: UInt64 = 1

        init(seed: UInt64, _ limits: [BudgetLimit]) {
            budget = Budget(limits, queueLimit: 50, now: now)
            random = SplitMix64(seed: seed)
        }

        mutating func take(_ actions: [Budget.Action]) {
            for case .lease(let limit, let wish) in actions {
                let delay = Int64.random(in: 0...9, using: &random)
                let length = Int64.random(in: 1...(delay > 7 ? 6_000 : 40), using: &random)
                asked.append((limit, wish, now, now + .milliseconds(length)))
            }
        }

        mutating func answer(_ place: Int) {
            let (limit, wish, at, _) = asked.remove(at: place)
            let lane = wish.lane
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                take(budget.leaseFailed(limit: limit, lane: lane, spent: wish.spent, now: now))
            case 1:
                let again = now + .milliseconds(Int64.random(in: 0...3_000, using: &random))
                take(budget.leased(limit: limit, lane: lane, nil, askAgain: again, now: now))
            case _:
                // As the script counts them: parts of a twentieth of the window.
                let step = budget.limits[limit].window.nanoseconds / 20
                let part = at.nanoseconds / step + (wish.isAhead ? 1 : 0)
                let wait = max(0, part * step - at.nanoseconds)
                let lease = BudgetLease(
                    tokens: wish.want, part: part,
                    begin: wait > 0 ? now + .nanoseconds(wait) : now,
                    end: Instant(nanoseconds: (part + 1) * step))
                take(budget.leased(limit: limit, lane: lane, lease, askAgain: now, now: now))
            }
        }

        mutating func call() {
            let lane = BudgetLane.allCases[Int.random(in: 0..<3, using: &random)]
            let cost = BudgetCost(
                weight: Int64.random(in: 0...20, using: &random),
                orders: Int64.random(in: 0...1, using: &random))
            let patience = Interval.milliseconds(Int64.random(in: 1...2_000, using: &random))
            take(budget.requested(nextID, cost, lane, deadline: now + patience, now: now))
            nextID += 1
        }

        /// What comes next: an answer, a call, or the budget's own deadline.
        mutating func step() {
            let due = budget.nextDeadline(now: now) ?? .distantFuture
            let answer = asked.indices.min { asked[$0].answer < asked[$1].answer }
            // Now and then nobody calls for a while.
            let isIdle = Int.random(in: 0..<100, using: &random) == 0
            let pause = Interval.milliseconds(
                Int64.random(in: 0...(isIdle ? 90_000 : 400), using: &random))
            let at = min(due, answer.map { asked[$0].answer } ?? .distantFuture, now + pause)
            now = max(now, at)
            // A busy machine looks late.
            if Int.random(in: 0..<20, using: &random) == 0 { now = now + .seconds(2) }
            if let answer, asked[answer].answer <= now { return self.answer(answer) }
            if due <= now { return take(budget.deadlineReached(now: now)) }
            if Int.random(in: 0..<200, using: &random) == 0 {
                let pause = Interval.milliseconds(Int64.random(in: 1...6_000, using: &random))
                take(budget.banned(until: now + pause, now: now))
            }
            call()
        }
    }

    @Test("P1: once looked at, it is due later: no deadline is told that nothing comes of")
    func passes() {
        let day = BudgetLimit.orders(200_000, in: .seconds(86_400))
        let sets: [[BudgetLimit]] = [
            [.weight(2_400, in: .seconds(60)), .orders(300, in: .seconds(10))],
            [.weight(6_000, in: .seconds(60)), .orders(100, in: .seconds(10)), day],
            [.weight(500, in: .seconds(10))],
        ]
        for seed in UInt64(0)..<60 {
            var story = Story(seed: seed, sets[Int(seed) % sets.count])
            for step in 0..<1_500 {
                story.step()
                story.take(story.budget.deadlineReached(now: story.now))
                guard let next = story.budget.nextDeadline(now: story.now) else { continue }
                guard next > story.now else {
                    Issue.record("seed \(seed), step \(step): due at once, \(story.budget)")
                    return
                }
            }
        }
    }
}

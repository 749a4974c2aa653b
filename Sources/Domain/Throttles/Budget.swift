package import Chronology

/// One process's part in a budget that all processes of a host share (B1a).
///
/// Tokens come from the shared count in small leases, each for one lane and a short time; calls wait
/// for them in order.
///
/// 1. Within a lane calls go in the order they came; a lane never waits for one below it.
/// 2. A token is spent once, and within its lease's time.
/// 3. While a ban lasts nothing is given, whatever was leased.
/// 4. Where the shared count cannot be asked, a small bucket of the process's own serves, so that
///    protection never depends on it.
/// 5. A lane of orders that is in use finds tokens ready: more are asked for when a third is left, and
///    those of the next part of the window before it begins. So no order waits for the shared count.
package struct Budget: Sendable {
    /// What to do next.
    package enum Action: Equatable, Sendable {
        /// Ask the shared count for tokens of a limit.
        case lease(limit: Int, LeaseWish)
        /// Make the call.
        case grant(UInt64)
        case refuse(UInt64, BudgetRefusal)
    }

    private struct Call {
        let id: UInt64
        let cost: BudgetCost
        let deadline: Instant
    }

    package private(set) var limits: [BudgetLimit]
    private let queueLimit: Int
    /// By lane; the first is next.
    private var queues = [[Call]](repeating: [], count: BudgetLane.allCases.count)
    /// By limit, then lane.
    private var pools: [[BudgetPool]]
    /// By limit: what serves where the shared count does not answer.
    private var own: [TokenBucket]
    /// By limit: what was spent of that, and the shared count does not know of yet.
    private var unknown: [Int64]
    /// Whether the shared count can be asked.
    private var isShared = true
    package private(set) var bannedUntil = Instant.distantPast

    /// - Parameter queueLimit: calls that may wait in a lane; one more is refused.
    package init(_ limits: [BudgetLimit], queueLimit: Int = 1_000, now: Instant) {
        self.limits = limits
        self.queueLimit = queueLimit
        let lanes = [BudgetPool](repeating: BudgetPool(), count: BudgetLane.allCases.count)
        pools = [[BudgetPool]](repeating: lanes, count: limits.count)
        unknown = limits.map { _ in 0 }
        own = limits.map {
            TokenBucket(capacity: max(1, $0.limit / 10), refillTime: $0.window, now: now)
        }
    }

    /// Calls that wait in a lane.
    package func waiting(_ lane: BudgetLane) -> Int { queues[lane.rawValue].count }

    // MARK: events

    /// A call is to be made.
    /// - Parameters:
    ///   - id: its own; comes back in the action.
    ///   - deadline: until when its turn must have come.
    package mutating func requested(
        _ id: UInt64, _ cost: BudgetCost, _ lane: BudgetLane, deadline: Instant, now: Instant
    ) -> [Action] {
        if now < bannedUntil { return [.refuse(id, .banned(until: bannedUntil))] }
        for limit in limits where cost.amount(limit.counted) > limit.limit * lane.share / 100 {
            return [.refuse(id, .tooLarge)]
        }
        guard queues[lane.rawValue].count < queueLimit else { return [.refuse(id, .full)] }
        queues[lane.rawValue].append(Call(id: id, cost: cost, deadline: deadline))
        return advance(now)
    }

    /// The shared count gave tokens for a lane; none, where it says to ask again later.
    package mutating func leased(
        limit: Int, lane: BudgetLane, _ lease: BudgetLease?, askAgain: Instant, now: Instant
    ) -> [Action] {
        isShared = true
        pools[limit][lane.rawValue].isAsking = false
        if let lease, lease.tokens > 0 {
            pools[limit][lane.rawValue].add(lease)
            pools[limit][lane.rawValue].askAt = now
        } else {
            pools[limit][lane.rawValue].askAt = max(askAgain, now + .milliseconds(1))
        }
        return advance(now)
    }

    /// The shared count did not answer.
    /// - Parameter spent: what the wish told of, and is still to be told.
    package mutating func leaseFailed(
        limit: Int, lane: BudgetLane, spent: Int64 = 0, now: Instant
    ) -> [Action] {
        isShared = false
        unknown[limit] += spent
        pools[limit][lane.rawValue].isAsking = false
        pools[limit][lane.rawValue].askAt = now + .milliseconds(200)
        return advance(now)
    }

    /// The venue has banned the address, or asked to be left alone: told by any process.
    package mutating func banned(until: Instant, now: Instant) -> [Action] {
        guard until > bannedUntil, until > now else { return [] }
        bannedUntil = until
        for limit in limits.indices {
            for lane in BudgetLane.allCases { pools[limit][lane.rawValue].clear() }
        }
        let calls = queues.flatMap { $0 }
        queues = [[Call]](repeating: [], count: BudgetLane.allCases.count)
        return calls.map { .refuse($0.id, .banned(until: until)) }
    }

    /// The time of `nextDeadline` has come.
    package mutating func deadlineReached(now: Instant) -> [Action] { advance(now) }

    /// When a call is late, or the shared count is to be asked; nil where nothing is due.
    package func nextDeadline(now: Instant) -> Instant? {
        var next: Instant?
        func consider(_ time: Instant) { next = min(next ?? .distantFuture, time) }
        if !isShared {
            for pool in pools.map({ $0[BudgetLane.protective.rawValue] }) where !pool.isAsking {
                consider(pool.askAt)
            }
        }
        for lane in BudgetLane.allCases {
            for call in queues[lane.rawValue] { consider(call.deadline) }
            for limit in limits.indices {
                if let call = queues[lane.rawValue].first {
                    let amount = call.cost.amount(limits[limit].counted)
                    if let wake = wake(limit, lane, amount, now) { consider(wake) }
                }
                if let refill = refillAt(limit, lane, now) { consider(refill) }
            }
        }
        return next
    }

    /// When a limit is to be looked at again for a call that waits: it lacks tokens, or those that it
    /// has end; nil where the call takes none of it, or an answer is on its way.
    private func wake(
        _ limit: Int, _ lane: BudgetLane, _ amount: Int64, _ now: Instant
    ) -> Instant? {
        guard amount > 0 else { return nil }
        let change = pools[limit][lane.rawValue...].compactMap { $0.change(after: now) }.min()
        let pool = pools[limit][lane.rawValue]
        guard available(limit, lane, now) < amount, !pool.isAsking else { return change }
        return min(pool.askAt, change ?? .distantFuture)
    }

    // MARK: tokens held ready

    /// Orders find tokens ready; questions may wait for theirs.
    private static func isKept(_ lane: BudgetLane) -> Bool { lane != .query }

    /// What a lane in use lacks, or when that is to be looked at again.
    private enum Need {
        case wish(LeaseWish)
        case later(Instant)
    }

    /// More where little is left, and what comes next half a part before what is held ends.
    private func need(_ limit: Int, _ lane: BudgetLane, _ now: Instant) -> Need {
        let pool = pools[limit][lane.rawValue]
        let present = pool.leases.first { $0.begin <= now && now < $0.end }
        let next = pool.leases.first { $0.begin > now }
        let isLow = pool.tokens(now) * 3 < pool.stock
        if present == nil ? next == nil : isLow {
            // Twice as much as last time where that was used up.
            let stock = isLow ? min(pool.stock * 2, most(limit)) : spare(limit)
            return .wish(LeaseWish(lane, want: max(stock, spare(limit)), least: 1))
        }
        if let next { return .later(min(next.begin, present?.end ?? next.begin)) }
        let time = (present?.end ?? now) - halfPart(limit)
        if now < time { return .later(time) }
        let want = max(spare(limit), pool.stock / 2)
        return .wish(LeaseWish(lane, want: want, least: 1, isAhead: true))
    }

    /// When tokens are to be asked for that nobody waits for yet; nil where none are.
    private func refillAt(_ limit: Int, _ lane: BudgetLane, _ now: Instant) -> Instant? {
        let pool = pools[limit][lane.rawValue]
        guard isShared, Budget.isKept(lane), !pool.isAsking, now < pool.keptUntil else { return nil }
        var time = max(pool.askAt, bannedUntil)
        if case .later(let due) = need(limit, lane, now) { time = max(time, due) }
        return time < pool.keptUntil ? time : nil
    }

    private func halfPart(_ limit: Int) -> Interval {
        .nanoseconds(limits[limit].window.nanoseconds / (Budget.parts * 2))
    }

    /// Parts of a window that the shared count tells apart.
    private static let parts: Int64 = 20

    /// Asks for what a lane in use will need: more where little is left, and ahead of time.
    private mutating func refill(
        _ limit: Int, _ lane: BudgetLane, _ now: Instant, _ actions: inout [Action]
    ) {
        let pool = pools[limit][lane.rawValue]
        guard isShared, Budget.isKept(lane), !pool.isAsking, now >= pool.askAt,
            now < pool.keptUntil, now >= bannedUntil
        else { return }
        if case .wish(let wanted) = need(limit, lane, now) { wish(limit, wanted, now, &actions) }
    }

    /// A few more than wait, so that the next call needs no round trip; never much of the limit.
    private func spare(_ limit: Int) -> Int64 { min(20, max(1, limits[limit].limit / 50)) }
    private func most(_ limit: Int) -> Int64 { max(1, limits[limit].limit / 10) }

    private mutating func wish(
        _ limit: Int, _ wish: LeaseWish, _ now: Instant, _ actions: inout [Action]
    ) {
        var wish = wish
        (wish.back, wish.part) = pools[limit][wish.lane.rawValue].takeLeft()
        wish.spent = unknown[limit]
        unknown[limit] = 0
        pools[limit][wish.lane.rawValue].isAsking = true
        pools[limit][wish.lane.rawValue].stock = wish.want
        actions.append(.lease(limit: limit, wish))
    }

    /// The venue has announced its limits; what is held of one that stays as it was is kept.
    package mutating func announced(_ announced: [BudgetLimit], now: Instant) -> [Action] {
        guard announced != limits, !announced.isEmpty else { return [] }
        let before = self
        let fresh = Budget(announced, queueLimit: queueLimit, now: now)
        limits = fresh.limits
        pools = fresh.pools
        own = fresh.own
        unknown = fresh.unknown
        for (place, limit) in limits.enumerated() {
            guard let known = before.limits.firstIndex(of: limit) else { continue }
            pools[place] = before.pools[known]
            own[place] = before.own[known]
            unknown[place] = before.unknown[known]
        }
        return advance(now)
    }

    // MARK: deciding

    private mutating func advance(_ now: Instant) -> [Action] {
        var actions: [Action] = []
        for limit in pools.indices {
            for lane in pools[limit].indices { pools[limit][lane].prune(now) }
        }
        for lane in BudgetLane.allCases {
            dropLate(lane, now, &actions)
            while let call = queues[lane.rawValue].first, spend(call.cost, lane, now) {
                queues[lane.rawValue].removeFirst()
                actions.append(.grant(call.id))
            }
            for limit in limits.indices {
                if let call = queues[lane.rawValue].first {
                    let least = call.cost.amount(limits[limit].counted)
                    ask(limit, lane, least: least, now, &actions)
                }
                refill(limit, lane, now, &actions)
            }
        }
        if !isShared { probe(now, &actions) }
        return actions
    }

    /// Looks now and then whether the shared count can be asked again.
    private mutating func probe(_ now: Instant, _ actions: inout [Action]) {
        let lane = BudgetLane.protective
        for limit in limits.indices {
            let pool = pools[limit][lane.rawValue]
            guard !pool.isAsking, now >= pool.askAt else { continue }
            wish(limit, LeaseWish(lane, want: 1, least: 1), now, &actions)
        }
    }

    private mutating func dropLate(
        _ lane: BudgetLane, _ now: Instant, _ actions: inout [Action]
    ) {
        for call in queues[lane.rawValue] where now >= call.deadline {
            actions.append(.refuse(call.id, .late))
        }
        queues[lane.rawValue].removeAll { now >= $0.deadline }
    }

    /// Takes a call's cost of every limit; false, and nothing taken, where one has not enough.
    private mutating func spend(_ cost: BudgetCost, _ lane: BudgetLane, _ now: Instant) -> Bool {
        let isEnough = limits.indices.allSatisfy { limit in
            let amount = cost.amount(limits[limit].counted)
            if amount == 0 || available(limit, lane, now) >= amount { return true }
            return !isShared && own[limit].tokens(now: now) >= amount + reserve(limit, lane)
        }
        guard isEnough else { return false }
        for limit in limits.indices { take(limit, lane, cost.amount(limits[limit].counted), now) }
        return true
    }

    /// What the process's own bucket keeps back from a lane.
    private func reserve(_ limit: Int, _ lane: BudgetLane) -> Int64 {
        own[limit].capacity * (100 - lane.share) / 100
    }

    /// Tokens that a lane may use: its own, and those of the lanes below it.
    private func available(_ limit: Int, _ lane: BudgetLane, _ now: Instant) -> Int64 {
        pools[limit][lane.rawValue...].reduce(0) { $0 + $1.tokens(now) }
    }

    private mutating func take(
        _ limit: Int, _ lane: BudgetLane, _ amount: Int64, _ now: Instant
    ) {
        guard amount > 0 else { return }
        guard available(limit, lane, now) >= amount else {
            if own[limit].take(amount, now: now) { unknown[limit] += amount }
            return
        }
        pools[limit][lane.rawValue].used(now)
        var left = amount
        for place in lane.rawValue..<BudgetLane.allCases.count {
            left -= pools[limit][place].spend(left, now)
        }
    }

    /// Asks for tokens of a limit, unless there are enough or an answer is on its way.
    private mutating func ask(
        _ limit: Int, _ lane: BudgetLane, least: Int64, _ now: Instant,
        _ actions: inout [Action]
    ) {
        let pool = pools[limit][lane.rawValue]
        let missing = least - available(limit, lane, now)
        guard missing > 0, !pool.isAsking, now >= pool.askAt else { return }
        let waiting = queues[lane.rawValue].prefix(Budget.leaseCalls)
            .reduce(0) { $0 + $1.cost.amount(limits[limit].counted) }
        let want = min(max(least, most(limit)), max(least, waiting) + spare(limit))
        wish(limit, LeaseWish(lane, want: want, least: missing), now, &actions)
    }

    /// Calls whose cost is asked for together.
    private static let leaseCalls = 20
}

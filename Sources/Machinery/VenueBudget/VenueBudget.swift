internal import BusProtocol
internal import Bytes
package import Chronology
package import Reactor
internal import RedisLink
package import Runtime
package import Throttles
package import VenueProtocol

// VenueBudget: what all processes of a host may ask of a venue, shared through Redis (B1a).
// 1. No call to a venue is made that this room has not granted; what is granted never exceeds the
//    venue's limits, whoever asks and wherever the venue's windows begin (T6, T7).
// 2. Protective calls are kept waiting by nothing but a ban.
// 3. A ban seen by one process stops all: it stands in Redis and is told on a channel.
// 4. Redis away, a tenth of each limit serves each process, so that protection goes on.
// 5. The limits are those the venue announced last: whoever reads its exchangeInfo tells all others.

/// One process's door to the shared budget.
@LoopActor package final class VenueBudget: RedisMessageHandler {
    private var budget: Budget
    private let host: ServiceHost
    private var timer: LoopTimer?
    private let startedAt: Instant
    private var hasAnswered = false
    /// Calls whose turn has not come.
    private var waiting: [UInt64: Waiting] = [:]
    private var nextID: UInt64 = 1
    /// By a limit's name: when the venue's count was last passed on.
    private var observedAt: [String: Instant] = [:]
    private var limitsTimer: LoopTimer?
    private let granted: [Counter]
    private let waited: [Counter]
    private let refused: Counter
    private let bans: Counter

    private struct Waiting {
        let lane: BudgetLane
        let completion: @LoopActor (BudgetRefusal?) -> Void
    }

    private static let lease = RedisScript(BudgetScript.lease)
    private static let observe = RedisScript(BudgetScript.observe)
    private static let ban = RedisScript(BudgetScript.ban)
    /// Between two reports of the venue's count of one limit.
    private static let observeEvery = Interval.seconds(1)
    /// How long a process that has just started waits for its connection, and between two tries.
    private static let startPatience = Interval.seconds(1)
    private static let startRetry = Interval.milliseconds(20)
    /// Longer than any venue's ban.
    private static let longestBan = Interval.seconds(3 * 86_400)

    /// How long announced limits are kept: six times as long as a feed takes to read them anew.
    private static let limitsLife = Interval.seconds(3_600)
    /// Between two tries to read them.
    private static let limitsRetry = Interval.seconds(1)
    private static let limitsMessage = "limits"

    /// - Parameter limits: as the venue is known to have them, until it announces its own.
    package init(_ limits: [BudgetLimit], host: ServiceHost) {
        self.host = host
        startedAt = host.loop.now
        budget = Budget(limits, now: host.loop.now)
        granted = BudgetLane.allCases.map {
            host.metrics.counter(
                "pms_venue_calls_total", "Calls to the venue granted.", ["lane": $0.label])
        }
        waited = BudgetLane.allCases.map {
            host.metrics.counter(
                "pms_venue_calls_waited_total", "Calls that found no tokens ready.",
                ["lane": $0.label])
        }
        refused = host.metrics.counter(
            "pms_venue_calls_refused_total", "Calls to the venue not granted.")
        bans = host.metrics.counter("pms_venue_bans_total", "Bans by the venue heard of.")
        timer = host.loop.timer { [weak self] in self?.deadlineReached() }
    }

    /// Listens for bans and limits that other processes have seen.
    package func start() {
        host.subscriber.subscribe(host.keys.budgetChannel, self)
        limitsTimer = host.loop.timer { [weak self] in self?.readLimits() }
        readLimits()
    }

    /// The limits kept to at present.
    package var limits: [BudgetLimit] { budget.limits }

    // MARK: limits

    /// The venue has announced its limits: this process keeps to them from now on, and all others.
    /// Where it announces none of weight, as MEXC does, those known stay.
    package func announced(_ rates: [RateLimit]) {
        let limits = rates.compactMap { BudgetLimit($0) }.sorted { $0.name < $1.name }
        guard limits.contains(where: { $0.counted == .weight }) else { return }
        keep(limits)
        let key = host.keys.budgetLimits
        let stamp = ["writer", host.writer, "at_ms", "\(host.loop.wallNow.milliseconds)"]
        let fields = limits.flatMap { [$0.name, "\($0.limit)"] } + stamp
        host.redis.send(["HSET", key] + fields) { [weak self] outcome in
            guard let self, outcome.value != nil else { return }
            let life = "\(VenueBudget.limitsLife.milliseconds)"
            host.redis.send(["PEXPIRE", key, life]) { _ in }
            host.redis.send(["PUBLISH", host.keys.budgetChannel, VenueBudget.limitsMessage]) { _ in }
        }
    }

    private func keep(_ limits: [BudgetLimit]) {
        let before = budget.limits
        carryOut(budget.announced(limits, now: host.loop.now))
        guard budget.limits != before else { return }
        let names = budget.limits.map { "\($0.name)=\($0.limit)" }.joined(separator: " ")
        Log.debug("venue's limits", ["limits": names])
    }

    private func readLimits() {
        host.redis.send(["HGETALL", host.keys.budgetLimits]) { [weak self] outcome in
            guard let self else { return }
            guard let fields = outcome.value?.fields else {
                limitsTimer?.arm(after: VenueBudget.limitsRetry)
                return
            }
            let limits = fields.sorted { $0.key < $1.key }
                .compactMap { BudgetLimit(name: $0.key, limit: $0.value) }
            if limits.contains(where: { $0.counted == .weight }) { keep(limits) }
        }
    }

    // MARK: calls

    /// Asks whether a call may be made; the completion is called once, with nil where it may.
    /// - Parameter patience: how long its turn may take to come.
    package func request(
        _ cost: BudgetCost, _ lane: BudgetLane, within patience: Interval = .seconds(2),
        _ completion: @escaping @LoopActor (BudgetRefusal?) -> Void
    ) {
        let id = nextID
        nextID += 1
        let call = Waiting(lane: lane, completion: completion)
        let now = host.loop.now
        if now >= budget.bannedUntil, cost.weight == 0, cost.orders == 0 {
            return end(call, nil)
        }
        var actions = budget.requested(id, cost, lane, deadline: now + patience, now: now)
        // The rule: its tokens are at hand, and nobody waits before it.
        if actions.first == .grant(id) {
            actions.removeFirst()
            end(call, nil)
        } else {
            waiting[id] = call
        }
        carryOut(actions)
        if waiting[id] != nil { waited[lane.rawValue].increment() }
    }

    /// Waits for a call's turn; throws where it does not come.
    package func request(
        _ cost: BudgetCost, _ lane: BudgetLane, within patience: Interval = .seconds(2)
    ) async throws(BudgetRefusal) {
        let refusal = await withCheckedContinuation { continuation in
            request(cost, lane, within: patience) { continuation.resume(returning: $0) }
        }
        if let refusal { throw refusal }
    }

    private func carryOut(_ actions: [Budget.Action]) {
        for action in actions {
            switch action {
            case .grant(let id):
                if let call = waiting.removeValue(forKey: id) { end(call, nil) }
            case .refuse(let id, let refusal):
                if let call = waiting.removeValue(forKey: id) { end(call, refusal) }
            case .lease(let limit, let wish): ask(limit, wish)
            }
        }
        if let deadline = budget.nextDeadline(now: host.loop.now) { timer?.arm(at: deadline) }
    }

    private func end(_ call: Waiting, _ refusal: BudgetRefusal?) {
        if refusal == nil { granted[call.lane.rawValue].increment() } else { refused.increment() }
        host.loop.soon { call.completion(refusal) }
    }

    private func deadlineReached() { carryOut(budget.deadlineReached(now: host.loop.now)) }

    // MARK: the shared count

    private func ask(_ limit: Int, _ wish: LeaseWish) { ask(budget.limits[limit], wish) }

    private func ask(_ rule: BudgetLimit, _ wish: LeaseWish) {
        let asked = host.loop.now
        host.redis.evaluate(
            VenueBudget.lease, keys: keys(rule),
            arguments: BudgetScript.leaseArguments(rule, wish, writer: host.writer)
        ) { [weak self] outcome in
            guard let self else { return }
            let isStarting = host.loop.now - startedAt < VenueBudget.startPatience
            if case .refused = outcome, !hasAnswered, isStarting {
                // A process that has just started is not connected yet.
                let again = host.loop.timer { [weak self] in self?.ask(rule, wish) }
                return again.arm(after: VenueBudget.startRetry)
            }
            answered(rule, wish, asked, outcome.value?.elements?.compactMap(\.int))
        }
    }

    private func keys(_ rule: BudgetLimit) -> [String] {
        [host.keys.budget(rule.name), host.keys.budget("ban")]
    }

    private func answered(
        _ rule: BudgetLimit, _ wish: LeaseWish, _ asked: Instant, _ reply: [Int64]?
    ) {
        let now = host.loop.now
        let lane = wish.lane
        // One that the venue no longer announces counts no more.
        guard let limit = budget.limits.firstIndex(of: rule) else { return }
        guard let reply, reply.count == 6 else {
            return carryOut(
                budget.leaseFailed(limit: limit, lane: lane, spent: wish.spent, now: now))
        }
        hasAnswered = true
        if reply[3] > 0 { banHeard(.milliseconds(reply[3])) }
        // Its end counts from before it was asked for, its begin from when it was given.
        let lease = BudgetLease(
            tokens: reply[0], part: reply[4],
            begin: reply[5] > 0 ? now + .milliseconds(reply[5]) : now,
            end: asked + .milliseconds(reply[1]))
        carryOut(
            budget.leased(
                limit: limit, lane: lane, lease, askAgain: now + .milliseconds(reply[2]),
                now: now))
    }

    /// The venue has said how much it counted in its present window; less than zero says nothing
    /// (T11).
    package func observed(_ counted: BudgetLimit.Counted, in window: Interval, count: Int64) {
        guard count > 0, host.redis.isUp,
            let rule = budget.limits.first(where: {
                $0.counted == counted && $0.window == window
            })
        else { return }
        let last = observedAt[rule.name] ?? .distantPast
        guard host.loop.now - last >= VenueBudget.observeEvery else { return }
        observedAt[rule.name] = host.loop.now
        host.redis.evaluate(
            VenueBudget.observe, keys: keys(rule),
            arguments: BudgetScript.observeArguments(rule, counted: count, writer: host.writer)
        ) { _ in }
    }

    // MARK: bans

    /// The venue wants to be left alone for so long: this process stops at once, and all others.
    package func banned(for pause: Interval) {
        let pause = min(max(pause, .milliseconds(1)), VenueBudget.longestBan)
        banHeard(pause)
        let until = (host.loop.wallNow + pause).milliseconds
        host.redis.evaluate(
            VenueBudget.ban, keys: [host.keys.budget("ban")],
            arguments: ["\(pause.milliseconds)", host.keys.budgetChannel, "\(until)"]
        ) { _ in }
    }

    private func banHeard(_ pause: Interval) {
        let now = host.loop.now
        let before = budget.bannedUntil
        let actions = budget.banned(until: now + pause, now: now)
        // The same ban, told again, ends at the same time but for the clocks' difference.
        if budget.bannedUntil > before + .seconds(1) {
            bans.increment()
            Log.warn("venue wants to be left alone", ["seconds": pause.milliseconds / 1000])
        }
        carryOut(actions)
    }

    /// Until when the venue wants to be left alone; in the past where it does not.
    package var bannedUntil: Instant { budget.bannedUntil }

    package func messageReceived(channel: RawSpan, payload: RawSpan) {
        let text = String(payload)
        if text == VenueBudget.limitsMessage { return readLimits() }
        guard let until = Int64(text) else { return }
        let pause = WallTime(milliseconds: until) - host.loop.wallNow
        if pause > .zero { banHeard(min(pause, VenueBudget.longestBan)) }
    }

    package func subscriptionEstablished(channel: String) {}
}

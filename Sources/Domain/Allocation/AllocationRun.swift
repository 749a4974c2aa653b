package import Chronology
import Trading

/// One run of the allocator (A1–A8): facts in, orders out, never two orders at a time.
package struct AllocationRun: Sendable {
    private enum Step: Equatable {
        case reading(Int, until: Instant)
        /// Asked for, and nothing heard yet.
        case placing(SliceReport, asked: Instant)
        case working(SliceReport, asked: Instant, cancelAt: Instant)
        case cancelling(SliceReport, asked: Instant)
        case pausing(until: Instant)
        /// One more look at the balances, after which the run ends for this reason.
        case closing(Int, AllocationReason, String, until: Instant)
        case over
    }

    package let id: String
    package let isDry: Bool
    package let knobs: AllocationKnobs
    private let startedAt: Instant
    private var step: Step
    private var reads = 1
    private var slices: [SliceReport] = []
    private var before: Valuation?
    private var last: Valuation?
    /// Slices in a row of which nothing traded.
    private var misses = 0
    /// When an order whose state is not known was looked for, or cancelled, last.
    private var lookedAt: Instant
    /// The end that an interruption asked for.
    private var interruption: AllocationReason?

    /// When the run wants to be woken next.
    package private(set) var nextWake: Instant

    /// Facts later than this are not waited for: a venue call's deadline is 5 s.
    private static let factsPatience = Interval.seconds(6)
    /// Between two looks at an order that nothing is heard of.
    private static let lookEvery = Interval.milliseconds(500)
    /// Slices in a row that may trade nothing (A7).
    private static let missesAllowed = 2
    /// A slice is not begun with less time than this.
    private static let leastTime = Interval.seconds(1)
    /// Between two slices, at random.
    private static let pauses: ClosedRange<Int64> = 150...900
    /// Beyond the time it is meant to rest: for the gateway's own expiry, which comes second.
    private static let lifeMargin = Interval.seconds(2)
    /// What an order that trades at once needs.
    private static let takerLife = Interval.seconds(1)

    /// Begins a run; `out` has its first question.
    package init(
        id: String, isDry: Bool, knobs: AllocationKnobs, now: Instant,
        _ out: inout [AllocationAction]
    ) {
        self.id = id
        self.isDry = isDry
        self.knobs = knobs
        startedAt = now
        lookedAt = now
        let until = min(now + AllocationRun.factsPatience, now + knobs.timeout)
        step = .reading(1, until: until)
        nextWake = until
        out.append(.readFacts(1))
    }

    package var isOver: Bool { step == .over }
    /// The number of slices ordered.
    package var sliceCount: Int { slices.count }
    /// The request of the order that is not over; nil where there is none.
    package var openRequest: String? {
        switch step {
        case .placing(let slice, _), .working(let slice, _, _), .cancelling(let slice, _):
            slice.request
        case .reading, .pausing, .closing, .over: nil
        }
    }

    private var deadline: Instant { startedAt + knobs.timeout }
    /// From here on only what rests is taken back.
    private var cleanUpAt: Instant { deadline - knobs.cleanUp }

    /// Takes one event; what is to be done is added to `out`, in order.
    package mutating func handle(
        _ event: AllocationEvent, now: Instant, using random: inout some RandomNumberGenerator,
        _ out: inout [AllocationAction]
    ) {
        switch event {
        case .factsRead(let number, let facts): factsRead(number, facts, now, &random, &out)
        case .factsFailed(let number, let reason, let detail):
            factsFailed(number, reason, detail, now, &out)
        case .orderSeen(let request, let order): seen(request, order, now, &random, &out)
        case .orderRefused(let request, let code, let text, let isForBalance):
            refused(request, code, text, isForBalance, now, &out)
        case .orderMissing(let request): missing(request, now, &out)
        case .woken: break
        case .interrupted(let reason): interrupted(reason, now, &out)
        }
        timePassed(now, &out)
        arm(now)
    }

    // MARK: facts

    private mutating func factsRead(
        _ number: Int, _ facts: AllocationFacts, _ now: Instant,
        _ random: inout some RandomNumberGenerator, _ out: inout [AllocationAction]
    ) {
        if case .closing(number, let reason, let detail, _) = step {
            last = Valuation(facts.holdings, mid: facts.book.mid)
            return end(reason, detail, now, &out)
        }
        guard case .reading(number, _) = step else { return }
        let planner = SlicePlanner(knobs, facts.rules)
        switch planner.plan(facts.holdings, facts.book, using: &random) {
        case .leave(let reason, let valuation):
            note(valuation)
            end(reason, "", now, &out)
        case .trade(let plan):
            note(plan.valuation)
            if isDry { return end(.dryRun, "", now, &out, plan: plan) }
            place(plan, now, &out)
        }
    }

    private mutating func note(_ valuation: Valuation?) {
        guard let valuation else { return }
        if before == nil { before = valuation }
        last = valuation
    }

    private mutating func factsFailed(
        _ number: Int, _ reason: AllocationReason, _ detail: String, _ now: Instant,
        _ out: inout [AllocationAction]
    ) {
        switch step {
        case .reading(number, _): end(reason, detail, now, &out)
        case .closing(number, let reason, let detail, _): end(reason, detail, now, &out)
        case .reading, .closing, .placing, .working, .cancelling, .pausing, .over: break
        }
    }

    // MARK: orders

    /// What a slice's order is asked for under, and its client order id derives from.
    package static func request(_ run: String, slice: Int) -> String { "\(run)-\(slice)" }

    private mutating func place(
        _ plan: SlicePlan, _ now: Instant, _ out: inout [AllocationAction]
    ) {
        guard cleanUpAt - now >= AllocationRun.leastTime else {
            return end(.deadline, "", now, &out)
        }
        let number = slices.count + 1
        var plan = plan
        if plan.timeToLive > .zero {
            plan.timeToLive = min(plan.timeToLive, cleanUpAt - now)
        }
        let slice = SliceReport(number: number, plan: plan, request: AllocationRun.request(id, slice: number))
        slices.append(slice)
        lookedAt = now
        step = .placing(slice, asked: now)
        let wanted = plan.timeInForce == .postOnly ? plan.timeToLive : AllocationRun.takerLife
        out.append(.place(slice, life: min(wanted + AllocationRun.lifeMargin, deadline - now)))
    }

    private mutating func seen(
        _ request: String, _ order: SliceOrder, _ now: Instant,
        _ random: inout some RandomNumberGenerator, _ out: inout [AllocationAction]
    ) {
        guard request == openRequest, let index = slices.indices.last else { return }
        slices[index].take(order)
        if order.isOver { return sliceEnded(index, order, now, &random, &out) }
        switch step {
        case .placing(let slice, let asked):
            let rest = slice.plan.timeInForce == .postOnly
                ? slice.plan.timeToLive : AllocationRun.takerLife
            step = .working(slice, asked: asked, cancelAt: min(asked + rest, cleanUpAt))
            lookedAt = now
        case .working, .cancelling, .reading, .pausing, .closing, .over: break
        }
    }

    private mutating func sliceEnded(
        _ index: Int, _ order: SliceOrder, _ now: Instant,
        _ random: inout some RandomNumberGenerator, _ out: inout [AllocationAction]
    ) {
        close(index, now, &out)
        misses = slices[index].executed.isZero ? misses + 1 : 0
        if let interruption { return end(interruption, "", now, &out) }
        if order.lacksBalance { return conclude(.insufficientBalance, order.reason, now, &out) }
        // A maker's price that the market has reached meanwhile is not the venue's last word.
        let isPostOnly = slices[index].plan.timeInForce == .postOnly
        if order.isRejected, !isPostOnly {
            return conclude(.orderRefused, order.reason, now, &out)
        }
        let detail = order.isRejected ? order.reason : ""
        if misses >= AllocationRun.missesAllowed { return conclude(.noFill, detail, now, &out) }
        if slices.count >= knobs.slices { return conclude(.sliceLimit, detail, now, &out) }
        let pause = Interval.milliseconds(Int64.random(in: AllocationRun.pauses, using: &random))
        step = .pausing(until: now + pause)
    }

    private mutating func close(_ index: Int, _ now: Instant, _ out: inout [AllocationAction]) {
        switch step {
        case .placing(_, let asked), .working(_, let asked, _), .cancelling(_, let asked):
            slices[index].lived = now - asked
        case .reading, .pausing, .closing, .over: break
        }
        out.append(.report(slices[index]))
    }

    private mutating func refused(
        _ request: String, _ code: String, _ text: String, _ isForBalance: Bool, _ now: Instant,
        _ out: inout [AllocationAction]
    ) {
        guard request == openRequest, let index = slices.indices.last else { return }
        slices[index].status = "refused"
        slices[index].code = code
        close(index, now, &out)
        // S6: what was refused for want of money is not tried again within the run.
        end(isForBalance ? .insufficientBalance : .orderRefused, "\(code): \(text)", now, &out)
    }

    /// The gateway never took it on: it cannot come any more, as its command is past its deadline.
    private mutating func missing(
        _ request: String, _ now: Instant, _ out: inout [AllocationAction]
    ) {
        guard request == openRequest, case .placing(_, let asked) = step,
            now - asked > AllocationRun.commandLife + AllocationRun.lookEvery,
            let index = slices.indices.last
        else { return }
        slices[index].status = "not_taken"
        close(index, now, &out)
        end(.orderRefused, "order-gateway did not take the order", now, &out)
    }

    /// How long the command that places an order is good for; the gateway refuses it afterwards.
    package static let commandLife = Interval.seconds(2)

    // MARK: time

    private mutating func timePassed(_ now: Instant, _ out: inout [AllocationAction]) {
        if now >= deadline { return runOut(now, &out) }
        switch step {
        case .reading(_, let until):
            if now >= until { end(.factsLate, "", now, &out) }
        case .closing(_, let reason, let detail, let until):
            if now >= until { end(reason, detail, now, &out) }
        case .pausing(let until):
            if now >= cleanUpAt { return end(.deadline, "", now, &out) }
            if now >= until { read(now, &out) }
        case .placing(let slice, let asked):
            if now >= cleanUpAt { return takeBack(slice, asked, now, &out) }
            look(slice, now, &out)
        case .working(let slice, let asked, let cancelAt):
            if now >= cancelAt { return takeBack(slice, asked, now, &out) }
            look(slice, now, &out)
        case .cancelling(let slice, _):
            guard now - lookedAt >= AllocationRun.lookEvery else { return }
            lookedAt = now
            out.append(.look(request: slice.request))
            out.append(.cancel(request: slice.request))
        case .over: break
        }
    }

    private mutating func look(
        _ slice: SliceReport, _ now: Instant, _ out: inout [AllocationAction]
    ) {
        guard now - lookedAt >= AllocationRun.lookEvery else { return }
        lookedAt = now
        out.append(.look(request: slice.request))
    }

    private mutating func takeBack(
        _ slice: SliceReport, _ asked: Instant, _ now: Instant, _ out: inout [AllocationAction]
    ) {
        step = .cancelling(slice, asked: asked)
        lookedAt = now
        out.append(.cancel(request: slice.request))
    }

    private mutating func read(_ now: Instant, _ out: inout [AllocationAction]) {
        reads += 1
        step = .reading(reads, until: min(now + AllocationRun.factsPatience, cleanUpAt))
        out.append(.readFacts(reads))
    }

    /// The timeout: whatever is still open is the gateway's to cancel.
    private mutating func runOut(_ now: Instant, _ out: inout [AllocationAction]) {
        switch step {
        case .placing, .working, .cancelling:
            if let index = slices.indices.last { close(index, now, &out) }
            end(.unsettled, "the order's end is not known", now, &out)
        case .reading, .pausing: end(.deadline, "", now, &out)
        case .closing(_, let reason, let detail, _): end(reason, detail, now, &out)
        case .over: break
        }
    }

    private mutating func interrupted(
        _ reason: AllocationReason, _ now: Instant, _ out: inout [AllocationAction]
    ) {
        interruption = reason
        switch step {
        case .reading, .pausing: end(reason, "", now, &out)
        case .closing(_, let reason, let detail, _): end(reason, detail, now, &out)
        case .placing(let slice, let asked), .working(let slice, let asked, _):
            takeBack(slice, asked, now, &out)
        case .cancelling, .over: break
        }
    }

    // MARK: ends

    /// Looks at the balances once more where there is time, and ends.
    private mutating func conclude(
        _ reason: AllocationReason, _ detail: String, _ now: Instant,
        _ out: inout [AllocationAction]
    ) {
        guard now < cleanUpAt, interruption == nil else { return end(reason, detail, now, &out) }
        reads += 1
        step = .closing(reads, reason, detail, until: cleanUpAt)
        out.append(.readFacts(reads))
    }

    private mutating func end(
        _ reason: AllocationReason, _ detail: String, _ now: Instant,
        _ out: inout [AllocationAction], plan: SlicePlan? = nil
    ) {
        step = .over
        out.append(
            .finish(
                AllocationResult(
                    id: id, isDry: isDry, reason: reason, detail: detail, slices: slices,
                    before: before, after: last, plan: plan, elapsed: now - startedAt)))
    }

    private mutating func arm(_ now: Instant) {
        switch step {
        case .reading(_, let until), .closing(_, _, _, let until): nextWake = min(until, deadline)
        case .pausing(let until): nextWake = min(until, cleanUpAt)
        case .placing: nextWake = min(lookedAt + AllocationRun.lookEvery, cleanUpAt, deadline)
        case .working(_, _, let cancelAt):
            nextWake = min(lookedAt + AllocationRun.lookEvery, cancelAt, deadline)
        case .cancelling: nextWake = min(lookedAt + AllocationRun.lookEvery, deadline)
        case .over: nextWake = .distantFuture
        }
    }
}

package import Allocation
import Bounded
import BusProtocol
package import Chronology
import Trading

/// The logic of the allocator: who may begin a run, what becomes of it, and what is kept of it. Takes
/// what happened, says what to do; no I/O, no clock, its randomness seeded.
package final class AllocatorDesk {
    /// A run that is not over.
    struct Active {
        let head: AllocationHead
        let request: String
        var run: AllocationRun
        /// Who wait for its result.
        var waiters: [UInt64]
    }

    /// A run whose beginning is being saved.
    struct Beginning {
        let head: AllocationHead
        /// Who asked for it, and who has asked under the same key since.
        var triggers: [AllocationTrigger]
        /// The record of the run before it.
        let before: [(String, String)]

        var key: String { triggers[0].key }
    }

    enum Phase: Equatable {
        /// Another holds the lease, or Redis is away.
        case standby
        /// Orders of an earlier run are being taken back.
        case recovering(askAt: Instant)
        case ready
    }

    package let knobs: AllocationKnobs
    private let writer: String
    let interval: Interval
    var random: SplitMix64
    var phase = Phase.standby
    var fence: Int64?
    var isRedisUp = false
    var isStopping = false
    var problem = "starting"
    /// The run that trades.
    var current: Active?
    var beginning: Beginning?
    /// A run that is over while the end of its last order is not known.
    var settling: (head: AllocationHead, request: String, result: AllocationResult)?
    var dry: [Active] = []
    /// Requests whose answer is being looked for in Redis.
    var looking: [UInt64: AllocationTrigger] = [:]
    var nextRunAt = Instant.distantFuture
    /// Runs in a row that came to nothing for a reason that may last (S6).
    private var failures: Int64 = 0
    package internal(set) var lastFields: [(String, String)] = []
    var unsaved = UnsavedRuns()
    /// Why Redis refuses what was to be saved; empty where nothing waits that it has refused.
    var refusal = ""
    /// Why it has refused the beginning of the last run that was to begin; empty where it has not.
    var beginRefusal = ""
    /// When orders of an earlier run are asked to be cancelled once more.
    var cancelAgainAt = Instant.distantPast

    /// Dry runs at a time, and requests looked for at a time; one more is refused.
    static let dryLimit = 16
    static let lookLimit = 64
    /// Between two looks for orders of an earlier run.
    static let recoveryPoll = Interval.milliseconds(300)
    /// Between two requests to cancel one of them.
    static let cancelPause = Interval.seconds(2)
    /// An interval that brings nothing grows to this many times its length.
    private static let mostBackoff: Int64 = 16

    /// When the desk wants to be woken next.
    package private(set) var nextWake = Instant.distantFuture

    /// - Parameters:
    ///   - writer: `allocator:<instance>`.
    ///   - interval: between two runs by the clock; zero for none.
    package init(knobs: AllocationKnobs, writer: String, interval: Interval, seed: UInt64) {
        self.knobs = knobs
        self.writer = writer
        self.interval = interval
        random = SplitMix64(seed: seed)
    }

    /// Why no run may begin now, or its history is not kept; empty where all is well.
    package var readiness: [String] {
        if !isRedisUp { return ["redis is away"] }
        switch phase {
        case .standby: return ["another allocator holds the lease"]
        case .recovering: return [problem]
        case .ready: return refusal.isEmpty ? [] : ["redis refuses what runs did: \(refusal)"]
        }
    }

    /// Whether another process, if any, is the one to ask.
    package var isStandby: Bool { phase == .standby }
    /// Whether a run trades now.
    package var isRunning: Bool { current != nil }
    /// The request of the order that is not over; nil where there is none.
    package var openRequest: String? { current?.run.openRequest }
    /// The id of the run that trades or begins; nil where there is none.
    package var runningID: String? { current?.head.id ?? beginning?.head.id }

    /// Takes one event; what is to be done is added to `out`, in order.
    package func handle(
        _ event: AllocatorEvent, now: Instant, wall: WallTime, _ out: inout [AllocatorAction]
    ) {
        switch event {
        case .redisUp:
            isRedisUp = true
            if phase == .ready { saveWaiting(recorded: lastRun, &out) }
        case .redisDown: redisLost(&out)
        case .leaseGained(let number):
            fence = number
            recover("orders of an earlier run are looked for", now, &out)
        case .leaseLost: leaseLost(now, wall, &out)
        case .recoveryRead(let reading): recovered(reading, now, wall, &out)
        case .triggered(let trigger): triggered(trigger, now, wall, &out)
        case .answerFound(let waiter, let fields): found(waiter, fields, now, wall, &out)
        case .answerLost(let waiter, let reason):
            guard let trigger = looking.removeValue(forKey: waiter) else { break }
            refuse(trigger, "redis_down", reason, &out)
        case .begun(let isSaved, let refusal): begun(isSaved, refusal, now, wall, &out)
        case .begunUnknown: begunUnknown(now, &out)
        case .saved(let save): saved(save)
        case .notSaved(let save, let refusal): notSaved(save, refusal, now, &out)
        case .run(let id, let event): runEvent(id, event, now, wall, &out)
        case .woken: break
        case .stopping: stopping(now, wall, &out)
        }
        timePassed(now, wall, &out)
        arm(now)
    }

    // MARK: leading

    private func redisLost(_ out: inout [AllocatorAction]) {
        isRedisUp = false
        for trigger in looking.values.sorted(by: { $0.waiter < $1.waiter }) {
            out.append(.answer(trigger.waiter, .refused("redis_down", "redis is away")))
        }
        looking = [:]
    }

    private func leaseLost(
        _ now: Instant, _ wall: WallTime, _ out: inout [AllocatorAction]
    ) {
        phase = .standby
        if let id = current?.head.id { runEvent(id, .interrupted(.leaseLost), now, wall, &out) }
        fence = nil
        // A run that its time ended just now began to look for its order's end: the next holder's to do.
        phase = .standby
        dropBeginning("lease_lost", "the lease was lost", &out)
    }

    // MARK: running

    func runEvent(
        _ id: String, _ event: AllocationEvent, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        var actions: [AllocationAction] = []
        if current?.head.id == id {
            current?.run.handle(event, now: now, using: &random, &actions)
        } else if let index = dry.firstIndex(where: { $0.head.id == id }) {
            dry[index].run.handle(event, now: now, using: &random, &actions)
        }
        carry(id, actions, now, wall, &out)
    }

    func carry(
        _ id: String, _ actions: [AllocationAction], _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        for action in actions {
            switch action {
            case .readFacts(let number):
                let isDry = current?.head.id != id
                out.append(.readFacts(run: id, number: number, isDry: isDry))
            case .place(let slice, let life):
                if let fence { out.append(.place(slice, life: life, fence: fence)) }
            case .cancel(let request): out.append(.cancel(request: request))
            case .look(let request): out.append(.look(request: request))
            case .report(let slice): report(slice, now, wall, &out)
            case .finish(let result): finish(id, result, now, wall, &out)
            }
        }
    }

    private func report(
        _ slice: SliceReport, _ now: Instant, _ wall: WallTime, _ out: inout [AllocatorAction]
    ) {
        guard let head = current?.head else { return }
        let entry = stamped(AllocationRecord.fields(head, slice), wall)
        save(AllocationSave(run: head.id, entries: [entry]), now, &out)
    }

    private func finish(
        _ id: String, _ result: AllocationResult, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        if let index = dry.firstIndex(where: { $0.head.id == id }) {
            let ended = dry.remove(at: index)
            let fields = AllocationRecord.fields(ended.head, result)
            for waiter in ended.waiters { out.append(.answer(waiter, .over(fields))) }
            return
        }
        guard let ended = current, ended.head.id == id else { return }
        current = nil
        let fields = stamped(AllocationRecord.fields(ended.head, result), wall)
        lastFields = fields
        save(
            AllocationSave(run: id, record: fields, entries: [fields], request: ended.request), now,
            &out)
        for waiter in ended.waiters { out.append(.answer(waiter, .over(fields))) }
        out.append(.ended(result))
        scheduleNext(result, now)
        if result.status == .unsettled || result.status == .failed, result.reason != .stopped {
            out.append(
                .alert(
                    code: "allocation_\(result.status.rawValue)",
                    "run \(id): \(result.reason.rawValue) \(result.detail)"))
        }
        guard result.status == .unsettled else { return }
        settling = (ended.head, ended.request, result)
        if fence != nil { recover("the end of run \(id)'s last order is not known", now, &out) }
    }

    /// S6: what fails, fails again: the clock waits longer each time.
    private func scheduleNext(_ result: AllocationResult, _ now: Instant) {
        guard interval > .zero else { return }
        switch result.status {
        case .done, .planned: failures = 0
        case .skipped: failures = result.reason.isRest ? 0 : failures + 1
        case .unfilled, .failed, .unsettled: failures += 1
        }
        nextRunAt = now + pause(min(1 << min(failures, 10), AllocatorDesk.mostBackoff))
    }

    /// So many intervals and up to a tenth of that: the times of runs do not repeat either.
    func pause(_ times: Int64 = 1) -> Interval {
        let length = interval * times
        let more = Int64.random(in: 0...length.milliseconds / 10, using: &random)
        return length + .milliseconds(more)
    }

    func stamped(_ fields: [(String, String)], _ wall: WallTime) -> [(String, String)] {
        fields + stamp(wall)
    }

    /// `seq` is the journal's own number, which the script gives.
    func stamp(_ wall: WallTime) -> [(String, String)] {
        [("writer", writer), ("at_ms", "\(wall.milliseconds)")]
    }

    // MARK: time

    private func timePassed(
        _ now: Instant, _ wall: WallTime, _ out: inout [AllocatorAction]
    ) {
        if case .recovering(let askAt) = phase, now >= askAt, isRedisUp {
            phase = .recovering(askAt: now + AllocatorDesk.recoveryPoll)
            out.append(.readRecovery(run: settling?.head.id))
        }
        if now >= unsaved.retryAt, phase == .ready, isRedisUp { saveWaiting(recorded: lastRun, &out) }
        if let active = current, now >= active.run.nextWake {
            runEvent(active.head.id, .woken, now, wall, &out)
        }
        for active in dry where now >= active.run.nextWake {
            runEvent(active.head.id, .woken, now, wall, &out)
        }
        if now >= nextRunAt, !isStopping {
            nextRunAt = now + pause()
            if phase == .ready, runningID == nil {
                begin(AllocationTrigger.byClock, now, wall, &out)
            }
        }
    }

    private func stopping(
        _ now: Instant, _ wall: WallTime, _ out: inout [AllocatorAction]
    ) {
        isStopping = true
        for active in [current].compactMap({ $0 }) + dry {
            runEvent(active.head.id, .interrupted(.stopped), now, wall, &out)
        }
    }

    private func arm(_ now: Instant) {
        var wake = nextRunAt
        if phase == .ready, isRedisUp { wake = min(wake, unsaved.retryAt) }
        if case .recovering(let askAt) = phase { wake = min(wake, askAt) }
        for active in [current].compactMap({ $0 }) + dry { wake = min(wake, active.run.nextWake) }
        nextWake = wake
    }
}

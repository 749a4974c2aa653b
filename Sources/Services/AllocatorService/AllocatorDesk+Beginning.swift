import Allocation
import Bounded
import BusProtocol
import Chronology

/// Who may begin a run, and who is told of one that has begun: the same key is the same run.
extension AllocatorDesk {
    func triggered(
        _ trigger: AllocationTrigger, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        if isStopping { return refuse(trigger, "stopping", "the allocator stops", &out) }
        if trigger.isDry { return beginDry(trigger, now, wall, &out) }
        guard isRedisUp else { return refuse(trigger, "redis_down", "redis is away", &out) }
        if !trigger.key.isEmpty {
            if isJoined(trigger, &out) { return }
            guard looking.count < AllocatorDesk.lookLimit else {
                return refuse(trigger, "queue_full", "too many requests wait", &out)
            }
            // The same request may have been answered in an earlier life of this process.
            looking[trigger.waiter] = trigger
            out.append(.findAnswer(waiter: trigger.waiter, request: trigger.key))
            return
        }
        begin(trigger, now, wall, &out)
    }

    func found(
        _ waiter: UInt64, _ fields: [String: String]?, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        guard let trigger = looking.removeValue(forKey: waiter) else { return }
        if isJoined(trigger, &out) { return }
        guard let fields else { return begin(trigger, now, wall, &out) }
        guard fields["status"] == AllocationRecord.running else {
            return out.append(.answer(waiter, .over(AllocationRecord.ordered(fields))))
        }
        // Its process has died; what is known of it since stands in the run's own record.
        let isLast = lastFields.contains { $0 == ("run", fields["run"] ?? "") }
        let isOver = !lastFields.contains { $0 == ("status", AllocationRecord.running) }
        let id = fields["run"] ?? ""
        out.append(.answer(waiter, isLast && isOver ? .over(lastFields) : .accepted(run: id)))
    }

    /// Whether the run that goes on, or begins, is that of the trigger's key: it is one more who asked.
    private func isJoined(_ trigger: AllocationTrigger, _ out: inout [AllocatorAction]) -> Bool {
        if trigger.key.isEmpty { return false }
        if beginning?.key == trigger.key {
            // It is answered as the first is, once it is known whether the run has begun.
            beginning?.triggers.append(trigger)
            return true
        }
        guard let run = current, run.request == trigger.key else { return false }
        accept(trigger, run.head.id, &out)
        return true
    }

    private func accept(
        _ trigger: AllocationTrigger, _ run: String, _ out: inout [AllocatorAction]
    ) {
        if trigger.waits {
            current?.waiters.append(trigger.waiter)
        } else {
            out.append(.answer(trigger.waiter, .accepted(run: run)))
        }
    }

    func begin(
        _ trigger: AllocationTrigger, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        if let id = runningID { return out.append(.answer(trigger.waiter, .busy(run: id))) }
        guard phase == .ready, let fence else {
            return refuse(trigger, "not_ready", readiness.joined(separator: ", "), &out)
        }
        let head = head(by: trigger.by, wall)
        beginning = Beginning(head: head, triggers: [trigger], before: lastFields)
        let record = stamped(AllocationRecord.begun(head), wall)
        lastFields = record
        out.append(.saveBegun(record, request: trigger.key, fence: fence))
    }

    func head(by: String, _ wall: WallTime) -> AllocationHead {
        // Unique for good: orders derive their ids from it.
        let part = UInt32(truncatingIfNeeded: random.next())
        return AllocationHead(
            id: "al-\(wall.milliseconds)-\(String(part, radix: 36))", symbol: knobs.symbol,
            account: knobs.account, mode: knobs.mode, by: by,
            startedMilliseconds: wall.milliseconds)
    }

    func begun(
        _ isSaved: Bool, _ refusal: String, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        guard let begun = beginning else { return }
        // By the clock nobody is there to be answered.
        if !refusal.isEmpty, beginRefusal.isEmpty {
            out.append(.alert(code: "allocation_refused", "no run can begin: \(refusal)"))
        }
        beginRefusal = refusal
        guard isSaved, fence != nil, !isStopping else {
            let text = "the run's beginning could not be saved"
            return dropBeginning(
                "redis_down", refusal.isEmpty ? text : "\(text): \(refusal)", &out)
        }
        beginning = nil
        var actions: [AllocationAction] = []
        let run = AllocationRun(
            id: begun.head.id, isDry: false, knobs: knobs, now: now, &actions)
        current = Active(head: begun.head, request: begun.key, run: run, waiters: [])
        for trigger in begun.triggers { accept(trigger, begun.head.id, &out) }
        carry(begun.head.id, actions, now, wall, &out)
    }

    /// Where it stands in Redis that the run goes on, it is completed there before another begins.
    func begunUnknown(_ now: Instant, _ out: inout [AllocatorAction]) {
        guard beginning != nil else { return }
        let text = "it is not known whether the run's beginning was saved"
        dropBeginning("redis_down", text, &out)
        if fence != nil { recover("the last run's record is looked for", now, &out) }
    }

    /// The run does not begin: all who asked for it are told why.
    func dropBeginning(_ code: String, _ reason: String, _ out: inout [AllocatorAction]) {
        guard let dropped = beginning else { return }
        beginning = nil
        lastFields = dropped.before
        for trigger in dropped.triggers { refuse(trigger, code, reason, &out) }
    }

    func beginDry(
        _ trigger: AllocationTrigger, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        guard dry.count < AllocatorDesk.dryLimit else {
            return refuse(trigger, "queue_full", "too many dry runs go on", &out)
        }
        let head = head(by: trigger.by, wall)
        var actions: [AllocationAction] = []
        let run = AllocationRun(id: head.id, isDry: true, knobs: knobs, now: now, &actions)
        dry.append(Active(head: head, request: "", run: run, waiters: [trigger.waiter]))
        carry(head.id, actions, now, wall, &out)
    }

    func refuse(
        _ trigger: AllocationTrigger, _ code: String, _ reason: String,
        _ out: inout [AllocatorAction]
    ) {
        out.append(.answer(trigger.waiter, .refused(code, reason)))
    }
}

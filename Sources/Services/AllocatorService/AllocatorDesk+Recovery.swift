import Allocation
import BusProtocol
import Chronology

/// What an earlier run left, of this process or of one that is gone: orders first, then the history. And
/// what could not be saved at once.
extension AllocatorDesk {
    /// No run begins before what an earlier one left is known to be over.
    func recover(_ problem: String, _ now: Instant, _ out: inout [AllocatorAction]) {
        self.problem = problem
        phase = .recovering(askAt: now + AllocatorDesk.recoveryPoll)
        cancelAgainAt = now
        out.append(.readRecovery(run: settling?.head.id))
    }

    func recovered(
        _ reading: RecoveryReading?, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        guard case .recovering = phase, fence != nil else { return }
        phase = .recovering(askAt: now + AllocatorDesk.recoveryPoll)
        guard let reading else {
            problem = "redis does not say what an earlier run left"
            return
        }
        guard reading.hasAccount else {
            problem = "order-gateway has not made the account \(knobs.account) yet"
            out.append(.createAccount)
            return
        }
        guard reading.hasRules else {
            problem = "price-feed has no rules of \(knobs.symbol) yet"
            return
        }
        guard reading.orders.isEmpty else { return takeBack(reading.orders, now, &out) }
        // An answer to an earlier question says nothing of what is asked now.
        let wanted = settling?.head.id ?? (isOpen(reading.last) ? reading.last["run"] : nil)
        guard wanted == nil || reading.run == wanted else {
            problem = "what became of the orders of run \(wanted ?? "") is looked for"
            return
        }
        phase = .ready
        if interval > .zero, nextRunAt == .distantFuture { nextRunAt = now + pause() }
        let id = reading.last["run"] ?? ""
        // What this process knows of the run, still going on or not saved yet, is more than that.
        let isKnown = !id.isEmpty && (id == current?.head.id || unsaved.knows(id))
        let isTold = settling.map { !unsaved.knows($0.head.id) } ?? true
        saveWaiting(recorded: id, &out)
        if settle(reading, isTold: isTold, now, wall, &out) { return }
        if isKnown { return }
        guard !isOpen(reading.last) || reading.run == id else {
            return recover("what became of the orders of run \(id) is looked for", now, &out)
        }
        adopt(reading, now, wall, &out)
    }

    private func takeBack(_ orders: [String], _ now: Instant, _ out: inout [AllocatorAction]) {
        problem = "\(orders.count) orders of an earlier run are not known to be over"
        guard now >= cancelAgainAt else { return }
        cancelAgainAt = now + AllocatorDesk.cancelPause
        for order in orders { out.append(.cancelOld(order)) }
    }

    /// Completes the run of this process whose last order ended after it.
    /// - Parameter isTold: whether Redis has been told how that run ended.
    /// - Returns: whether there is one that nobody else has completed.
    private func settle(
        _ reading: RecoveryReading, isTold: Bool, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) -> Bool {
        guard let (head, request, unsettled) = settling else { return false }
        settling = nil
        // Who took over meanwhile completed it before anything else.
        if isTold, reading.last["run"] != head.id || !AllocationRecord.isOpen(reading.last) {
            return false
        }
        var result = unsettled
        result.settle(reading.placed.first { $0.number == result.slices.count }?.report)
        let fields = stamped(AllocationRecord.fields(head, result), wall)
        let slice = result.slices.last.map { stamped(AllocationRecord.fields(head, $0), wall) }
        let isLast = reading.last["run"] == head.id
        let isOther = !isLast && !reading.last.isEmpty
        lastFields = isOther ? AllocationRecord.ordered(reading.last) : fields
        save(
            AllocationSave(
                run: head.id, record: fields, entries: [slice, fields].compactMap { $0 },
                request: request, isSettled: true, isBehind: !isLast), now, &out)
        // The run begun since may have been left open as well: its own orders are read for that.
        if !isLast, isOpen(reading.last) {
            recover("what became of another's run is looked for", now, &out)
        }
        return true
    }

    /// Takes over the record of the last run, and completes it where its process is gone, and with it
    /// what that one knew.
    private func adopt(
        _ reading: RecoveryReading, _ now: Instant, _ wall: WallTime,
        _ out: inout [AllocatorAction]
    ) {
        guard AllocationRecord.isOpen(reading.last) else {
            lastFields = AllocationRecord.ordered(reading.last)
            return
        }
        let fields = AllocationRecord.completed(reading.last, reading.placed, stamp: stamp(wall))
        let slices = reading.placed.filter { !$0.isTold }.map {
            stamped(AllocationRecord.fields(reading.last, $0), wall)
        }
        lastFields = fields
        let id = reading.last["run"] ?? ""
        save(AllocationSave(run: id, record: fields, entries: slices + [fields]), now, &out)
    }

    private func isOpen(_ last: [String: String]) -> Bool { AllocationRecord.isOpen(last) }

    // MARK: saving

    func save(_ save: AllocationSave, _ now: Instant, _ out: inout [AllocatorAction]) {
        if save.isSettled { unsaved.settled(save) }
        // Behind what waits already: lines stand in the order in which they happened.
        guard let fence, !unsaved.isBlocking else { return keep(save, now, &out) }
        out.append(.save(save, fence: fence))
    }

    /// One thing is saved: all is well once nothing waits any more.
    func saved(_ save: AllocationSave) {
        unsaved.answered(save)
        if unsaved.isEmpty { refusal = "" }
    }

    func notSaved(
        _ save: AllocationSave, _ failure: SaveFailure, _ now: Instant,
        _ out: inout [AllocatorAction]
    ) {
        unsaved.answered(save)
        guard let rest = unsaved.rest(of: save) else {
            if unsaved.isEmpty { refusal = "" }
            return
        }
        refused(failure.text, &out)
        let isWrong = if case .wrong = failure { true } else { false }
        keep(rest, isWrong: isWrong, now, &out)
    }

    /// Redis has refused something: a reason of not being ready, and told of once.
    func refused(_ text: String, _ out: inout [AllocatorAction]) {
        guard !text.isEmpty else { return }
        if refusal.isEmpty {
            out.append(.alert(code: "allocation_refused", "redis refuses what runs did: \(text)"))
        }
        refusal = text
    }

    private func keep(
        _ save: AllocationSave, isWrong: Bool = false, _ now: Instant,
        _ out: inout [AllocatorAction]
    ) {
        if unsaved.keep(save, isWrong: isWrong, now: now) { return }
        out.append(
            .alert(code: "allocation_unsaved", "a line of the history was lost: too many wait"))
    }

    /// Saves what waits; a run's record only where the record in Redis is still that run's.
    func saveWaiting(recorded: String?, _ out: inout [AllocatorAction]) {
        guard let fence else { return }
        for save in unsaved.take(recorded: recorded) { out.append(.save(save, fence: fence)) }
    }

    /// The run whose record Redis holds.
    var lastRun: String? { lastFields.first { $0.0 == "run" }?.1 }
}

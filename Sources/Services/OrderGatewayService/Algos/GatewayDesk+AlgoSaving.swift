import Algorithms
import BusProtocol
import Chronology
import Orders
import Trading

/// Keeping the algorithms' state in Redis: at once what recovery could not work out, else throttled.
extension GatewayDesk {
    /// Saves an algorithm where that is due, and answers those who wait for nothing else.
    mutating func saveIfDue(_ id: String, _ turn: inout Turn) {
        guard let fence, isRedisUp, phase != .idle, phase != .loading,
            algos.all[id]?.isSaveDue(now: turn.now, throttle: settings.algoSaveThrottle) == true,
            let algo = algos.all[id], let machine = algo.machine
        else { return }
        let token = nextToken
        nextToken += 1
        var record = algo.record
        record.revision += 1
        tellOfChange(machine, record, &turn)
        describe(machine, turn, &record)
        algos.all[id]?.record = record
        algos.all[id]?.machine?.saved()
        algos.all[id]?.saving = token
        algos.all[id]?.saveAt = .distantFuture
        algos.all[id]?.hasFailedSave = false
        algos.all[id]?.heldInFlight = algo.held.count
        algos.all[id]?.waitersInFlight = algo.waiters.count
        algos.all[id]?.claimsInFlight =
            algos.claimed.isEmpty ? [] : algos.claimed.filter { $0.value == id }.keys.sorted()
        turn.act(
            .saveAlgo(record, isOver: machine.status.isOver, fence: fence, token: token))
    }

    /// What a person should know of an algorithm that has paused or failed by itself.
    private func tellOfChange(_ machine: AlgoMachine, _ record: AlgoRecord, _ turn: inout Turn) {
        guard record.status != machine.status.rawValue else { return }
        let isPaused =
            machine.status == .paused && machine.reason != AlgoReason.pausedByRequest.rawValue
        guard isPaused || machine.status == .failed else { return }
        turn.act(
            .alert(
                code: isPaused ? "algo_paused" : "algo_failed",
                "\(machine.reason)\(machine.detail.isEmpty ? "" : ": \(machine.detail)")",
                ["algo": record.id, "symbol": record.symbol.name]))
    }

    mutating func algoSaved(
        _ id: String, _ token: Int64, _ reply: SaveReply, _ turn: inout Turn
    ) {
        guard let algo = algos.all[id], algo.saving == token else { return }
        algos.all[id]?.saving = nil
        switch reply {
        case .exists:
            // Another algorithm had this name.
            for waiter in algo.waiters { answer(waiter, refusing: .algoExists, id, &turn) }
            algos.remove(id)
            turn.act(.watchTicks(algoSymbols))
            return
        case .saved:
            algos.unconfirmed.remove(id)
            algos.all[id]?.savedAt = turn.now
            algos.all[id]?.saveAt = turn.now + algo.refreshInterval
            releaseClaims(id, &turn)
            let body = algo.waitersInFlight > 0 ? algo.record.fields : []
            for waiter in algo.waiters.prefix(algo.waitersInFlight) {
                finish(
                    Reply.ok(waiter.id, Dictionary(body) { _, last in last }), to: waiter.from,
                    &turn)
            }
            algos.all[id]?.waiters.removeFirst(algo.waitersInFlight)
            algos.all[id]?.waitersInFlight = 0
            release(id, &turn)
            let isSettled =
                algo.machine?.urgency == .unchanged && algos.all[id]?.waiters.isEmpty == true
            if algo.machine?.status.isOver == true, isSettled {
                algos.remove(id)
                turn.act(.watchTicks(algoSymbols))
                return
            }
        case .fenced:
            algos.all[id]?.machine?.saveFailed()
            fenced(&turn)
        case .wrong(let what):
            turn.act(.alert(code: "algo_record", what, ["algo": id]))
            saveLater(id, .seconds(5), turn)
        case .unknown, .refused: saveLater(id, .milliseconds(250), turn)
        }
        algos.touched.insert(id)
    }

    private mutating func saveLater(_ id: String, _ pause: Interval, _ turn: Turn) {
        algos.all[id]?.machine?.saveFailed()
        algos.all[id]?.heldInFlight = 0
        algos.all[id]?.waitersInFlight = 0
        algos.all[id]?.claimsInFlight = []
        algos.all[id]?.hasFailedSave = true
        algos.all[id]?.saveAt = turn.now + pause
    }
}

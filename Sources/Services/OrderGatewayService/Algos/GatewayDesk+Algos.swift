import Algorithms
import BusProtocol
package import Chronology
import Orders
import Positions
package import Trading

/// The algorithms' events: prices, times, and what became of their orders.
extension GatewayDesk {
    /// Symbols of running algorithms, ascending.
    package var algoSymbols: [Symbol] { algos.bySymbol.keys.sorted() }

    /// Whether algorithms may decide anything now.
    private var areAlgosAwake: Bool { phase == .ready && fence != nil && algos.fence == fence }

    /// A price for the algorithms of a symbol. Where it leads to nothing, nothing is done or allocated.
    package mutating func ticked(
        _ symbol: Symbol, bid: Price, ask: Price, now: Instant, wall: WallTime,
        _ out: inout [GatewayAction]
    ) {
        guard areAlgosAwake, let ids = algos.bySymbol[symbol] else { return }
        for id in ids {
            guard algos.all[id]?.downtime == nil else { continue }
            algos.all[id]?.machine?.ticked(bid: bid, ask: ask, now: now, &algos.actions)
            let urgency = algos.all[id]?.machine?.urgency ?? .unchanged
            if !algos.actions.isEmpty || urgency != .unchanged {
                take(id)
                algos.touched.insert(id)
            }
            if let due = algos.all[id]?.machine?.wakeAt { algos.wake(by: due) }
        }
        let isDue = algos.nextWake < wakeAt ?? .distantFuture
        guard !algos.touched.isEmpty || isDue else { return }
        var turn = Turn(now: now, wall: wall)
        runAlgos(&turn)
        advance(&turn)
        scheduleWake(&turn)
        out += turn.actions
    }

    /// Does what is due for the algorithms after an event, until nothing is left to do.
    mutating func runAlgos(_ turn: inout Turn) {
        reviewIfReady(&turn)
        if algos.isAwake != areAlgosAwake {
            algos.isAwake = areAlgosAwake
            if algos.isAwake { algos.touched.formUnion(algos.all.keys) }
        }
        var index = 0
        repeat {
            while index < turn.actions.count {
                if case .reply(let reply, AlgoHost.sender) = turn.actions[index] {
                    turn.actions.remove(at: index)
                    replied(reply, &turn)
                } else {
                    index += 1
                }
            }
            if !algos.moved.isEmpty {
                let moved = algos.moved.sorted()
                algos.moved = []
                for id in moved { orderMoved(id, &turn) }
            }
            if !algos.touched.isEmpty {
                let touched = algos.touched.sorted()
                algos.touched = []
                for id in touched { settle(id, &turn) }
            }
        } while index < turn.actions.count || !algos.moved.isEmpty || !algos.touched.isEmpty
    }

    /// Wake-ups of the algorithms that are due.
    mutating func wakeAlgos(_ turn: inout Turn) {
        guard algos.nextWake <= turn.now else { return }
        algos.nextWake = .distantFuture
        // Until it is awake again nothing can be done about what is due.
        guard areAlgosAwake else { return }
        for id in algos.all.keys.sorted() {
            guard let algo = algos.all[id] else { continue }
            if algo.saveAt <= turn.now { algos.touched.insert(id) }
            if algo.lookupAt <= turn.now { lookUpChildren(id, &turn) }
            if !algo.isRecovering, let due = algo.machine?.wakeAt, due <= turn.now {
                event(id) { $0.deadlineReached(now: turn.now, &$1) }
            }
            planWake(id)
        }
    }

    private mutating func planWake(_ id: String) {
        guard areAlgosAwake, let algo = algos.all[id] else { return }
        algos.wake(by: min(algo.saveAt, algo.lookupAt))
        if !algo.isRecovering, let due = algo.machine?.wakeAt { algos.wake(by: due) }
    }

    /// Brings an event before a machine and takes what it wants.
    mutating func event(
        _ id: String, _ body: (inout AlgoMachine, inout [AlgoAction]) -> Void
    ) {
        algos.all[id]?.machine?.take(&algos.actions, body)
        take(id)
        algos.touched.insert(id)
    }

    /// Sorts what a machine wants: placements wait for the state, the rest is done at once.
    private mutating func take(_ id: String) {
        guard !algos.actions.isEmpty else { return }
        let wanted = algos.actions
        algos.actions.removeAll(keepingCapacity: true)
        for action in wanted {
            switch action {
            case .place(let child):
                algos.all[id]?.held.append(child)
                if let name = childName(id, child.number) {
                    algos.owners[name] = (id, child.number)
                }
            case .cancel, .amend: algos.all[id]?.wishes.append(action)
            }
        }
    }

    // MARK: carrying out

    /// Carries out what an algorithm wants, and saves it where that is due.
    private mutating func settle(_ id: String, _ turn: inout Turn) {
        guard let algo = algos.all[id] else { return }
        for wish in algo.wishes { carryOut(wish, id, &turn) }
        algos.all[id]?.wishes = []
        saveIfDue(id, &turn)
        planWake(id)
    }

    private mutating func carryOut(_ wish: AlgoAction, _ id: String, _ turn: inout Turn) {
        switch wish {
        case .place: break
        case .cancel(let number): cancelChild(id, number, &turn)
        case .amend(let number, let price):
            guard let name = childName(id, number), orders[name] != nil else { return }
            let moves = algos.all[id]?.machine?.progress.moved ?? 0
            ask(
                .orderAmend, "\(id):\(number):\(moves)",
                OrderAmendBody(order: name.text, quantity: nil, price: price).body, &turn)
        }
    }

    private mutating func cancelChild(_ id: String, _ number: Int64, _ turn: inout Turn) {
        if let index = algos.all[id]?.held.firstIndex(where: { $0.number == number }) {
            // It waits for its save: nobody has heard of it.
            if let count = algos.all[id]?.heldInFlight, index < count {
                algos.all[id]?.heldInFlight -= 1
            }
            algos.all[id]?.held.remove(at: index)
            return report(
                id, ChildReport(number: number, stage: .over(.cancelledBeforeSending)), turn.now)
        }
        guard let name = childName(id, number), orders[name] != nil else { return }
        orders[name]?.replacement = nil
        perform(orders[name]?.life.cancelRequested() ?? .nothing, name, &turn)
    }

    /// Asks the desk itself for something, as from outside.
    private mutating func ask(
        _ kind: CommandKind, _ id: String, _ body: [String: String], _ turn: inout Turn
    ) {
        commandReceived(ownCommand(kind, id, body, turn), &turn)
    }

    private func ownCommand(
        _ kind: CommandKind, _ id: String, _ body: [String: String], _ turn: Turn
    ) -> Command {
        Command(
            id: id, from: AlgoHost.sender,
            deadlineMilliseconds: turn.wall.milliseconds + AlgoHost.patience.milliseconds,
            kind: kind.rawValue, body: body)
    }

    /// The client order id of an order in an algorithm's book.
    func childName(_ id: String, _ number: Int64) -> ClientOrderID? {
        guard let child = algos.all[id]?.machine?.book.child(number) else { return nil }
        return childName(id, number, lot: child.lot)
    }

    /// The client order id that an algorithm's order has, or would have.
    func childName(_ id: String, _ number: Int64, lot: Int) -> ClientOrderID? {
        guard let algo = algos.all[id], let code = accounts[algo.record.account]?.code,
            let kind = AlgoKind(rawValue: algo.record.kind)
        else { return nil }
        return ClientOrderID.derive(
            account: code, origin: kind.origin, intent: AlgoHost.request(id, number, lot: lot))
    }

    /// The state is saved: the orders it names are placed.
    private mutating func release(_ id: String, _ turn: inout Turn) {
        guard let algo = algos.all[id], let machine = algo.machine else { return }
        let ready = algo.held.prefix(algo.heldInFlight)
        algos.all[id]?.held.removeFirst(ready.count)
        algos.all[id]?.heldInFlight = 0
        for child in ready {
            let body = OrderPlaceBody(
                account: algo.record.account, symbol: algo.record.symbol, side: child.side,
                type: child.type, timeInForce: child.timeInForce, quantity: child.quantity,
                price: child.price, isReduceOnly: child.isReduceOnly,
                origin: machine.parameters.kind.origin)
            let request = AlgoHost.request(id, child.number, lot: child.lot)
            orderWanted(body, ownCommand(.orderPlace, request, [:], turn), &turn)
        }
    }

    // MARK: reports

    /// An answer to what was asked of the desk: what matters is how the order stands now.
    private mutating func replied(_ reply: Reply, _ turn: inout Turn) {
        let parts = reply.id.split(separator: ":")
        guard parts.count >= 2, let digits = parts[1].split(separator: ".").first,
            let number = Int64(digits)
        else { return }
        let id = String(parts[0])
        guard let name = childName(id, number) else { return }
        if orders[name] != nil {
            algos.moved.insert(name)
        } else if parts.count == 2, !reply.isOK {
            // Refused before it was on record.
            let code = RefusalCode.allCases.first { $0.description == reply.code }
            guard code != .outcomeUnknown else { return }
            let known = try? OrderRecord(fields: reply.body)
            report(
                id,
                ChildReport(
                    number: number, stage: .over(code ?? .venueRejected),
                    executed: known?.executed ?? .zero,
                    notional: known?.executedNotional ?? .zero, fees: known?.fees ?? .zero),
                turn.now)
        }
    }

    private mutating func orderMoved(_ name: ClientOrderID, _ turn: inout Turn) {
        guard let owner = algos.owners[name], let order = orders[name] else { return }
        let report = childReport(owner.number, order)
        let phase = algos.all[owner.algo]?.machine?.book.child(owner.number)?.phase
        if report.stage == .working, phase == .cancelling {
            event(owner.algo) { $0.cancelRefused(owner.number, now: turn.now, &$1) }
        }
        self.report(owner.algo, report, turn.now)
    }

    mutating func report(_ id: String, _ report: ChildReport, _ now: Instant) {
        if case .over = report.stage, let name = childName(id, report.number) {
            algos.owners[name] = nil
        }
        event(id) { $0.reported(report, now: now, &$1) }
    }

    /// How an order on the desk stands, as its algorithm is told.
    func childReport(_ number: Int64, _ order: WorkingOrder) -> ChildReport {
        let stage: ChildReport.Stage =
            switch order.life.name {
            case .intent, .sent: .pending
            case .unknown: .unknown
            case .pendingCancel: .cancelling
            case .pendingAmend: .amending
            case .open, .partiallyFilled:
                order.isAmending || order.nextAmend != nil ? .amending : .working
            case .filled, .cancelled, .rejected, .expired:
                order.life.isDone
                    ? .over(RefusalCode.allCases.first { $0.description == order.code })
                    : .cancelling
            }
        // What was booked at mark is closed as well as what was traded.
        let booked = order.bookedAtMark
        let value = order.mark.map { $0.times(booked, .nearestEven) } ?? .zero
        return ChildReport(
            number: number, stage: stage, price: order.life.intent.price,
            executed: order.totals.executed + booked, notional: order.totals.notional + value,
            fees: order.totals.fees)
    }

    // MARK: saving

    /// Saves an algorithm where that is due, and answers those who wait for nothing else.
    private mutating func saveIfDue(_ id: String, _ turn: inout Turn) {
        guard let algo = algos.all[id], !algo.isRecovering, let machine = algo.machine,
            algo.saving == nil, let fence, isRedisUp, phase != .idle, phase != .loading
        else { return }
        switch machine.urgency {
        case .unchanged:
            guard !algo.waiters.isEmpty || algo.saveAt <= turn.now else { return }
        case .soon:
            let due = algo.savedAt + settings.algoSaveThrottle
            if algo.waiters.isEmpty, turn.now < due {
                algos.all[id]?.saveAt = due
                return
            }
        case .now:
            if algo.saveAt != .distantFuture, turn.now < algo.saveAt, algo.hasFailedSave { return }
        }
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
            algos.all[id]?.savedAt = turn.now
            let body = Dictionary(algo.record.fields) { _, last in last }
            for waiter in algo.waiters.prefix(algo.waitersInFlight) {
                finish(Reply.ok(waiter.id, body), to: waiter.from, &turn)
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
        algos.all[id]?.hasFailedSave = true
        algos.all[id]?.saveAt = turn.now + pause
    }
}

extension AlgoMachine {
    /// Lets an event happen to it where it lies.
    fileprivate mutating func take(
        _ actions: inout [AlgoAction], _ event: (inout AlgoMachine, inout [AlgoAction]) -> Void
    ) {
        event(&self, &actions)
    }
}

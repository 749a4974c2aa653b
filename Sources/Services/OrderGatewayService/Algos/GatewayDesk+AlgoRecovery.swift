import Algorithms
import BusProtocol
import Bytes
import Chronology
import Orders
import Trading
import VenueProtocol

/// Taking up the algorithms that Redis knows of, and finding out what became of their orders (B7a).
extension GatewayDesk {
    /// The desk has read Redis. What memory knows of an algorithm is kept where this process wrote the
    /// newest state that Redis has: Redis may have lost some. All else is read anew.
    mutating func loadAlgos(_ snapshot: GatewaySnapshot, _ turn: inout Turn) {
        let records = snapshot.algos
        for id in snapshot.damagedAlgos.keys.sorted() {
            let problem = snapshot.damagedAlgos[id] ?? ""
            turn.act(.alert(code: "algo_unreadable", problem, ["algo": id]))
        }
        let isSame = algos.fence == fence
        algos.fence = fence
        for record in records.sorted(by: { $0.id < $1.id }) {
            if let mine = algos.all[record.id]?.record,
                isSame || record.stamp.writer == settings.writer,
                mine.startedMilliseconds == record.startedMilliseconds,
                mine.revision >= record.revision
            {
                continue
            }
            algos.remove(record.id)
            adopt(record, &turn)
        }
        let known = Set(records.map(\.id)).union(snapshot.damagedAlgos.keys)
        dropUnbegun(known, &turn)
        for id in algos.all.keys.sorted() where algos.all[id]?.isRecovering == false {
            algos.all[id]?.saving = nil
            algos.all[id]?.heldInFlight = 0
            algos.all[id]?.waitersInFlight = 0
            algos.all[id]?.machine?.saveFailed()
            algos.touched.insert(id)
            if algos.all[id]?.machine != nil { algos.unconfirmed.insert(id) }
        }
        for id in algos.all.keys.sorted() { ownChildren(id) }
        reclaim(turn)
        holdUnnamed()
        pauseHaltedAlgos(&turn)
        algos.needsReview = true
        turn.act(.watchTicks(algoSymbols))
    }

    /// An algorithm whose beginning Redis never took, and whose command is too old by now, never
    /// began: whoever asked for it may have asked again.
    private mutating func dropUnbegun(_ known: Set<String>, _ turn: inout Turn) {
        for id in algos.all.keys.sorted() where !known.contains(id) {
            guard let algo = algos.all[id], !algo.request.isEmpty, algo.savedAt == .distantPast,
                algo.machine?.book.children.count == algo.held.count,
                algo.waiters.allSatisfy({ $0.deadlineMilliseconds <= turn.wall.milliseconds })
            else { continue }
            for waiter in algo.waiters {
                answer(waiter, refusing: .deadlinePassed, "it could not be saved in time", &turn)
            }
            algos.remove(id)
        }
    }

    /// From here on what becomes of its orders is told to an algorithm.
    private mutating func ownChildren(_ id: String) {
        for child in algos.all[id]?.machine?.book.children ?? [] {
            guard let name = childName(id, child.number, lot: child.lot) else { continue }
            algos.owners[name] = (id, child.number)
        }
    }

    private mutating func adopt(_ record: AlgoRecord, _ turn: inout Turn) {
        let away = max(.zero, turn.wall - WallTime(milliseconds: record.stamp.atMilliseconds))
        do throws(AlgoStateProblem) {
            let machine = try restored(record, away, turn)
            var algo = HostedAlgo(
                machine: machine, record: record,
                isReduceOnly: machine.parameters.isReduceOnly)
            algo.downtime = away
            algo.unknownFrom = machine.book.nextNumber
            algos.add(record.id, algo)
        } catch {
            var kept = record
            kept.status = AlgoStatus.paused.rawValue
            kept.reason = AlgoReason.stateUnreadable.rawValue
            kept.detail = error.description
            // What it has resting is taken back once the desk leads.
            var algo = HostedAlgo(machine: nil, record: kept, isReduceOnly: false)
            if instruments[record.symbol] == nil { algo.unread = record }
            algos.add(record.id, algo)
            turn.act(
                .alert(
                    code: "algo_unreadable", error.description,
                    ["algo": record.id, "symbol": record.symbol.name]))
        }
    }

    private func restored(
        _ record: AlgoRecord, _ away: Interval, _ turn: Turn
    ) throws(AlgoStateProblem) -> AlgoMachine {
        guard let kind = AlgoKind(rawValue: record.kind) else {
            throw AlgoStateProblem("no such kind: \(record.kind)")
        }
        guard let rules = instruments[record.symbol] else {
            throw AlgoStateProblem("no instrument \(record.symbol): is price-feed running?")
        }
        let given = try? FlatJSON.decode(Array(record.parameters.utf8).rawSpan)
        let parameters: AlgoParameters
        do throws(ParameterFaults) {
            parameters = try AlgoParameters(kind, given ?? [:])
        } catch {
            throw AlgoStateProblem("its parameters are not of this build: \(error)")
        }
        return try AlgoMachine(
            restoring: record.state, id: record.id, parameters: parameters, rules: rules,
            venue: algoVenue, downtime: away, now: turn.now)
    }

    /// An instrument's rules are told: the newest hold (R9), and an algorithm that could not be taken up
    /// without them is.
    mutating func rulesChanged(_ instrument: Instrument, _ turn: inout Turn) {
        for id in algos.bySymbol[instrument.symbol] ?? [] {
            if let rules = algos.all[id]?.machine?.rules, rules != instrument {
                algos.all[id]?.machine?.rules = instrument
            }
            guard let record = algos.all[id]?.unread, phase == .ready, fence != nil else { continue }
            algos.remove(id)
            adopt(record, &turn)
            ownChildren(id)
            algos.needsReview = true
        }
    }

    /// The desk has taken over: each order of each algorithm is compared with what the desk knows.
    mutating func reviewIfReady(_ turn: inout Turn) {
        guard algos.needsReview, phase == .ready, fence != nil else { return }
        algos.needsReview = false
        cancelOrphans(&turn)
        for id in algos.inOrder {
            guard let algo = algos.all[id], let machine = algo.machine else { continue }
            let held = Set(algo.held.map(\.number))
            for child in machine.book.children where !held.contains(child.number) {
                algos.all[id]?.lookups.insert(child.number)
                // A cancel that was on its way may never have arrived, and is harmless twice (C5).
                if let name = childName(id, child.number), let order = orders[name],
                    order.life.name == .pendingCancel
                {
                    turn.act(.cancel(name, order.symbol))
                }
            }
            lookUpChildren(id, &turn)
        }
    }

    /// Asks for the fate of the orders that are not known yet.
    mutating func lookUpChildren(_ id: String, _ turn: inout Turn) {
        algos.all[id]?.lookupAt = .distantFuture
        for number in algos.all[id]?.lookups.sorted() ?? [] {
            guard let name = childName(id, number) else { continue }
            if let order = orders[name] {
                algos.all[id]?.lookups.remove(number)
                tell(id, number, order, turn.now)
            } else {
                lookUp(name, &turn)
            }
        }
        endRecovery(id, &turn)
    }

    /// Redis has answered for an order.
    mutating func algoOrderRead(
        _ name: ClientOrderID, _ reading: OrderReading, _ turn: inout Turn
    ) {
        guard let (id, number) = algos.owners[name],
            algos.all[id]?.lookups.contains(number) == true
        else { return }
        switch reading {
        case .found(let record):
            algos.all[id]?.lookups.remove(number)
            if let order = orders[name] {
                tell(id, number, order, turn.now)
            } else {
                let code = RefusalCode.allCases.first { $0.description == record.code }
                report(id, overReport(number, code, record), turn.now)
            }
        case .missing:
            if let order = orders[name] {
                // The venue knows it, and it is on record again.
                algos.all[id]?.lookups.remove(number)
                tell(id, number, order, turn.now)
                break
            }
            // An order is on record before its bytes leave: this one never left, unless Redis has
            // lost its record, which the venue is asked for first.
            guard let symbol = algos.all[id]?.record.symbol, isKnown(symbol) else {
                if let symbol = algos.all[id]?.record.symbol { verify(symbol, &turn) }
                return lookUpLater(id, .milliseconds(100), turn)
            }
            algos.all[id]?.lookups.remove(number)
            report(
                id, ChildReport(number: number, stage: .over(.cancelledBeforeSending)), turn.now)
        case .failed: return lookUpLater(id, .milliseconds(500), turn)
        }
        endRecovery(id, &turn)
    }

    private mutating func lookUpLater(_ id: String, _ pause: Interval, _ turn: Turn) {
        algos.all[id]?.lookupAt = turn.now + pause
        planWake(id)
    }

    /// All orders of an algorithm are known: it goes on, or ends as it was told to.
    private mutating func endRecovery(_ id: String, _ turn: inout Turn) {
        guard let algo = algos.all[id], algo.lookups.isEmpty, let away = algo.downtime,
            let machine = algo.machine
        else { return }
        guard isKnown(algo.record.symbol) else {
            // Redis may have lost the newest orders: the venue lists them first, and those that this
            // one placed after its saved state are claimed.
            verify(algo.record.symbol, &turn)
            return lookUpLater(id, .milliseconds(100), turn)
        }
        algos.all[id]?.downtime = nil
        algos.all[id]?.unknownFrom = nil
        let isActive = machine.status == .running || machine.status == .starting
        if isActive { carryOutPolicy(id, machine, away, turn) }
        event(id) { $0.released(now: turn.now, &$1) }
    }

    private mutating func carryOutPolicy(
        _ id: String, _ machine: AlgoMachine, _ away: Interval, _ turn: Turn
    ) {
        if away > machine.parameters.maximumDowntime {
            return event(id) {
                $0.pauseRequested(
                    AlgoReason.downTooLong.rawValue,
                    detail: "it was away for \(away.milliseconds / 1_000) s", now: turn.now, &$1)
            }
        }
        switch machine.parameters.restart {
        case .resume: break
        case .cancel:
            event(id) {
                $0.stopRequested(.restartCancel, isFlattening: false, now: turn.now, &$1)
            }
        case .flatten:
            event(id) {
                $0.stopRequested(.restartFlatten, isFlattening: true, now: turn.now, &$1)
            }
        }
    }
}

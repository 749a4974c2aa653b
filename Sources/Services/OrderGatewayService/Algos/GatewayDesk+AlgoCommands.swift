import Algorithms
import BusProtocol
import Bytes
import Chronology
import Orders
import Trading
import VenueProtocol

/// Commands on algorithms.
extension GatewayDesk {
    /// Takes a new algorithm on; it is answered once its first state is saved.
    mutating func startAlgo(_ command: Command, _ turn: inout Turn) {
        guard phase == .ready, let fence, algos.fence == fence, isRedisUp else {
            return answer(command, refusing: .notReady, reasons.joined(separator: ", "), &turn)
        }
        var given = command.body
        let kindName = given.removeValue(forKey: "kind") ?? ""
        guard let kind = AlgoKind(rawValue: kindName) else {
            let kinds = AlgoKind.allCases.map(\.rawValue).joined(separator: ", ")
            let reason = "kind: not one of \(kinds): \(kindName)"
            return answer(command, refusing: .algoInvalid, reason, &turn)
        }
        let id = given.removeValue(forKey: "id") ?? AlgoHost.name(for: command, kind)
        guard AlgoHost.isName(id) else {
            let reason = "id: not 1 to 40 of A-Z a-z 0-9 - _ .: \(id)"
            return answer(command, refusing: .algoInvalid, reason, &turn)
        }
        if algos.all[id] != nil {
            guard algos.all[id]?.request == command.id else {
                return answer(command, refusing: .algoExists, id, &turn)
            }
            algos.all[id]?.waiters.append(command)
            algos.touched.insert(id)
            return
        }
        guard algos.all.count < AlgoHost.limit else {
            return answer(
                command, refusing: .algoLimit, "\(algos.all.count) algorithms run already", &turn)
        }
        do throws(ParameterFaults) {
            begin(id, command, try AlgoParameters(kind, given), &turn)
        } catch {
            answer(command, refusing: .algoInvalid, error.description, &turn)
        }
    }

    private mutating func begin(
        _ id: String, _ command: Command, _ parameters: AlgoParameters, _ turn: inout Turn
    ) {
        guard let code = accounts[parameters.account]?.code else {
            return answer(
                command, refusing: .accountUnknown, parameters.account.name, &turn)
        }
        guard let rules = instruments[parameters.symbol] else {
            // price-feed may have listed it since Redis was read.
            let question = ClientOrderID.derive(
                account: code, origin: parameters.kind.origin, intent: command.id)
            algos.awaitingRules[question] = command
            turn.act(.readFacts(question, parameters.account, parameters.symbol))
            return
        }
        let faults = parameters.faults(at: rules, isMargined: settings.capabilities.isMargined)
        guard faults.isEmpty else {
            let reason = faults.map(\.description).joined(separator: "; ")
            return answer(command, refusing: .algoInvalid, reason, &turn)
        }
        let machine = AlgoMachine(
            id: id, parameters: parameters, rules: rules,
            venue: algoVenue, now: turn.now)
        let record = AlgoRecord(
            id: id, kind: parameters.kind.rawValue, account: parameters.account,
            symbol: parameters.symbol, status: machine.status.rawValue, reason: "", detail: "",
            parameters: AlgoHost.text(parameters), state: "", revision: 0,
            startedMilliseconds: turn.wall.milliseconds, shown: [],
            stamp: RecordStamp(
                sequence: 0, writer: settings.writer, atMilliseconds: turn.wall.milliseconds))
        var algo = HostedAlgo(
            machine: machine, record: record, isReduceOnly: parameters.isReduceOnly)
        algo.request = command.id
        algo.waiters = [command]
        algos.add(id, algo)
        if haltCode(parameters.account) != nil { pauseHaltedAlgos(&turn) }
        turn.act(.watchTicks(algoSymbols))
    }

    /// What Redis holds of the instrument that an algorithm is to trade.
    mutating func rulesRead(
        _ question: ClientOrderID, _ facts: MarketFacts?, _ turn: inout Turn
    ) {
        guard let command = algos.awaitingRules.removeValue(forKey: question) else { return }
        guard let facts else {
            return answer(
                command, refusing: .redisDown, "the instrument could not be read", &turn)
        }
        guard facts.instrument != nil else {
            return answer(
                command, refusing: .instrumentUnknown, command.body["symbol"] ?? "", &turn)
        }
        adoptInstrument(facts, turn)
        startAlgo(command, &turn)
    }

    /// `algo.stop`, `algo.pause` and `algo.resume`; answered once the state is saved.
    mutating func changeAlgo(
        _ command: Command, _ kind: CommandKind, _ turn: inout Turn
    ) throws(RecordError) {
        let body = try AlgoNameBody(command.body)
        let id = body.algo
        guard mayAlgosAct else {
            return answer(command, refusing: .notReady, reasons.joined(separator: ", "), &turn)
        }
        guard let algo = algos.all[id] else {
            return answer(command, refusing: .algoUnknown, "\(id) does not run", &turn)
        }
        guard algo.machine != nil else { return endUnreadable(id, command, kind, &turn) }
        switch kind {
        case .algoStop:
            event(id) {
                $0.stopRequested(
                    body.isFlattening ? .flattened : .stopped, isFlattening: body.isFlattening,
                    now: turn.now, &$1)
            }
        case .algoPause:
            event(id) {
                $0.pauseRequested(
                    AlgoReason.pausedByRequest.rawValue, now: turn.now, &$1)
            }
        case .algoResume:
            if let refusal = resumingRefused(algo) {
                return answer(command, refusing: refusal.code, refusal.detail, &turn)
            }
            event(id) { $0.resumeRequested(now: turn.now, &$1) }
        case .algoStart, .orderPlace, .orderAmend, .orderCancel, .accountCreate,
            .accountDeposit, .stateSet, .accountTransfer, .reconcile,
            .allocationRun:
            preconditionFailure("a command goes where it is sorted to")
        }
        if areAlgosAlone {
            return answer(command, refusing: .redisDown, "holds until a restart only", &turn)
        }
        algos.all[id]?.waiters.append(command)
    }

    /// Why a paused algorithm may not go on yet; nil where it may.
    private func resumingRefused(_ algo: HostedAlgo) -> Refusal? {
        if areAlgosAlone { return Refusal(.redisDown, "nothing can be saved") }
        return haltCode(algo.record.account).map { Refusal($0, "resume trading first") }
    }

    /// Of an algorithm whose state this build cannot read only the end can be asked for: its orders are
    /// taken back.
    private mutating func endUnreadable(
        _ id: String, _ command: Command, _ kind: CommandKind, _ turn: inout Turn
    ) {
        guard kind == .algoStop, let fence, var record = algos.all[id]?.record else {
            return answer(
                command, refusing: .algoInvalid, algos.all[id]?.record.detail ?? id, &turn)
        }
        for name in orders.keys.sorted() where orders[name]?.request.hasPrefix("\(id):") == true {
            takeBack(name, &turn)
        }
        record.status = AlgoStatus.failed.rawValue
        record.reason = AlgoReason.stateUnreadable.rawValue
        record.revision += 1
        record.stamp.atMilliseconds = turn.wall.milliseconds
        algos.remove(id)
        let token = nextToken
        nextToken += 1
        turn.act(.saveAlgo(record, isOver: true, fence: fence, token: token))
        finish(
            Reply.ok(command.id, Dictionary(record.fields) { _, last in last }),
            to: command.from, &turn)
    }

    /// What halts an account's trading; nil where nothing does.
    private func haltCode(_ account: AccountID) -> RefusalCode? {
        if venueState?.state == .halted { return .venueHalted }
        return accountStates[account]?.state == .halted ? .accountHalted : nil
    }

    /// A halt pauses what it stops: algorithms do not begin anew by themselves when it is over.
    mutating func pauseHaltedAlgos(_ turn: inout Turn) {
        for id in algos.all.keys.sorted() {
            guard let account = algos.all[id]?.record.account, let code = haltCode(account) else {
                continue
            }
            event(id) { $0.pauseRequested(code.description, now: turn.now, &$1) }
        }
    }

    /// What is shown and kept of an algorithm now.
    func describe(_ machine: AlgoMachine, _ turn: Turn, _ record: inout AlgoRecord) {
        let goal = machine.parameters.goal
        let progress = machine.progress
        var open = Quantity.zero
        for child in machine.book.children { open += child.remaining }
        let isScalper = machine.parameters.kind == .scalper
        let slippage = isScalper ? nil : progress.slippage(goal.side)
        // A hundredth of a tick is enough to be read.
        let grain = Price(units: max(1, machine.rules.tick.units / 100))
        let average = progress.averagePrice?.rounded(.nearestEven, to: grain)
        var realised = Money.zero
        for slot in machine.slots { realised += slot.realised }
        record.shown = [
            ("side", isScalper ? "" : goal.side.rawValue), ("qty", goal.quantity.text),
            ("filled", progress.traded.text),
            ("left", isScalper ? "" : max(.zero, goal.quantity - progress.traded).text),
            ("open", open.text), ("average", average?.text ?? ""),
            ("arrival", progress.arrival.text),
            (
                "slippage_bps",
                slippage?.rounded(.nearestEven, to: Ratio(units: 10_000_000_000)).text ?? ""
            ),
            ("fees", progress.fees.text),
            (
                "other_fees",
                progress.otherFees.sorted { $0.key < $1.key }.map { "\($1) \($0)" }
                    .joined(separator: ", ")
            ), ("realised", isScalper ? realised.text : ""),
            ("orders", "\(progress.placed)"), ("moves", "\(progress.moved)"),
            ("refusals", "\(progress.refused)"),
            ("elapsed_ms", "\(max(0, (turn.now - machine.startedAt).milliseconds))"),
        ]
        record.status = machine.status.rawValue
        record.reason = machine.reason
        record.detail = machine.detail
        record.state = machine.stateText(now: turn.now)
        record.stamp = RecordStamp(
            sequence: record.revision, writer: settings.writer,
            atMilliseconds: turn.wall.milliseconds)
    }
}

extension AlgoHost {
    /// The name of an algorithm whose starter gave none: the same for the same request.
    static func name(for command: Command, _ kind: AlgoKind) -> String {
        let digest = SHA256.digest(Array(command.id.utf8))
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        let tail = digest.prefix(8).map { alphabet[Int($0) % 32] }
        return "\(kind.rawValue)-\(String(decoding: tail, as: UTF8.self))"
    }

    /// The request id of an order; the client order id follows from it. It names the lot, so that an
    /// order whose record is lost is found with what it was for.
    static func request(_ id: String, _ number: Int64, lot: Int) -> String {
        lot == 0 ? "\(id):\(number)" : "\(id):\(number).\(lot)"
    }

    /// The algorithm, number and lot that a request id of an order names.
    static func parts(ofRequest text: String) -> (algo: String, number: Int64, lot: Int)? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        let digits = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard let first = digits.first, let number = Int64(first), number > 0 else { return nil }
        if digits.count == 1 { return (String(parts[0]), number, 0) }
        guard digits.count == 2, let lot = Int(digits[1]) else { return nil }
        return (String(parts[0]), number, lot)
    }

    /// Whether a text may name an algorithm: part of request ids, in which colons divide.
    static func isName(_ text: String) -> Bool {
        Command.isIdentifier(text) && text.utf8.count <= 40 && !text.contains(":")
    }

    static func text(_ parameters: AlgoParameters) -> String {
        let texts = parameters.texts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return String(decoding: FlatJSON.encode(texts), as: UTF8.self)
    }
}

import BusProtocol
import Chronology
import Orders
import Positions
import Trading

/// What can be asked of position-sync: a round now, dry or not, and transfers between books.
extension SyncDesk {
    func commandReceived(
        _ command: Command, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        // The one that holds the lease answers.
        guard fence != nil else { return }
        guard wall.milliseconds <= command.deadlineMilliseconds else {
            return refuse(command, .deadlinePassed, "past its deadline", &out)
        }
        switch CommandKind(rawValue: command.kind) {
        case .reconcile, .accountTransfer:
            guard commands.count < SyncLimits.waitingCommands else {
                return refuse(command, .queueFull, "too many requests wait", &out)
            }
            commands.append(command)
            if case .idle = step { step = .idle(until: now) }
            nextWake = now
        case .orderPlace, .orderAmend, .orderCancel, .accountCreate, .accountDeposit, .stateSet,
            .algoStart, .algoStop, .algoPause, .algoResume, .allocationRun, nil:
            refuse(command, .unknownCommand, command.kind, &out)
        }
    }

    /// Begins what waits; false where nothing does.
    func beginCommand(_ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]) -> Bool {
        guard !commands.isEmpty else { return false }
        let command = commands.removeFirst()
        guard wall.milliseconds <= command.deadlineMilliseconds else {
            refuse(command, .deadlinePassed, "past its deadline", &out)
            return beginCommand(now, wall, &out)
        }
        if command.kind == CommandKind.accountTransfer.rawValue {
            beginTransfer(command, now, wall, &out)
            return true
        }
        round = command
        isDry = command.body["dry_run"] == "1"
        return false
    }

    /// A round is over: who asked for it is told.
    func answerRound(_ result: String, _ out: inout [SyncAction]) {
        isDry = false
        guard let command = round else { return }
        round = nil
        var body = ["result": result]
        for (symbol, text) in findings { body[symbol.name] = text }
        findings = [:]
        out.append(.reply(.ok(command.id, body), to: command.from))
    }

    private func refuse(
        _ command: Command, _ code: RefusalCode, _ reason: String, _ out: inout [SyncAction]
    ) {
        out.append(.reply(.refused(command.id, code.description, reason), to: command.from))
    }

    // MARK: transfers

    private func beginTransfer(
        _ command: Command, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        do throws(RecordError) {
            let body = try TransferBody(command.body)
            guard body.from != .external, body.to != .external else {
                return refuse(command, .malformed, "the external book has no money of its own", &out)
            }
            step = .readingTransfer(command, body)
            ask(now, &out) { .readTransfer($0, from: body.from, request: command.id) }
        } catch {
            refuse(command, .malformed, error.description, &out)
        }
    }

    func transferRead(
        _ reading: TransferReading, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .readingTransfer(let command, let body) = step else { return }
        step = .idle(until: now)
        switch reading.booked {
        case .nothing: break
        // A repeat of what is booked: the money has gone, and may not be there a second time.
        case .transfer(let other) where other == body: return answer(command, body, &out)
        case .transfer(let other):
            return refuse(
                command, .malformed,
                "request \(command.id) moved \(other.amount) from \(other.from) to \(other.to): "
                    + "ask for another transfer under another id", &out)
        case .forgotten:
            return refuse(
                command, .malformed,
                "request \(command.id) was carried out, and the journal no longer tells what it "
                    + "moved: ask for another transfer under another id", &out)
        }
        let (books, free) = (reading.books, reading.free)
        for account in [body.from, body.to] where books.balances[account] == nil {
            return refuse(command, .accountUnknown, account.name, &out)
        }
        let wallet = books.balances[body.from]?.wallet ?? .zero
        let isHolding = books.positions[body.from]?.isEmpty == false
        // What stands behind positions stays: the snapshot says what is free.
        let available = isHolding ? min(free ?? .zero, wallet) : wallet
        guard body.amount <= available else {
            let reason =
                isHolding && free == nil
                ? "no fresh risk snapshot of \(body.from)" : "\(available) free of \(wallet)"
            return refuse(command, .marginInsufficient, reason, &out)
        }
        transfers[command.id] = (command, body)
        let transfer = SharedTransfer(
            from: body.from, to: body.to, amount: body.amount, request: command.id,
            atMilliseconds: wall.milliseconds)
        settle([.transfer(transfer)], books, now, wall, &out)
    }

    func transferred(_ transfer: SharedTransfer, _ wall: WallTime, _ out: inout [SyncAction]) {
        guard let (command, body) = transfers.removeValue(forKey: transfer.request) else { return }
        answer(command, body, &out)
    }

    private func answer(
        _ command: Command, _ body: TransferBody, _ out: inout [SyncAction]
    ) {
        out.append(.reply(.ok(command.id, body.body), to: command.from))
    }

    // MARK: funding

    /// The end of a round: funding is looked for now and then, and then there is a pause.
    func rest(
        _ pause: Interval, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        answerRound(lastResult, &out)
        let wait = gate.wanted.isEmpty ? SyncLimits.fundingInterval : SyncLimits.fundingRetry
        guard now - fundingAskedAt >= wait, lastComparison != nil else {
            step = .idle(until: commands.isEmpty ? now + pause : now)
            return
        }
        fundingAskedAt = now
        step = .readingFunding(pause)
        // An hour more than is missing: what is booked counts once, and a late row is found.
        let since =
            fundingSince.map { $0 - 3_600_000 } ?? (wall - SyncLimits.fundingDepth).milliseconds
        ask(now, &out) { .readFunding($0, sinceMilliseconds: since) }
    }

    func fundingRead(
        _ reading: FundingReading, _ now: Instant, _ wall: WallTime, _ out: inout [SyncAction]
    ) {
        guard case .readingFunding(let pause) = step else { return }
        if let until = reading.bookedUntil { fundingSince = max(fundingSince ?? 0, until) }
        // Somebody who waits does not wait for the next look at funding.
        step = .idle(until: commands.isEmpty ? now + pause : now)
        let payments = gate.admitted(reading.payments, wall: wall)
        if payments.isEmpty { return }
        settle(payments.map { .funding($0) }, reading.books, now, wall, &out)
    }
}

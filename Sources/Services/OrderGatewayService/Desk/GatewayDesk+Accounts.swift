import BusProtocol
import Bytes
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Accounts, their money, and the trading states of venue and accounts (B2g).
extension GatewayDesk {
    mutating func createAccount(_ command: Command, _ turn: inout Turn) throws(RecordError)
    {
        let body = try AccountBody(command.body)
        guard let fence = writable(command, &turn) else { return }
        guard accounts[body.account] == nil, body.account != .external else {
            answer(command, refusing: .accountExists, body.account.name, &turn)
            return
        }
        guard !body.deposit.isNegative else {
            answer(command, refusing: .malformed, "a new account has nothing to withdraw", &turn)
            return
        }
        let taken = Set(accounts.values.map(\.code))
        let record = AccountRecord(
            id: body.account, code: AccountCode.derived(from: body.account, taken: taken),
            isEnabled: true, stamp: stamp(turn))
        pendingCommands[command.id] = command
        turn.act(.saveAccount(record, fence: fence, request: command.id))
        accounts[body.account] = record
    }

    mutating func accountSaved(_ request: String, _ reply: SaveReply, _ turn: inout Turn) {
        guard let command = pendingCommands[request], let body = try? AccountBody(command.body)
        else { return }
        switch reply {
        case .saved:
            if body.deposit.isZero {
                pendingCommands[request] = nil
                answerAccount(command, body.account, &turn)
            } else {
                submitDeposit(command, body, turn.wall, &turn)
            }
        case .exists:
            pendingCommands[request] = nil
            answer(command, refusing: .accountExists, body.account.name, &turn)
        case .fenced, .wrong, .unknown, .refused:
            pendingCommands[request] = nil
            if reply != .unknown { accounts[body.account] = nil }
            answer(command, refusing: .redisDown, "the account may not be saved", &turn)
            if reply == .fenced { fenced(&turn) }
        }
    }

    mutating func deposit(_ command: Command, _ turn: inout Turn) throws(RecordError) {
        let body = try AccountBody(command.body)
        guard writable(command, &turn) != nil else { return }
        guard accounts[body.account] != nil else {
            answer(command, refusing: .accountUnknown, body.account.name, &turn)
            return
        }
        guard !body.deposit.isZero else {
            answer(command, refusing: .malformed, "a deposit of zero", &turn)
            return
        }
        let wallet = ledger.balance(body.account)?.wallet ?? .zero
        guard wallet + body.deposit >= .zero else {
            answer(command, refusing: .marginInsufficient, "the wallet holds \(wallet)", &turn)
            return
        }
        guard wallet + body.deposit <= AccountBody.limit else {
            answer(
                command, refusing: .malformed,
                "the wallet holds \(wallet), and may hold \(AccountBody.limit) at most", &turn)
            return
        }
        pendingCommands[command.id] = command
        submitDeposit(command, body, turn.wall, &turn)
    }

    private mutating func submitDeposit(
        _ command: Command, _ body: AccountBody, _ wall: WallTime, _ turn: inout Turn
    ) {
        submit(
            LedgerChange(
                account: body.account, symbol: nil, subject: .deposit(body.deposit),
                identity: "deposit:\(command.id)", cause: "command:\(command.id)",
                atMilliseconds: wall.milliseconds), &turn)
    }

    mutating func depositBooked(_ change: LedgerChange, _ turn: inout Turn) {
        let request = String(change.identity.dropFirst("deposit:".count))
        guard let command = pendingCommands.removeValue(forKey: request) else { return }
        answerAccount(command, change.account, &turn)
    }

    private mutating func answerAccount(
        _ command: Command, _ account: AccountID, _ turn: inout Turn
    ) {
        var body = Dictionary(accounts[account]?.fields ?? []) { _, last in last }
        var balance = BalanceRecord(stamp: stamp(turn))
        if let known = ledger.balance(account) {
            balance.deposits = known.deposits
            balance.realised = known.realised
            balance.fees = known.fees
            balance.funding = known.funding
            balance.version = known.version
        }
        body.merge(balance.fields) { _, last in last }
        finish(Reply.ok(command.id, body), to: command.from, &turn)
    }

    mutating func setState(_ command: Command, _ turn: inout Turn) throws(RecordError) {
        let body = try StateSetBody(command.body)
        let known = body.account.map { accountStates[$0]?.state } ?? venueState?.state
        let isStricter = (known ?? .active).stricter(body.state) == body.state
        // Stricter already than what is only to be tightened.
        let isHeld = body.isTightening && known.map { $0.stricter(body.state) == $0 } ?? false
        let isAway = !isRedisUp && body.state != .active && (isStricter || isHeld)
        let found = isAway ? nil : writable(command, &turn)
        guard isAway || found != nil else { return }
        if let account = body.account, accounts[account] == nil {
            answer(command, refusing: .accountUnknown, account.name, &turn)
            return
        }
        if isHeld {
            finish(Reply.ok(command.id, command.body), to: command.from, &turn)
            return
        }
        let record = StateRecord(
            state: body.state, why: body.why, by: command.from, stamp: stamp(turn))
        guard let fence = found else {
            setStateAway(command, record, body.account, &turn)
            return pauseHaltedAlgos(&turn)
        }
        // A stricter state holds at once, whether Redis takes it or not.
        if let account = body.account {
            accountStates[account] = record
        } else {
            venueState = record
        }
        let entry = JournalEntry.state(record, body.account)
        if body.state == .active {
            unsavedStates[entry.key] = nil
            strike(entry.key, &turn)
        } else {
            // Until Redis says that it has it, so that no reading of an older one undoes it (R10).
            unsavedStates[entry.key] = entry
        }
        turn.act(.saveState(record, body.account, fence: fence, request: command.id))
        pauseHaltedAlgos(&turn)
        if body.state == .halted {
            halt(command, body.account, &turn)
        } else {
            pendingCommands[command.id] = command
        }
    }

    mutating func stateSaved(_ request: String, _ reply: SaveReply, _ turn: inout Turn) {
        if unsavedStateSaved(request, reply, &turn) { return }
        if reply == .saved { stateKept(request, &turn) }
        if halts[request] != nil { return haltSaved(request, reply, &turn) }
        guard let command = pendingCommands.removeValue(forKey: request) else { return }
        switch reply {
        case .saved, .exists: finish(Reply.ok(command.id, command.body), to: command.from, &turn)
        case .wrong, .unknown, .refused:
            answer(command, refusing: .redisDown, "holds until a restart only", &turn)
        case .fenced:
            answer(command, refusing: .leaseLost, "another gateway has taken over", &turn)
            fenced(&turn)
        }
    }

    /// Redis holds the state that a command set.
    private mutating func stateKept(_ request: String, _ turn: inout Turn) {
        guard let command = pendingCommands[request] ?? halts[request]?.command,
            let body = try? StateSetBody(command.body)
        else { return }
        let key = JournalEntry.key(ofState: body.account)
        unsavedStates[key] = nil
        strike(key, &turn)
    }

    /// The fence to write under, or nil after telling the sender why not.
    private mutating func writable(_ command: Command, _ turn: inout Turn) -> Int64? {
        guard isRedisUp else {
            answer(command, refusing: .redisDown, "nothing can be saved", &turn)
            return nil
        }
        guard let fence else {
            answer(command, refusing: .leaseLost, "this gateway does not lead", &turn)
            return nil
        }
        guard phase != .idle, phase != .loading else {
            answer(command, refusing: .notReady, reasons.joined(separator: ", "), &turn)
            return nil
        }
        return fence
    }

    /// Its number is the time, and always more than the last, also where the clock is set back.
    private mutating func stamp(_ turn: Turn) -> RecordStamp {
        lastStamp = max(lastStamp + 1, turn.wall.milliseconds)
        return RecordStamp(
            sequence: lastStamp, writer: settings.writer,
            atMilliseconds: turn.wall.milliseconds)
    }
}

extension AccountCode {
    /// A code for a new account: from its name, and another where that is taken.
    static func derived(from account: AccountID, taken: Set<AccountCode>) -> AccountCode {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        var round = 0
        while true {
            let digest = SHA256.digest(Array("\(account.name)#\(round)".utf8))
            let letters = account.name.uppercased().utf8.filter { alphabet.contains($0) }.prefix(4)
            var text = Array(letters)
            for byte in digest.prefix(8 - text.count) { text.append(alphabet[Int(byte) % 36]) }
            let code = AccountCode(String(decoding: text, as: UTF8.self))
            if let code, !taken.contains(code) { return code }
            round += 1
        }
    }
}

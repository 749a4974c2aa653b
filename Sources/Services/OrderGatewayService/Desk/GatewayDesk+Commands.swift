import BusProtocol
import Bytes
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Commands from the bus: each is answered once, and a repeat is answered again.
extension GatewayDesk {
    /// An order that this process itself wants: there is no body to be read.
    mutating func orderWanted(_ body: OrderPlaceBody, _ command: Command, _ turn: inout Turn) {
        if isToBeDone(command, &turn) { place(body, for: command, &turn) }
    }

    /// Answers what was answered before, and what comes too late.
    private mutating func isToBeDone(_ command: Command, _ turn: inout Turn) -> Bool {
        if let reply = answered[command.id] {
            turn.act(.reply(reply, to: command.from))
            return false
        }
        guard command.deadlineMilliseconds > turn.wall.milliseconds else {
            answer(command, refusing: .deadlinePassed, "received too late", &turn)
            return false
        }
        return true
    }

    mutating func commandReceived(_ command: Command, _ turn: inout Turn) {
        guard isToBeDone(command, &turn) else { return }
        do throws(RecordError) {
            switch CommandKind(rawValue: command.kind) {
            case .orderPlace: try place(command, &turn)
            case .orderCancel: try cancel(command, &turn)
            case .orderAmend: try amend(command, &turn)
            case .accountCreate: try createAccount(command, &turn)
            case .accountDeposit: try deposit(command, &turn)
            case .stateSet: try setState(command, &turn)
            case .algoStart: startAlgo(command, &turn)
            case .algoStop: try changeAlgo(command, .algoStop, &turn)
            case .algoPause: try changeAlgo(command, .algoPause, &turn)
            case .algoResume: try changeAlgo(command, .algoResume, &turn)
            case .accountTransfer, .reconcile, .allocationRun, nil:
                answer(command, refusing: .unknownCommand, command.kind, &turn)
            }
        } catch {
            answer(command, refusing: .malformed, error.description, &turn)
        }
    }

    // MARK: placing

    private mutating func place(_ command: Command, _ turn: inout Turn) throws(RecordError) {
        place(try OrderPlaceBody(command.body), for: command, &turn)
    }

    /// Begins an order that a command asks for, outright or as what is left of another.
    mutating func place(_ body: OrderPlaceBody, for command: Command, _ turn: inout Turn) {
        guard let account = accounts[body.account] else {
            let code: RefusalCode = fence == nil ? .notReady : .accountUnknown
            answer(command, refusing: code, body.account.name, &turn)
            return
        }
        let id = ClientOrderID.derive(
            account: account.code, origin: body.origin, intent: command.id)
        let isFast = body.isFastAck && body.type == .market
        let waiter = waiter(for: command, isFast ? .sent : .placed, turn)
        if orders[id] != nil {
            orders[id]?.waiters.append(waiter)
            answerWaiters(id, &turn)
            return
        }
        if let feature = unsupported(body) {
            answer(command, refusing: .venueCannot, feature, &turn)
            return
        }
        if let refusal = gate(body.account, body.symbol, isReduceOnly: body.isReduceOnly) {
            answer(command, refusing: refusal.code, refusal.detail, &turn)
            return
        }
        let intent = OrderIntent(
            clientOrderID: id, account: body.account, symbol: body.symbol, side: body.side,
            type: body.type, timeInForce: body.timeInForce, quantity: body.quantity,
            price: body.price, isReduceOnly: body.isReduceOnly)
        var order = WorkingOrder(
            OrderLifecycle(intent), request: command.id,
            intentMilliseconds: turn.wall.milliseconds)
        order.awaitsFacts = true
        order.sendBy = turn.now + (WallTime(milliseconds: command.deadlineMilliseconds) - turn.wall)
        order.waiters = [waiter]
        if let refusal = grantTerms(to: &order, body, &turn) {
            answer(command, refusing: refusal.code, refusal.detail, &turn)
            return
        }
        if !isRedisUp {
            // Redis would know the id; of what memory knows to be over, nothing is sent again.
            if namesByVenueID.values.contains(id.text) {
                answer(
                    command, refusing: .redisDown,
                    "it was carried out before; its record is read when redis is back", &turn)
                return
            }
            return placeAway(order, &turn)
        }
        orders[id] = order
        turn.act(.readFacts(id, body.account, body.symbol))
    }

    /// What the venue does not offer of an order; nil where it offers all of it.
    private func unsupported(_ body: OrderPlaceBody) -> String? {
        let venue = settings.capabilities
        switch (body.type, body.timeInForce) {
        case (.market, _):
            return body.side == .buy && !venue.marketBuyByQuantity
                ? "market buys by quantity; use a limit with IOC" : nil
        case (.limit, .immediateOrCancel): return venue.immediateOrCancel ? nil : "IOC"
        case (.limit, .fillOrKill): return venue.fillOrKill ? nil : "FOK"
        case (.limit, .postOnly): return venue.postOnly ? nil : "post only"
        // Its time is not part of an order here.
        case (.limit, .goodTillDate): return "good till date"
        case (.limit, .goodTillCancel): return nil
        }
    }

    /// Whether the desk may take the order on at all, before its facts are read.
    func gate(
        _ account: AccountID, _ symbol: Symbol, isReduceOnly: Bool, isNew: Bool = true
    ) -> Refusal? {
        if !isRedisUp { return refusalAway(isReduceOnly: isReduceOnly) }
        guard fence != nil else { return Refusal(.leaseLost, "this gateway does not lead") }
        guard phase == .ready || (isReduceOnly && isStreamless) else {
            return Refusal(.notReady, reasons.joined(separator: ", "))
        }
        guard isStreamOpen || isReduceOnly else {
            return Refusal(.notReady, "user stream is closed")
        }
        if let unfit, !isReduceOnly { return Refusal(.notReady, unfit) }
        guard !isNew || orders.count < settings.maximumOrders else {
            return Refusal(.orderCountLimit, "\(orders.count) orders are working")
        }
        if !isReduceOnly, hasDoubt(account, symbol) {
            return Refusal(.orderUnsettled, "an earlier order's outcome is not known yet")
        }
        return nil
    }

    /// Reconciled before, and only the user stream is missing.
    private var isStreamless: Bool {
        switch phase {
        case .openingStream, .listing, .asking, .collecting: true
        case .idle, .loading, .ready: false
        }
    }

    private func hasDoubt(_ account: AccountID, _ symbol: Symbol) -> Bool {
        orders.hasDoubt(account, symbol)
    }

    mutating func factsRead(_ id: ClientOrderID, _ facts: MarketFacts?, _ turn: inout Turn) {
        let known = orders.read(id) { ($0.symbol, $0.amendAwaitsFacts, $0.awaitsFacts) }
        guard let (symbol, isAmend, isNew) = known else { return }
        if isAmend { return amendFactsRead(id, facts, &turn) }
        guard isNew else { return }
        guard let facts else {
            drop(id, .redisDown, "price and risk could not be read", &turn)
            return
        }
        guard let fence, isRedisUp, phase != .idle, phase != .loading else {
            drop(id, isRedisUp ? .leaseLost : .redisDown, "the lease was lost meanwhile", &turn)
            return
        }
        let margin: Money
        do throws(Refusal) {
            margin = try checked(id, facts, turn)
        } catch {
            drop(id, error.code, error.detail, &turn)
            return
        }
        let isVerified = verified.contains(symbol)
        let isFresh = facts.price.map { turn.wall - $0.at <= settings.limits.priceAge } ?? false
        orders.change(id) {
            $0.awaitsFacts = false
            let touch = $0.life.intent.side == .buy ? facts.price?.ask : facts.price?.bid
            $0.estimate = touch ?? facts.price?.mark
            if isFresh { $0.mark = facts.price?.mark }
            $0.reserved = margin
            $0.awaitsVerdict = !isVerified
        }
        if isVerified {
            saveIntent(id, fence, &turn)
        } else {
            verify(symbol, &turn)
        }
    }

    /// The margin that an order sets aside, where it passes all checks.
    private mutating func checked(
        _ id: ClientOrderID, _ facts: MarketFacts, _ turn: Turn
    ) throws(Refusal) -> Money {
        guard let order = orders[id] else { return .zero }
        guard turn.now <= order.sendBy else {
            throw Refusal(.deadlinePassed, "reading price and risk took too long")
        }
        if let refusal = refusalOfTerms(order, turn) { throw refusal }
        if let instrument = facts.instrument { instruments[order.symbol] = instrument }
        if let why = facts.reducing, !order.life.intent.isReduceOnly {
            throw Refusal(.instrumentReducing, why)
        }
        try checkBurst(order, turn)
        return try checks(of: order, facts, turn).check(order.life.intent)
    }

    mutating func saveIntent(_ id: ClientOrderID, _ fence: Int64, _ turn: inout Turn) {
        let record = orders.change(id) {
            $0.intentMilliseconds = turn.wall.milliseconds
            $0.revision += 1
            return $0.record(writer: settings.writer, wall: turn.wall)
        }
        if let record { turn.act(.saveIntent(record, fence: fence)) }
    }

    mutating func checks(
        of order: WorkingOrder, _ facts: MarketFacts, _ turn: Turn
    ) -> PreTrade {
        lingering[order.account]?.removeAll { $0.sequence <= facts.riskSequence }
        recentOrders[order.account]?.drop(before: turn.now - .seconds(1))
        return PreTrade(
            limits: settings.limits, venue: permission(venueState),
            account: accountFacts(order), instrument: instruments[order.symbol],
            price: facts.price, risk: facts.risk, spot: spotFacts(order), now: turn.wall)
    }

    /// A side that was filled too often lately waits (B2d).
    private func checkBurst(_ order: WorkingOrder, _ turn: Turn) throws(Refusal) {
        guard !order.life.intent.isReduceOnly, let slot = order.burstSlot else { return }
        guard !burst.isPaused(slot, now: turn.now) else {
            throw Refusal(.sidePaused, "\(slot.side.rawValue) was filled too often in a minute")
        }
    }

    private func accountFacts(_ order: WorkingOrder) -> AccountFacts? {
        guard let account = accounts[order.account] else { return nil }
        var facts = AccountFacts(
            isEnabled: account.isEnabled, permission: permission(accountStates[order.account]),
            maximumOrderNotional: account.maximumOrderNotional,
            maximumOrdersPerSecond: Int(clamping: account.maximumOrdersPerSecond),
            ordersInLastSecond: recentOrders[order.account]?.count ?? 0,
            position: ledger.position(order.account, order.symbol).quantity)
        if !isRedisUp { facts.position += notBooked(order.account, order.symbol) }
        facts.reserved = orders.reserved(order.account, but: order.id)
        facts.reducing = orders.reducing(
            order.account, order.symbol, order.life.intent.side, but: order.id)
        for margin in lingering[order.account] ?? [] { facts.reserved += margin.amount }
        return facts
    }

    private func permission(_ record: StateRecord?) -> TradingPermission {
        switch record?.state {
        case .active, nil: .all
        case .reducing: .reducing
        case .halted: .nothing
        }
    }

    // MARK: cancelling

    private mutating func cancel(_ command: Command, _ turn: inout Turn) throws(RecordError) {
        let body = try OrderCancelBody(command.body)
        guard let id = working(body.order, command, &turn) else { return }
        let waiter = waiter(for: command, .cancelled, turn)
        orders[id]?.waiters.append(waiter)
        orders[id]?.replacement = nil
        perform(orders[id]?.life.cancelRequested() ?? .nothing, id, &turn)
        answerWaiters(id, &turn)
    }

    /// The order on the desk that a command names; nil where it is looked up first, or answered.
    mutating func working(
        _ name: String, _ command: Command, _ turn: inout Turn
    ) -> ClientOrderID? {
        let byRequest = orders.id(ofRequest: name)
        guard let id = ClientOrderID(name) ?? byRequest else {
            answer(command, refusing: .orderNotFound, name, &turn)
            return nil
        }
        if orders[id] != nil { return id }
        guard isRedisUp else {
            answer(command, refusing: .redisDown, "look-up is not possible", &turn)
            return nil
        }
        let isOut = lookups[id] != nil
        lookups[id, default: []].append(command)
        if !isOut { turn.act(.readOrder(id)) }
        return nil
    }

    /// A command on an order that was not on the desk, and whose record was found.
    mutating func orderFound(
        _ command: Command, _ id: ClientOrderID, _ record: OrderRecord, _ turn: inout Turn
    ) {
        if orders[id] != nil {
            commandReceived(command, &turn)
            return
        }
        let body = Dictionary(record.fields) { _, last in last }
        refuse(
            command.id, command.from, Refusal(.orderFinal, "it is \(record.status)"), body, &turn)
    }

    // MARK: accounts and states

    private mutating func createAccount(_ command: Command, _ turn: inout Turn) throws(RecordError)
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

    private mutating func deposit(_ command: Command, _ turn: inout Turn) throws(RecordError) {
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

    private mutating func setState(_ command: Command, _ turn: inout Turn) throws(RecordError) {
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

    private func stamp(_ turn: Turn) -> RecordStamp {
        RecordStamp(
            sequence: turn.wall.milliseconds, writer: settings.writer,
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

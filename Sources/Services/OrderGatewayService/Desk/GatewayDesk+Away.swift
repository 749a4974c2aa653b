import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Redis away: what is open is managed from memory, and what is begun is written down first (B7c).
///
/// Cancels, orders that only reduce and stricter states pass; new risk does not, from the moment the
/// connection is known to be gone. An order leaves after its intent is on this host's disk, and carries
/// the venue's own reduce-only flag, so that it never opens anything, whoever else may act meanwhile.
/// After the return all of it is saved to Redis, and only then struck off.
extension GatewayDesk {
    /// A lease that lapses shortly before Redis is found to be away was lost by that, to nobody.
    private static let lapse = Interval.seconds(5)
    private static let statePause = Interval.seconds(1)
    private static let stateRequest = "journal:"
    private static let askPause = Interval.milliseconds(250)

    /// Whether Redis is away and this desk is the one that led until then.
    package var isAlone: Bool { !isRedisUp && memoryIsOurs }

    /// Redis is found to be away.
    mutating func leftAlone(_ turn: Turn) {
        guard fence == nil else { return }
        let lost = leaseLostAt.map { turn.now - $0 <= GatewayDesk.lapse } ?? false
        memoryIsOurs = memoryIsOurs && lost
    }

    /// Why an order may not be taken on while Redis is away; nil where it may.
    func refusalAway(isReduceOnly: Bool) -> Refusal? {
        if isReduceOnly, isAlone { return nil }
        return Refusal(
            .redisDown,
            isAlone
                ? "only cancels and orders that only reduce pass"
                : "no intent can be saved, and this gateway did not lead before")
    }

    // MARK: orders

    /// Begins an order that only reduces. A repeat of one that was over before this process started is
    /// in no memory: the venue says whether it knows the id (S3), and nothing is sent unless it does not.
    mutating func placeAway(_ placed: WorkingOrder, _ turn: inout Turn) {
        orders[placed.id] = placed
        orders[placed.id]?.awaitsVenue = true
        query(placed.id, &turn)
        check(placed.id, by: turn.now + GatewayDesk.askPause)
    }

    /// The venue was asked for an order that is to be placed without Redis.
    mutating func awayAnswered(
        _ id: ClientOrderID, _ outcome: QueryOutcome, _ turn: inout Turn
    ) {
        guard let order = orders[id] else { return }
        orders[id]?.askedAt = nil
        if isRedisUp {
            return drop(id, .notReady, "redis came back meanwhile: ask again", &turn)
        }
        switch outcome {
        case .found(let found):
            adopt(found, id, order.account, &turn)
            orders[id]?.waiters = order.waiters
            answerWaiters(id, &turn)
        case .notFound:
            orders[id]?.checkAt = nil
            writeDown(id, &turn)
        case .failed: check(id, by: turn.now + GatewayDesk.askPause)
        }
    }

    /// The venue has not answered yet: it is asked again until the command is too old.
    mutating func askAway(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], order.awaitsVenue else { return }
        orders[id]?.checkAt = nil
        // Refused before its waiters are told that nothing is known.
        let last = order.sendBy - .milliseconds(100)
        guard turn.now < last else {
            return drop(id, .deadlinePassed, "the venue did not say whether it knows it", &turn)
        }
        query(id, &turn)
        check(id, by: min(turn.now + GatewayDesk.askPause, last))
    }

    /// Checks an order by what is in memory, and writes it down.
    private mutating func writeDown(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let placed = orders[id] else { return }
        orders[id]?.awaitsFacts = false
        orders[id]?.awaitsVenue = false
        let facts = MarketFacts(price: nil, risk: nil, riskSequence: 0, instrument: nil)
        do throws(Refusal) {
            try checkNet(placed.life.intent)
            let checks = checks(of: placed, facts, turn)
            orders[id]?.reserved = try checks.check(placed.life.intent)
        } catch {
            return drop(id, error.code, error.detail, &turn)
        }
        orders[id]?.intentMilliseconds = turn.wall.milliseconds
        orders[id]?.revision += 1
        guard let record = orders[id]?.record(writer: settings.writer, wall: turn.wall) else { return }
        turn.act(.journal(.intent(record)))
    }

    /// The venue's flag admits only what reduces the net of all books.
    private func checkNet(_ intent: OrderIntent) throws(Refusal) {
        guard settings.capabilities.isMargined else { return }
        let net = ledger.net(intent.symbol) + orders.unbooked(intent.symbol)
        guard net.signum == -intent.side.signed(intent.quantity).signum,
            intent.quantity <= net.magnitude
        else {
            throw Refusal(
                .redisDown, "only what reduces the venue's position passes, which is \(net)")
        }
    }

    /// What trades have changed of a book, and the ledger does not hold yet, by orders that do not only
    /// reduce: those are counted by themselves.
    func notBooked(_ account: AccountID, _ symbol: Symbol) -> Quantity {
        orders.values.reduce(.zero) { sum, order in
            order.account == account && order.symbol == symbol && !order.life.intent.isReduceOnly
                ? sum + order.unbooked : sum
        }
    }

    /// An entry is on the disk, or cannot be written.
    mutating func entryJournalled(_ key: String, isKept: Bool, _ turn: inout Turn) {
        if isKept { journalled.insert(key) }
        if let id = ClientOrderID(key) { return intentJournalled(id, isKept: isKept, &turn) }
        for command in awaitingJournal.removeValue(forKey: key) ?? [] {
            if halts[command.id] != nil {
                haltSaved(command.id, isKept ? .saved : .refused, &turn)
            } else if isKept {
                finish(Reply.ok(command.id, command.body), to: command.from, &turn)
            } else {
                answer(command, refusing: .redisDown, "holds until a restart only", &turn)
            }
        }
    }

    private mutating func intentJournalled(
        _ id: ClientOrderID, isKept: Bool, _ turn: inout Turn
    ) {
        guard let order = orders[id], order.life.name == .intent else { return }
        guard isKept else {
            return drop(
                id, .redisDown, "the intent could not be written to PMS_GATEWAY_DATA", &turn)
        }
        guard turn.now <= order.sendBy else {
            return abandon(id, .deadlinePassed, "the intent took too long to write", &turn)
        }
        orders[id]?.sentMilliseconds = turn.wall.milliseconds
        perform(orders[id]?.life.intentSaved(at: turn.now) ?? .nothing, id, &turn)
    }

    // MARK: states

    /// A stricter state holds at once; it is written down here, and saved when Redis is back.
    mutating func setStateAway(
        _ command: Command, _ record: StateRecord, _ account: AccountID?, _ turn: inout Turn
    ) {
        let entry = JournalEntry.state(record, account)
        hold(record, account)
        unsavedStates[entry.key] = entry
        awaitingJournal[entry.key, default: []].append(command)
        turn.act(.journal(entry))
        if record.state == .halted { halt(command, account, &turn) }
    }

    private mutating func hold(_ record: StateRecord, _ account: AccountID?) {
        if let account { accountStates[account] = record } else { venueState = record }
    }

    /// Redis was read: states of the time without it hold on, unless it has newer ones.
    mutating func keepUnsavedStates(_ turn: inout Turn) {
        for key in unsavedStates.keys.sorted() {
            guard case .state(let record, let account)? = unsavedStates[key] else { continue }
            let found = account.map { accountStates[$0] } ?? venueState
            if let found, found.stamp.atMilliseconds > record.stamp.atMilliseconds {
                unsavedStates[key] = nil
                strike(key, &turn)
            } else {
                hold(record, account)
            }
        }
        saveUnsavedStates(&turn)
    }

    mutating func saveUnsavedStates(_ turn: inout Turn) {
        statesAt = nil
        guard let fence, isRedisUp, phase != .idle, phase != .loading else { return }
        for key in unsavedStates.keys.sorted() {
            guard case .state(let record, let account)? = unsavedStates[key] else { continue }
            let request = GatewayDesk.stateRequest + key
            turn.act(.saveState(record, account, fence: fence, request: request))
        }
    }

    /// Whether a saved state was one of those; what became of it is dealt with.
    mutating func unsavedStateSaved(
        _ request: String, _ reply: SaveReply, _ turn: inout Turn
    ) -> Bool {
        guard request.hasPrefix(GatewayDesk.stateRequest) else { return false }
        let key = String(request.dropFirst(GatewayDesk.stateRequest.count))
        switch reply {
        case .saved, .exists:
            unsavedStates[key] = nil
            strike(key, &turn)
        case .wrong, .unknown, .refused: statesAt = turn.now + GatewayDesk.statePause
        case .fenced: fenced(&turn)
        }
        return true
    }

    // MARK: the journal

    /// Redis holds what an entry says.
    mutating func strike(_ key: String, _ turn: inout Turn) {
        guard journalled.remove(key) != nil else { return }
        turn.act(.journalSettled(key))
    }

    /// What an earlier life of this process had written down and not saved: whether an order of it was
    /// sent is for the venue to say, and it is never sent again.
    mutating func journalRead(_ entries: [JournalEntry], _ turn: inout Turn) {
        for entry in entries {
            journalled.insert(entry.key)
            switch entry {
            case .intent(var record):
                let id = record.intent.clientOrderID
                guard orders[id] == nil else { continue }
                record.status = OrderStateName.sent.rawValue
                orders[id] = WorkingOrder(restoring: record, now: turn.now)
                orders[id]?.needsSave = true
                remember(id)
            case .state(let record, let account):
                unsavedStates[entry.key] = entry
                hold(record, account)
            }
        }
        watchTerms(&turn)
    }
}

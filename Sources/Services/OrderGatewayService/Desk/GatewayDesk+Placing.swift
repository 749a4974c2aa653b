import BusProtocol
import Bytes
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Orders that commands ask for, up to the intent that is to be saved: gate, facts, checks (B2f).
extension GatewayDesk {
    mutating func place(_ command: Command, _ turn: inout Turn) throws(RecordError) {
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
        if strays[id] != nil {
            let reason = "the venue has an order of this id, which is being looked up: ask again"
            answer(command, refusing: .notReady, reason, &turn)
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
        if markRead(id, facts, &turn) { return }
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
        orders.change(id) {
            $0.awaitsFacts = false
            let touch = $0.life.intent.side == .buy ? facts.price?.ask : facts.price?.bid
            $0.estimate = touch ?? facts.price?.mark
            $0.reserved = margin
            $0.awaitsVerdict = !isVerified
        }
        if isVerified {
            let goesAhead = mayLeaveAhead(id, turn)
            saveIntent(id, fence, &turn)
            if goesAhead { leaveAhead(id, &turn) }
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
        adoptInstrument(facts, turn)
        if let why = facts.reducing, !order.life.intent.isReduceOnly {
            throw Refusal(.instrumentReducing, why)
        }
        try checkBurst(order, turn)
        return try checks(of: order, facts, turn).check(order.life.intent)
    }

    mutating func saveIntent(_ id: ClientOrderID, _ fence: Int64, _ turn: inout Turn) {
        ahead.use(id, now: turn.now)
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
        if lingering[order.account]?.isEmpty == false {
            lingering[order.account, default: []].removeAll { $0.sequence <= facts.riskSequence }
        }
        recentOrders[order.account, default: RecentTimes()].drop(before: turn.now - .seconds(1))
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
}

import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Changing the size and price of resting orders.
///
/// One amendment of an order is under way at a time, and two begin at least a throttle apart; of those
/// that come meanwhile the newest wins and is always acted on (B1d). Where the venue has no such
/// call the order is cancelled, and once the venue has said how much of it has executed, what is left
/// of the new size is placed as an order of its own (C2, C3).
extension GatewayDesk {
    mutating func amend(_ command: Command, _ turn: inout Turn) throws(RecordError) {
        let body = try OrderAmendBody(command.body)
        guard let id = working(body.order, command, &turn) else { return }
        let left = WallTime(milliseconds: command.deadlineMilliseconds) - turn.wall
        let request = WorkingOrder.AmendRequest(
            command: command, body: body, sendBy: turn.now + left)
        if let earlier = orders[id]?.nextAmend {
            answer(earlier.command, refusing: .amendSuperseded, "a newer amendment came", &turn)
        }
        orders[id]?.nextAmend = request
        amendMoved(id, &turn)
    }

    /// Begins the amendment that waits, where none is under way and the throttle allows it.
    mutating func amendMoved(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], let request = order.nextAmend else { return }
        guard !order.isAmending else { return }
        let allowedAt = order.amendedAt.map { $0 + settings.repriceThrottle } ?? turn.now
        if !order.life.isFinal, turn.now < allowedAt {
            return check(id, by: allowedAt)
        }
        orders[id]?.nextAmend = nil
        guard turn.now <= request.sendBy else {
            answer(request.command, refusing: .deadlinePassed, "an earlier one took long", &turn)
            return
        }
        if let refusal = objection(to: request, order) {
            answer(request.command, refusing: refusal.code, refusal.detail, &turn)
            return
        }
        let wanted = amendment(request, order)
        if wanted == Amendment(quantity: order.life.intent.quantity, order.life.intent.price) {
            let waiter = waiter(for: request.command, .amended(wanted), turn)
            let record = order.record(writer: settings.writer, wall: turn.wall)
            reply(waiter, record, &turn)
            return
        }
        orders[id]?.amending = request
        orders[id]?.amendAwaitsFacts = true
        orders[id]?.amendedAt = turn.now
        turn.act(.readFacts(id, order.account, order.symbol))
    }

    /// Why an order cannot be amended as it stands; nil where it can.
    private func objection(
        to request: WorkingOrder.AmendRequest, _ order: WorkingOrder
    ) -> Refusal? {
        let intent = order.life.intent
        switch order.life.name {
        case .open, .partiallyFilled: break
        case .intent, .sent, .unknown, .pendingCancel, .pendingAmend:
            return Refusal(.orderUnsettled, "it is \(order.life.name.rawValue)")
        case .filled, .cancelled, .rejected, .expired:
            return Refusal(.orderFinal, "it is \(order.life.name.rawValue)")
        }
        guard intent.type == .limit, intent.price != nil else {
            return Refusal(.orderNotAmendable, "only limit orders can be amended")
        }
        let quantity = request.body.quantity ?? intent.quantity
        guard quantity > order.life.executed else {
            return Refusal(
                .quantityBelowFilled, "\(order.life.executed) has executed; cancel it instead")
        }
        return gate(order.account, order.symbol, isReduceOnly: intent.isReduceOnly, isNew: false)
    }

    private func amendment(
        _ request: WorkingOrder.AmendRequest, _ order: WorkingOrder
    ) -> Amendment {
        Amendment(
            quantity: request.body.quantity ?? order.life.intent.quantity,
            request.body.price ?? order.life.intent.price)
    }

    /// Price and risk are known: the amended order passes the checks of a new one, or stays as it is.
    mutating func amendFactsRead(
        _ id: ClientOrderID, _ facts: MarketFacts?, _ turn: inout Turn
    ) {
        guard let order = orders[id], let request = order.amending else { return }
        orders[id]?.amendAwaitsFacts = false
        if let refusal = amendRefusal(request, order, facts, turn) {
            endAmend(id)
            answer(request.command, refusing: refusal.code, refusal.detail, &turn)
            return amendMoved(id, &turn)
        }
        let wanted = amendment(request, order)
        let waiter = waiter(for: request.command, .amended(wanted), turn)
        orders[id]?.waiters.append(waiter)
        if settings.capabilities.amends {
            let action = orders[id]?.life.amendRequested(wanted, at: turn.now) ?? .nothing
            perform(action, id, &turn)
        } else {
            orders[id]?.replacement = wanted
            takeBack(id, &turn)
        }
    }

    private mutating func amendRefusal(
        _ request: WorkingOrder.AmendRequest, _ order: WorkingOrder, _ facts: MarketFacts?,
        _ turn: Turn
    ) -> Refusal? {
        guard let facts else { return Refusal(.redisDown, "price and risk could not be read") }
        guard turn.now <= request.sendBy else {
            return Refusal(.deadlinePassed, "reading price and risk took too long")
        }
        if let refusal = objection(to: request, order) { return refusal }
        adoptInstrument(facts, turn)
        let wanted = amendment(request, order)
        var intent = order.life.intent
        intent.quantity = wanted.quantity
        intent.price = wanted.price
        do throws(Refusal) {
            let margin = try checks(of: order, facts, turn).check(
                intent, executed: order.life.executed)
            // Either size may execute: what is set aside never shrinks while the order works.
            orders[order.id]?.reserved = max(order.reserved, margin)
            return nil
        } catch {
            return error
        }
    }

    /// Asks the venue for the pending amendment.
    mutating func sendAmend(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], case .pendingAmend(_, let wanted) = order.life.state else {
            return
        }
        orders[id]?.checkAt = turn.now + .seconds(10)
        turn.act(.amend(order.life.intent, to: wanted))
    }

    mutating func amendAnswered(
        _ id: ClientOrderID, _ outcome: AmendOutcome, _ turn: inout Turn
    ) {
        guard orders[id] != nil else { return }
        switch outcome {
        case .accepted(let order):
            let action = orders[id]?.life.amendAccepted(VenueOrderReport(order)) ?? .nothing
            known(id, order, &turn)
            perform(action, id, &turn)
        case .rejected(let code, let text):
            failAmends(id, Refusal(.venueRejected, "\(code): \(text)"), &turn)
            perform(orders[id]?.life.amendRejected() ?? .nothing, id, &turn)
        case .notSent(let text):
            failAmends(id, Refusal(.venueBusy, text), &turn)
            perform(orders[id]?.life.amendAbandoned() ?? .nothing, id, &turn)
        case .unknown:
            perform(orders[id]?.life.amendOutcomeUnknown(at: turn.now) ?? .nothing, id, &turn)
        }
        answerWaiters(id, &turn)
        keepWatch(id, &turn)
        amendMoved(id, &turn)
    }

    private mutating func failAmends(
        _ id: ClientOrderID, _ refusal: Refusal, _ turn: inout Turn
    ) {
        let waiters = orders[id]?.waiters.filter(\.isAmend) ?? []
        orders[id]?.waiters.removeAll(where: \.isAmend)
        endAmend(id)
        for waiter in waiters { refuse(waiter.request, waiter.from, refusal, [:], &turn) }
    }

    /// No amendment is under way any more.
    mutating func endAmend(_ id: ClientOrderID) {
        orders.change(id) {
            $0.amending = nil
            $0.amendAwaitsFacts = false
            $0.replacement = nil
        }
    }

    /// Answers an amendment with how the order stands.
    mutating func replyAmended(
        _ waiter: WorkingOrder.Waiter, _ wanted: Amendment, _ record: OrderRecord,
        _ body: [String: String], _ turn: inout Turn
    ) {
        if let id = orders[record.intent.clientOrderID]?.id { endAmend(id) }
        let name = OrderStateName(rawValue: record.status)
        if name?.isFinal == true {
            let refusal = Refusal(.orderFinal, "it is \(record.status)")
            refuse(waiter.request, waiter.from, refusal, body, &turn)
        } else if Amendment(quantity: record.intent.quantity, record.intent.price) == wanted {
            finish(Reply.ok(waiter.request, body), to: waiter.from, &turn)
        } else {
            let refusal = Refusal(.venueRejected, "the amendment never arrived at the venue")
            refuse(waiter.request, waiter.from, refusal, body, &turn)
        }
    }

    /// The order leaves the desk: the amendment that waits is told so.
    mutating func abandonAmends(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], order.isAmending || order.amending != nil
            || order.nextAmend != nil
        else { return }
        let refusal = Refusal(.orderFinal, "it is \(order.life.name.rawValue)")
        var commands: [Command] = []
        if order.amendAwaitsFacts, let request = order.amending { commands.append(request.command) }
        if let request = order.nextAmend { commands.append(request.command) }
        endAmend(id)
        orders[id]?.nextAmend = nil
        for command in commands {
            answer(command, refusing: refusal.code, refusal.detail, &turn)
        }
    }

    // MARK: where the venue cannot amend

    /// The old order is over and all its fills are known: what is left of the new size is placed.
    mutating func replaceIfDone(_ id: ClientOrderID, _ turn: inout Turn) {
        guard orders.read(id, { $0.replacement != nil }) == true, let order = orders[id],
            order.life.isFinal, let wanted = order.replacement, let request = order.amending,
            order.life.isDone
        else { return }
        let left = wanted.quantity - order.life.executed
        guard order.life.name == .cancelled, left.isPositive else {
            endAmend(id)
            return answerWaiters(id, &turn)
        }
        let waiter = order.waiters.first { $0.request == request.command.id }
        orders[id]?.waiters.removeAll { $0.request == request.command.id }
        endAmend(id)
        // Told already that the outcome is open: nothing new is begun.
        guard waiter != nil else { return }
        guard turn.now <= request.sendBy else {
            let reason = "cancelled, and too late to place the rest"
            return answer(request.command, refusing: .deadlinePassed, reason, &turn)
        }
        let intent = order.life.intent
        var body = OrderPlaceBody(
            account: intent.account, symbol: intent.symbol, side: intent.side,
            type: intent.type, timeInForce: intent.timeInForce, quantity: left,
            price: wanted.price, isReduceOnly: intent.isReduceOnly,
            origin: ClientOrderID.parts(of: id.text)?.origin ?? .manual)
        passTerms(of: order, to: &body, turn)
        place(body, for: request.command, &turn)
    }
}

extension Amendment {
    /// The terms of a limit order; nil where there is no price.
    fileprivate init(quantity: Quantity, _ price: Price?) {
        self.init(quantity: quantity, price: price ?? .zero)
    }
}

extension WorkingOrder {
    /// Whether an amendment is being checked, sent, or turned into another order.
    var isAmending: Bool {
        self.amendAwaitsFacts || self.replacement != nil || self.life.name == .pendingAmend
    }

    /// Whether an amendment has come to its end.
    var amendIsSettled: Bool {
        if self.replacement != nil { return false }
        return switch self.life.name {
        case .open, .partiallyFilled: true
        case .intent, .sent, .pendingCancel, .pendingAmend, .unknown: false
        case .filled, .cancelled, .rejected, .expired: self.life.isDone
        }
    }
}

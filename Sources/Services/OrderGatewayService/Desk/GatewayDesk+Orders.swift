import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Carrying orders through their lives: what the lifecycle asks for is asked of Redis or the venue.
extension GatewayDesk {
    /// Does what a lifecycle asks for; everything but `nothing` is saved.
    mutating func perform(_ action: LifecycleAction, _ id: ClientOrderID, _ turn: inout Turn) {
        guard action != .nothing, orders[id] != nil else { return }
        if algos.owners[id] != nil { algos.moved.insert(id) }
        switch action {
        case .nothing: return
        case .send:
            send(id, &turn)
            return answerWaiters(id, &turn)
        case .cancel: cancel(id, &turn)
        case .query: query(id, &turn)
        case .awaitFills:
            let symbol = orders[id]?.symbol
            if let symbol, collectAt[symbol] == nil { collectAt[symbol] = turn.now + .seconds(1) }
        case .finish:
            orders[id]?.checkAt = nil
            unheard[id] = nil
            haltMoved(&turn)
        case .amend: sendAmend(id, &turn)
        case .save: break
        }
        if orders[id]?.life.isUnknown == true { plan(id, &turn) }
        orders[id]?.needsSave = true
        saveIfNeeded(id, &turn)
        answerWaiters(id, &turn)
        replaceIfDone(id, &turn)
    }

    // MARK: saving

    mutating func saveIfNeeded(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let fence, phase != .idle, phase != .loading, let order = orders[id],
            order.needsSave, order.saving == nil, order.life.name != .intent
        else { return }
        let token = nextToken
        nextToken += 1
        orders[id]?.saving = token
        orders[id]?.needsSave = false
        orders[id]?.savingDone = order.life.isDone
        orders[id]?.revision += 1
        guard let record = orders[id]?.record(writer: settings.writer, wall: turn.wall) else {
            return
        }
        turn.act(
            .saveOrder(record, isDone: order.life.isDone, fence: fence, token: token))
    }

    mutating func orderSaved(
        _ id: ClientOrderID, _ token: Int64, _ reply: SaveReply, _ turn: inout Turn
    ) {
        guard let order = orders[id], order.saving == token else { return }
        orders[id]?.saving = nil
        switch reply {
        case .saved, .exists:
            strike(id.text, &turn)
            reread(id, &turn)
            if order.life.isDone, !order.savingDone { orders[id]?.needsSave = true }
            if order.savingDone, order.life.isDone, !order.needsSave {
                retire(id, &turn)
            } else {
                saveIfNeeded(id, &turn)
            }
        case .unknown, .refused:
            orders[id]?.needsSave = true
            check(id, by: turn.now + .milliseconds(250))
        case .wrong(let what):
            orders[id]?.needsSave = true
            check(id, by: turn.now + .seconds(5))
            turn.act(.alert(code: "order_record", what, ["order": id.text]))
        case .fenced:
            // Not saved: it is after the next taking over, if that is ours.
            orders[id]?.needsSave = true
            fenced(&turn)
        }
    }

    /// The order is done and Redis knows it: it leaves the desk.
    private mutating func retire(_ id: ClientOrderID, _ turn: inout Turn) {
        answerWaiters(id, &turn)
        abandonAmends(id, &turn)
        let symbol = orders[id]?.symbol
        ledger.forget(id)
        orders[id] = nil
        releaseUnowned(symbol, &turn)
        settleAsking(id, &turn)
    }

    /// The order is looked at again at `time`, or before.
    mutating func check(_ id: ClientOrderID, by time: Instant) {
        let due = orders[id]?.checkAt
        orders[id]?.checkAt = min(due ?? time, time)
    }

    // MARK: sending

    /// Redis answered for an intent: only a confirmed one is sent, and only while the lease holds.
    mutating func intentReplied(_ id: ClientOrderID, _ reply: SaveReply, _ turn: inout Turn) {
        guard let order = orders[id], order.life.name == .intent, !order.awaitsFacts,
            !order.awaitsVerdict
        else { return }
        switch reply {
        case .saved:
            if fence == nil || phase == .idle {
                abandon(id, isRedisUp ? .leaseLost : .redisDown, "not sent", &turn)
            } else if turn.now > order.sendBy {
                abandon(id, .deadlinePassed, "the intent took too long to save", &turn)
            } else {
                orders[id]?.sentMilliseconds = turn.wall.milliseconds
                perform(orders[id]?.life.intentSaved(at: turn.now) ?? .nothing, id, &turn)
            }
        case .unknown: abandon(id, .redisDown, "the intent may not be saved", &turn)
        case .exists(let record): answerExisting(id, record, &turn)
        case .refused: drop(id, .redisDown, "the intent could not be saved", &turn)
        case .wrong(let what): drop(id, .redisDown, what, &turn)
        case .fenced:
            drop(id, .leaseLost, "another gateway has taken over", &turn)
            fenced(&turn)
        }
    }

    /// Ends an intent whose record may be in Redis, and of which nothing was sent.
    mutating func abandon(
        _ id: ClientOrderID, _ code: RefusalCode, _ reason: String, _ turn: inout Turn
    ) {
        orders[id]?.code = code.description
        orders[id]?.reason = reason
        orders[id]?.reserved = .zero
        perform(orders[id]?.life.abandoned() ?? .nothing, id, &turn)
    }

    /// Forgets an intent that was never saved.
    mutating func drop(
        _ id: ClientOrderID, _ code: RefusalCode, _ reason: String, _ turn: inout Turn
    ) {
        guard let order = orders.removeValue(forKey: id) else { return }
        for waiter in order.waiters {
            refuse(waiter.request, waiter.from, Refusal(code, reason), [:], &turn)
        }
    }

    /// The id was used before: a repeated request, answered with what became of the first.
    private mutating func answerExisting(
        _ id: ClientOrderID, _ record: OrderRecord?, _ turn: inout Turn
    ) {
        guard let order = orders.removeValue(forKey: id) else { return }
        for waiter in order.waiters {
            if let record {
                reply(waiter, record, &turn)
            } else {
                refuse(
                    waiter.request, waiter.from, Refusal(.malformed, "record unreadable"), [:],
                    &turn)
            }
        }
    }

    private mutating func send(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id] else { return }
        recentOrders[order.account, default: RecentTimes()].append(turn.now)
        let isClose = order.life.intent.isReduceOnly && settings.capabilities.isMargined
        // While Redis is away it was checked by what the ledger does not hold yet, and has the flag.
        if isClose, !isAlone { return sendClose(id, &turn) }
        dispatch(id, isReduceOnly: isClose && settings.capabilities.reduceOnly, &turn)
    }

    /// The order leaves.
    /// - Parameter isReduceOnly: the venue's own flag, which speaks of the net of all books.
    mutating func dispatch(_ id: ClientOrderID, isReduceOnly: Bool, _ turn: inout Turn) {
        guard var intent = orders[id]?.life.intent else { return }
        intent.isReduceOnly = isReduceOnly
        // An answer that never comes, not even as an error, is asked for.
        orders[id]?.checkAt = turn.now + .seconds(10)
        turn.act(.send(intent))
    }

    mutating func sendAnswered(_ id: ClientOrderID, _ outcome: SendOutcome, _ turn: inout Turn) {
        guard orders[id] != nil else { return }
        switch outcome {
        case .accepted(let report):
            if orders[id]?.life.isUnknown != true { orders[id]?.checkAt = nil }
            // Heard of before, or waited for from now on.
            if isStreamOpen, orders[id]?.life.name == .sent { unheard[id] = turn.now }
            acknowledged(id, report, &turn)
        case .rejected(let code, let text):
            if isReplanned(id, code: code, &turn) { return }
            let isReduceOnly = orders[id]?.life.intent.isReduceOnly == true
            let refusal: RefusalCode =
                code == -2022 && isReduceOnly ? .reduceOnlyRejected : .venueRejected
            fail(id, refusal, "\(code): \(text)", &turn)
            perform(orders[id]?.life.definiteReject() ?? .nothing, id, &turn)
            releaseUnowned(orders[id]?.symbol, &turn)
        case .busy(let code, let text):
            fail(id, .venueBusy, "\(code): \(text)", &turn)
            perform(orders[id]?.life.definiteReject() ?? .nothing, id, &turn)
            releaseUnowned(orders[id]?.symbol, &turn)
        case .notSent(let text):
            fail(id, .venueBusy, text, &turn)
            perform(orders[id]?.life.definiteReject() ?? .nothing, id, &turn)
            releaseUnowned(orders[id]?.symbol, &turn)
        case .duplicate:
            perform(orders[id]?.life.duplicateReported(at: turn.now) ?? .nothing, id, &turn)
        case .unknown(let text):
            orders[id]?.reason = text
            perform(orders[id]?.life.outcomeUnknown(at: turn.now) ?? .nothing, id, &turn)
        }
        keepWatch(id, &turn)
    }

    private mutating func fail(
        _ id: ClientOrderID, _ code: RefusalCode, _ reason: String, _ turn: inout Turn
    ) {
        switch orders[id]?.life.name {
        case .sent, .unknown:
            orders[id]?.code = code.description
            orders[id]?.reason = reason
        case .intent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .filled, .cancelled,
            .rejected, .expired, nil:
            break
        }
    }

    private mutating func acknowledged(
        _ id: ClientOrderID, _ order: VenueOrder, _ turn: inout Turn
    ) {
        let action = orders[id]?.life.acknowledged(VenueOrderReport(order)) ?? .nothing
        known(id, order, &turn)
        perform(action, id, &turn)
        answerWaiters(id, &turn)
    }

    /// A report of the venue on an order of ours, from whichever way.
    mutating func reported(_ id: ClientOrderID, _ order: VenueOrder, _ turn: inout Turn) {
        let action = orders[id]?.life.venueReported(VenueOrderReport(order)) ?? .nothing
        known(id, order, &turn)
        perform(action, id, &turn)
    }

    /// Remembers which order a venue id is, and lets trades that waited for that go on.
    mutating func known(_ id: ClientOrderID, _ order: VenueOrder, _ turn: inout Turn) {
        if order.status == .expired || order.status == .expiredInMatch,
            orders[id]?.code.isEmpty == true, orders[id]?.reason.isEmpty == true
        {
            orders[id]?.reason = "ended by the venue: \(order.status.text)"
        }
        remember(id)
        releaseUnowned(order.symbol, &turn)
    }

    mutating func remember(_ id: ClientOrderID) {
        guard let order = orders[id], order.life.orderID != 0 else { return }
        if namesByVenueID.count > 20_000 { namesByVenueID = [:] }
        namesByVenueID[VenueOrderKey(symbol: order.symbol, orderID: order.life.orderID)] = id.text
    }

    // MARK: cancelling

    private mutating func cancel(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], !order.isCancelling else { return }
        orders[id]?.isCancelling = true
        orders[id]?.checkAt = turn.now + .seconds(10)
        turn.act(.cancel(id, order.symbol))
    }

    mutating func cancelAnswered(
        _ id: ClientOrderID, _ outcome: CancelOutcome, _ turn: inout Turn
    ) {
        guard orders[id] != nil else { return }
        orders[id]?.isCancelling = false
        switch outcome {
        case .accepted(let order):
            let action = orders[id]?.life.cancelAccepted(VenueOrderReport(order)) ?? .nothing
            known(id, order, &turn)
            perform(action, id, &turn)
        case .notFound:
            perform(orders[id]?.life.cancelRejected(.unknownOrder) ?? .nothing, id, &turn)
        case .rejected(let code, let text):
            perform(orders[id]?.life.cancelRejected(.other(code)) ?? .nothing, id, &turn)
            failCancels(id, "\(code): \(text)", &turn)
        case .unknown:
            perform(orders[id]?.life.cancelOutcomeUnknown() ?? .nothing, id, &turn)
        }
        answerWaiters(id, &turn)
        keepWatch(id, &turn)
    }

    private mutating func failCancels(_ id: ClientOrderID, _ reason: String, _ turn: inout Turn) {
        let isReplaced = orders[id]?.replacement != nil
        let due = { (waiter: WorkingOrder.Waiter) in
            waiter.isCancel || (isReplaced && waiter.isAmend)
        }
        let waiters = orders[id]?.waiters.filter(due) ?? []
        orders[id]?.waiters.removeAll(where: due)
        if isReplaced { endAmend(id) }
        for waiter in waiters {
            refuse(waiter.request, waiter.from, Refusal(.venueRejected, reason), [:], &turn)
        }
    }

    // MARK: asking

    /// Asks the venue for an order, unless the question is out already.
    mutating func query(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id] else { return }
        let isOut = order.askedAt.map { turn.now - $0 < .seconds(5) } ?? false
        if isOut { return }
        orders[id]?.askedAt = turn.now
        // An answer that never comes, not even as an error, is asked for again.
        check(id, by: turn.now + .seconds(5))
        turn.act(.queryOrder(id, order.symbol))
    }

    mutating func orderAnswered(
        _ id: ClientOrderID, _ askedAt: Instant, _ outcome: QueryOutcome, _ turn: inout Turn
    ) {
        guard orders[id] != nil else {
            strayAnswered(id, outcome, &turn)
            settleAsking(id, &turn)
            return
        }
        if orders[id]?.awaitsVenue == true { return awayAnswered(id, outcome, &turn) }
        orders[id]?.askedAt = nil
        orders[id]?.checkAt = nil
        orders[id]?.mustAsk = outcome == .failed
        switch outcome {
        case .found(let order):
            let report = VenueOrderReport(order)
            let action = orders[id]?.life.foundAnswered(report, askedAt: askedAt) ?? .nothing
            known(id, order, &turn)
            perform(action, id, &turn)
            foundAgain(id, &turn)
            amendMoved(id, &turn)
            settleAsking(id, &turn)
        case .notFound:
            if orders[id]?.life.isUnknown == true, orders[id]?.code.isEmpty == true {
                orders[id]?.reason = "never arrived at the venue"
            }
            let action = orders[id]?.life.notFoundAnswered(askedAt: askedAt) ?? .nothing
            if action == .finish { orders[id]?.code = RefusalCode.venueRejected.description }
            perform(action, id, &turn)
            releaseUnowned(orders[id]?.symbol, &turn)
            plan(id, &turn)
            settleAsking(id, &turn)
        case .failed:
            orders[id]?.checkAt = turn.now + .seconds(1)
        }
        keepWatch(id, &turn)
    }

    /// What is on its way to another state is looked at again, however an answer went (C5).
    mutating func keepWatch(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], order.checkAt == nil else { return }
        if order.hold != nil { return check(id, by: turn.now + GatewayDesk.closePause) }
        if order.needsSave, order.saving == nil {
            orders[id]?.checkAt = turn.now + .milliseconds(250)
            return
        }
        switch order.life.name {
        case .sent, .unknown, .pendingCancel, .pendingAmend:
            orders[id]?.checkAt = turn.now + .seconds(5)
        case .intent, .open, .partiallyFilled, .filled, .cancelled, .rejected, .expired: break
        }
    }

    /// A question found the order: a cancel that got lost goes out anew; one that is done ends here.
    mutating func foundAgain(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id] else { return }
        if order.life.isDone, order.saving == nil {
            perform(.finish, id, &turn)
        } else if order.life.isFinal {
            perform(.awaitFills, id, &turn)
        } else if order.life.name == .pendingCancel, !order.isCancelling {
            orders[id]?.needsCancel = true
            orders[id]?.checkAt = turn.now + .milliseconds(500)
        }
    }

    mutating func recancel(_ id: ClientOrderID, _ turn: inout Turn) {
        orders[id]?.needsCancel = false
        if orders[id]?.life.name == .pendingCancel { cancel(id, &turn) }
    }

    /// When an unknown order is asked for next: soon at first, then late enough to be evidence.
    private mutating func plan(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], order.life.isUnknown else { return }
        let waits: [Int64] = [1, 3, 12]
        let step = Int(min(order.checks, Int64(waits.count)))
        orders[id]?.checks += 1
        orders[id]?.checkAt = turn.now + .seconds(step < waits.count ? waits[step] : 2)
    }
}

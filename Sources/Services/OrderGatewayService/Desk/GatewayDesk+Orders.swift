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
        guard action != .nothing, orders.holds(id) else { return }
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
            haltMoved(&turn)
        case .amend: sendAmend(id, &turn)
        case .save: break
        }
        if orders.read(id, { $0.life.isUnknown }) == true { plan(id, &turn) }
        orders.change(id) { $0.needsSave = true }
        saveIfNeeded(id, &turn)
        answerWaiters(id, &turn)
        replaceIfDone(id, &turn)
    }

    // MARK: saving

    mutating func saveIfNeeded(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let fence, phase != .idle, phase != .loading, mustSave(id) else { return }
        let token = nextToken
        nextToken += 1
        let isClaimed = !algos.claimed.isEmpty && algos.claimed[id] != nil
        let saved = orders.change(id) {
            $0.saving = token
            $0.needsSave = false
            $0.savingDone = $0.life.isDone && !isClaimed
            $0.revision += 1
            return ($0.record(writer: settings.writer, wall: turn.wall), $0.savingDone)
        }
        guard let saved else { return }
        turn.act(.saveOrder(saved.0, isDone: saved.1, fence: fence, token: token))
    }

    private func mustSave(_ id: ClientOrderID) -> Bool {
        orders.read(id) { $0.needsSave && $0.saving == nil && $0.life.name != .intent } ?? false
    }

    mutating func orderSaved(
        _ id: ClientOrderID, _ token: Int64, _ reply: SaveReply, _ turn: inout Turn
    ) {
        guard orders.read(id, { $0.saving }) == token else { return }
        orders.change(id) { $0.saving = nil }
        switch reply {
        case .saved, .exists: orderKept(id, &turn)
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

    private mutating func orderKept(_ id: ClientOrderID, _ turn: inout Turn) {
        if !journalled.isEmpty { strike(id.text, &turn) }
        ahead.kept(id)
        let (isDone, isAllKept) =
            orders.read(id) { ($0.life.isDone, $0.savingDone && !$0.needsSave) } ?? (false, false)
        reread(id, &turn)
        if isDone, isAllKept { return retire(id, &turn) }
        // An order that an algorithm took back stays listed until the algorithm's state names it.
        if isDone, orders[id]?.savingDone == false, algos.claimed[id] == nil {
            orders[id]?.needsSave = true
        }
        saveIfNeeded(id, &turn)
    }

    /// The order is done and Redis knows it: it leaves the desk.
    private mutating func retire(_ id: ClientOrderID, _ turn: inout Turn) {
        answerWaiters(id, &turn)
        abandonAmends(id, &turn)
        let symbol = orders[id]?.symbol
        ledger.forget(id)
        orders[id] = nil
        ahead.use(id, now: turn.now)
        releaseUnowned(symbol, &turn)
        settleAsking(id, &turn)
    }

    /// The order is looked at again at `time`, or before.
    mutating func check(_ id: ClientOrderID, by time: Instant) {
        let due = orders[id]?.checkAt
        orders[id]?.checkAt = min(due ?? time, time)
    }

    // MARK: sending

    /// Redis answered for an intent. An order that waited for it is sent where it is confirmed, and only
    /// while the lease holds.
    mutating func intentReplied(_ id: ClientOrderID, _ reply: SaveReply, _ turn: inout Turn) {
        if let token = ahead.answered(id, isKept: reply.isKept) {
            return aheadReplied(id, token, reply, &turn)
        }
        guard let sendBy = sendByOfIntent(id) else { return }
        switch reply {
        case .saved:
            ahead.kept(id)
            if fence == nil || phase == .idle {
                abandon(id, isRedisUp ? .leaseLost : .redisDown, "not sent", &turn)
            } else if turn.now > sendBy {
                abandon(id, .deadlinePassed, "the intent took too long to save", &turn)
            } else {
                let action = orders.change(id) {
                    $0.sentMilliseconds = turn.wall.milliseconds
                    return $0.life.intentSaved(at: turn.now)
                }
                perform(action ?? .nothing, id, &turn)
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

    /// Until when an order may be sent whose intent is being saved; nil of any other.
    private func sendByOfIntent(_ id: ClientOrderID) -> Instant? {
        orders.read(id) {
            $0.life.name == .intent && !$0.awaitsFacts && !$0.awaitsVerdict ? $0.sendBy : nil
        } ?? nil
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
        if algos.owners[id] != nil { algos.moved.insert(id) }
        for waiter in order.waiters {
            refuse(waiter.request, waiter.from, Refusal(code, reason), [:], &turn)
        }
    }

    /// The id was used before: a repeated request, answered with what became of the first.
    private mutating func answerExisting(
        _ id: ClientOrderID, _ record: OrderRecord?, _ turn: inout Turn
    ) {
        guard let order = orders.removeValue(forKey: id) else { return }
        if algos.owners[id] != nil { algos.moved.insert(id) }
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
        guard let account = orders.read(id, { $0.account }) else { return }
        recentOrders[account, default: RecentTimes()].append(turn.now)
        let isClose = isReducing(id) && settings.capabilities.isMargined
        // While Redis is away it was checked by what the ledger does not hold yet, and has the flag.
        if isClose, !isAlone { return sendClose(id, &turn) }
        dispatch(id, isReduceOnly: isClose && settings.capabilities.reduceOnly, &turn)
    }

    /// The order leaves.
    /// - Parameter isReduceOnly: the venue's own flag, which speaks of the net of all books.
    mutating func dispatch(_ id: ClientOrderID, isReduceOnly: Bool, _ turn: inout Turn) {
        let sent = orders.change(id) {
            // An answer that never comes, not even as an error, is asked for.
            $0.checkAt = turn.now + .seconds(10)
            return $0.life.intent
        }
        guard var intent = sent else { return }
        intent.isReduceOnly = isReduceOnly
        turn.act(.send(intent))
    }

    mutating func sendAnswered(_ id: ClientOrderID, _ outcome: SendOutcome, _ turn: inout Turn) {
        guard orders.holds(id) else { return }
        switch outcome {
        case .accepted(let report):
            let name = orders.change(id) {
                if !$0.life.isUnknown { $0.checkAt = nil }
                return $0.life.name
            }
            // Heard of before, or waited for from now on.
            if isStreamOpen, name == .sent {
                unheard.set(id, turn.now + settings.streamPatience)
            }
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
        let report = VenueOrderReport(order)
        let action = orders.change(id) { $0.life.acknowledged(report) } ?? .nothing
        known(id, order, &turn)
        perform(action, id, &turn)
        answerWaiters(id, &turn)
    }

    /// A report of the venue on an order of ours, from whichever way.
    mutating func reported(_ id: ClientOrderID, _ order: VenueOrder, _ turn: inout Turn) {
        let report = VenueOrderReport(order)
        let action = orders.change(id) { $0.life.venueReported(report) } ?? .nothing
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
        guard let (symbol, number) = orders.read(id, { ($0.symbol, $0.life.orderID) }), number != 0
        else { return }
        if namesByVenueID.count > 20_000 { namesByVenueID = [:] }
        namesByVenueID[VenueOrderKey(symbol: symbol, orderID: number)] = id.text
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
        if let askedAt = order.askedAt, turn.now - askedAt < .seconds(5) {
            return check(id, by: askedAt + .seconds(5))
        }
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
        if let pause = pauseBeforeLooking(id) { check(id, by: turn.now + pause) }
    }

    /// Nil where the order is looked at anyway, or rests.
    private func pauseBeforeLooking(_ id: ClientOrderID) -> Interval? {
        orders.read(id) { order -> Interval? in
            if order.checkAt != nil { return nil }
            if order.hold != nil { return GatewayDesk.closePause }
            if order.needsSave, order.saving == nil { return .milliseconds(250) }
            return switch order.life.name {
            case .sent, .unknown, .pendingCancel, .pendingAmend: .seconds(5)
            case .intent, .open, .partiallyFilled, .filled, .cancelled, .rejected, .expired: nil
            }
        } ?? nil
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

    /// An order is to go. Of a cancel that a crash or a lost request left without an answer, nobody waits
    /// for one: it is sent anew.
    mutating func takeBack(_ id: ClientOrderID, _ turn: inout Turn) {
        perform(orders[id]?.life.cancelRequested() ?? .nothing, id, &turn)
        recancel(id, &turn)
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

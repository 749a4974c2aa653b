import BusProtocol
import Chronology
import Orders
import Trading

/// Answers to commands.
extension GatewayDesk {
    /// How long a command waits beyond the ack for the fills of an order that is over.
    static let fillPatience = Interval.milliseconds(500)

    func waiter(
        for command: Command, _ aim: WorkingOrder.Waiter.Aim, _ turn: Turn
    ) -> WorkingOrder.Waiter {
        let left = WallTime(milliseconds: command.deadlineMilliseconds) - turn.wall
        // Answer a little before the asker gives up.
        let patience = max(.milliseconds(1), left - .milliseconds(50))
        return WorkingOrder.Waiter(
            request: command.id, from: command.from, aim: aim, answerAt: turn.now + patience)
    }

    /// Answers those whose answer is known now.
    mutating func answerWaiters(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let answers = dueAnswers(id, turn) else { return }
        orders.change(id) { $0.waiters = answers.waiting }
        for waiter in answers.settled { reply(waiter, answers.record, &turn) }
    }

    /// Who of those that wait is answered now, with which record, and who waits on.
    private struct Answers {
        let record: OrderRecord
        var settled: [WorkingOrder.Waiter] = []
        var waiting: [WorkingOrder.Waiter] = []
    }

    /// Nil where nothing changes for any of those that wait.
    private func dueAnswers(_ id: ClientOrderID, _ turn: Turn) -> Answers? {
        guard let order = orders[id], !order.waiters.isEmpty,
            order.life.isFinal || order.waiters.contains(where: { isSettled(order, $0) })
        else { return nil }
        var answers = Answers(record: order.record(writer: settings.writer, wall: turn.wall))
        for var waiter in order.waiters {
            if isSettled(order, waiter) {
                answers.settled.append(waiter)
            } else {
                let latest = turn.now + GatewayDesk.fillPatience
                if order.life.isFinal { waiter.answerAt = min(waiter.answerAt, latest) }
                answers.waiting.append(waiter)
            }
        }
        return answers
    }

    private func isSettled(_ order: WorkingOrder, _ waiter: WorkingOrder.Waiter) -> Bool {
        if waiter.isAmend, order.replacement != nil { return false }
        if order.life.isDone { return true }
        switch waiter.aim {
        case .cancelled: return false
        case .amended: return order.amendIsSettled
        case .sent: if order.life.name == .sent { return true }
        case .placed: break
        }
        switch order.life.name {
        case .open, .pendingCancel, .pendingAmend: return true
        // An order that trades at once is told with its fills.
        case .partiallyFilled: return order.life.executedByTrades == order.life.booked
        case .intent, .sent, .unknown, .filled, .cancelled, .rejected, .expired: return false
        }
    }

    /// Time is up: answers with what is known.
    mutating func expireWaiters(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id] else { return }
        let record = order.record(writer: settings.writer, wall: turn.wall)
        let due = order.waiters.filter { $0.answerAt <= turn.now }
        orders[id]?.waiters.removeAll { $0.answerAt <= turn.now }
        for waiter in due {
            let name = order.life.name
            let isVague = name == .intent || name == .sent || name == .unknown
            if order.life.isFinal || (waiter.isPlacing && !isVague) {
                reply(waiter, record, &turn)
            } else {
                let body = Dictionary(record.fields) { _, last in last }
                let refusal = Refusal(.outcomeUnknown, "the venue has not answered; state \(name)")
                // Not remembered: a repeat is told what has become of it by then.
                turn.act(
                    .reply(GatewayDesk.refused(waiter.request, refusal, body), to: waiter.from))
            }
        }
    }

    /// Answers a command about an order with the order's record.
    mutating func reply(
        _ waiter: WorkingOrder.Waiter, _ record: OrderRecord, _ turn: inout Turn
    ) {
        let body = Dictionary(record.fields) { _, last in last }
        switch waiter.aim {
        case .cancelled where record.status == OrderStateName.cancelled.rawValue:
            finish(Reply.ok(waiter.request, body), to: waiter.from, &turn)
        case .cancelled:
            let refusal = Refusal(.orderFinal, "it is \(record.status)")
            refuse(waiter.request, waiter.from, refusal, body, &turn)
        case .amended(let wanted): replyAmended(waiter, wanted, record, body, &turn)
        case .sent where record.status == OrderStateName.sent.rawValue:
            replyProvisional(waiter, record, body, &turn)
        case .placed, .sent: replyPlaced(waiter, record, body, &turn)
        }
    }

    /// The order is on its way: what it will likely come to, not remembered, so that a repeat is told
    /// the real fill (B2b).
    private mutating func replyProvisional(
        _ waiter: WorkingOrder.Waiter, _ record: OrderRecord, _ body: [String: String],
        _ turn: inout Turn
    ) {
        var body = body
        body["provisional"] = "1"
        if let price = orders[record.intent.clientOrderID]?.estimate {
            let notional = price.times(record.intent.quantity, .up)
            body["executed"] = record.intent.quantity.text
            body["average"] = price.text
            body["executed_notional"] = notional.text
            body["fees"] = notional.scaled(by: settings.limits.takerFee, .up).text
            body["fee_asset"] = settings.settlementAsset
        }
        turn.act(.reply(Reply.ok(waiter.request, body), to: waiter.from))
    }

    private mutating func replyPlaced(
        _ waiter: WorkingOrder.Waiter, _ record: OrderRecord, _ body: [String: String],
        _ turn: inout Turn
    ) {
        if record.code.isEmpty {
            finish(Reply.ok(waiter.request, body), to: waiter.from, &turn)
        } else {
            let reply = Reply(
                id: waiter.request, isOK: false, code: record.code, reason: record.reason,
                body: body)
            finish(reply, to: waiter.from, &turn)
        }
    }

    mutating func answer(
        _ command: Command, refusing code: RefusalCode, _ reason: String, _ turn: inout Turn
    ) {
        refuse(command.id, command.from, Refusal(code, reason), [:], &turn)
    }

    /// Refuses; nothing was executed, so that the request may be repeated and is not remembered.
    mutating func refuse(
        _ request: String, _ from: String, _ refusal: Refusal, _ body: [String: String],
        _ turn: inout Turn
    ) {
        turn.act(.reply(GatewayDesk.refused(request, refusal, body), to: from))
    }

    private static func refused(
        _ request: String, _ refusal: Refusal, _ body: [String: String]
    ) -> Reply {
        var reply = Reply.refused(
            request, refusal.code.description,
            refusal.detail.isEmpty ? refusal.code.description : refusal.detail)
        reply.body = body
        reply.body["refusal"] = "\(refusal.code.rawValue)"
        return reply
    }

    mutating func finish(_ reply: Reply, to from: String, _ turn: inout Turn) {
        answered.keep(reply)
        turn.act(.reply(reply, to: from))
    }
}

import BusProtocol
import Chronology
import Orders
import Positions
import Trading

/// What happens when nothing happens: questions asked again, waiting commands answered.
extension GatewayDesk {
    mutating func woke(_ turn: inout Turn) {
        wakeAt = nil
        if let due = retryAt, due <= turn.now {
            retryAt = nil
            retryStep(&turn)
        }
        for account in retryLedgerAt.keys.sorted()
        where retryLedgerAt[account] ?? turn.now <= turn.now {
            retryLedgerAt[account] = nil
            perform(ledger.retry(account), &turn)
        }
        for symbol in collectAt.keys.sorted() where collectAt[symbol] ?? turn.now <= turn.now {
            // Without a stream, or amid a recovery, its own collecting is to come.
            collectAt[symbol] = nil
            switch phase {
            case .collecting, .ready: collect(symbol, &turn)
            case .idle, .loading, .openingStream, .listing, .asking: break
            }
        }
        if let due = retrySharedAt, due <= turn.now {
            retrySharedAt = nil
            performShared(shared.retry(ledger), &turn)
        }
        if let due = statesAt, due <= turn.now { saveUnsavedStates(&turn) }
        verifyAgain(&turn)
        readIDsAgain(&turn)
        wakeAlgos(&turn)
        checkHalts(&turn)
        checkTenures(&turn)
        checkStream(&turn)
        for id in orders.due(by: turn.now) { check(id, &turn) }
    }

    private mutating func check(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id] else { return }
        if order.awaitsVenue { return askAway(id, &turn) }
        if order.waiters.contains(where: { $0.answerAt <= turn.now }) { expireWaiters(id, &turn) }
        guard let due = order.checkAt, due <= turn.now else { return }
        orders[id]?.checkAt = nil
        if order.hold != nil { return checkClose(id, &turn) }
        saveIfNeeded(id, &turn)
        if order.nextAmend != nil { amendMoved(id, &turn) }
        if order.needsCancel {
            recancel(id, &turn)
            return
        }
        switch order.life.name {
        case .intent: break
        case .sent, .unknown, .pendingCancel, .pendingAmend: query(id, &turn)
        case .open, .partiallyFilled, .filled, .cancelled, .rejected, .expired:
            if order.mustAsk || order.askedAt != nil || isAsking(id) { query(id, &turn) }
        }
    }

    private func isAsking(_ id: ClientOrderID) -> Bool {
        if case .asking(let asked) = phase { return asked.contains(id) }
        return false
    }

    /// Arms the next wake-up where it has changed.
    mutating func scheduleWake(_ turn: inout Turn) {
        var next = algosDueAt
        if let retryAt { next = min(next, retryAt) }
        if let retrySharedAt { next = min(next, retrySharedAt) }
        if let statesAt { next = min(next, statesAt) }
        if let due = ahead.readAt, phase != .idle, phase != .loading { next = min(next, due) }
        for due in retryLedgerAt.values { next = min(next, due) }
        for due in collectAt.values { next = min(next, due) }
        for due in verifyAt.values { next = min(next, due) }
        for halt in halts.values { next = min(next, halt.nextAt) }
        if let due = unheard.first { next = min(next, due) }
        if let due = tenures.lookAt { next = min(next, due) }
        if let due = orders.firstDue { next = min(next, due) }
        guard next != .distantFuture, next != wakeAt else { return }
        wakeAt = next
        turn.act(.wake(at: next))
    }
}

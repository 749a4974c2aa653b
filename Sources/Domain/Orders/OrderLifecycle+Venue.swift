package import Chronology
package import Trading

/// What the venue tells: reports, trades and "not found".
extension OrderLifecycle {
    /// The venue answered the send with the order's record.
    package mutating func acknowledged(_ report: VenueOrderReport) -> LifecycleAction {
        absorb(report)
    }

    /// The venue's stream or a query gave the order's record; older news is ignored.
    package mutating func venueReported(_ report: VenueOrderReport) -> LifecycleAction {
        absorb(report)
    }

    /// The venue answered the cancel with the order's record.
    package mutating func cancelAccepted(_ report: VenueOrderReport) -> LifecycleAction {
        absorb(report)
    }

    /// Takes over what a report says of quantity and price, and nothing else; older news is ignored.
    package mutating func noted(_ report: VenueOrderReport) {
        guard report.quantity.isPositive,
            report.atMilliseconds >= termsAtMilliseconds || report.status.isFinal
        else { return }
        termsAtMilliseconds = max(termsAtMilliseconds, report.atMilliseconds)
        areTermsDoubtful = false
        intent.quantity = report.quantity
        if intent.price != nil, report.price.isPositive { intent.price = report.price }
        if case .pendingAmend(let resting, let wanted) = state, wanted.quantity == report.quantity,
            wanted.price == report.price
        {
            state = resting == .open ? .open : .partiallyFilled
        }
    }

    private mutating func absorb(_ report: VenueOrderReport) -> LifecycleAction {
        let before = (state: state, intent: intent)
        noted(report)
        let grew = report.executed > reported
        let isNewID = orderID == 0 && report.orderID != 0
        if isNewID { orderID = report.orderID }
        if grew { reported = report.executed }
        switch state {
        case .intent, .rejected:
            if report.status == .rejected { return finalReport(.rejected, grew) }
            contradictions += 1
            return enter(report.status)
        case .sent, .unknown:
            return enter(report.status)
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend:
            if report.status.isFinal { return enter(report.status) }
            progress()
            let isNews = state != before.state || intent != before.intent
            return isNews || grew || isNewID ? .save : .nothing
        case .filled, .cancelled, .expired:
            if report.status == .filled, state != .filled {
                contradictions += 1
                return finalReport(.filled, true)
            }
            if !report.status.isFinal, !grew { return .nothing }
            return grew ? settled() : .nothing
        }
    }

    /// Takes over a status of the venue as the state.
    private mutating func enter(_ status: VenueOrderStatus) -> LifecycleAction {
        switch status {
        case .new, .partiallyFilled, .other:
            state = executed.isZero ? .open : .partiallyFilled
            return cancelIfWanted()
        case .filled: return finalReport(.filled, true)
        case .canceled: return finalReport(.cancelled, true)
        case .rejected: return finalReport(.rejected, true)
        case .expired, .expiredInMatch: return finalReport(.expired, true)
        }
    }

    private mutating func finalReport(_ final: State, _ changed: Bool) -> LifecycleAction {
        let isNews = changed || state != final
        let isWhole = !hasDoubtfulTerms || reported.isZero
        state = final
        if final == .filled, isWhole, reported < intent.quantity { reported = intent.quantity }
        return isNews ? settled() : .nothing
    }

    /// An order now known to rest is cancelled if that was asked for meanwhile.
    private mutating func cancelIfWanted() -> LifecycleAction {
        guard wantsCancel, let resting else { return .save }
        state = .pendingCancel(of: resting)
        return .cancel
    }

    /// Moves a resting order on as far as its executed quantity tells.
    private mutating func progress() {
        guard executed.isPositive else { return }
        switch state {
        case .open: state = .partiallyFilled
        case .pendingCancel: state = .pendingCancel(of: .partiallyFilled)
        case .pendingAmend(_, let amendment):
            state = .pendingAmend(of: .partiallyFilled, to: amendment)
        case .intent, .sent, .partiallyFilled, .unknown, .filled, .cancelled, .rejected, .expired:
            break
        }
    }

    func settled() -> LifecycleAction { isDone ? .finish : .awaitFills }

    /// What rests at the venue, or nil where it does not, or nothing is known.
    var resting: Resting? {
        switch state {
        case .open: .open
        case .partiallyFilled: .partiallyFilled
        case .pendingCancel(let resting), .pendingAmend(let resting, _): resting
        case .intent, .sent, .unknown, .filled, .cancelled, .rejected, .expired: nil
        }
    }

    // MARK: trades

    /// Whether a trade was received before, booked or not.
    package func knows(trade: Int64) -> Bool {
        bookedTrades.contains(trade) || unbooked[trade] != nil
    }

    /// A trade of this order was received, from the stream or a list; it proves that the order lives.
    package mutating func fillReceived(trade: Int64, _ quantity: Quantity) -> LifecycleAction {
        if knows(trade: trade) { return .nothing }
        early[trade] = nil
        unbooked[trade] = quantity
        let isWhole = !hasDoubtfulTerms && executed >= intent.quantity
        if !hasDoubtfulTerms, executed > intent.quantity { contradictions += 1 }
        switch state {
        case .intent, .rejected:
            contradictions += 1
            return liveByTrade(isWhole, .query)
        case .sent, .unknown:
            return liveByTrade(isWhole, wantsCancel ? .cancel : .save)
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend:
            if isWhole { return filledByTrades() }
            progress()
            // Of doubtful terms the venue tells whether this was all.
            return executed >= intent.quantity ? .query : .save
        case .filled:
            return settled()
        case .cancelled, .expired:
            return isWhole ? filledByTrades() : settled()
        }
    }

    /// A trade of this order was told ahead of its full report, which is merged with it by its id.
    ///
    /// It counts as executed at once, and is never booked: it names no fee. An order is not filled
    /// by it, nor done before the full report has come.
    package mutating func earlyFillReceived(
        trade: Int64, _ quantity: Quantity
    ) -> LifecycleAction {
        if knows(trade: trade) || early[trade] != nil { return .nothing }
        early[trade] = quantity
        switch state {
        case .intent, .rejected:
            contradictions += 1
            state = .partiallyFilled
            return .query
        case .sent, .unknown:
            state = wantsCancel ? .pendingCancel(of: .partiallyFilled) : .partiallyFilled
            return wantsCancel ? .cancel : .save
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend:
            progress()
            return .nothing
        case .filled, .cancelled, .expired:
            return .awaitFills
        }
    }

    private mutating func liveByTrade(
        _ isWhole: Bool, _ action: LifecycleAction
    ) -> LifecycleAction {
        if isWhole { return filledByTrades() }
        state = action == .cancel ? .pendingCancel(of: .partiallyFilled) : .partiallyFilled
        return action
    }

    private mutating func filledByTrades() -> LifecycleAction {
        state = .filled
        return settled()
    }

    /// The ledger holds a trade of this order, now or since before; `total` is all it has booked.
    package mutating func fillBooked(trade: Int64, total: Quantity) -> LifecycleAction {
        let isNews = unbooked.removeValue(forKey: trade) != nil || total != booked
        early[trade] = nil
        bookedTrades.insert(trade)
        if total > booked { booked = total }
        if !isFinal, !hasDoubtfulTerms, booked >= intent.quantity { return filledByTrades() }
        if isFinal { return isNews ? settled() : .nothing }
        return isNews ? .save : .nothing
    }

    // MARK: absence

    /// The venue answered a question put at `askedAt` with "not found".
    ///
    /// An order that was known to the venue is in doubt from then on, and over once the doubt is
    /// settled: whatever ended it, it rests no more.
    package mutating func notFoundAnswered(askedAt: Instant) -> LifecycleAction {
        switch state {
        case .unknown(var doubt):
            guard askedAt - doubt.sentAt >= OrderLifecycle.settlingTime else { return .nothing }
            doubt.notFoundAnswers += 1
            guard doubt.notFoundAnswers >= OrderLifecycle.answersNeeded else {
                state = .unknown(doubt)
                return .nothing
            }
            state = orderID == 0 ? .rejected : .expired
            return settled()
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend:
            contradictions += 1
            state = .unknown(Doubt(sentAt: askedAt))
            return .save
        case .intent, .sent, .filled, .cancelled, .rejected, .expired:
            return .nothing
        }
    }
}

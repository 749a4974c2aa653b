package import Chronology
import Trading

/// What we ask of the venue, and its plain answers to that.
extension OrderLifecycle {
    /// Redis holds the intent: the order may be sent, unless it was cancelled meanwhile.
    package mutating func intentSaved(at now: Instant) -> LifecycleAction {
        switch state {
        case .intent:
            if wantsCancel {
                state = .cancelled
                return settled()
            }
            state = .sent(at: now)
            return .send
        case .sent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .unknown, .filled,
            .cancelled, .rejected, .expired:
            return .nothing
        }
    }

    /// The intent was given up before any byte left.
    package mutating func abandoned() -> LifecycleAction {
        switch state {
        case .intent:
            state = .rejected
            return settled()
        case .sent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .unknown, .filled,
            .cancelled, .rejected, .expired:
            return .nothing
        }
    }

    /// The venue refused the order for certain: it was not executed and never will be.
    package mutating func definiteReject() -> LifecycleAction {
        switch state {
        case .sent, .unknown:
            state = .rejected
            return settled()
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend:
            contradictions += 1
            return .query
        case .intent, .filled, .cancelled, .rejected, .expired:
            return .nothing
        }
    }

    /// The venue says that the client order id is taken (-4116): an earlier try of ours lives (S1).
    package mutating func duplicateReported(at now: Instant) -> LifecycleAction {
        outcomeUnknown(at: now)
    }

    /// The send ended without an answer that says whether it was executed.
    package mutating func outcomeUnknown(at now: Instant) -> LifecycleAction {
        switch state {
        case .sent(let sentAt):
            state = .unknown(Doubt(sentAt: max(sentAt, now)))
            return .query
        case .unknown:
            return .query
        case .intent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    // MARK: cancelling

    /// A cancel is wanted; what is not known to rest is cancelled once it is.
    package mutating func cancelRequested() -> LifecycleAction {
        switch state {
        case .intent, .sent:
            wantsCancel = true
            return .nothing
        case .unknown:
            wantsCancel = true
            return .cancel
        case .open:
            wantsCancel = true
            state = .pendingCancel(of: .open)
            return .cancel
        case .partiallyFilled:
            wantsCancel = true
            state = .pendingCancel(of: .partiallyFilled)
            return .cancel
        case .pendingAmend(let resting, _):
            wantsCancel = true
            state = .pendingCancel(of: resting)
            return .cancel
        case .pendingCancel, .filled, .cancelled, .rejected, .expired:
            return .nothing
        }
    }

    /// The venue would not cancel. Never a reason to send anything anew (C1).
    package mutating func cancelRejected(_ refusal: CancelRefusal) -> LifecycleAction {
        switch (state, refusal) {
        case (.intent, _), (.filled, _), (.cancelled, _), (.rejected, _), (.expired, _):
            return .nothing
        case (.sent, .unknownOrder), (.unknown, .unknownOrder), (.open, .unknownOrder),
            (.partiallyFilled, .unknownOrder), (.pendingCancel, .unknownOrder),
            (.pendingAmend, .unknownOrder):
            return .query
        case (.pendingCancel(let resting), .other):
            wantsCancel = false
            state = resting == .open ? .open : .partiallyFilled
            return .save
        case (.sent, .other), (.unknown, .other), (.open, .other), (.partiallyFilled, .other),
            (.pendingAmend, .other):
            wantsCancel = false
            return .nothing
        }
    }

    /// The cancel ended without an answer.
    package mutating func cancelOutcomeUnknown() -> LifecycleAction {
        switch state {
        case .sent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .unknown: .query
        case .intent, .filled, .cancelled, .rejected, .expired: .nothing
        }
    }

    // MARK: amending

    /// Another quantity or price is wanted of a resting order.
    package mutating func amendRequested(_ amendment: Amendment) -> LifecycleAction {
        switch state {
        case .open:
            state = .pendingAmend(of: .open, to: amendment)
            return .amend
        case .partiallyFilled:
            state = .pendingAmend(of: .partiallyFilled, to: amendment)
            return .amend
        case .intent, .sent, .pendingCancel, .pendingAmend, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    /// The venue took the amendment over; an amendment to what is filled already cancels (C7).
    package mutating func amendAccepted(_ report: VenueOrderReport) -> LifecycleAction {
        switch state {
        case .pendingAmend(let resting, let amendment):
            intent.quantity = amendment.quantity
            intent.price = amendment.price
            state = resting == .open ? .open : .partiallyFilled
            let action = venueReported(report)
            return action == .nothing ? .save : action
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return venueReported(report)
        }
    }

    /// The venue left the order as it was.
    package mutating func amendRejected() -> LifecycleAction {
        switch state {
        case .pendingAmend(let resting, _):
            state = resting == .open ? .open : .partiallyFilled
            return .query
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    /// The amendment ended without an answer.
    package mutating func amendOutcomeUnknown() -> LifecycleAction {
        switch state {
        case .pendingAmend: .query
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .unknown, .filled, .cancelled,
            .rejected, .expired:
            .nothing
        }
    }
}

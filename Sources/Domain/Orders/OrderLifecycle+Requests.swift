package import Chronology
package import Trading

/// What we ask of the venue, and its plain answers to that.
extension OrderLifecycle {
    /// Redis holds the intent, or has it on its way: the order may be sent, unless it was cancelled
    /// meanwhile.
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

    /// A close that was not sent, as the exchange does not hold what it would close: the books were
    /// closed without it.
    package mutating func closedAtMark() -> LifecycleAction {
        switch state {
        case .sent:
            state = .cancelled
            return settled()
        case .intent, .open, .partiallyFilled, .pendingCancel, .pendingAmend, .unknown, .filled,
            .cancelled, .rejected, .expired:
            return .nothing
        }
    }

    /// Only so much of the order is sent: of a size that no venue has seen yet.
    package mutating func cut(to quantity: Quantity) {
        guard case .sent = state, quantity.isPositive, quantity < intent.quantity else { return }
        intent.quantity = quantity
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
            areTermsDoubtful = true
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
    package mutating func amendRequested(
        _ amendment: Amendment, at now: Instant
    ) -> LifecycleAction {
        switch state {
        case .open:
            amendSentAt = now
            state = .pendingAmend(of: .open, to: amendment)
            return .amend
        case .partiallyFilled:
            amendSentAt = now
            state = .pendingAmend(of: .partiallyFilled, to: amendment)
            return .amend
        case .intent, .sent, .pendingCancel, .pendingAmend, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    /// The venue answered the amendment with the order's record; one to what is filled already
    /// cancels (C7). A record that names no quantity is taken for the amended one.
    package mutating func amendAccepted(_ report: VenueOrderReport) -> LifecycleAction {
        switch state {
        case .pendingAmend(let resting, let amendment):
            if report.quantity.isZero, !report.status.isFinal {
                intent.quantity = amendment.quantity
                intent.price = amendment.price
                rest(resting)
            }
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
            rest(resting)
            return .query
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    /// The amendment never left this process.
    package mutating func amendAbandoned() -> LifecycleAction {
        switch state {
        case .pendingAmend(let resting, _):
            rest(resting)
            return .save
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    /// The amendment ended without an answer.
    package mutating func amendOutcomeUnknown(at now: Instant) -> LifecycleAction {
        switch state {
        case .pendingAmend:
            amendSentAt = max(amendSentAt, now)
            return .query
        case .intent, .sent, .open, .partiallyFilled, .pendingCancel, .unknown, .filled, .cancelled,
            .rejected, .expired:
            return .nothing
        }
    }

    /// The venue answered a question put at `askedAt` with the order's record.
    ///
    /// An amendment that has not come by a question put long after it left never will: the venue
    /// refuses requests that are older than their receive window.
    package mutating func foundAnswered(
        _ report: VenueOrderReport, askedAt: Instant
    ) -> LifecycleAction {
        let action = venueReported(report)
        guard case .pendingAmend(let resting, _) = state,
            askedAt - amendSentAt >= OrderLifecycle.settlingTime
        else { return action }
        rest(resting)
        return action == .nothing ? .save : action
    }

    private mutating func rest(_ resting: Resting) {
        state = resting == .open ? .open : .partiallyFilled
    }
}

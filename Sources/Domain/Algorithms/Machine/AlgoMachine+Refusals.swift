import Chronology
import Orders
import Trading

/// What the end of an order, and a refusal most of all, means for the next.
extension AlgoMachine {
    /// An order is over: what that means for the next.
    mutating func ended(_ change: ChildChange, _ before: ChildOrder.Phase?, _ now: Instant) {
        if change.child.lot == closingLot, change.refusal == nil { closingMost = nil }
        if before == .cancelling { return }
        if let refusal = change.refusal {
            progress.refused += 1
            refused(refusal, change.child, now, admitting: change.admitted)
        } else if change.child.remaining.isZero {
            return
        } else if before == .working || before == .amending || before == .unknown {
            // It rested, or did before a restart, and was taken from there: by hand, or by the venue.
            backOff(now)
        } else if change.child.executed.isZero {
            // Ended by the venue, and nothing of it traded: post-only and too near, most likely.
            refused(.venueRejected, change.child, now)
        }
    }

    private mutating func refused(
        _ code: RefusalCode, _ child: ChildOrder, _ now: Instant, admitting: Quantity? = nil
    ) {
        detail = code.description
        switch parameters.plan {
        case .chase, .twap: break
        case .scale:
            if status == .running, rungRefused(child.lot, code, admitting) { return backOff(now) }
        case .scalper(let plan):
            if status == .running, closeRefused(child.lot, code, plan) { return backOff(now) }
        }
        var response = RefusalResponse(code)
        if let closingLot, child.lot == closingLot {
            // With the flag and without by turns, as often as it may be tried.
            let isFlagRefused = refusesFlag(code)
            if isFlagRefused || (closesFreely && response != .wait) { response = .retry }
            closesFreely = !closesFreely && isFlagRefused
            if response == .end, let admitting, isClosable(admitting) {
                closingMost = admitting
                response = .retry
            }
            if response == .end {
                detail = "\(progress.net) is left: to close it would not reduce the book's position"
                hasFailed = true
            }
        } else if response == .end, parameters.isReduceOnly {
            response = exceeds(admitting, child.type, at: child.price ?? bid) ? .retry : .end
        }
        switch response {
        case .wait:
            if now >= retryAt { waits += 1 }
            backOff(now)
        case .retry:
            if now >= retryAt { refusals += 1 }
            if refusals >= Limits.refusals { giveUp(AlgoReason.refusedTooOften.rawValue, code) }
            backOff(now)
        case .pause: giveUp(code.description, code)
        case .end: end(.cancel, AlgoReason.nothingToReduce.rawValue)
        case .fail: fail(code)
        }
    }

    /// An order that only reduces was more than its book admits: what that is comes next, where it can be an
    /// order; else it is said what is left.
    mutating func exceeds(_ admitting: Quantity?, _ type: OrderType, at price: Price) -> Bool {
        if let admitting, tradable(admitting, type, at: price, isReducing: true).isPositive {
            reducingMost = admitting
            return true
        }
        sayLeft()
        return false
    }

    /// Of a reduce-only one: its book admits no more.
    mutating func sayLeft() {
        let left = max(.zero, parameters.goal.quantity - progress.traded)
        detail = "\(left) is left: to close more would not reduce the book's position"
    }

    /// Whether a close was refused for its flag alone: at the venue the positions of several books are
    /// one, and in the book those of both legs, as while they run.
    private func refusesFlag(_ code: RefusalCode) -> Bool {
        guard case .scalper(let plan) = parameters.plan, plan.legs == .both else {
            return code == .reduceOnlyRejected
        }
        return code == .reduceOnlyRejected || code == .reduceOnlyWouldIncrease
    }

    private mutating func backOff(_ now: Instant) {
        let doublings = Int64(1) << Int64(min(max(refusals - 1, waits - 1, 0), 5))
        retryAt = now + min(Limits.longestPause, Limits.firstPause * doublings)
    }

    /// A running algorithm pauses; one that is ending cannot wait for a person, and fails.
    private mutating func giveUp(_ reason: String, _ code: RefusalCode) {
        if status == .ending { fail(code) } else { pause(reason, code.description) }
    }

    private mutating func fail(_ code: RefusalCode) {
        ending = Ending(mode: .cancel, reason: code.description)
        detail = code.description
        hasFailed = true
        status = .ending
        needsSave(.now)
    }
}

package import Chronology

/// The holder's side of a lease, without clock or Redis.
///
/// 1. `isHeld` is true only between a grant and the validity it gave, which counts from before the
///    request was sent: the server's expiry comes later.
/// 2. A reply to a request of an earlier life changes nothing.
package struct LeaseMachine: Sendable {
    /// What to do next.
    package enum Action: Equatable, Sendable {
        case none
        /// Ask the server, with this number on the request.
        case acquire(UInt64)
        case renew(UInt64)
        case gained(fence: Int64)
        case lost
    }

    private enum State {
        case idle
        case waiting
        case held(fence: Int64)
    }

    /// How long the server keeps the lock after the last renewal.
    package let timeToLive: Interval
    private var state = State.idle
    private var validUntil = Instant.distantPast
    private var requestNumber: UInt64 = 0
    private var requestSent = Instant.distantPast
    private var isRequestOpen = false

    package init(timeToLive: Interval) { self.timeToLive = timeToLive }

    /// Between two renewals, and between two attempts to acquire: a quarter of the time to live.
    package var period: Interval { Interval(nanoseconds: timeToLive.nanoseconds / 4) }

    /// The part of the time to live the holder does not use, for the clocks' different speeds.
    private var margin: Interval { Interval(nanoseconds: timeToLive.nanoseconds / 10) }

    /// The fencing number while the lease is held at that time, else nil.
    package func fence(now: Instant) -> Int64? {
        if case .held(let fence) = state, now < validUntil { return fence }
        return nil
    }

    /// When the lease lapses without a further renewal; nil while it is not held.
    package var lapse: Instant? {
        if case .held = state { return validUntil }
        return nil
    }

    package mutating func started() { state = .waiting }

    /// The period is over: renew, or try to acquire.
    package mutating func periodElapsed(now: Instant) -> Action {
        switch state {
        case .idle: return .none
        case .waiting: return .acquire(open(now))
        case .held:
            if now >= validUntil { return lapseReached(now: now) }
            // An unanswered renewal is not repeated: on this connection its answer comes first.
            return isRequestOpen ? .none : .renew(open(now))
        }
    }

    /// The time of `lapse` has come.
    package mutating func lapseReached(now: Instant) -> Action {
        guard case .held = state, now >= validUntil else { return .none }
        return lose()
    }

    /// The server answered an acquisition: the fencing number, or nil where another holds it.
    package mutating func acquireAnswered(_ number: UInt64, fence: Int64?, now: Instant) -> Action {
        guard close(number), case .waiting = state, let fence else { return .none }
        let until = requestSent + timeToLive - margin
        guard now < until else { return .none }
        validUntil = until
        state = .held(fence: fence)
        return .gained(fence: fence)
    }

    /// The server answered a renewal: whether the lock is still ours.
    package mutating func renewAnswered(_ number: UInt64, isOurs: Bool, now: Instant) -> Action {
        guard close(number), case .held = state else { return .none }
        guard isOurs, now < validUntil else { return lose() }
        validUntil = requestSent + timeToLive - margin
        return .none
    }

    /// A request ended without an answer; what it did is not known.
    package mutating func requestFailed(_ number: UInt64) { _ = close(number) }

    /// The holder gives up; true where it held the lease.
    package mutating func stopped() -> Bool {
        defer { state = .idle }
        isRequestOpen = false
        if case .held = state { return true }
        return false
    }

    private mutating func lose() -> Action {
        state = .waiting
        isRequestOpen = false
        return .lost
    }

    private mutating func open(_ now: Instant) -> UInt64 {
        requestNumber += 1
        requestSent = now
        isRequestOpen = true
        return requestNumber
    }

    private mutating func close(_ number: UInt64) -> Bool {
        guard isRequestOpen, number == requestNumber else { return false }
        isRequestOpen = false
        return true
    }
}

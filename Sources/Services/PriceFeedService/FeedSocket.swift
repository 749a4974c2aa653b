import Bounded
import Chronology

/// The life of one socket and what may be sent on it; knows no bytes.
struct FeedSocket {
    enum State: Equatable {
        /// Not connected; an attempt may be made from then on.
        case waiting(until: Instant)
        case connecting(since: Instant)
        case open(since: Instant)
    }

    private(set) var state = State.waiting(until: .distantPast)
    /// Attempts in a row that did not lead to a connection of some length.
    private var failures = 0
    private var controlSecond = Instant.distantPast
    private var controlsSent = 0
    private var nextID: Int64 = 1
    /// When the socket was last replaced for staleness.
    var replacedAt = Instant.distantPast

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether an attempt is due.
    func isDue(now: Instant) -> Bool {
        if case .waiting(let until) = state { now >= until } else { false }
    }

    /// Whether an attempt has taken too long.
    func isOverdue(now: Instant, limit: Interval) -> Bool {
        if case .connecting(let since) = state { now - since > limit } else { false }
    }

    /// How long the socket has been open; nil where it is not.
    func age(now: Instant) -> Interval? {
        if case .open(let since) = state { now - since } else { nil }
    }

    mutating func attemptBegun(now: Instant) { state = .connecting(since: now) }

    mutating func opened(now: Instant) {
        state = .open(since: now)
        controlsSent = 0
        controlSecond = now
    }

    /// The connection is gone: the next attempt waits, longer after each failure, by a random share.
    mutating func closed(
        now: Instant, _ configuration: FeedConfiguration, using random: inout SplitMix64
    ) {
        if let age = age(now: now), age >= configuration.settledAfter { failures = 0 }
        var pause = configuration.firstPause
        for _ in 0..<min(failures, 16) where pause < configuration.longestPause {
            pause = pause * 2
        }
        pause = min(pause, configuration.longestPause)
        failures += 1
        let spread = Int64.random(in: 0...(pause.nanoseconds / 2), using: &random)
        state = .waiting(until: now + pause - .nanoseconds(spread))
    }

    /// An attempt that may not be made yet.
    mutating func postponed(until: Instant) { state = .waiting(until: until) }

    /// Whether another control message may go now; counts it if so.
    mutating func admitControl(now: Instant, limit: Int) -> Int64? {
        guard isOpen else { return nil }
        if now - controlSecond >= .seconds(1) {
            controlSecond = now
            controlsSent = 0
        }
        guard controlsSent < limit else { return nil }
        controlsSent += 1
        nextID += 1
        return nextID - 1
    }
}

/// Connection attempts to one host, so that no minute sees more than allowed (T5).
struct AttemptLog {
    private var times: [Instant] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Nil where an attempt may be made now, which is then counted; else when the next may be.
    mutating func attempt(now: Instant) -> Instant? {
        times.removeAll { now - $0 >= .seconds(60) }
        if times.count >= limit, let first = times.first { return first + .seconds(60) }
        times.append(now)
        return nil
    }
}

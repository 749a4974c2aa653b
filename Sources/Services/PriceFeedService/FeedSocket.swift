import Bounded
import Chronology

/// The life of one socket and what may be sent on it; knows no bytes.
struct FeedSocket {
    enum State: Equatable {
        /// The number is free.
        case unused
        /// Not connected; an attempt may be made from then on.
        case waiting(until: Instant)
        case connecting(since: Instant)
        case open(since: Instant)
    }

    /// A socket whose time is up hands its streams to this one: both stream until each has spoken
    /// here, so that no tick is missed.
    struct Takeover {
        /// The socket that is relieved.
        var from: Int
        /// Slots still to be subscribed here.
        var missing: [Int]
        /// Slots subscribed here and not heard yet.
        var silent: [Int] = []
        /// When the first was subscribed.
        var since: Instant?
    }

    private(set) var kind = FeedKind.book
    private(set) var state = State.unused
    /// Names of streams that are to leave.
    var departures: [String] = []
    /// Whether its subscriptions may differ from what is wanted.
    var isDirty = false
    /// The streams it takes from another; nil where it takes none.
    var takeover: Takeover?
    /// The socket that takes its streams; nil for none.
    var successor: Int?
    /// It is not connected again once it is closed.
    var isRetiring = false
    /// Its end has been asked for, and has not come yet.
    var isClosing = false
    /// Since when it has carried no stream.
    var idleSince: Instant?
    /// When its next renewal may be tried.
    var renewableAt = Instant.distantPast
    /// When the venue's own kind of ping was last sent.
    var pingedAt = Instant.distantPast
    /// Attempts made so far.
    private var attempts = 0
    /// Attempts in a row that did not lead to a connection of some length.
    private var failures = 0
    private var controlSecond = Instant.distantPast
    private var controlsSent = 0
    private var nextID: Int64 = 1

    /// A socket of its own number, to be connected at once.
    static func fresh(_ kind: FeedKind) -> FeedSocket {
        var socket = FeedSocket()
        socket.kind = kind
        socket.state = .waiting(until: .distantPast)
        return socket
    }

    var isUsed: Bool { state != .unused }

    var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Whether it has been attempted before.
    var isKnown: Bool { attempts > 0 }

    var isFirstAttempt: Bool { attempts == 1 }

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

    mutating func attemptBegun(now: Instant) {
        state = .connecting(since: now)
        isClosing = false
        attempts += 1
    }

    /// The attempt was not made: all processes together have made enough.
    mutating func held(until: Instant) {
        guard case .connecting = state else { return }
        attempts -= 1
        state = .waiting(until: until)
    }

    mutating func opened(now: Instant) {
        state = .open(since: now)
        controlsSent = 0
        controlSecond = now
        departures = []
        isDirty = true
        pingedAt = now
    }

    /// The connection is gone: the next attempt waits, longer after each failure, by a random share.
    mutating func closed(
        now: Instant, _ configuration: FeedConfiguration, using random: inout SplitMix64
    ) {
        departures = []
        isClosing = false
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

    /// Whether another control message may go now, and the id it is to have; counts it if so.
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

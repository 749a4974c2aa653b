package import Chronology

/// Connection attempts to one host, so that no minute sees more than allowed (T5).
///
/// 1. Attempts after a socket's first: at most `limit` in any minute, first ones included.
/// 2. A socket's first attempt is free while nothing fails, for as many as the host admits: sockets
///    that are needed at the start. After a failure it counts like any other for a minute.
package struct AttemptLog: Sendable {
    private var times: [Instant] = []
    private var failedAt = Instant.distantPast
    private let limit: Int
    /// First attempts in a minute: Binance admits 300 connections in five minutes.
    package static let freeLimit = 50
    /// What is meant by a minute.
    package static let window = Interval.seconds(60)

    /// - Parameter limit: attempts a minute, at least one.
    package init(limit: Int) {
        precondition(limit > 0, "an attempt a minute is the least")
        self.limit = limit
    }

    /// Nil where an attempt may be made now, which is then counted; else when the next may be.
    package mutating func attempt(now: Instant, isFirst: Bool) -> Instant? {
        times.removeAll { now - $0 >= AttemptLog.window }
        let isFree = isFirst && now - failedAt >= AttemptLog.window
        let most = isFree ? max(limit, AttemptLog.freeLimit) : limit
        if times.count >= most { return times[times.count - most] + AttemptLog.window }
        times.append(now)
        return nil
    }

    /// Counts an attempt that was allowed elsewhere.
    package mutating func made(now: Instant) {
        times.removeAll { now - $0 >= AttemptLog.window }
        times.append(now)
    }

    /// A connection ended, or never came to be.
    package mutating func failed(now: Instant) { failedAt = now }
}

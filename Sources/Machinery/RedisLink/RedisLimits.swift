package import Chronology

/// Bounds of one connection's queues and waits.
package struct RedisLimits: Sendable {
    /// Requests written or waiting without a reply. 65,536 ≈ one second of the busiest writer.
    package var pendingRequests = 65_536
    /// Bytes waiting for the socket to take them. 8 MiB holds pendingRequests of 128 bytes.
    package var outputBytes = 8 << 20
    /// Bytes of one reply; a larger one ends the connection. A page of 10,000 stream entries of
    /// 1 KiB is 10 MiB; six of them fit.
    package var replyBytes = 64 << 20
    /// Names subscribed to by one subscriber.
    package var subscriptions = 4_096
    /// Silence after which a PING is sent.
    package var pingAfter = Interval.milliseconds(500)
    /// Wait for any byte after the PING (or the connect) before the server counts as dead; with
    /// `pingAfter` below the 2 s in which a frozen server must be noticed.
    package var silenceLimit = Interval.milliseconds(1_100)
    /// First wait before connecting again; doubles up to `backoffCap`, each times 0.5...1.
    package var backoffBase = Interval.milliseconds(25)
    package var backoffCap = Interval.seconds(2)

    package static let standard = RedisLimits()

    package init() {}
}

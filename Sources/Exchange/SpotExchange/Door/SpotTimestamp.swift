internal import Chronology
internal import ExchangeDoor
internal import Trading

/// When a request says it was made, and how late it may be.
internal enum SpotTimestamp {
    /// What is wrong with a request's time.
    enum Problem: Error, Equatable {
        case missing
        case illegal
        /// The window is not within 60 seconds.
        case window
        case early
        case late
    }

    /// From here on a timestamp counts microseconds: the year 5138 in milliseconds.
    private static let leastMicroseconds: Int64 = 100_000_000_000_000

    /// Checks `timestamp`, in milliseconds or microseconds, and `recvWindow`, which may have
    /// decimals.
    static func check(
        _ parameters: RequestParameters, _ wall: WallTime
    ) throws(Problem) {
        let sent: Int64?
        let window: Money?
        do throws(ExchangeError) {
            sent = try parameters.integer("timestamp")
            window = try parameters.decimal("recvWindow", tooLarge: .illegal("recvWindow"))
        } catch {
            throw .illegal
        }
        guard var sent else { throw .missing }
        guard sent > 0 else { throw .illegal }
        if sent >= leastMicroseconds { sent /= 1_000 }
        let allowed = window ?? .whole(5_000)
        guard allowed.isPositive, allowed <= .whole(60_000) else { throw .window }
        if sent >= wall.milliseconds + 1_000 { throw .early }
        if Money.whole(wall.milliseconds - sent) > allowed { throw .late }
    }
}

package import Chronology

/// The venue's time, kept by an offset against our monotonic clock, so that a jump of the wall clock
/// (I5) does not reach a timestamp. Until the first sample the wall clock stands in.
package struct VenueClock: Equatable, Sendable {
    private struct Sample: Equatable {
        var serverMilliseconds: Int64
        var taken: Instant
        var roundTrip: Interval
    }

    private var sample: Sample?
    /// A worse sample replaces a better one only after this long: clocks drift some ms in that time.
    private static let lifetime = Interval.seconds(600)

    package init() {}

    /// Whether the venue's time has been learnt.
    package var isSynchronised: Bool { sample != nil }

    /// Takes in an answer of the venue's time call; the venue read its clock half-way between.
    package mutating func timeReceived(
        serverMilliseconds: Int64, sentAt: Instant, receivedAt: Instant
    ) {
        let roundTrip = receivedAt - sentAt
        let half = Interval(nanoseconds: roundTrip.nanoseconds / 2)
        if let old = sample, roundTrip > old.roundTrip * 2,
            receivedAt - old.taken < VenueClock.lifetime
        {
            return
        }
        sample = Sample(
            serverMilliseconds: serverMilliseconds, taken: sentAt + half, roundTrip: roundTrip)
    }

    /// Forgets what was learnt, after the venue refused a timestamp (-1021, T8).
    package mutating func skewReported() { sample = nil }

    /// The venue's time now, in epoch milliseconds.
    package func timestamp(now: Instant, wall: WallTime) -> Int64 {
        guard let sample else { return wall.milliseconds }
        return sample.serverMilliseconds + (now - sample.taken).milliseconds
    }
}

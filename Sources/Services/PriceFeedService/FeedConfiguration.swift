package import Chronology
package import Quotes

/// What a feed keeps to; the defaults are those of the mission (B3).
package struct FeedConfiguration: Equatable, Sendable {
    /// Least time between two ticks of a symbol; zero publishes every change.
    package var publishWindow = Interval.milliseconds(50)
    /// Least time between two writes of a symbol's price record.
    package var storeWindow = Interval.milliseconds(500)
    /// A stream without a frame for this long is stale (B3d).
    package var staleAfter = Interval.seconds(10)
    /// How long a symbol nobody wants any more stays subscribed.
    package var grace = Interval.seconds(30)
    /// How far from the last mark a price may be.
    package var band = PriceBand.standard
    /// Most symbols at once: one socket carries 1,024 streams.
    package var symbolLimit = 1_024
    /// Streams in one control message: about 30 bytes each, far below a frame's limit.
    package var streamsPerMessage = 100
    /// Control messages a socket may get a second; the venue disconnects above 10, pongs included.
    package var controlPerSecond = 5
    /// Connection attempts to the host in a minute.
    package var attemptsPerMinute = 5
    /// How long a connection may take to open.
    package var connectTime = Interval.seconds(15)
    /// Pause before the second attempt; doubled for each further one up to `longestPause`.
    package var firstPause = Interval.milliseconds(500)
    package var longestPause = Interval.seconds(30)
    /// A connection that lasted this long ends the doubling.
    package var settledAfter = Interval.seconds(60)
    /// The venue cuts every connection after 24 hours.
    package var renewAfter = Interval.seconds(23 * 3600)
    /// How often the instruments are read.
    package var instrumentsEvery = Interval.seconds(600)

    package init() {}

    /// The venue is a paper exchange on this machine: nobody is hurt by attempts, and it is back a
    /// second or two after a crash.
    package mutating func spareNoAttempts() {
        attemptsPerMinute = 120
        longestPause = .seconds(1)
    }
}

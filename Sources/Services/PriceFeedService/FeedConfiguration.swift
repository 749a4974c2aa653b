package import Chronology
package import Quotes
package import Runtime
import VenueProtocol

/// What a feed keeps to; the defaults are those of the mission (B3).
package struct FeedConfiguration: Equatable, Sendable {
    package var venue = FeedVenue.binanceFutures
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
    /// Most symbols at once.
    package var symbolLimit = 1_024
    /// Streams a socket carries at most; the venue's own limit where that is less.
    package var streamsPerSocket = 200
    /// Streams in one control message: about 30 bytes each, far below a frame's limit.
    package var streamsPerMessage = 100
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
    /// How long two sockets stream the same until the older one is closed, at most.
    package var takeoverTime = Interval.seconds(10)
    /// How often the price of a stale stream is asked for by REST.
    package var askEvery = Interval.seconds(5)
    /// How often streams that stayed silent through every step are subscribed anew.
    package var retryEvery = Interval.seconds(60)
    /// How long a filter may drop everything that comes before a person is told.
    package var dropTime = Interval.seconds(10)
    /// How often the instruments are read.
    package var instrumentsEvery = Interval.seconds(600)

    /// Streams one socket may carry at this venue.
    var socketLimit: Int { max(1, min(streamsPerSocket, venue.streamLimit)) }

    package init() {}

    /// What the environment says.
    package init(_ environment: Environment) {
        venue = FeedVenue(rawValue: environment.text("PMS_VENUE_KIND")) ?? .binanceFutures
        publishWindow = environment.interval("PMS_FEED_PUBLISH_MS")
        storeWindow = environment.interval("PMS_FEED_WRITE_MS")
        staleAfter = environment.interval("PMS_FEED_STALE_MS")
        grace = environment.interval("PMS_FEED_GRACE_S")
        band = PriceBand(percent: environment.integer("PMS_FEED_BAND_PERCENT"))
        streamsPerSocket = Int(environment.integer("PMS_FEED_STREAMS_PER_SOCKET"))
        renewAfter = environment.interval("PMS_FEED_RENEW_S")
        if environment.isVenuePaper { spareNoAttempts() }
    }

    /// The venue is a paper exchange on this machine: nobody is hurt by attempts, and it is back a
    /// second or two after a crash.
    package mutating func spareNoAttempts() {
        attemptsPerMinute = 120
        longestPause = .seconds(1)
    }
}

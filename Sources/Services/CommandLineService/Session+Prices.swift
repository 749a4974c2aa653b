import Chronology
import PriceSource
import Reactor
import RedisLink
import Runtime
import VenueBudget
import VenueProtocol
import WebLink

/// Prices from wherever a fresh one can be had, as a service has them (B3a).
extension Session {
    /// A source of prices for this run; what it asks of the venue is within the shared budget.
    func priceSource() async throws(CommandFailure) -> PriceSource {
        let host = ServiceHost(
            name: "pms", environment: environment, loop: loop, endpoint: try endpoint(),
            usesRedis: false)
        host.redis.start()
        host.subscriber.start()
        let end = loop.now + .seconds(1)
        while !host.redis.isUp, loop.now < end { await wait(.milliseconds(10)) }
        let venue = VenueKind(rawValue: environment.text("PMS_VENUE_KIND")) ?? .binanceFutures
        let budget = VenueBudget(venue.limits, host: host)
        budget.start()
        let source = PriceSource(
            host: host, venue: venue,
            reader: VenueReader(host: host, web: WebClient(loop: loop), budget: budget))
        prices = source
        return source
    }
}

import PriceFeedService
import Runtime

ProcessHost.run(
    name: "price-feed",
    summary: "Turns the venue's market streams into ticks and price records on Redis."
) { host in FeedService(host: host) }

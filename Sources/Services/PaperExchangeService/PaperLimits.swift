package import ExchangeDoor
package import Runtime

/// The limits of each flavour as the environment sets them.
package enum PaperLimits {
    package static func futures(_ environment: Environment) -> RateLimits {
        common(
            RateLimits(
                weight: [RateWindow(environment.integer("PMS_PAPER_WEIGHT_LIMIT_1M"), per: 1, .minute)],
                orders: [
                    RateWindow(environment.integer("PMS_PAPER_ORDER_LIMIT_10S"), per: 10, .second),
                    RateWindow(environment.integer("PMS_PAPER_ORDER_LIMIT_1M"), per: 1, .minute),
                ]),
            environment)
    }

    package static func spot(_ environment: Environment) -> RateLimits {
        let (weight, short, long) = (
            environment.integer("PMS_PAPER_SPOT_WEIGHT_LIMIT_1M"),
            environment.integer("PMS_PAPER_SPOT_ORDER_LIMIT_10S"),
            environment.integer("PMS_PAPER_SPOT_ORDER_LIMIT_1D")
        )
        return common(
            RateLimits(
                weight: [RateWindow(weight, per: 1, .minute)],
                orders: [RateWindow(short, per: 10, .second), RateWindow(long, per: 1, .day)]),
            environment)
    }

    package static func mexc(_ environment: Environment) -> RateLimits {
        let weight = environment.integer("PMS_PAPER_MEXC_WEIGHT_LIMIT_10S")
        return common(
            RateLimits(weight: [RateWindow(weight, per: 10, .second)], orders: []), environment)
    }

    private static func common(_ limits: RateLimits, _ environment: Environment) -> RateLimits {
        var limits = limits
        limits.firstBanMilliseconds = environment.integer("PMS_PAPER_BAN_MS")
        return limits
    }
}

package import Chronology

/// How much may be asked of an exchange.
package struct RateLimits: Equatable, Sendable {
    /// Request weight a minute (REQUEST_WEIGHT of exchangeInfo).
    package var weightPerMinute: Int64 = 2_400
    /// New orders in ten seconds and in a minute (ORDERS of exchangeInfo).
    package var ordersPerTenSeconds: Int64 = 300
    package var ordersPerMinute: Int64 = 1_200

    package init() {}
}

/// Counts request weight and orders in fixed windows of wall time (exchange-facts A3).
package struct RateMeter: Sendable {
    private var minute: Int64 = -1
    private var tenSeconds: Int64 = -1
    package private(set) var weight: Int64 = 0
    package private(set) var ordersInTenSeconds: Int64 = 0
    package private(set) var ordersInMinute: Int64 = 0

    package init() {}

    private mutating func turn(_ wall: WallTime) {
        let nowMinute = wall.milliseconds / 60_000
        let nowTen = wall.milliseconds / 10_000
        if nowMinute != minute {
            minute = nowMinute
            weight = 0
            ordersInMinute = 0
        }
        if nowTen != tenSeconds {
            tenSeconds = nowTen
            ordersInTenSeconds = 0
        }
    }

    /// Counts a request; throws where it is over the limit. A refused request counts too.
    package mutating func spend(
        weight cost: Int64, wall: WallTime, limits: RateLimits
    ) throws(ExchangeError) {
        turn(wall)
        weight += cost
        if weight > limits.weightPerMinute { throw .tooMuchWeight(limits.weightPerMinute) }
    }

    /// Counts a new order; throws where it is over a limit.
    package mutating func spendOrder(wall: WallTime, limits: RateLimits) throws(ExchangeError) {
        turn(wall)
        if ordersInTenSeconds >= limits.ordersPerTenSeconds {
            throw .tooManyOrders(limits.ordersPerTenSeconds, "10 SECOND")
        }
        if ordersInMinute >= limits.ordersPerMinute {
            throw .tooManyOrders(limits.ordersPerMinute, "1 MINUTE")
        }
        ordersInTenSeconds += 1
        ordersInMinute += 1
    }

    /// Seconds until the window that was overrun ends.
    package func secondsToNextMinute(_ wall: WallTime) -> Int64 {
        60 - (wall.milliseconds / 1_000) % 60
    }
}

internal import Chronology

/// Counts request weight and orders in fixed windows of wall time (exchange-facts A3).
internal struct RateMeter: Sendable {
    private var minute: Int64 = -1
    private var tenSeconds: Int64 = -1
    private(set) var weight: Int64 = 0
    private(set) var ordersInTenSeconds: Int64 = 0
    private(set) var ordersInMinute: Int64 = 0

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
    mutating func spend(
        weight cost: Int64, wall: WallTime, limits: PaperLimits
    ) throws(PaperError) {
        turn(wall)
        weight += cost
        if weight > limits.weightPerMinute { throw .tooMuchWeight(limits.weightPerMinute) }
    }

    /// Counts a new order; throws where it is over a limit.
    mutating func spendOrder(wall: WallTime, limits: PaperLimits) throws(PaperError) {
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
    func secondsToNextMinute(_ wall: WallTime) -> Int64 {
        60 - (wall.milliseconds / 1_000) % 60
    }
}

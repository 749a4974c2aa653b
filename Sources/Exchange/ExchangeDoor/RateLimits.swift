package import Bytes

/// One fixed window in which something is counted, as exchangeInfo announces it.
package struct RateWindow: Equatable, Sendable {
    package enum Unit: String, Sendable {
        case second = "SECOND"
        case minute = "MINUTE"
        case day = "DAY"

        internal var milliseconds: Int64 {
            switch self {
            case .second: 1_000
            case .minute: 60_000
            case .day: 86_400_000
            }
        }

        internal var letter: String {
            switch self {
            case .second: "S"
            case .minute: "M"
            case .day: "D"
            }
        }
    }

    package var limit: Int64
    package var count: Int64
    package var unit: Unit

    package init(_ limit: Int64, per count: Int64, _ unit: Unit) {
        precondition(limit > 0 && count > 0, "a window has a length and lets something through")
        self.limit = limit
        self.count = count
        self.unit = unit
    }

    package var milliseconds: Int64 { count * unit.milliseconds }
    /// How headers name it: `1M`, `10S`.
    package var label: String { "\(count)\(unit.letter)" }
    /// How messages name it: `10 SECOND`.
    package var words: String { "\(count) \(unit.rawValue)" }

    /// Writes the window as an element of `rateLimits`; `used` where the count is told too.
    package func write(_ type: String, used: Int64? = nil, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("rateLimitType", type)
        out.field("interval", unit.rawValue)
        out.field("intervalNum", count)
        out.field("limit", limit)
        if let used { out.field("count", used) }
        out.endObject()
    }
}

/// How much may be asked of an exchange, and what follows where that is not respected.
package struct RateLimits: Equatable, Sendable {
    /// Request weight of one remote address (REQUEST_WEIGHT).
    package var weight: [RateWindow]
    /// New orders of one account (ORDERS), the shortest window first.
    package var orders: [RateWindow]
    /// How long a remote address is banned at first; four times as long at each repeat.
    package var firstBanMilliseconds: Int64 = 120_000
    /// How many requests may be refused with 429 in one window before the next one is a ban.
    package var refusalsBeforeBan = 10

    package init(weight: [RateWindow], orders: [RateWindow]) {
        self.weight = weight
        self.orders = orders
    }

    /// USD-M futures (exchange-facts A3).
    package static let futures = RateLimits(
        weight: [RateWindow(2_400, per: 1, .minute)],
        orders: [RateWindow(300, per: 10, .second), RateWindow(1_200, per: 1, .minute)])
    /// Binance spot (exchange-facts C1).
    package static let spot = RateLimits(
        weight: [RateWindow(6_000, per: 1, .minute)],
        orders: [RateWindow(100, per: 10, .second), RateWindow(200_000, per: 1, .day)])
    /// MEXC spot, for each group of endpoints (exchange-facts D).
    package static let mexc = RateLimits(weight: [RateWindow(500, per: 10, .second)], orders: [])

    /// The longest ban: three days where the first is two minutes.
    internal var longestBanMilliseconds: Int64 { firstBanMilliseconds * 2_160 }
    /// A ban is forgotten this long after its end: a day where the first is two minutes.
    internal var banMemoryMilliseconds: Int64 { firstBanMilliseconds * 720 }

    /// Writes the elements of exchangeInfo's `rateLimits`.
    package func write(_ out: inout JSONWriter) {
        for window in weight { window.write("REQUEST_WEIGHT", &out) }
        for window in orders.reversed() { window.write("ORDERS", &out) }
    }
}

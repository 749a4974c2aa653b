package import Chronology
package import Trading

/// What is done with what is left when the time is over.
package enum Finish: String, CaseIterable, Sendable {
    /// It is left.
    case cancel
    /// It is traded at once, at what the market gives.
    case market
}

/// How an order of a TWAP trades.
package enum SliceStyle: String, CaseIterable, Sendable {
    case limit
    case market
}

/// What a chase is to do.
package struct ChasePlan: Equatable, Sendable {
    package let side: Side
    package let quantity: Quantity
    /// Ticks behind the best price of its own side.
    package let offsetTicks: Int64
    /// The worst price it follows to; nil for any.
    package let limit: Price?
    /// How far from the middle at its start it follows, in basis points; zero for any.
    package let maximumDistance: Ratio
    /// Zero for no end.
    package let duration: Interval
    package let reprice: Interval
    package let finish: Finish

    init(_ values: ParameterValues) {
        side = values.choice("side")
        quantity = values.decimal("qty")
        offsetTicks = values.whole("offset_ticks")
        limit = values.price("limit")
        maximumDistance = values.decimal("max_distance_bps")
        duration = .seconds(values.whole("duration_s"))
        reprice = .milliseconds(values.whole("reprice_ms"))
        finish = values.choice("finish")
    }

    static let table: [ParameterSpec] = [
        .init("offset_ticks", .whole(0...10_000), "0", "ticks", "behind the best price of its side"),
        .init("limit", .price, "0", "price", "worst price it follows to; 0 for any"),
        .init(
            "max_distance_bps", .decimal("0", "5000"), "0", "basis points",
            "from the middle at its start, beyond which it ends; 0 for any"),
        .init("duration_s", .whole(0...604_800), "0", "seconds", "until it ends; 0 for no end"),
        .init(
            "reprice_ms", .whole(50...60_000), "500", "milliseconds", "between two moves of its order"),
        .init(
            "finish", .choice(Finish.allCases.map(\.rawValue)), "cancel", "-",
            "what becomes of the rest when the time is over"),
    ]
}

/// What a TWAP is to do.
package struct TwapPlan: Equatable, Sendable {
    package let side: Side
    package let quantity: Quantity
    package let slices: Int
    package let duration: Interval
    /// Percent of a slice by which its size, and its time, may differ.
    package let sizeJitter: Int64
    package let timeJitter: Int64
    package let style: SliceStyle
    package let offsetTicks: Int64
    package let limit: Price?
    /// An order is at most this many slices, however much was missed.
    package let catchUp: Int64
    package let finish: Finish

    init(_ values: ParameterValues) {
        side = values.choice("side")
        quantity = values.decimal("qty")
        slices = values.count("slices")
        duration = .seconds(values.whole("duration_s"))
        sizeJitter = values.whole("size_jitter_pct")
        timeJitter = values.whole("time_jitter_pct")
        style = values.choice("style")
        offsetTicks = values.whole("offset_ticks")
        limit = values.price("limit")
        catchUp = values.whole("catch_up")
        finish = values.choice("finish")
    }

    static let table: [ParameterSpec] = [
        .init("slices", .whole(1...10_000), nil, "orders", "parts that the quantity is cut into"),
        .init("duration_s", .whole(1...604_800), nil, "seconds", "from the first slice to the end"),
        .init(
            "size_jitter_pct", .whole(0...50), "10", "percent of a slice",
            "by which the size of a slice may differ"),
        .init(
            "time_jitter_pct", .whole(0...50), "10", "percent of a slice's time",
            "by which the time of a slice may differ"),
        .init(
            "style", .choice(SliceStyle.allCases.map(\.rawValue)), "limit", "-",
            "a post-only order that rests until the next slice, or one that trades at once"),
        .init(
            "offset_ticks", .whole(0...10_000), "0", "ticks",
            "behind the best price of its side, for resting slices"),
        .init("limit", .price, "0", "price", "worst price it trades at; 0 for any"),
        .init(
            "catch_up", .whole(1...100), "3", "slices", "an order is at most this many slices large"),
        .init(
            "finish", .choice(Finish.allCases.map(\.rawValue)), "cancel", "-",
            "what becomes of the rest when the time is over"),
    ]
}

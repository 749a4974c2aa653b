package import Chronology
package import Trading

/// What a scale is to do.
package struct ScalePlan: Equatable, Sendable {
    package let side: Side
    package let quantity: Quantity
    package let from: Price
    package let to: Price
    package let orders: Int
    package let skew: Ratio
    package let isPostOnly: Bool
    /// Zero for no end.
    package let duration: Interval
    package let finish: Finish

    init(_ values: ParameterValues) {
        side = values.choice("side")
        quantity = values.decimal("qty")
        from = values.decimal("from")
        to = values.decimal("to")
        orders = values.count("orders")
        skew = values.decimal("skew")
        isPostOnly = values.flag("post_only")
        duration = .seconds(values.whole("duration_s"))
        finish = values.choice("finish")
    }

    static let table: [ParameterSpec] = [
        .init("from", .quantity, nil, "price", "of the first rung"),
        .init("to", .quantity, nil, "price", "of the last rung"),
        .init("orders", .whole(1...100), nil, "orders", "rungs of the ladder"),
        .init(
            "skew", .decimal("-0.9", "0.9"), "0", "share",
            "above 0 the last rungs are larger, below 0 the first"),
        .init("post_only", .flag, "1", "-", "a rung that would trade at once is not placed"),
        .init("duration_s", .whole(0...604_800), "0", "seconds", "until it ends; 0 for no end"),
        .init(
            "finish", .choice(Finish.allCases.map(\.rawValue)), "cancel", "-",
            "what becomes of the rest when the time is over"),
    ]

    /// The rungs of the ladder, or nil where they would be too small for the instrument.
    func rungs(at rules: Instrument) -> [(price: Price, quantity: Quantity)]? {
        let sizes = Ladder.skewedSizes(
            total: quantity, count: orders, skew: skew, step: rules.step,
            minimum: rules.minimumQuantity)
        guard let sizes else { return nil }
        return sizes.enumerated().map { index, size in
            let whole = Int128(max(1, orders - 1))
            let way = (to.units - from.units) * Int128(index) / whole
            return (rules.quantised(Price(units: from.units + way), side: side), size)
        }
    }
}

/// Which sides a scalper opens.
package enum Legs: String, CaseIterable, Sendable {
    case both
    case long
    case short

    package var sides: [Side] {
        switch self {
        case .both: [.buy, .sell]
        case .long: [.buy]
        case .short: [.sell]
        }
    }
}

/// What a scalper does with what it holds when it ends.
package enum ScalperFinish: String, CaseIterable, Sendable {
    case cancel
    case flatten
}

/// What a scalper is to do.
package struct ScalperPlan: Equatable, Sendable {
    /// Of one leg.
    package let quantity: Quantity
    package let legs: Legs
    package let layers: Int
    /// Distances from the middle, in basis points.
    package let base: Ratio
    package let maximum: Ratio
    package let skew: Ratio
    /// Of closing orders; zero for that of the layer.
    package let take: Ratio
    package let requote: Ratio
    package let reprice: Interval
    package let backoff: Interval
    package let maximumFills: Int
    package let cooldown: Interval
    package let isAdaptive: Bool
    /// Zero for any loss.
    package let maximumLoss: Ratio
    package let duration: Interval
    package let finish: ScalperFinish

    init(_ values: ParameterValues) {
        quantity = values.decimal("qty")
        legs = values.choice("legs")
        layers = values.count("layers")
        base = values.decimal("base_bps")
        maximum = values.decimal("max_bps")
        skew = values.decimal("skew")
        take = values.decimal("take_bps")
        requote = values.decimal("requote_bps")
        reprice = .milliseconds(values.whole("reprice_ms"))
        backoff = .milliseconds(values.whole("backoff_ms"))
        maximumFills = values.count("max_fills")
        cooldown = .seconds(values.whole("cooldown_s"))
        isAdaptive = values.flag("adaptive")
        maximumLoss = values.decimal("max_loss_bps")
        duration = .seconds(values.whole("duration_s"))
        finish = values.choice("finish")
    }

    static let table: [ParameterSpec] = [
        .init("qty", .quantity, nil, "base asset", "how much a leg holds at most, over its layers"),
        .init(
            "legs", .choice(Legs.allCases.map(\.rawValue)), "both", "-",
            "which sides it opens; short needs a venue with margin"),
        .init("layers", .whole(1...20), "3", "layers", "slots on each side of the middle"),
        .init(
            "base_bps", .decimal("0.1", "1000"), "5", "basis points",
            "from the middle to the nearest layer"),
        .init(
            "max_bps", .decimal("0.1", "5000"), "50", "basis points",
            "from the middle to the farthest layer"),
        .init(
            "skew", .decimal("-0.9", "0.9"), "0", "share",
            "above 0 the far layers are larger, below 0 the near ones"),
        .init(
            "take_bps", .decimal("0", "5000"), "0", "basis points",
            "from the middle to a closing order; 0 for the distance of its layer"),
        .init(
            "requote_bps", .decimal("0.1", "1000"), "1", "basis points",
            "the middle must have moved before orders follow it"),
        .init(
            "reprice_ms", .whole(50...60_000), "500", "milliseconds",
            "between two moves of one order"),
        .init(
            "backoff_ms", .whole(0...600_000), "1000", "milliseconds",
            "a slot waits after a fill; doubles up to 16 times, and shrinks when it is quiet"),
        .init(
            "max_fills", .whole(0...1_000), "10", "fills",
            "of one slot in 60 s; above it the slot pauses; 0 admits any"),
        .init("cooldown_s", .whole(1...86_400), "60", "seconds", "a slot pauses after a burst"),
        .init(
            "adaptive", .flag, "0", "-", "losing slots move out, winning ones in"),
        .init(
            "max_loss_bps", .decimal("0", "5000"), "0", "basis points",
            "a slot whose close would lose more pauses; 0 for any loss"),
        .init("duration_s", .whole(0...604_800), "0", "seconds", "until it ends; 0 for no end"),
        .init(
            "finish", .choice(ScalperFinish.allCases.map(\.rawValue)), "cancel", "-",
            "what becomes of what it holds when the time is over"),
    ]

    /// Sizes of the layers of a leg; nil where they would be too small for the instrument.
    func sizes(at rules: Instrument) -> [Quantity]? {
        Ladder.skewedSizes(
            total: quantity, count: layers, skew: skew, step: rules.step,
            minimum: rules.minimumQuantity)
    }

    /// Distances of the layers as shares of the middle, nearest first.
    var offsets: [Ratio] {
        Ladder.layerOffsets(
            base: Ratio(units: base.units / 10_000), count: layers,
            maximum: Ratio(units: max(base, maximum).units / 10_000))
    }
}

import Trading

/// The allocator's variables, under the names of section A of the mission.
extension KnobTable {
    static let allocation: [Knob] = [
        Knob(
            "ALLOCATION_SYMBOL",
            .text(allowed: "a symbol, as in QRLUSDT", isAllowed: { Symbol($0) != nil }), "QRLUSDT",
            "the pair whose two assets are kept equal in value", users: ["allocator"]),
        Knob(
            "ALLOCATION_ACCOUNT",
            .text(
                allowed: "1 to 32 of A-Z a-z 0-9 - _ .", isAllowed: { AccountID($0) != nil }),
            "allocator", "the book its orders are of; made where there is none",
            users: ["allocator"]),
        Knob(
            "ALLOCATION_INTERVAL_SECONDS", .integer(0...86_400), "0", unit: "s",
            "between two runs by the clock, up to a tenth more at random; 0 runs only when asked",
            users: ["allocator"]),
        Knob(
            "TASK_TIMEOUT_SECONDS", .integer(5...300), "20", unit: "s",
            "a whole run, its cleaning up included, is over by then", users: ["allocator"]),
        Knob(
            "ALLOCATION_TOLERANCE_USDT", .decimal(low: "0", high: "1000000"), "0.01", unit: "USDT",
            "values that differ by no more than this are left alone", users: ["allocator"]),
        Knob(
            "MIN_NOTIONAL_USDT", .decimal(low: "0.000001", high: "1000000"), nil, unit: "USDT",
            "least value of an order, in place of the venue's", users: ["allocator"]),
        Knob(
            "LOT_STEP", .decimal(low: "0.000000000001", high: "1000000"), nil,
            "step of quantities, in place of the venue's; a multiple of that",
            users: ["allocator"]),
        Knob(
            "SLICE_PCT", .decimal(low: "0.01", high: "100"), "10", unit: "%",
            "the part of the imbalance that a slice is worth", users: ["allocator"]),
        Knob(
            "MAX_SLICE_NOTIONAL", .decimal(low: "0.01", high: "1000000000"), "100", unit: "USDT",
            "the most a slice may be worth", users: ["allocator"]),
        Knob(
            "SIZE_JITTER_PCT", .decimal(low: "0", high: "50"), "10", unit: "%",
            "j: a slice's size is multiplied by a random factor from 1 - j to 1 + 2j",
            users: ["allocator"]),
        Knob(
            "MAX_SLIPPAGE_PCT", .decimal(low: "0", high: "50"), "5", unit: "%",
            "the most the book's mean price for a slice may be off its best", users: ["allocator"]),
        Knob(
            "MAX_SLICES", .integer(1...20), "3", "slices of one run at most",
            users: ["allocator"]),
        Knob(
            "EXECUTION_MODE", .choice(["IMMEDIATE_OR_CANCEL", "SHORT_LIVED_MAKER"]),
            "IMMEDIATE_OR_CANCEL",
            "how slices trade: at once against the book, or as makers for a few seconds",
            users: ["allocator"]),
        Knob(
            "ORDER_TTL_SECONDS", .integer(5...15), "10", unit: "s",
            "how long a maker order rests at most", users: ["allocator"]),
    ]
}

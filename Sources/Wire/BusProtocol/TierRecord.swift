package import Margin
package import Trading

/// How far deleveraging of an account has come and what its breakers count, as it stands in
/// `tier:<A>`; what a restart goes on with.
package struct TierRecord: Equatable, Sendable {
    /// A breaker that tripped and whose REDUCING no gateway has confirmed yet.
    package struct Notice: Equatable, Sendable {
        package var breaker: Breaker
        package var value: String
        package var limit: String
        package var atMilliseconds: Int64

        package init(breaker: Breaker, value: String, limit: String, atMilliseconds: Int64) {
            self.breaker = breaker
            self.value = value
            self.limit = limit
            self.atMilliseconds = atMilliseconds
        }

        /// The id of the command that asks for REDUCING.
        package func command(_ account: AccountID) -> String {
            "brk:\(account):\(breaker.rawValue):\(atMilliseconds)"
        }
    }

    package var account: AccountID
    package var tier: MarginTier
    /// The margin ratio that led to it.
    package var marginRatio: Ratio
    /// The step in hand, or the last one; nil before the first.
    package var step: DeleverageStep?
    package var phase = Deleverage.Phase.idle
    package var closesAll = false
    package var breakers = Breakers.State()
    package var notice: Notice?
    /// Tells one decision from the next: a save that repeats it adds no line to the journal.
    package var decision = ""
    package var stamp: RecordStamp

    package init(account: AccountID, tier: MarginTier, marginRatio: Ratio, stamp: RecordStamp) {
        self.account = account
        self.tier = tier
        self.marginRatio = marginRatio
        self.stamp = stamp
    }

    /// The id of the command that carries a step out; the same for good.
    package static func command(_ account: AccountID, _ step: DeleverageStep) -> String {
        "dlv:\(account):\(step.number):\(step.atMilliseconds)"
    }

    /// The account that a command of either kind is about; nil for any other id.
    package static func account(ofCommand id: String) -> AccountID? {
        let parts = id.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "dlv" || parts[0] == "brk" else { return nil }
        return AccountID(String(parts[1]))
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("tier", fields)
        account = try reader.account("account")
        tier = try TierRecord.tier(reader, "tier")
        marginRatio = try reader.decimal("margin_ratio")
        stamp = try RecordStamp(reader)
        // Records written before there were steps say `step none` and nothing more.
        guard fields["phase"] != nil else { return }
        phase = try reader.choice("phase")
        closesAll = try reader.flag("closes_all")
        decision = try reader.text("decision")
        if try reader.integer("step") > 0 { step = try TierRecord.step(reader) }
        breakers.day = try reader.integer("day")
        breakers.dayStart = try reader.decimal("day_start")
        breakers.peak = try reader.decimal("peak")
        breakers.hasLostToday = try reader.flag("lost_today")
        let trip = try reader.text("trip")
        if !trip.isEmpty {
            notice = Notice(
                breaker: try reader.choice("trip"), value: try reader.text("trip_value"),
                limit: try reader.text("trip_limit"), atMilliseconds: try reader.integer("trip_ms"))
        }
    }

    private static func tier(
        _ reader: RecordFields, _ name: String
    ) throws(RecordError) -> MarginTier {
        guard let tier = MarginTier(rawValue: try reader.integer(name)) else {
            throw reader.error(name, "not 0 to 3")
        }
        return tier
    }

    private static func step(_ reader: RecordFields) throws(RecordError) -> DeleverageStep {
        DeleverageStep(
            number: try reader.integer("step"), atMilliseconds: try reader.integer("step_ms"),
            tier: try tier(reader, "step_tier"), marginRatio: try reader.decimal("step_ratio"),
            symbol: try reader.symbol("step_symbol"), side: try reader.choice("step_side"),
            quantity: try reader.decimal("step_qty"), held: try reader.decimal("step_held"),
            maintenance: try reader.decimal("step_maintenance"))
    }

    package var fields: [(String, String)] {
        var fields: [(String, String)] = [
            ("account", account.name), ("tier", "\(tier.rawValue)"),
            ("margin_ratio", marginRatio.text), ("phase", phase.rawValue),
            ("closes_all", closesAll ? "1" : "0"), ("decision", decision),
            ("step", "\(step?.number ?? 0)"),
        ]
        if let step {
            fields += [
                ("step_ms", "\(step.atMilliseconds)"), ("step_tier", "\(step.tier.rawValue)"),
                ("step_ratio", step.marginRatio.text), ("step_symbol", step.symbol.name),
                ("step_side", step.side.rawValue), ("step_qty", step.quantity.text),
                ("step_held", step.held.text), ("step_maintenance", step.maintenance.text),
            ]
        }
        fields += [
            ("day", "\(breakers.day)"), ("day_start", breakers.dayStart.text),
            ("peak", breakers.peak.text), ("lost_today", breakers.hasLostToday ? "1" : "0"),
            ("trip", notice?.breaker.rawValue ?? ""), ("trip_value", notice?.value ?? ""),
            ("trip_limit", notice?.limit ?? ""), ("trip_ms", "\(notice?.atMilliseconds ?? 0)"),
        ]
        return fields + stamp.fields
    }
}

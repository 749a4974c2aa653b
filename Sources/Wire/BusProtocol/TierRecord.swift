package import Margin
package import Trading

/// The deleverage tier observed of an account, as it stands in `tier:<A>`.
package struct TierRecord: Equatable, Sendable {
    package var account: AccountID
    package var tier: MarginTier
    /// The margin ratio that led to it.
    package var marginRatio: Ratio
    package var stamp: RecordStamp

    package init(account: AccountID, tier: MarginTier, marginRatio: Ratio, stamp: RecordStamp) {
        self.account = account
        self.tier = tier
        self.marginRatio = marginRatio
        self.stamp = stamp
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("tier", fields)
        account = try reader.account("account")
        guard let tier = MarginTier(rawValue: try reader.integer("tier")) else {
            throw reader.error("tier", "not 0 to 3")
        }
        self.tier = tier
        marginRatio = try reader.decimal("margin_ratio")
        stamp = try RecordStamp(reader)
    }

    /// `step` says what was done about it: nothing is, so far.
    package var fields: [(String, String)] {
        [
            ("account", account.name), ("tier", "\(tier.rawValue)"),
            ("margin_ratio", marginRatio.text), ("step", "none"),
        ] + stamp.fields
    }
}

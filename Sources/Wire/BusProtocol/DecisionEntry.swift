package import Margin
package import Trading

/// What a line of the journal of decisions is about.
package enum DecisionKind: String, CaseIterable, Sendable {
    /// The margin tier of an account changed.
    case tier
    /// A step of deleveraging was decided on.
    case deleverage
    /// A step came to its end.
    case outcome
    case breaker
}

/// One line of the stream `decisions`: what risk-engine decided, by which numbers. A decision leads
/// to an order by its command: the order's `request` is `command`.
package struct DecisionEntry: Equatable, Sendable {
    /// Given by the tier script; 0 before that.
    package var sequence: Int64 = 0
    package var kind: DecisionKind
    package var account: AccountID
    package var tier: MarginTier
    package var marginRatio: Ratio
    package var equity: Money = .zero
    package var maintenance: Money = .zero
    /// The journal number the books were at.
    package var ledgerSequence: Int64 = 0
    /// The ticks it was valued at: each held symbol's mark with the venue's time of it, as
    /// `BTCUSDT=50000@1700000000123`, ascending, with spaces between.
    package var marks = ""
    package var step: DeleverageStep?
    package var command = ""
    /// How much traded, or why nothing did; the breaker and its limit.
    package var result = ""
    package var atMilliseconds: Int64
    package var writer: String

    package init(
        kind: DecisionKind, account: AccountID, tier: MarginTier, marginRatio: Ratio,
        atMilliseconds: Int64, writer: String
    ) {
        self.kind = kind
        self.account = account
        self.tier = tier
        self.marginRatio = marginRatio
        self.atMilliseconds = atMilliseconds
        self.writer = writer
    }

    /// All but the number.
    package var unnumberedFields: [(String, String)] {
        [
            ("kind", kind.rawValue), ("account", account.name), ("tier", "\(tier.rawValue)"),
            ("margin_ratio", marginRatio.text), ("equity", equity.text),
            ("maintenance", maintenance.text), ("ledger_seq", "\(ledgerSequence)"),
            ("marks", marks), ("step", "\(step?.number ?? 0)"), ("symbol", step?.symbol.name ?? ""),
            ("side", step?.side.rawValue ?? ""), ("qty", step?.quantity.text ?? ""),
            ("held", step?.held.text ?? ""),
            ("position_maintenance", step?.maintenance.text ?? ""), ("command", command),
            ("result", result), ("at_ms", "\(atMilliseconds)"), ("writer", writer),
        ]
    }
}

package import BusProtocol
package import Margin
package import Trading

/// All of Redis that the mirror is built from, read after the journal number it begins at.
package struct RiskLoad: Equatable, Sendable {
    /// One account as it was read.
    package struct Account: Equatable, Sendable {
        package var id: AccountID
        /// Nil where it has none yet.
        package var balance: BalanceRecord?
        package var positions: [Symbol: PositionRecord] = [:]
        /// Nil where nothing was ever decided about it.
        package var tierRecord: TierRecord?
        package var tier: MarginTier = .calm
        /// What of it could not be read; an account with a problem is not valued.
        package var problem: String?

        package init(id: AccountID) { self.id = id }
    }

    /// The journal number read before everything else.
    package var sequence: Int64
    /// Ascending by name; the `external` book among them where it holds something.
    package var accounts: [Account] = []
    /// How many names the set of accounts held.
    package var accountCount = 0
    package var brackets: [Symbol: MaintenanceBrackets] = [:]
    package var prices: [Symbol: PriceRecord] = [:]
    package var instruments: [Symbol: Instrument] = [:]

    package init(sequence: Int64) { self.sequence = sequence }
}

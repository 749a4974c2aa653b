package import Trading

/// One position within a risk snapshot.
package struct RiskPosition: Equatable, Sendable {
    package var symbol: Symbol
    package var quantity: Quantity
    package var entryPrice: Price
    /// Zero while no mark is known.
    package var mark: Price
    package var unrealised: Money
    package var maintenance: Money
    /// Zero where no price within range liquidates.
    package var liquidationPrice: Price

    package init(
        symbol: Symbol, quantity: Quantity, entryPrice: Price, mark: Price, unrealised: Money,
        maintenance: Money, liquidationPrice: Price
    ) {
        self.symbol = symbol
        self.quantity = quantity
        self.entryPrice = entryPrice
        self.mark = mark
        self.unrealised = unrealised
        self.maintenance = maintenance
        self.liquidationPrice = liquidationPrice
    }
}

/// The risk snapshot of an account, fresh for 30 s.
package struct RiskRecord: Equatable, Sendable {
    package var account: AccountID
    package var wallet: Money
    /// wallet + unrealised.
    package var equity: Money
    package var unrealised: Money
    package var maintenance: Money
    package var initial: Money
    /// What new positions may use; never negative.
    package var available: Money
    /// maintenance / equity; 0 without positions, 1 where equity is not above zero.
    package var marginRatio: Ratio
    /// 0 to 3.
    package var tier: Int64
    /// The relative move of all marks that liquidates (−0.12 is a fall of 12 %); zero for none.
    package var accountMove: Ratio
    /// Whether a mark used is older than 10 s or missing.
    package var isPriceStale: Bool
    /// Whether conservative brackets stood in for ones that are not known.
    package var isBracketDefault = false
    /// The journal number up to which books are counted in.
    package var ledgerSequence: Int64
    /// Ascending by symbol.
    package var positions: [RiskPosition]
    package var stamp: RecordStamp

    package init(
        account: AccountID, wallet: Money, equity: Money, unrealised: Money, maintenance: Money,
        initial: Money, available: Money, marginRatio: Ratio, tier: Int64, accountMove: Ratio,
        isPriceStale: Bool, ledgerSequence: Int64, positions: [RiskPosition], stamp: RecordStamp
    ) {
        self.account = account
        self.wallet = wallet
        self.equity = equity
        self.unrealised = unrealised
        self.maintenance = maintenance
        self.initial = initial
        self.available = available
        self.marginRatio = marginRatio
        self.tier = tier
        self.accountMove = accountMove
        self.isPriceStale = isPriceStale
        self.ledgerSequence = ledgerSequence
        self.positions = positions
        self.stamp = stamp
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("risk", fields)
        account = try reader.account("account")
        wallet = try reader.decimal("wallet")
        equity = try reader.decimal("equity")
        unrealised = try reader.decimal("unrealised")
        maintenance = try reader.decimal("maintenance")
        initial = try reader.decimal("initial")
        available = try reader.decimal("available")
        marginRatio = try reader.decimal("margin_ratio")
        tier = try reader.integer("tier")
        accountMove = try reader.decimal("account_move")
        isPriceStale = try reader.flag("price_stale")
        isBracketDefault = try reader.flag("brackets_default")
        ledgerSequence = try reader.integer("ledger_seq")
        stamp = try RecordStamp(reader)
        positions = []
        for name in try reader.text("symbols").split(separator: ",").map(String.init) {
            guard let symbol = Symbol(name) else {
                throw reader.error("symbols", "not a symbol: \(name)")
            }
            positions.append(try RiskRecord.position(symbol, reader))
        }
    }

    private static func position(
        _ symbol: Symbol, _ reader: RecordFields
    ) throws(RecordError) -> RiskPosition {
        RiskPosition(
            symbol: symbol, quantity: try reader.decimal("\(symbol):qty"),
            entryPrice: try reader.decimal("\(symbol):entry"),
            mark: try reader.decimal("\(symbol):mark"),
            unrealised: try reader.decimal("\(symbol):pnl"),
            maintenance: try reader.decimal("\(symbol):maintenance"),
            liquidationPrice: try reader.decimal("\(symbol):liquidation"))
    }
}

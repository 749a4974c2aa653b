package import Trading

/// What changed a book.
package enum LedgerKind: String, CaseIterable, Sendable {
    /// A trade of the venue.
    case fill
    /// The closing half of a trade that turned a position round.
    case flipClose = "flip-close"
    /// The opening half of such a trade.
    case flipOpen = "flip-open"
    /// A close without a trade, at mark.
    case virtualClose = "virtual-close"
    case deposit
    case transfer
    case funding
    case adjustment
    /// Coins that the venue kept for the fee of the trade before it, at no price.
    case feeInKind = "fee-in-kind"
}

/// One entry of the ledger journal: what changed, why, and how the book stands after it.
package struct LedgerEntry: Equatable, Sendable {
    /// Given by the ledger script: counts up by one with each entry of the venue; 0 before that.
    package var sequence: Int64 = 0
    package var kind: LedgerKind
    package var account: AccountID
    /// Nil for changes of the balance alone.
    package var symbol: Symbol?
    /// 0 where no trade caused it.
    package var tradeID: Int64 = 0
    /// The client order id, or empty.
    package var order: String = ""
    package var venueOrderID: Int64 = 0
    package var side: Side?
    package var price: Price = .zero
    package var quantity: Quantity = .zero
    package var fee: Money = .zero
    package var feeAsset: String = ""
    /// PnL realised by this entry, before fees.
    package var realised: Money = .zero
    /// The signed position after it.
    package var position: Quantity = .zero
    package var entryPrice: Price = .zero
    package var positionVersion: Int64 = 0
    package var wallet: Money = .zero
    package var balanceVersion: Int64 = 0
    /// What led to it: `command:<id>`, `stream`, `sync`, `recovery`.
    package var cause: String
    /// The venue's time of a trade, else the time of writing.
    package var atMilliseconds: Int64
    package var writer: String

    package init(
        kind: LedgerKind, account: AccountID, symbol: Symbol?, cause: String, atMilliseconds: Int64,
        writer: String
    ) {
        self.kind = kind
        self.account = account
        self.symbol = symbol
        self.cause = cause
        self.atMilliseconds = atMilliseconds
        self.writer = writer
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("ledger entry", fields)
        sequence = try reader.integer("seq")
        kind = try reader.choice("kind")
        account = try reader.account("account")
        symbol = try reader.text("symbol").isEmpty ? nil : try reader.symbol("symbol")
        tradeID = try reader.integer("trade_id")
        order = try reader.text("order")
        venueOrderID = try reader.integer("venue_order_id")
        side = try reader.text("side").isEmpty ? nil : try reader.choice("side")
        price = try reader.decimal("price")
        quantity = try reader.decimal("qty")
        fee = try reader.decimal("fee")
        feeAsset = try reader.text("fee_asset")
        realised = try reader.decimal("realised")
        position = try reader.decimal("position")
        entryPrice = try reader.decimal("entry")
        positionVersion = try reader.integer("position_version")
        wallet = try reader.decimal("wallet")
        balanceVersion = try reader.integer("balance_version")
        cause = try reader.text("cause")
        atMilliseconds = try reader.integer("at_ms")
        writer = try reader.text("writer")
    }

    /// All fields but `seq`, which the ledger script puts first.
    package var unnumberedFields: [(String, String)] {
        [
            ("kind", kind.rawValue), ("account", account.name), ("symbol", symbol?.name ?? ""),
            ("trade_id", "\(tradeID)"), ("order", order), ("venue_order_id", "\(venueOrderID)"),
            ("side", side?.rawValue ?? ""), ("price", price.text), ("qty", quantity.text),
            ("fee", fee.text), ("fee_asset", feeAsset), ("realised", realised.text),
            ("position", position.text), ("entry", entryPrice.text),
            ("position_version", "\(positionVersion)"), ("wallet", wallet.text),
            ("balance_version", "\(balanceVersion)"), ("cause", cause),
            ("at_ms", "\(atMilliseconds)"), ("writer", writer),
        ]
    }

    package var fields: [(String, String)] { [("seq", "\(sequence)")] + unnumberedFields }
}

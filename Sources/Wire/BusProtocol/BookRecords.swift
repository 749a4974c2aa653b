package import Trading

/// A book of the desk: who it is and what it may do.
package struct AccountRecord: Equatable, Sendable {
    package var id: AccountID
    package var code: AccountCode
    package var isEnabled: Bool
    /// Largest price × quantity of one order; zero for no limit.
    package var maximumOrderNotional: Money = .zero
    /// Most orders in one second; zero for no limit.
    package var maximumOrdersPerSecond: Int64 = 0
    package var stamp: RecordStamp

    package init(id: AccountID, code: AccountCode, isEnabled: Bool, stamp: RecordStamp) {
        self.id = id
        self.code = code
        self.isEnabled = isEnabled
        self.stamp = stamp
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("account", fields)
        id = try reader.account("name")
        guard let code = AccountCode(try reader.text("code")) else {
            throw reader.error("code", "not eight of A-Z 0-9")
        }
        self.code = code
        isEnabled = try reader.text("status") == "enabled"
        maximumOrderNotional = try reader.decimal("max_order_notional")
        maximumOrdersPerSecond = try reader.integer("max_orders_per_second")
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        [
            ("name", id.name), ("code", code.text), ("status", isEnabled ? "enabled" : "disabled"),
            ("max_order_notional", maximumOrderNotional.text),
            ("max_orders_per_second", "\(maximumOrdersPerSecond)"),
        ] + stamp.fields
    }
}

/// A book's money. wallet = deposits + realised − fees + funding, exactly.
package struct BalanceRecord: Equatable, Sendable {
    package var deposits: Money = .zero
    package var realised: Money = .zero
    package var fees: Money = .zero
    package var funding: Money = .zero
    package var version: Int64 = 0
    package var stamp: RecordStamp

    package init(stamp: RecordStamp) { self.stamp = stamp }

    package var wallet: Money { deposits + realised - fees + funding }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("balance", fields)
        deposits = try reader.decimal("deposits")
        realised = try reader.decimal("realised")
        fees = try reader.decimal("fees")
        funding = try reader.decimal("funding")
        version = try reader.integer("version")
        stamp = try RecordStamp(reader)
        guard try reader.decimal("wallet", as: Money.self) == wallet else {
            throw reader.error("wallet", "is not deposits + realised - fees + funding")
        }
    }

    package var fields: [(String, String)] {
        [
            ("deposits", deposits.text), ("realised", realised.text), ("fees", fees.text),
            ("funding", funding.text), ("wallet", wallet.text), ("version", "\(version)"),
        ] + stamp.fields
    }
}

/// A virtual position: what one book holds of one symbol.
package struct PositionRecord: Equatable, Sendable {
    /// Signed: negative is short.
    package var quantity: Quantity = .zero
    /// Mean entry price; zero when flat.
    package var entryPrice: Price = .zero
    package var realised: Money = .zero
    package var fees: Money = .zero
    package var version: Int64 = 0
    package var stamp: RecordStamp

    package init(stamp: RecordStamp) { self.stamp = stamp }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("position", fields)
        quantity = try reader.decimal("qty")
        entryPrice = try reader.decimal("entry")
        realised = try reader.decimal("realised")
        fees = try reader.decimal("fees")
        version = try reader.integer("version")
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        [
            ("qty", quantity.text), ("entry", entryPrice.text), ("realised", realised.text),
            ("fees", fees.text), ("version", "\(version)"),
        ] + stamp.fields
    }
}

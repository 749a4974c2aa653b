import Trading

/// What of a snapshot is to be written over an earlier one, and told of it.
extension RiskRecord {
    /// Whether the other holds the same symbols, so that no field of it is left over.
    package func hasSymbols(of other: RiskRecord) -> Bool {
        guard positions.count == other.positions.count else { return false }
        return positions.indices.allSatisfy {
            positions[$0].symbol == other.positions[$0].symbol
        }
    }

    /// The fields that differ from those of an earlier snapshot with the same symbols; the stamp is
    /// always among them.
    package func fields(changedFrom earlier: RiskRecord) -> [(String, String)] {
        var fields: [(String, String)] = []
        fields.reserveCapacity(24)
        func add(_ name: String, _ isChanged: Bool, _ text: @autoclosure () -> String) {
            if isChanged { fields.append((name, text())) }
        }
        add("wallet", wallet != earlier.wallet, wallet.text)
        add("equity", equity != earlier.equity, equity.text)
        add("unrealised", unrealised != earlier.unrealised, unrealised.text)
        add("maintenance", maintenance != earlier.maintenance, maintenance.text)
        add("initial", initial != earlier.initial, initial.text)
        add("available", available != earlier.available, available.text)
        add("margin_ratio", marginRatio != earlier.marginRatio, marginRatio.text)
        add("tier", tier != earlier.tier, "\(tier)")
        add("account_move", accountMove != earlier.accountMove, accountMove.text)
        add("price_stale", isPriceStale != earlier.isPriceStale, isPriceStale ? "1" : "0")
        add(
            "brackets_default", isBracketDefault != earlier.isBracketDefault,
            isBracketDefault ? "1" : "0")
        add("ledger_seq", ledgerSequence != earlier.ledgerSequence, "\(ledgerSequence)")
        for (position, before) in zip(positions, earlier.positions) where position != before {
            fields += RiskRecord.fields(of: position, changedFrom: before)
        }
        return fields + stamp.fields
    }

    private static func fields(
        of position: RiskPosition, changedFrom earlier: RiskPosition
    ) -> [(String, String)] {
        let symbol = position.symbol.name
        var fields: [(String, String)] = []
        func add(_ name: String, _ isChanged: Bool, _ text: @autoclosure () -> String) {
            if isChanged { fields.append((symbol + name, text())) }
        }
        add(":qty", position.quantity != earlier.quantity, position.quantity.text)
        add(":entry", position.entryPrice != earlier.entryPrice, position.entryPrice.text)
        add(":mark", position.mark != earlier.mark, position.mark.text)
        add(":pnl", position.unrealised != earlier.unrealised, position.unrealised.text)
        add(
            ":maintenance", position.maintenance != earlier.maintenance, position.maintenance.text)
        add(
            ":liquidation", position.liquidationPrice != earlier.liquidationPrice,
            position.liquidationPrice.text)
        return fields
    }

    /// What is told of it: the account's own figures. The positions stand in the key.
    package var notice: [(String, String)] {
        [("account", account.name)] + accountFields + stamp.fields
    }
}

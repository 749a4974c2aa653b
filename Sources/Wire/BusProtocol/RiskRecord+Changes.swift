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

    /// Writes the fields that differ from those of an earlier snapshot with the same symbols, or all
    /// of them; the stamp is always among them.
    package func write<Sink: RecordSink & ~Copyable>(
        changedFrom earlier: RiskRecord?, into sink: inout Sink
    ) {
        if earlier == nil { sink.take(FieldName("account"), text: account.name) }
        writeAccount(changedFrom: earlier, into: &sink)
        if earlier == nil {
            sink.take(
                FieldName("symbols"), text: positions.map(\.symbol.name).joined(separator: ","))
        }
        for place in positions.indices {
            positions[place].write(changedFrom: earlier?.positions[place], into: &sink)
        }
        sink.take(stamp)
    }

    /// Writes what is told of it: the account's own figures. The positions stand in the key.
    package func writeNotice<Sink: RecordSink & ~Copyable>(into sink: inout Sink) {
        sink.take(FieldName("account"), text: account.name)
        writeAccount(changedFrom: nil, into: &sink)
        sink.take(stamp)
    }

    private func writeAccount<Sink: RecordSink & ~Copyable>(
        changedFrom earlier: RiskRecord?, into sink: inout Sink
    ) {
        let old = earlier
        if wallet != old?.wallet { sink.take(FieldName("wallet"), units: wallet.units) }
        if equity != old?.equity { sink.take(FieldName("equity"), units: equity.units) }
        if unrealised != old?.unrealised {
            sink.take(FieldName("unrealised"), units: unrealised.units)
        }
        if maintenance != old?.maintenance {
            sink.take(FieldName("maintenance"), units: maintenance.units)
        }
        if initial != old?.initial { sink.take(FieldName("initial"), units: initial.units) }
        if available != old?.available { sink.take(FieldName("available"), units: available.units) }
        if marginRatio != old?.marginRatio {
            sink.take(FieldName("margin_ratio"), units: marginRatio.units)
        }
        if tier != old?.tier { sink.take(FieldName("tier"), integer: tier) }
        if accountMove != old?.accountMove {
            sink.take(FieldName("account_move"), units: accountMove.units)
        }
        if isPriceStale != old?.isPriceStale {
            sink.take(FieldName("price_stale"), flag: isPriceStale)
        }
        if isBracketDefault != old?.isBracketDefault {
            sink.take(FieldName("brackets_default"), flag: isBracketDefault)
        }
        if ledgerSequence != old?.ledgerSequence {
            sink.take(FieldName("ledger_seq"), integer: ledgerSequence)
        }
    }

    // MARK: as texts

    /// The fields that differ from those of an earlier snapshot with the same symbols; the stamp is
    /// always among them.
    package func fields(changedFrom earlier: RiskRecord) -> [(String, String)] {
        var texts = FieldTexts()
        write(changedFrom: earlier, into: &texts)
        return texts.fields
    }

    package var fields: [(String, String)] {
        var texts = FieldTexts()
        write(changedFrom: nil, into: &texts)
        return texts.fields
    }

    /// The account's own figures, without name, positions and stamp.
    package var accountFields: [(String, String)] {
        var texts = FieldTexts()
        writeAccount(changedFrom: nil, into: &texts)
        return texts.fields
    }
}

extension RiskPosition {
    fileprivate func write<Sink: RecordSink & ~Copyable>(
        changedFrom old: RiskPosition?, into sink: inout Sink
    ) {
        let subject = symbol.name
        if quantity != old?.quantity {
            sink.take(FieldName(":qty", of: subject), units: quantity.units)
        }
        if entryPrice != old?.entryPrice {
            sink.take(FieldName(":entry", of: subject), units: entryPrice.units)
        }
        if mark != old?.mark { sink.take(FieldName(":mark", of: subject), units: mark.units) }
        if unrealised != old?.unrealised {
            sink.take(FieldName(":pnl", of: subject), units: unrealised.units)
        }
        if maintenance != old?.maintenance {
            sink.take(FieldName(":maintenance", of: subject), units: maintenance.units)
        }
        if liquidationPrice != old?.liquidationPrice {
            sink.take(FieldName(":liquidation", of: subject), units: liquidationPrice.units)
        }
    }
}

import Bytes
import Trading

/// Reading a message of the ledger channel where it lies.
extension LedgerEntry {
    /// Reads the message as the ledger script publishes it, every field in its order, with little
    /// allocated. Nil for any other form, which `FlatJSON` may still be able to read, or say what is
    /// wrong with it.
    package init?(message bytes: RawSpan) {
        self.init(
            kind: .fill, account: .external, symbol: nil, cause: "", atMilliseconds: 0, writer: "")
        var scanner = JSONScanner(bytes)
        do throws(JSONError) {
            try scanner.enterObject()
            var place = 0
            while let key = try scanner.nextKey() {
                guard place < LedgerEntry.names.count, key == LedgerEntry.names[place],
                    try read(place, from: &scanner)
                else { return nil }
                place += 1
            }
            try scanner.finish()
            guard place == LedgerEntry.names.count else { return nil }
        } catch {
            return nil
        }
    }

    /// In the order of `fields`.
    private static let names: [StaticString] = [
        "seq", "kind", "account", "symbol", "trade_id", "order", "venue_order_id", "side", "price",
        "qty", "fee", "fee_asset", "realised", "position", "entry", "position_version", "wallet",
        "balance_version", "cause", "at_ms", "writer",
    ]

    /// False where the value of the field at a place is not one it may have.
    @_lifetime(scanner: copy scanner)
    private mutating func read(
        _ place: Int, from scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        guard try scanner.nextKind() == .string else { return false }
        switch place {
        case 0: sequence = try scanner.integer()
        case 1:
            guard let known = LedgerKind(rawValue: try scanner.text()) else { return false }
            kind = known
        case 2:
            guard let known = AccountID(try scanner.text()) else { return false }
            account = known
        case 3:
            let text = try scanner.text()
            symbol = Symbol(text)
            return text.isEmpty || symbol != nil
        case 4: tradeID = try scanner.integer()
        case 5: order = try scanner.text()
        case 6: venueOrderID = try scanner.integer()
        case 7:
            let text = try scanner.text()
            side = Side(rawValue: text)
            return text.isEmpty || side != nil
        case 8: price = Price(units: try scanner.decimalUnits())
        case 9: quantity = Quantity(units: try scanner.decimalUnits())
        case 10: fee = Money(units: try scanner.decimalUnits())
        case 11: feeAsset = try scanner.text()
        case 12: realised = Money(units: try scanner.decimalUnits())
        case 13: position = Quantity(units: try scanner.decimalUnits())
        case 14: entryPrice = Price(units: try scanner.decimalUnits())
        case 15: positionVersion = try scanner.integer()
        case 16: wallet = Money(units: try scanner.decimalUnits())
        case 17: balanceVersion = try scanner.integer()
        case 18: cause = try scanner.text()
        case 19: atMilliseconds = try scanner.integer()
        case _: writer = try scanner.text()
        }
        return true
    }
}

package import Trading

/// What a spot account holds, as it stands in `holdings`: `<ASSET>.free` and `<ASSET>.locked`, by the
/// exchange's user stream.
package struct HoldingsRecord: Equatable, Sendable {
    package var balances: [String: Balance] = [:]
    package var stamp: RecordStamp

    package struct Balance: Equatable, Sendable {
        package var free: Money
        package var locked: Money

        package init(free: Money, locked: Money) {
            self.free = free
            self.locked = locked
        }
    }

    package init(stamp: RecordStamp) { self.stamp = stamp }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("holdings", fields)
        stamp = try RecordStamp(reader)
        for name in fields.keys.sorted() where name.hasSuffix(".free") {
            let asset = String(name.dropLast(".free".count))
            balances[asset] = Balance(
                free: try reader.decimal(name), locked: try reader.decimal("\(asset).locked"))
        }
    }

    package var fields: [(String, String)] {
        balances.sorted { $0.key < $1.key }.flatMap { asset, balance in
            [("\(asset).free", balance.free.text), ("\(asset).locked", balance.locked.text)]
        } + stamp.fields
    }
}

package import BusProtocol
package import Bytes
package import Trading

/// What the exchange says happened.
package struct VenueTruth: Sendable {
    /// All trades of the account, by symbol.
    package var trades: [Symbol: [Fill]] = [:]
    /// Client order ids of all order records, once for each record.
    package var clientOrderIDs: [String] = []
    /// Net positions; absent is flat.
    package var positions: [Symbol: Quantity] = [:]

    package init() {}
}

/// What the books say.
package struct BookTruth: Sendable {
    package var entries: [LedgerEntry] = []
    package var positions: [(account: AccountID, symbol: Symbol, record: PositionRecord)] = []
    package var balances: [(account: AccountID, record: BalanceRecord)] = []
    /// Client order ids the journal of orders still holds as not final.
    package var openOrders: [String] = []
    package var unreadable: [String] = []

    package init() {}
}

/// Compares the books with the exchange; an empty result means that they agree exactly.
package enum ChaosAudit {
    package static func violations(
        venue: VenueTruth, books: BookTruth, expectedOrders: Set<String>
    ) -> [String] {
        books.unreadable + trades(venue, books) + positions(venue, books)
            + orders(venue, expectedOrders) + balances(books)
            + books.openOrders.sorted().map { "order not final at the end: \($0)" }
    }

    /// What its clients are told is what the exchange's operator knows: the same trades and positions,
    /// and no order that was taken twice.
    package static func violations(venue: VenueTruth, operatorsTruth: JSONValue) -> [String] {
        var violations: [String] = []
        var known: [Symbol: Set<TradeLeg>] = [:]
        for trade in operatorsTruth["trades"]?.elements ?? [] {
            guard let symbol = trade["symbol"]?.text.flatMap({ Symbol($0) }),
                let id = trade["id"]?.integer,
                let side = trade["side"]?.text.flatMap({ Side(rawValue: $0) })
            else { return ["the operator's trades are unreadable: \(trade.json)"] }
            known[symbol, default: []].insert(TradeLeg(id, side))
        }
        for symbol in venue.trades.keys.sorted() {
            let told = Set((venue.trades[symbol] ?? []).map(\.leg))
            let unlike = told.symmetricDifference(known[symbol, default: []]).sorted()
            if let first = unlike.first {
                violations.append("\(symbol): \(unlike.count) trades told unlike the truth: \(first)")
            }
        }
        var positions: [Symbol: Quantity] = [:]
        for position in operatorsTruth["positions"]?.elements ?? [] {
            guard let symbol = position["symbol"]?.text.flatMap({ Symbol($0) }),
                let quantity = position["quantity"]?.text.flatMap({ Quantity(text: $0) })
            else { return ["the operator's positions are unreadable: \(position.json)"] }
            if !quantity.isZero { positions[symbol, default: .zero] += quantity }
        }
        if positions != venue.positions { violations.append("positions told unlike the truth") }
        for arrival in operatorsTruth["arrivals"]?.elements ?? [] {
            let (id, count) = (arrival["clientOrderId"]?.text ?? "", arrival["accepted"]?.integer ?? 0)
            if count > 1 { violations.append("taken \(count) times: \(id)") }
        }
        return violations
    }

    /// Each trade of the exchange stands in the journal once, with its exact quantity.
    private static func trades(_ venue: VenueTruth, _ books: BookTruth) -> [String] {
        var violations: [String] = []
        var journal: [String: Quantity] = [:]
        var isClosed: [String: Int] = [:]
        for entry in books.entries {
            guard entry.tradeID != 0, entry.kind != .feeInKind, let symbol = entry.symbol else {
                continue
            }
            let key = "\(symbol):\(entry.tradeID):\(entry.side?.rawValue ?? "")"
            journal[key, default: .zero] += entry.quantity.magnitude
            // In each book that has a part in it, a flip is one pair, all else a single entry.
            isClosed["\(key) in \(entry.account)", default: 0] += entry.kind == .fill ? 2 : 1
        }
        for (key, halves) in isClosed.sorted(by: { $0.key < $1.key }) where halves != 2 {
            violations.append("trade in the journal more than once: \(key)")
        }
        var known: Set<String> = []
        for symbol in venue.trades.keys.sorted() {
            for fill in venue.trades[symbol] ?? [] {
                let key = "\(symbol):\(fill.leg)"
                known.insert(key)
                if let quantity = journal[key] {
                    if quantity != fill.quantity {
                        violations.append("trade \(key): \(quantity) booked, \(fill.quantity) traded")
                    }
                } else {
                    violations.append("fill lost: trade \(key) of \(fill.quantity)")
                }
            }
        }
        for key in journal.keys.sorted() where !known.contains(key) {
            violations.append("trade booked that the exchange does not know: \(key)")
        }
        return violations
    }

    /// The sum of the books is the exchange's net position.
    private static func positions(_ venue: VenueTruth, _ books: BookTruth) -> [String] {
        var sums: [Symbol: Quantity] = [:]
        for position in books.positions {
            sums[position.symbol, default: .zero] += position.record.quantity
        }
        let symbols = Set(sums.keys).union(venue.positions.keys).sorted()
        return symbols.compactMap { symbol in
            let sum = sums[symbol] ?? .zero
            let net = venue.positions[symbol] ?? .zero
            return sum == net ? nil : "\(symbol): the books sum to \(sum), the exchange holds \(net)"
        }
    }

    /// No client order id was accepted twice, and none came from nowhere.
    private static func orders(_ venue: VenueTruth, _ expected: Set<String>) -> [String] {
        var counts: [String: Int] = [:]
        for id in venue.clientOrderIDs { counts[id, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.flatMap { id, count in
            (count > 1 ? ["order sent twice: \(id), \(count) records"] : [])
                + (expected.contains(id) ? [] : ["order nobody asked for: \(id)"])
        }
    }

    /// Each book's realised PnL and fees are the sums of its journal.
    private static func balances(_ books: BookTruth) -> [String] {
        books.balances.flatMap { account, balance -> [String] in
            let mine = books.entries.filter { $0.account == account }
            let funding = mine.filter { $0.kind == .funding }
                .reduce(Money.zero) { $0 + $1.realised }
            let realised = mine.reduce(Money.zero) { $0 + $1.realised } - funding
            let fees = mine.reduce(Money.zero) { $0 + $1.fee }
            var violations: [String] = []
            if funding != balance.funding {
                violations.append("\(account): funding \(balance.funding), journal \(funding)")
            }
            if realised != balance.realised {
                violations.append("\(account): realised \(balance.realised), journal \(realised)")
            }
            if fees != balance.fees {
                violations.append("\(account): fees \(balance.fees), journal \(fees)")
            }
            return violations
        }
    }
}

import BusProtocol
import Reactor
import Runtime
import Trading

/// A position with what the price and the risk snapshot say about it.
struct HeldPosition {
    let account: AccountID
    let symbol: Symbol
    let record: PositionRecord
    let mark: Price?
    let liquidationPrice: Price?
    /// When what values it was made: the snapshot, or the price where the snapshot has expired; 0
    /// where there is neither.
    let valuedMilliseconds: Int64
    let isFromSnapshot: Bool
    /// Of an account without margin: there are no snapshots to be had.
    var isSpot = false

    /// In words, what the position is valued by and how old that is.
    func valuation(now: Int64) -> String {
        if valuedMilliseconds == 0 { return isSpot ? "no price" : "no snapshot, no price" }
        let age = Age.text(since: valuedMilliseconds, now: now)
        if isSpot { return "price \(age)" }
        return isFromSnapshot ? "snapshot \(age)" : "expired; price \(age)"
    }

    /// At the mark, before fees; nil while no mark is known.
    var unrealised: Money? {
        guard let mark, !mark.isZero else { return nil }
        return mark.times(record.quantity, .down) - record.entryPrice.times(record.quantity, .down)
    }

    var fields: [(String, String)] {
        [
            ("account", account.name), ("symbol", symbol.name), ("qty", record.quantity.text),
            ("entry", record.entryPrice.text), ("mark", mark?.text ?? ""),
            ("unrealised", unrealised?.text ?? ""), ("realised", record.realised.text),
            ("fees", record.fees.text), ("liquidation", liquidationPrice?.text ?? ""),
            ("version", "\(record.version)"), ("at_ms", "\(record.stamp.atMilliseconds)"),
            ("valued_by", isFromSnapshot ? "snapshot" : "ledger and price"),
            ("valued_ms", "\(valuedMilliseconds)"),
        ]
    }
}

/// Reading accounts and positions out of Redis.
@LoopActor enum Books {
    /// An account's record and money in one, nil where there is no such account.
    static func account(
        _ session: Session, _ account: AccountID
    ) async throws(CommandFailure) -> [(String, String)]? {
        let keys = session.keys
        guard
            let record = try await session.read(
                keys.account(account),
                { fields throws(RecordError) in try AccountRecord(fields: fields) })
        else { return nil }
        let balance = try await session.read(
            keys.balance(account),
            { fields throws(RecordError) in try BalanceRecord(fields: fields) })
        let state = try await session.hash(keys.state(account))?["state"]
        var fields = record.fields.filter { $0.0 != "seq" && $0.0 != "writer" && $0.0 != "at_ms" }
        fields.append(("state", state ?? TradingState.active.rawValue))
        if let balance { fields += balance.fields }
        return fields
    }

    /// All open positions, by account and symbol.
    static func positions(_ session: Session) async throws(CommandFailure) -> [HeldPosition] {
        var positions: [HeldPosition] = []
        var risks: [AccountID: RiskRecord] = [:]
        for member in try await session.members(session.keys.books) {
            guard let (account, symbol) = BusKeys.book(of: member),
                let record = try await session.read(
                    session.keys.position(account, symbol),
                    { fields throws(RecordError) in try PositionRecord(fields: fields) })
            else { continue }
            if risks[account] == nil { risks[account] = try await risk(session, account) }
            positions.append(
                try await valued(session, account, symbol, record, by: risks[account]))
        }
        return positions
    }

    /// By the snapshot where it has the position as the ledger has it, else by the last price.
    private static func valued(
        _ session: Session, _ account: AccountID, _ symbol: Symbol, _ record: PositionRecord,
        by risk: RiskRecord?
    ) async throws(CommandFailure) -> HeldPosition {
        if let risk, let known = risk.positions.first(where: { $0.symbol == symbol }),
            known.quantity == record.quantity, !known.mark.isZero
        {
            return HeldPosition(
                account: account, symbol: symbol, record: record, mark: known.mark,
                liquidationPrice: known.liquidationPrice.isZero ? nil : known.liquidationPrice,
                valuedMilliseconds: risk.stamp.atMilliseconds, isFromSnapshot: true)
        }
        let price = try await price(session, symbol)
        // Spot has no mark price: the middle of the book stands for it.
        let isSpot = !session.environment.venueProcesses.contains("risk-engine")
        let value = isSpot ? price?.mid : price?.mark
        let at = isSpot ? price?.bookMilliseconds : price?.markMilliseconds
        return HeldPosition(
            account: account, symbol: symbol, record: record,
            mark: value.flatMap { $0.isZero ? nil : $0 }, liquidationPrice: nil,
            valuedMilliseconds: at ?? 0, isFromSnapshot: false, isSpot: isSpot)
    }

    static func risk(
        _ session: Session, _ account: AccountID
    ) async throws(CommandFailure) -> RiskRecord? {
        try await session.read(
            session.keys.risk(account),
            { fields throws(RecordError) in try RiskRecord(fields: fields) })
    }

    static func price(
        _ session: Session, _ symbol: Symbol
    ) async throws(CommandFailure) -> PriceRecord? {
        try await session.read(
            session.keys.price(symbol),
            { fields throws(RecordError) in try PriceRecord(fields: fields) })
    }

    /// Open orders, the oldest first.
    static func openOrders(_ session: Session) async throws(CommandFailure) -> [OrderRecord] {
        var orders: [OrderRecord] = []
        for id in try await session.members(session.keys.openOrders) {
            if let order = try await order(session, id) { orders.append(order) }
        }
        return orders.sorted {
            ($0.intentMilliseconds, $0.intent.clientOrderID) < (
                $1.intentMilliseconds, $1.intent.clientOrderID
            )
        }
    }

    static func order(_ session: Session, _ id: String) async throws(CommandFailure) -> OrderRecord?
    {
        try await session.read(
            session.keys.order(id),
            { fields throws(RecordError) in try OrderRecord(fields: fields) })
    }

    // MARK: tables

    static func table(_ positions: [HeldPosition], now: Int64) -> TextTable {
        var table = TextTable([
            "ACCOUNT", "SYMBOL", "QTY", "ENTRY", "MARK", "UNREALISED", "REALISED", "FEES",
            "LIQUIDATION", "VALUED BY",
        ])
        for position in positions {
            table.append([
                position.account.name, position.symbol.name, position.record.quantity.text,
                position.record.entryPrice.text, position.mark?.text ?? "",
                position.unrealised?.text ?? "", position.record.realised.text,
                position.record.fees.text, position.liquidationPrice?.text ?? "",
                position.valuation(now: now),
            ])
        }
        return table
    }

    static func table(_ orders: [OrderRecord], now: Int64) -> TextTable {
        var table = TextTable([
            "ORDER", "ACCOUNT", "SYMBOL", "SIDE", "TYPE", "QTY", "PRICE", "EXECUTED", "STATUS",
            "AGE",
        ])
        for order in orders {
            table.append([
                order.intent.clientOrderID.text, order.intent.account.name,
                order.intent.symbol.name,
                order.intent.side.rawValue, order.intent.type.rawValue, order.intent.quantity.text,
                order.intent.price?.text ?? "", order.executed.text, order.status,
                Age.text(since: order.intentMilliseconds, now: now),
            ])
        }
        return table
    }

    static func table(_ risks: [RiskRecord], now: Int64) -> TextTable {
        var table = TextTable([
            "ACCOUNT", "EQUITY", "WALLET", "UNREALISED", "MAINTENANCE", "AVAILABLE", "MARGIN RATIO",
            "TIER", "PRICES", "AGE",
        ])
        for risk in risks {
            table.append([
                risk.account.name, risk.equity.text, risk.wallet.text, risk.unrealised.text,
                risk.maintenance.text, risk.available.text, risk.marginRatio.text, "\(risk.tier)",
                risk.isPriceStale ? "stale" : "fresh",
                Age.text(since: risk.stamp.atMilliseconds, now: now),
            ])
        }
        return table
    }
}

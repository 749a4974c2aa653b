package import Bytes
package import Chronology
package import Trading

/// The parts of what an exchange knows to be true, in the order in which they are told.
///
/// Elements have the same names in every flavour; money, prices and quantities are texts, times epoch
/// milliseconds:
/// - balances: `asset`, `free`, `locked`; futures instead of these two `wallet`, `available`;
/// - positions: `symbol`, `side` (BOTH, LONG, SHORT), `quantity`, `entryPrice`, `realised`;
/// - openOrders and orders: `symbol`, `orderId`, `clientOrderId`, `side`, `type`, `timeInForce`,
///   `price`, `quantity`, `executed`, `quote`, `status`, `reduceOnly`, `created`, `updated`;
/// - trades: `symbol`, `id`, `orderId`, `clientOrderId`, `side`, `price`, `quantity`, `fee`,
///   `feeAsset`, `realised`, `maker`, `time`;
/// - arrivals: as `ArrivalLog` writes them.
package enum TruthPart: String, CaseIterable, Sendable {
    case balances, positions, openOrders, orders, trades, arrivals
}

/// How far a part has been told: everything before it.
package struct TruthCursor: Equatable, Sendable {
    /// The number of a market; 0 where the part has none.
    package var market: Int
    /// The first id not told yet.
    package var id: Int64

    package init(market: Int = 0, id: Int64 = 0) {
        self.market = market
        self.id = id
    }
}

/// One client order id at the door: when it came, and what became of it.
///
/// Only what came since the process started is known; the orders themselves are durable.
package struct ArrivalLog: Sendable {
    /// Ids remembered: at some 200 bytes each, 40 MB; later ids are counted in `forgotten` only.
    private static let limit = 200_000
    /// Times and codes kept of one id that came again and again.
    private static let keptTimes = 16

    private struct Entry: Sendable {
        let symbol: String
        let clientOrderID: String
        var received: [Int64] = []
        var arrivals: Int64 = 0
        var orderIDs: [Int64] = []
        var codes: [Int64] = []
    }

    private struct Key: Hashable {
        let symbol: Symbol
        let clientOrderID: String
    }

    private var entries: [Entry] = []
    private var index: [Key: Int] = [:]
    /// Arrivals of ids there was no room for.
    package private(set) var forgotten: Int64 = 0

    package init() {}

    /// Ids on record.
    package var count: Int { entries.count }

    /// A request for a new order with this id was taken.
    package mutating func accepted(
        _ clientOrderID: String, _ symbol: Symbol, orderID: Int64, wall: WallTime
    ) {
        arrived(clientOrderID, symbol, wall) { $0.orderIDs.append(orderID) }
    }

    /// A signed request for a new order with this id was refused.
    package mutating func refused(
        _ clientOrderID: String, _ symbol: Symbol, code: Int64, wall: WallTime
    ) {
        arrived(clientOrderID, symbol, wall) { entry in
            if entry.codes.count < ArrivalLog.keptTimes { entry.codes.append(code) }
        }
    }

    private mutating func arrived(
        _ clientOrderID: String, _ symbol: Symbol, _ wall: WallTime, _ note: (inout Entry) -> Void
    ) {
        let key = Key(symbol: symbol, clientOrderID: clientOrderID)
        if index[key] == nil {
            guard entries.count < ArrivalLog.limit else { return forgotten += 1 }
            index[key] = entries.count
            entries.append(Entry(symbol: symbol.name, clientOrderID: clientOrderID))
        }
        guard let number = index[key] else { return }
        entries[number].arrivals += 1
        if entries[number].received.count < ArrivalLog.keptTimes {
            entries[number].received.append(wall.milliseconds)
        }
        note(&entries[number])
    }

    /// Writes ids from a cursor on, in the order in which they came first:
    /// `{"symbol","clientOrderId","arrivals","accepted","received":[…],"orderIds":[…],"codes":[…]}`.
    package func write(
        from cursor: TruthCursor, limit: Int, _ out: inout JSONWriter
    ) -> TruthCursor? {
        let first = min(Int(clamping: cursor.id), entries.count)
        let end = min(entries.count, first + limit)
        for entry in entries[first..<end] {
            out.beginObject()
            out.field("symbol", entry.symbol)
            out.field("clientOrderId", entry.clientOrderID)
            out.field("arrivals", entry.arrivals)
            out.field("accepted", Int64(entry.orderIDs.count))
            write("received", entry.received, &out)
            write("orderIds", entry.orderIDs, &out)
            write("codes", entry.codes, &out)
            out.endObject()
        }
        return end < entries.count ? TruthCursor(id: Int64(end)) : nil
    }

    private func write(_ key: StaticString, _ numbers: [Int64], _ out: inout JSONWriter) {
        out.key(key)
        out.beginArray()
        for number in numbers { out.value(number) }
        out.endArray()
    }
}

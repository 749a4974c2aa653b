import Bytes
import Chronology
import Throttles
import Trading
import VenueProtocol

/// Lists of orders and trades, page by page.
extension VenueLink {
    /// The most one page holds; at 50 pages something else is wrong.
    private static let page = 1_000
    private static let pages = 50

    /// Open orders of all symbols, or where the venue lists them by symbol only, of those given. Nil
    /// where the venue did not answer with a list.
    func openOrders(
        _ symbols: [Symbol], _ lane: BudgetLane
    ) async -> [VenueOrder]? {
        if capabilities.openOrdersOfAllSymbols { return await openOrders(nil, lane) }
        var orders: [VenueOrder] = []
        for symbol in symbols {
            guard let found = await openOrders(symbol, lane) else { return nil }
            orders += found
        }
        return orders
    }

    var capabilities: VenueCapabilities { kind.capabilities }

    /// What a spot account holds; nil where the venue did not answer.
    func holdings(_ lane: BudgetLane) async -> [VenueHolding]? {
        guard case .success(let body) = await call(dialect.account, lane) else { return nil }
        return try? dialect.decodeHoldings(body.rawSpan)
    }

    /// What a margin account holds, signed, flat symbols left out; nil where the venue did not answer.
    func positions() async -> [Symbol: Quantity]? {
        guard case .success(let body) = await call(BinanceFutures.positionRisk(), .protective),
            let rows = try? BinanceFutures.decodePositions(body.rawSpan)
        else { return nil }
        var nets: [Symbol: Quantity] = [:]
        for row in rows where !row.quantity.isZero { nets[row.symbol, default: .zero] += row.quantity }
        return nets
    }

    private func openOrders(_ symbol: Symbol?, _ lane: BudgetLane) async -> [VenueOrder]? {
        guard let request = try? dialect.openOrders(symbol),
            case .success(let body) = await call(request, lane)
        else { return nil }
        return try? dialect.decodeOrders(body.rawSpan)
    }

    /// All trades of a symbol from an id on, or of the last 7 days; nil where a page failed.
    func trades(_ symbol: Symbol, fromID: Int64?, _ lane: BudgetLane) async -> [Fill]? {
        var fills: [Fill] = []
        var next = capabilities.tradesFromID ? fromID : nil
        // A start makes the first page the oldest one; the venue goes back 7 days.
        let start = wallNow.milliseconds - 7 * 86_400_000 + 60_000
        for _ in 0..<VenueLink.pages {
            let request = try? dialect.trades(
                symbol, fromID: next, sinceMilliseconds: start, limit: VenueLink.page)
            guard let request, case .success(let body) = await call(request, lane),
                let rows = try? dialect.decodeTrades(body.rawSpan)
            else { return nil }
            fills += rows.notRepeating(fills)
            guard capabilities.tradesFromID, rows.count == VenueLink.page, let last = rows.last
            else { return fills }
            next = last.tradeID
        }
        return nil
    }

    /// All orders of a symbol since a time, ended ones included; nil where a page failed.
    func orders(
        _ symbol: Symbol, sinceMilliseconds: Int64, _ lane: BudgetLane
    ) async -> [VenueOrder]? {
        var orders: [VenueOrder] = []
        var next: Int64?
        for _ in 0..<VenueLink.pages {
            let request = try? dialect.recentOrders(
                symbol, fromOrderID: next, sinceMilliseconds: sinceMilliseconds,
                limit: VenueLink.page)
            guard let request, case .success(let body) = await call(request, lane),
                let rows = try? dialect.decodeOrders(body.rawSpan)
            else { return nil }
            orders += rows
            guard capabilities.tradesFromID, rows.count == VenueLink.page, let last = rows.last
            else { return orders }
            next = last.orderID + 1
        }
        return nil
    }
}

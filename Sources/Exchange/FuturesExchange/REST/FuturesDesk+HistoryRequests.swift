internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

extension FuturesDesk {
    internal func answerHistory(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .allOrders: try answerAllOrders(parameters, wall, &out)
        case .userTrades: try answerUserTrades(parameters, wall, &out)
        case .income: try answerIncome(parameters, wall, &out)
        case .amendments: try answerAmendments(parameters, &out)
        case .forceOrders: try answerForceOrders(parameters, wall, &out)
        case .marginHistory: try answerMarginHistory(parameters, &out)
        case _: preconditionFailure("only histories are answered here")
        }
    }

    /// Orders from `orderId` on, or within the times given.
    private func answerAllOrders(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(try parameters.requiredSymbol())
        let limit = try parameters.limit(500, most: 1_000)
        let window = try TimeWindow(parameters, days: 7, wall)
        let first = try parameters.integer("orderId")
        let found = stakes[number].orders.all.filter { order in
            guard isRemembered(order, wall) else { return false }
            if let first { return order.orderID >= first }
            return window.contains(order.createdAtMilliseconds)
        }
        let page = window.page(found, limit, fromStart: first != nil)
        writeArray(page, &out) { write($0, as: .recorded, &$1) }
    }

    /// Trades from `fromId` on, or within the times given.
    private func answerUserTrades(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let number = try market(try parameters.requiredSymbol())
        let limit = try parameters.limit(500, most: 1_000)
        let orderID = try parameters.integer("orderId")
        let first = try parameters.integer("fromId")
        if first != nil, parameters["startTime"] != nil || parameters["endTime"] != nil {
            throw .notRequired("fromId")
        }
        let window = try TimeWindow(parameters, days: 7, wall)
        let found = stakes[number].trades.filter { trade in
            if let orderID, trade.orderID != orderID { return false }
            if let first { return trade.tradeID >= first }
            return orderID != nil || window.contains(trade.timeMilliseconds)
        }
        let page = window.page(found, limit, fromStart: first != nil)
        writeArray(page, &out) { write($0, &$1) }
    }

    // MARK: income

    private func answerIncome(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.symbol()
        if let symbol { _ = try market(symbol) }
        let kind = parameters["incomeType"]
        let limit = try parameters.limit(100, most: 1_000)
        let page = try parameters.integer("page") ?? 1
        guard page > 0, page < 1_000_000 else { throw .invalid("page") }
        let window = try TimeWindow(parameters, days: 7, wall)
        var rows = incomes.filter {
            (symbol == nil || $0.symbol == symbol) && (kind == nil || $0.kind.rawValue == kind)
                && window.contains($0.timeMilliseconds)
        }
        for number in selected(symbol) {
            for trade in stakes[number].trades where window.contains(trade.timeMilliseconds) {
                rows += income(of: trade, number).filter { kind == nil || $0.kind.rawValue == kind }
            }
        }
        rows.sort { ($0.timeMilliseconds, $0.number) < ($1.timeMilliseconds, $1.number) }
        let skipped = Int(page - 1) * limit
        let shown =
            parameters["page"] == nil
            ? window.page(rows, limit) : rows.dropFirst(skipped).prefix(limit)
        writeArray(shown, &out, write)
    }

    /// What a trade did to the wallet; numbers are unique over symbols.
    private func income(of trade: FuturesTrade, _ number: Int) -> [Income] {
        let first = Int64(number + 1) * 100_000_000_000 + trade.tradeID * 2
        var rows: [Income] = []
        func add(_ kind: IncomeKind, _ amount: Money) {
            if amount.isZero { return }
            rows.append(
                Income(
                    symbol: trade.symbol, kind: kind, amount: amount,
                    timeMilliseconds: trade.timeMilliseconds,
                    number: first + (kind == .commission ? 1 : 0), tradeID: trade.tradeID))
        }
        add(.realised, trade.realised)
        add(.commission, -trade.fee)
        return rows
    }

    private func write(_ income: Income, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("symbol", income.symbol?.name ?? "")
        out.field("incomeType", income.kind.rawValue)
        out.field("income", units: income.amount.units, places: 8)
        out.field("asset", "USDT")
        out.field("info", income.tradeID.map { String($0) } ?? income.kind.rawValue)
        out.field("time", income.timeMilliseconds)
        out.field("tranId", income.number)
        out.field("tradeId", income.tradeID.map { String($0) } ?? "")
        out.endObject()
    }

    // MARK: changes

    /// Changes of orders, newest first.
    private func answerAmendments(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        let number = try market(symbol)
        let limit = try parameters.limit(50, most: 100)
        let orderID = try parameters.integer("orderId")
        let clientID = parameters["origClientOrderId"]
        let start = try parameters.integer("startTime") ?? 0
        let end = try parameters.integer("endTime") ?? .max
        let found = stakes[number].amendments.reversed().filter {
            (orderID == nil || $0.orderID == orderID)
                && (orderID != nil || clientID == nil || $0.clientOrderID == clientID)
                && $0.timeMilliseconds >= start && $0.timeMilliseconds <= end
        }
        writeArray(found.prefix(limit), &out) { amendment, out in
            out.beginObject()
            out.field("amendmentId", amendment.number)
            out.field("symbol", symbol.name)
            out.field("pair", symbol.name)
            out.field("orderId", amendment.orderID)
            out.field("clientOrderId", amendment.clientOrderID)
            out.field("time", amendment.timeMilliseconds)
            out.key("amendment")
            out.beginObject()
            out.key("price")
            write(amendment.priceBefore.text, amendment.priceAfter.text, &out)
            out.key("origQty")
            write(amendment.quantityBefore.text, amendment.quantityAfter.text, &out)
            out.field("count", amendment.count)
            out.endObject()
            out.endObject()
        }
    }

    private func write(_ before: String, _ after: String, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("before", before)
        out.field("after", after)
        out.endObject()
    }

    private func answerMarginHistory(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        let number = try market(symbol)
        let limit = try parameters.limit(500, most: 1_000)
        let kind = try parameters.integer("type")
        let start = try parameters.integer("startTime") ?? 0
        let end = try parameters.integer("endTime") ?? .max
        let found = stakes[number].marginChanges.filter {
            (kind == nil || kind == ($0.amount.isNegative ? 2 : 1))
                && $0.timeMilliseconds >= start && $0.timeMilliseconds <= end
        }
        writeArray(found.suffix(limit), &out) { change, out in
            out.beginObject()
            out.field("symbol", symbol.name)
            out.field("type", change.amount.isNegative ? 2 : 1)
            out.field("deltaType", "USER_ADJUST")
            out.field("amount", change.amount.magnitude.text)
            out.field("asset", "USDT")
            out.field("time", change.timeMilliseconds)
            out.field("positionSide", change.leg)
            out.endObject()
        }
    }

    /// Orders the exchange made in its own name.
    private func answerForceOrders(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.symbol()
        if let symbol { _ = try market(symbol) }
        let kind = parameters["autoCloseType"]
        if let kind, kind != "LIQUIDATION", kind != "ADL" { throw .invalid("autoCloseType") }
        let limit = try parameters.limit(50, most: 100)
        let window = try TimeWindow(parameters, days: 7, wall)
        let found = selected(symbol).flatMap { stakes[$0].orders.all }.filter { order in
            let isMeant =
                switch order.origin {
                case .client, .settlement: false
                case .liquidation: kind != "ADL"
                case .deleverage: kind != "LIQUIDATION"
                }
            return isMeant && window.contains(order.createdAtMilliseconds)
        }
        writeArray(window.page(found, limit), &out) { write($0, as: .recorded, &$1) }
    }
}

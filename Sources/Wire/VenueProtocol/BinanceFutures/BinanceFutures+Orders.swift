package import Bytes
package import Trading

/// One order as the venue's REST interface reports it.
package struct VenueOrder: Equatable, Sendable {
    package var symbol: Symbol
    /// Unique within the symbol only; where the venue's ids are texts, the number that stands for
    /// it (`VenueNumber`).
    package var orderID: Int64
    /// The venue's id where it is a text; else empty.
    package var venueID = ""
    package var clientOrderID: String
    package var side: Side
    package var status: VenueOrderStatus
    /// The venue's word: LIMIT, MARKET, or a conditional type.
    package var type = ""
    package var timeInForce = ""
    /// Zero for market orders.
    package var price = Price.zero
    package var quantity = Quantity.zero
    package var executedQuantity = Quantity.zero
    /// Zero before the first fill.
    package var averagePrice = Price.zero
    package var executedNotional = Money.zero
    package var isReduceOnly = false
    /// BOTH in one-way mode.
    package var positionSide = ""
    /// When the order was made; 0 where the answer has no such field.
    package var createdMilliseconds: Int64 = 0
    package var updatedMilliseconds: Int64 = 0

    package init(
        symbol: Symbol, orderID: Int64, clientOrderID: String, side: Side, status: VenueOrderStatus
    ) {
        self.symbol = symbol
        self.orderID = orderID
        self.clientOrderID = clientOrderID
        self.side = side
        self.status = status
    }
}

extension BinanceFutures {
    /// Reads the answer to placing, cancelling or querying one order.
    package static func decodeOrder(_ bytes: RawSpan) throws(JSONError) -> VenueOrder {
        var scanner = JSONScanner(bytes)
        let order = try readOrder(&scanner)
        try scanner.finish()
        return order
    }

    /// Reads the answer to openOrders.
    package static func decodeOrders(_ bytes: RawSpan) throws(JSONError) -> [VenueOrder] {
        var scanner = JSONScanner(bytes)
        var orders: [VenueOrder] = []
        try scanner.enterArray()
        while try scanner.nextElement() { orders.append(try readOrder(&scanner)) }
        try scanner.finish()
        return orders
    }

    private static func readOrder(_ scanner: inout JSONScanner) throws(JSONError) -> VenueOrder {
        var draft = OrderDraft()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try draft.takeIdentity(key, &scanner) { continue }
            if try draft.takeAmounts(key, &scanner) { continue }
            try scanner.skipValue()
        }
        return try draft.order(at: scanner.offset)
    }

    /// Reads the answer to userTrades; a trade list carries no client order ids.
    package static func decodeUserTrades(_ bytes: RawSpan) throws(JSONError) -> [Fill] {
        var scanner = JSONScanner(bytes)
        var fills: [Fill] = []
        try scanner.enterArray()
        while try scanner.nextElement() { fills.append(try readTrade(&scanner)) }
        try scanner.finish()
        return fills
    }

    private static func readTrade(_ scanner: inout JSONScanner) throws(JSONError) -> Fill {
        var draft = FillDraft()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": draft.symbol = try scanner.symbol()
            case "id": draft.tradeID = try scanner.integer()
            case "orderId": draft.orderID = try scanner.integer()
            case "side": draft.side = try scanner.side()
            case "price": draft.price = try scanner.decimal()
            case "qty": draft.quantity = try scanner.decimal()
            case "commission": draft.fee = try scanner.lenientDecimal()
            case "commissionAsset": draft.feeAsset = try scanner.lenientText()
            case "time": draft.time = try scanner.integer()
            case "maker": draft.isMaker = try scanner.boolean()
            case _: try scanner.skipValue()
            }
        }
        return try draft.fill(at: scanner.offset)
    }
}

/// The fields of one order as they come in.
private struct OrderDraft {
    private var symbol: Symbol?
    private var orderID: Int64?
    private var clientOrderID = ""
    private var side: Side?
    private var status: VenueOrderStatus?
    private var type = ""
    private var timeInForce = ""
    private var positionSide = ""
    private var isReduceOnly = false
    private var price = Price.zero
    private var quantity = Quantity.zero
    private var executed = Quantity.zero
    private var average = Price.zero
    private var notional = Money.zero
    private var created: Int64 = 0
    private var updated: Int64 = 0

    mutating func takeIdentity(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "symbol": symbol = try scanner.symbol()
        case "orderId": orderID = try scanner.integer()
        case "clientOrderId": clientOrderID = try scanner.text()
        case "side": side = try scanner.side()
        case "status": status = VenueOrderStatus(try scanner.text())
        case "type": type = try scanner.lenientText()
        case "timeInForce": timeInForce = try scanner.lenientText()
        case "positionSide": positionSide = try scanner.lenientText()
        case "reduceOnly": isReduceOnly = try scanner.boolean()
        case _: return false
        }
        return true
    }

    mutating func takeAmounts(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "price": price = try scanner.lenientDecimal()
        case "origQty": quantity = try scanner.decimal()
        case "executedQty": executed = try scanner.decimal()
        case "avgPrice": average = try scanner.lenientDecimal()
        case "cumQuote": notional = try scanner.lenientDecimal()
        case "time": created = try scanner.integer()
        case "updateTime": updated = try scanner.integer()
        case _: return false
        }
        return true
    }

    func order(at offset: Int) throws(JSONError) -> VenueOrder {
        var order = VenueOrder(
            symbol: try require(symbol, "symbol", at: offset),
            orderID: try require(orderID, "orderId", at: offset), clientOrderID: clientOrderID,
            side: try require(side, "side", at: offset),
            status: try require(status, "status", at: offset))
        order.type = type
        order.timeInForce = timeInForce
        order.positionSide = positionSide
        order.isReduceOnly = isReduceOnly
        order.price = price
        order.quantity = quantity
        order.executedQuantity = executed
        order.averagePrice = average
        order.executedNotional = notional
        order.createdMilliseconds = created
        order.updatedMilliseconds = updated
        return order
    }
}

/// The fields of one trade as they come in.
private struct FillDraft {
    var symbol: Symbol?
    var tradeID: Int64?
    var orderID: Int64?
    var side: Side?
    var price: Price?
    var quantity: Quantity?
    var fee = Money.zero
    var feeAsset = ""
    var isMaker = false
    var time: Int64 = 0

    func fill(at offset: Int) throws(JSONError) -> Fill {
        let fill = Fill(
            symbol: try require(symbol, "symbol", at: offset),
            tradeID: try require(tradeID, "id", at: offset),
            orderID: try require(orderID, "orderId", at: offset), clientOrderID: "",
            side: try require(side, "side", at: offset),
            price: try require(price, "price", at: offset),
            quantity: try require(quantity, "qty", at: offset), fee: fee, feeAsset: feeAsset,
            isMaker: isMaker, timeMilliseconds: time)
        guard fill.quantity.isPositive, !fill.price.isNegative else {
            throw JSONError(.badValue, offset: offset, field: "qty")
        }
        return fill
    }
}

internal import Bytes
internal import Trading

extension OrderUpdate {
    static func decode(_ bytes: RawSpan) throws(JSONError) -> OrderUpdate {
        var scanner = JSONScanner(bytes)
        var update: OrderUpdate?
        var event: Int64 = 0
        var transaction: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "E": event = try scanner.integer()
            case "T": transaction = try scanner.integer()
            case "o": update = try read(&scanner)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        var found = try require(update, "o", at: scanner.offset)
        found.eventMilliseconds = event
        if found.order.updatedMilliseconds == 0 { found.order.updatedMilliseconds = transaction }
        return found
    }

    private static func read(_ scanner: inout JSONScanner) throws(JSONError) -> OrderUpdate {
        var draft = UpdateDraft()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try draft.takeOrder(key, &scanner) { continue }
            if try draft.takeTrade(key, &scanner) { continue }
            try scanner.skipValue()
        }
        return try draft.update(at: scanner.offset)
    }
}

/// The one-letter fields of an order update as they come in.
private struct UpdateDraft {
    private var symbol: Symbol?
    private var clientOrderID: String?
    private var orderID: Int64?
    private var side: Side?
    private var status: VenueOrderStatus?
    private var execution: ExecutionKind?
    private var type = ""
    private var timeInForce = ""
    private var positionSide = ""
    private var isReduceOnly = false
    private var quantity = Quantity.zero
    private var price = Price.zero
    private var average = Price.zero
    private var executed = Quantity.zero
    private var time: Int64 = 0
    private var lastQuantity = Quantity.zero
    private var lastPrice = Price.zero
    private var tradeID: Int64 = 0
    private var commission = Money.zero
    private var commissionAsset = ""
    private var isMaker = false
    private var realized = Money.zero
    private var expiryReason = ""

    mutating func takeOrder(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "s": symbol = try scanner.symbol()
        case "c": clientOrderID = try scanner.text()
        case "i": orderID = try scanner.integer()
        case "S": side = try scanner.side()
        case "X": status = VenueOrderStatus(try scanner.text())
        case "x": execution = ExecutionKind(try scanner.text())
        case "o": type = try scanner.lenientText()
        case "f": timeInForce = try scanner.lenientText()
        case "ps": positionSide = try scanner.lenientText()
        case "R": isReduceOnly = try scanner.boolean()
        case "q": quantity = try scanner.decimal()
        case "p": price = try scanner.lenientDecimal()
        case "ap": average = try scanner.lenientDecimal()
        case "z": executed = try scanner.decimal()
        case "T": time = try scanner.integer()
        case _: return false
        }
        return true
    }

    mutating func takeTrade(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "l": lastQuantity = try scanner.lenientDecimal()
        case "L": lastPrice = try scanner.lenientDecimal()
        case "t": tradeID = try scanner.integer()
        case "n": commission = try scanner.lenientDecimal()
        case "N": commissionAsset = try scanner.lenientText()
        case "m": isMaker = try scanner.boolean()
        case "rp": realized = try scanner.lenientDecimal()
        case "er": expiryReason = try scanner.lenientText()
        case _: return false
        }
        return true
    }

    func update(at offset: Int) throws(JSONError) -> OrderUpdate {
        var order = VenueOrder(
            symbol: try require(symbol, "s", at: offset),
            orderID: try require(orderID, "i", at: offset),
            clientOrderID: try require(clientOrderID, "c", at: offset),
            side: try require(side, "S", at: offset), status: try require(status, "X", at: offset))
        order.type = type
        order.timeInForce = timeInForce
        order.positionSide = positionSide
        order.isReduceOnly = isReduceOnly
        order.quantity = quantity
        order.price = price
        order.averagePrice = average
        order.executedQuantity = executed
        order.executedNotional = average.times(executed, .nearestEven)
        order.updatedMilliseconds = time
        var update = OrderUpdate(order: order, execution: try require(execution, "x", at: offset))
        update.lastQuantity = lastQuantity
        update.lastPrice = lastPrice
        update.tradeID = tradeID
        update.commission = commission
        update.commissionAsset = commissionAsset
        update.isMaker = isMaker
        update.realizedProfit = realized
        update.expiryReason = expiryReason
        return update
    }
}

extension TradeLite {
    static func decode(_ bytes: RawSpan) throws(JSONError) -> TradeLite {
        var scanner = JSONScanner(bytes)
        var symbol: Symbol?
        var clientOrderID: String?
        var ids: (order: Int64?, trade: Int64?)
        var side: Side?
        var last: (price: Price?, quantity: Quantity?)
        var isMaker = false
        var time: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "s": symbol = try scanner.symbol()
            case "c": clientOrderID = try scanner.text()
            case "i": ids.order = try scanner.integer()
            case "t": ids.trade = try scanner.integer()
            case "S": side = try scanner.side()
            case "L": last.price = try scanner.decimal()
            case "l": last.quantity = try scanner.decimal()
            case "m": isMaker = try scanner.boolean()
            case "T": time = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        let end = scanner.offset
        return TradeLite(
            symbol: try require(symbol, "s", at: end),
            clientOrderID: try require(clientOrderID, "c", at: end),
            orderID: try require(ids.order, "i", at: end),
            tradeID: try require(ids.trade, "t", at: end), side: try require(side, "S", at: end),
            lastPrice: try require(last.price, "L", at: end),
            lastQuantity: try require(last.quantity, "l", at: end), isMaker: isMaker,
            transactionMilliseconds: time)
    }
}

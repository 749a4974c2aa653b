internal import Bytes
internal import Trading

/// News of a Binance spot account, bare or wrapped as `{"subscriptionId":0,"event":{...}}`.
enum SpotUserMessage {
    static func decode(_ bytes: RawSpan) throws(JSONError) -> VenueEvent {
        var scanner = JSONScanner(bytes)
        var name = ""
        var event: VenueEvent?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "e": name = try scanner.lenientText()
            case "event" where try scanner.nextKind() == .object:
                event = try bare(try scanner.rawValue())
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        if let event { return event }
        if name.isEmpty, let reply = try ControlReply.decode(bytes) { return .control(reply) }
        return try decode(bytes, named: name)
    }

    private static func bare(_ bytes: RawSpan) throws(JSONError) -> VenueEvent {
        var scanner = JSONScanner(bytes)
        var name = ""
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "e" { name = try scanner.lenientText() } else { try scanner.skipValue() }
        }
        return try decode(bytes, named: name)
    }

    private static func decode(
        _ bytes: RawSpan, named name: String
    ) throws(JSONError) -> VenueEvent {
        switch name {
        case "executionReport": .order(try ExecutionReport.decode(bytes))
        case "outboundAccountPosition": .holdings(try position(bytes))
        case "balanceUpdate": try transfer(bytes)
        case "eventStreamTerminated", "listenKeyExpired", "serverShutdown": .streamEnded
        case _: .other(name)
        }
    }

    private static func position(_ bytes: RawSpan) throws(JSONError) -> [VenueHolding] {
        var scanner = JSONScanner(bytes)
        var holdings: [VenueHolding]?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "B": holdings = try SpotOrders.holdings(&scanner, "a", "f", "l")
            case _: try scanner.skipValue()
            }
        }
        return try require(holdings, "B", at: scanner.offset)
    }

    private static func transfer(_ bytes: RawSpan) throws(JSONError) -> VenueEvent {
        var scanner = JSONScanner(bytes)
        var asset = ""
        var change: Money?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "a": asset = try scanner.text()
            case "d": change = try scanner.cutDecimal()
            case _: try scanner.skipValue()
            }
        }
        return .transfer(asset: asset, change: try require(change, "d", at: scanner.offset))
    }
}

/// Reads one executionReport.
private struct ExecutionReport {
    private var symbol: Symbol?
    private var orderID: Int64?
    private var clientOrderID = ""
    private var originalID = ""
    private var side: Side?
    private var status: VenueOrderStatus?
    private var execution: ExecutionKind?
    private var texts: (type: String, timeInForce: String, feeAsset: String) = ("", "", "")
    private var price = Price.zero
    private var quantity = Quantity.zero
    private var executed = Quantity.zero
    private var notional = Money.zero
    private var last: (price: Price, quantity: Quantity) = (.zero, .zero)
    private var tradeID: Int64 = 0
    private var fee = Money.zero
    private var isMaker = false
    private var times: (event: Int64, transaction: Int64, created: Int64) = (0, 0, 0)

    static func decode(_ bytes: RawSpan) throws(JSONError) -> OrderUpdate {
        var scanner = JSONScanner(bytes)
        var report = ExecutionReport()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try report.takeOrder(key, &scanner) { continue }
            if try report.takeTrade(key, &scanner) { continue }
            try scanner.skipValue()
        }
        try scanner.finish()
        return try report.update(at: scanner.offset)
    }

    private mutating func takeOrder(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "s": symbol = try scanner.symbol()
        case "c": clientOrderID = try scanner.lenientText()
        case "C": originalID = try scanner.lenientText()
        case "i": orderID = try scanner.integer()
        case "S": side = try scanner.side()
        case "X": status = VenueOrderStatus(try scanner.text())
        case "x": execution = ExecutionKind(try scanner.text())
        case "o": texts.type = try scanner.lenientText()
        case "f": texts.timeInForce = try scanner.lenientText()
        case "q": quantity = try scanner.decimal()
        case "p": price = try scanner.lenientDecimal()
        case "z": executed = try scanner.decimal()
        case "Z": notional = try scanner.cutDecimal()
        case _: return false
        }
        return true
    }

    private mutating func takeTrade(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "l": last.quantity = try scanner.lenientDecimal()
        case "L": last.price = try scanner.lenientDecimal()
        case "t": tradeID = try scanner.integer()
        case "n": fee = try scanner.cutDecimal()
        case "N": texts.feeAsset = try scanner.lenientText()
        case "m": isMaker = try scanner.boolean()
        case "E": times.event = try scanner.integer()
        case "T": times.transaction = try scanner.integer()
        case "O": times.created = try scanner.lenientInteger()
        case _: return false
        }
        return true
    }

    private func update(at offset: Int) throws(JSONError) -> OrderUpdate {
        // A cancel has an id of its own; the order's is then the original one.
        var order = VenueOrder(
            symbol: try require(symbol, "s", at: offset),
            orderID: try require(orderID, "i", at: offset),
            clientOrderID: originalID.isEmpty ? clientOrderID : originalID,
            side: try require(side, "S", at: offset), status: try require(status, "X", at: offset))
        order.type = texts.type
        order.timeInForce = texts.timeInForce
        order.price = price
        order.quantity = quantity
        order.executedQuantity = executed
        order.executedNotional = notional
        if executed.isPositive {
            order.averagePrice = notional.divided(by: executed, .nearestEven)
        }
        order.createdMilliseconds = times.created
        order.updatedMilliseconds = times.transaction
        var update = OrderUpdate(order: order, execution: try require(execution, "x", at: offset))
        update.eventMilliseconds = times.event
        update.lastQuantity = last.quantity
        update.lastPrice = last.price
        update.tradeID = max(0, tradeID)
        update.commission = fee
        update.commissionAsset = texts.feeAsset
        update.isMaker = isMaker
        return update
    }
}

internal import Bytes
internal import Trading

/// Reads spot orders and trades, of Binance and of MEXC, which gives ids as text.
enum SpotOrders {
    static func order(_ bytes: RawSpan) throws(JSONError) -> VenueOrder {
        var scanner = JSONScanner(bytes)
        let draft = try SpotOrderDraft(&scanner)
        try scanner.finish()
        return try draft.order(at: scanner.offset)
    }

    static func orders(_ bytes: RawSpan) throws(JSONError) -> [VenueOrder] {
        var scanner = JSONScanner(bytes)
        var orders: [VenueOrder] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            orders.append(try SpotOrderDraft(&scanner).order(at: scanner.offset))
        }
        try scanner.finish()
        return orders
    }

    /// The answer to a placement; what it leaves out is the intent's.
    static func placement(
        _ bytes: RawSpan, _ intent: OrderIntent
    ) throws(JSONError) -> VenuePlacement {
        var scanner = JSONScanner(bytes)
        var draft = try SpotOrderDraft(&scanner)
        try scanner.finish()
        draft.complete(with: intent)
        let order = try draft.order(at: scanner.offset)
        var fills: [Fill] = []
        for fill in draft.fills {
            fills.append(
                Fill(
                    symbol: order.symbol, tradeID: fill.id, orderID: order.orderID,
                    clientOrderID: order.clientOrderID, side: order.side, price: fill.price,
                    quantity: fill.quantity, fee: fill.fee, feeAsset: fill.feeAsset,
                    isMaker: false, timeMilliseconds: order.updatedMilliseconds))
        }
        return VenuePlacement(order: order, fills: fills)
    }

    static func trades(_ bytes: RawSpan) throws(JSONError) -> [Fill] {
        var scanner = JSONScanner(bytes)
        var fills: [Fill] = []
        try scanner.enterArray()
        while try scanner.nextElement() { fills.append(try trade(&scanner)) }
        try scanner.finish()
        return fills
    }

    private static func trade(_ scanner: inout JSONScanner) throws(JSONError) -> Fill {
        var symbol: Symbol?
        var ids: (trade: Int64?, order: Int64?)
        var price: Price?
        var quantity: Quantity?
        var flags: (isBuyer: Bool?, isMaker: Bool) = (nil, false)
        var fee = Money.zero
        var texts: (feeAsset: String, client: String) = ("", "")
        var time: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "symbol": symbol = try scanner.symbol()
            case "id": ids.trade = try scanner.venueNumber().number
            case "orderId": ids.order = try scanner.venueNumber().number
            case "price": price = try scanner.decimal()
            case "qty": quantity = try scanner.decimal()
            case "commission": fee = try scanner.cutDecimal()
            case "commissionAsset": texts.feeAsset = try scanner.lenientText()
            case "clientOrderId": texts.client = try scanner.lenientText()
            case "time": time = try scanner.integer()
            case "isBuyer": flags.isBuyer = try scanner.boolean()
            case "isMaker": flags.isMaker = try scanner.boolean()
            case _: try scanner.skipValue()
            }
        }
        let end = scanner.offset
        let fill = Fill(
            symbol: try require(symbol, "symbol", at: end),
            tradeID: try require(ids.trade, "id", at: end),
            orderID: try require(ids.order, "orderId", at: end), clientOrderID: texts.client,
            side: try require(flags.isBuyer, "isBuyer", at: end) ? .buy : .sell,
            price: try require(price, "price", at: end),
            quantity: try require(quantity, "qty", at: end), fee: fee, feeAsset: texts.feeAsset,
            isMaker: flags.isMaker, timeMilliseconds: time)
        guard fill.quantity.isPositive, fill.price.isPositive else {
            throw JSONError(.badValue, offset: end, field: "qty")
        }
        return fill
    }

    /// Reads `balances` of an account.
    static func holdings(_ bytes: RawSpan) throws(JSONError) -> [VenueHolding] {
        var scanner = JSONScanner(bytes)
        var holdings: [VenueHolding]?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "balances": holdings = try SpotOrders.holdings(&scanner, "asset", "free", "locked")
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        return try require(holdings, "balances", at: scanner.offset)
    }

    /// Reads a list of assets under the names that REST or the stream gives their fields.
    static func holdings(
        _ scanner: inout JSONScanner, _ asset: StaticString, _ free: StaticString,
        _ locked: StaticString
    ) throws(JSONError) -> [VenueHolding] {
        var holdings: [VenueHolding] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            var holding = VenueHolding(asset: "", free: .zero, locked: .zero)
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if key == asset {
                    holding.asset = try scanner.text()
                } else if key == free {
                    holding.free = try scanner.cutDecimal()
                } else if key == locked {
                    holding.locked = try scanner.cutDecimal()
                } else {
                    try scanner.skipValue()
                }
            }
            guard !holding.asset.isEmpty else {
                throw JSONError(.missingField, offset: scanner.offset, field: "asset")
            }
            holdings.append(holding)
        }
        return holdings
    }
}

/// The fields of one spot order as they come in.
struct SpotOrderDraft {
    /// One row of `fills`.
    struct Row {
        var id: Int64 = 0
        var price = Price.zero
        var quantity = Quantity.zero
        var fee = Money.zero
        var feeAsset = ""
    }

    private var symbol: Symbol?
    private var id: (number: Int64, text: String)?
    private var clientOrderID = ""
    /// The id the order was placed under, where `clientOrderId` is the cancel's own.
    private var originalID = ""
    private var side: Side?
    private var status: VenueOrderStatus?
    private var type = ""
    private var timeInForce = ""
    private var price = Price.zero
    private var quantity = Quantity.zero
    private var executed = Quantity.zero
    private var notional = Money.zero
    private var created: Int64 = 0
    private var updated: Int64 = 0
    private(set) var fills: [Row] = []

    init(_ scanner: inout JSONScanner) throws(JSONError) {
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if try takeIdentity(key, &scanner) { continue }
            if try takeAmounts(key, &scanner) { continue }
            try scanner.skipValue()
        }
    }

    private mutating func takeIdentity(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "symbol": symbol = try scanner.symbol()
        case "orderId": id = try scanner.venueNumber()
        case "clientOrderId": clientOrderID = try scanner.lenientText()
        case "origClientOrderId": originalID = try scanner.lenientText()
        case "side": side = try scanner.side()
        case "status": status = VenueOrderStatus(try scanner.text())
        case "type": type = try scanner.lenientText()
        case "timeInForce": timeInForce = try scanner.lenientText()
        case _: return false
        }
        return true
    }

    private mutating func takeAmounts(
        _ key: RawSpan, _ scanner: inout JSONScanner
    ) throws(JSONError) -> Bool {
        switch key {
        case "price": price = try scanner.lenientDecimal()
        case "origQty": quantity = try scanner.lenientDecimal()
        case "executedQty": executed = try scanner.lenientDecimal()
        case "cummulativeQuoteQty": notional = try scanner.cutDecimal()
        case "time": created = try scanner.lenientInteger()
        case "updateTime", "transactTime": updated = try scanner.lenientInteger()
        case "fills":
            try scanner.enterArray()
            while try scanner.nextElement() { fills.append(try SpotOrderDraft.row(&scanner)) }
        case _: return false
        }
        return true
    }

    private static func row(_ scanner: inout JSONScanner) throws(JSONError) -> Row {
        var row = Row()
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "price": row.price = try scanner.decimal()
            case "qty": row.quantity = try scanner.decimal()
            case "commission": row.fee = try scanner.cutDecimal()
            case "commissionAsset": row.feeAsset = try scanner.lenientText()
            case "tradeId": row.id = try scanner.venueNumber().number
            case _: try scanner.skipValue()
            }
        }
        guard row.id > 0, row.quantity.isPositive, row.price.isPositive else {
            throw JSONError(.badValue, offset: scanner.offset, field: "fills")
        }
        return row
    }

    /// A receipt (MEXC) says neither the state nor the client id: the order was taken as intended.
    mutating func complete(with intent: OrderIntent) {
        if clientOrderID.isEmpty { clientOrderID = intent.clientOrderID.text }
        if status == nil { status = .new }
        if side == nil { side = intent.side }
        if quantity.isZero { quantity = intent.quantity }
    }

    func order(at offset: Int) throws(JSONError) -> VenueOrder {
        let id = try require(id, "orderId", at: offset)
        var order = VenueOrder(
            symbol: try require(symbol, "symbol", at: offset), orderID: id.number,
            clientOrderID: originalID.isEmpty ? clientOrderID : originalID,
            side: try require(side, "side", at: offset),
            status: try require(status, "status", at: offset))
        order.venueID = id.text
        order.type = type
        order.timeInForce = timeInForce
        order.price = price
        order.quantity = quantity
        order.executedQuantity = executed
        order.executedNotional = notional
        if executed.isPositive {
            order.averagePrice = notional.divided(by: executed, .nearestEven)
        }
        order.createdMilliseconds = created
        order.updatedMilliseconds = updated
        return order
    }
}

extension JSONScanner {
    /// An id: a number as it is, a text as the number that stands for it, and the text.
    @_lifetime(self: copy self)
    mutating func venueNumber() throws(JSONError) -> (number: Int64, text: String) {
        guard try nextKind() == .string else { return (try integer(), "") }
        let text = try text()
        return (VenueNumber.of(text), text)
    }

    /// A whole number; null is zero.
    @_lifetime(self: copy self)
    mutating func lenientInteger() throws(JSONError) -> Int64 {
        try skipNull() ? 0 : try integer()
    }

    /// An amount that a venue may give with more decimals than are held: cut off behind the
    /// twelfth. Null and an empty string are zero.
    @_lifetime(self: copy self)
    mutating func cutDecimal<Value: ExactDecimal>() throws(JSONError) -> Value {
        if try skipNull() { return .zero }
        let start = offset
        let isText = try nextKind() == .string
        let raw = isText ? try string() : try number()
        if raw.byteCount == 0 { return .zero }
        var end = raw.byteCount
        var point = 0
        while point < end, raw.byte(point) != UInt8(ascii: ".") { point += 1 }
        for index in point..<end where raw.byte(index) | 0x20 == UInt8(ascii: "e") { point = end }
        for index in min(end, point + 13)..<end where raw.byte(index) &- 48 > 9 {
            throw JSONError(.badNumber, offset: start)
        }
        end = min(end, point + 13)
        do throws(DecimalText.Problem) {
            return Value(units: try DecimalText.parse(raw.extracting(0..<end)))
        } catch {
            throw JSONError(.badNumber, offset: start)
        }
    }
}

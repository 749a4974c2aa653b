package import Bytes
package import Trading

/// Why an order event was sent.
package enum ExecutionKind: Equatable, Sendable {
    case new, canceled, calculated, expired, trade, amendment
    /// A kind from a newer venue (T12).
    case other(String)

    package init(_ text: String) {
        switch text {
        case "NEW": self = .new
        case "CANCELED": self = .canceled
        case "CALCULATED": self = .calculated
        case "EXPIRED": self = .expired
        case "TRADE": self = .trade
        case "AMENDMENT": self = .amendment
        case _: self = .other(text)
        }
    }
}

/// One ORDER_TRADE_UPDATE: an order as it stands after something happened to it.
package struct OrderUpdate: Equatable, Sendable {
    /// The order itself; `updatedMilliseconds` is the transaction time.
    package var order: VenueOrder
    package var execution: ExecutionKind
    package var eventMilliseconds: Int64 = 0
    /// The last trade's quantity, zero where there was none.
    package var lastQuantity = Quantity.zero
    package var lastPrice = Price.zero
    /// 0 where there was no trade; unique within the symbol.
    package var tradeID: Int64 = 0
    package var commission = Money.zero
    package var commissionAsset = ""
    package var isMaker = false
    /// Realised profit of the last trade, before its commission.
    package var realizedProfit = Money.zero
    /// Why the order expired; "0" or empty where it did not.
    package var expiryReason = ""

    package init(order: VenueOrder, execution: ExecutionKind) {
        self.order = order
        self.execution = execution
    }

    /// The trade that this update reports, or nil where it reports none.
    package var fill: Fill? {
        guard tradeID > 0, lastQuantity.isPositive, lastPrice.isPositive else { return nil }
        return Fill(
            symbol: order.symbol, tradeID: tradeID, orderID: order.orderID,
            clientOrderID: order.clientOrderID, side: order.side, price: lastPrice,
            quantity: lastQuantity, fee: commission, feeAsset: commissionAsset, isMaker: isMaker,
            timeMilliseconds: order.updatedMilliseconds)
    }
}

/// One TRADE_LITE: a trade ahead of its order update, without commission and status.
package struct TradeLite: Equatable, Sendable {
    package var symbol: Symbol
    package var clientOrderID: String
    package var orderID: Int64
    package var tradeID: Int64
    package var side: Side
    package var lastPrice: Price
    package var lastQuantity: Quantity
    package var isMaker: Bool
    package var transactionMilliseconds: Int64

    package init(
        symbol: Symbol, clientOrderID: String, orderID: Int64, tradeID: Int64, side: Side,
        lastPrice: Price, lastQuantity: Quantity, isMaker: Bool, transactionMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.clientOrderID = clientOrderID
        self.orderID = orderID
        self.tradeID = tradeID
        self.side = side
        self.lastPrice = lastPrice
        self.lastQuantity = lastQuantity
        self.isMaker = isMaker
        self.transactionMilliseconds = transactionMilliseconds
    }
}

/// One ACCOUNT_UPDATE: the balances and positions that changed.
package struct AccountUpdate: Equatable, Sendable {
    package struct Balance: Equatable, Sendable {
        package var asset = ""
        package var wallet = Money.zero
        package var crossWallet = Money.zero
        /// What changed it other than trading; zero for fills.
        package var change = Money.zero

        package init() {}
    }
    package struct Position: Equatable, Sendable {
        package var symbol: Symbol
        /// Signed; negative is short.
        package var quantity: Quantity
        package var entryPrice = Price.zero
        package var unrealized = Money.zero
        package var positionSide = "BOTH"

        package init(symbol: Symbol, quantity: Quantity) {
            self.symbol = symbol
            self.quantity = quantity
        }
    }
    /// The venue's word: ORDER, FUNDING_FEE, and so on.
    package var reason = ""
    package var balances: [Balance] = []
    package var positions: [Position] = []
    package var eventMilliseconds: Int64 = 0
    package var transactionMilliseconds: Int64 = 0

    package init() {}
}

/// One message of the user stream.
package enum UserEvent: Equatable, Sendable {
    case order(OrderUpdate)
    case tradeLite(TradeLite)
    case account(AccountUpdate)
    /// The stream is dead though its socket is open: make a new key and connect again (T1).
    case listenKeyExpired
    case control(ControlReply)
    /// An event that is not acted on, by its name.
    case other(String)

    /// Reads one message, bare or wrapped as `{"stream":...,"data":{...}}`.
    package static func decode(_ bytes: RawSpan) throws(JSONError) -> UserEvent {
        var scanner = JSONScanner(bytes)
        var name = ""
        var event: UserEvent?
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "e": name = try scanner.lenientText()
            case "data" where event == nil: event = try decodeBare(try scanner.rawValue())
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        if let event { return event }
        if name.isEmpty, let reply = try ControlReply.decode(bytes) { return .control(reply) }
        return try decode(bytes, named: name)
    }

    private static func decodeBare(_ bytes: RawSpan) throws(JSONError) -> UserEvent {
        var scanner = JSONScanner(bytes)
        var name = ""
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "e" { name = try scanner.lenientText() } else { try scanner.skipValue() }
        }
        return try decode(bytes, named: name)
    }

    private static func decode(_ bytes: RawSpan, named name: String) throws(JSONError) -> UserEvent
    {
        switch name {
        case "ORDER_TRADE_UPDATE": .order(try OrderUpdate.decode(bytes))
        case "TRADE_LITE": .tradeLite(try TradeLite.decode(bytes))
        case "ACCOUNT_UPDATE": .account(try AccountUpdate.decode(bytes))
        case "listenKeyExpired": .listenKeyExpired
        case _: .other(name)
        }
    }
}

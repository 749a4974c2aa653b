internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// How the journal spells each kind of fact.
internal enum JournalFacts {
    static let version: Int64 = 1

    static func write(header desk: FuturesDesk, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("journal")
        out.beginObject()
        out.field("version", version)
        out.field("seed", String(desk.settings.seed))
        out.endObject()
        out.endObject()
    }

    static func write(wallet desk: FuturesDesk, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("wallet")
        out.beginObject()
        out.field("amount", units: desk.wallet.units)
        out.field("at", desk.walletUpdatedAt)
        out.endObject()
        out.endObject()
    }

    static func write(counters desk: FuturesDesk, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("counters")
        out.beginObject()
        out.field("update", desk.floor.nextUpdateID)
        out.field("generated", desk.nextGeneratedID)
        out.endObject()
        out.endObject()
    }

    /// The account's position and leverage.
    static func write(_ stake: Stake, _ symbol: Symbol, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("holding")
        out.beginObject()
        out.field("symbol", symbol.name)
        out.field("quantity", units: stake.holding.quantity.units)
        out.field("cost", units: stake.holding.cost.units)
        out.field("realised", units: stake.holding.realised.units)
        out.field("leverage", stake.holding.leverage)
        out.field("at", stake.holding.updatedAtMilliseconds)
        out.endObject()
        out.endObject()
    }

    static func write(prices market: Market, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("market")
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("fair", units: market.fair.units)
        out.field("mark", units: market.mark.units)
        out.field("last", units: market.last.units)
        out.field("order", market.book.nextOrderID)
        out.field("trade", market.book.nextTradeID)
        out.endObject()
        out.endObject()
    }

    static func write(_ order: FuturesOrder, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("order")
        out.beginObject()
        out.field("symbol", order.symbol.name)
        out.field("id", order.orderID)
        out.field("client", order.clientOrderID)
        out.field("side", order.side.rawValue)
        out.field("type", order.type.rawValue)
        out.field("force", order.timeInForce.rawValue)
        out.field("quantity", units: order.quantity.units)
        out.field("price", units: order.price.units)
        out.field("reduce", order.isReduceOnly)
        out.field("stp", order.selfTrade.rawValue)
        out.field("till", order.goodTillDate)
        out.field("match", order.priceMatch)
        out.field("status", order.status.text)
        out.field("executed", units: order.executed.units)
        out.field("quote", units: order.cumulativeQuote.units)
        out.field("created", order.createdAtMilliseconds)
        out.field("updated", order.updatedAtMilliseconds)
        out.field("reason", order.expiryReason)
        out.endObject()
        out.endObject()
    }

    static func write(_ trade: FuturesTrade, _ out: inout JSONWriter) {
        out.beginObject()
        out.key("trade")
        out.beginObject()
        out.field("symbol", trade.symbol.name)
        out.field("id", trade.tradeID)
        out.field("order", trade.orderID)
        out.field("client", trade.clientOrderID)
        out.field("side", trade.side.rawValue)
        out.field("price", units: trade.price.units)
        out.field("quantity", units: trade.quantity.units)
        out.field("fee", units: trade.fee.units)
        out.field("realised", units: trade.realised.units)
        out.field("maker", trade.isMaker)
        out.field("at", trade.timeMilliseconds)
        out.endObject()
        out.endObject()
    }

    // MARK: reading

    static func order(_ value: JSONValue) throws(JSONError) -> FuturesOrder {
        let status = VenueOrderStatus(try value.field("status", \.text))
        return FuturesOrder(
            symbol: try symbol(value), orderID: try value.field("id", \.integer),
            clientOrderID: try value.field("client", \.text),
            side: try value.field("side") { $0.text.flatMap(Side.init(rawValue:)) },
            type: try value.field("type") { $0.text.flatMap(OrderType.init(rawValue:)) },
            timeInForce: try value.field("force") { $0.text.flatMap(TimeInForce.init(rawValue:)) },
            quantity: try decimal(value, "quantity"), price: try decimal(value, "price"),
            isReduceOnly: try value.field("reduce", \.boolean),
            selfTrade: try value.field("stp") {
                $0.text.flatMap(SelfTradePrevention.init(rawValue:))
            },
            goodTillDate: try value.field("till", \.integer),
            priceMatch: try value.field("match", \.text), status: status,
            executed: try decimal(value, "executed"),
            cumulativeQuote: try decimal(value, "quote"),
            createdAtMilliseconds: try value.field("created", \.integer),
            updatedAtMilliseconds: try value.field("updated", \.integer),
            expiryReason: try value.field("reason", \.text))
    }

    static func trade(_ value: JSONValue) throws(JSONError) -> FuturesTrade {
        FuturesTrade(
            symbol: try symbol(value), tradeID: try value.field("id", \.integer),
            orderID: try value.field("order", \.integer),
            clientOrderID: try value.field("client", \.text),
            side: try value.field("side") { $0.text.flatMap(Side.init(rawValue:)) },
            price: try decimal(value, "price"), quantity: try decimal(value, "quantity"),
            fee: try decimal(value, "fee"), realised: try decimal(value, "realised"),
            isMaker: try value.field("maker", \.boolean),
            timeMilliseconds: try value.field("at", \.integer))
    }

    static func holding(_ value: JSONValue) throws(JSONError) -> Holding {
        Holding(
            quantity: try decimal(value, "quantity"), cost: try decimal(value, "cost"),
            realised: try decimal(value, "realised"),
            leverage: try value.field("leverage", \.integer),
            updatedAt: try value.field("at", \.integer))
    }

    static func symbol(_ value: JSONValue) throws(JSONError) -> Symbol {
        try value.field("symbol") { $0.text.flatMap { Symbol($0) } }
    }

    static func decimal<Value: ExactDecimal>(
        _ value: JSONValue, _ key: String
    ) throws(JSONError) -> Value {
        Value(units: try value.field(key, \.decimalUnits))
    }
}

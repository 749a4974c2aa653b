internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// How the journal spells each kind of fact.
internal enum SpotFacts {
    /// Version 1 knew one account. What it lacks is read as such.
    static let version: Int64 = 2

    static func fact(
        _ name: StaticString, _ out: inout JSONWriter, _ fields: (inout JSONWriter) -> Void
    ) {
        out.beginObject()
        out.key(name)
        out.beginObject()
        fields(&out)
        out.endObject()
        out.endObject()
    }

    static func write(header desk: SpotDesk, _ out: inout JSONWriter) {
        fact("journal", &out) {
            $0.field("version", version)
            $0.field("flavour", desk.settings.flavour.rawValue)
            $0.field("seed", String(desk.settings.seed))
        }
    }

    static func write(counters desk: SpotDesk, _ out: inout JSONWriter) {
        fact("counters", &out) {
            $0.field("update", desk.floor.nextUpdateID)
            $0.field("generated", desk.nextGeneratedID)
            $0.field("execution", desk.nextExecutionID)
            $0.field("list", desk.nextListID)
            $0.field("at", desk.accounts[0].updatedAt)
        }
    }

    /// The facts that follow are of this account.
    static func write(_ account: SpotAccount, _ out: inout JSONWriter) {
        fact("account", &out) {
            $0.field("name", account.name)
            $0.field("at", account.updatedAt)
        }
    }

    static func write(_ balance: Balance, _ out: inout JSONWriter) {
        fact("balance", &out) {
            $0.field("asset", balance.asset)
            $0.field("free", units: balance.free.units)
            $0.field("locked", units: balance.locked.units)
        }
    }

    static func write(_ instrument: Instrument, _ out: inout JSONWriter) {
        fact("instrument", &out) {
            $0.field("symbol", instrument.symbol.name)
            $0.field("status", instrument.status.text)
            $0.field("step", units: instrument.step.units)
        }
    }

    static func write(prices market: Market, _ out: inout JSONWriter) {
        fact("market", &out) {
            $0.field("symbol", market.symbol.name)
            market.memory.writeFields(&$0)
        }
    }

    /// The minutes of a market that closed in a time; without one, all its closed candles.
    static func write(candlesOf market: Market, _ time: Range<Int64>?, _ out: inout JSONWriter) {
        func add(_ fields: (inout JSONWriter) -> Void) { fact("candles", &out, fields) }
        if let time {
            CandleMemory.write(
                minutesOf: market, from: time.lowerBound, to: time.upperBound, add)
        } else {
            CandleMemory.write(all: market, add)
        }
    }

    static func write(_ order: SpotOrder, _ out: inout JSONWriter) {
        fact("order", &out) {
            $0.field("symbol", order.symbol.name)
            $0.field("id", order.orderID)
            $0.field("book", order.bookID)
            $0.field("client", order.clientOrderID)
            $0.field("side", order.side.rawValue)
            $0.field("kind", order.kind.rawValue)
            $0.field("force", order.timeInForce.rawValue)
            $0.field("quantity", units: order.quantity.units)
            $0.field("amount", units: order.quoteQuantity.units)
            $0.field("price", units: order.price.units)
            $0.field("stop", units: order.stopPrice.units)
            $0.field("stp", order.selfTrade.rawValue)
            $0.field("status", order.status.text)
            $0.field("executed", units: order.executed.units)
            $0.field("quote", units: order.cumulativeQuote.units)
            $0.field("locked", units: order.locked.units)
            $0.field("created", order.createdAtMilliseconds)
            $0.field("updated", order.updatedAtMilliseconds)
            $0.field("working", order.workingAtMilliseconds)
            $0.field("expiry", order.expiry.rawValue)
            // Most orders have neither: files of before these were known are read alike.
            if order.listID >= 0 { $0.field("list", order.listID) }
            if order.icebergQuantity.isPositive {
                $0.field("iceberg", units: order.icebergQuantity.units)
            }
            if order.trailingDelta > 0 {
                $0.field("delta", order.trailingDelta)
                $0.field("trailing", order.trailingAtMilliseconds)
                $0.field("extreme", units: order.extreme.units)
            }
            if order.preventedMatchID >= 0 {
                $0.field("prevented", units: order.prevented.units)
                $0.field("prevention", order.preventedMatchID)
            }
        }
    }

    static func write(_ trade: SpotTrade, _ out: inout JSONWriter) {
        fact("trade", &out) {
            $0.field("symbol", trade.symbol.name)
            $0.field("id", trade.tradeID)
            $0.field("order", trade.orderID)
            $0.field("client", trade.clientOrderID)
            $0.field("side", trade.side.rawValue)
            $0.field("price", units: trade.price.units)
            $0.field("quantity", units: trade.quantity.units)
            $0.field("fee", units: trade.fee.units)
            $0.field("asset", trade.feeAsset)
            $0.field("maker", trade.isMaker)
            $0.field("self", trade.isSelfTrade)
            $0.field("at", trade.timeMilliseconds)
        }
    }

    // MARK: reading

    static func order(_ value: JSONValue, market: Int) throws(JSONError) -> SpotOrder {
        var order = try plainOrder(value, market: market)
        if value["list"] != nil { order.listID = try value.field("list", \.integer) }
        if value["iceberg"] != nil { order.icebergQuantity = try decimal(value, "iceberg") }
        if value["delta"] != nil {
            order.trailingDelta = try value.field("delta", \.integer)
            order.trailingAtMilliseconds = try value.field("trailing", \.integer)
            order.extreme = try decimal(value, "extreme")
        }
        if value["prevention"] != nil {
            order.prevented = try decimal(value, "prevented")
            order.preventedMatchID = try value.field("prevention", \.integer)
        }
        return order
    }

    private static func plainOrder(
        _ value: JSONValue, market: Int
    ) throws(JSONError) -> SpotOrder {
        SpotOrder(
            market: market, symbol: try symbol(value), orderID: try value.field("id", \.integer),
            bookID: try value.field("book", \.integer),
            clientOrderID: try value.field("client", \.text),
            side: try word(value, "side"), kind: try word(value, "kind"),
            timeInForce: try word(value, "force"), quantity: try decimal(value, "quantity"),
            quoteQuantity: try decimal(value, "amount"), price: try decimal(value, "price"),
            stopPrice: try decimal(value, "stop"), selfTrade: try word(value, "stp"),
            status: VenueOrderStatus(try value.field("status", \.text)),
            executed: try decimal(value, "executed"),
            cumulativeQuote: try decimal(value, "quote"), locked: try decimal(value, "locked"),
            createdAtMilliseconds: try value.field("created", \.integer),
            updatedAtMilliseconds: try value.field("updated", \.integer),
            workingAtMilliseconds: try value.field("working", \.integer),
            expiry: try word(value, "expiry"))
    }

    static func trade(_ value: JSONValue, market: Int) throws(JSONError) -> SpotTrade {
        SpotTrade(
            market: market, symbol: try symbol(value), tradeID: try value.field("id", \.integer),
            orderID: try value.field("order", \.integer),
            clientOrderID: try value.field("client", \.text), side: try word(value, "side"),
            price: try decimal(value, "price"), quantity: try decimal(value, "quantity"),
            fee: try decimal(value, "fee"), feeAsset: try value.field("asset", \.text),
            isMaker: try value.field("maker", \.boolean),
            isSelfTrade: try value.field("self", \.boolean),
            timeMilliseconds: try value.field("at", \.integer))
    }

    static func symbol(_ value: JSONValue) throws(JSONError) -> Symbol {
        try value.field("symbol") { $0.text.flatMap { Symbol($0) } }
    }

    static func decimal<Value: ExactDecimal>(
        _ value: JSONValue, _ name: String
    ) throws(JSONError) -> Value {
        Value(units: try value.field(name, \.decimalUnits))
    }

    static func word<Word: RawRepresentable<String>>(
        _ value: JSONValue, _ name: String
    ) throws(JSONError) -> Word {
        try value.field(name) { $0.text.flatMap(Word.init(rawValue:)) }
    }
}

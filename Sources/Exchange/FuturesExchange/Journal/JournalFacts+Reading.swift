internal import Bytes
internal import Matching
internal import Trading

extension JournalFacts {
    static func order(_ value: JSONValue) throws(JSONError) -> FuturesOrder {
        var order = FuturesOrder(
            symbol: try symbol(value), orderID: try value.field("id", \.integer),
            clientOrderID: try value.field("client", \.text), side: try side(value),
            leg: try leg(value), type: try named(value, "type"),
            timeInForce: try named(value, "force"),
            quantity: try decimal(value, "quantity"), price: try decimal(value, "price"),
            isReduceOnly: try value.field("reduce", \.boolean), selfTrade: try named(value, "stp"),
            goodTillDate: try value.field("till", \.integer),
            priceMatch: try value.field("match", \.text),
            status: VenueOrderStatus(try value.field("status", \.text)),
            executed: try decimal(value, "executed"),
            cumulativeQuote: try decimal(value, "quote"),
            createdAtMilliseconds: try value.field("created", \.integer),
            updatedAtMilliseconds: try value.field("updated", \.integer),
            expiryReason: try value.field("reason", \.text))
        if value["origin"] != nil { order.origin = try named(value, "origin") }
        order.closesPosition = value["closes"]?.boolean ?? false
        order.amendCount = value["amends"]?.integer ?? 0
        if let before = value["before"]?.integer, let count = value["turn"]?.integer {
            order.laterTurn = QueueTurn(before: before, count: count)
        }
        return order
    }

    static func trade(_ value: JSONValue) throws(JSONError) -> FuturesTrade {
        FuturesTrade(
            symbol: try symbol(value), tradeID: try value.field("id", \.integer),
            orderID: try value.field("order", \.integer),
            clientOrderID: try value.field("client", \.text), side: try side(value),
            price: try decimal(value, "price"), quantity: try decimal(value, "quantity"),
            fee: try decimal(value, "fee"), realised: try decimal(value, "realised"),
            isMaker: try value.field("maker", \.boolean),
            timeMilliseconds: try value.field("at", \.integer), leg: try leg(value))
    }

    static func holding(_ value: JSONValue) throws(JSONError) -> Holding {
        Holding(
            quantity: try decimal(value, "quantity"), cost: try decimal(value, "cost"),
            realised: try decimal(value, "realised"),
            isolatedWallet: value["isolated"] == nil ? .zero : try decimal(value, "isolated"),
            updatedAt: try value.field("at", \.integer))
    }

    static func algo(_ value: JSONValue) throws(JSONError) -> AlgoOrder {
        var algo = AlgoOrder(
            algoID: try value.field("id", \.integer),
            clientAlgoID: try value.field("client", \.text), symbol: try symbol(value),
            side: try side(value), leg: try leg(value), kind: try named(value, "kind"),
            timeInForce: try named(value, "force"), quantity: try decimal(value, "quantity"),
            price: try decimal(value, "price"), trigger: try decimal(value, "trigger"),
            working: try named(value, "working"),
            closesPosition: try value.field("closes", \.boolean),
            isReduceOnly: try value.field("reduce", \.boolean),
            isPriceProtected: try value.field("protect", \.boolean),
            selfTrade: try named(value, "stp"), priceMatch: try value.field("match", \.text),
            goodTillDate: try value.field("till", \.integer),
            activation: try decimal(value, "activation"),
            callback: try decimal(value, "callback"), status: try named(value, "status"),
            createdAtMilliseconds: try value.field("created", \.integer),
            updatedAtMilliseconds: try value.field("updated", \.integer))
        algo.triggeredAtMilliseconds = try value.field("triggered", \.integer)
        algo.orderID = value["order"]?.integer
        algo.averagePrice = try decimal(value, "average")
        algo.executed = try decimal(value, "executed")
        algo.reason = try value.field("reason", \.text)
        algo.extreme = try decimal(value, "extreme")
        return algo
    }

    static func amendment(_ value: JSONValue) throws(JSONError) -> OrderAmendment {
        OrderAmendment(
            number: try value.field("number", \.integer),
            orderID: try value.field("order", \.integer),
            clientOrderID: try value.field("client", \.text),
            timeMilliseconds: try value.field("at", \.integer),
            priceBefore: try decimal(value, "priceBefore"),
            priceAfter: try decimal(value, "priceAfter"),
            quantityBefore: try decimal(value, "quantityBefore"),
            quantityAfter: try decimal(value, "quantityAfter"),
            count: try value.field("count", \.integer))
    }

    static func income(_ value: JSONValue) throws(JSONError) -> Income {
        Income(
            symbol: value["symbol"] == nil ? nil : try symbol(value),
            kind: try named(value, "kind"),
            amount: try decimal(value, "amount"),
            timeMilliseconds: try value.field("at", \.integer),
            number: try value.field("number", \.integer))
    }

    static func marginChange(_ value: JSONValue) throws(JSONError) -> MarginChange {
        MarginChange(
            leg: try leg(value).text, amount: try decimal(value, "amount"),
            timeMilliseconds: try value.field("at", \.integer))
    }

    static func funding(_ value: JSONValue) throws(JSONError) -> FundingRecord {
        FundingRecord(
            symbol: try symbol(value), rate: try decimal(value, "rate"),
            mark: try decimal(value, "mark"), timeMilliseconds: try value.field("at", \.integer))
    }

    static func mode(_ value: JSONValue) throws(JSONError) -> AccountMode {
        var mode = AccountMode()
        mode.isHedge = try value.field("hedge", \.boolean)
        mode.isMultiAssets = try value.field("multi", \.boolean)
        mode.isFeeBurn = try value.field("burn", \.boolean)
        return mode
    }

    // MARK: parts

    /// A word of a known set.
    static func named<Word: RawRepresentable<String>>(
        _ value: JSONValue, _ key: String
    ) throws(JSONError) -> Word {
        try value.field(key) { $0.text.flatMap(Word.init(rawValue:)) }
    }

    static func side(_ value: JSONValue) throws(JSONError) -> Side { try named(value, "side") }

    /// The net position where none is named.
    static func leg(_ value: JSONValue) throws(JSONError) -> PositionLeg {
        if value["leg"] == nil { return .net }
        return try value.field("leg") { $0.text.flatMap(PositionLeg.init(text:)) }
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

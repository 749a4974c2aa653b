internal import Bytes
internal import Trading

/// Lists, preventions and changes in place.
extension SpotFacts {
    static func write(_ list: SpotOrderList, _ out: inout JSONWriter) {
        fact("list", &out) {
            $0.field("symbol", list.symbol.name)
            $0.field("id", list.listID)
            $0.field("client", list.clientID)
            $0.key("orders")
            $0.beginArray()
            for orderID in list.orderIDs { $0.value(orderID) }
            $0.endArray()
            $0.field("created", list.createdAtMilliseconds)
            $0.field("updated", list.updatedAtMilliseconds)
            $0.field("done", list.isDone)
            if list.contingency != .oneCancelsOther {
                $0.field("contingency", list.contingency.rawValue)
                $0.field("released", list.isReleased)
            }
        }
    }

    static func write(_ prevention: SpotPrevention, _ out: inout JSONWriter) {
        fact("prevention", &out) {
            $0.field("symbol", prevention.symbol.name)
            $0.field("id", prevention.matchID)
            $0.field("taker", prevention.takerOrderID)
            $0.field("maker", prevention.makerOrderID)
            $0.field("mode", prevention.mode)
            $0.field("price", units: prevention.price.units)
            $0.field("takerQuantity", units: prevention.takerQuantity.units)
            $0.field("makerQuantity", units: prevention.makerQuantity.units)
            $0.field("at", prevention.timeMilliseconds)
        }
    }

    static func write(_ amendment: SpotAmendment, _ out: inout JSONWriter) {
        fact("amendment", &out) {
            $0.field("symbol", amendment.symbol.name)
            $0.field("order", amendment.orderID)
            $0.field("execution", amendment.executionID)
            $0.field("former", amendment.formerClientID)
            $0.field("client", amendment.clientID)
            $0.field("formerQuantity", units: amendment.formerQuantity.units)
            $0.field("quantity", units: amendment.quantity.units)
            $0.field("at", amendment.timeMilliseconds)
        }
    }

    // MARK: reading

    static func list(_ value: JSONValue, market: Int) throws(JSONError) -> SpotOrderList {
        var orderIDs: [Int64] = []
        for element in try value.field("orders", \.elements) {
            guard let orderID = element.integer else {
                throw JSONError(.badValue, offset: 0, field: "orders")
            }
            orderIDs.append(orderID)
        }
        var list = SpotOrderList(
            listID: try value.field("id", \.integer), market: market,
            symbol: try symbol(value), clientID: try value.field("client", \.text),
            orderIDs: orderIDs, createdAtMilliseconds: try value.field("created", \.integer),
            updatedAtMilliseconds: try value.field("updated", \.integer),
            isDone: try value.field("done", \.boolean))
        if value["contingency"] != nil {
            list.contingency = try word(value, "contingency")
            list.isReleased = try value.field("released", \.boolean)
        }
        return list
    }

    static func prevention(
        _ value: JSONValue, market: Int
    ) throws(JSONError) -> SpotPrevention {
        SpotPrevention(
            matchID: try value.field("id", \.integer), market: market,
            symbol: try symbol(value), takerOrderID: try value.field("taker", \.integer),
            makerOrderID: try value.field("maker", \.integer),
            mode: try value.field("mode", \.text), price: try decimal(value, "price"),
            takerQuantity: try decimal(value, "takerQuantity"),
            makerQuantity: try decimal(value, "makerQuantity"),
            timeMilliseconds: try value.field("at", \.integer))
    }

    static func amendment(_ value: JSONValue, market: Int) throws(JSONError) -> SpotAmendment {
        SpotAmendment(
            market: market, symbol: try symbol(value),
            orderID: try value.field("order", \.integer),
            executionID: try value.field("execution", \.integer),
            formerClientID: try value.field("former", \.text),
            clientID: try value.field("client", \.text),
            formerQuantity: try decimal(value, "formerQuantity"),
            quantity: try decimal(value, "quantity"),
            timeMilliseconds: try value.field("at", \.integer))
    }
}

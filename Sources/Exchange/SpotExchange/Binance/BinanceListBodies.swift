internal import Bytes
internal import Trading

/// The shapes in which Binance shows an order list.
internal enum BinanceListBodies {
    /// A list without the reports of its orders, as queries and lists show it.
    static func write(_ record: SpotListRecord, _ out: inout JSONWriter) {
        out.beginObject()
        writeFields(record, &out)
        out.endObject()
    }

    /// The reply to a new list.
    static func write(
        placed record: SpotListRecord, _ form: BinanceResponseForm, _ out: inout JSONWriter
    ) {
        out.beginObject()
        writeFields(record, &out)
        out.key("orderReports")
        out.beginArray()
        for order in record.orders {
            // What an order traded as it came is told of in the account's stream.
            BinanceOrderBodies.write(
                placed: SpotPlacement(order: order, fills: []), form == .full ? .result : form,
                &out)
        }
        out.endArray()
        out.endObject()
    }

    /// The reply to the cancelling of a list, also by one of its orders.
    static func write(
        canceled record: SpotListRecord, requestID: String, _ out: inout JSONWriter
    ) {
        out.beginObject()
        writeFields(record, &out)
        out.key("orderReports")
        out.beginArray()
        for order in record.orders {
            BinanceOrderBodies.write(canceled: order, requestID: requestID, &out)
        }
        out.endArray()
        out.endObject()
    }

    private static func writeFields(_ record: SpotListRecord, _ out: inout JSONWriter) {
        out.field("orderListId", record.list.listID)
        out.field("contingencyType", record.list.contingency.rawValue)
        out.field("listStatusType", record.list.isDone ? "ALL_DONE" : "EXEC_STARTED")
        out.field("listOrderStatus", record.list.isDone ? "ALL_DONE" : "EXECUTING")
        out.field("listClientOrderId", record.list.clientID)
        out.field("transactionTime", record.list.updatedAtMilliseconds)
        out.field("symbol", record.list.symbol.name)
        out.key("orders")
        out.beginArray()
        for order in record.orders {
            out.beginObject()
            out.field("symbol", order.symbol.name)
            out.field("orderId", order.orderID)
            out.field("clientOrderId", order.clientOrderID)
            out.endObject()
        }
        out.endArray()
    }

    /// The event that tells of a list.
    static func write(event record: SpotListRecord, at wall: Int64, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("e", "listStatus")
        out.field("E", wall)
        out.field("s", record.list.symbol.name)
        out.field("g", record.list.listID)
        out.field("c", record.list.contingency.rawValue)
        out.field("l", record.list.isDone ? "ALL_DONE" : "EXEC_STARTED")
        out.field("L", record.list.isDone ? "ALL_DONE" : "EXECUTING")
        out.field("r", "NONE")
        out.field("C", record.list.clientID)
        out.field("T", wall)
        out.key("O")
        out.beginArray()
        for order in record.orders {
            out.beginObject()
            out.field("s", order.symbol.name)
            out.field("i", order.orderID)
            out.field("c", order.clientOrderID)
            out.endObject()
        }
        out.endArray()
        out.endObject()
    }
}

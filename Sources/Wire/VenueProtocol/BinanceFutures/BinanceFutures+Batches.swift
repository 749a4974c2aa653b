package import Bytes
package import Trading

/// One element of a batch's answer: the order as it stands, or why it was not done.
package enum BatchElement: Equatable, Sendable {
    case order(VenueOrder)
    case failure(VenueError)
}

extension BinanceFutures {
    private typealias Parameter = VenueRequest.Parameter

    /// Changes quantity and price of an open limit order; it goes to the end of its queue
    /// (exchange-facts A5.2). Idempotent: asked twice, the second is "unchanged" (-5027).
    package static func amendOrder(
        _ intent: OrderIntent, quantity: Quantity, price: Price
    ) -> VenueRequest {
        VenueRequest(
            .put, "/fapi/v1/order",
            [
                Parameter("symbol", intent.symbol.name), Parameter("side", intent.side.rawValue),
                Parameter("origClientOrderId", intent.clientOrderID.text),
                Parameter("quantity", quantity.text), Parameter("price", price.text),
            ], security: .signed, effect: .placement, weight: 1, orderCount: 1)
    }

    /// Places 1 to 5 orders; neither atomic nor ordered, and counted as 5 orders in 10 s.
    package static func placeOrders(_ intents: [OrderIntent]) -> VenueRequest {
        precondition((1...5).contains(intents.count), "a batch places 1 to 5 orders")
        var writer = JSONWriter(capacity: 256 * intents.count)
        writer.beginArray()
        for intent in intents {
            writer.beginObject()
            for parameter in placeOrder(intent).parameters {
                writer.key(parameter.name)
                writer.value(parameter.value)
            }
            writer.endObject()
        }
        writer.endArray()
        return VenueRequest(
            .post, "/fapi/v1/batchOrders", [Parameter("batchOrders", writer.text)],
            security: .signed, effect: .placement, weight: 5, orderCount: 5)
    }

    /// Cancels 1 to 10 orders of a symbol by the client ids they were placed under.
    package static func cancelOrders(
        _ symbol: Symbol, clientOrderIDs: [String]
    ) -> VenueRequest {
        precondition((1...10).contains(clientOrderIDs.count), "a batch cancels 1 to 10 orders")
        var writer = JSONWriter(capacity: 48 * clientOrderIDs.count)
        writer.beginArray()
        for id in clientOrderIDs { writer.value(id) }
        writer.endArray()
        return VenueRequest(
            .delete, "/fapi/v1/batchOrders",
            [
                Parameter("symbol", symbol.name),
                Parameter("origClientOrderIdList", writer.text),
            ], security: .signed, effect: .cancellation, weight: 1)
    }

    /// Reads the answer to a batch, whose elements come in the order of the request.
    package static func decodeBatch(_ bytes: RawSpan) throws(JSONError) -> [BatchElement] {
        var scanner = JSONScanner(bytes)
        var elements: [BatchElement] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            let raw = try scanner.rawValue()
            if let error = VenueError(raw), error.code < 0 {
                elements.append(.failure(error))
            } else {
                elements.append(.order(try decodeOrder(raw)))
            }
        }
        try scanner.finish()
        return elements
    }
}

internal import Bytes
internal import Trading

/// Several orders in one call: `batchOrders` (exchange-facts D, mexcdevelop/apidocs "Batch Orders").
extension MEXCSpot {
    /// Orders one call places, all of one symbol.
    package static let ordersPerBatch = 20

    /// Places 2 to 20 orders of one symbol, given as the requests that would place them one by one;
    /// neither atomic nor ordered. The call may be made twice a second.
    static func placeOrders(_ singles: [VenueRequest]) -> VenueRequest {
        precondition((1...ordersPerBatch).contains(singles.count), "a batch places 1 to 20 orders")
        var writer = JSONWriter(capacity: 256 * singles.count)
        writer.beginArray()
        for single in singles {
            writer.beginObject()
            for parameter in single.parameters {
                writer.key(parameter.name)
                writer.value(parameter.value)
            }
            writer.endObject()
        }
        writer.endArray()
        return VenueRequest(
            .post, "/api/v3/batchOrders", [.init("batchOrders", writer.text)], security: .signed,
            effect: .placement, weight: 1, orderCount: singles.count)
    }

    /// Reads the answer to a batch: a receipt or a refusal for each of `intents`, in their order.
    ///
    /// - Throws: also where an element names an order that is not the intent's at its place: which is
    ///   whose cannot be told then.
    static func decodeBatch(
        _ bytes: RawSpan, _ intents: [OrderIntent]
    ) throws(JSONError) -> [BatchElement] {
        var scanner = JSONScanner(bytes)
        var elements: [BatchElement] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            let offset = scanner.offset
            let raw = try scanner.rawValue()
            guard elements.count < intents.count else {
                throw JSONError(.badValue, offset: offset, field: "batch")
            }
            elements.append(try element(raw, intents[elements.count]))
        }
        try scanner.finish()
        return elements
    }

    private static func element(
        _ bytes: RawSpan, _ intent: OrderIntent
    ) throws(JSONError) -> BatchElement {
        let verdict = try Verdict(bytes)
        guard verdict.name.isEmpty || verdict.name == intent.clientOrderID.text else {
            throw JSONError(.badValue, offset: 0, field: "newClientOrderId")
        }
        // 200 is how MEXC says that all is well, where it says so.
        if verdict.code != 0, verdict.code != 200 {
            return .failure(
                VenueError(code: Int(truncatingIfNeeded: verdict.code), message: verdict.message))
        }
        return .order(try SpotOrders.placement(bytes, intent).order)
    }

    /// What an element says beside the order.
    private struct Verdict {
        var code: Int64 = 0
        var message = ""
        var name = ""

        init(_ bytes: RawSpan) throws(JSONError) {
            var scanner = JSONScanner(bytes)
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                switch key {
                case "code": code = try scanner.lenientInteger()
                case "msg": message = try scanner.lenientText()
                case "newClientOrderId": name = try scanner.lenientText()
                case _: try scanner.skipValue()
                }
            }
            try scanner.finish()
        }
    }
}

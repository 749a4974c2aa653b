internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import Trading

extension FuturesDesk {
    /// Orders a batch may place or change, and cancel (exchange-facts A5.3).
    private static let placeLimit = 5
    private static let cancelLimit = 10

    /// Answers each element by itself, in the order of the request: an order, or a code and a text.
    internal func answerBatch(
        _ endpoint: Endpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        if endpoint == .cancelBatch { return try cancelBatch(parameters, wall, &out) }
        let elements = try FuturesDesk.list(parameters, "batchOrders") ?? []
        guard (1...FuturesDesk.placeLimit).contains(elements.count) else { throw .placeBatchSize }
        out.beginArray()
        for element in elements {
            var body = JSONWriter(capacity: 1_024)
            do throws(ExchangeError) {
                let inner = try RequestParameters(element: element, wall: wall)
                if endpoint == .placeBatch {
                    try answerPlace(inner, wall, &body)
                } else {
                    write(try amend(try inner.amendment(), wall: wall), as: .amended, &body)
                }
            } catch {
                body.removeAll()
                write(error, &body)
            }
            out.value(json: body.rawSpan)
        }
        out.endArray()
    }

    private func cancelBatch(
        _ parameters: RequestParameters, _ wall: WallTime, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let symbol = try parameters.requiredSymbol()
        _ = try market(symbol)
        let orderIDs = try FuturesDesk.list(parameters, "orderIdList")
        let clientIDs = try FuturesDesk.list(parameters, "origClientOrderIdList")
        guard let wanted = orderIDs ?? clientIDs else {
            throw .missingEither("orderIdList", "origClientOrderIdList")
        }
        guard (1...FuturesDesk.cancelLimit).contains(wanted.count) else { throw .cancelBatchSize }
        out.beginArray()
        for name in wanted {
            do throws(ExchangeError) {
                let order: FuturesOrder
                if orderIDs != nil {
                    guard let orderID = name.integer else { throw .illegal("orderIdList") }
                    order = try cancel(symbol, orderID: orderID, wall: wall)
                } else {
                    order = try cancel(symbol, clientOrderID: name.text ?? "", wall: wall)
                }
                write(order, as: .placed, &out)
            } catch {
                write(error, &out)
            }
        }
        out.endArray()
    }

    /// A parameter that is a JSON array in text; nil where it was not sent.
    private static func list(
        _ parameters: RequestParameters, _ name: String
    ) throws(ExchangeError) -> [JSONValue]? {
        guard let text = parameters[name] else { return nil }
        guard let elements = (try? JSONValue.parse(Array(text.utf8)))?.elements else {
            throw .illegal(name)
        }
        return elements
    }
}

internal import Bytes
package import ExchangeDoor
internal import WebProtocol

extension RequestSight {
    /// Fields that name orders, in the spelling of the venues.
    private static let idFields = [
        "newClientOrderId", "origClientOrderId", "clientAlgoId", "clientOrderId",
    ]

    /// Sees what a request is; parameters that cannot be read count as not given.
    package init(exchange: String, _ request: ExchangeRequest) {
        self.init(
            exchange: exchange, method: request.method, path: request.path, key: request.apiKey)
        for part in [request.query, request.body] {
            guard let fields = try? FormFields(part) else { continue }
            for field in fields.fields { take(field.name, field.value) }
        }
    }

    /// Sees what a message on a WebSocket API is; nil where it is none.
    package init?(exchange: String, message: RawSpan) {
        guard let value = try? JSONValue.parse(message), let method = value["method"]?.text,
            method.contains(".")
        else { return nil }
        let parameters = value["params"]
        self.init(
            exchange: exchange, method: "WS", path: method, key: parameters?["apiKey"]?.text)
        for member in parameters?.members ?? [] { take(member.key, member.value.text ?? "") }
    }

    private mutating func take(_ name: String, _ value: String) {
        switch name {
        case "symbol": symbols.append(value)
        case "batchOrders": takeBatch(value)
        case _: if RequestSight.idFields.contains(name) { clientOrderIDs.append(value) }
        }
    }

    private mutating func takeBatch(_ text: String) {
        guard let batch = try? JSONValue.parse(Array(text.utf8)) else { return }
        for order in batch.elements ?? [] {
            for member in order.members ?? [] { take(member.key, member.value.text ?? "") }
        }
    }
}

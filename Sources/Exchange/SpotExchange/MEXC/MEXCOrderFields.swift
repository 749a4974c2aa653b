internal import Bytes
internal import ExchangeDoor
internal import Trading

/// A new order as MEXC is asked for one: the type carries the time in force.
internal struct MEXCOrderFields {
    private let value: (String) -> String?

    init(_ value: @escaping (String) -> String?) { self.value = value }

    subscript(name: String) -> String? {
        guard let text = value(name), !text.isEmpty else { return nil }
        return text
    }

    func request() throws(ExchangeError) -> SpotOrderRequest {
        guard let name = self["symbol"] else { throw MEXCError.missing("symbol") }
        guard let symbol = Symbol(name) else { throw MEXCError.badSymbol }
        guard let sideName = self["side"] else { throw MEXCError.missing("side") }
        guard let side = Side(rawValue: sideName) else { throw MEXCError.parameter("side") }
        guard let type = self["type"] else { throw MEXCError.missing("type") }
        var order = SpotOrderRequest(symbol: symbol, side: side, kind: .limit)
        switch type {
        case "LIMIT": order.timeInForce = .goodTillCancel
        case "IMMEDIATE_OR_CANCEL": order.timeInForce = .immediateOrCancel
        case "FILL_OR_KILL": order.timeInForce = .fillOrKill
        case "LIMIT_MAKER": order.kind = .limitMaker
        case "MARKET": order.kind = .market
        case _: throw MEXCError.parameter("type")
        }
        order.quantity = try amount("quantity")
        order.quoteQuantity = try amount("quoteOrderQty")
        if order.kind == .market {
            if side == .sell, order.quantity == nil { throw MEXCError.missing("quantity") }
            // Where both are given, a quantity is what counts.
            if order.quantity != nil { order.quoteQuantity = nil }
        } else {
            order.price = try amount("price")
            order.quoteQuantity = nil
        }
        order.clientOrderID = self["newClientOrderId"]
        return order
    }

    private func amount<Value: ExactDecimal>(_ name: String) throws(ExchangeError) -> Value? {
        guard let text = self[name] else { return nil }
        guard text.utf8.allSatisfy({ 48...57 ~= $0 || $0 == UInt8(ascii: ".") }) else {
            throw MEXCError.illegal(name)
        }
        let units: Int128
        do throws(DecimalText.Problem) {
            units = try DecimalText.parse(Array(text.utf8).rawSpan)
        } catch {
            switch error {
            case .empty, .malformed, .tooLarge: throw MEXCError.illegal(name)
            case .tooFine: throw ExchangeError.tooPrecise(name)
            }
        }
        return Value(units: units)
    }
}

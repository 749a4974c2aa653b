internal import Bytes
internal import Matching
internal import Trading
internal import WebProtocol

/// The parameters of a request: from its query string and its form body, where the query string wins.
internal struct RequestParameters {
    private let query: FormFields
    private let body: FormFields

    init(_ request: PaperRequest) throws(PaperError) {
        do throws(HTTPError) {
            query = try FormFields(request.query)
            body = try FormFields(request.method == "GET" ? [] : request.body)
        } catch {
            throw .malformed
        }
    }

    /// The value under a name; nil where it is absent or empty.
    subscript(name: String) -> String? {
        let value = query[name] ?? body[name]
        return value?.isEmpty == true ? nil : value
    }

    /// Whether the signature in the request is that of its raw bytes without the signature pair.
    func isSigned(with secret: String) -> Bool {
        guard let signature = self["signature"] else { return false }
        let code = HMACSHA256(key: Array(secret.utf8))
        return signature.withRawSpan { hex in
            code.accepts(
                hex: hex, query: query.rawBytes(without: "signature").rawSpan,
                body: body.rawBytes(without: "signature").rawSpan)
        }
    }

    func required(_ name: String) throws(PaperError) -> String {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    func integer(_ name: String) throws(PaperError) -> Int64? {
        guard let text = self[name] else { return nil }
        var value: Int64?
        text.withRawSpan { value = IntegerText.parse($0) }
        guard let value else { throw .illegal(name) }
        return value
    }

    func boolean(_ name: String) throws(PaperError) -> Bool? {
        guard let text = self[name] else { return nil }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        case _: throw .invalid(name)
        }
    }

    func decimal<Value: ExactDecimal>(
        _ name: String, tooLarge: PaperError
    ) throws(PaperError) -> Value? {
        guard let text = self[name] else { return nil }
        let bytes = Array(text.utf8)
        do throws(DecimalText.Problem) {
            return Value(units: try DecimalText.parse(bytes.rawSpan))
        } catch {
            switch error {
            case .empty, .malformed: throw .illegal(name)
            case .tooLarge: throw tooLarge
            case .tooFine: throw .precision
            }
        }
    }

    func symbol() throws(PaperError) -> Symbol? {
        guard let text = self["symbol"] else { return nil }
        guard let symbol = Symbol(text) else { throw .symbol }
        return symbol
    }

    func requiredSymbol() throws(PaperError) -> Symbol {
        guard let symbol = try symbol() else { throw .missing("symbol") }
        return symbol
    }

    /// The number of rows asked for, from 1 to `most`.
    func limit(_ usual: Int, most: Int) throws(PaperError) -> Int {
        guard let value = try integer("limit") else { return usual }
        guard value > 0 else { throw .invalid("limit") }
        return min(Int(clamping: value), most)
    }

    /// What a new order is to be; every refusal carries the venue's code.
    func order() throws(PaperError) -> OrderParameters {
        let symbol = try requiredSymbol()
        guard let side = Side(rawValue: try required("side")) else { throw .side }
        let type = try orderType()
        if let positionSide = self["positionSide"], positionSide != "BOTH" { throw .positionSide }
        guard let quantity: Quantity = try decimal("quantity", tooLarge: .quantityTooLarge) else {
            throw .missing("quantity")
        }
        var order = OrderParameters(symbol: symbol, side: side, type: type, quantity: quantity)
        order.price = try decimal("price", tooLarge: .priceTooHigh)
        if let text = self["timeInForce"] {
            guard let force = TimeInForce(rawValue: text) else { throw .timeInForce }
            order.timeInForce = force
        }
        order.isReduceOnly = try boolean("reduceOnly") ?? false
        order.clientOrderID = self["newClientOrderId"]
        order.goodTillDate = try integer("goodTillDate") ?? 0
        order.priceMatch = self["priceMatch"] ?? "NONE"
        if let text = self["selfTradePreventionMode"] {
            guard let mode = SelfTradePrevention(rawValue: text) else { throw .selfTradeMode }
            order.selfTrade = mode
        }
        return order
    }

    private func orderType() throws(PaperError) -> OrderType {
        let text = try required("type")
        if let type = OrderType(rawValue: text) { return type }
        let conditional = [
            "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET",
        ]
        if conditional.contains(text) { throw .conditionalType }
        throw .orderType
    }
}

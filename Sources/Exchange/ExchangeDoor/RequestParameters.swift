internal import Bytes
package import Trading
internal import WebProtocol

/// The parameters of a request: from its query string and its form body, where the query string wins.
package struct RequestParameters {
    private let query: FormFields
    private let body: FormFields

    package init(_ request: ExchangeRequest) throws(ExchangeError) {
        do throws(HTTPError) {
            query = try FormFields(request.query)
            body = try FormFields(request.method == "GET" ? [] : request.body)
        } catch {
            throw .malformed
        }
    }

    /// The value under a name in any case, since clients do not agree on it (exchange-facts A1.1); nil
    /// where it is absent or empty.
    package subscript(name: String) -> String? {
        let value =
            query[name] ?? body[name] ?? RequestParameters.find(name, query.fields)
            ?? RequestParameters.find(name, body.fields)
        return value?.isEmpty == true ? nil : value
    }

    private static func find(_ name: String, _ fields: [FormFields.Field]) -> String? {
        fields.first { field in
            field.name.utf8.count == name.utf8.count
                && zip(field.name.utf8, name.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
        }?.value
    }

    /// Whether the signature in the request is that of its raw bytes without the signature pair.
    package func isSigned(with secret: String) -> Bool {
        guard let signature = self["signature"] else { return false }
        let code = HMACSHA256(key: Array(secret.utf8))
        return signature.withRawSpan { hex in
            code.accepts(
                hex: hex, query: query.rawBytes(without: "signature").rawSpan,
                body: body.rawBytes(without: "signature").rawSpan)
        }
    }

    package func required(_ name: String) throws(ExchangeError) -> String {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    package func integer(_ name: String) throws(ExchangeError) -> Int64? {
        guard let text = self[name] else { return nil }
        var value: Int64?
        text.withRawSpan { value = IntegerText.parse($0) }
        guard let value else { throw .illegal(name) }
        return value
    }

    package func boolean(_ name: String) throws(ExchangeError) -> Bool? {
        guard let text = self[name] else { return nil }
        switch text.lowercased() {
        case "true": return true
        case "false": return false
        case _: throw .invalid(name)
        }
    }

    package func decimal<Value: ExactDecimal>(
        _ name: String, tooLarge: ExchangeError
    ) throws(ExchangeError) -> Value? {
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

    package func symbol() throws(ExchangeError) -> Symbol? {
        guard let text = self["symbol"] else { return nil }
        guard let symbol = Symbol(text) else { throw .symbol }
        return symbol
    }

    package func requiredSymbol() throws(ExchangeError) -> Symbol {
        guard let symbol = try symbol() else { throw .missing("symbol") }
        return symbol
    }

    /// The number of rows asked for, from 1 to `most`.
    package func limit(_ usual: Int, most: Int) throws(ExchangeError) -> Int {
        guard let value = try integer("limit") else { return usual }
        guard value > 0 else { throw .invalid("limit") }
        return min(Int(clamping: value), most)
    }
}

package import Bytes
package import Trading
internal import WebProtocol

/// The parameters of a request: from its query string and its form body, where the query string wins,
/// or as they are.
package struct RequestParameters {
    private enum Source {
        case forms(query: FormFields, body: FormFields)
        case fields([RequestField])
    }

    private let source: Source

    package init(_ request: ExchangeRequest) throws(ExchangeError) {
        if let fields = request.fields {
            source = .fields(fields)
            return
        }
        do throws(HTTPError) {
            source = .forms(
                query: try FormFields(request.query),
                body: try FormFields(request.method == "GET" ? [] : request.body))
        } catch {
            throw .malformed
        }
    }

    /// Parameters as they are.
    package init(pairs: [(String, String)]) {
        source = .fields(pairs.map { RequestField(name: $0.0, value: $0.1) })
    }

    /// The value under a name in any case; nil where it is absent or empty.
    package subscript(name: String) -> String? {
        let value =
            switch source {
            case .forms(let query, let body):
                query.fields.first { name.isSpelt($0.name) }?.value
                    ?? body.fields.first { name.isSpelt($0.name) }?.value
            case .fields(let fields): fields.first { name.isSpelt($0.name) }?.value
            }
        return value?.isEmpty == true ? nil : value
    }

    /// Whether the signature in the request is that of its raw bytes without the signature pair.
    package func isSigned(with secret: String) -> Bool {
        isSigned(with: HMACSHA256(key: Array(secret.utf8)))
    }

    /// The same with the secret's code, where it is at hand.
    package func isSigned(with code: HMACSHA256) -> Bool {
        guard let signature = self["signature"] else { return false }
        let (first, second) = signedBytes
        return signature.withRawSpan { hex in
            code.accepts(hex: hex, query: first.rawSpan, body: second.rawSpan)
        }
    }

    /// What the signature covers, in two pieces that follow each other.
    private var signedBytes: ([UInt8], [UInt8]) {
        switch source {
        case .forms(let query, let body):
            return (query.rawBytes(without: "signature"), body.rawBytes(without: "signature"))
        case .fields(let fields):
            let pairs = fields.filter { $0.name != "signature" }.map { $0.name + "=" + $0.value }
            return (Array(pairs.joined(separator: "&").utf8), [])
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

extension String {
    /// Whether a client means this name: clients write `orderidlist` for `orderIdList`.
    fileprivate func isSpelt(_ other: String) -> Bool {
        func lowered(_ byte: UInt8) -> UInt8 { 65...90 ~= byte ? byte | 0x20 : byte }
        guard utf8.count == other.utf8.count else { return false }
        return self == other || zip(utf8, other.utf8).allSatisfy { lowered($0) == lowered($1) }
    }
}

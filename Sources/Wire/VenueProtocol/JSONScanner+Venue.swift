internal import Bytes
internal import Trading

/// Lets `switch` compare borrowed bytes with literal names.
func ~= (name: StaticString, bytes: RawSpan) -> Bool { bytes == name }

extension JSONScanner {
    /// An exact decimal of any kind, bare or quoted.
    @_lifetime(self: copy self)
    mutating func decimal<Value: ExactDecimal>() throws(JSONError) -> Value {
        Value(units: try decimalUnits())
    }

    /// A decimal that may be missing: null and an empty string are zero.
    @_lifetime(self: copy self)
    mutating func lenientDecimal<Value: ExactDecimal>() throws(JSONError) -> Value {
        if try skipNull() { return .zero }
        let start = offset
        let raw = try rawValue()
        if raw == "\"\"" { return .zero }
        return Value(units: try JSONScanner.units(of: raw, at: start))
    }

    /// A decimal where a venue writes "no limit" as a number beyond our range; that reads as the
    /// largest one we hold.
    @_lifetime(self: copy self)
    mutating func cappedDecimal<Value: ExactDecimal>() throws(JSONError) -> Value {
        let start = offset
        let raw = JSONScanner.unquoted(try rawValue())
        do throws(DecimalText.Problem) {
            return Value(units: try DecimalText.parse(raw))
        } catch .tooLarge {
            return Value(units: DecimalText.limit - 1)
        } catch {
            throw JSONError(.badNumber, offset: start)
        }
    }

    private static func units(of raw: RawSpan, at offset: Int) throws(JSONError) -> Int128 {
        do throws(DecimalText.Problem) {
            return try DecimalText.parse(unquoted(raw))
        } catch {
            throw JSONError(.badNumber, offset: offset)
        }
    }

    @_lifetime(copy raw)
    private static func unquoted(_ raw: RawSpan) -> RawSpan {
        let length = raw.byteCount
        guard length >= 2, raw.byte(0) == UInt8(ascii: "\"") else { return raw }
        return raw.extracting(1..<(length - 1))
    }

    @_lifetime(self: copy self)
    mutating func symbol() throws(JSONError) -> Symbol {
        let start = offset
        guard let symbol = Symbol(try text()) else {
            throw JSONError(.badValue, offset: start, field: "symbol")
        }
        return symbol
    }

    @_lifetime(self: copy self)
    mutating func side() throws(JSONError) -> Side {
        let start = offset
        switch try string() {
        case "BUY": return .buy
        case "SELL": return .sell
        case _: throw JSONError(.badValue, offset: start, field: "side")
        }
    }

    /// A text for display: null is empty, and any other value stands as it is written.
    @_lifetime(self: copy self)
    mutating func lenientText() throws(JSONError) -> String {
        switch try nextKind() {
        case .string: return try text()
        case .null:
            _ = try skipNull()
            return ""
        case .object, .array, .number, .boolean: return String(try rawValue())
        }
    }
}

/// Unwraps a field that a message must have.
func require<Value>(_ value: Value?, _ field: String, at offset: Int) throws(JSONError) -> Value {
    guard let value else { throw JSONError(.missingField, offset: offset, field: field) }
    return value
}

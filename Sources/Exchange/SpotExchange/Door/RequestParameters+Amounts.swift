internal import Bytes
internal import ExchangeDoor
internal import Trading

extension RequestParameters {
    /// An amount with at most eight decimals; `name` goes into what is said of a finer one.
    func amount<Value: ExactDecimal>(_ name: String) throws(ExchangeError) -> Value? {
        guard let text = self[name] else { return nil }
        // The venue reads digits and a point only, no sign and no exponent.
        guard text.utf8.allSatisfy({ 48...57 ~= $0 || $0 == UInt8(ascii: ".") }) else {
            throw .illegalAmount(name)
        }
        let value: Value
        do throws(DecimalText.Problem) {
            value = Value(units: try DecimalText.parse(Array(text.utf8).rawSpan))
        } catch {
            switch error {
            case .empty, .malformed: throw .illegalAmount(name)
            case .tooLarge: throw .illegalAmount(name)
            case .tooFine: throw .tooPrecise(name)
            }
        }
        if value.units % 10_000 != 0 { throw .tooPrecise(name) }
        return value
    }

    /// One of the words an enumeration has.
    func word<Word: RawRepresentable<String>>(
        _ name: String, _ wrong: ExchangeError
    ) throws(ExchangeError) -> Word? {
        guard let text = self[name] else { return nil }
        guard let word = Word(rawValue: text) else { throw wrong }
        return word
    }
}

extension ExchangeError {
    static func illegalAmount(_ name: String) -> ExchangeError {
        ExchangeError(
            -1100,
            "Illegal characters found in parameter '\(name)'; legal range is "
                + "'^([0-9]{1,20})(\\.[0-9]{1,20})?$'.")
    }
    static func tooPrecise(_ name: String) -> ExchangeError {
        ExchangeError(-1111, "Parameter '\(name)' has too much precision.")
    }
}

import Trading

/// One parameter of an algorithm: what it may be, what it is when left out, and what it means.
package struct ParameterSpec: Equatable, Sendable {
    /// What a value looks like.
    package enum Form: Equatable, Sendable {
        case account
        case symbol
        case side
        /// A decimal above zero.
        case quantity
        /// A decimal of zero or more.
        case price
        case whole(ClosedRange<Int64>)
        /// A decimal between two others, both admitted.
        case decimal(String, String)
        case choice([String])
        case flag
    }

    /// As in commands: `offset_ticks`; on the command line `--offset-ticks`.
    package let name: String
    package let form: Form
    /// Nil where the parameter must be given.
    package let standard: String?
    package let unit: String
    package let meaning: String

    init(_ name: String, _ form: Form, _ standard: String?, _ unit: String, _ meaning: String) {
        self.name = name
        self.form = form
        self.standard = standard
        self.unit = unit
        self.meaning = meaning
    }

    /// What values are admitted, for people.
    package var limits: String {
        switch form {
        case .account: "the name of a book"
        case .symbol: "a symbol of the venue"
        case .side: "BUY or SELL"
        case .quantity: "above 0"
        case .price: "0 or more"
        case .whole(let range): "\(range.lowerBound)…\(range.upperBound)"
        case .decimal(let low, let high): "\(low)…\(high)"
        case .choice(let names): names.joined(separator: ", ")
        case .flag: "0 or 1"
        }
    }

    /// Why a text is no value of this form; nil where it is one.
    func objection(to text: String) -> (code: ParameterFault.Code, detail: String)? {
        switch form {
        case .account: AccountID(text) == nil ? (.malformed, "not an account: \(text)") : nil
        case .symbol: Symbol(text) == nil ? (.malformed, "not a symbol: \(text)") : nil
        case .side: Side(rawValue: text) == nil ? (.malformed, "not BUY or SELL: \(text)") : nil
        case .quantity: decimalObjection(text) { $0.isPositive }
        case .price: decimalObjection(text) { !$0.isNegative }
        case .whole(let range): wholeObjection(text, range)
        case .decimal(let low, let high):
            decimalObjection(text) { value in
                (Ratio(text: low).map { value >= $0 } ?? true)
                    && (Ratio(text: high).map { value <= $0 } ?? true)
            }
        case .choice(let names):
            names.contains(text) ? nil : (.malformed, "not one of \(limits): \(text)")
        case .flag: text == "0" || text == "1" ? nil : (.malformed, "not 0 or 1: \(text)")
        }
    }

    private func decimalObjection(
        _ text: String, _ isFit: (Ratio) -> Bool
    ) -> (code: ParameterFault.Code, detail: String)? {
        guard let value = Ratio(text: text) else { return (.malformed, "not a decimal: \(text)") }
        return isFit(value) ? nil : (.outOfLimits, "must be \(limits): \(text)")
    }

    private func wholeObjection(
        _ text: String, _ range: ClosedRange<Int64>
    ) -> (code: ParameterFault.Code, detail: String)? {
        guard let value = Int64(text) else { return (.malformed, "not a whole number: \(text)") }
        return range.contains(value) ? nil : (.outOfLimits, "must be \(limits): \(text)")
    }
}

/// One thing that is wrong with the parameters of an algorithm.
package struct ParameterFault: Equatable, Sendable, CustomStringConvertible {
    /// Stable names, never reused.
    package enum Code: String, Sendable {
        case missing
        case malformed
        case outOfLimits = "out_of_limits"
        case unknown
        /// Two parameters do not go together.
        case contradiction
        /// The instrument or the price does not admit it.
        case unfit
    }

    package let parameter: String
    package let code: Code
    package let detail: String

    package init(_ parameter: String, _ code: Code, _ detail: String) {
        self.parameter = parameter
        self.code = code
        self.detail = detail
    }

    package var description: String { "\(parameter): \(code.rawValue): \(detail)" }
}

/// All that is wrong with the parameters of an algorithm; never empty.
package struct ParameterFaults: Error, Equatable, Sendable, CustomStringConvertible {
    package let all: [ParameterFault]

    package var description: String { all.map(\.description).joined(separator: "; ") }
}

/// The values given for a table of parameters, each of its form, defaults filled in.
struct ParameterValues {
    let texts: [(name: String, text: String)]

    /// Checks everything, and throws everything that is wrong at once.
    init(_ given: [String: String], _ table: [ParameterSpec]) throws(ParameterFaults) {
        var faults: [ParameterFault] = []
        var texts: [(name: String, text: String)] = []
        for spec in table {
            guard let text = given[spec.name] ?? spec.standard else {
                faults.append(ParameterFault(spec.name, .missing, "must be given: \(spec.meaning)"))
                continue
            }
            if let objection = spec.objection(to: text) {
                faults.append(ParameterFault(spec.name, objection.code, objection.detail))
            }
            texts.append((spec.name, text))
        }
        let names = Set(table.map(\.name))
        for name in given.keys.sorted() where !names.contains(name) {
            faults.append(ParameterFault(name, .unknown, "no such parameter"))
        }
        guard faults.isEmpty else { throw ParameterFaults(all: faults) }
        self.texts = texts
    }

    private func text(_ name: String) -> String { texts.first { $0.name == name }?.text ?? "" }

    /// A parameter of the table whose text was found to be of its form.
    private func checked<Value>(_ name: String, _ value: Value?) -> Value {
        guard let value else {
            preconditionFailure("a parameter is read as the form its table says: \(name)")
        }
        return value
    }

    func whole(_ name: String) -> Int64 { checked(name, Int64(text(name))) }
    func count(_ name: String) -> Int { Int(whole(name)) }
    func flag(_ name: String) -> Bool { text(name) == "1" }
    func decimal<Value: ExactDecimal>(_ name: String, as type: Value.Type = Value.self) -> Value {
        checked(name, Value(text: text(name)))
    }
    func choice<Choice: RawRepresentable<String>>(
        _ name: String, as type: Choice.Type = Choice.self
    ) -> Choice {
        checked(name, Choice(rawValue: text(name)))
    }
    func account(_ name: String) -> AccountID { checked(name, AccountID(text(name))) }
    func symbol(_ name: String) -> Symbol { checked(name, Symbol(text(name))) }
    /// A price of which zero means none.
    func price(_ name: String) -> Price? {
        let price: Price = decimal(name)
        return price.isZero ? nil : price
    }
}

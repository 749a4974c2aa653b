internal import Bytes
internal import Runtime
internal import Trading

/// The fields of one JSON object, taken one by one; what is wrong with any is gathered, and what was
/// not taken is unknown.
internal struct FaultFields {
    let place: String
    private let members: [JSONValue.Member]
    private var taken: [String] = []
    private(set) var problems: [FaultProblem] = []

    /// Takes an object apart; anything else is a problem and has no fields.
    init(_ value: JSONValue, place: String) {
        self.place = place
        members = value.members ?? []
        if value.members == nil {
            problems.append(
                FaultProblem(place, "is not an object", "give {\"kind\":\"…\", …}"))
        }
        var seen: Set<String> = []
        for member in members where !seen.insert(member.key).inserted {
            problems.append(
                FaultProblem("\(place).\(member.key)", "given twice", "give it once"))
        }
    }

    mutating func raw(_ name: String) -> JSONValue? {
        taken.append(name)
        return members.last { $0.key == name }?.value
    }

    mutating func complain(_ name: String, _ what: String, _ remedy: String) {
        problems.append(FaultProblem("\(place).\(name)", what, remedy))
    }

    mutating func take(over other: [FaultProblem]) { problems += other }

    private mutating func isMissing(_ name: String, _ isRequired: Bool) {
        if isRequired { complain(name, "missing", "give it") }
    }

    mutating func text(_ name: String, required: Bool = false, most: Int = 256) -> String? {
        guard let value = raw(name) else {
            isMissing(name, required)
            return nil
        }
        guard let text = value.text, (1...most).contains(text.utf8.count) else {
            complain(name, "not a text of 1 to \(most) bytes: \(value.json)", "give a JSON string")
            return nil
        }
        return text
    }

    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, required: Bool = false, _ all: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        guard let value = raw(name) else {
            isMissing(name, required)
            return nil
        }
        if let choice = value.text.flatMap(Choice.init(rawValue:)) { return choice }
        let names = Choice.allCases.map(\.rawValue)
        complain(name, "unknown: \(value.json)", "give one of: \(names.joined(separator: ", "))")
        return nil
    }

    mutating func integer(
        _ name: String, _ range: ClosedRange<Int64>, required: Bool = false
    ) -> Int64? {
        guard let value = raw(name) else {
            isMissing(name, required)
            return nil
        }
        guard let number = value.integer, range.contains(number) else {
            complain(
                name, "not a whole number in range: \(value.json)",
                "give \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func flag(_ name: String) -> Bool? {
        guard let value = raw(name) else { return nil }
        guard let flag = value.boolean else {
            complain(name, "not a flag: \(value.json)", "give true or false")
            return nil
        }
        return flag
    }

    /// A decimal between two others given as texts.
    mutating func decimal<Value: ExactDecimal>(
        _ name: String, _ low: String, _ high: String, required: Bool = false
    ) -> Value? {
        guard let value = raw(name) else {
            isMissing(name, required)
            return nil
        }
        guard let least = Value(text: low), let most = Value(text: high) else {
            preconditionFailure("the bounds are decimals")
        }
        guard let units = value.decimalUnits, (least...most).contains(Value(units: units)) else {
            complain(name, "not a decimal in range: \(value.json)", "give \(low) to \(high)")
            return nil
        }
        return Value(units: units)
    }

    mutating func symbol(_ name: String = "symbol", required: Bool = true) -> Symbol? {
        guard let text = text(name, required: required, most: 64) else { return nil }
        guard let symbol = Symbol(text) else {
            complain(name, "not a symbol: \(text)", "give one as in BTCUSDT")
            return nil
        }
        return symbol
    }

    /// Ends the reading: all problems, those of unknown fields included.
    mutating func finish() -> [FaultProblem] {
        for member in members where !taken.contains(member.key) {
            let near = EditDistance.nearest(to: member.key, among: taken)
            complain(
                member.key, "unknown field",
                near.map { "leave it out (did you mean \($0)?)" }
                    ?? "leave it out; known: \(taken.joined(separator: ", "))")
        }
        return problems
    }
}

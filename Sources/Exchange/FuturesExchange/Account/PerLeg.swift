package import Matching

/// One value for each of an account's positions in a symbol.
package struct PerLeg<Value: Sendable>: Sendable {
    package var net: Value
    package var long: Value
    package var short: Value

    init(_ value: Value) {
        net = value
        long = value
        short = value
    }

    package subscript(leg: PositionLeg) -> Value {
        get {
            switch leg {
            case .net: net
            case .long: long
            case .short: short
            }
        }
        set {
            switch leg {
            case .net: net = newValue
            case .long: long = newValue
            case .short: short = newValue
            }
        }
    }
}

extension PositionLeg {
    /// The wire's `positionSide`.
    package var text: String {
        switch self {
        case .net: "BOTH"
        case .long: "LONG"
        case .short: "SHORT"
        }
    }

    package init?(text: String) {
        switch text {
        case "BOTH": self = .net
        case "LONG": self = .long
        case "SHORT": self = .short
        case _: return nil
        }
    }

    /// The legs of a symbol in one-way and in hedge mode.
    internal static let oneWay: [PositionLeg] = [.net]
    internal static let hedge: [PositionLeg] = [.long, .short]
}

internal import Bytes
internal import Trading

/// Where a message's own object and its stream's name lie, for layouts off the fast path.
struct FrameEnvelope {
    /// Which events a decoder takes.
    enum Event {
        case named(StaticString)
        case either(StaticString, StaticString)
        /// The event may have no name; if it has, this one.
        case optional(StaticString)
    }

    /// Bounds of the event's object within the frame.
    var data: Range<Int>
    /// Bounds of the stream's name; empty in a raw frame.
    var stream = 0..<0

    /// Looks through a wrapper, if there is one, and checks the event's name.
    init(_ bytes: RawSpan, _ event: Event) throws(JSONError) {
        var scanner = JSONScanner(bytes, limits: FrameEnvelope.limits)
        var inner: Range<Int>?
        var isEvent = FrameEnvelope.isNameless(event)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "data" where inner == nil:
                guard try scanner.nextKind() == .object else { throw FrameEnvelope.other }
                let raw = try scanner.rawValue()
                inner = (scanner.offset - raw.byteCount)..<scanner.offset
                isEvent = try FrameEnvelope.name(of: raw, is: event)
            case "stream" where try scanner.nextKind() == .string:
                stream = try scanner.place(offsetBy: 0)
            case "e" where inner == nil: isEvent = try FrameEnvelope.text(&scanner, is: event)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard isEvent else { throw FrameEnvelope.other }
        data = inner ?? 0..<bytes.byteCount
    }

    /// A frame is small: the largest recorded one, a depth update, has 42 kB; a snapshot 200 kB.
    static let limits: JSONScanner.Limits = {
        var limits = JSONScanner.Limits()
        limits.size = 1 << 20
        limits.depth = 8
        return limits
    }()

    /// What is thrown for a sound message of another kind.
    static let other = JSONError(.badValue, offset: 0, field: "e")

    private static func isNameless(_ event: Event) -> Bool {
        switch event {
        case .named, .either: false
        case .optional: true
        }
    }

    private static func name(of raw: RawSpan, is event: Event) throws(JSONError) -> Bool {
        var scanner = JSONScanner(raw)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "e" { return try text(&scanner, is: event) }
            try scanner.skipValue()
        }
        return isNameless(event)
    }

    private static func text(
        _ scanner: inout JSONScanner, is event: Event
    ) throws(JSONError) -> Bool {
        guard try scanner.nextKind() == .string else {
            try scanner.skipValue()
            return false
        }
        let name = try scanner.string()
        switch event {
        case .named(let sought), .optional(let sought): return name == sought
        case .either(let first, let second): return name == first || name == second
        }
    }
}

extension FrameProblem {
    init(_ error: JSONError) {
        if error == FrameEnvelope.other {
            self = .otherKind
            return
        }
        switch error.code {
        case .wrongType, .badNumber, .missingField, .badValue: self = .badField
        case .unexpectedEnd, .unexpectedByte, .badString, .tooDeep, .tooLarge, .trailingBytes:
            self = .malformed
        }
    }
}

extension JSONScanner {
    /// Where a string's inside lies, in the bytes this scanner's were taken from.
    @_lifetime(self: copy self)
    mutating func place(offsetBy base: Int) throws(JSONError) -> Range<Int> {
        let start = offset
        let raw = try string()
        guard raw.byteCount > 0 else { throw JSONError(.badValue, offset: start, field: "s") }
        let end = base + offset - 1
        return (end - raw.byteCount)..<end
    }
}

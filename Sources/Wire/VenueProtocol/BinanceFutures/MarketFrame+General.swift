internal import Bytes
internal import Trading

/// Which event a frame is, and where its fields lie.
private struct FrameEnvelope {
    /// Bounds of the event's object within the frame.
    var data: Range<Int>

    /// Looks through a wrapper, if there is one, and checks the event's name.
    init(_ bytes: RawSpan, event: StaticString) throws(JSONError) {
        var scanner = JSONScanner(bytes)
        var inner: Range<Int>?
        var isEvent = false
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "data" where inner == nil:
                guard try scanner.nextKind() == .object else { throw FrameEnvelope.other }
                let raw = try scanner.rawValue()
                inner = (scanner.offset - raw.byteCount)..<scanner.offset
                isEvent = try FrameEnvelope.name(of: raw, is: event)
            case "e" where inner == nil: isEvent = try FrameEnvelope.text(&scanner, is: event)
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard isEvent else { throw FrameEnvelope.other }
        data = inner ?? 0..<bytes.byteCount
    }

    /// What is thrown for a sound message of another kind.
    static let other = JSONError(.badValue, offset: 0, field: "e")

    private static func name(of raw: RawSpan, is event: StaticString) throws(JSONError) -> Bool {
        var scanner = JSONScanner(raw)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "e" { return try text(&scanner, is: event) }
            try scanner.skipValue()
        }
        return false
    }

    private static func text(
        _ scanner: inout JSONScanner, is event: StaticString
    ) throws(JSONError) -> Bool {
        guard try scanner.nextKind() == .string else {
            try scanner.skipValue()
            return false
        }
        return try scanner.string() == event
    }
}

extension FrameProblem {
    fileprivate init(_ error: JSONError) {
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

/// A frame is small: the largest recorded one, a depth update, has 42 kB.
private let frameLimits: JSONScanner.Limits = {
    var limits = JSONScanner.Limits()
    limits.size = 1 << 20
    limits.depth = 8
    return limits
}()

extension BookTickerFrame {
    init(general bytes: RawSpan) throws(FrameProblem) {
        do throws(JSONError) {
            let envelope = try FrameEnvelope(bytes, event: "bookTicker")
            self = try BookTickerFrame.read(bytes, envelope.data)
        } catch {
            throw FrameProblem(error)
        }
    }

    private static func read(
        _ bytes: RawSpan, _ data: Range<Int>
    ) throws(JSONError) -> BookTickerFrame {
        var scanner = JSONScanner(bytes.extracting(data), limits: frameLimits)
        var symbol: Range<Int>?
        var bid: (price: Price?, quantity: Quantity?)
        var ask: (price: Price?, quantity: Quantity?)
        var update: Int64?
        var times: (transaction: Int64, event: Int64) = (0, 0)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "u": update = try scanner.integer()
            case "s": symbol = try scanner.place(offsetBy: data.lowerBound)
            case "b": bid.price = try scanner.decimal()
            case "B": bid.quantity = try scanner.decimal()
            case "a": ask.price = try scanner.decimal()
            case "A": ask.quantity = try scanner.decimal()
            case "T": times.transaction = try scanner.integer()
            case "E": times.event = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        let end = scanner.offset
        return BookTickerFrame(
            symbol: try require(symbol, "s", at: end), updateID: try require(update, "u", at: end),
            bid: try require(bid.price, "b", at: end),
            bidQuantity: try require(bid.quantity, "B", at: end),
            ask: try require(ask.price, "a", at: end),
            askQuantity: try require(ask.quantity, "A", at: end),
            transactionMilliseconds: times.transaction, eventMilliseconds: times.event)
    }
}

extension MarkPriceFrame {
    init(general bytes: RawSpan) throws(FrameProblem) {
        do throws(JSONError) {
            let envelope = try FrameEnvelope(bytes, event: "markPriceUpdate")
            self = try MarkPriceFrame.read(bytes, envelope.data)
        } catch {
            throw FrameProblem(error)
        }
    }

    private static func read(
        _ bytes: RawSpan, _ data: Range<Int>
    ) throws(JSONError) -> MarkPriceFrame {
        var scanner = JSONScanner(bytes.extracting(data), limits: frameLimits)
        var symbol: Range<Int>?
        var mark: Price?
        var index = Price.zero
        var event: Int64 = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "s": symbol = try scanner.place(offsetBy: data.lowerBound)
            case "p": mark = try scanner.decimal()
            case "i": index = try scanner.lenientDecimal()
            case "E": event = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        return MarkPriceFrame(
            symbol: try require(symbol, "s", at: scanner.offset),
            mark: try require(mark, "p", at: scanner.offset), index: index,
            eventMilliseconds: event)
    }
}

extension JSONScanner {
    /// Where a string's inside lies, in the bytes this scanner's were taken from.
    @_lifetime(self: copy self)
    fileprivate mutating func place(offsetBy base: Int) throws(JSONError) -> Range<Int> {
        let start = offset
        let raw = try string()
        guard raw.byteCount > 0 else { throw JSONError(.badValue, offset: start, field: "s") }
        let end = base + offset - 1
        return (end - raw.byteCount)..<end
    }
}

internal import Bytes
internal import Trading

extension BookTickerFrame {
    /// - Parameter isNamed: whether the event must name itself, as it does on futures.
    init(general bytes: RawSpan, isNamed: Bool) throws(FrameProblem) {
        do throws(JSONError) {
            let envelope = try FrameEnvelope(
                bytes, isNamed ? .named("bookTicker") : .optional("bookTicker"))
            self = try BookTickerFrame.read(bytes, envelope.data)
        } catch {
            throw FrameProblem(error)
        }
    }

    private static func read(
        _ bytes: RawSpan, _ data: Range<Int>
    ) throws(JSONError) -> BookTickerFrame {
        var scanner = JSONScanner(bytes.extracting(data), limits: FrameEnvelope.limits)
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
            let envelope = try FrameEnvelope(bytes, .named("markPriceUpdate"))
            self = try MarkPriceFrame.read(bytes, envelope.data)
        } catch {
            throw FrameProblem(error)
        }
    }

    private static func read(
        _ bytes: RawSpan, _ data: Range<Int>
    ) throws(JSONError) -> MarkPriceFrame {
        var scanner = JSONScanner(bytes.extracting(data), limits: FrameEnvelope.limits)
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

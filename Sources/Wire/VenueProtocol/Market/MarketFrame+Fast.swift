internal import Bytes
internal import Trading

extension FrameScan {
    /// Steps over the opening brace of the event, and over a wrapper around it.
    /// - Returns: how many braces close the frame, or 0 where it begins in another way.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func enter() -> Int {
        if skip(FrameLiteral("{\"stream"), FrameLiteral("\":\"")) {
            guard text() != nil,
                skip(FrameLiteral("\",\"data\""), FrameLiteral(":{"))
            else { return 0 }
            return 2
        }
        offset = 0
        return skip(FrameLiteral("{")) ? 1 : 0
    }

    /// Steps into a frame up to the first field after its event name, which is given in pieces.
    /// - Returns: how many braces close the frame, or 0 where it begins in another way.
    @inline(__always)
    @_lifetime(self: copy self)
    mutating func open(_ a: FrameLiteral, _ b: FrameLiteral, _ c: FrameLiteral) -> Int {
        if skip(a, b, c) { return 1 }
        offset = 0
        guard skip(FrameLiteral("{\"stream"), FrameLiteral("\":\"")),
            text() != nil,
            skip(FrameLiteral("\",\"data\""), FrameLiteral(":")), skip(a, b, c)
        else { return 0 }
        return 2
    }

    /// Whether the frame ends here with so many braces.
    @inline(__always)
    func isClosed(_ braces: Int) -> Bool {
        guard offset + braces == bytes.byteCount else { return false }
        return byte(at: offset) == UInt8(ascii: "}")
            && byte(at: offset + braces - 1) == UInt8(ascii: "}")
    }
}

extension BookTickerFrame {
    /// `{"e":"bookTicker","u":,"s":,"b":,"B":,"a":,"A":,"T":,"E":}`, or nil for any other layout.
    @inline(__always)
    static func scan(_ bytes: RawSpan) -> BookTickerFrame? {
        guard bytes.byteCount >= 64 else { return nil }
        var scan = FrameScan(bytes)
        let braces = scan.open(
            FrameLiteral("{\"e\":\"bo"), FrameLiteral("okTicker"), FrameLiteral("\",\"u\":"))
        guard braces > 0 else { return nil }
        let updateID = scan.integer()
        guard scan.skip(FrameLiteral(",\"s\":\"")), let symbol = scan.text(),
            scan.skip(FrameLiteral("\",\"b\":\""))
        else { return nil }
        let bid = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"B\":\"")) else { return nil }
        let bidQuantity = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"a\":\"")) else { return nil }
        let ask = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"A\":\"")) else { return nil }
        let askQuantity = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"T\":")) else { return nil }
        let transaction = scan.integer()
        guard scan.skip(FrameLiteral(",\"E\":")) else { return nil }
        let event = scan.integer()
        let sign =
            updateID | transaction | event
            | Int64(truncatingIfNeeded: (bid | bidQuantity | ask | askQuantity) >> 64)
        guard sign >= 0, !symbol.isEmpty, scan.isClosed(braces) else { return nil }
        return BookTickerFrame(
            symbol: symbol, updateID: updateID, bid: Price(units: bid),
            bidQuantity: Quantity(units: bidQuantity), ask: Price(units: ask),
            askQuantity: Quantity(units: askQuantity), transactionMilliseconds: transaction,
            eventMilliseconds: event)
    }

    /// `{"u":,"s":,"b":,"B":,"a":,"A":}`, or nil for any other layout.
    static func scanSpot(_ bytes: RawSpan) -> BookTickerFrame? {
        guard bytes.byteCount >= 48 else { return nil }
        var scan = FrameScan(bytes)
        let braces = scan.open(FrameLiteral("{\"u\":"), FrameLiteral(""), FrameLiteral(""))
        guard braces > 0 else { return nil }
        let updateID = scan.integer()
        guard scan.skip(FrameLiteral(",\"s\":\"")), let symbol = scan.text(),
            scan.skip(FrameLiteral("\",\"b\":\""))
        else { return nil }
        let bid = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"B\":\"")) else { return nil }
        let bidQuantity = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"a\":\"")) else { return nil }
        let ask = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"A\":\"")) else { return nil }
        let askQuantity = scan.decimal()
        let sign =
            updateID | Int64(truncatingIfNeeded: (bid | bidQuantity | ask | askQuantity) >> 64)
        guard sign >= 0, !symbol.isEmpty, scan.skip(FrameLiteral("\"")), scan.isClosed(braces)
        else { return nil }
        return BookTickerFrame(
            symbol: symbol, updateID: updateID, bid: Price(units: bid),
            bidQuantity: Quantity(units: bidQuantity), ask: Price(units: ask),
            askQuantity: Quantity(units: askQuantity), transactionMilliseconds: 0,
            eventMilliseconds: 0)
    }

    @inline(__always)
    init(
        symbol: Range<Int>, updateID: Int64, bid: Price, bidQuantity: Quantity, ask: Price,
        askQuantity: Quantity, transactionMilliseconds: Int64, eventMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.updateID = updateID
        self.bid = bid
        self.bidQuantity = bidQuantity
        self.ask = ask
        self.askQuantity = askQuantity
        self.transactionMilliseconds = transactionMilliseconds
        self.eventMilliseconds = eventMilliseconds
    }
}

extension MarkPriceFrame {
    /// `{"e":"markPriceUpdate","E":,"s":,"p":,["ap":,]"i":,"P":,"r":,"T":}`, or nil for any other.
    static func scan(_ bytes: RawSpan) -> MarkPriceFrame? {
        guard bytes.byteCount >= 64 else { return nil }
        var scan = FrameScan(bytes)
        let braces = scan.open(
            FrameLiteral("{\"e\":\"ma"), FrameLiteral("rkPriceU"), FrameLiteral("pdate\",\""))
        guard braces > 0, scan.skip(FrameLiteral("E\":")) else { return nil }
        let event = scan.integer()
        guard scan.skip(FrameLiteral(",\"s\":\"")), let symbol = scan.text(),
            scan.skip(FrameLiteral("\",\"p\":\""))
        else { return nil }
        let mark = scan.decimal()
        if scan.skip(FrameLiteral("\",\"ap\":\"")) {
            guard scan.decimal() >= 0 else { return nil }
        }
        guard scan.skip(FrameLiteral("\",\"i\":\"")) else { return nil }
        let index = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"P\":\"")), scan.decimal() >= 0,
            scan.skip(FrameLiteral("\",\"r\":\"")), scan.text() != nil,
            scan.skip(FrameLiteral("\",\"T\":")), scan.integer() >= 0
        else { return nil }
        guard event >= 0, mark >= 0, index >= 0, !symbol.isEmpty, scan.isClosed(braces) else {
            return nil
        }
        return MarkPriceFrame(
            symbol: symbol, mark: Price(units: mark), index: Price(units: index),
            eventMilliseconds: event)
    }

    init(symbol: Range<Int>, mark: Price, index: Price, eventMilliseconds: Int64) {
        self.symbol = symbol
        self.mark = mark
        self.index = index
        self.eventMilliseconds = eventMilliseconds
    }
}

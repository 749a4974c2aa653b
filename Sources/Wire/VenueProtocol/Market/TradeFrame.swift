internal import Bytes
package import Trading

/// One trade of the market, single or aggregated, as it came from the stream.
package struct TradeFrame: Equatable, Sendable {
    /// Where the symbol's bytes lie in the frame.
    package var symbol: Range<Int>
    /// The trade's number, or the aggregate's; 0 where the venue gives none (MEXC).
    package var tradeID: Int64
    package var price: Price
    package var quantity: Quantity
    /// Whether the seller was the aggressor.
    package var isBuyerMaker: Bool
    /// False for rows that are no print of the market: insurance fund and deleveraging.
    package var isMarket: Bool
    /// When it traded, epoch milliseconds.
    package var tradeMilliseconds: Int64
    package var eventMilliseconds: Int64

    package init(
        symbol: Range<Int>, tradeID: Int64, price: Price, quantity: Quantity, isBuyerMaker: Bool,
        isMarket: Bool = true, tradeMilliseconds: Int64, eventMilliseconds: Int64
    ) {
        self.symbol = symbol
        self.tradeID = tradeID
        self.price = price
        self.quantity = quantity
        self.isBuyerMaker = isBuyerMaker
        self.isMarket = isMarket
        self.tradeMilliseconds = tradeMilliseconds
        self.eventMilliseconds = eventMilliseconds
    }

    /// Reads a raw or combined `aggTrade` or `trade` frame of Binance futures or spot in place;
    /// allocates nothing.
    package init(_ bytes: RawSpan) throws(FrameProblem) {
        if let frame = TradeFrame.scan(bytes) {
            self = frame
        } else {
            try self.init(general: bytes)
        }
    }
}

// MARK: the fast path

extension TradeFrame {
    /// `{"e":"aggTrade","E":,["a":,]"s":,["a":,]"p":,"q":,["nq":,]"f":,"l":,"T":,"m":[,"M":]}` or
    /// `{"e":"trade","E":,["T":,]"s":,"t":,"p":,"q":,["T":,]["X":,]"m":[,"M":]}`; nil for any other.
    static func scan(_ bytes: RawSpan) -> TradeFrame? {
        guard bytes.byteCount >= 64 else { return nil }
        var scan = FrameScan(bytes)
        let braces = scan.enter()
        guard braces > 0, scan.skip(FrameLiteral("\"e\":\"")) else { return nil }
        let isAggregate = scan.skip(FrameLiteral("aggTrade"))
        guard isAggregate || scan.skip(FrameLiteral("trade")),
            scan.skip(FrameLiteral("\",\"E\":"))
        else { return nil }
        var draft = TradeDraft()
        draft.event = scan.integer()
        guard isAggregate ? draft.readAggregate(&scan) : draft.readSingle(&scan) else { return nil }
        return draft.frame(&scan, braces)
    }
}

/// The fields of a trade as the fast path meets them; negative where one was unusual.
private struct TradeDraft {
    var symbol = 0..<0
    var id: Int64 = -1
    var price: Int128 = -1
    var quantity: Int128 = -1
    var isMarket = true
    var time: Int64 = -1
    var event: Int64 = -1

    @inline(__always)
    mutating func readAggregate(_ scan: inout FrameScan) -> Bool {
        if scan.skip(FrameLiteral(",\"a\":")) {
            id = scan.integer()
            if id < 0 { return false }
        }
        guard readSymbol(&scan) else { return false }
        if id < 0 {
            guard scan.skip(FrameLiteral("\"a\":")) else { return false }
            id = scan.integer()
            guard scan.skip(FrameLiteral(",")) else { return false }
        }
        guard readAmounts(&scan) else { return false }
        if scan.skip(FrameLiteral(",\"nq\":\"")) {
            guard scan.decimal() >= 0, scan.skip(FrameLiteral("\"")) else { return false }
        }
        guard scan.skip(FrameLiteral(",\"f\":")), scan.integer() >= 0,
            scan.skip(FrameLiteral(",\"l\":")), scan.integer() >= 0,
            scan.skip(FrameLiteral(",\"T\":"))
        else { return false }
        time = scan.integer()
        return true
    }

    @inline(__always)
    mutating func readSingle(_ scan: inout FrameScan) -> Bool {
        if scan.skip(FrameLiteral(",\"T\":")) {
            time = scan.integer()
            if time < 0 { return false }
        }
        guard readSymbol(&scan), scan.skip(FrameLiteral("\"t\":")) else { return false }
        id = scan.integer()
        guard scan.skip(FrameLiteral(",")), readAmounts(&scan) else { return false }
        if time < 0 {
            guard scan.skip(FrameLiteral(",\"T\":")) else { return false }
            time = scan.integer()
        }
        if scan.skip(FrameLiteral(",\"X\":\"")) {
            isMarket = scan.skip(FrameLiteral("MARKET\""))
            if !isMarket {
                guard scan.text() != nil, scan.skip(FrameLiteral("\"")) else { return false }
            }
        }
        return true
    }

    @inline(__always)
    private mutating func readSymbol(_ scan: inout FrameScan) -> Bool {
        guard scan.skip(FrameLiteral(",\"s\":\"")), let place = scan.text(), !place.isEmpty,
            scan.skip(FrameLiteral("\","))
        else { return false }
        symbol = place
        return true
    }

    @inline(__always)
    private mutating func readAmounts(_ scan: inout FrameScan) -> Bool {
        guard scan.skip(FrameLiteral("\"p\":\"")) else { return false }
        price = scan.decimal()
        guard scan.skip(FrameLiteral("\",\"q\":\"")) else { return false }
        quantity = scan.decimal()
        return scan.skip(FrameLiteral("\""))
    }

    @inline(__always)
    func frame(_ scan: inout FrameScan, _ braces: Int) -> TradeFrame? {
        guard scan.skip(FrameLiteral(",\"m\":")) else { return nil }
        let isBuyerMaker = scan.skip(FrameLiteral("true"))
        guard isBuyerMaker || scan.skip(FrameLiteral("false")) else { return nil }
        if scan.skip(FrameLiteral(",\"M\":")) {
            guard scan.skip(FrameLiteral("true")) || scan.skip(FrameLiteral("false")) else {
                return nil
            }
        }
        let sign = id | time | event | Int64(truncatingIfNeeded: (price | quantity) >> 64)
        guard sign >= 0, scan.isClosed(braces) else { return nil }
        return TradeFrame(
            symbol: symbol, tradeID: id, price: Price(units: price),
            quantity: Quantity(units: quantity), isBuyerMaker: isBuyerMaker, isMarket: isMarket,
            tradeMilliseconds: time, eventMilliseconds: event)
    }
}

// MARK: any layout

extension TradeFrame {
    init(general bytes: RawSpan) throws(FrameProblem) {
        do throws(JSONError) {
            let envelope = try FrameEnvelope(bytes, .either("aggTrade", "trade"))
            self = try TradeFrame.read(bytes, envelope.data)
        } catch {
            throw FrameProblem(error)
        }
    }

    private static func read(_ bytes: RawSpan, _ data: Range<Int>) throws(JSONError) -> TradeFrame {
        var scanner = JSONScanner(bytes.extracting(data), limits: FrameEnvelope.limits)
        var symbol: Range<Int>?
        var id: Int64?
        var price: Price?
        var quantity: Quantity?
        var isBuyerMaker: Bool?
        var isMarket = true
        var times: (trade: Int64?, event: Int64) = (nil, 0)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "s": symbol = try scanner.place(offsetBy: data.lowerBound)
            case "a", "t": id = try scanner.integer()
            case "p": price = try scanner.decimal()
            case "q": quantity = try scanner.decimal()
            case "m": isBuyerMaker = try scanner.boolean()
            case "X" where try scanner.nextKind() == .string:
                isMarket = try scanner.string() == "MARKET"
            case "T": times.trade = try scanner.integer()
            case "E": times.event = try scanner.integer()
            case _: try scanner.skipValue()
            }
        }
        let end = scanner.offset
        return TradeFrame(
            symbol: try require(symbol, "s", at: end), tradeID: try require(id, "a or t", at: end),
            price: try require(price, "p", at: end), quantity: try require(quantity, "q", at: end),
            isBuyerMaker: try require(isBuyerMaker, "m", at: end), isMarket: isMarket,
            tradeMilliseconds: try require(times.trade, "T", at: end),
            eventMilliseconds: times.event)
    }
}

import Bytes
import DecoderVerifier
import Quotes
import Testing
import Trading

@testable import VenueProtocol

/// Messages in the layouts that the venues document or were recorded to send.
enum Frames {
    static let futuresAggregate =
        #"{"e":"aggTrade","E":1723161256322,"s":"BTCUSDT","a":5933014,"p":"61800.30","#
        + #""q":"0.006","nq":"0.006","f":100,"l":105,"T":1723161256321,"m":true}"#
    static let futuresAggregateOld =
        #"{"e":"aggTrade","E":1723161256322,"a":5933014,"s":"BTCUSDT","p":"61800.30","#
        + #""q":"0.006","f":100,"l":105,"T":1723161256321,"m":true}"#
    static let futuresTrade =
        #"{"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,"#
        + #""p":"61800.30","q":"0.006","X":"MARKET","m":false}"#
    static let spotAggregate =
        #"{"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":12345,"p":"0.00100000","#
        + #""q":"100.00000000","f":100,"l":105,"T":1672515782135,"m":true,"M":true}"#
    static let spotTrade =
        #"{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.00100000","#
        + #""q":"100.00000000","T":1672515782135,"m":false,"M":true}"#
    static let futuresDepth =
        #"{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT","U":157,"u":160,"#
        + #""pu":149,"b":[["61800.20","0.014"],["61800.10","0.000"]],"a":[["61800.30","7.5"]]}"#
    static let spotDepth =
        #"{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"#
        + #""b":[["0.00240000","10.00000000"]],"a":[]}"#
    static let spotPartial =
        #"{"stream":"bnbbtc@depth5@100ms","data":{"lastUpdateId":160,"#
        + #""bids":[["0.00240000","10.00000000"]],"asks":[["0.00260000","100.00000000"]]}}"#
    static let spotBookTicker =
        #"{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","#
        + #""A":"40.66000000"}"#

    static func combined(_ stream: String, _ data: String) -> String {
        #"{"stream":"\#(stream)","data":\#(data)}"#
    }
    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}

@Suite("Trades, depth and spot prices from streams")
struct StreamFrameTests {
    private func text(_ place: Range<Int>, _ bytes: [UInt8]) -> String {
        String(decoding: bytes[place], as: UTF8.self)
    }

    @Test(
        "every layout of a trade is read on the fast path, raw and combined",
        arguments: [
            (Frames.futuresAggregate, 5_933_014, "61800.3", "0.006", true, "BTCUSDT"),
            (Frames.futuresAggregateOld, 5_933_014, "61800.3", "0.006", true, "BTCUSDT"),
            (Frames.futuresTrade, 5_266_583_935, "61800.3", "0.006", false, "BTCUSDT"),
            (Frames.spotAggregate, 12_345, "0.001", "100", true, "BNBBTC"),
            (Frames.spotTrade, 12_345, "0.001", "100", false, "BNBBTC"),
        ])
    func trades(
        raw: String, id: Int64, price: String, quantity: String, isBuyerMaker: Bool, symbol: String
    ) throws {
        for message in [raw, Frames.combined("x@aggTrade", raw)] {
            let bytes = Frames.bytes(message)
            let scanned = TradeFrame.scan(bytes.rawSpan)
            let frame = try TradeFrame(general: bytes.rawSpan)
            #expect(scanned == frame)
            #expect(frame.tradeID == id && frame.price == Price(text: price))
            #expect(frame.quantity == Quantity(text: quantity))
            #expect(frame.isBuyerMaker == isBuyerMaker && frame.isMarket)
            #expect(frame.tradeMilliseconds == frame.eventMilliseconds - 1)
            #expect(text(frame.symbol, bytes) == symbol)
        }
    }

    @Test("a row of the insurance fund is no print of the market")
    func insurance() throws {
        let bytes = Frames.bytes(Frames.futuresTrade.replacing("MARKET", with: "INSURANCE_FUND"))
        let frame = try TradeFrame(bytes.rawSpan)
        let scanned = TradeFrame.scan(bytes.rawSpan)
        #expect(!frame.isMarket && scanned == frame)
    }

    @Test("depth changes are read in both dialects, raw and combined, on the fast path")
    func depth() throws {
        var frame = DepthFrame()
        for message in [Frames.futuresDepth, Frames.combined("x@depth", Frames.futuresDepth)] {
            let bytes = Frames.bytes(message)
            let isFast = frame.scan(bytes.rawSpan)
            #expect(isFast)
            let change = frame.change
            #expect(change.firstID == 157 && change.lastID == 160 && change.previousID == 149)
            #expect(change.bids.count == 2 && change.bids[1].quantity.isZero)
            #expect(change.asks.map(\.price) == [try #require(Price(text: "61800.3"))])
            #expect(change.asks[0].quantity == Quantity(text: "7.5"))
            #expect(change.transactionMilliseconds == 1_723_161_256_298)
            #expect(text(frame.symbol, bytes) == "BTCUSDT")
        }
        let spot = Frames.bytes(Frames.spotDepth)
        let isFast = frame.scan(spot.rawSpan)
        #expect(isFast)
        #expect(frame.change.previousID == -1 && frame.change.asks.isEmpty)
    }

    @Test("spot's partial depth takes its symbol from the stream's name")
    func partialDepth() throws {
        var frame = DepthFrame()
        let bytes = Frames.bytes(Frames.spotPartial)
        try frame.readPartial(bytes.rawSpan)
        #expect(text(frame.symbol, bytes) == "bnbbtc" && frame.isLowerCase)
        #expect(frame.change.lastID == 160 && frame.change.asks.count == 1)
        #expect(throws: FrameProblem.otherKind) {
            var frame = DepthFrame()
            try frame.readPartial(
                Frames.bytes(#"{"lastUpdateId":1,"bids":[],"asks":[]}"#).rawSpan)
        }
    }

    @Test(
        "I1: a level without a price, with a negative size, or a change that ends before it begins",
        arguments: [
            ("\"61800.20\",\"0.014\"", "\"0\",\"0.014\""),
            ("\"61800.20\",\"0.014\"", "\"61800.20\",\"-1\""),
            ("\"61800.20\",\"0.014\"", "\"61800.20\""), ("\"U\":157", "\"U\":161"),
            (",\"a\":[[\"61800.30\",\"7.5\"]]", ""),
        ])
    func badDepth(part: String, replacement: String) {
        let text = Frames.futuresDepth.replacing(part, with: replacement)
        #expect(text != Frames.futuresDepth)
        #expect(throws: FrameProblem.badField) {
            var frame = DepthFrame()
            try frame.read(Frames.bytes(text).rawSpan)
        }
    }

    @Test("spot's nameless best prices are read raw and combined")
    func spotBookTicker() throws {
        for message in [
            Frames.spotBookTicker, Frames.combined("bnbusdt@bookTicker", Frames.spotBookTicker),
        ] {
            let bytes = Frames.bytes(message)
            let scanned = BookTickerFrame.scanSpot(bytes.rawSpan)
            let frame = try BookTickerFrame(general: bytes.rawSpan, isNamed: false)
            #expect(scanned == frame && frame.updateID == 400_900_217)
            #expect(frame.ask == Price(text: "25.3652"))
            #expect(frame.askQuantity == Quantity(text: "40.66"))
            #expect(text(frame.symbol, bytes) == "BNBUSDT" && frame.transactionMilliseconds == 0)
        }
    }

    @Test(
        "the kind is told by the stream's name, else by the event, else by the keys",
        arguments: [
            (Frames.spotBookTicker, FrameKind.bookTicker),
            (Frames.combined("bnbusdt@bookTicker", Frames.spotBookTicker), .bookTicker),
            (Frames.futuresAggregate, .trade), (Frames.spotTrade, .trade),
            (Frames.combined("btcusdt@trade", Frames.futuresTrade), .trade),
            (Frames.futuresDepth, .depth), (Frames.spotDepth, .depth),
            (Frames.combined("btcusdt@depth@100ms", Frames.futuresDepth), .depth),
            (Frames.combined("btcusdt@depth20@100ms", Frames.futuresDepth), .partialDepth),
            (Frames.spotPartial, .partialDepth),
            (#"{"lastUpdateId":160,"bids":[],"asks":[]}"#, .partialDepth),
            (Frames.combined("btcusdt@markPrice@1s", "{}"), .markPrice),
            (#"{"e":"markPriceUpdate","E":1}"#, .markPrice),
            (#"{ "E": 1, "e" : "markPriceUpdate" }"#, .markPrice),
            (#"{"result":null,"id":1}"#, .control), (#"{"code":2,"msg":"x"}"#, .control),
            (#"{"error":{"code":2,"msg":"x"},"id":"a"}"#, .control),
            (#"{"e":"serverShutdown","E":1770123456789}"#, .shutdown),
            (Frames.combined("btcusdt@kline_1m", "{}"), .other), ("[]", .other),
            (#"{"e":"forceOrder","o":{}}"#, .other), (#"{"e":5}"#, .other), ("{", .malformed),
            ("<html>", .malformed),
        ])
    func kinds(text: String, kind: FrameKind) {
        let bytes = Frames.bytes(text)
        let told = FrameKind(bytes.rawSpan)
        #expect(told == kind)
    }
}

@Suite("Stream decoders under the verifier (I3)")
struct StreamVerifierTests {
    private static let corpus = [
        Frames.futuresAggregate, Frames.futuresAggregateOld, Frames.futuresTrade,
        Frames.spotAggregate, Frames.spotTrade, Frames.futuresDepth, Frames.spotDepth,
        Frames.spotPartial, Frames.spotBookTicker,
        Frames.combined("btcusdt@aggTrade", Frames.futuresAggregate),
        Frames.combined("btcusdt@depth", Frames.futuresDepth),
    ].map(Frames.bytes)

    private static func joined(_ pieces: [[UInt8]]) -> [UInt8] { Array(pieces.joined()) }

    /// Both paths of a decoder on one message; a fast value that the general path does not give is
    /// part of the outcome, and so a finding.
    private struct Outcome: Equatable {
        var text: String
        var isSound: Bool
    }

    private static func outcome<Frame: Equatable>(
        _ fast: Frame?, _ general: () throws -> Frame
    ) -> Outcome {
        let slow = Result { try general() }
        guard let fast else { return Outcome(text: "\(slow)", isSound: true) }
        let isSound = (try? slow.get()) == fast
        if !isSound { Issue.record("fast \(fast), general \(slow)") }
        return Outcome(text: "\(slow)", isSound: isSound)
    }

    @Test("trades: 100,000 mutations, both paths agree")
    func trades() {
        let findings = DecoderVerifier(seed: 41).findings(corpus: Self.corpus) { pieces in
            let bytes = Self.joined(pieces)
            return Self.outcome(TradeFrame.scan(bytes.rawSpan)) {
                try TradeFrame(general: bytes.rawSpan)
            }
        }
        #expect(findings == [])
    }

    @Test("spot's best prices: 100,000 mutations, both paths agree")
    func spotBookTicker() {
        let findings = DecoderVerifier(seed: 42).findings(corpus: Self.corpus) { pieces in
            let bytes = Self.joined(pieces)
            return Self.outcome(BookTickerFrame.scanSpot(bytes.rawSpan)) {
                try BookTickerFrame(general: bytes.rawSpan, isNamed: false)
            }
        }
        #expect(findings == [])
    }

    @Test("depth: 100,000 mutations, both paths agree, partial and snapshot never trap")
    func depth() {
        let findings = DecoderVerifier(seed: 43).findings(corpus: Self.corpus) { pieces in
            let bytes = Self.joined(pieces)
            var fast = DepthFrame()
            let isFast = fast.scan(bytes.rawSpan)
            var partial = DepthFrame()
            try? partial.readPartial(bytes.rawSpan)
            try? partial.readSnapshot(bytes.rawSpan)
            return Self.outcome(isFast ? fast : nil) {
                var slow = DepthFrame()
                try slow.readGeneral(bytes.rawSpan)
                return slow
            }
        }
        #expect(findings == [])
    }

    @Test("kinds: 100,000 mutations never trap")
    func kinds() {
        let findings = DecoderVerifier(seed: 44).findings(corpus: Self.corpus) { pieces in
            FrameKind(Self.joined(pieces).rawSpan)
        }
        #expect(findings == [])
    }
}

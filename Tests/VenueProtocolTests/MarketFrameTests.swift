import Bounded
import Bytes
import Foundation
import Testing
import Trading

@testable import VenueProtocol

@Suite("Market frames")
struct MarketFrameTests {
    private static let raw =
        "{\"e\":\"bookTicker\",\"u\":5123107839020,\"s\":\"BTCUSDT\",\"b\":\"61800.20\","
        + "\"B\":\"2.507\",\"a\":\"61800.30\",\"A\":\"2.510\",\"T\":1723161256313,"
        + "\"E\":1723161256314}"
    private static let combined = "{\"stream\":\"btcusdt@bookTicker\",\"data\":\(raw)}"
    private static let mark =
        "{\"e\":\"markPriceUpdate\",\"E\":1562305380000,\"s\":\"BTCUSDT\","
        + "\"p\":\"11794.15000000\",\"ap\":\"11794.1\",\"i\":\"11784.62659091\","
        + "\"P\":\"11784.25641265\",\"r\":\"-0.00038167\",\"T\":1562306400000}"

    private struct Seen: Equatable {
        var symbol: String
        var frame: BookTickerFrame
    }

    private static func book(_ text: String) throws(FrameProblem) -> Seen {
        let bytes = Array(text.utf8)
        let frame = try BookTickerFrame(bytes.rawSpan)
        return Seen(symbol: String(decoding: bytes[frame.symbol], as: UTF8.self), frame: frame)
    }

    @Test("a recorded frame, raw and combined, is read on the fast path and exactly")
    func recordedForms() throws {
        for text in [Self.raw, Self.combined] {
            let bytes = Array(text.utf8)
            #expect(BookTickerFrame.scan(bytes.rawSpan) != nil)
            let seen = try Self.book(text)
            #expect(seen.symbol == "BTCUSDT")
            #expect(seen.frame.updateID == 5_123_107_839_020)
            #expect(seen.frame.bid == Price(text: "61800.2"))
            #expect(seen.frame.bidQuantity == Quantity(text: "2.507"))
            #expect(seen.frame.ask == Price(text: "61800.3"))
            #expect(seen.frame.askQuantity == Quantity(text: "2.51"))
            #expect(seen.frame.transactionMilliseconds == 1_723_161_256_313)
            #expect(seen.frame.eventMilliseconds == 1_723_161_256_314)
        }
    }

    @Test(
        "any other order, white space and unknown fields give the same values (T12)",
        arguments: [
            "{\"e\":\"bookTicker\",\"u\":7,\"E\":2,\"T\":1,\"s\":\"ABC\",\"b\":\"1.5\",\"B\":\"2\",\"a\":\"1.6\",\"A\":\"3\"}",
            "{\"s\":\"ABC\",\"b\":\"1.5\",\"B\":\"2\",\"a\":\"1.6\",\"A\":\"3\",\"T\":1,\"E\":2,\"u\":7,\"e\":\"bookTicker\"}",
            "{ \"e\" : \"bookTicker\", \"u\": 7, \"s\":\"ABC\", \"b\":\"1.50\",\"B\":2,\"a\":\"16E-1\",\"A\":\"3.000000000000\",\"T\":1,\"E\":2,\"ps\":{\"x\":[1]} }\n",
            "{\"data\":{\"e\":\"bookTicker\",\"u\":7,\"s\":\"ABC\",\"b\":\"1.5\",\"B\":\"2\",\"a\":\"1.6\",\"A\":\"3\",\"T\":1,\"E\":2},\"stream\":\"x\"}",
            "{\"e\":\"bookTicker\",\"u\":7,\"s\":\"ABC\",\"b\":\"01.5\",\"B\":\"2.000000000\",\"a\":\"1.6\",\"A\":\"00000000003\",\"T\":1,\"E\":2}",
        ])
    func otherForms(text: String) throws {
        let seen = try Self.book(text)
        #expect(seen.symbol == "ABC" && seen.frame.updateID == 7)
        #expect(seen.frame.bid == Price(text: "1.5") && seen.frame.bidQuantity == .whole(2))
        #expect(seen.frame.ask == Price(text: "1.6") && seen.frame.askQuantity == .whole(3))
        #expect(seen.frame.transactionMilliseconds == 1 && seen.frame.eventMilliseconds == 2)
    }

    @Test("control answers and other events are told from broken frames (T10, I3)")
    func problems() {
        #expect(throws: FrameProblem.otherKind) { try Self.book("{\"result\":null,\"id\":1}") }
        #expect(throws: FrameProblem.otherKind) { try Self.book(Self.mark) }
        #expect(throws: FrameProblem.otherKind) { try Self.book("{\"data\":{\"e\":\"x\"}}") }
        #expect(throws: FrameProblem.malformed) { try Self.book(String(Self.raw.dropLast(3))) }
        #expect(throws: FrameProblem.malformed) { try Self.book("") }
        #expect(throws: FrameProblem.malformed) { try Self.book(Self.raw + "}") }
        #expect(throws: FrameProblem.badField) { try Self.book("<html>") }
        #expect(throws: FrameProblem.badField) {
            try Self.book(Self.raw.replacing("61800.20", with: "cheap"))
        }
        #expect(throws: FrameProblem.badField) {
            try Self.book(Self.raw.replacing(",\"u\":5123107839020", with: ""))
        }
        #expect(throws: FrameProblem.badField) {
            try Self.book(Self.raw.replacing("61800.20", with: "61800.2000000000001"))
        }
    }

    @Test("mark price frames are read with and without the moving average")
    func markPrice() throws {
        for text in [Self.mark, Self.mark.replacing("\"ap\":\"11794.1\",", with: "")] {
            let bytes = Array(text.utf8)
            let isFast = MarkPriceFrame.scan(bytes.rawSpan) != nil
            #expect(isFast)
            let frame = try MarkPriceFrame(bytes.rawSpan)
            #expect(frame.mark == Price(text: "11794.15"))
            #expect(frame.index == Price(text: "11784.62659091"))
            #expect(frame.eventMilliseconds == 1_562_305_380_000)
        }
        let delivery = Array(Self.mark.replacing("-0.00038167", with: "").utf8)
        #expect(try decode(delivery) { _ in 1 } == 1)
        let frame = try MarkPriceFrame(delivery.rawSpan)
        #expect(String(decoding: delivery[frame.symbol], as: UTF8.self) == "BTCUSDT")
    }

    @Test("I2: the fast path agrees with the general one on every decimal it takes")
    func twin() throws {
        let seed: UInt64 = 0xF00D
        var random = SplitMix64(seed: seed)
        var fast = 0
        for _ in 0..<20_000 {
            let text = Self.randomFrame(&random)
            let bytes = Array(text.utf8)
            let quick = BookTickerFrame.scan(bytes.rawSpan)
            let slow = Result { () throws(FrameProblem) in try Self.general(bytes) }
            guard let quick else { continue }
            fast += 1
            #expect(try slow.get() == quick, "seed \(seed): \(text)")
        }
        #expect(fast > 5_000)
    }

    private static func general(_ bytes: [UInt8]) throws(FrameProblem) -> BookTickerFrame {
        try BookTickerFrame(general: bytes.rawSpan, isNamed: true)
    }

    private static func randomFrame(_ random: inout SplitMix64) -> String {
        func digits(_ most: Int) -> String {
            String(
                (0..<Int.random(in: 1...most, using: &random)).map { _ in
                    Character(String(Int.random(in: 0...9, using: &random)))
                })
        }
        func decimal() -> String {
            let whole = digits(9)
            return Bool.random(using: &random) ? "\(whole).\(digits(9))" : whole
        }
        return "{\"e\":\"bookTicker\",\"u\":\(digits(17)),\"s\":\"BTCUSDT\",\"b\":\"\(decimal())\","
            + "\"B\":\"\(decimal())\",\"a\":\"\(decimal())\",\"A\":\"\(decimal())\","
            + "\"T\":\(digits(13)),\"E\":\(digits(13))}"
    }

    @Test("I3: mutated frames give the same on both paths, and never trap")
    func mutated() {
        let seed: UInt64 = 0xBAD
        var random = SplitMix64(seed: seed)
        for sample in [Self.raw, Self.combined, Self.mark] {
            let original = Array(sample.utf8)
            for length in 0...original.count { Self.compare(Array(original.prefix(length)), seed) }
            for _ in 0..<Mutation.count { Self.compare(Mutation.of(original, &random), seed) }
        }
    }

    private static func compare(_ bytes: [UInt8], _ seed: UInt64) {
        if let quick = BookTickerFrame.scan(bytes.rawSpan) {
            #expect((try? BookTickerFrame(general: bytes.rawSpan, isNamed: true)) == quick, "seed \(seed)")
        } else {
            _ = try? BookTickerFrame(bytes.rawSpan)
        }
        if let quick = MarkPriceFrame.scan(bytes.rawSpan) {
            #expect((try? MarkPriceFrame(general: bytes.rawSpan)) == quick, "seed \(seed)")
        } else {
            _ = try? MarkPriceFrame(bytes.rawSpan)
        }
    }
}

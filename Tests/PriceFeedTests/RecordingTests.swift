import Bounded
import Bytes
import Chronology
import Foundation
import Quotes
import Testing
import Trading

@testable import PriceFeedService
@testable import VenueProtocol

/// A recorded session beside the checkout, as lines of time and frame; absent in a fresh clone.
private enum Recording {
    static let file: URL? = {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<3 { folder.deleteLastPathComponent() }
        return ["../shared/fixtures", "../../shared/fixtures"]
            .map { folder.appendingPathComponent("\($0)/recordings").standardizedFileURL }
            .compactMap {
                try? FileManager.default.contentsOfDirectory(
                    at: $0, includingPropertiesForKeys: nil)
            }
            .joined().first { $0.pathExtension == "gz" }
    }()

    static func lines() throws -> [[UInt8]] {
        let unpack = Process()
        unpack.executableURL = URL(fileURLWithPath: "/bin/gzip")
        unpack.arguments = ["-dc", try #require(file).path]
        let pipe = Pipe()
        unpack.standardOutput = pipe
        try unpack.run()
        let bytes = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
        return bytes.split(separator: 0x0A).map { Array($0) }
    }
}

@Suite("A recorded session", .disabled(if: Recording.file == nil, "no ../shared"))
struct RecordingTests {
    @Test("every recorded bookTicker frame is believed, on the fast path, and exactly")
    func replay() throws {
        var driver = DeskDriver.streaming("BTCUSDT")
        var random = SplitMix64(seed: 3)
        var books = 0
        var quick = 0
        for line in try Recording.lines() {
            guard let space = line.firstIndex(of: 0x20) else { continue }
            let frame = Array(line[(space + 1)...])
            guard frame.starts(with: "{\"stream\":\"btcusdt@bookTicker\"".utf8) else { continue }
            books += 1
            driver.now = driver.now + .milliseconds(4)
            guard case .changed = driver.desk.frameReceived(.book, frame.rawSpan, now: driver.now)
            else {
                Issue.record("refused: \(String(decoding: frame, as: UTF8.self))")
                return
            }
            if BookTickerFrame.scan(frame.rawSpan) != nil { quick += 1 }
            guard Int.random(in: 0..<16, using: &random) == 0 else { continue }
            try compare(driver.desk.quote(at: 0), frame)
        }
        #expect(books == quick && books > 10_000)
        for refusal in FeedRefusal.allCases { #expect(driver.desk.count(of: refusal) == 0) }
    }

    /// Against a reading of the frame that shares nothing with ours.
    private func compare(_ quote: Quote, _ frame: [UInt8]) throws {
        let object = try JSONSerialization.jsonObject(with: Data(frame)) as? [String: Any]
        let data = try #require(object?["data"] as? [String: Any])
        func text(_ key: String) throws -> String { try #require(data[key] as? String) }
        #expect(quote.bid == Price(text: try text("b")))
        #expect(quote.bidQuantity == Quantity(text: try text("B")))
        #expect(quote.ask == Price(text: try text("a")))
        #expect(quote.askQuantity == Quantity(text: try text("A")))
        #expect(quote.updateID == (data["u"] as? NSNumber)?.int64Value)
    }
}

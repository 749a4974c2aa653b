import Bounded
import Bytes
import Chronology
import Quotes
import Testing
import Trading
import WebProtocol

@testable import PriceFeedService

/// Frames of one read, of which only the newest of a symbol are read.
@Suite("Feed frames taken together")
struct FeedBatchTests {
    private let books = 0

    @Test("of a symbol's frames the newest is taken, the others are counted as superseded")
    func newest() {
        var driver = DeskDriver.streaming("BTCUSDT", "ETHUSDT")
        let frames = (1...5).map { DeskDriver.bookText("BTCUSDT", "10\($0)", "106", $0) }
        let other = DeskDriver.bookText("ETHUSDT", "9", "10", 1)
        let effects = driver.together(frames + [other])
        #expect(
            effects == [
                .changed(slot: 0, publish: true, store: true),
                .changed(slot: 1, publish: true, store: true),
            ])
        #expect(driver.desk.quote(at: 0).bid == .whole(105))
        #expect(driver.desk.quote(at: 1).bid == .whole(9))
        #expect(driver.desk.superseded == 4 && driver.desk.frames == 2)
    }

    @Test("I1: a newest frame that is crossed or absurd gives way to the one before it")
    func refused() {
        var driver = DeskDriver.streaming("BTCUSDT")
        _ = driver.mark()
        driver.now = driver.now + .seconds(1)
        let effects = driver.together([
            DeskDriver.bookText("BTCUSDT", "98", "99", 1),
            DeskDriver.bookText("BTCUSDT", "100", "101", 2),
            DeskDriver.bookText("BTCUSDT", "1", "101", 3),
            DeskDriver.bookText("BTCUSDT", "101", "100", 4),
        ])
        #expect(
            effects == [
                .refused(.crossed), .refused(.absurd),
                .changed(slot: 0, publish: true, store: true),
            ])
        #expect(driver.desk.quote(at: 0).bid == .whole(100))
        #expect(driver.desk.count(of: .crossed) == 1 && driver.desk.count(of: .absurd) == 1)
        #expect(driver.desk.superseded == 1)
    }

    @Test("I1: an id that falls is judged in its turn, and time never goes back")
    func falling() {
        var driver = DeskDriver.streaming("BTCUSDT")
        let effects = driver.together([
            DeskDriver.bookText("BTCUSDT", "100", "101", 7),
            DeskDriver.bookText("BTCUSDT", "98", "99", 6),
            DeskDriver.bookText("BTCUSDT", "97", "99", 7),
        ])
        #expect(
            effects == [
                .changed(slot: 0, publish: true, store: true), .refused(.timeBack),
            ])
        #expect(driver.desk.quote(at: 0).bid == .whole(100) && driver.desk.duplicates == 1)
    }

    @Test("T10, I3: HTML, cut frames and answers between good frames are told apart")
    func strange() {
        var driver = DeskDriver.streaming("BTCUSDT")
        let effects = driver.together([
            DeskDriver.bookText("BTCUSDT", "100", "101", 1), "<html>502</html>",
            "{\"result\":null,\"id\":1}", DeskDriver.bookText("XRPUSDT", "1", "2", 1),
            String(DeskDriver.bookText("BTCUSDT", "100", "101", 2).dropLast()),
            DeskDriver.bookText("BTCUSDT", "102", "103", 3),
        ])
        #expect(
            effects == [
                .changed(slot: 0, publish: true, store: true), .refused(.badField), .other,
                .refused(.unknownSymbol), .refused(.malformed),
            ])
        #expect(driver.desk.quote(at: 0).bid == .whole(102))
    }

    @Test("with a window of zero nothing is superseded: every frame is to be published")
    func every() {
        var configuration = FeedConfiguration()
        configuration.publishWindow = .zero
        let driver = DeskDriver.streaming("BTCUSDT", configuration: configuration)
        #expect(!driver.desk.supersedes(socket: books))
        #expect(DeskDriver.streaming("BTCUSDT").desk.supersedes(socket: books))
    }

    @Test("I1: read one by one or together, the same price is last, and every frame is counted once")
    func sameAsOneByOne() {
        for seed in UInt64(1)...200 {
            var random = SplitMix64(seed: seed)
            var together = DeskDriver.streaming("BTCUSDT", "ETHUSDT", "SOLUSDT")
            for name in ["BTCUSDT", "ETHUSDT"] { _ = together.mark(name) }
            var single = together
            var sent: UInt64 = 0
            var update: Int64 = 100
            var told: [Int: Price] = [:]
            for round in 0..<40 {
                let frames = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                    update += Int64.random(in: -2...4, using: &random)
                    return FeedBatchTests.frame(update, using: &random)
                }
                sent += UInt64(frames.count)
                for slot in FeedBatchTests.published(together.together(frames)) {
                    told[slot] = together.desk.quote(at: slot).bid
                }
                for frame in frames { _ = single.single(frame) }
                for slot in 0..<3 {
                    let (x, y) = (together.desk.quote(at: slot), single.desk.quote(at: slot))
                    #expect(
                        x.bid == y.bid && x.ask == y.ask && x.updateID == y.updateID,
                        "seed \(seed), round \(round), slot \(slot)")
                }
                let step = Interval.milliseconds(Int64.random(in: 0...40, using: &random))
                together.now = together.now + step
                single.now = together.now
                for slot in together.due() { told[slot] = together.desk.quote(at: slot).bid }
            }
            together.now = together.now + .milliseconds(50)
            for slot in together.due() { told[slot] = together.desk.quote(at: slot).bid }
            for (slot, bid) in told {
                #expect(bid == together.desk.quote(at: slot).bid, "seed \(seed), slot \(slot)")
            }
            let desk = together.desk
            let dropped = FeedRefusal.allCases.reduce(UInt64(0)) { $0 + desk.count(of: $1) }
            // The two marks were taken before.
            #expect(desk.frames - 2 + desk.duplicates + desk.superseded + dropped == sent)
        }
    }

    /// A frame, good three times out of four.
    private static func frame(_ update: Int64, using random: inout SplitMix64) -> String {
        let name = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"].randomElement(using: &random) ?? ""
        let bid = Int.random(in: 90...110, using: &random)
        let text = DeskDriver.bookText(name, "\(bid)", "\(bid + 1)", update)
        switch Int.random(in: 0..<16, using: &random) {
        case 0: return DeskDriver.bookText(name, "\(bid)", "\(bid - 1)", update)
        case 1: return DeskDriver.bookText(name, "1", "2", update)
        case 2: return String(text.dropLast(Int.random(in: 1...60, using: &random)))
        case 3: return text.replacing("\"u\":", with: "\"u\" : ")
        case _: return text
        }
    }

    /// The slots that are published at once.
    private static func published(_ effects: [FrameEffect]) -> [Int] {
        effects.compactMap { effect in
            guard case .changed(let slot, publish: true, _) = effect else { return nil }
            return slot
        }
    }
}

extension DeskDriver {
    /// Gives the frames as one read of the book socket.
    mutating func together(_ frames: [String]) -> [FrameEffect] {
        var bytes: [UInt8] = []
        var pieces: ContiguousArray<WebSocketPiece> = []
        for frame in frames {
            pieces.append(
                WebSocketPiece(start: bytes.count, count: frame.utf8.count, isText: true))
            bytes += Array(frame.utf8)
        }
        var effects: ContiguousArray<BatchEffect> = []
        desk.framesReceived(
            socket: 0, WebSocketMessages(bytes.rawSpan, pieces.span), now: now, &effects)
        return effects.map(\.effect)
    }

    mutating func single(_ frame: String) -> FrameEffect {
        let bytes = Array(frame.utf8)
        return desk.frameReceived(socket: 0, bytes.rawSpan, now: now)
    }

    /// What falls due now.
    mutating func due() -> [Int] {
        var slots: [Int] = []
        while let slot = desk.popPublish(now: now) { slots.append(slot) }
        return slots
    }
}

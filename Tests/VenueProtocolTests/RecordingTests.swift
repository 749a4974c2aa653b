import Bytes
import Foundation
import Quotes
import Testing
import Trading

@testable import VenueProtocol

@Suite("The recorded session", .disabled(if: Fixtures.areAbsent, "no ../shared"))
struct RecordingTests {
    /// The lines of the recording, `<receive ns> <frame>`, unpacked by zcat.
    private static func lines() throws -> [ArraySlice<UInt8>] {
        let root = try #require(Fixtures.root)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/zcat")
        process.arguments = [
            root.appendingPathComponent("recordings/usdm_btcusdt_20240808.gz").path
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return [UInt8](data).split(separator: 0x0A)
    }

    @Test(
        "every frame is read on the fast path; the book has no gap after its snapshot, never crosses"
    )
    func replay() throws {
        var counts: [String: Int] = [:]
        var book = LocalBook(rule: .previousID)
        var frame = DepthFrame()
        var gaps = 0
        for line in try Self.lines() {
            let space = try #require(line.firstIndex(of: 0x20))
            let bytes = [UInt8](line[(space + 1)...])
            switch FrameKind(bytes.rawSpan) {
            case .bookTicker:
                let isFast = BookTickerFrame.scan(bytes.rawSpan) != nil
                counts[isFast ? "ticker" : "slow ticker", default: 0] += 1
            case .trade:
                let isFast = TradeFrame.scan(bytes.rawSpan) != nil
                counts[isFast ? "trade" : "slow trade", default: 0] += 1
            case .depth:
                let isFast = frame.scan(bytes.rawSpan)
                counts[isFast ? "depth" : "slow depth", default: 0] += 1
                switch book.changeReceived(frame.change) {
                case .applied: counts["applied", default: 0] += 1
                case .held, .old: break
                case .needsSnapshot: gaps += 1
                }
                if book.isLive {
                    #expect(book.level(.buy, 0).price < book.level(.sell, 0).price)
                }
            case .partialDepth:
                try frame.readSnapshot(bytes.rawSpan)
                #expect(book.snapshotReceived(frame.change) == .applied)
            case let kind: counts["\(kind)", default: 0] += 1
            }
        }
        #expect(gaps == 0 && book.isLive)
        #expect(counts["ticker"] == 66_089, "\(counts)")
        #expect(counts.keys.sorted() == ["applied", "depth", "ticker", "trade"], "\(counts)")
        #expect((counts["applied"] ?? 0) > 6_500)
    }
}

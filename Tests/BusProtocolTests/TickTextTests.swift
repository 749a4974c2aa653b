import Bounded
import Bytes
import Testing
import Trading

@testable import BusProtocol

@Suite("Text of a tick")
struct TickTextTests {
    private func written(_ tick: Tick) -> String {
        var writer = ByteWriter(capacity: 16)
        tick.write(symbol: Array("BTCUSDT".utf8).rawSpan, into: &writer)
        return String(writer.rawSpan)
    }

    private func expected(_ tick: Tick) -> String {
        "{\"s\":\"BTCUSDT\",\"seq\":\"\(tick.sequence)\",\"b\":\"\(tick.bid)\",\"B\":\"\(tick.bidQuantity)\","
            + "\"a\":\"\(tick.ask)\",\"A\":\"\(tick.askQuantity)\",\"m\":\"\(tick.mark)\","
            + "\"i\":\"\(tick.index)\",\"tb\":\"\(tick.bookTime)\",\"tm\":\"\(tick.markTime)\","
            + "\"t\":\"\(tick.publishTime)\"}"
    }

    @Test("every number is written as the slow twin writes it, and read back the same")
    func twin() throws {
        let seed: UInt64 = 0x71C4
        var random = SplitMix64(seed: seed)
        for round in 0..<20_000 {
            func units() -> Int128 {
                let most = Int.random(in: 0...24, using: &random)
                var limit: Int128 = 1
                for _ in 0..<most { limit *= 10 }
                let value = Int128.random(in: 0...limit, using: &random)
                return round % 3 == 0 ? value : value / 10_000_000_000 * 10_000_000_000
            }
            func count() -> Int64 {
                Int64.random(in: 0...Int64.max, using: &random)
                    >> Int64.random(in: 0...62, using: &random)
            }
            let tick = Tick(
                sequence: count(), bid: Price(units: units()),
                bidQuantity: Quantity(units: units()),
                ask: Price(units: units()), askQuantity: Quantity(units: units()),
                mark: Price(units: units()), index: Price(units: units()), bookTime: count(),
                markTime: count(), publishTime: count())
            let text = written(tick)
            #expect(text == expected(tick), "seed \(seed)")
            let bytes = Array(text.utf8)
            let back = try Tick.decode(bytes.rawSpan)
            #expect(back.tick == tick && back.symbol == "BTCUSDT", "seed \(seed)")
        }
    }
}

import Bounded
import Bytes
import Chronology
import Foundation
import Testing

@testable import VenueProtocol

/// I3: every decoder answers truncated and mutated input with a value or an error, never a trap.
@Suite("Mutated input")
struct MutationTests {
    private static let decoders: [(String, String, @Sendable ([UInt8]) -> Void)] = [
        ("order", Samples.order, { _ = try? BinanceFutures.decodeOrder($0.rawSpan) }),
        ("orders", "[\(Samples.order)]", { _ = try? BinanceFutures.decodeOrders($0.rawSpan) }),
        ("trades", Samples.trades, { _ = try? BinanceFutures.decodeUserTrades($0.rawSpan) }),
        ("info", Samples.exchangeInfo, { _ = try? BinanceFutures.decodeExchangeInfo($0.rawSpan) }),
        ("update", Samples.orderUpdate, { _ = try? UserEvent.decode($0.rawSpan) }),
        ("lite", Samples.tradeLite, { _ = try? UserEvent.decode($0.rawSpan) }),
        ("account update", Samples.accountUpdate, { _ = try? UserEvent.decode($0.rawSpan) }),
        ("positions", Samples.positions, { _ = try? BinanceFutures.decodePositions($0.rawSpan) }),
        ("balances", Samples.balances, { _ = try? BinanceFutures.decodeBalances($0.rawSpan) }),
        ("account", Samples.account, { _ = try? BinanceFutures.decodeAccount($0.rawSpan) }),
        (
            "brackets", Samples.brackets,
            { _ = try? BinanceFutures.decodeLeverageBrackets($0.rawSpan) }
        ),
        (
            "premium", Samples.premiumIndex,
            { _ = try? BinanceFutures.decodePremiumIndex($0.rawSpan) }
        ),
        (
            "depth", Samples.depth,
            {
                var frame = DepthFrame()
                try? frame.readSnapshot($0.rawSpan)
            }
        ),
        ("top", Samples.bookTop, { _ = try? BinanceFutures.decodeBookTop($0.rawSpan) }),
        (
            "time", "{\"serverTime\":1499827319559}",
            {
                _ = try? BinanceFutures.decodeServerTime($0.rawSpan)
            }
        ),
        (
            "control", "{\"error\":{\"code\":2,\"msg\":\"x\"},\"id\":3}",
            {
                _ = try? ControlReply.decode($0.rawSpan)
            }
        ),
        (
            "failure", "{\"code\":-1003,\"msg\":\"banned until 1746327239762.\"}",
            {
                _ = VenueFailure.classify(
                    httpStatus: 429, body: $0.rawSpan, isOrder: true,
                    wall: WallTime(milliseconds: 0))
            }
        ),
    ]

    @Test("I3: truncated and mutated input gives a value or an error", arguments: decoders.indices)
    func mutate(index: Int) {
        let (name, sample, decode) = Self.decoders[index]
        let seed = UInt64(0x5EED + index)
        var random = SplitMix64(seed: seed)
        let original = Array(sample.utf8)
        for length in 0...original.count { decode(Array(original.prefix(length))) }
        for _ in 0..<Mutation.count {
            decode(Mutation.of(original, &random))
        }
        #expect(!name.isEmpty, "seed \(seed)")
    }
}

/// Damage as links and peers do it.
enum Mutation {
    /// Inputs a decoder; `PMS_TEST_MUTATIONS` asks for more (100000 takes a minute unoptimised).
    static let count =
        ProcessInfo.processInfo.environment["PMS_TEST_MUTATIONS"].flatMap { Int($0) } ?? 10_000
    private static let spice =
        Array("{}[]\",:\\0123456789.-eEnulltrfas \u{1}\u{7f}".utf8) + [0xFF, 0xC3]

    static func of(_ original: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = original
        for _ in 0...Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] = spice.randomElement(using: &random)!
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(spice.randomElement(using: &random)!, at: place)
            case 4: bytes.removeSubrange(place...)
            case _:
                let end = min(bytes.count, place + Int.random(in: 1..<12, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }
}

import Bounded
import Bytes
import Testing

@testable import RedisLink

@Suite("The reply parser")
struct ReplyParserTests {
    private static let samples = [
        "+OK\r\n", "-ERR no\r\n", ":42\r\n", ":-9223372036854775808\r\n", "$-1\r\n", "$0\r\n\r\n",
        "$5\r\nhello\r\n", "*-1\r\n", "*0\r\n", "*2\r\n$1\r\na\r\n:1\r\n",
        "*3\r\n$7\r\nmessage\r\n$15\r\npms:{v}:tick:XY\r\n$4\r\n{\"\"}\r\n",
        "*3\r\n*2\r\n*1\r\n$1\r\nx\r\n*0\r\n$-1\r\n*1\r\n+deep\r\n",
    ]

    private func parse(_ chunks: [[UInt8]], limit: Int = 1 << 20) -> (
        values: [RedisValue], broken: Bool
    ) {
        let parser = ReplyParser(limit: limit)
        var values: [RedisValue] = []
        for chunk in chunks {
            parser.feed(chunk.rawSpan)
            var isStarved = false
            while !isStarved {
                switch parser.next() {
                case .reply: values.append(parser.arena.value())
                case .starved: isStarved = true
                case .broken: return (values, true)
                }
            }
        }
        return (values, false)
    }

    @Test("Replies cut at any byte are the same replies")
    func splits() {
        let whole = Array(Self.samples.joined().utf8)
        let expected = parse([whole])
        #expect(expected.values.count == Self.samples.count && !expected.broken)
        #expect(parse(whole.map { [$0] }) == expected)
        for cut in 1..<whole.count {
            #expect(parse([Array(whole[..<cut]), Array(whole[cut...])]) == expected)
        }
    }

    @Test("A hundred thousand mutated inputs neither crash nor grow without bound")
    func mutations() {
        let seed: UInt64 = 7
        var random = SplitMix64(seed: seed)
        let pool = Array("+-:$*0123456789\r\n".utf8) + [0, 255]
        var broken = 0
        for _ in 0..<100_000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes += Array(Self.samples.randomElement(using: &random)!.utf8)
            }
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = pool.randomElement(using: &random)!
                case 1: bytes.insert(pool.randomElement(using: &random)!, at: at)
                case 2: bytes.append(contentsOf: bytes[at...])
                case _: if bytes.count > 1 { bytes.remove(at: at) }
                }
            }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let result = parse([Array(bytes[..<cut]), Array(bytes[cut...])], limit: 4_096)
            broken += result.broken ? 1 : 0
        }
        #expect(broken > 1_000, "seed \(seed)")
    }

    @Test("A reply over the limit is refused, as a long text, as many elements, as an endless line")
    func limits() {
        let text = Array("$100000\r\n".utf8) + [UInt8](repeating: 120, count: 99_999)
        #expect(parse([text], limit: 10_000).broken)
        let elements =
            Array("*100000\r\n".utf8) + Array(String(repeating: ":1\r\n", count: 5_000).utf8)
        #expect(parse([elements], limit: 10_000).broken)
        let line = [UInt8](repeating: 43, count: 50_000)
        #expect(parse([line], limit: 10_000).broken)
        #expect(
            !parse([Array("$9000\r\n".utf8) + [UInt8](repeating: 120, count: 9_000)], limit: 10_000)
                .broken)
    }
}

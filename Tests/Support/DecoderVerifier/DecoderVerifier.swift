// DecoderVerifier: puts a decoder through every way of splitting, cutting and damaging its input.
//
// Invariants it checks
// 1. The outcome of an input is the same in one piece, byte by byte and split at random.
// 2. That holds for every truncation of every corpus entry and for one in eight of the mutations.
// 3. No input traps: a decoder that does takes the test process down, with the seed printed first.

internal import Bounded

/// Runs one decoder over a corpus and what is made of it.
package struct DecoderVerifier {
    private let seed: UInt64
    private let mutations: Int

    /// - Parameters:
    ///   - seed: of the splits and mutations; it is part of each finding.
    ///   - mutations: damaged inputs over the whole corpus.
    package init(seed: UInt64, mutations: Int = 100_000) {
        self.seed = seed
        self.mutations = mutations
    }

    /// What was found wrong, at most ten findings; empty for a sound decoder.
    ///
    /// `decode` starts a fresh decoder, feeds it the pieces in order and returns all it yielded,
    /// its error included.
    package func findings<Outcome: Equatable>(
        corpus: [[UInt8]], decode: ([[UInt8]]) -> Outcome
    ) -> [String] {
        precondition(!corpus.isEmpty, "a corpus has at least one entry")
        var random = SplitMix64(seed: seed)
        var findings: [String] = []
        func check(_ input: [UInt8], _ pieces: [[UInt8]], _ how: String) {
            guard findings.count < 10, decode([input]) != decode(pieces) else { return }
            let sizes = pieces.map { String($0.count) }.joined(separator: "+")
            findings.append("seed \(seed), \(how), split \(sizes.prefix(200)): \(quoted(input))")
        }
        for entry in corpus {
            check(entry, entry.map { [$0] }, "byte by byte")
            for _ in 0..<20 { check(entry, split(entry, using: &random), "random split") }
            for count in cuts(entry.count) {
                let cut = Array(entry.prefix(count))
                check(cut, cut.map { [$0] }, "truncated, byte by byte")
            }
        }
        for round in 0..<mutations {
            let input = mutated(corpus, using: &random)
            let pieces = split(input, using: &random)
            // Every input is decoded; one in eight is decoded whole as well and compared.
            if round % 8 == 0 { check(input, pieces, "mutated") } else { _ = decode(pieces) }
        }
        return findings
    }

    /// Every length of a short entry, 200 spread lengths of a long one.
    private func cuts(_ count: Int) -> StrideTo<Int> {
        stride(from: 0, to: count, by: max(1, count / 200))
    }

    /// One to five pieces, cut anywhere, some of them empty.
    private func split(_ input: [UInt8], using random: inout SplitMix64) -> [[UInt8]] {
        var cuts = (0..<1 + random.below(4)).map { _ in
            random.below(input.count + 1)
        }
        cuts.sort()
        var pieces: [[UInt8]] = []
        var start = 0
        for end in cuts + [input.count] {
            pieces.append(Array(input[start..<end]))
            start = end
        }
        return pieces
    }

    /// An entry with one to four faults in it.
    private func mutated(_ corpus: [[UInt8]], using random: inout SplitMix64) -> [UInt8] {
        var bytes = corpus[random.below(corpus.count)]
        for _ in 0..<1 + random.below(4) {
            damage(&bytes, corpus, using: &random)
        }
        return bytes
    }

    private func damage(
        _ bytes: inout [UInt8], _ corpus: [[UInt8]], using random: inout SplitMix64
    ) {
        let position = random.below(bytes.count + 1)
        let rest = position..<bytes.count
        let run = position..<min(bytes.count, position + 1 + random.below(16))
        switch random.below(7) {
        case 0 where !rest.isEmpty: bytes[position] ^= 1 << UInt8(random.below(8))
        case 1 where !rest.isEmpty: bytes[position] = UInt8(random.below(256))
        case 2: bytes.insert(UInt8(random.below(256)), at: position)
        case 3: bytes.insert(Self.telling[random.below(Self.telling.count)], at: position)
        case 4: bytes.removeSubrange(run)
        case 5: bytes.insert(contentsOf: Array(bytes[run]), at: position)
        default:
            let other = corpus[random.below(corpus.count)]
            bytes.replaceSubrange(rest, with: other.suffix(rest.count))
        }
    }

    /// Bytes that decoders look for: line ends, separators, quotes, signs and extremes.
    private static let telling: [UInt8] =
        Array("\r\n\t :;,=&%+-.0129eE\"\\{}[]$*".utf8) + [0x00, 0x7E, 0x7F, 0x80, 0xC0, 0xED, 0xFF]

    private func quoted(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(400), as: UTF8.self).debugDescription
    }
}

extension SplitMix64 {
    /// A number below the bound; its slight bias does not matter here, its speed without
    /// optimisation does.
    fileprivate mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// Value noise in several octaves, asked for time by time: straight lines between random knots.
internal struct HistoryNoise {
    /// Periods in minutes, and what each moves the price at most, in millionths for each millionth of
    /// the market's step: together 0.36 of the price at the largest step, 30 millionths.
    private static let octaves: [(period: Int64, weight: Int64)] = [
        (92_160, 6_000), (23_040, 3_000), (5_760, 1_500), (1_440, 800), (360, 400), (90, 150),
        (20, 50), (5, 20), (1, 10),
    ]

    private struct Octave {
        let period: Int64
        let weight: Int64
        let salt: UInt64
        var knot: Int64 = .min
        var value: Int64 = 0
        var next: Int64 = 0
    }

    private var octaves: [Octave]
    private let seed: UInt64

    init(seed: UInt64, step: Int64) {
        self.seed = seed
        octaves = HistoryNoise.octaves.enumerated().map { index, octave in
            Octave(
                period: octave.period, weight: octave.weight * step * 1_000,
                salt: UInt64(index + 1) &* 0xD6E8_FEB8_6659_FD93)
        }
    }

    /// The price of a minute in 1e-9 of its mean.
    mutating func factor(_ minute: Int64) -> Int64 {
        var sum: Int64 = 1_000_000_000
        for index in octaves.indices {
            let period = octaves[index].period
            let knot = minute / period
            if octaves[index].knot != knot {
                let salted = seed ^ octaves[index].salt
                let isNext = octaves[index].knot == knot - 1
                octaves[index].value =
                    isNext ? octaves[index].next : HistoryNoise.signed(salted, knot)
                octaves[index].knot = knot
                octaves[index].next = HistoryNoise.signed(salted, knot + 1)
            }
            let octave = octaves[index]
            let way = (octave.next - octave.value) * (minute - knot * period) / period
            sum += (octave.weight * (octave.value + way)) >> 20
        }
        return sum
    }

    /// A number from -2^20 to 2^20.
    static func signed(_ seed: UInt64, _ knot: Int64) -> Int64 {
        Int64(truncatingIfNeeded: hash(seed, knot) >> 43) - (1 << 20)
    }

    /// The finisher of splitmix64 on a place in a seeded sequence.
    static func hash(_ seed: UInt64, _ place: Int64) -> UInt64 {
        var z = seed &+ UInt64(bitPattern: place) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

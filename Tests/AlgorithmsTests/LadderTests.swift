import Algorithms
import Bounded
import Testing
import Trading

@Suite struct LadderTests {
    @Test("B8a: offsets grow by one factor from the base to the maximum, in order and bounded")
    func offsets() {
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed))
            let base = Ratio(units: Int128(Int64.random(in: 1_000...50_000_000_000, using: &random)))
            let more = Int128(Int64.random(in: 0...100_000_000_000, using: &random))
            let maximum = Ratio(units: base.units + more)
            let count = Int.random(in: 1...20, using: &random)
            let offsets = Ladder.layerOffsets(base: base, count: count, maximum: maximum)
            #expect(offsets.count == count && offsets[0] == base, "seed \(seed)")
            #expect(count == 1 || offsets[count - 1] == maximum, "seed \(seed)")
            for index in 1..<max(1, count) {
                #expect(offsets[index] >= offsets[index - 1], "seed \(seed)")
                #expect(offsets[index] <= maximum, "seed \(seed)")
            }
        }
        let doubling = Ladder.layerOffsets(
            base: Ratio(units: 1_000_000), count: 5, maximum: Ratio(units: 16_000_000))
        for (offset, wanted) in zip(doubling, [1, 2, 4, 8, 16] as [Int128]) {
            #expect((offset.units - wanted * 1_000_000).magnitude < 10)
        }
    }

    @Test("B8b: sizes are in order, within a step of their share, at least the minimum, and sum exactly")
    func sizes() {
        for seed in 0..<2_000 {
            var random = SplitMix64(seed: UInt64(seed))
            let step = [q("0.001"), q("1"), q("0.00000001"), q("0.5")].randomElement(using: &random)!
            let count = Int.random(in: 1...40, using: &random)
            let steps = Int64.random(in: 1...1_000_000, using: &random)
            let total = step.multiplied(byWhole: steps)
            let skew = Ratio(units: Int128(Int64.random(in: -900...900, using: &random)) * 1_000_000_000)
            let minimum = step.multiplied(byWhole: Int64.random(in: 1...20, using: &random))
            let sizes = Ladder.skewedSizes(
                total: total, count: count, skew: skew, step: step, minimum: minimum)
            guard let sizes else {
                // Refused only where the smallest share is below the minimum or a step.
                let least = 1_000 - Int64(skew.magnitude.units / 1_000_000_000)
                #expect(
                    steps * least / Int64(count) / 1_000
                        <= Int64(minimum.units / step.units), "seed \(seed)")
                continue
            }
            #expect(sizes.reduce(.zero, +) == total, "seed \(seed)")
            #expect(sizes.allSatisfy { $0 >= minimum && $0.isMultiple(of: step) }, "seed \(seed)")
            for index in 1..<max(1, count) {
                let grows = sizes[index] >= sizes[index - 1]
                let shrinks = sizes[index] <= sizes[index - 1]
                #expect(skew.isNegative ? shrinks : grows, "seed \(seed)")
            }
        }
        let even = Ladder.skewedSizes(
            total: q("1"), count: 4, skew: .zero, step: q("0.001"), minimum: q("0.001"))
        #expect(even == [q("0.25"), q("0.25"), q("0.25"), q("0.25")])
        let far = Ladder.skewedSizes(
            total: q("0.9"), count: 3, skew: Ratio(text: "0.5")!, step: q("0.001"),
            minimum: q("0.001"))
        #expect(far == [q("0.15"), q("0.3"), q("0.45")])
    }
}

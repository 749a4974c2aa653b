import Bounded
import Chronology
import Testing
import Throttles

@Suite("Throttles by slot")
struct SlotThrottlesTests {
    @Test("many slots fire as if each had a throttle of its own")
    func twin() {
        for seed in UInt64(0)..<60 {
            var random = SplitMix64(seed: seed)
            let window = Interval.milliseconds(50)
            let count = 8
            var many = SlotThrottles(window: window, capacity: count)
            var single = [Throttle](repeating: Throttle(), count: count)
            var now = Instant(nanoseconds: 0)
            for _ in 0..<2_000 {
                now = now + .microseconds(Int64.random(in: 0...20_000, using: &random))
                let slot = Int.random(in: 0..<count, using: &random)
                let fired = many.offered(slot, now: now)
                let expected = single[slot].offered(now: now, window: window)
                #expect(fired == (expected == .fire), "seed \(seed)")
                let isServed = Int.random(in: 0..<3, using: &random) > 0
                guard isServed else { continue }
                var due: Set<Int> = []
                while let slot = many.popDue(now: now) { due.insert(slot) }
                for slot in 0..<count {
                    let isDue = single[slot].deadlineReached(now: now, window: window)
                    #expect(due.contains(slot) == isDue, "seed \(seed)")
                }
                let deadline = single.compactMap { $0.deadline(window: window) }.min()
                if let deadline, let next = many.nextDeadline {
                    #expect(next <= deadline, "seed \(seed)")
                } else {
                    #expect(deadline == nil && many.nextDeadline == nil, "seed \(seed)")
                }
            }
        }
    }
}

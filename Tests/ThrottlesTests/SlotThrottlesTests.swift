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

    /// One symbol's life under bursts, as the feed drives it: offered values, and what came out.
    private func run(
        seed: UInt64, window: Interval, slots: Int
    ) -> (offered: [[Int]], fired: [[(at: Instant, value: Int)]]) {
        var random = SplitMix64(seed: seed)
        var throttles = SlotThrottles(window: window, capacity: slots)
        var offered = [[Int]](repeating: [], count: slots)
        var fired = [[(at: Instant, value: Int)]](repeating: [], count: slots)
        var now = Instant(nanoseconds: 0)
        // The loop wakes at the deadline, or late; events come in bursts and lulls.
        func serve(until end: Instant) {
            while let due = throttles.nextDeadline, due <= end {
                let woken = max(now, due) + .microseconds(Int64.random(in: 0...300, using: &random))
                now = max(now, woken)
                while let slot = throttles.popDue(now: now) {
                    fired[slot].append((now, offered[slot].last ?? -1))
                }
            }
        }
        for value in 0..<1_500 {
            let isLull = Int.random(in: 0..<20, using: &random) == 0
            let pause = Int64.random(in: 0...(isLull ? 200_000 : 4_000), using: &random)
            let next = now + .microseconds(pause)
            serve(until: next)
            now = max(now, next)
            let slot = Int.random(in: 0..<slots, using: &random)
            offered[slot].append(value)
            if throttles.offered(slot, now: now) { fired[slot].append((now, value)) }
        }
        serve(until: .distantFuture)
        return (offered, fired)
    }

    @Test("B3b: the last value always arrives, and no window sees two (50 ms and 500 ms, 200 seeds)")
    func lastArrives() {
        for seed in UInt64(0)..<200 {
            for window in [Interval.milliseconds(50), .milliseconds(500)] {
                let (offered, fired) = run(seed: seed, window: window, slots: 6)
                for slot in 0..<6 {
                    #expect(fired[slot].last?.value == offered[slot].last, "seed \(seed)")
                    for (first, second) in zip(fired[slot], fired[slot].dropFirst()) {
                        #expect(second.at - first.at >= window, "seed \(seed)")
                    }
                }
            }
        }
    }

    @Test("B3b: the first value after a lull is not held back, and no value waits past its window")
    func leadingEdge() {
        for seed in UInt64(0)..<100 {
            let window = Interval.milliseconds(50)
            let (offered, fired) = run(seed: seed, window: window, slots: 3)
            for slot in 0..<3 {
                #expect(fired[slot].first?.value == offered[slot].first, "seed \(seed)")
                #expect(fired[slot].allSatisfy { $0.value >= 0 }, "seed \(seed)")
            }
        }
    }

    @Test("B3b: a window of zero gives every value")
    func everyValue() {
        for seed in UInt64(0)..<20 {
            let (offered, fired) = run(seed: seed, window: .zero, slots: 4)
            for slot in 0..<4 { #expect(fired[slot].map(\.value) == offered[slot]) }
        }
    }
}

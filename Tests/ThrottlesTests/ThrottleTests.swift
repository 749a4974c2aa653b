import Bounded
import Chronology
import Testing

@testable import Throttles

@Suite("Throttles")
struct ThrottleTests {
    private let start = Instant(nanoseconds: 0)

    @Test("the first offer fires, the next waits for the window's end, once")
    func edges() {
        var throttle = Throttle()
        let window = Interval.milliseconds(50)
        #expect(throttle.offered(now: start, window: window) == .fire)
        let next = start + window
        #expect(
            throttle.offered(now: start + .milliseconds(1), window: window) == .wait(until: next))
        #expect(throttle.offered(now: start + .milliseconds(2), window: window) == .coalesced)
        #expect(throttle.deadlineReached(now: start + .milliseconds(49), window: window) == false)
        #expect(throttle.deadlineReached(now: next, window: window) == true)
        #expect(throttle.deadlineReached(now: next + window, window: window) == false)
        #expect(throttle.deadline(window: window) == nil)
    }

    @Test("invariant 3: a window of zero fires every offer")
    func everyOffer() {
        var throttle = Throttle()
        for _ in 0..<5 { #expect(throttle.offered(now: start, window: .zero) == .fire) }
    }

    @Test("a firing that failed stays pending for another window")
    func failedFiring() {
        var throttle = Throttle()
        let window = Interval.milliseconds(500)
        _ = throttle.offered(now: start, window: window)
        throttle.firingFailed()
        #expect(throttle.deadline(window: window) == start + window)
        #expect(throttle.deadlineReached(now: start + window, window: window) == true)
    }

    @Test("invariants 1 and 2: no window sees two firings, and the last offer always fires")
    func properties() {
        for seed in UInt64(0)..<300 {
            var random = SplitMix64(seed: seed)
            let window = Interval.milliseconds(Int64.random(in: 1...60, using: &random))
            var throttle = Throttle()
            var firings: [(at: Instant, value: Int)] = []
            var deadline: Instant?
            var now = start
            for value in 0..<200 {
                now = now + .microseconds(Int64.random(in: 0...40_000, using: &random))
                if let due = deadline, due <= now {
                    if throttle.deadlineReached(now: due, window: window) {
                        firings.append((due, value - 1))
                    }
                    deadline = nil
                }
                switch throttle.offered(now: now, window: window) {
                case .fire: firings.append((now, value))
                case .wait(let until): deadline = until
                case .coalesced: #expect(deadline != nil, "seed \(seed)")
                }
            }
            if let due = deadline, throttle.deadlineReached(now: due, window: window) {
                firings.append((due, 199))
            }
            #expect(firings.last?.value == 199, "seed \(seed)")
            for (first, second) in zip(firings, firings.dropFirst()) {
                #expect(second.at - first.at >= window, "seed \(seed)")
            }
        }
    }
}

import Bounded
import Chronology

/// Waits between attempts: base, doubling to a cap, each times a random 0.5...1, so that the
/// processes of a host do not come back in step.
struct Backoff {
    private let base: Interval
    private let cap: Interval
    private var attempt = 0
    private var random: SplitMix64

    init(base: Interval, cap: Interval, seed: UInt64) {
        self.base = base
        self.cap = cap
        random = SplitMix64(seed: seed)
    }

    mutating func next() -> Interval {
        let full = min(base.nanoseconds << Int64(min(attempt, 20)), cap.nanoseconds)
        attempt += 1
        return .nanoseconds(full / 2 + Int64.random(in: 0...(full / 2), using: &random))
    }

    mutating func reset() { attempt = 0 }
}

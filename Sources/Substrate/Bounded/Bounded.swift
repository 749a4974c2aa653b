// Bounded: a ring of fixed capacity, and the seeded generator simulations draw from.
// 1. A ring never grows past its capacity: a full one refuses, and the caller has a policy.
// 2. After `init` nothing is allocated by the ring itself.
// 3. Order is deterministic: first in, first out.

/// A small, fast, seedable generator (splitmix64, Steele et al. 2014): the same seed gives the same
/// run.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

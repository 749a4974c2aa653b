// Simulation: the desks of all services in one process, on a simulated bus, store and venue.
// 1. Nothing here reads a clock or the system's randomness: a seed decides everything.
// 2. Events at the same time run in the order in which they were scheduled.
// 3. A fault never invents data: it loses, doubles, delays, or ends a desk.

package import Bounded
package import Chronology

/// Stepped time with a queue of things to do.
package final class SimulatedTime: TimeSource {
    private struct Entry {
        let at: Int64
        let number: UInt64
        let body: () -> Void
    }

    package private(set) var now = Instant(nanoseconds: 1_000_000_000)
    package var random: SplitMix64
    /// What goes wrong at present, and how often.
    package var faults = SimulationFaults()
    private let wallOffset: Int64 = 1_780_000_000_000
    private var heap: [Entry] = []
    private var number: UInt64 = 0

    package init(seed: UInt64) { random = SplitMix64(seed: seed) }

    package var wallNow: WallTime {
        WallTime(milliseconds: wallOffset + now.nanoseconds / 1_000_000)
    }

    package func after(_ interval: Interval, _ body: @escaping () -> Void) {
        number += 1
        push(Entry(at: (now + interval).nanoseconds, number: number, body: body))
    }

    /// A delay drawn from the seed.
    package func between(_ low: Interval, _ high: Interval) -> Interval {
        Interval(nanoseconds: Int64.random(in: low.nanoseconds...high.nanoseconds, using: &random))
    }

    package func chance(_ perThousand: Int) -> Bool {
        Int.random(in: 0..<1_000, using: &random) < perThousand
    }

    /// Runs everything due up to an instant, and moves the time there.
    package func run(until end: Instant) {
        while let next = heap.first, next.at <= end.nanoseconds {
            let entry = pop()
            now = Instant(nanoseconds: max(entry.at, now.nanoseconds))
            entry.body()
        }
        now = max(now, end)
    }

    private func precedes(_ a: Entry, _ b: Entry) -> Bool {
        (a.at, a.number) < (b.at, b.number)
    }

    private func push(_ entry: Entry) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private func pop() -> Entry {
        heap.swapAt(0, heap.count - 1)
        let entry = heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if precedes(heap[child], heap[least]) { least = child }
            }
            if least == parent { return entry }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

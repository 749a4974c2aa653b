import Chronology

/// What could not be saved yet, in the order it happened in.
///
/// One that waits may be saved already, as the connection ended before Redis said so: it is saved again
/// as a repeat, which adds no line twice.
struct UnsavedRuns {
    private var waiting: [AllocationSave] = []
    /// When they are tried again, where neither the lease nor Redis comes back before.
    private(set) var retryAt = Instant.distantFuture

    /// More than a run has slices, twenty of them, and its end. The oldest goes first.
    private static let limit = 64
    private static let pause = Interval.seconds(2)

    var isEmpty: Bool { waiting.isEmpty }

    /// Whether the record of a run is among them.
    func knows(_ run: String) -> Bool {
        waiting.contains { $0.run == run && !$0.record.isEmpty }
    }

    /// - Returns: false where the oldest had to go for it.
    mutating func keep(_ save: AllocationSave, now: Instant) -> Bool {
        var save = save
        save.isRepeat = true
        retryAt = min(retryAt, now + UnsavedRuns.pause)
        waiting.append(save)
        guard waiting.count > UnsavedRuns.limit else { return true }
        waiting.removeFirst()
        return false
    }

    /// All of them, to be tried now.
    /// - Parameter recorded: the run whose record Redis holds; that of another is left alone.
    mutating func take(recorded: String?) -> [AllocationSave] {
        defer {
            waiting = []
            retryAt = .distantFuture
        }
        return waiting.map { save in
            var save = save
            save.isBehind = save.isBehind || save.run != recorded
            return save
        }
    }
}

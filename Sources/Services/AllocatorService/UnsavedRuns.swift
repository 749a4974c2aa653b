import Chronology

/// What could not be saved yet, in the order it happened in.
///
/// One that waits may be saved already, as the connection ended before Redis said so: it is saved again
/// as a repeat, which adds no line twice.
struct UnsavedRuns {
    private var waiting: [(save: AllocationSave, isWrong: Bool)] = []
    /// Those that were tried again, and of which nothing is heard yet.
    private var inFlight = 0
    /// When they are tried again, where neither the lease nor Redis comes back before.
    private(set) var retryAt = Instant.distantFuture

    /// More than a run has slices, twenty of them, and its end. The oldest goes first.
    private static let limit = 64
    private static let pause = Interval.seconds(2)
    /// The same where a person has to see to it first.
    private static let longPause = Interval.seconds(30)

    /// Whether all is saved that had to wait.
    var isEmpty: Bool { waiting.isEmpty && inFlight == 0 }
    /// Whether what comes now has to wait behind some of it.
    var isBlocking: Bool { waiting.contains { !$0.isWrong } }

    /// Whether the record of a run is among them.
    func knows(_ run: String) -> Bool {
        waiting.contains { $0.save.run == run && !$0.save.record.isEmpty }
    }

    /// Redis has said what became of one, or has not: one that was tried again is heard of.
    mutating func answered(_ save: AllocationSave) {
        if save.isRepeat { inFlight = max(0, inFlight - 1) }
    }

    /// - Parameter isWrong: Redis will not take it before a person has seen to it.
    /// - Returns: false where the oldest had to go for it.
    mutating func keep(_ save: AllocationSave, isWrong: Bool = false, now: Instant) -> Bool {
        var save = save
        save.isRepeat = true
        retryAt = min(retryAt, now + (isWrong ? UnsavedRuns.longPause : UnsavedRuns.pause))
        waiting.append((save, isWrong))
        guard waiting.count > UnsavedRuns.limit else { return true }
        waiting.removeFirst()
        return false
    }

    /// All of them, to be tried now.
    /// - Parameter recorded: the run whose record Redis holds; that of another is left alone.
    mutating func take(recorded: String?) -> [AllocationSave] {
        defer {
            inFlight += waiting.count
            waiting = []
            retryAt = .distantFuture
        }
        return waiting.map { waiting in
            var save = waiting.save
            // As things stand now: a run that had begun since may not have begun after all.
            save.isBehind = save.run != recorded
            return save
        }
    }
}

import Chronology

/// What could not be saved yet, in the order it happened in.
///
/// One that waits may be saved already, as the connection ended before Redis said so: it is saved again
/// as a repeat, which adds no line twice.
struct UnsavedRuns {
    private var waiting: [(save: AllocationSave, isWrong: Bool)] = []
    /// Those that were tried again, and of which nothing is heard yet.
    private var inFlight = 0
    /// Runs that were told anew as their last order had ended, and the lines that this took.
    private var settled: [(run: String, lines: Set<String>)] = []
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

    /// A run is told anew: what waits of it is older, and never written over that.
    mutating func settled(_ save: AllocationSave) {
        settled.append((save.run, Set(save.entries.map(UnsavedRuns.line))))
        // Of more runs than can wait nothing does.
        if settled.count > UnsavedRuns.limit { settled.removeFirst() }
        waiting = waiting.compactMap { waiting in
            rest(of: waiting.save).map { ($0, waiting.isWrong) }
        }
    }

    /// What of a save its run has not told anew since; nil where that is nothing.
    func rest(of save: AllocationSave) -> AllocationSave? {
        guard !save.isSettled, let newer = settled.last(where: { $0.run == save.run }) else {
            return save
        }
        var save = save
        save.record = []
        save.entries.removeAll { newer.lines.contains(UnsavedRuns.line($0)) }
        return save.entries.isEmpty ? nil : save
    }

    /// What a line of the history is about.
    private static func line(_ entry: [(String, String)]) -> String {
        let fields = Dictionary(entry) { first, _ in first }
        return "\(fields["kind"] ?? "") \(fields["slice"] ?? "")"
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

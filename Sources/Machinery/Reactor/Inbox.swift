import Synchronization

/// A piece of work for the loop: a resumption of the actor, or a closure.
enum LoopWork: Sendable {
    case job(UnownedJob)
    case body(@Sendable @LoopActor () -> Void)
}

/// Work from other threads: appended under a lock, swapped out by the loop in one piece.
final class Inbox: Sendable {
    private let items = Mutex<[LoopWork]>([])
    private let isFilled = Atomic<Bool>(false)
    private let isSleeping = Atomic<Bool>(false)

    /// Adds work; true when the loop sleeps and the caller must wake it.
    func append(_ work: LoopWork) -> Bool {
        items.withLock { $0.append(work) }
        isFilled.store(true, ordering: .sequentiallyConsistent)
        return isSleeping.load(ordering: .sequentiallyConsistent)
            && isSleeping.exchange(false, ordering: .sequentiallyConsistent)
    }

    /// Says that the loop goes to sleep; false when there is work, so that it must not.
    func prepareToSleep() -> Bool {
        isSleeping.store(true, ordering: .sequentiallyConsistent)
        if isFilled.load(ordering: .sequentiallyConsistent) {
            isSleeping.store(false, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Says that the loop is awake.
    func wokeUp() {
        isSleeping.store(false, ordering: .relaxed)
    }

    /// Exchanges the work for an empty array, whose capacity is used again; false without work.
    func swap(_ spare: inout [LoopWork]) -> Bool {
        guard isFilled.load(ordering: .relaxed) else { return false }
        _ = isFilled.exchange(false, ordering: .sequentiallyConsistent)
        items.withLock { Swift.swap(&$0, &spare) }
        return !spare.isEmpty
    }
}

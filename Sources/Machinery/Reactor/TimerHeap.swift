import Chronology

/// Armed timers, earliest first; a binary heap ordered by (deadline, order of arming), O(log n).
@LoopActor final class TimerHeap {
    private var timers: [LoopTimer] = []
    private var sequence: UInt64 = 0
    /// The stepped time of a simulation; nil reads the machine's clock.
    var simulatedNow: Instant?

    nonisolated init(simulatedNow: Instant? = nil) {
        self.simulatedNow = simulatedNow
    }

    var now: Instant { simulatedNow ?? SystemTime().now }

    /// When timers fired last; none is armed for before, or one that arms itself for the past again and
    /// again would keep all others from firing.
    var turn = Instant.distantPast

    var isEmpty: Bool { timers.isEmpty }

    var earliest: Instant? { timers.first?.deadline }

    var latestSequence: UInt64 { sequence }

    func insert(_ timer: LoopTimer) {
        sequence += 1
        timer.sequence = sequence
        if timer.position < 0 {
            timer.position = timers.count
            timers.append(timer)
        }
        let settled = siftUp(timer.position)
        siftDown(settled)
    }

    func remove(_ timer: LoopTimer) {
        let hole = timer.position
        guard hole >= 0 else { return }
        timer.position = -1
        let last = timers.removeLast()
        guard hole < timers.count else { return }
        timers[hole] = last
        last.position = hole
        siftDown(siftUp(hole))
    }

    /// Takes out the earliest timer due at the time and armed no later than the sequence number.
    func popDue(at time: Instant, armedBy limit: UInt64) -> LoopTimer? {
        guard let first = timers.first, first.deadline <= time, first.sequence <= limit else {
            return nil
        }
        remove(first)
        return first
    }

    func removeAll() {
        for timer in timers { timer.position = -1 }
        timers.removeAll()
    }

    private func precedes(_ a: LoopTimer, _ b: LoopTimer) -> Bool {
        a.deadline == b.deadline ? a.sequence < b.sequence : a.deadline < b.deadline
    }

    private func siftUp(_ start: Int) -> Int {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard precedes(timers[index], timers[parent]) else { break }
            exchange(index, parent)
            index = parent
        }
        return index
    }

    private func siftDown(_ start: Int) {
        var index = start
        while true {
            var child = index * 2 + 1
            guard child < timers.count else { return }
            if child + 1 < timers.count, precedes(timers[child + 1], timers[child]) { child += 1 }
            guard precedes(timers[child], timers[index]) else { return }
            exchange(index, child)
            index = child
        }
    }

    private func exchange(_ a: Int, _ b: Int) {
        timers.swapAt(a, b)
        timers[a].position = a
        timers[b].position = b
    }
}

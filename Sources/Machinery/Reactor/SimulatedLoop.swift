package import Chronology

/// A loop whose time stands still until it is stepped; same timers, same order as `EventLoop`.
package final class SimulatedLoop: Loop {
    private let timers: TimerHeap
    private let start: Instant
    private let wallStart: WallTime
    private var queue: [@LoopActor () -> Void] = []

    /// Starts at the given times.
    package init(
        now: Instant = Instant(nanoseconds: 1_000_000_000_000),
        wallNow: WallTime = WallTime(milliseconds: 1_700_000_000_000)
    ) {
        start = now
        wallStart = wallNow
        timers = TimerHeap(simulatedNow: now)
    }

    isolated deinit { timers.removeAll() }

    package var now: Instant { timers.now }

    package var wallNow: WallTime { wallStart + (now - start) }

    package func timer(_ fire: @escaping @LoopActor () -> Void) -> LoopTimer {
        LoopTimer(heap: timers, fire: fire)
    }

    package func soon(_ body: @escaping @LoopActor () -> Void) { queue.append(body) }

    /// The time of the next event: now when work is queued, else the earliest timer; nil if none.
    package var nextEvent: Instant? {
        queue.isEmpty ? timers.earliest.map { max($0, now) } : now
    }

    /// Steps the time forward, running everything that falls due on the way at its own time.
    package func advance(by interval: Interval) {
        let end = now + interval
        runUntilIdle(until: end)
        timers.simulatedNow = end
    }

    /// Runs queued work and timers due up to the limit; stops early, with the time of the last
    /// event, when there are none left.
    package func runUntilIdle(until limit: Instant) {
        while step(until: limit) {}
    }

    /// Runs the next event that falls due up to the limit and the work it queues; false if none.
    package func step(until limit: Instant = .distantFuture) -> Bool {
        if !queue.isEmpty {
            runQueue()
            return true
        }
        guard let timer = timers.popDue(at: limit, armedBy: .max) else { return false }
        timers.simulatedNow = max(timer.deadline, now)
        timer.fire()
        runQueue()
        return true
    }

    /// Runs queued work, also what it queues itself; time stands still.
    package func runQueue() {
        var index = 0
        while index < queue.count {
            let body = queue[index]
            index += 1
            body()
        }
        queue.removeAll(keepingCapacity: true)
    }
}

package import Chronology

/// A timer that fires once each time it is armed; while armed the loop keeps it alive.
@LoopActor package final class LoopTimer {
    let fire: @LoopActor () -> Void
    let heap: TimerHeap
    var deadline = Instant.distantPast
    var sequence: UInt64 = 0
    var position = -1

    init(heap: TimerHeap, fire: @escaping @LoopActor () -> Void) {
        self.heap = heap
        self.fire = fire
    }

    /// Whether it will fire.
    package var isArmed: Bool { position >= 0 }

    /// Fires at the instant, or on the next turn when it has passed; replaces an earlier arming.
    package func arm(at instant: Instant) {
        deadline = max(instant, heap.turn)
        heap.insert(self)
    }

    /// Fires after the interval from now; replaces an earlier arming.
    package func arm(after interval: Interval) {
        arm(at: heap.now + interval)
    }

    /// Does not fire any more until armed again; harmless when not armed.
    package func disarm() {
        heap.remove(self)
    }
}

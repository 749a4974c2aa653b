package import Chronology

/// The life of one supervised process: when it is started, restarted and stopped.
///
/// 1. After an exit it is started again after a backoff that doubles from 100 ms to 5 s and loses its
///    memory once a run has lasted 10 s; each wait is drawn between half and all of it.
/// 2. An exit with 2 in the first run is a configuration that will not mend itself: it fails the stack.
/// 3. After `stopRequested` nothing is started; SIGTERM, then SIGKILL when the grace is over.
package struct ChildMachine: Sendable {
    package enum Action: Equatable, Sendable {
        case none
        case start
        /// Call `timeReached` after this long.
        case wait(Interval)
        case terminate(grace: Interval)
        case kill
        /// It will not run again.
        case ended
        /// The stack must stop with this exit code.
        case fail(Int32)
    }

    private enum State: Equatable {
        case idle
        case running(since: Instant)
        case waiting
        case stopping
        case ended
    }

    package static let firstBackoff = Interval.milliseconds(100)
    package static let lastBackoff = Interval.seconds(5)
    package static let healthyAfter = Interval.seconds(10)
    package static let grace = Interval.seconds(10)

    private var state = State.idle
    private var backoff = ChildMachine.firstBackoff
    private var runs = 0

    package init() {}

    /// How often it has been started.
    package var startCount: Int { runs }

    package var isRunning: Bool {
        if case .running = state { return true }
        return state == .stopping
    }

    package mutating func startRequested(now: Instant) -> Action {
        guard state == .idle else { return .none }
        return begin(now)
    }

    /// The backoff or the grace is over.
    package mutating func timeReached(now: Instant) -> Action {
        switch state {
        case .waiting: begin(now)
        case .stopping: .kill
        case .idle, .running, .ended: .none
        }
    }

    /// The process ended, or could not be started (code 127).
    package mutating func exited(
        code: Int32, now: Instant, using generator: inout some RandomNumberGenerator
    ) -> Action {
        switch state {
        case .idle, .waiting, .ended: return .none
        case .stopping:
            state = .ended
            return .ended
        case .running(let since):
            if code == 2, runs == 1 {
                state = .ended
                return .fail(2)
            }
            if now - since >= ChildMachine.healthyAfter { backoff = ChildMachine.firstBackoff }
            state = .waiting
            let half = backoff.nanoseconds / 2
            let wait = Interval(nanoseconds: half + Int64.random(in: 0...half, using: &generator))
            backoff = min(backoff * 2, ChildMachine.lastBackoff)
            return .wait(wait)
        }
    }

    package mutating func stopRequested() -> Action {
        switch state {
        case .idle, .waiting:
            state = .ended
            return .ended
        case .running:
            state = .stopping
            return .terminate(grace: ChildMachine.grace)
        case .stopping: return .none
        case .ended: return .ended
        }
    }

    private mutating func begin(_ now: Instant) -> Action {
        state = .running(since: now)
        runs += 1
        return .start
    }
}

import CFloor
import Chronology
import Reactor

/// The loop: a same-loop await, how late timers fire, a round trip through the inbox.
let reactorBenchmark = Benchmark(name: "reactor") {
    let subject = LoopMeasure.onLoop { await AwaitMeasure().run() }
    var lateness = [Int64](repeating: 0, count: 3_000)
    unsafe floor_timer_lateness(&lateness, lateness.count, 500_000)
    let timers = LoopMeasure.onLoop { await TimerMeasure(count: 3_000).run() }
    var trips = [Int64](repeating: 0, count: 20_000)
    unsafe floor_inbox_round_trips(&trips, trips.count)
    let own = inboxRoundTrips(count: 20_000)
    return [
        Figure("reactor.await", subject.perAwait, "ns"),
        Figure("reactor.suspend-resume", subject.perResume, "ns"),
        Figure("reactor.timer.allocations", timers.allocations, "per firing"),
    ]
        + LoopMeasure.distribution("reactor.timer-lateness", timers.lateness, floor: lateness)
        + LoopMeasure.distribution("reactor.inbox-round-trip", own, floor: trips)
}

/// Awaits on the loop itself.
@LoopActor private final class AwaitMeasure {
    private var total: UInt64 = 0

    func run() async -> (perAwait: Double, perResume: Double) {
        let count = 200_000
        var (perAwait, perResume) = (Double.infinity, Double.infinity)
        for _ in 0..<20 {
            var start = EventLoop.process.now
            for index in 0..<count { await add(UInt64(index)) }
            perAwait = min(perAwait, nanoseconds(since: start, per: count))
            start = EventLoop.process.now
            for _ in 0..<count / 10 { await resumeSoon() }
            perResume = min(perResume, nanoseconds(since: start, per: count / 10))
        }
        Measure.sink(total)
        return (perAwait, perResume)
    }

    @inline(never) private func add(_ value: UInt64) async { total &+= value }

    /// Suspends and is resumed by the loop, as every reply of a link resumes its request; the
    /// runtime takes each resumption through the thread pool.
    private func resumeSoon() async {
        unsafe await withUnsafeContinuation { continuation in
            EventLoop.process.soon { unsafe continuation.resume() }
        }
    }

    private func nanoseconds(since start: Instant, per count: Int) -> Double {
        Double((EventLoop.process.now - start).nanoseconds) / Double(count)
    }
}

/// One timer, armed again each time it fires.
@LoopActor private final class TimerMeasure {
    private let count: Int
    private var lateness: [Int64] = []
    private var due = Instant.distantPast
    private var timer: LoopTimer?
    private var continuation: CheckedContinuation<Void, Never>?

    init(count: Int) {
        self.count = count
        lateness.reserveCapacity(count)
    }

    func run() async -> (lateness: [Int64], allocations: Double) {
        let loop = EventLoop.process
        timer = loop.timer { [weak self] in self?.fired() }
        var before: UInt64 = 0
        await withCheckedContinuation { continuation in
            self.continuation = continuation
            arm()
            before = floor_allocations()
        }
        let allocations = floor_allocations() - before
        timer = nil
        return (lateness, Double(allocations) / Double(count))
    }

    private func arm() {
        due = EventLoop.process.now + .microseconds(500)
        timer?.arm(at: due)
    }

    private func fired() {
        lateness.append((EventLoop.process.now - due).nanoseconds)
        if lateness.count < count { return arm() }
        continuation?.resume()
        continuation = nil
    }
}

/// From this thread to the loop and back.
private func inboxRoundTrips(count: Int) -> [Int64] {
    let back = floor_event_create()
    let clock = SystemTime()
    return (0..<count).map { _ in
        let start = clock.now
        EventLoop.process.post { floor_event_notify(back) }
        floor_event_wait(back)
        return (clock.now - start).nanoseconds
    }
}

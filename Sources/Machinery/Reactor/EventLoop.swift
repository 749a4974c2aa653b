import CLinux
package import Chronology
import Glibc
import Synchronization

/// The epoll loop of the process and the executor of `LoopActor`.
///
/// The thread that calls `run` becomes the loop's until `stop`. The instance is never freed.
@safe package final class EventLoop: Loop, SerialExecutor {
    /// The loop of this process.
    nonisolated package static let process = EventLoop()

    nonisolated let inbox = Inbox()
    nonisolated private let thread = Atomic<Int32>(0)
    nonisolated private let isStopping = Atomic<Bool>(false)
    nonisolated private let background = Mutex<Bool>(false)
    nonisolated let epoll: Int32
    nonisolated private let timerDescriptor: Int32
    nonisolated private let wakeDescriptor: Int32

    /// Work of this thread, and the emptied array it is exchanged with while it runs.
    nonisolated(unsafe) private var queue: [LoopWork] = []
    private var spare: [LoopWork] = []
    let timers: TimerHeap
    private var armedFor = Instant.distantFuture
    nonisolated(unsafe) private let events: UnsafeMutablePointer<epoll_event>
    var descriptors = DescriptorTable()
    var signals = SignalTable()

    /// Events taken from the kernel at once; more wait for the next turn.
    nonisolated private static let eventCapacity = 128
    /// Rounds of queued work between two looks at the descriptors, so that resumptions which
    /// always queue another cannot starve them.
    nonisolated private static let roundLimit = 64

    nonisolated private init() {
        epoll = pms_epoll_create()
        timerDescriptor = pms_timerfd_create()
        wakeDescriptor = pms_eventfd_create()
        timers = TimerHeap()
        unsafe events = .allocate(capacity: Self.eventCapacity)
        precondition(epoll >= 0 && timerDescriptor >= 0 && wakeDescriptor >= 0, "no descriptors")
        // Edge-triggered (EPOLLET) and never read: each expiry or notification is an edge.
        let edge = Interest.readable.epollEvents | 1 << 31
        for fd in [timerDescriptor, wakeDescriptor] {
            let data = Registration(fd: fd, id: 0).epollData
            precondition(pms_epoll_control(epoll, EPOLL_CTL_ADD, fd, edge, data) == 0, "epoll_ctl")
        }
    }

    // MARK: Time

    package var now: Instant { SystemTime().now }

    package var wallNow: WallTime { SystemTime().wallNow }

    package func timer(_ fire: @escaping @LoopActor () -> Void) -> LoopTimer {
        LoopTimer(heap: timers, fire: fire)
    }

    package func soon(_ body: @escaping @LoopActor () -> Void) {
        unsafe queue.append(.body(body))
    }

    // MARK: From any thread

    /// Whether the calling thread is the one that runs the loop.
    nonisolated package var isCurrent: Bool {
        thread.load(ordering: .relaxed) == pms_thread_id()
    }

    /// Runs the body on the loop; from the loop itself it is the same as `soon`.
    nonisolated package func post(_ body: @escaping @Sendable @LoopActor () -> Void) {
        submit(.body(body))
    }

    nonisolated package func enqueue(_ job: consuming ExecutorJob) {
        submit(.job(UnownedJob(job)))
    }

    nonisolated package func checkIsolated() {
        precondition(isCurrent, "called off the loop's thread")
    }

    nonisolated package func isIsolatingCurrentContext() -> Bool? { isCurrent }

    nonisolated private func submit(_ work: LoopWork) {
        if isCurrent {
            unsafe queue.append(work)
        } else if inbox.append(work) {
            _ = pms_eventfd_notify(wakeDescriptor)
        }
    }

    // MARK: Running

    /// Takes over the process until `stop`: `run`, and work of no actor that begins on the loop's thread,
    /// above all what a continuation resumes, goes on there; Swift would have it ask for its actor on a
    /// thread of its pool. So nothing may block, of whichever actor: not in a nonisolated asynchronous
    /// function, nor in a task that the loop starts.
    nonisolated package func runProcess() {
        pms_settle_memory()
        unsafe pms_offer_work { job in
            guard let job = unsafe job, EventLoop.process.isCurrent else { return 0 }
            EventLoop.process.submit(.job(unsafe unsafeBitCast(job, to: UnownedJob.self)))
            return 1
        }
        run()
    }

    /// Asks for short turns on a processor for the calling thread and what it spawns: it gets them sooner,
    /// and goes on beside whom it wakes, who may need the same processor. Nil: as all others have them.
    /// - Parameter turn: 100 µs to 100 ms; where the kernel refuses or does not know of it, nothing changes.
    nonisolated package static func askForTurns(of turn: Interval?) {
        _ = pms_ask_for_turns(UInt64(clamping: turn?.nanoseconds ?? 0))
    }

    /// Takes over the calling thread until `stop`; work queued before is run first.
    ///
    /// SIGPIPE is ignored from here on: libraries write to closed sockets without MSG_NOSIGNAL.
    nonisolated package func run() {
        pms_signal_ignore(SIGPIPE)
        let owner = thread.exchange(pms_thread_id(), ordering: .sequentiallyConsistent)
        precondition(owner == 0, "the loop already runs on another thread")
        LoopActor.assumeIsolated { turnUntilStopped() }
        thread.store(0, ordering: .sequentiallyConsistent)
    }

    /// Runs the loop on a thread of its own until the process ends; further calls do nothing.
    nonisolated package func runInBackground() {
        background.withLock { isStarted in
            guard !isStarted else { return }
            isStarted = true
            var handle = pthread_t()
            let result = unsafe pthread_create(
                &handle, nil,
                { _ in
                    EventLoop.process.run()
                    return nil
                }, nil)
            precondition(result == 0, "no thread for the loop")
        }
    }

    /// Starts the loop in the background if need be, runs the body on it and returns its result:
    /// the way into the actor for tests and tools that keep their own thread.
    nonisolated package static func onLoop<Result: Sendable>(
        _ body: @LoopActor () async throws -> Result
    ) async rethrows -> Result {
        process.runInBackground()
        return try await body()
    }

    /// Makes `run` return after the current event; from any thread, also before `run`.
    nonisolated package func stop() {
        isStopping.store(true, ordering: .sequentiallyConsistent)
        post {}
    }

    private func turnUntilStopped() {
        while !isStopping.load(ordering: .relaxed) {
            let timeout: Int32 = readyToSleep() ? -1 : 0
            let count = unsafe epoll_wait(epoll, events, Int32(Self.eventCapacity), timeout)
            inbox.wokeUp()
            for index in 0..<max(0, count) {
                let data = unsafe pms_epoll_data(events, index)
                let flags = unsafe pms_epoll_events(events, index)
                eventReceived(data, flags)
            }
            fireTimers()
            if inbox.swap(&spare) { runSpare() }
            runQueue()
        }
        isStopping.store(false, ordering: .sequentiallyConsistent)
    }

    private func eventReceived(_ data: UInt64, _ flags: UInt32) {
        let fd = Int32(truncatingIfNeeded: data)
        if fd == timerDescriptor {
            armedFor = .distantFuture
        } else if let handler = descriptors.handler(data: data) {
            handler.descriptorReady(Readiness(epollEvents: flags))
            runQueue()
        }
    }

    /// Whether there is nothing to do until a descriptor or the timer wakes the loop.
    private func readyToSleep() -> Bool {
        guard unsafe queue.isEmpty, inbox.prepareToSleep() else { return false }
        guard let earliest = timers.earliest else { return true }
        // An earlier expiry that is no longer wanted only wakes the loop once for nothing.
        if earliest < armedFor {
            if earliest <= now { return false }
            armedFor = earliest
            _ = pms_timerfd_arm(timerDescriptor, earliest.nanoseconds)
        }
        return true
    }

    private func fireTimers() {
        guard let earliest = timers.earliest else { return }
        let time = now
        guard earliest <= time else { return }
        // A timer armed while these fire waits for the next turn, so that descriptors get theirs.
        let limit = timers.latestSequence
        timers.turn = time
        while let timer = timers.popDue(at: time, armedBy: limit) {
            timer.fire()
            runQueue()
        }
    }

    private func runQueue() {
        var rounds = 0
        while unsafe !queue.isEmpty, rounds < Self.roundLimit {
            rounds += 1
            unsafe swap(&queue, &spare)
            runSpare()
        }
    }

    private func runSpare() {
        let executor = unsafe asUnownedSerialExecutor()
        var index = 0
        while index < spare.count {
            switch spare[index] {
            case .job(let job): unsafe job.runSynchronously(on: executor)
            case .body(let body): body()
            }
            index += 1
        }
        spare.removeAll(keepingCapacity: true)
    }
}

import Glibc
import Synchronization

/// A thread for one test, so that the test may block in its peers without taking a thread from
/// others, and others that compute for long cannot keep it from its deadlines.
final class OwnThread: TaskExecutor {
    private let state = Mutex(State())
    private let wake = Semaphore()

    private struct State {
        var jobs: [UnownedJob] = []
        var isDone = false
    }

    init() {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(self).toOpaque()
        let result = unsafe pthread_create(
            &thread, nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<OwnThread>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(result == 0, "no thread")
        pthread_detach(thread)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
        notify()
    }

    /// Ends the thread when its jobs are done.
    func finish() {
        state.withLock { $0.isDone = true }
        notify()
    }

    private func notify() {
        wake.signal()
    }

    private func run() {
        while true {
            wake.wait()
            let (jobs, isDone) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isDone)
            }
            for job in jobs { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
            if isDone { return }
        }
    }
}

/// A counting semaphore; it owns its memory.
@safe private final class Semaphore: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        unsafe semaphore = .allocate(capacity: 1)
        _ = unsafe sem_init(semaphore, 0, 0)
    }

    deinit {
        _ = unsafe sem_destroy(semaphore)
        unsafe semaphore.deallocate()
    }

    func signal() { _ = unsafe sem_post(semaphore) }

    func wait() { while unsafe sem_wait(semaphore) != 0 {} }
}

/// Runs the body of a test on a thread of its own.
package func onOwnThread(_ body: () async throws -> Void) async throws {
    let thread = OwnThread()
    defer { thread.finish() }
    try await withTaskExecutorPreference(thread, operation: body)
}

// Reactor: the one epoll loop of a process, which is also the executor of its global actor.
//
// 1. Everything isolated to `LoopActor` runs on the thread that runs `EventLoop.process`, one piece
//    at a time; the compiler proves the isolation, `checkIsolated` proves the thread.
// 2. A stale event is never delivered: epoll carries (registration id, descriptor), and an event
//    whose id is not the descriptor's current one is dropped.
// 3. No timer fires early; timers due at the same time fire in the order they were armed.
// 4. Re-arming a timer, an event, a same-loop resumption allocate nothing in steady state.
// 5. Work from other threads is never lost: the loop looks at its inbox after it said it sleeps.
// 6. `SimulatedLoop` fires the same timers in the same order, in stepped time.

/// The actor of the process: services, links and handlers are isolated to it.
@globalActor package actor LoopActor {
    package static let shared = LoopActor()

    private init() {}

    /// Asked for at every entry of an isolated asynchronous function, so it is made only once.
    private static let executor =
        unsafe EventLoop.process.asUnownedSerialExecutor()

    nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe Self.executor }

    package static var sharedUnownedExecutor: UnownedSerialExecutor { unsafe executor }

    /// Runs a closure that belongs to the actor from code the compiler cannot place, such as a C
    /// callback; traps when the calling thread is not the loop's.
    package static func assumeIsolated<Result, Failure: Error>(
        _ operation: @LoopActor () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(EventLoop.process.isCurrent, "called off the loop's thread")
        typealias Plain = () throws(Failure) -> Result
        return try withoutActuallyEscaping(operation) { (escapable) throws(Failure) -> Result in
            let plain = unsafe unsafeBitCast(escapable, to: Plain.self)
            return try plain()
        }
    }
}

package import Chronology

/// What a service needs of the loop under it: time, timers and a later turn; real or simulated.
@LoopActor package protocol Loop: AnyObject {
    /// The monotonic time at the call.
    var now: Instant { get }
    /// The civil time at the call.
    var wallNow: WallTime { get }

    /// A disarmed timer; arming it again later allocates nothing.
    func timer(_ fire: @escaping @LoopActor () -> Void) -> LoopTimer

    /// Runs the body after the current event has been handled and before the loop waits again, in
    /// the order given.
    func soon(_ body: @escaping @LoopActor () -> Void)
}

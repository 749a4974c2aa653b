package import Reactor

/// What a process runs: a desk and the code that carries out its actions.
@LoopActor package protocol Service: AnyObject {
    /// Starts the work; returns when everything is on its way. The process ends with 1 if it throws.
    func start() async throws

    /// Takes no new work, finishes and saves what is under way; the process ends 10 s after SIGTERM
    /// at the latest, whether this has returned or not.
    func stop() async

    /// Why the service cannot do its work now, a reason a line; empty when it can.
    var readiness: [String] { get }
}

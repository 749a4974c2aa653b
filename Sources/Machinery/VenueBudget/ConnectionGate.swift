internal import BusProtocol
package import Chronology
package import Reactor
internal import RedisLink
package import Runtime
internal import Throttles

// ConnectionGate: how often all processes of a stack together try to connect to a venue's streams (T5).
// 1. In any minute all of them make at most the given number of attempts, but for sockets' first ones
//    while nothing fails; they are counted in Redis, on its clock.
// 2. Redis away or silent, each process makes a fifth of that number, at least one, by its own count:
//    five processes together still keep to it.
// 3. An answer always comes, once.

/// One process's door for connection attempts.
@LoopActor package final class ConnectionGate {
    private let host: ServiceHost
    private let perMinute: Int
    private var own: AttemptLog
    private var number: UInt64 = 0
    private let waited: Counter
    private static let script = RedisScript(AttemptScript.source)
    /// How long Redis may take to answer: it is on this host or next to it.
    private static let patience = Interval.seconds(1)
    /// Between two questions while it is away.
    private static let retry = Interval.milliseconds(50)
    /// The part of the shared number that one process alone makes.
    private static let part = 5

    /// - Parameter perMinute: attempts of all processes together; the same in each of them.
    package init(host: ServiceHost, perMinute: Int) {
        self.host = host
        self.perMinute = perMinute
        own = AttemptLog(limit: max(1, perMinute / ConnectionGate.part))
        waited = host.metrics.counter(
            "pms_venue_attempts_held_total", "Connection attempts that had to wait.")
    }

    /// Asks whether an attempt may be made now; the completion is called once, not within this call:
    /// with nil where it may, which is then counted, else with how long to wait before asking again.
    /// - Parameter isFirst: whether this socket has never been attempted before.
    package func attempt(isFirst: Bool, _ completion: @escaping @LoopActor (Interval?) -> Void) {
        number += 1
        let question = Question(completion)
        let timer = host.loop.timer { [weak self] in
            guard let self else { return }
            self.answer(question, self.alone())
        }
        question.timer = timer
        timer.arm(after: ConnectionGate.patience)
        let name = "\(host.writer):\(host.seed):\(number)"
        ask(question, [
            "\(perMinute)", "\(AttemptLog.freeLimit)", isFirst ? "1" : "0", name,
        ])
    }

    /// One attempt that is asked about.
    private final class Question {
        var completion: (@LoopActor (Interval?) -> Void)?
        var timer: LoopTimer?

        init(_ completion: @escaping @LoopActor (Interval?) -> Void) {
            self.completion = completion
        }
    }

    /// Asks Redis, and again while it is away and there is time left: a process that has just started
    /// is not connected yet.
    private func ask(_ question: Question, _ arguments: [String]) {
        guard question.completion != nil else { return }
        let keys = [host.keys.attempts, host.keys.attemptFailed]
        host.redis.evaluate(ConnectionGate.script, keys: keys, arguments: arguments) {
            [weak self] outcome in
            guard let self, question.completion != nil else { return }
            if let pause = outcome.value?.int {
                if pause == 0 { own.made(now: host.loop.now) }
                answer(question, pause > 0 ? .milliseconds(pause) : nil)
            } else {
                let again = host.loop.timer { [weak self] in self?.ask(question, arguments) }
                again.arm(after: ConnectionGate.retry)
            }
        }
    }

    private func answer(_ question: Question, _ pause: Interval?) {
        guard let completion = question.completion else { return }
        question.completion = nil
        question.timer?.disarm()
        question.timer = nil
        if pause != nil { waited.increment() }
        completion(pause)
    }

    /// A connection ended, or never came to be: for a minute no socket's first attempt is free.
    package func failed() {
        let window = AttemptLog.window.milliseconds
        host.redis.send(["SET", host.keys.attemptFailed, host.writer, "PX", "\(window)"]) { _ in }
    }

    /// By the process's own count.
    private func alone() -> Interval? {
        let now = host.loop.now
        return own.attempt(now: now, isFirst: false).map { $0 - now }
    }
}

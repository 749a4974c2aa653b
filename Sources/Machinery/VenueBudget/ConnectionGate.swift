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
        var isAnswered = false
        let answer: @LoopActor (Interval?) -> Void = { [weak self] pause in
            guard !isAnswered else { return }
            isAnswered = true
            if pause != nil { self?.waited.increment() }
            completion(pause)
        }
        let timer = host.loop.timer { [weak self] in
            guard let self, !isAnswered else { return }
            answer(self.alone())
        }
        timer.arm(after: ConnectionGate.patience)
        host.redis.evaluate(
            ConnectionGate.script, keys: [host.keys.attempts, host.keys.attemptFailed],
            arguments: [
                "\(perMinute)", "\(AttemptLog.freeLimit)", isFirst ? "1" : "0",
                "\(host.writer):\(host.seed):\(number)",
            ]
        ) { [weak self] outcome in
            timer.disarm()
            guard let self, !isAnswered else { return }
            guard let pause = outcome.value?.int else { return answer(self.alone()) }
            if pause == 0 { self.own.made(now: self.host.loop.now) }
            answer(pause > 0 ? .milliseconds(pause) : nil)
        }
    }

    /// A connection ended, or never came to be: for a minute no socket's first attempt is free.
    package func failed() {
        let window = AttemptLog.window.milliseconds
        host.redis.send(["SET", host.keys.attemptFailed, host.writer, "PX", "\(window)"]) { _ in }
    }

    private func alone() -> Interval? {
        let now = host.loop.now
        return own.attempt(now: now, isFirst: false).map { $0 - now }
    }
}

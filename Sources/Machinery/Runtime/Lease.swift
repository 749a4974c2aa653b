package import BusProtocol
package import Chronology
package import Reactor
package import RedisLink

/// A lease over Redis: one holder at a time, known by a fencing number that goes on every guarded
/// write. See `LeaseMachine` for what is promised.
@LoopActor package final class Lease {
    package let name: String
    /// Called when the lease is gained, with a number no holder had before.
    package var onGained: (@LoopActor (_ fence: Int64) -> Void)?
    /// Called when it is lost: what was started under it must not be written any more.
    package var onLost: (@LoopActor () -> Void)?

    private var machine: LeaseMachine
    private let token: String
    private let lockKey: String
    private let fenceKey: String
    private let loop: any Loop
    private let redis: RedisClient
    private var period: LoopTimer?
    private var lapse: LoopTimer?

    private static let acquire = RedisScript(LeaseScript.acquire)
    private static let renew = RedisScript(LeaseScript.renew)
    private static let release = RedisScript(LeaseScript.release)

    /// - Parameter token: unique to this life of this holder, over all hosts.
    package init(
        name: String, token: String, timeToLive: Interval, keys: BusKeys, loop: any Loop,
        redis: RedisClient
    ) {
        self.name = name
        self.token = token
        machine = LeaseMachine(timeToLive: timeToLive)
        lockKey = keys.lock(name)
        fenceKey = keys.fence(name)
        self.loop = loop
        self.redis = redis
    }

    /// Whether another held the lease when it was last asked for; true until the first answer.
    package private(set) var isHeldElsewhere = true

    /// Whether the lease was lost last because the server said that it is not ours any more: another
    /// may have had it since. Else it lapsed unrenewed.
    package private(set) var wasTaken = false

    /// The fencing number while the lease is held, else nil; exact also after the process was paused.
    package var fence: Int64? { machine.fence(now: loop.now) }

    /// Begins to acquire, and to renew once it is held; until `release`.
    package func start() {
        guard period == nil else { return }
        period = loop.timer { [weak self] in self?.periodElapsed() }
        lapse = loop.timer { [weak self] in
            guard let self else { return }
            wasTaken = false
            carryOut(machine.lapseReached(now: loop.now))
        }
        machine.started()
        periodElapsed()
    }

    /// Gives the lease up, so that a standby takes over at once. `onLost` is not called; `start`
    /// tries for it anew.
    package func release() async {
        period?.disarm()
        lapse?.disarm()
        period = nil
        lapse = nil
        guard machine.stopped() else { return }
        _ = await redis.evaluate(Lease.release, keys: [lockKey, fenceKey], arguments: [token])
    }

    private func periodElapsed() {
        period?.arm(after: machine.period)
        carryOut(machine.periodElapsed(now: loop.now))
    }

    private func carryOut(_ action: LeaseMachine.Action) {
        switch action {
        case .none: break
        case .acquire(let number): ask(Lease.acquire, number)
        case .renew(let number): ask(Lease.renew, number)
        case .gained(let fence):
            Log.info("lease gained", ["lease": name, "fence": fence])
            armLapse()
            onGained?(fence)
        case .lost:
            Log.warn("lease lost", ["lease": name])
            lapse?.disarm()
            isHeldElsewhere = true
            onLost?()
        }
    }

    private func ask(_ script: RedisScript, _ number: UInt64) {
        let isRenewal = script.sha == Lease.renew.sha
        let arguments = [token, "\(machine.timeToLive.milliseconds)"]
        redis.evaluate(script, keys: [lockKey, fenceKey], arguments: arguments) {
            [weak self] outcome in
            self?.answered(number, isRenewal: isRenewal, outcome)
        }
    }

    private func answered(_ number: UInt64, isRenewal: Bool, _ outcome: RedisOutcome) {
        guard case .reply(.integer(let value)) = outcome else {
            machine.requestFailed(number)
            return
        }
        if !isRenewal { isHeldElsewhere = value == 0 }
        wasTaken = isRenewal && value != 1
        let now = loop.now
        let action =
            isRenewal
            ? machine.renewAnswered(number, isOurs: value == 1, now: now)
            : machine.acquireAnswered(number, fence: value > 0 ? value : nil, now: now)
        carryOut(action)
        armLapse()
    }

    private func armLapse() {
        if let instant = machine.lapse { lapse?.arm(at: instant) }
    }
}

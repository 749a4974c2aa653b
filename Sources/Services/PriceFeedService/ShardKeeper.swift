import BusProtocol
import Chronology
import Reactor
import RedisLink
import Runtime

/// Keeps this feed's membership alive and learns of the others.
@LoopActor final class ShardKeeper {
    /// How long the others wait for a feed that is silent: with the period, a death is noticed within
    /// two seconds.
    static let timeToLive = Interval.milliseconds(1_500)
    private static let period = Interval.milliseconds(300)
    private static let join = RedisScript(MembershipScript.join)

    /// Unique among the feeds of the venue.
    let name: String
    private let host: ServiceHost
    private let isFit: @LoopActor () -> Bool
    private let joined: @LoopActor (_ members: [String], _ asked: Instant) -> Void
    private var timer: LoopTimer?
    private var isAsking = false

    private var key: String { host.keys.members(host.name) }

    /// - Parameters:
    ///   - isFit: whether this feed can serve; while it cannot, the others get its symbols.
    ///   - joined: called after each renewal with the members.
    init(
        _ host: ServiceHost, isFit: @escaping @LoopActor () -> Bool,
        _ joined: @escaping @LoopActor ([String], Instant) -> Void
    ) {
        self.host = host
        self.isFit = isFit
        self.joined = joined
        name = host.instance
    }

    func start() {
        timer = host.loop.timer { [weak self] in self?.renew() }
        renew()
    }

    /// Gives the symbols to the others at once.
    func stop() async {
        timer?.disarm()
        timer = nil
        guard host.redis.isUp else { return }
        _ = await host.redis.send(["ZREM", key, name])
    }

    func renew() {
        timer?.arm(after: ShardKeeper.period)
        guard host.redis.isUp, !isAsking, timer != nil, isFit() else { return }
        isAsking = true
        let asked = host.loop.now
        let arguments = [name, "\(ShardKeeper.timeToLive.milliseconds)"]
        host.redis.evaluate(ShardKeeper.join, keys: [key], arguments: arguments) {
            [weak self] outcome in
            self?.isAsking = false
            guard let names = outcome.value?.texts else { return }
            self?.joined(names.compactMap { $0 }, asked)
        }
    }
}

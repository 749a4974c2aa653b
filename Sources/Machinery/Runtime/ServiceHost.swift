package import BusProtocol
package import Chronology
package import Reactor
package import RedisLink

/// What a process gives the service it runs.
@LoopActor package final class ServiceHost {
    /// The process's name: `order-gateway`.
    package let name: String
    /// Unique among the processes of that name.
    package let instance: String
    package let environment: Environment
    package let metrics = Metrics()
    package let loop: EventLoop
    package let keys: BusKeys
    /// The seed of all random numbers in the process.
    package let seed: UInt64
    package let redis: RedisClient
    package let subscriber: RedisSubscriber
    /// Serves `/healthz`, `/readyz` and `/metrics`; a service may add paths before it starts.
    package let http: HealthServer
    package var log: Log.Type { Log.self }
    /// The process's own flags that were given.
    package let flags: Set<String>
    /// What followed those that take something, by flag.
    package let flagValues: [String: String]

    let usesRedis: Bool
    private var leases: [Lease] = []
    private var ownReasons: [String] = []
    private var service: (any Service)?
    private var heartbeat: Heartbeat?
    private var isStopping = false
    /// Refusals of Redis that are logged.
    private var refusals: Set<String> = []

    /// - Parameters:
    ///   - usesRedis: whether the connections are started with the process, and missed while they are
    ///     away; a tool starts them itself when it needs them.
    package init(
        name: String, environment: Environment, loop: EventLoop, endpoint: RedisEndpoint,
        usesRedis: Bool, flags: [String: String] = [:]
    ) {
        self.name = name
        self.environment = environment
        self.loop = loop
        self.usesRedis = usesRedis
        self.flags = Set(flags.keys)
        flagValues = flags.filter { !$0.value.isEmpty }
        instance = environment.instance
        seed = environment.seed
        guard let venue = VenueID(environment.text("PMS_VENUE")) else {
            preconditionFailure("the table admits only names that are venue ids")
        }
        keys = BusKeys(venue: venue)
        redis = RedisClient(
            loop: loop, endpoint: endpoint, name: "pms-\(name)", jitterSeed: seed)
        subscriber = RedisSubscriber(
            loop: loop, endpoint: endpoint, name: "pms-\(name)-sub", jitterSeed: seed &+ 1)
        http = HealthServer(loop: loop, process: name)
    }

    /// `service:instance`, as it stands in the `writer` field of records.
    package var writer: String { "\(name):\(instance)" }

    /// A lease of that name; the host gives it up when the process stops. Call `start` on it.
    ///
    /// - Parameter timeToLive: after this long without renewal another process may gain it.
    package func lease(_ name: String, timeToLive: Interval = .seconds(2)) -> Lease {
        let lease = Lease(
            name: name, token: "\(writer):\(seed):\(loop.wallNow.milliseconds):\(leases.count)",
            timeToLive: timeToLive, keys: keys, loop: loop, redis: redis)
        leases.append(lease)
        return lease
    }

    /// Further reasons why the process is not ready, besides the service's own; empty for none.
    package func setReadiness(_ reasons: [String]) {
        guard reasons != ownReasons else { return }
        ownReasons = reasons
        readinessChanged()
    }

    /// Writes the heartbeat at once; for a service whose `readiness` has just changed.
    package func readinessChanged() { heartbeat?.beat() }

    /// Why the process is not ready now, a reason a line; empty when it is.
    package var reasons: [String] {
        var reasons: [String] = []
        if isStopping { reasons.append("stopping") }
        if usesRedis, !redis.isUp { reasons.append("redis: not connected") }
        reasons += ownReasons
        if let service { reasons += service.readiness } else { reasons.append("starting") }
        return reasons
    }

    // MARK: the process's life

    /// Starts the connections, the health port, the heartbeat, then the service.
    func start(_ service: any Service) async throws {
        metrics.addProcessMetrics(startedSeconds: Double(loop.wallNow.milliseconds) / 1000)
        http.reasons = { [weak self] in self?.reasons ?? ["stopping"] }
        http.metrics = { [weak self] in self?.metrics.text ?? "" }
        try http.listen(address: environment.text("PMS_HTTP_BIND"), port: environment.httpPort)
        if usesRedis { startRedis() }
        self.service = service
        try await service.start()
        readinessChanged()
    }

    private func startRedis() {
        let heartbeat = Heartbeat(
            service: name, instance: instance, keys: keys, redis: redis, loop: loop
        ) { [weak self] in self?.reasons ?? [] }
        self.heartbeat = heartbeat
        redis.onError = { [weak self] in self?.redisRefused($0) }
        redis.start()
        subscriber.start()
        heartbeat.start()
    }

    /// Redis will not do what this process needs: a user without the right, a full memory, a disk that
    /// fails, a replica. Each such answer is logged once; all else is for whoever asked.
    private func redisRefused(_ text: String) {
        let kinds = ["NOPERM", "ACL failure", "No permissions", "OOM ", "MISCONF", "READONLY"]
        guard refusals.count < 32, kinds.contains(where: { text.contains($0) }),
            refusals.insert(text).inserted
        else { return }
        Log.error(
            "redis refuses", ["answer": text, "do": "see this user's rights, and redis' own log"])
    }

    /// Drains the service, gives leases up, removes the heartbeat, closes what is open.
    func stop() async {
        isStopping = true
        await service?.stop()
        for lease in leases { await lease.release() }
        await heartbeat?.stop()
        redis.close()
        subscriber.close()
        http.close()
    }
}

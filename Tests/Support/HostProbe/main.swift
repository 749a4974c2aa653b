import Reactor
import Runtime

/// A service that does nothing: what is left is the process around it.
@LoopActor final class IdleService: Service {
    private let host: ServiceHost

    init(host: ServiceHost) { self.host = host }

    var readiness: [String] { [] }

    func start() async throws { host.log.info("idle", ["port": host.http.port]) }

    func stop() async { host.log.info("drained") }
}

ProcessHost.run(
    name: "risk-engine", summary: "does nothing, for tests", required: ["PMS_API_KEY"]
) { host in
    IdleService(host: host)
}

import Chronology
import Reactor
import Runtime
import Throttles
import VenueBudget
import VenueProtocol
import WebLink

/// Calls the venue as often as the shared budget lets it, in the lane its instance is named after, and
/// logs at its end how often it did, and what the venue thought of it.
@LoopActor final class HammerService: Service {
    private let host: ServiceHost
    private let reader: VenueReader
    private let lane: BudgetLane
    private var timer: LoopTimer?
    private var isStopping = false
    private var answered: Int64 = 0
    private var refusedByBudget: Int64 = 0
    private var refusedByVenue: Int64 = 0
    private var slowest = Interval.zero

    init(host: ServiceHost) {
        self.host = host
        let kind = VenueKind.mexcSpot
        let budget = VenueBudget([.weight(300, in: .seconds(10))], host: host)
        precondition(host.environment.text("PMS_VENUE_KIND") == kind.rawValue, "a MEXC venue")
        reader = VenueReader(host: host, web: WebClient(loop: host.loop), budget: budget)
        lane =
            BudgetLane.allCases.first { host.instance.hasPrefix($0.label) } ?? .query
        budget.start()
    }

    var readiness: [String] { [] }

    func start() async throws {
        // One lone protective caller among hammering ones; else ten calls at a time.
        if host.instance.hasSuffix("lone") {
            timer = host.loop.timer { [weak self] in self?.callAlone() }
            callAlone()
        } else {
            for _ in 0..<10 { call() }
        }
    }

    func stop() async {
        isStopping = true
        host.log.info(
            "hammered",
            [
                "answered": answered, "budget": refusedByBudget, "venue": refusedByVenue,
                "slowest_us": slowest.nanoseconds / 1_000,
            ])
    }

    private func callAlone() {
        timer?.arm(after: .milliseconds(400))
        call()
    }

    private func call() {
        if isStopping { return }
        let begun = host.loop.now
        reader.get(MEXCSpot.serverTime, lane: lane, deadline: .seconds(20)) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success:
                answered += 1
                slowest = max(slowest, host.loop.now - begun)
            case .failure(.budget): refusedByBudget += 1
            case .failure: refusedByVenue += 1
            }
            if !host.instance.hasSuffix("lone") { call() }
        }
    }
}

ProcessHost.run(name: "price-feed", summary: "spends a venue's budget, for tests") { host in
    HammerService(host: host)
}

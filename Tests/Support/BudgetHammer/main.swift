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
    /// Callers that were refused, and try again a little later.
    private var paused = 0
    private var retry: LoopTimer?
    private var isStopping = false
    private var answered: Int64 = 0
    private var refusedByBudget: Int64 = 0
    private var refusedByVenue: Int64 = 0
    private var lastFailure = ""
    /// The longest wait for a turn, but for the first two seconds, when connections are made.
    private var slowest = Interval.zero
    private let startedAt: Instant

    init(host: ServiceHost) {
        self.host = host
        startedAt = host.loop.now
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
        retry = host.loop.timer { [weak self] in self?.goOn() }
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
                "slowest_us": slowest.nanoseconds / 1_000, "failure": lastFailure,
            ])
    }

    private func callAlone() {
        timer?.arm(after: .milliseconds(400))
        call()
    }

    private func goOn() {
        let count = paused
        paused = 0
        for _ in 0..<count { call() }
    }

    private func call() {
        if isStopping { return }
        let begun = host.loop.now
        let isSteady = begun - startedAt > .seconds(2)
        let request = MEXCSpot.serverTime
        let make: @LoopActor () -> WebRequest = { [weak self] in
            let target = RequestSigner.prepareOpen(request).target
            guard let self else { return WebRequest(url: target, deadline: .seconds(20)) }
            if isSteady { slowest = max(slowest, host.loop.now - begun) }
            return WebRequest(
                url: host.environment.venueRESTURL + target, deadline: .seconds(20))
        }
        reader.call(request, lane: lane, within: .seconds(20), make) { [weak self] result in
            guard let self else { return }
            switch result {
            case .success: answered += 1
            case .failure(.budget):
                refusedByBudget += 1
                paused += 1
                retry?.arm(after: .milliseconds(50))
                return
            case .failure(let failure):
                refusedByVenue += 1
                lastFailure = failure.description
            }
            if !host.instance.hasSuffix("lone") { call() }
        }
    }
}

ProcessHost.run(name: "price-feed", summary: "spends a venue's budget, for tests") { host in
    HammerService(host: host)
}

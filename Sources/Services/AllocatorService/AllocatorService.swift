import Allocation
import BusProtocol
import Bytes
import Chronology
import Orders
package import Reactor
import RedisLink
package import Runtime
import Trading
import VenueBudget
import VenueProtocol

/// Carries out what the allocator's desk decides: reads balances, rules and book, sends commands to
/// order-gateway, keeps the lease and the clock, answers over HTTP and the bus.
@LoopActor package final class AllocatorService: Service {
    let host: ServiceHost
    let desk: AllocatorDesk
    let facts: FactsReader
    let orders: OrderDoor
    private let lease: Lease
    private let venue: VenueQueries
    private let port: AllocationPort
    private let figures: AllocatorFigures
    private var timer: LoopTimer?
    private var demandTimer: LoopTimer?
    private var isStopped = false
    private var answers: [UInt64: @LoopActor (TriggerAnswer) -> Void] = [:]
    private var nextWaiter: UInt64 = 1
    /// Journal lines and records that Redis has not taken yet.
    private var savesInFlight = 0
    private var saveNumber: Int64 = 0

    static let leaseName = "allocation"
    private static let script = RedisScript(AllocationScript.source)
    /// How often the feed is told that symbol and book are wanted, and for how long.
    private static let demandPeriod = Interval.seconds(30)
    private static let demandLife = Interval.seconds(120)

    /// Throws where the key pair cannot be sent.
    package init(host: ServiceHost) throws {
        self.host = host
        let environment = host.environment
        let credentials = VenueCredentials(
            key: environment.text("PMS_API_KEY"), secret: environment.text("PMS_API_SECRET"))
        guard let credentials else {
            throw AllocatorFailure("PMS_API_KEY and PMS_API_SECRET must be printable ASCII")
        }
        let knobs = AllocatorConfiguration.knobs(environment)
        desk = AllocatorDesk(
            knobs: knobs, writer: host.writer,
            interval: .seconds(environment.integer("ALLOCATION_INTERVAL_SECONDS")),
            seed: host.seed)
        venue = VenueQueries(host: host, credentials: credentials)
        facts = FactsReader(host: host, venue: venue, symbol: knobs.symbol)
        orders = OrderDoor(host: host, knobs: knobs)
        lease = host.lease(AllocatorService.leaseName)
        figures = AllocatorFigures(host.metrics)
        port = AllocationPort(host: host)
        port.onTrigger = { [weak self] trigger, answer in self?.trigger(trigger, answer) }
        port.last = { [weak self] in self?.desk.lastFields ?? [] }
    }

    package var readiness: [String] { desk.readiness }

    package func start() async throws {
        venue.start()
        timer = host.loop.timer { [weak self] in self?.deliver(.woken) }
        demandTimer = host.loop.timer { [weak self] in self?.renewDemand() }
        host.redis.onState = { [weak self] state in self?.redisChanged(state) }
        lease.onGained = { [weak self] fence in self?.deliver(.leaseGained(fence: fence)) }
        lease.onLost = { [weak self] in self?.deliver(.leaseLost) }
        orders.onEvent = { [weak self] event in self?.runEvent(event) }
        orders.onOver = { [weak self] in self?.facts.orderEnded() }
        orders.wanted = { [weak self] in self?.desk.openRequest }
        orders.start()
        facts.start()
        host.subscriber.subscribe(host.keys.commandChannel(.allocator), CommandEar(self))
        if host.redis.isUp { deliver(.redisUp) }
        lease.start()
        renewDemand()
        deliver(.woken)
    }

    package func stop() async {
        deliver(.stopping)
        // What rests is taken back first, and what became of it saved: 5 s of the 10 there are.
        for _ in 0..<100 where desk.isRunning || savesInFlight > 0 {
            await pause(.milliseconds(50))
        }
        isStopped = true
        timer?.disarm()
        demandTimer?.disarm()
        venue.close()
    }

    private func pause(_ interval: Interval) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            host.loop.timer { continuation.resume() }.arm(after: interval)
        }
    }

    private func redisChanged(_ state: RedisLinkState) {
        switch state {
        case .connecting: return
        case .up:
            deliver(.redisUp)
            renewDemand()
        case .down: deliver(.redisDown)
        }
        host.readinessChanged()
    }

    /// Prices and the book of the symbol are wanted for as long as this process runs.
    private func renewDemand() {
        demandTimer?.arm(after: AllocatorService.demandPeriod)
        guard host.redis.isUp else { return }
        let until = (host.loop.wallNow + AllocatorService.demandLife).milliseconds
        let symbol = desk.knobs.symbol.name
        for key in [host.keys.demand, host.keys.depthDemand] {
            host.redis.send(["ZADD", key, "GT", "\(until)", symbol]) { _ in }
        }
        host.redis.send(["PUBLISH", host.keys.demandChannel, symbol]) { _ in }
    }

    // MARK: events and actions

    private func runEvent(_ event: AllocationEvent) {
        guard let id = desk.runningID else { return }
        deliver(.run(id, event))
    }

    func deliver(_ event: AllocatorEvent) {
        if isStopped { return }
        let wasReady = desk.readiness.isEmpty
        var actions: [AllocatorAction] = []
        desk.handle(event, now: host.loop.now, wall: host.loop.wallNow, &actions)
        for action in actions { perform(action) }
        timer?.arm(at: desk.nextWake)
        if wasReady != desk.readiness.isEmpty { host.readinessChanged() }
    }

    private func perform(_ action: AllocatorAction) {
        switch action {
        case .readRecovery(let run):
            Task { @LoopActor in deliver(.recoveryRead(await orders.recovery(of: run))) }
        case .createAccount: orders.createAccount()
        case .cancelOld(let id): orders.cancel(order: id)
        case .findAnswer(let waiter, let request): findAnswer(waiter, request)
        case .saveBegun(let record, let request, let fence):
            Log.info("run begins", ["run": desk.runningID ?? ""])
            let begun = AllocationSave(run: "", record: record, entries: [], request: request)
            save(begun, fence) { [weak self] saved in
                switch saved {
                case .saved: self?.deliver(.begun(isSaved: true))
                case .unknown: self?.deliver(.begunUnknown)
                case .failed(let failure):
                    self?.deliver(.begun(isSaved: false, refusal: failure.text))
                }
            }
        case .save(let save, let fence):
            if !save.isRepeat { tell(save.entries) }
            self.save(save, fence) { [weak self] saved in
                switch saved {
                case .saved: self?.deliver(.saved(save))
                case .unknown: self?.deliver(.notSaved(save, .away))
                case .failed(let failure): self?.deliver(.notSaved(save, failure))
                }
            }
        case .readFacts(let run, let number, let isDry): readFacts(run, number, isDry)
        case .place(let slice, let life, let fence): orders.place(slice, life: life, fence: fence)
        case .cancel(let request): orders.cancel(request: request)
        case .look(let request): orders.look(request)
        case .answer(let waiter, let answer): answers.removeValue(forKey: waiter)?(answer)
        case .ended(let result): figures.ended(result)
        case .alert(let code, let text): alert(code, text)
        }
    }

    private func readFacts(_ run: String, _ number: Int, _ isDry: Bool) {
        Task { @LoopActor in
            switch await facts.read(isDry: isDry) {
            case .success(let found): deliver(.run(run, .factsRead(number, found)))
            case .failure(let failure):
                deliver(
                    .run(run, .factsFailed(number, failure.reason, detail: failure.detail)))
            }
        }
    }

    // MARK: triggers

    /// Asks for a run; the answer comes once.
    func trigger(
        _ trigger: AllocationTrigger, _ answer: @escaping @LoopActor (TriggerAnswer) -> Void
    ) {
        var trigger = trigger
        trigger.waiter = nextWaiter
        nextWaiter += 1
        guard !isStopped else { return answer(.refused("stopping", "the allocator stops")) }
        answers[trigger.waiter] = answer
        deliver(.triggered(trigger))
    }

    private func findAnswer(_ waiter: UInt64, _ request: String) {
        host.redis.send(["GET", host.keys.allocationRequest(request)]) { [weak self] outcome in
            guard let self else { return }
            guard let value = outcome.value else {
                return deliver(.answerLost(waiter, reason: outcome.failure ?? "no answer"))
            }
            let fields = value.text.flatMap { try? FlatJSON.decode(Array($0.utf8).rawSpan) }
            deliver(.answerFound(waiter, fields))
        }
    }

    // MARK: saving

    /// What became of a save.
    private enum Saved {
        case saved
        /// Definitely not saved.
        case failed(SaveFailure)
        /// The connection ended before Redis said so.
        case unknown
    }

    private func save(
        _ save: AllocationSave, _ fence: Int64, _ completion: @escaping @LoopActor (Saved) -> Void
    ) {
        // The lease may have lapsed while this process was not running (P2).
        guard lease.fence == fence else { return host.loop.soon { completion(.failed(.away)) } }
        saveNumber += 1
        let call = AllocationScript.call(
            save.record, save.entries, request: save.request, isBehind: save.isBehind,
            isRepeat: save.isRepeat, number: saveNumber, keys: host.keys,
            fenceName: AllocatorService.leaseName, fence: fence)
        savesInFlight += 1
        host.redis.evaluate(
            AllocatorService.script, keys: call.keys, arguments: call.arguments
        ) { [weak self] outcome in
            self?.savesInFlight -= 1
            let texts = outcome.value?.texts?.compactMap { $0 } ?? []
            if texts.first == "SAVED" { return completion(.saved) }
            let answer = texts.isEmpty ? "no list" : texts.joined(separator: " ")
            Log.warn("not saved", ["reason": outcome.failure ?? answer])
            switch outcome {
            case .unknown: completion(.unknown)
            case .refused: completion(.failed(.away))
            case .reply:
                // Fenced, another leads: that is for the lease to find out.
                let isFenced = texts.first == "FENCED"
                let isWrong = texts.first == "WRONG"
                let text = outcome.failure ?? answer
                completion(.failed(isFenced ? .away : isWrong ? .wrong(text) : .refused(text)))
            }
        }
    }

    /// Each slice and each run is a line of the log, too.
    private func tell(_ entries: [[(String, String)]]) {
        for entry in entries {
            let fields = Dictionary(entry) { _, last in last }
            func of(_ name: String) -> String { fields[name] ?? "" }
            if fields["kind"] == "slice" {
                Log.info(
                    "slice over",
                    [
                        "run": of("run"), "slice": of("slice"), "side": of("side"),
                        "qty": of("qty"), "price": of("price"), "tif": of("tif"),
                        "ttl_ms": of("ttl_ms"), "slippage": of("planned_slippage"),
                        "order": of("order"), "status": of("status"), "code": of("code"),
                        "executed": of("executed"), "average": of("average"),
                        "cost_bp": of("cost_bp"), "lived_ms": of("lived_ms"),
                    ])
            } else {
                Log.info(
                    "run over",
                    [
                        "run": of("run"), "status": of("status"), "reason": of("reason"),
                        "detail": of("detail"), "action": of("action"), "slices": of("slices"),
                        "filled_notional": of("filled_notional"), "cost_bp": of("cost_bp"),
                        "imbalance_before": of("imbalance_before"),
                        "imbalance_after": of("imbalance_after"), "dust": of("dust"),
                        "elapsed_ms": of("elapsed_ms"),
                    ])
            }
        }
    }

    private func alert(_ code: String, _ text: String) {
        Log.warn("alert", ["code": code, "text": text])
        let wall = host.loop.wallNow.milliseconds
        let stamp = RecordStamp(sequence: wall, writer: host.writer, atMilliseconds: wall)
        let alert = Alert(code: code, text: text, details: [:], stamp: stamp)
        let message = String(decoding: FlatJSON.encode(alert.fields), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.alertChannel, message]) { _ in }
    }
}

/// Why the allocator cannot start.
struct AllocatorFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

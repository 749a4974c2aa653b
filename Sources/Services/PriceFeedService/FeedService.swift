import BusProtocol
import Bytes
import Chronology
import Glibc
import Quotes
package import Reactor
import RedisLink
package import Runtime
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// Carries out what the feed's desk decides: sockets, REST, Redis and timers.
@LoopActor package final class FeedService: Service {
    let host: ServiceHost
    var desk: FeedDesk
    let metrics: FeedMetrics
    private let web: WebClient
    let reader: VenueReader
    let budget: VenueBudget
    let gate: ConnectionGate
    /// By number.
    var sockets: [Int: FeedSocketLink] = [:]
    var socketSeed: UInt64 = 1
    private var actions: [FeedAction] = []
    var batchEffects: ContiguousArray<BatchEffect> = []
    var outputTimer: LoopTimer?
    private var secondTimer: LoopTimer?
    private var instrumentSequence: Int64 = 0
    /// A write was refused: everything is to be written again.
    var isRewriteDue = false
    private(set) var isStopping = false
    var output = FeedOutput()
    lazy var demand = DemandReader(host) { [weak self] demand in self?.demandReceived(demand) }
    private lazy var shards = ShardKeeper(
        host,
        isFit: { [weak self] in
            self.map { $0.desk.isFit(now: $0.host.loop.now) } ?? false
        },
        { [weak self] members, asked in self?.membersReceived(members, asked) })
    var dropLimit = LogLimit(every: .seconds(6))

    package init(host: ServiceHost) {
        self.host = host
        let configuration = FeedConfiguration(host.environment)
        desk = FeedDesk(
            configuration, seed: host.seed, startedAt: host.loop.wallNow,
            shards: FeedShards(name: host.instance, timeToLive: ShardKeeper.timeToLive),
            shardName: host.instance)
        metrics = FeedMetrics(host.metrics, configuration.venue)
        web = WebClient(loop: host.loop)
        budget = VenueBudget(configuration.venue.limits, host: host)
        reader = VenueReader(host: host, web: web, budget: budget)
        gate = ConnectionGate(host: host, perMinute: configuration.attemptsPerMinute)
    }

    // MARK: life

    package func start() async throws {
        host.redis.onState = { [weak self] state in self?.redisChanged(state) }
        host.subscriber.subscribe(host.keys.demandChannel, demand)
        outputTimer = host.loop.timer { [weak self] in self?.outputDue() }
        secondTimer = host.loop.timer { [weak self] in self?.secondPassed() }
        secondTimer?.arm(after: FeedService.period)
        shards.start()
        budget.start()
        decide { desk, now, actions in desk.started(now: now, &actions) }
        if host.redis.isUp { redisChanged(.up) }
    }

    package func stop() async {
        isStopping = true
        outputTimer?.disarm()
        secondTimer?.disarm()
        for number in sockets.keys.sorted() { close(number) }
        await shards.stop()
        web.close()
    }

    /// Between two looks at retries, staleness and demand.
    private static let period = Interval.milliseconds(500)

    package var readiness: [String] { desk.reasons(now: host.loop.now) }

    /// Lets the desk decide and carries the actions out.
    func decide(_ event: (inout FeedDesk, Instant, inout [FeedAction]) -> Void) {
        var out = actions
        actions = []
        out.removeAll(keepingCapacity: true)
        let before = desk.reasons(now: host.loop.now).isEmpty
        event(&desk, host.loop.now, &out)
        for action in out { carryOut(action) }
        actions = out
        armOutput()
        if desk.reasons(now: host.loop.now).isEmpty != before { host.readinessChanged() }
    }

    private func carryOut(_ action: FeedAction) {
        switch action {
        case .connect(let number, let kind): connect(number, kind)
        case .attemptFailed: gate.failed()
        case .close(let number): close(number)
        case .send(let number, let message): send(number, message)
        case .ask(let kind, let symbols): ask(kind, symbols)
        case .loadInstruments: loadInstruments()
        case .storeInstrument(let instrument): store(instrument)
        case .publish(let slot): publish(slot, now: host.loop.now)
        case .store(let slot): store(slot, now: host.loop.now)
        case .publishDepth(let slot): publishDepth(slot)
        case .storeDepth(let slot): storeDepth(slot)
        case .note(let note): write(note)
        case .alert(let alert): raise(alert)
        }
    }

    private func write(_ note: FeedNote) {
        metrics.count(note.event)
        let fields: LogFields = ["subject": note.subject, "detail": note.detail]
        if note.isWarning {
            Log.warn(note.event.rawValue, fields)
        } else {
            Log.info(note.event.rawValue, fields)
        }
    }

    private func raise(_ alert: FeedAlert) {
        metrics.alerts.increment()
        Log.warn(
            "alert", ["code": alert.code, "text": alert.text, "subject": alert.subject])
        let message = Alert(
            code: alert.code, text: alert.text, details: ["subject": alert.subject],
            stamp: RecordStamp(
                sequence: Int64(clamping: metrics.alerts.value), writer: host.writer,
                atMilliseconds: host.loop.wallNow.milliseconds))
        let text = String(decoding: FlatJSON.encode(message.fields), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.alertChannel, text]) { _ in }
    }

    private func secondPassed() {
        secondTimer?.arm(after: FeedService.period)
        decide { desk, now, actions in desk.secondPassed(now: now, &actions) }
        if isRewriteDue, host.redis.isUp {
            isRewriteDue = false
            decide { desk, _, actions in desk.redisReturned(&actions) }
        }
        demand.read()
        metrics.update(desk, now: host.loop.now)
    }

    private func demandReceived(_ demand: Demand) {
        decide { desk, now, actions in
            desk.demandReceived(demand.symbols, deep: demand.books, now: now, &actions)
        }
    }

    private func membersReceived(_ members: [String], _ asked: Instant) {
        let wall = host.loop.wallNow
        decide { desk, now, actions in
            desk.membersReceived(members, asked: asked, now: now, wall: wall, &actions)
        }
    }

    private func redisChanged(_ state: RedisLinkState) {
        guard state == .up else { return }
        isRewriteDue = false
        shards.renew()
        decide { desk, _, actions in desk.redisReturned(&actions) }
        demand.read()
    }

    // MARK: ticks and records

    func armOutput() {
        guard let deadline = desk.nextDeadline else { return }
        outputTimer?.arm(at: deadline)
    }

    private func outputDue() {
        let now = host.loop.now
        while let slot = desk.popPublish(now: now) { publish(slot, now: now) }
        while let slot = desk.popStore(now: now) { store(slot, now: now) }
        while let slot = desk.popDepthPublish(now: now) { publishDepth(slot) }
        while let slot = desk.popDepthStore(now: now) { storeDepth(slot) }
        armOutput()
    }

    func publish(_ slot: Int, now: Instant) {
        guard desk.mayPublish(now: now) else { return isRewriteDue = true }
        let tick = desk.makeTick(slot, wall: host.loop.wallNow)
        let isSent = output.publish(
            tick, slot: slot, symbol: desk.symbol(at: slot), host.keys, host.redis)
        metrics.published(isSent)
    }

    func store(_ slot: Int, now: Instant) {
        guard desk.mayPublish(now: now) else { return isRewriteDue = true }
        let record = desk.takeRecord(
            slot, writer: host.writer, now: now, wall: host.loop.wallNow)
        // Refused while Redis is away: the next write, or the one after its return, has the newest.
        metrics.stored(output.store(record, desk.symbol(at: slot), host.keys, host.redis))
    }

    private func store(_ instrument: Instrument) {
        instrumentSequence += 1
        let stamp = RecordStamp(
            sequence: instrumentSequence, writer: host.writer,
            atMilliseconds: host.loop.wallNow.milliseconds)
        let isWritten = output.store(instrument, stamp, host.keys, host.redis)
        if !isWritten, host.redis.isUp { isRewriteDue = true }
    }
}

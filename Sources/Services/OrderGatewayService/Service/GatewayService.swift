import BusProtocol
import Bytes
import Chronology
import Orders
import Positions
package import Reactor
import RedisLink
package import Runtime
import Throttles
import Trading
import VenueProtocol

/// Carries out what the gateway desk decides, and tells it what came of that.
@LoopActor package final class GatewayService: Service {
    let host: ServiceHost
    let venue: VenueLink
    let port: OrderPort
    let stream: UserStream
    private let brackets: BracketKeeper
    private let watch: AccountWatch
    let store: GatewayStore
    let lease: Lease
    private let inbox: CommandInbox
    let commandPort: CommandPort
    /// Nil where no directory is set.
    private let journal: IntentJournal?
    var ticks: [Symbol: TickInbox] = [:]
    var desk: GatewayDesk
    /// The desk's, at hand without a look at the desk.
    let limits: PreTrade.Limits
    var memory = FactsMemory()
    /// Whose facts are read anew in a moment.
    var booksToRead: [FactsMemory.Book] = []
    private(set) var factsTimer: LoopTimer?
    private var rehearsal: OrderRehearsal?
    private var rehearsalTimer: LoopTimer?
    /// When the desk was last told something.
    private var decidedAt = Instant.distantPast
    private var timer: LoopTimer?
    private var demandTimer: LoopTimer?
    private var instrumentTimer: LoopTimer?
    private var pending: [GatewayEvent] = []
    /// Empty between decisions; both keep their room.
    private var events: [GatewayEvent] = []
    private var actions: [GatewayAction] = []
    var tickActions: [GatewayAction] = []
    var isDeciding = false
    var isStopping = false
    var preflight: String? = "starting"
    private var wasReady = false

    let orders: Counter
    private let refusals: Counter
    let fills: Counter
    private let alerts: Counter

    /// Throws where the credentials cannot be used.
    package init(host: ServiceHost) throws {
        self.host = host
        let environment = host.environment
        guard
            let credentials = VenueCredentials(
                key: environment.secret("PMS_API_KEY"),
                secret: environment.secret("PMS_API_SECRET"))
        else {
            throw PreflightFailure(
                description: "PMS_API_KEY and PMS_API_SECRET must be printable ASCII")
        }
        venue = VenueLink(host: host, credentials: credentials)
        port = OrderPort(host: host, venue: venue)
        stream = UserStream(host: host, venue: venue)
        brackets = BracketKeeper(host: host, venue: venue)
        watch = AccountWatch(host: host, venue: venue)
        store = GatewayStore(
            redis: host.redis, keys: host.keys, writer: host.writer,
            hasMarks: venue.capabilities.isMargined)
        lease = host.lease(GatewayStore.fenceName)
        var settings = GatewaySettings(writer: host.writer)
        settings.limits.leverage = .whole(environment.integer("PMS_LEVERAGE"))
        settings.capabilities = venue.capabilities
        settings.maximumFillsPerMinute = Int(environment.integer("MAX_FILLS_PER_MINUTE"))
        settings.fillCooldown = .seconds(environment.integer("FILL_COOLDOWN_S"))
        settings.repriceThrottle = environment.interval("REPRICE_THROTTLE_MS")
        // Without a disk here, an intent that Redis did not keep would be in memory alone.
        settings.confirmsIntents =
            environment.integer("PMS_CONFIRM_INTENTS") == 1
            || environment.optionalText("PMS_GATEWAY_DATA") == nil
        settings.algoSaveThrottle = environment.interval("REDIS_SAVE_THROTTLE_MS")
        desk = GatewayDesk(settings: settings)
        limits = settings.limits
        inbox = CommandInbox()
        commandPort = CommandPort(host: host)
        journal = environment.optionalText("PMS_GATEWAY_DATA").map {
            IntentJournal(directory: $0, venue: environment.text("PMS_VENUE"))
        }
        let metrics = host.metrics
        orders = metrics.counter("pms_gateway_orders_total", "orders sent to the venue")
        refusals = metrics.counter("pms_gateway_refusals_total", "commands refused")
        fills = metrics.counter("pms_gateway_ledger_calls_total", "calls of the ledger script")
        alerts = metrics.counter("pms_gateway_alerts_total", "alerts raised")
    }

    package var readiness: [String] {
        if let preflight { return [preflight] }
        return desk.reasons
    }

    // MARK: life

    package func start() async throws {
        // Redis, whom each intent wakes, shall not go before the order.
        EventLoop.askForTurns(of: .microseconds(100))
        timer = host.loop.timer { [weak self] in self?.tell(.woke) }
        demandTimer = host.loop.timer { [weak self] in self?.renewDemand() }
        factsTimer = host.loop.timer { [weak self] in self?.readFactsAgain() }
        prepareRehearsal()
        instrumentTimer = host.loop.timer { [weak self] in self?.readInstruments() }
        metricsOfDesk()
        inbox.onCommand = { [weak self] bytes in self?.commandReceived(bytes) }
        commandPort.onCommand = { [weak self] command in self?.commandPosted(command) }
        host.redis.onState = { [weak self] state in self?.redisChanged(state) }
        port.objection = { [weak self] id in Self.objection(self, to: id) }
        port.onSent = { [weak self] id, outcome in self?.tell(.sendAnswered(id, outcome)) }
        port.onCancelled = { [weak self] id, outcome in self?.tell(.cancelAnswered(id, outcome)) }
        stream.onOpened = { [weak self] in self?.tell(.streamOpened) }
        stream.onClosed = { [weak self] in self?.tell(.streamClosed) }
        stream.onEvent = { [weak self] event in
            self?.watch.heard(event)
            self?.tell(.user(event))
        }
        watch.onKnown = { [weak self] problem in self?.tell(.accountChecked(problem)) }
        venue.start()
        try await passPreflight()
        if isStopping { return }
        venue.openSocket()
        readJournal()
        if host.redis.isUp { tell(.redisUp) }
        lease.onGained = { [weak self] fence in
            self?.readJournal()
            self?.memory.forget()
            self?.tell(.leaseGained(fence: fence))
        }
        lease.onLost = { [weak self] in
            guard let self else { return }
            tell(lease.wasTaken ? .leaseTaken : .leaseLost)
        }
        lease.start()
        _ = host.subscriber.subscribe(host.keys.commandChannel(.orderGateway), inbox)
        if venue.capabilities.isMargined { brackets.fetch() }
        watch.start()
        renewDemand()
        readInstruments()
    }

    private func prepareRehearsal() {
        let pause = Interval.microseconds(host.environment.integer("PMS_REHEARSAL_US"))
        guard pause > .zero else { return }
        rehearsal = venue.rehearsal(keys: host.keys)
        rehearsalTimer = host.loop.timer { [weak self] in
            guard let self else { return }
            rehearsalTimer?.arm(after: pause)
            // Whatever the desk has just done has warmed it.
            let now = host.loop.now
            guard now - decidedAt > pause else { return }
            if rehearsal?.run(now: now, wall: host.loop.wallNow) == true { return }
            Log.warn("an order could not be rehearsed; none is any more")
            rehearsal = nil
            rehearsalTimer?.disarm()
        }
        rehearsalTimer?.arm(after: pause)
    }

    /// Takes over what an earlier process on this host did while Redis was away; a standby does so
    /// when it comes to lead.
    private func readJournal() {
        guard let journal, !journal.isOpen, let entries = journal.open(), !entries.isEmpty else {
            return
        }
        Log.warn("orders of a time without redis are looked up", ["entries": entries.count])
        tell(.journalRead(entries))
    }

    /// Asks until the venue answers; what only a person can mend ends the process.
    private func passPreflight() async throws {
        while !isStopping {
            preflight = try await Preflight(
                venue: venue, leverage: host.environment.integer("PMS_LEVERAGE")
            ).run()
            guard let reason = preflight else {
                Log.info("preflight passed")
                return
            }
            Log.warn("preflight is not through", ["reason": reason])
            await pause(.milliseconds(500))
        }
    }

    func pause(_ interval: Interval) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let timer = host.loop.timer { continuation.resume() }
            timer.arm(after: interval)
        }
    }

    /// New commands are refused; what was asked of venue and Redis is given 2 s to answer.
    package func stop() async {
        isStopping = true
        stream.stop()
        brackets.stop()
        watch.stop()
        demandTimer?.disarm()
        factsTimer?.disarm()
        rehearsalTimer?.disarm()
        instrumentTimer?.disarm()
        for _ in 0..<20 where host.redis.pendingCount > 0 || venue.isBusy {
            await pause(.milliseconds(100))
        }
        timer?.disarm()
        venue.close()
    }

    private func redisChanged(_ state: RedisLinkState) {
        switch state {
        case .connecting: return
        case .up: if preflight == nil { tell(.redisUp) }
        case .down(let reason):
            memory.forget()
            // Each failed attempt to come back is reported, too; the first is news.
            guard desk.isRedisUp else { return }
            if !isStopping { Log.warn("redis is away", ["reason": reason]) }
            desk.redisHeardAt = host.redis.heardAt
            tell(.redisDown)
        }
    }

    private func metricsOfDesk() {
        host.metrics.computed("pms_gateway_working_orders", "orders that are not done") {
            [weak self] in Double(self?.desk.workingOrders.count ?? 0)
        }
        host.metrics.computed("pms_gateway_unbooked", "ledger changes that wait") {
            [weak self] in Double(self?.desk.ledger.pendingCount ?? 0)
        }
    }

    /// Reads the status of every instrument with a working order or an algorithm.
    private func readInstruments() {
        instrumentTimer?.arm(after: .seconds(5))
        guard host.redis.isUp else { return }
        var wanted = Set(desk.workingOrders.map(\.intent.symbol))
        wanted.formUnion(desk.algoSymbols)
        let symbols = wanted.sorted()
        guard !symbols.isEmpty else { return }
        Task { @LoopActor in
            for instrument in await store.instruments(symbols) {
                tell(.instrumentChanged(instrument))
            }
        }
    }

    /// Symbols with a position or a working order are wanted for as long as they have one.
    private func renewDemand() {
        demandTimer?.arm(after: .seconds(30))
        guard host.redis.isUp else { return }
        var symbols = Set(desk.ledger.openSymbols)
        for order in desk.workingOrders { symbols.insert(order.intent.symbol) }
        symbols.formUnion(desk.algoSymbols)
        for symbol in symbols.sorted() { store.demand(symbol, wall: host.loop.wallNow) }
    }

    // MARK: the desk

    /// Brings an event before the desk; one that arises meanwhile waits its turn.
    func tell(_ event: GatewayEvent) {
        pending.append(event)
        if isDeciding { return }
        decidePending()
    }

    func decidePending() {
        isDeciding = true
        while !pending.isEmpty {
            swap(&events, &pending)
            for event in events { decide(event) }
            events.removeAll(keepingCapacity: true)
        }
        isDeciding = false
        if desk.isReady != wasReady {
            wasReady = desk.isReady
            if wasReady {
                Log.info("ready")
            } else {
                Log.warn("not ready", ["reasons": desk.reasons.joined(separator: "; ")])
            }
            host.readinessChanged()
        }
    }

    private func decide(_ event: GatewayEvent) {
        decidedAt = host.loop.now
        desk.handle(event, now: decidedAt, wall: host.loop.wallNow, &actions)
        for action in actions { carryOut(action) }
        actions.removeAll(keepingCapacity: true)
    }

    func carryOut(_ action: GatewayAction) {
        switch action {
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readOwner, .readIDs, .saveAlgo, .saveHoldings:
            carryOutInRedis(action)
        case .journal(let entry):
            tell(.journalled(key: entry.key, isKept: journal?.append(entry) ?? false))
        case .journalSettled(let key): journal?.settle(key)
        case .watchTicks(let symbols): watchTicks(symbols)
        case .send, .cancel, .cancelStranger, .amend, .queryOrder, .queryOpenOrders, .queryTrades,
            .queryRecentOrders, .verifyHalt, .queryHoldings, .queryPositions, .openStream:
            carryOutAtVenue(action)
        case .reply(let reply, let from):
            if !reply.isOK {
                refusals.increment()
                Log.info("refused", ["id": reply.id, "code": reply.code, "reason": reply.reason])
            }
            if commandPort.answer(reply, to: from) { return }
            store.reply(reply, to: from)
        case .alert(let code, let text, let details): raise(code, text, details)
        case .surrenderLease(let reason):
            Log.warn("giving the lease up", ["reason": reason])
            Task { @LoopActor in
                await lease.release()
                if !isStopping { lease.start() }
            }
        case .wake(let at): timer?.arm(at: at)
        }
    }

    private func raise(_ code: String, _ text: String, _ details: [String: String]) {
        alerts.increment()
        let shown = details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        Log.warn("alert", ["code": code, "text": text, "details": shown.joined(separator: " ")])
        let alert = Alert(
            code: code, text: text, details: details,
            stamp: RecordStamp(
                sequence: Int64(clamping: alerts.value), writer: host.writer,
                atMilliseconds: host.loop.wallNow.milliseconds))
        let message = String(decoding: FlatJSON.encode(alert.fields), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.alertChannel, message]) { _ in }
    }

}

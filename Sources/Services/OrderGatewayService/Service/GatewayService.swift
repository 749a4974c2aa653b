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
    private let host: ServiceHost
    private let venue: VenueLink
    private let port: OrderPort
    private let stream: UserStream
    private let brackets: BracketKeeper
    private let watch: AccountWatch
    private let store: GatewayStore
    private let lease: Lease
    private let inbox: CommandInbox
    private let commandPort: CommandPort
    /// Nil where no directory is set.
    private let journal: IntentJournal?
    private var ticks: [Symbol: TickInbox] = [:]
    private var desk: GatewayDesk
    private var timer: LoopTimer?
    private var demandTimer: LoopTimer?
    private var instrumentTimer: LoopTimer?
    private var pending: [GatewayEvent] = []
    private var tickActions: [GatewayAction] = []
    private var isDeciding = false
    private var isStopping = false
    private var preflight: String? = "starting"
    private var wasReady = false

    private let orders: Counter
    private let refusals: Counter
    private let fills: Counter
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
        settings.algoSaveThrottle = environment.interval("REDIS_SAVE_THROTTLE_MS")
        desk = GatewayDesk(settings: settings)
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
        timer = host.loop.timer { [weak self] in self?.tell(.woke) }
        demandTimer = host.loop.timer { [weak self] in self?.renewDemand() }
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

    private func pause(_ interval: Interval) async {
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
            // Each failed attempt to come back is reported, too; the first is news.
            guard desk.isRedisUp else { return }
            if !isStopping { Log.warn("redis is away", ["reason": reason]) }
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

    /// Reads the status of every instrument with a working order.
    private func readInstruments() {
        instrumentTimer?.arm(after: .seconds(5))
        guard host.redis.isUp else { return }
        let symbols = Set(desk.workingOrders.map(\.intent.symbol)).sorted()
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
    private func tell(_ event: GatewayEvent) {
        pending.append(event)
        if isDeciding { return }
        decidePending()
    }

    private func decidePending() {
        isDeciding = true
        while !pending.isEmpty {
            let events = pending
            pending = []
            for event in events { decide(event) }
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
        var actions: [GatewayAction] = []
        desk.handle(event, now: host.loop.now, wall: host.loop.wallNow, &actions)
        for action in actions { carryOut(action) }
    }

    private func carryOut(_ action: GatewayAction) {
        switch action {
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .saveAlgo:
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

    private func carryOutInRedis(_ action: GatewayAction) {
        switch action {
        case .load(let generation, let known):
            Task { @LoopActor in
                do throws(StoreFailure) {
                    tell(.loaded(generation: generation, try await store.load(known: known)))
                } catch {
                    tell(.loadFailed(generation: generation, error.description))
                }
            }
        case .saveIntent(let record, let fence):
            let id = record.intent.clientOrderID
            store.saveIntent(record, fence: fence) { [weak self] reply in
                self?.tell(.intentReplied(id, reply))
            }
        case .saveOrder(let record, let isDone, let fence, let token):
            let id = record.intent.clientOrderID
            store.saveOrder(record, isDone: isDone, fence: fence) { [weak self] reply in
                self?.tell(.orderSaved(id, token: token, reply))
            }
        case .applyLedger(let command, let fence):
            fills.increment()
            store.applyLedger(command, fence: fence, wall: host.loop.wallNow) {
                [weak self] reply in self?.tell(.ledgerReplied(token: command.token, reply))
            }
        case .applyShared(let command, let fence):
            fills.increment()
            store.applyShared(command, fence: fence, wall: host.loop.wallNow) {
                [weak self] reply in self?.tell(.sharedReplied(token: command.token, reply))
            }
        case .saveAccount(let record, let fence, let request):
            store.saveAccount(record, fence: fence) { [weak self] reply in
                self?.tell(.accountSaved(request: request, reply))
            }
        case .saveState(let record, let account, let fence, let request):
            store.saveState(record, account, fence: fence) { [weak self] reply in
                self?.tell(.stateSaved(request: request, reply))
            }
        case .saveAlgo(let record, let isOver, let fence, let token):
            store.saveAlgo(record, isOver: isOver, fence: fence) { [weak self] reply in
                self?.tell(.algoSaved(record.id, token: token, reply))
            }
        case .readFacts(let id, let account, let symbol): readFacts(id, account, symbol)
        case .readBooks(let symbol, let accounts):
            let askedAt = host.loop.now
            Task { @LoopActor in
                let books = await store.books(symbol, accounts)
                tell(.booksRead(symbol, askedAt: askedAt, books))
            }
        case .readOrder(let id):
            Task { @LoopActor in tell(.orderRead(id, await store.order(id))) }
        case .reply, .alert, .journal, .journalSettled, .send, .cancel, .cancelStranger, .amend,
            .queryOrder, .queryOpenOrders, .queryTrades, .queryRecentOrders, .verifyHalt,
            .queryHoldings, .queryPositions, .openStream, .surrenderLease, .wake, .watchTicks:
            preconditionFailure("an action goes where it is sorted to")
        }
    }

    private func carryOutAtVenue(_ action: GatewayAction) {
        switch action {
        case .send(let intent):
            orders.increment()
            port.send(intent)
        case .cancel(let id, let symbol): port.cancel(id, symbol)
        case .amend(let intent, let wanted):
            let id = intent.clientOrderID
            venue.amend(
                intent, to: wanted, unless: { [weak self] in Self.objection(self, toAmend: id) }
            ) { [weak self] outcome in self?.tell(.amendAnswered(id, outcome)) }
        case .queryOrder(let id, let symbol):
            let askedAt = host.loop.now
            venue.query(id, symbol) { [weak self] outcome in
                self?.tell(.orderAnswered(id, askedAt: askedAt, outcome))
            }
        case .queryOpenOrders(let generation):
            Task { @LoopActor in
                let list = await venue.openOrders(desk.knownSymbols)
                tell(.openOrdersAnswered(generation: generation, list))
            }
        case .cancelStranger(let name, let symbol): venue.cancelStranger(name, symbol)
        case .verifyHalt(let request):
            Task { @LoopActor in
                let list = await venue.openOrders(desk.knownSymbols, .protective)
                tell(.haltVerified(request: request, list))
            }
        case .queryPositions:
            let askedAt = host.loop.now
            Task { @LoopActor in
                tell(.positionsAnswered(askedAt: askedAt, await venue.positions()))
            }
        case .queryHoldings(let generation):
            Task { @LoopActor in
                tell(.holdingsAnswered(generation: generation, await venue.holdings()))
            }
        case .queryTrades(let symbol, let fromID, let generation):
            Task { @LoopActor in
                let list = await venue.trades(symbol, fromID: fromID)
                tell(.tradesAnswered(symbol, generation: generation, list))
            }
        case .queryRecentOrders(let symbol, let since, let generation):
            Task { @LoopActor in
                let list = await venue.orders(symbol, sinceMilliseconds: since)
                tell(.recentOrdersAnswered(symbol, generation: generation, list))
            }
        case .openStream: stream.open()
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .reply, .alert, .journal, .journalSettled,
            .surrenderLease, .wake, .saveAlgo, .watchTicks:
            preconditionFailure("an action goes where it is sorted to")
        }
    }

    /// Why an order whose turn has come must not be sent any more; nil where it may be.
    ///
    /// The lease is asked itself: after the process was paused its answer may come to the desk only
    /// after Redis' answer for the intent did (P2).
    private static func objection(_ service: GatewayService?, to id: ClientOrderID) -> String? {
        let isAway = service?.desk.isSendableAway(id) ?? false
        return objection(service, by: service?.desk.sendBy(id) ?? .distantPast, isAway: isAway)
    }

    private static func objection(
        _ service: GatewayService?, toAmend id: ClientOrderID
    ) -> String? {
        objection(service, by: service?.desk.amendBy(id) ?? .distantPast)
    }

    /// - Parameter isAway: there is no lease to be had, and the order is on the disk and only reduces.
    private static func objection(
        _ service: GatewayService?, by deadline: Instant, isAway: Bool = false
    ) -> String? {
        guard let service, !service.isStopping else { return "stopping" }
        if isAway {
            let isLate = service.host.loop.now > deadline
            return isLate ? "the command's deadline passed before its turn came" : nil
        }
        guard let fence = service.lease.fence, fence == service.desk.fence else {
            return "the lease has lapsed"
        }
        guard service.host.loop.now <= deadline else {
            return "the command's deadline passed before its turn came"
        }
        return nil
    }

    /// Reads price and risk; prices that nobody asked for until now are waited for a little.
    private func readFacts(_ id: ClientOrderID, _ account: AccountID, _ symbol: Symbol) {
        let isReducing = desk.isReducing(id)
        Task { @LoopActor in
            let patience = host.loop.now + .milliseconds(1_500)
            var facts = await store.facts(account, symbol)
            if !isReducing, !isFresh(facts) {
                store.demand(symbol, wall: host.loop.wallNow)
                while host.loop.now < patience, host.redis.isUp, !isFresh(facts) {
                    await pause(.milliseconds(50))
                    facts = await store.facts(account, symbol)
                }
            }
            tell(.factsRead(id, facts))
        }
    }

    private func isFresh(_ facts: MarketFacts?) -> Bool {
        guard let facts, facts.instrument != nil, let price = facts.price else { return false }
        let limits = desk.settings.limits
        let now = host.loop.wallNow
        guard now - price.at <= limits.priceAge else { return false }
        guard venue.capabilities.isMargined else { return true }
        return facts.risk.map { now - $0.at <= limits.riskAge } ?? false
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

    // MARK: prices

    /// Listens to the prices of exactly these symbols.
    private func watchTicks(_ symbols: [Symbol]) {
        let wanted = Set(symbols)
        for (symbol, inbox) in ticks where !wanted.contains(symbol) {
            host.subscriber.unsubscribe(host.keys.tickChannel(symbol), inbox)
            ticks[symbol] = nil
        }
        for symbol in symbols where ticks[symbol] == nil {
            let inbox = TickInbox { [weak self] tick in self?.ticked(symbol, tick) }
            ticks[symbol] = inbox
            store.demand(symbol, wall: host.loop.wallNow)
            _ = host.subscriber.subscribe(host.keys.tickChannel(symbol), inbox)
        }
    }

    /// A price goes to the desk past the events, unless one is being decided.
    private func ticked(_ symbol: Symbol, _ tick: Tick) {
        guard !isStopping, !isDeciding else { return }
        desk.ticked(
            symbol, bid: tick.bid, ask: tick.ask, now: host.loop.now, wall: host.loop.wallNow,
            &tickActions)
        guard !tickActions.isEmpty else { return }
        let actions = tickActions
        tickActions.removeAll(keepingCapacity: true)
        isDeciding = true
        for action in actions { carryOut(action) }
        isDeciding = false
        decidePending()
    }

    // MARK: commands

    /// A command over HTTP: with Redis there only the one that leads takes it, without it the desk
    /// knows whether it may.
    private func commandPosted(_ command: Command) {
        let isStandby = host.redis.isUp && lease.fence == nil
        if isStopping || preflight != nil || isStandby {
            let reason =
                isStopping ? "stopping" : preflight ?? "another gateway leads: ask that one"
            let code: RefusalCode = isStandby ? .leaseLost : .notReady
            return carryOut(
                .reply(.refused(command.id, code.description, reason), to: command.from))
        }
        tell(.command(command))
    }

    private func commandReceived(_ bytes: RawSpan) {
        do throws(RecordError) {
            let command = try Command.decode(bytes)
            // A name of the HTTP port's callers; nobody on the bus may take their replies.
            guard !command.from.hasPrefix("http-") else { return }
            // A standby leaves the answer to the one that leads.
            if lease.fence == nil, desk.fence != nil || lease.isHeldElsewhere { return }
            if isStopping || preflight != nil {
                // P6: nothing is begun by a process that was told to stop.
                let reason = isStopping ? "stopping" : preflight ?? "starting"
                store.reply(
                    .refused(command.id, RefusalCode.notReady.description, reason),
                    to: command.from)
                return
            }
            tell(.command(command))
        } catch {
            Log.warn("command unreadable", ["problem": error.description])
        }
    }
}

/// Where commands come in.
@LoopActor private final class CommandInbox: RedisMessageHandler {
    var onCommand: (@LoopActor (RawSpan) -> Void)?

    func messageReceived(channel: RawSpan, payload: RawSpan) { onCommand?(payload) }
    func subscriptionEstablished(channel: String) {}
}

/// Where the prices of one symbol come in.
@LoopActor private final class TickInbox: RedisMessageHandler {
    private let onTick: @LoopActor (Tick) -> Void

    init(_ onTick: @escaping @LoopActor (Tick) -> Void) { self.onTick = onTick }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        guard let (_, tick) = try? Tick.decode(payload) else { return }
        onTick(tick)
    }

    func subscriptionEstablished(channel: String) {}
}

import BusProtocol
import Bytes
import Chronology
import Margin
import Orders
import PriceSource
import Quotes
package import Reactor
import RedisLink
package import Runtime
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// Carries out what the risk desk decides: reads and writes Redis, keeps subscriptions and the clock.
@LoopActor package final class RiskService: Service {
    private let host: ServiceHost
    private let desk: RiskDesk
    private let loader: RiskLoader
    private let web: WebClient
    private let budget: VenueBudget
    private let prices: PriceSource
    private let lease: Lease
    private let ledgerChannel: [UInt8]
    private let ordersChannel: [UInt8]
    private let replyChannel: [UInt8]
    private let riskChannel: [UInt8]
    /// Orders are listened to only where their rejects are counted.
    private let countsRejects: Bool
    private let reader: RiskReader
    private var timer: LoopTimer?
    private var wokenAt = Instant.distantPast
    private var watched: Set<Symbol> = []
    private var actions: [RiskAction] = []
    private var bytes = ByteWriter(capacity: 16_384)
    private var snapshots = SnapshotWriter()
    private var isStopped = false

    private static let tierScript = RedisScript(TierScript.source)
    private static let fenceName = "risk"
    private let commands: Counter
    private let ticks: Counter
    private let evaluations: Counter
    private let loads: Counter
    private let catchUps: Counter
    private let refusedWrites: Counter
    private let pricesAsked: Counter
    private let pricesFound: Counter
    private let unreadable: Counter

    package init(host: ServiceHost) {
        self.host = host
        let environment = host.environment
        let breakers = BreakerLimits(
            dailyLoss: environment.decimal("PMS_DAILY_LOSS"),
            drawdown: environment.decimal("PMS_DRAWDOWN"),
            rejectsPerMinute: Int(clamping: environment.integer("PMS_REJECTS_1M")))
        desk = RiskDesk(
            writer: host.writer, leverage: environment.integer("PMS_LEVERAGE"),
            evaluationInterval: .milliseconds(environment.integer("EVAL_MIN_INTERVAL_MS")),
            breakers: breakers)
        countsRejects = breakers.rejectsPerMinute > 0
        lease = host.lease(RiskService.fenceName)
        reader = RiskReader(
            desk: desk, loop: host.loop, token: environment.optionalText("PMS_HTTP_TOKEN"))
        reader.add(to: host.http)
        ordersChannel = Array(host.keys.ordersChannel.utf8)
        riskChannel = Array(host.keys.riskChannel.utf8)
        replyChannel = Array(host.keys.replyChannel(host.writer).utf8)
        loader = RiskLoader(redis: host.redis, keys: host.keys)
        let venue = VenueKind(rawValue: host.environment.text("PMS_VENUE_KIND")) ?? .binanceFutures
        web = WebClient(loop: host.loop)
        budget = VenueBudget(venue.limits, host: host)
        prices = PriceSource(
            host: host, venue: venue, reader: VenueReader(host: host, web: web, budget: budget))
        ledgerChannel = Array(host.keys.ledgerChannel.utf8)
        let metrics = host.metrics
        commands = metrics.counter("pms_risk_commands_total", "commands sent to order-gateway")
        ticks = metrics.counter("pms_risk_ticks_total", "ticks received")
        evaluations = metrics.counter("pms_risk_evaluations_total", "snapshots written")
        loads = metrics.counter("pms_risk_loads_total", "times all accounts were loaded")
        catchUps = metrics.counter("pms_risk_catch_ups_total", "times the journal was read")
        refusedWrites = metrics.counter(
            "pms_risk_refused_writes_total", "writes that Redis could not be given")
        pricesAsked = metrics.counter(
            "pms_risk_prices_asked_total", "times a stale mark was asked for")
        pricesFound = metrics.counter(
            "pms_risk_prices_found_total", "times a fresh one was had by asking")
        unreadable = metrics.counter(
            "pms_risk_unreadable_total", "messages that could not be read")
    }

    package var readiness: [String] { desk.readiness }

    package func start() async throws {
        timer = host.loop.timer { [weak self] in self?.wake() }
        budget.start()
        host.subscriber.subscribe(host.keys.ledgerChannel, self)
        host.subscriber.subscribe(host.keys.replyChannel(host.writer), self)
        if countsRejects { host.subscriber.subscribe(host.keys.ordersChannel, self) }
        host.redis.onState = { [weak self] state in self?.redisChanged(state) }
        lease.onGained = { [weak self] fence in self?.deliver(.leaseGained(fence: fence)) }
        lease.onLost = { [weak self] in self?.deliver(.leaseLost) }
        lease.start()
        if host.redis.isUp { deliver(.redisUp) }
        deliver(.woken)
    }

    package func stop() async {
        isStopped = true
        timer?.disarm()
        web.close()
    }

    private func redisChanged(_ state: RedisLinkState) {
        switch state {
        case .connecting: return
        case .up: deliver(.redisUp)
        case .down: deliver(.redisDown)
        }
        host.readinessChanged()
    }

    // MARK: events and actions

    /// The time the desk asked for has come. What many accounts have written is not piled up here:
    /// Redis says how fast the next pages go, but what else the clock is kept for is not put off.
    private func wake() {
        let now = host.loop.now
        let isBehind = host.redis.pendingCount > RiskLimits.unanswered
        if isBehind, now - wokenAt < RiskLimits.wake {
            timer?.arm(at: now + RiskLimits.unansweredPause)
            return
        }
        wokenAt = now
        deliver(.woken)
    }

    private func deliver(_ event: RiskEvent) {
        if isStopped { return }
        let wasReady = desk.readiness.isEmpty
        actions.removeAll(keepingCapacity: true)
        desk.handle(event, now: host.loop.now, wall: host.loop.wallNow, &actions)
        for action in actions { perform(action) }
        timer?.arm(at: desk.nextWake)
        if wasReady != desk.readiness.isEmpty { host.readinessChanged() }
    }

    private func perform(_ action: RiskAction) {
        switch action {
        case .load(let number): load(number)
        case .catchUp(let number, let after): catchUp(number, after)
        case .readSequence: readSequence()
        case .watch(let symbol): watch(symbol)
        case .unwatch(let symbol):
            watched.remove(symbol)
            host.subscriber.unsubscribe(host.keys.tickChannel(symbol), self)
        case .askPrice(let symbol): askPrice(symbol)
        case .save(let record, let earlier): save(record, earlier)
        case .saveTier(let record, let decisions, let token, let fence):
            saveTier(record, decisions, token, fence)
        case .command(let id, let kind, let body): command(id, kind, body)
        case .alert(let alert):
            Log.warn("alert", ["code": alert.code, "text": alert.text])
            let message = String(decoding: FlatJSON.encode(alert.fields), as: UTF8.self)
            write([["PUBLISH", host.keys.alertChannel, message]])
        }
    }

    private func load(_ number: UInt64) {
        loads.increment()
        Task { @LoopActor in
            let outcome = await loader.load { [weak self] page in
                self?.deliver(.pageLoaded(number, page))
                return self?.desk.isLoading(number) ?? false
            }
            switch outcome {
            case .success(let load):
                Log.info("accounts loaded", ["accounts": load.accountCount])
                deliver(.loaded(number, load))
            case .failure(let failure):
                guard desk.isLoading(number) else { return }
                Log.warn("accounts not loaded", ["reason": failure.reason])
                deliver(.loadFailed(number, reason: failure.reason))
            }
        }
    }

    private func catchUp(_ number: UInt64, _ after: Int64) {
        catchUps.increment()
        let command = [
            "XRANGE", host.keys.ledger, "(\(after)-0", "+", "COUNT", "\(RiskLimits.catchUpPage)",
        ]
        host.redis.send(command) { [weak self] outcome in
            self?.deliver(RiskService.caughtUp(number, outcome))
        }
    }

    private static func caughtUp(_ number: UInt64, _ outcome: RedisOutcome) -> RiskEvent {
        guard let rows = outcome.value?.elements else {
            return .catchUpFailed(number, reason: outcome.failure ?? "the journal is no stream")
        }
        var entries: [LedgerEntry] = []
        do throws(RecordError) {
            for row in rows {
                guard let fields = row.elements?.last?.fields else {
                    throw RecordError(record: "ledger entry", field: "-", problem: "not fields")
                }
                entries.append(try LedgerEntry(fields: fields))
            }
        } catch {
            return .catchUpFailed(number, reason: error.description)
        }
        return .caughtUp(number, entries, isWhole: rows.count < RiskLimits.catchUpPage)
    }

    private func readSequence() {
        let commands = [["GET", host.keys.ledgerSequence], ["SCARD", host.keys.accounts]]
        host.redis.send(all: commands) { [weak self] outcomes in
            guard let sequence = outcomes[0].value, let count = outcomes[1].value?.int else {
                return
            }
            self?.deliver(.sequenceRead(ledger: sequence.int ?? 0, accountCount: Int(count)))
        }
    }

    private func watch(_ symbol: Symbol) {
        if watched.insert(symbol).inserted {
            host.subscriber.subscribe(host.keys.tickChannel(symbol), self)
        }
        loader.read(symbol) { [weak self] brackets, price, instrument in
            self?.deliver(.symbolRead(symbol, brackets, price, instrument))
        }
    }

    /// Asks for a price wherever one can be had (B3a).
    private func askPrice(_ symbol: Symbol) {
        pricesAsked.increment()
        prices.price(of: symbol) { [weak self] result in
            guard let self, case .success(let answer) = result else { return }
            pricesFound.increment()
            deliver(.priceFound(symbol, mark: answer.price.mark, age: answer.age))
        }
    }

    // MARK: writing

    private func save(_ record: RiskRecord, _ earlier: RiskRecord?) {
        // The lease may have lapsed while this process was not running (P2): another writes by now,
        // and what it does not change would stay ours.
        guard lease.fence != nil else { return desk.snapshotRefused(record.account) }
        evaluations.increment()
        bytes.removeAll()
        let channel = riskChannel
        snapshots.write(
            record, over: earlier, key: host.keys.risk(record.account), channel: channel.rawSpan,
            into: &bytes)
        if !host.redis.write(bytes.rawSpan) {
            refusedWrites.increment()
            desk.snapshotRefused(record.account)
        }
    }

    private func saveTier(
        _ record: TierRecord, _ decisions: [DecisionEntry], _ token: UInt64, _ fence: Int64
    ) {
        let account = record.account
        // The lease may have lapsed while this process was not running (P2).
        guard lease.fence == fence else {
            host.loop.soon { [weak self] in
                self?.deliver(.tierSaved(account, token: token, .failed("the lease was lost")))
            }
            return
        }
        let call = TierScript.call(
            record, decisions, keys: host.keys, fenceName: RiskService.fenceName, fence: fence)
        host.redis.evaluate(
            RiskService.tierScript, keys: call.keys, arguments: call.arguments
        ) { [weak self] outcome in
            self?.deliver(.tierSaved(account, token: token, RiskService.saveOutcome(outcome)))
        }
    }

    private static func saveOutcome(_ outcome: RedisOutcome) -> TierSaveOutcome {
        guard let texts = outcome.value?.texts else {
            return .failed(outcome.failure ?? "tier script: no list")
        }
        do throws(ScriptReplyError) {
            switch try RecordScript.reply(texts) {
            case .saved, .exists: return .saved
            case .fenced: return .fenced
            case .wrong(let what): return .failed(what)
            }
        } catch {
            return .failed(error.description)
        }
    }

    /// Sends a command; an answer that does not come is asked for again by the desk.
    private func command(_ id: String, _ kind: CommandKind, _ body: [String: String]) {
        commands.increment()
        let deadline = host.loop.wallNow + RiskLimits.commandDeadline
        let command = Command(
            id: id, from: host.writer, deadlineMilliseconds: deadline.milliseconds,
            kind: kind.rawValue, body: body)
        Log.warn("command sent", ["id": id, "kind": kind.rawValue])
        let text = String(decoding: command.encoded(), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.commandChannel(.orderGateway), text]) { outcome in
            if case .reply(.integer(let receivers)) = outcome, receivers > 0 { return }
            Log.warn("command not received", ["id": id, "reason": outcome.failure ?? "no receiver"])
        }
    }

    private func write(_ commands: [[String]]) {
        bytes.removeAll()
        for command in commands {
            RESPWriter.command(command.count, into: &bytes)
            for argument in command { RESPWriter.argument(text: argument, into: &bytes) }
        }
        if !host.redis.write(bytes.rawSpan) { refusedWrites.increment() }
    }
}

extension RiskService: RedisMessageHandler {
    package func subscriptionEstablished(channel: String) {
        if channel == host.keys.ledgerChannel { deliver(.ledgerSubscribed) }
    }

    package func messageReceived(channel: RawSpan, payload: RawSpan) {
        let ledger = ledgerChannel
        let reply = replyChannel
        let orders = ordersChannel
        if channel.hasSameBytes(as: ledger.rawSpan) {
            ledgerMessage(payload)
        } else if channel.hasSameBytes(as: reply.rawSpan) {
            replyMessage(payload)
        } else if channel.hasSameBytes(as: orders.rawSpan) {
            orderMessage(payload)
        } else {
            tickMessage(payload)
        }
    }

    private func ledgerMessage(_ payload: RawSpan) {
        if let entry = LedgerEntry(message: payload) { return deliver(.ledgerReceived(entry)) }
        do {
            let entry = try LedgerEntry(fields: try FlatJSON.decode(payload))
            deliver(.ledgerReceived(entry))
        } catch {
            unreadable.increment()
            deliver(.ledgerUnreadable(reason: "\(error)"))
        }
    }

    private func replyMessage(_ payload: RawSpan) {
        do throws(RecordError) {
            deliver(.replied(try Reply.decode(payload)))
        } catch {
            unreadable.increment()
        }
    }

    private func orderMessage(_ payload: RawSpan) {
        guard let fields = try? FlatJSON.decode(payload),
            fields["status"] == OrderStateName.rejected.rawValue,
            let account = fields["account"].flatMap({ AccountID($0) })
        else { return }
        deliver(.orderRejected(account))
    }

    private func tickMessage(_ payload: RawSpan) {
        do {
            let (name, tick) = try Tick.decode(payload)
            guard let symbol = Symbol(name), watched.contains(symbol) else { return }
            ticks.increment()
            deliver(.tickReceived(symbol, tick))
        } catch {
            unreadable.increment()
        }
    }
}

import BusProtocol
import Bytes
import Chronology
import Positions
package import Reactor
import RedisLink
package import Runtime
import Trading
import VenueBudget
import VenueProtocol

/// Carries out what the sync desk decides: asks the venue and Redis, calls the ledger script, keeps the
/// lease and the clock.
@LoopActor package final class SyncService: Service {
    private let host: ServiceHost
    private let desk: SyncDesk
    private let loader: SyncLoader
    private let venue: VenueQueries
    private let lease: Lease
    private let archive: JournalArchive?
    private var timer: LoopTimer?
    private var isStopped = false
    /// Symbols whose gauge is not at zero.
    private var gauged: Set<Symbol> = []

    private let comparisons: Counter
    private let failures: Counter
    private let applied: Gauge
    private static let ledgerScript = RedisScript(LedgerScript.source)
    private static let sharedScript = RedisScript(SharedTradeScript.source)
    private static let fenceName = "sync"
    private static let settlementAsset = "USDT"
    private let commandChannel: String

    /// Throws where the key pair cannot be sent.
    package init(host: ServiceHost) throws {
        self.host = host
        let environment = host.environment
        let credentials = VenueCredentials(
            key: environment.text("PMS_API_KEY"), secret: environment.text("PMS_API_SECRET"))
        guard let credentials else {
            throw SyncLoadFailure(reason: "PMS_API_KEY and PMS_API_SECRET must be printable ASCII")
        }
        desk = SyncDesk(
            writer: host.writer,
            interval: .milliseconds(environment.integer("PMS_SYNC_INTERVAL_MS")))
        loader = SyncLoader(redis: host.redis, keys: host.keys)
        venue = VenueQueries(host: host, credentials: credentials)
        commandChannel = host.keys.commandChannel(.positionSync)
        lease = host.lease(SyncService.fenceName)
        archive = environment.optionalText("PMS_ARCHIVE_DIR").map {
            JournalArchive(host: host, directory: $0)
        }
        comparisons = host.metrics.counter(
            "pms_sync_comparisons_total", "comparisons of the books with the venue")
        failures = host.metrics.counter(
            "pms_sync_failures_total", "comparisons given up because something did not answer")
        applied = host.metrics.gauge(
            "pms_sync_trades_applied", "missed trades applied since the start")
    }

    package var readiness: [String] { desk.readiness }

    package func start() async throws {
        venue.start()
        timer = host.loop.timer { [weak self] in self?.deliver(.woken) }
        host.redis.onState = { [weak self] state in self?.redisChanged(state) }
        lease.onGained = { [weak self] fence in
            self?.archive?.leaseChanged(isHeld: true)
            self?.deliver(.leaseGained(fence: fence))
        }
        lease.onLost = { [weak self] in
            self?.archive?.leaseChanged(isHeld: false)
            self?.deliver(.leaseLost)
        }
        host.subscriber.subscribe(commandChannel, self)
        archive?.start()
        if host.redis.isUp { deliver(.redisUp) }
        lease.start()
        deliver(.woken)
    }

    package func stop() async {
        isStopped = true
        timer?.disarm()
        archive?.stop()
        venue.close()
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

    private func deliver(_ event: SyncEvent) {
        if isStopped { return }
        let wasReady = desk.readiness.isEmpty
        var actions: [SyncAction] = []
        desk.handle(event, now: host.loop.now, wall: host.loop.wallNow, &actions)
        for action in actions { perform(action) }
        timer?.arm(at: desk.nextWake)
        if wasReady != desk.readiness.isEmpty { host.readinessChanged() }
    }

    private func perform(_ action: SyncAction) {
        switch action {
        case .readBooks(let number):
            answer(number) { [loader] in .booksRead(number, try await loader.books()) }
        case .askVenue(let number):
            answer(number) { [self] in .venueRead(number, try await venueReading()) }
        case .readAnchors(let number, let symbol, let before):
            answer(number) { [loader] in
                .anchorsRead(number, try await loader.anchors(symbol, writtenBefore: before))
            }
        case .askTrades(let number, let symbol, let fromID):
            answer(number) { [self] in try await trades(number, symbol, fromID) }
        case .checkTrades(let number, let symbol, let legs):
            answer(number) { [loader] in
                .tradesChecked(number, applied: try await loader.applied(symbol, legs))
            }
        case .askOrder(let number, let symbol, let orderID):
            answer(number) { [self] in
                .orderRead(number, clientOrderID: try await clientID(symbol, orderID))
            }
        case .readRecord(let number, let id):
            answer(number) { [loader] in .recordRead(number, try await loader.order(id)) }
        case .readTransfer(let number, let account, let request):
            answer(number) { [self] in
                let booked = try await loader.transfer(request)
                let free = try await loader.free(account, wall: host.loop.wallNow)
                let books = try await loader.books()
                return .transferRead(
                    number, TransferReading(books: books, free: free, booked: booked))
            }
        case .readFunding(let number, let since):
            answer(number) { [self] in try await funding(number, since) }
        case .reply(let reply, let from):
            let text = String(decoding: reply.encoded(), as: UTF8.self)
            host.redis.send(["PUBLISH", host.keys.replyChannel(from), text]) { _ in }
        case .reduce(let symbol, let why): write(["HSET", host.keys.reducing, symbol.name, why])
        case .release(let symbol): write(["HDEL", host.keys.reducing, symbol.name])
        case .saveOffset(let offset):
            write(["HSET", host.keys.sync, "money_offset", offset.text])
        case .apply(let command, let fence): apply(command, fence)
        case .applyShared(let command, let fence): apply(command, fence)
        case .report(let record): report(record)
        case .alert(let alert): tell(alert)
        }
    }

    /// Runs a request and delivers its event, or that it failed.
    private func answer(
        _ number: UInt64, _ body: @escaping @LoopActor () async throws -> SyncEvent
    ) {
        Task { @LoopActor in
            do {
                deliver(try await body())
            } catch let failure as VenueQueryFailure {
                deliver(
                    .failed(number, reason: failure.reason, retryAfter: failure.retryAfter))
            } catch let failure as SyncLoadFailure {
                deliver(.failed(number, reason: failure.reason, retryAfter: .zero))
            } catch {
                deliver(.failed(number, reason: "\(error)", retryAfter: .zero))
            }
        }
    }

    private func write(_ command: [String]) {
        host.redis.send(command) { outcome in
            if let failure = outcome.failure {
                Log.warn("not written", ["key": command[1], "reason": failure])
            }
        }
    }

    // MARK: the venue

    private func funding(_ number: UInt64, _ since: Int64) async throws -> SyncEvent {
        let payments = try await FundingPages.payments(sinceMilliseconds: since) { [venue] in
            try await venue.ask($0)
        }
        let books = try await loader.books()
        let reader = FundingReader(
            redis: host.redis, keys: host.keys, settlementAsset: SyncService.settlementAsset)
        return .fundingRead(number, try await reader.reading(payments, books))
    }

    private func venueReading() async throws -> SyncVenue {
        let positionList = try await venue.ask(BinanceFutures.positionRisk())
        let positions = try BinanceFutures.decodePositions(positionList.rawSpan)
        let orderList = try await venue.ask(BinanceFutures.openOrders())
        let orders = try BinanceFutures.decodeOrders(orderList.rawSpan)
        let balanceList = try await venue.ask(BinanceFutures.balance)
        let wallet = try BinanceFutures.decodeBalances(balanceList.rawSpan)
            .first { $0.asset == SyncService.settlementAsset }?.wallet
        return SyncVenue(
            rows: positions.map {
                SyncVenue.Row(
                    symbol: $0.symbol, side: $0.positionSide, quantity: $0.quantity,
                    mark: $0.markPrice, entryPrice: $0.entryPrice)
            }, orders: orders.map(\.clientOrderID), wallet: wallet)
    }

    private func trades(
        _ number: UInt64, _ symbol: Symbol, _ fromID: Int64?
    ) async throws -> SyncEvent {
        let request = BinanceFutures.userTrades(
            symbol, fromID: fromID, limit: SyncLimits.tradePage)
        let list = try await venue.ask(request)
        let fills = try BinanceFutures.decodeUserTrades(list.rawSpan)
        return .tradesRead(
            number, fills.sorted { $0.tradeID < $1.tradeID },
            isFull: fills.count >= SyncLimits.tradePage)
    }

    private func clientID(_ symbol: Symbol, _ orderID: Int64) async throws -> String? {
        do {
            let body = try await venue.ask(BinanceFutures.queryOrder(symbol, orderID: orderID))
            return try BinanceFutures.decodeOrder(body.rawSpan).clientOrderID
        } catch let failure as VenueQueryFailure where failure.isNotFound {
            return nil
        }
    }

    // MARK: writing

    private func apply(_ command: LedgerCommand, _ fence: Int64) {
        // The lease may have lapsed while this process was not running (P2).
        guard lease.fence == fence else {
            host.loop.soon { [weak self] in
                self?.deliver(.ledgerReplied(command.token, .refused))
            }
            return
        }
        let call = LedgerScript.call(
            command, keys: host.keys, fenceName: SyncService.fenceName, fence: fence,
            writer: host.writer, nowMilliseconds: host.loop.wallNow.milliseconds)
        host.redis.evaluate(
            SyncService.ledgerScript, keys: call.keys, arguments: call.arguments
        ) { [weak self] outcome in
            self?.deliver(.ledgerReplied(command.token, SyncService.reply(outcome)))
        }
    }

    private static func reply(_ outcome: RedisOutcome) -> LedgerReply {
        switch outcome {
        case .refused: return .refused
        case .unknown: return .unknown
        case .reply(let value):
            do throws(ScriptReplyError) {
                guard let texts = value.texts else { return .wrong(outcome.failure ?? "no list") }
                return try LedgerScript.reply(texts)
            } catch {
                return .wrong(error.description)
            }
        }
    }

    private func apply(_ command: SharedCommand, _ fence: Int64) {
        guard lease.fence == fence else {
            host.loop.soon { [weak self] in
                self?.deliver(.sharedReplied(command.token, .refused))
            }
            return
        }
        let call = SharedTradeScript.call(
            command, keys: host.keys, fenceName: SyncService.fenceName, fence: fence,
            writer: host.writer, nowMilliseconds: host.loop.wallNow.milliseconds)
        host.redis.evaluate(
            SyncService.sharedScript, keys: call.keys, arguments: call.arguments
        ) { [weak self] outcome in
            self?.deliver(.sharedReplied(command.token, SyncService.sharedReply(outcome)))
        }
    }

    private static func sharedReply(_ outcome: RedisOutcome) -> SharedReply {
        switch outcome {
        case .refused: return .refused
        case .unknown: return .unknown
        case .reply(let value):
            do throws(ScriptReplyError) {
                guard let texts = value.texts else { return .wrong(outcome.failure ?? "no list") }
                return try SharedTradeScript.reply(texts)
            } catch {
                return .wrong(error.description)
            }
        }
    }

    private func report(_ record: SyncRecord) {
        switch record.result {
        case .failed: failures.increment()
        case .equal, .different, .mismatch, .refused: comparisons.increment()
        }
        applied.set(Int(record.tradesApplied))
        setGauges(record)
        if record.result != .equal {
            Log.warn(
                "books compared",
                ["result": record.result.rawValue, "reason": record.reason, "busy": record.busy])
        }
        let fields = record.fields.flatMap { [$0.0, $0.1] }
        host.redis.send(["HSET", host.keys.sync] + fields) { outcome in
            if let failure = outcome.failure {
                Log.warn("status not written", ["reason": failure])
            }
        }
    }

    /// Shows what is confirmed and not explained; zero everywhere else.
    private func setGauges(_ record: SyncRecord) {
        var shown: Set<Symbol> = []
        if record.result == .mismatch {
            for (symbol, difference) in record.differences {
                gauge(symbol).set(Double(difference.units) / 1e12)
                shown.insert(symbol)
            }
        }
        if record.result == .failed || record.result == .refused { return }
        for symbol in gauged.subtracting(shown).sorted() { gauge(symbol).set(0) }
        gauged = shown
    }

    private func gauge(_ symbol: Symbol) -> Gauge {
        host.metrics.gauge(
            "pms_position_mismatch", "venue minus books that no trade explains",
            ["symbol": symbol.name])
    }

    private func tell(_ alert: Alert) {
        Log.warn("alert", ["code": alert.code, "text": alert.text])
        let message = String(decoding: FlatJSON.encode(alert.fields), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.alertChannel, message]) { _ in }
    }
}

extension SyncService: RedisMessageHandler {
    package func subscriptionEstablished(channel: String) {}

    package func messageReceived(channel: RawSpan, payload: RawSpan) {
        do throws(RecordError) {
            deliver(.command(try Command.decode(payload)))
        } catch {
            Log.warn("command unreadable", ["problem": error.description])
        }
    }
}

import BusProtocol
import Bytes
import Chronology
import Glibc
import Quotes
package import Reactor
import RedisLink
package import Runtime
import Trading
import VenueProtocol
import WebLink

/// Carries out what the feed's desk decides: sockets, REST, Redis and timers.
@LoopActor package final class FeedService: Service {
    let host: ServiceHost
    var desk: FeedDesk
    let metrics: FeedMetrics
    let web: WebClient
    private var sockets: [FeedSocketLink] = []
    private var actions: [FeedAction] = []
    private var outputTimer: LoopTimer?
    private var secondTimer: LoopTimer?
    private var instrumentSequence: Int64 = 0
    /// A write was refused: everything is to be written again.
    private var isRewriteDue = false
    private var isStopping = false
    private var output = FeedOutput()
    lazy var demand = DemandReader(host) { [weak self] symbols in self?.demandReceived(symbols) }
    private var dropLimit = LogLimit(every: .seconds(6))

    package init(host: ServiceHost) {
        self.host = host
        var configuration = FeedConfiguration()
        if host.environment.isVenuePaper { configuration.spareNoAttempts() }
        desk = FeedDesk(configuration, seed: host.seed, startedAt: host.loop.wallNow)
        metrics = FeedMetrics(host.metrics)
        web = WebClient(loop: host.loop)
        let base = host.environment.venueStreamURL
        for kind in QuoteKind.allCases {
            let link = FeedSocketLink(kind, service: self)
            link.client = WebSocketClient(
                loop: host.loop, url: base + BinanceFutures.streamPath(kind.root),
                seed: host.seed &+ UInt64(kind.position) &+ 2, handler: link)
            sockets.append(link)
        }
    }

    // MARK: life

    package func start() async throws {
        host.redis.onState = { [weak self] state in self?.redisChanged(state) }
        host.subscriber.subscribe(host.keys.demandChannel, demand)
        outputTimer = host.loop.timer { [weak self] in self?.outputDue() }
        secondTimer = host.loop.timer { [weak self] in self?.secondPassed() }
        secondTimer?.arm(after: .seconds(1))
        decide { desk, now, actions in desk.started(now: now, &actions) }
        if host.redis.isUp { redisChanged(.up) }
    }

    package func stop() async {
        isStopping = true
        outputTimer?.disarm()
        secondTimer?.disarm()
        for socket in sockets { socket.client?.close() }
        web.close()
    }

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
        case .connect(let kind): connect(kind)
        case .close(let kind): sockets[kind.position].client?.close()
        case .send(let kind, let message): send(kind, message)
        case .loadInstruments: loadInstruments()
        case .storeInstrument(let instrument): store(instrument)
        case .publish(let slot): publish(slot)
        case .store(let slot): store(slot, now: host.loop.now)
        case .note(let note): write(note)
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

    private func secondPassed() {
        secondTimer?.arm(after: .seconds(1))
        decide { desk, now, actions in desk.secondPassed(now: now, &actions) }
        if isRewriteDue, host.redis.isUp {
            isRewriteDue = false
            decide { desk, _, actions in desk.redisReturned(&actions) }
        }
        demand.read()
        metrics.update(desk, now: host.loop.now)
    }

    private func demandReceived(_ symbols: [Symbol]) {
        decide { desk, now, actions in desk.demandReceived(symbols, now: now, &actions) }
    }

    private func redisChanged(_ state: RedisLinkState) {
        guard state == .up else { return }
        isRewriteDue = false
        decide { desk, _, actions in desk.redisReturned(&actions) }
        demand.read()
    }

    // MARK: sockets

    private func connect(_ kind: QuoteKind) {
        guard !isStopping, let client = sockets[kind.position].client else { return }
        if client.isConnected { client.close() } else { client.connect() }
    }

    private func send(_ kind: QuoteKind, _ message: [UInt8]) {
        guard let client = sockets[kind.position].client else { return }
        // A socket that takes no control message is of no use.
        if !client.send(text: message.rawSpan) { client.close() }
    }

    func frameReceived(_ kind: QuoteKind, _ bytes: RawSpan, isText: Bool) {
        let now = host.loop.now
        switch isText ? desk.frameReceived(kind, bytes, now: now) : desk.unusableReceived() {
        case .changed(let slot, let isPublished, let isStored):
            if isPublished { publish(slot) }
            if isStored { store(slot, now: now) }
            if outputTimer?.isArmed == false { armOutput() }
        case .other: controlReceived(kind, bytes)
        case .refused(let refusal): dropped(kind, refusal, bytes, now)
        }
    }

    private func controlReceived(_ kind: QuoteKind, _ bytes: RawSpan) {
        guard let reply = try? ControlReply.decode(bytes) else { return }
        decide { desk, _, actions in desk.controlReceived(kind, reply, &actions) }
    }

    /// At most ten lines a minute, whatever the venue sends.
    private func dropped(
        _ kind: QuoteKind, _ refusal: FeedRefusal, _ bytes: RawSpan, _ now: Instant
    ) {
        guard let held = dropLimit.admit(now: now) else { return }
        let start = String(bytes.extracting(first: min(bytes.byteCount, 160)))
        Log.warn(
            "frame dropped",
            ["stream": kind.label, "reason": refusal.label, "more": held, "frame": start])
    }

    // MARK: ticks and records

    private func armOutput() {
        guard let deadline = desk.nextDeadline else { return }
        outputTimer?.arm(at: deadline)
    }

    private func outputDue() {
        let now = host.loop.now
        while let slot = desk.popPublish(now: now) { publish(slot) }
        while let slot = desk.popStore(now: now) { store(slot, now: now) }
        armOutput()
    }

    private func publish(_ slot: Int) {
        let tick = desk.makeTick(slot, wall: host.loop.wallNow)
        let isSent = output.publish(
            tick, slot: slot, symbol: desk.symbol(at: slot), host.keys, host.redis)
        metrics.published(isSent)
    }

    private func store(_ slot: Int, now: Instant) {
        let record = desk.makeRecord(
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

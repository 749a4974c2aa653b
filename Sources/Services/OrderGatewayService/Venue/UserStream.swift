import Bounded
import Bytes
import Chronology
import Reactor
import Runtime
import Throttles
import VenueBudget
import VenueProtocol
import WebLink
import WebProtocol

/// The venue's user stream: its key or subscription, its socket, and a new one when either is gone.
///
/// Futures name the stream by a listen key. MEXC does, too, and wants its channels subscribed to and a
/// ping of its own. Binance spot is subscribed to by a signed message on its WebSocket API.
@LoopActor final class UserStream {
    /// One socket's life; what comes from an earlier one is not passed on.
    private final class Session: WebSocketHandler {
        weak var stream: UserStream?
        let number: Int
        init(_ stream: UserStream, _ number: Int) {
            self.stream = stream
            self.number = number
        }
        func opened() { stream?.opened(number) }
        func messageReceived(_ bytes: RawSpan, isText: Bool) {
            stream?.received(bytes, isText: isText, number)
        }
        func closed(reason: WebSocketCloseReason) { stream?.closed(number, reason) }
    }

    var onOpened: (@LoopActor () -> Void)?
    var onClosed: (@LoopActor () -> Void)?
    var onEvent: (@LoopActor (VenueEvent) -> Void)?

    private let host: ServiceHost
    private let venue: VenueLink
    private var socket: WebSocketClient?
    private var session = 0
    private var isOpen = false
    private var isStopped = false
    private var attempt: Int64 = 0
    private var random: SplitMix64
    private var retry: LoopTimer?
    private var keepAlive: LoopTimer?
    private var renewals = 0
    /// The listen key, where the venue wants it to be named when it is extended.
    private var key = ""
    private let unreadable: Counter
    private let events: Counter

    /// The venue forgets a key after 60 minutes.
    private static let keepAlivePeriod = Interval.seconds(20 * 60)
    /// The venue cuts a socket after 24 hours: it is renewed after 20.
    private static let renewalsPerSocket = 60

    init(host: ServiceHost, venue: VenueLink) {
        self.host = host
        self.venue = venue
        random = SplitMix64(seed: host.seed &+ 77)
        unreadable = host.metrics.counter(
            "pms_gateway_stream_unreadable_total", "messages of the user stream not understood")
        events = host.metrics.counter(
            "pms_gateway_stream_events_total", "messages of the user stream")
        retry = host.loop.timer { [weak self] in self?.open() }
        keepAlive = host.loop.timer { [weak self] in self?.extend() }
    }

    /// Opens the stream, in place of one that is open.
    func open() {
        if isStopped { return }
        session += 1
        let number = session
        socket?.close()
        socket = nil
        if isOpen {
            isOpen = false
            onClosed?()
        }
        retry?.arm(after: .seconds(15))
        switch venue.kind {
        case .binanceFutures: askKey(BinanceFutures.openListenKey, number)
        case .mexcSpot: askKey(MEXCSpotDialect.listenKey(.post, key: nil), number)
        case .binanceSpot: connect(host.environment.venueAPIStreamURL + "/ws-api/v3", number)
        }
    }

    private func askKey(_ request: VenueRequest, _ number: Int) {
        venue.call(request, .protective) { [weak self] answer in self?.keyReceived(answer, number) }
    }

    func stop() {
        isStopped = true
        retry?.disarm()
        keepAlive?.disarm()
        socket?.close()
    }

    private func keyReceived(_ answer: VenueAnswer, _ number: Int) {
        guard number == session, !isStopped else { return }
        guard case .success(let body) = answer,
            let key = try? BinanceFutures.decodeListenKey(body.rawSpan)
        else {
            Log.warn("no listen key", ["answer": answer.text])
            return later()
        }
        self.key = key
        let path =
            venue.kind == .mexcSpot
            ? MEXCSpotDialect.userStreamPath(listenKey: key)
            : BinanceFutures.userStreamPath(listenKey: key)
        connect(host.environment.venueStreamURL + path, number)
    }

    private func connect(_ url: String, _ number: Int) {
        venue.gate.attempt(isFirst: number == 1) { [weak self] pause in
            guard let self, number == session, !isStopped else { return }
            // Asked again after that: the key may have changed by then.
            if let pause { retry?.arm(after: pause) } else { attach(url, number) }
        }
    }

    private func attach(_ url: String, _ number: Int) {
        var limits = WebSocketClientLimits.standard
        limits.pingInterval = .seconds(5)
        let socket = WebSocketClient(
            loop: host.loop, url: url, limits: limits, seed: random.next(),
            handler: Session(self, number))
        self.socket = socket
        socket.connect()
    }

    private func opened(_ number: Int) {
        guard number == session else { return }
        switch venue.kind {
        case .binanceFutures: streaming()
        // Open when the venue has answered the subscription.
        case .mexcSpot: say(MEXCSpot.subscribe(MEXCSpot.privateStreams, id: 1))
        case .binanceSpot:
            say(venue.signer.userStreamSubscription(id: 1, timestamp: venue.timestamp))
        }
    }

    private func say(_ bytes: [UInt8]) { _ = socket?.send(text: bytes.rawSpan) }

    /// News come from here on.
    private func streaming() {
        isOpen = true
        attempt = 0
        renewals = 0
        retry?.disarm()
        keepAlive?.arm(after: period)
        Log.info("user stream open")
        onOpened?()
    }

    /// Until the key is extended, or the venue's own ping is due.
    private var period: Interval {
        venue.kind == .mexcSpot ? .seconds(20) : UserStream.keepAlivePeriod
    }

    private func answered(_ reply: ControlReply, _ number: Int) {
        guard !isOpen, venue.kind != .binanceFutures else { return }
        guard let error = reply.error else { return streaming() }
        Log.warn("user stream refused", ["error": error.description])
        socket?.close()
        closed(number, .lost("subscription refused"))
    }

    private func closed(_ number: Int, _ reason: WebSocketCloseReason) {
        guard number == session, !isStopped else { return }
        Log.warn("user stream closed", ["reason": reason.description])
        venue.gate.failed()
        socket = nil
        if isOpen {
            isOpen = false
            onClosed?()
        }
        later()
    }

    /// Tries again after 0.1 to 5 s, a random part of it so that processes do not come in step (T5).
    private func later() {
        attempt += 1
        let most = min(Int64(100) << min(attempt, 6), 5_000)
        retry?.arm(after: .milliseconds(Int64.random(in: most / 2...most, using: &random)))
    }

    private func extend() {
        keepAlive?.arm(after: period)
        renewals += 1
        switch venue.kind {
        case .binanceFutures:
            if renewals >= UserStream.renewalsPerSocket { return open() }
            extendKey(BinanceFutures.extendListenKey)
        case .mexcSpot:
            say(MEXCSpot.ping)
            if renewals >= UserStream.renewalsPerSocket * 60 { return open() }
            if renewals % 60 == 0 { extendKey(MEXCSpotDialect.listenKey(.put, key: key)) }
        case .binanceSpot: if renewals >= UserStream.renewalsPerSocket { open() }
        }
    }

    private func extendKey(_ request: VenueRequest) {
        venue.call(request, .protective) { [weak self] answer in
            guard let self, case .failure(.listenKeyGone) = answer else { return }
            // T1: orders would work on, and no event would come.
            open()
        }
    }

    private func received(_ bytes: RawSpan, isText: Bool, _ number: Int) {
        guard number == session else { return }
        events.increment()
        guard let event = try? venue.dialect.decodeUserMessage(bytes, isText: isText) else {
            unreadable.increment()
            Log.error("user stream message unreadable", ["bytes": bytes.byteCount])
            return
        }
        if case .control(let reply) = event { return answered(reply, number) }
        onEvent?(event)
    }
}

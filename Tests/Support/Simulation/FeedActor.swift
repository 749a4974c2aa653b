package import BusProtocol
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import PriceFeedService
package import Quotes
package import Trading
import VenueProtocol

/// price-feed's desk with its actions carried out on the simulated Redis and the exchange's streams.
package final class FeedActor {
    private var desk: FeedDesk
    private let time: SimulatedTime
    private let venue: SimulatedVenue
    private let server: SimulatedServer
    private let keys: BusKeys
    private let connection: SimulatedConnection
    private var isAlive = true
    /// The hub's number of each open socket, by the desk's; a new number for each connection.
    private var sockets: [Int: Int] = [:]

    /// The number of the connection attempt under way or successful, by the desk's socket.
    private var attempts: [Int: Int] = [:]
    private var attempt = 0

    package init(
        time: SimulatedTime, server: SimulatedServer, venue: SimulatedVenue, keys: BusKeys
    ) {
        self.time = time
        self.server = server
        self.venue = venue
        self.keys = keys
        var configuration = FeedConfiguration()
        configuration.attemptsPerMinute = 60
        desk = FeedDesk(configuration, seed: time.random.next(), startedAt: time.wallNow)
        connection = server.connect()
        connection.subscriptions = [keys.demandChannel]
        connection.onUp = { [weak self] in
            self?.act { desk, now, out in desk.redisReturned(&out) }
            self?.readDemand()
        }
        connection.onMessage = { [weak self] _, _ in self?.readDemand() }
        time.after(.milliseconds(1)) { [self] in
            act { desk, now, out in desk.started(now: now, &out) }
            second()
        }
    }

    /// The book by levels of a symbol, where it is asked for.
    package func book(_ symbol: Symbol) -> LocalBook? {
        desk.slot(of: symbol).flatMap { desk.book(at: $0) }
    }

    package func kill() {
        isAlive = false
        server.disconnect(connection)
        for (_, number) in sockets.sorted(by: { $0.value < $1.value }) { venue.closeSocket(number) }
    }

    private func second() {
        guard isAlive else { return }
        readDemand()
        act { desk, now, out in desk.secondPassed(now: now, &out) }
        time.after(.seconds(1)) { [weak self] in self?.second() }
    }

    private func readDemand() {
        let keys = keys
        let now = time.wallNow.milliseconds
        connection.request({ data -> [[Symbol]] in
            let watched = (data.scores[keys.demand] ?? [:]).filter { $0.value > now }.keys
            let held = (data.sets[keys.books] ?? []).compactMap {
                BusKeys.book(of: $0)?.symbol.name
            }
            let deep = (data.scores[keys.depthDemand] ?? [:]).filter { $0.value > now }.keys
            return [
                Set(watched).union(held).sorted().compactMap(Symbol.init),
                deep.sorted().compactMap(Symbol.init),
            ]
        }) { [self] outcome in
            if case .answer(let lists) = outcome {
                act { desk, now, out in
                    desk.demandReceived(lists[0], deep: lists[1], now: now, &out)
                }
            }
        }
    }

    private func act(_ body: (inout FeedDesk, Instant, inout [FeedAction]) -> Void) {
        guard isAlive else { return }
        var actions: [FeedAction] = []
        body(&desk, time.now, &actions)
        for action in actions { perform(action) }
    }

    private func perform(_ action: FeedAction) {
        switch action {
        case .connect(let socket, let kind): connect(socket, kind)
        case .close(let socket):
            if let number = sockets[socket] { venue.closeSocket(number) }
            closed(socket, "closed by us")
        case .send(let socket, let bytes):
            guard let number = sockets[socket] else { return }
            time.after(.milliseconds(2)) { [venue] in venue.send(number, bytes) }
        case .ask(let kind, let symbols): ask(kind, symbols)
        case .loadInstruments: loadInstruments()
        case .storeInstrument(let instrument):
            let key = keys.instrument(instrument.symbol)
            let stamp = RecordStamp(
                sequence: 1, writer: "price-feed:simulated",
                atMilliseconds: time.wallNow.milliseconds)
            let fields = Dictionary(
                InstrumentRecord.fields(instrument, stamp: stamp), uniquingKeysWith: { a, _ in a })
            connection.request({ $0.hashes[key] = fields }) { _ in }
        case .publish(let slot): publish(slot)
        case .store(let slot): store(slot)
        case .publishDepth(let slot): publishDepth(slot)
        case .storeDepth, .note, .alert, .attemptFailed: return
        }
    }

    private func loadInstruments() {
        let request = ExchangeRequest(
            method: "GET", path: "/fapi/v1/exchangeInfo", wall: time.wallNow)
        venue.call({ [venue] () throws(ExchangeError) in venue.desk.respond(request).body }) {
            [self] result in
            if let body = try? result.get(),
                let info = try? BinanceFutures.decodeExchangeInfo(body.rawSpan)
            {
                act { desk, now, out in desk.instrumentsLoaded(info, now: now, &out) }
            } else {
                act { desk, now, out in
                    desk.instrumentsFailed(reason: "no answer", pause: nil, now: now, &out)
                }
            }
        }
    }

    // MARK: sockets

    private func connect(_ socket: Int, _ kind: FeedKind) {
        attempt += 1
        let mine = attempt
        attempts[socket] = mine
        time.after(time.between(.milliseconds(5), .milliseconds(60))) { [self] in
            guard isAlive, attempts[socket] == mine else { return }
            let number = venue.openSocket(
                path: FeedVenue.binanceFutures.path(kind),
                onFrame: { [weak self] bytes in self?.received(socket, bytes) },
                onClose: { [weak self] in self?.closed(socket, "closed by the venue") })
            sockets[socket] = number
            act { desk, now, out in desk.socketOpened(socket, now: now, &out) }
        }
    }

    private func closed(_ socket: Int, _ reason: String) {
        sockets[socket] = nil
        attempts[socket] = nil
        act { desk, now, out in desk.socketClosed(socket, reason: reason, now: now, &out) }
    }

    private func received(_ socket: Int, _ bytes: [UInt8]) {
        guard isAlive, sockets[socket] != nil else { return }
        switch desk.frameReceived(socket: socket, bytes.rawSpan, now: time.now) {
        case .changed(let slot, let publishNow, let storeNow):
            if publishNow { publish(slot) }
            if storeNow { store(slot) }
            flushLater()
        case .other:
            if let reply = try? ControlReply.decode(bytes.rawSpan) {
                act { desk, _, out in desk.controlReceived(socket, reply, &out) }
            }
        case .levels(let slot, let publishNow, _):
            if publishNow { publishDepth(slot) }
            flushLater()
        case .waiting(_, let isNews):
            if isNews { act { desk, now, out in desk.booksDue(now: now, &out) } }
        case .duplicate, .refused: return
        }
    }

    // MARK: prices by REST

    private func ask(_ kind: FeedKind, _ symbols: [Symbol]) {
        if kind == .depth { return askDepth(symbols) }
        for symbol in symbols {
            let path = kind == .mark ? "/fapi/v1/premiumIndex" : "/fapi/v1/ticker/bookTicker"
            let request = ExchangeRequest(
                method: "GET", path: path, query: Array("symbol=\(symbol)".utf8),
                wall: time.wallNow)
            venue.call({ [venue] () throws(ExchangeError) in venue.desk.respond(request).body }) {
                [self] result in
                if let body = try? result.get() { answered(kind, body.rawSpan) }
            }
        }
    }

    private func askDepth(_ symbols: [Symbol]) {
        for symbol in symbols {
            let request = ExchangeRequest(
                method: "GET", path: "/fapi/v1/depth",
                query: Array("symbol=\(symbol)&limit=1000".utf8), wall: time.wallNow)
            venue.call({ [venue] () throws(ExchangeError) in venue.desk.respond(request).body }) {
                [self] result in
                var frame = DepthFrame()
                if let body = try? result.get(), (try? frame.readSnapshot(body.rawSpan)) != nil {
                    let change = frame.change
                    act { desk, now, out in
                        desk.depthAnswered(symbol, change, now: now, &out)
                    }
                } else {
                    act { desk, now, out in
                        desk.depthFailed(symbol, reason: "no answer", now: now, &out)
                    }
                }
            }
        }
    }

    private func publishDepth(_ slot: Int) {
        let symbol = desk.symbol(at: slot)
        var out = ByteWriter()
        let name = Array(symbol.name.utf8)
        let isWritten = desk.writeDepth(
            slot, symbol: name.rawSpan, now: time.now, wall: time.wallNow, isStored: false,
            into: &out)
        guard isWritten else { return }
        let text = String(out.rawSpan)
        let channel = keys.depthChannel(symbol)
        connection.request({ [server] _ in server.publish(channel, text) }) { _ in }
    }

    private func answered(_ kind: FeedKind, _ body: RawSpan) {
        if kind == .mark {
            guard let index = try? BinanceFutures.decodePremiumIndex(body) else { return }
            act { desk, now, out in
                desk.markAnswered(
                    index.symbol, mark: index.mark, index: index.index,
                    timeMilliseconds: index.timeMilliseconds, now: now, &out)
            }
        } else {
            guard let top = try? BinanceFutures.decodeBookTop(body) else { return }
            let answer = FeedBookTop(
                symbol: top.symbol, bid: top.bid, bidQuantity: top.bidQuantity, ask: top.ask,
                askQuantity: top.askQuantity, timeMilliseconds: top.timeMilliseconds)
            act { desk, now, out in desk.bookAnswered(answer, now: now, &out) }
        }
    }

    private func flushLater() {
        guard let deadline = desk.nextDeadline else { return }
        time.after(max(.zero, deadline - time.now)) { [self] in
            guard isAlive else { return }
            while let slot = desk.popPublish(now: time.now) { publish(slot) }
            while let slot = desk.popStore(now: time.now) { store(slot) }
            while let slot = desk.popDepthPublish(now: time.now) { publishDepth(slot) }
            while let slot = desk.popDepthStore(now: time.now) { _ = slot }
        }
    }

    private func publish(_ slot: Int) {
        let symbol = desk.symbol(at: slot)
        let tick = desk.makeTick(slot, wall: time.wallNow)
        var out = ByteWriter()
        symbol.name.withRawSpan { tick.write(symbol: $0, into: &out) }
        let text = String(out.rawSpan)
        let channel = keys.tickChannel(symbol)
        connection.request({ [server] _ in server.publish(channel, text) }) { _ in }
    }

    private func store(_ slot: Int) {
        let key = keys.price(desk.symbol(at: slot))
        let record = desk.takeRecord(
            slot, writer: "price-feed:simulated", now: time.now, wall: time.wallNow)
        let fields = Dictionary(record.fields, uniquingKeysWith: { first, _ in first })
        connection.request({ $0.hashes[key] = fields }) { _ in }
    }
}

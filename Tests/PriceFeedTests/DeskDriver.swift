import Bounded
import BusProtocol
import Bytes
import Chronology
import Quotes
import Trading
import VenueProtocol

@testable import PriceFeedService

/// Drives a desk by hand: a clock that is stepped, actions that are kept.
struct DeskDriver {
    var desk: FeedDesk
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    var actions: [FeedAction] = []

    init(
        _ configuration: FeedConfiguration = FeedConfiguration(), seed: UInt64 = 1,
        shard: String? = nil
    ) {
        desk = FeedDesk(
            configuration, seed: seed, startedAt: wall,
            shards: shard.map { FeedShards(name: $0, timeToLive: .milliseconds(1_500)) },
            shardName: shard ?? "")
    }

    /// The feed's lease is renewed, and these are alive.
    mutating func join(_ members: [String]) {
        desk.membersReceived(members, asked: now, now: now, wall: wall, &actions)
    }

    /// Steps the clock second by second.
    mutating func pass(seconds: Int) {
        for _ in 0..<seconds {
            now = now + .seconds(1)
            wall = wall + .seconds(1)
            desk.secondPassed(now: now, &actions)
        }
    }

    mutating func take() -> [FeedAction] {
        defer { actions = [] }
        return actions
    }

    mutating func start() { desk.started(now: now, &actions) }

    /// The numbers of the sockets of a kind that are being connected.
    func connecting(_ kind: FeedKind) -> [Int] {
        desk.sockets.indices.filter {
            guard desk.sockets[$0].kind == kind, case .connecting = desk.sockets[$0].state else {
                return false
            }
            return true
        }
    }

    /// The numbers of the open sockets of a kind.
    func opened(_ kind: FeedKind) -> [Int] {
        desk.sockets.indices.filter { desk.sockets[$0].kind == kind && desk.sockets[$0].isOpen }
    }

    /// Opens every socket of the kind that is being connected.
    mutating func open(_ kind: FeedKind) {
        for number in connecting(kind) { desk.socketOpened(number, now: now, &actions) }
    }

    /// Closes every socket of the kind that is open or being connected.
    mutating func close(_ kind: FeedKind) {
        for number in opened(kind) + connecting(kind) { close(number) }
    }

    mutating func close(_ number: Int) {
        desk.socketClosed(number, reason: "test", now: now, &actions)
    }

    mutating func want(_ names: String...) { want(names) }

    mutating func want(_ names: [String]) {
        desk.demandReceived(names.compactMap { Symbol($0) }, now: now, &actions)
    }

    /// A desk that streams the given symbols on both sockets.
    static func streaming(
        _ names: String..., configuration: FeedConfiguration = FeedConfiguration()
    ) -> DeskDriver {
        var driver = DeskDriver(configuration)
        driver.start()
        driver.open(.book)
        driver.open(.mark)
        driver.desk.instrumentsLoaded(
            ExchangeInfo.listing(names), now: driver.now, &driver.actions)
        driver.want(names)
        _ = driver.take()
        return driver
    }

    static func bookText(_ name: String, _ bid: String, _ ask: String, _ update: Int64) -> String {
        "{\"e\":\"bookTicker\",\"u\":\(update),\"s\":\"\(name)\",\"b\":\"\(bid)\","
            + "\"B\":\"2.507\",\"a\":\"\(ask)\",\"A\":\"2.510\",\"T\":1723161256313,"
            + "\"E\":1723161256314}"
    }

    mutating func book(
        _ name: String = "BTCUSDT", _ bid: String = "100.0", _ ask: String = "100.1",
        update: Int64 = 1
    ) -> FrameEffect {
        frame(.book, DeskDriver.bookText(name, bid, ask, update))
    }

    /// The same on one socket.
    mutating func book(on number: Int, _ name: String, update: Int64) -> FrameEffect {
        let bytes = Array(DeskDriver.bookText(name, "100.0", "100.1", update).utf8)
        return desk.frameReceived(socket: number, bytes.rawSpan, now: now)
    }

    /// - Parameter time: the event's time; each new one is news.
    mutating func mark(
        _ name: String = "BTCUSDT", _ price: String = "100.05", time: Int64 = 1_723_161_256_000
    ) -> FrameEffect {
        let text =
            "{\"e\":\"markPriceUpdate\",\"E\":\(time),\"s\":\"\(name)\",\"p\":\"\(price)\","
            + "\"i\":\"\(price)\",\"P\":\"\(price)\",\"r\":\"0.0001\",\"T\":1723161300000}"
        return frame(.mark, text)
    }

    /// A frame of each symbol and kind.
    mutating func speak(_ names: [String], update: Int64) {
        for name in names {
            _ = book(name, update: update)
            _ = mark(name, time: 1_723_161_256_000 + update)
        }
    }

    /// Something was heard on the open sockets of a kind.
    mutating func spoke(_ kind: FeedKind) {
        for number in opened(kind) { desk.heard[number] = now }
    }

    /// REST answers with a book.
    mutating func answer(_ bid: String, _ ask: String, _ name: String = "BTCUSDT") {
        guard let symbol = Symbol(name), let bid = Price(text: bid), let ask = Price(text: ask),
            let size = Quantity(text: "2.507"), let askSize = Quantity(text: "2.510")
        else { return }
        let top = FeedBookTop(
            symbol: symbol, bid: bid, bidQuantity: size, ask: ask, askQuantity: askSize,
            timeMilliseconds: 0)
        desk.bookAnswered(top, now: now, &actions)
    }

    func record(_ slot: Int = 0) -> PriceRecord {
        desk.makeRecord(slot, writer: "w", now: now, wall: wall)
    }

    /// Carries out the writes of a slot's record, as the service does; whether the last said fresh, or
    /// nil where none was written.
    mutating func writeRecords(_ actions: [FeedAction], _ slot: Int = 0) -> Bool? {
        var isFresh: Bool?
        for case .store(slot) in actions {
            isFresh = desk.takeRecord(slot, writer: "w", now: now, wall: wall).isFresh
        }
        return isFresh
    }

    mutating func frame(_ kind: FeedKind, _ text: String) -> FrameEffect {
        let bytes = Array(text.utf8)
        return desk.frameReceived(kind, bytes.rawSpan, now: now)
    }
}

extension ExchangeInfo {
    static func listing(_ names: [String]) -> ExchangeInfo {
        var info = ExchangeInfo()
        info.instruments = names.compactMap { name in
            Symbol(name).flatMap {
                Instrument(
                    symbol: $0, status: .trading, base: "X", quote: "USDT",
                    tick: Price(units: 1_000_000), step: Quantity(units: 1_000_000))
            }
        }
        return info
    }
}

extension [FeedAction] {
    /// All control messages sent.
    var sent: [String] {
        compactMap {
            if case .send(_, let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
    }

    /// The control messages that name streams of a kind.
    func sent(_ kind: FeedKind) -> [String] {
        let mark = kind == .book ? "@bookTicker" : kind == .mark ? "@markPrice" : "@depth"
        return sent.filter { $0.contains(mark) }
    }

    /// The control messages sent on a socket.
    func sent(on number: Int) -> [String] {
        compactMap {
            if case .send(number, let bytes) = $0 {
                String(decoding: bytes, as: UTF8.self)
            } else {
                nil
            }
        }
    }

    var connected: [Int] {
        compactMap { if case .connect(let number, _) = $0 { number } else { nil } }
    }

    var closed: [Int] {
        compactMap { if case .close(let number) = $0 { number } else { nil } }
    }

    var asked: [Symbol] {
        flatMap { (action) -> [Symbol] in
            if case .ask(_, let symbols) = action { symbols } else { [] }
        }
    }

    var alerts: [String] {
        compactMap { if case .alert(let alert) = $0 { alert.subject } else { nil } }
    }

    var events: [FeedNote.Event] {
        compactMap { if case .note(let note) = $0 { note.event } else { nil } }
    }
}

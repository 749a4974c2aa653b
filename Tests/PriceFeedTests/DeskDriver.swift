import Bounded
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

    init(_ configuration: FeedConfiguration = FeedConfiguration(), seed: UInt64 = 1) {
        desk = FeedDesk(configuration, seed: seed, startedAt: wall)
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

    mutating func open(_ kind: QuoteKind) { desk.socketOpened(kind, now: now, &actions) }

    mutating func close(_ kind: QuoteKind) {
        desk.socketClosed(kind, reason: "test", now: now, &actions)
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

    mutating func book(
        _ name: String = "BTCUSDT", _ bid: String = "100.0", _ ask: String = "100.1",
        update: Int64 = 1
    ) -> FrameEffect {
        let text =
            "{\"e\":\"bookTicker\",\"u\":\(update),\"s\":\"\(name)\",\"b\":\"\(bid)\","
            + "\"B\":\"2.507\",\"a\":\"\(ask)\",\"A\":\"2.510\",\"T\":1723161256313,"
            + "\"E\":1723161256314}"
        return frame(.book, text)
    }

    mutating func mark(_ name: String = "BTCUSDT", _ price: String = "100.05") -> FrameEffect {
        let text =
            "{\"e\":\"markPriceUpdate\",\"E\":1723161256000,\"s\":\"\(name)\",\"p\":\"\(price)\","
            + "\"i\":\"\(price)\",\"P\":\"\(price)\",\"r\":\"0.0001\",\"T\":1723161300000}"
        return frame(.mark, text)
    }

    mutating func frame(_ kind: QuoteKind, _ text: String) -> FrameEffect {
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
    /// The control messages sent on a socket.
    func sent(_ kind: QuoteKind) -> [String] {
        compactMap {
            if case .send(kind, let bytes) = $0 {
                String(decoding: bytes, as: UTF8.self)
            } else {
                nil
            }
        }
    }

    var events: [FeedNote.Event] {
        compactMap { if case .note(let note) = $0 { note.event } else { nil } }
    }
}

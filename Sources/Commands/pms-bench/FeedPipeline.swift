import BusProtocol
import Bytes
import Chronology
import PriceFeedService
import Quotes
import RedisLink
import Trading
import VenueProtocol
import WebProtocol

/// The desk, the message and the command, as the service strings them together, up to the bytes that
/// a socket would take.
struct FeedPipeline: ~Copyable {
    /// A symbol's name and channels as bytes.
    private struct Route {
        let name: [UInt8]
        let tick: [UInt8]
        let trade: [UInt8]
        let depth: [UInt8]

        init(_ symbol: Symbol) {
            name = Array(symbol.name.utf8)
            tick = Array("pms:{usdm}:tick:\(symbol)".utf8)
            trade = Array("pms:{usdm}:trade:\(symbol)".utf8)
            depth = Array("pms:{usdm}:depth:\(symbol)".utf8)
        }
    }

    private var desk: FeedDesk
    private var slots = SymbolSlots()
    private var routes: [Route] = []
    private var books: ContiguousArray<LocalBook> = []
    private var depth = DepthFrame()
    private let wall = WallTime(milliseconds: 1_723_161_256_400)
    private var payload = ByteWriter(capacity: 4_096)
    private(set) var output = ByteWriter(capacity: 128 << 10)
    private(set) var published = 0
    private var effects: ContiguousArray<BatchEffect> = []

    init(publishing window: Interval, symbols names: [String] = ["BTCUSDT"], now: Instant) {
        var configuration = FeedConfiguration()
        configuration.publishWindow = window
        configuration.storeWindow = .seconds(3_600)
        desk = FeedDesk(configuration, seed: 1, startedAt: wall)
        var actions: [FeedAction] = []
        desk.demandReceived(names.compactMap { Symbol($0) }, now: now, &actions)
        for slot in 0..<desk.slotCount {
            let symbol = desk.symbol(at: slot)
            precondition(slots.insert(symbol) == slot, "both hand out slots in order")
            routes.append(Route(symbol))
        }
    }

    /// Ids and times of the next frames may fall, and the books are empty.
    mutating func startOver(_ kind: FeedFrameKind, lastID: Int64) {
        desk.sequenceRestarted(.book)
        desk.sequenceRestarted(.mark)
        guard kind == .depth else { return }
        while books.count < routes.count { books.append(LocalBook(rule: .previousID)) }
        var snapshot = DepthChange()
        snapshot.lastID = lastID
        for slot in books.indices {
            books[slot].connectionChanged()
            _ = books[slot].snapshotReceived(snapshot)
        }
    }

    /// Lends the commands held, if there are any, and forgets them.
    mutating func handOver(_ taker: (RawSpan) -> Void) {
        if output.isEmpty { return }
        taker(output.rawSpan)
        output.removeAll()
    }

    /// Takes one frame; false where it was not taken.
    @inline(__always)
    mutating func take(_ kind: FeedFrameKind, _ frame: RawSpan, now: Instant) -> Bool {
        switch kind {
        case .bookTicker: quoteReceived(.book, frame, now)
        case .markPrice: quoteReceived(.mark, frame, now)
        case .aggTrade: tradeReceived(frame)
        case .depth: depthReceived(frame)
        }
    }

    @inline(__always)
    private mutating func quoteReceived(_ kind: FeedKind, _ frame: RawSpan, _ now: Instant) -> Bool
    {
        guard case .changed(let slot, let publish, _) = desk.frameReceived(kind, frame, now: now)
        else { return false }
        if publish { send(slot) }
        return true
    }

    /// Takes bookTickers that came together; false where one was not taken.
    mutating func take(_ messages: WebSocketMessages, now: Instant) -> Bool {
        guard desk.supersedes(socket: 0) else {
            for frame in 0..<messages.count {
                guard take(.bookTicker, messages[frame], now: now) else { return false }
            }
            return true
        }
        desk.framesReceived(socket: 0, messages, now: now, &effects)
        defer { effects.removeAll(keepingCapacity: true) }
        for index in effects.indices {
            guard case .changed(let slot, let publish, _) = effects[index].effect else {
                return false
            }
            if publish { send(slot) }
        }
        return true
    }

    /// When `sendDue` may send something; nil where nothing is held back.
    var nextDeadline: Instant? { desk.nextDeadline }

    /// What the throttle held back and is due.
    @inline(__always)
    mutating func sendDue(now: Instant) {
        guard let due = desk.nextDeadline, due <= now else { return }
        while let slot = desk.popPublish(now: now) { send(slot) }
    }

    @inline(__always)
    private mutating func send(_ slot: Int) {
        let tick = desk.makeTick(slot, wall: wall)
        payload.removeAll()
        let name = routes[slot].name
        tick.write(symbol: name.rawSpan, into: &payload)
        let channel = routes[slot].tick
        FeedPipeline.encode(channel.rawSpan, payload, &output)
        published += 1
    }

    private mutating func tradeReceived(_ frame: RawSpan) -> Bool {
        guard let trade = try? TradeFrame(frame), trade.price.isPositive,
            trade.quantity.isPositive, let slot = slots.slot(of: frame.extracting(trade.symbol))
        else { return false }
        let tick = TradeTick(
            tradeID: trade.tradeID, price: trade.price, quantity: trade.quantity,
            side: trade.isBuyerMaker ? .sell : .buy, tradeTime: trade.tradeMilliseconds,
            publishTime: wall.milliseconds)
        let route = routes[slot]
        payload.removeAll()
        tick.write(symbol: route.name.rawSpan, into: &payload)
        command(route.trade)
        return true
    }

    private mutating func depthReceived(_ frame: RawSpan) -> Bool {
        guard (try? depth.read(frame)) != nil,
            let slot = slots.slot(of: frame.extracting(depth.symbol)),
            books[slot].changeReceived(depth.change) == .applied
        else { return false }
        let route = routes[slot]
        payload.removeAll()
        DepthMessage.write(
            books[slot], symbol: route.name.rawSpan, sequence: Int64(published),
            publishTime: wall.milliseconds, into: &payload)
        command(route.depth)
        return true
    }

    /// The command as `RedisClient.publish` writes it.
    @inline(__always)
    private mutating func command(_ channel: [UInt8]) {
        FeedPipeline.encode(channel.rawSpan, payload, &output)
        published += 1
    }

    @inline(__always)
    private static func encode(
        _ channel: RawSpan, _ payload: borrowing ByteWriter, _ output: inout ByteWriter
    ) {
        RESPWriter.publish(channel, payload.rawSpan, into: &output)
    }

    /// Takes all frames, 5,000 a second of simulated time; what a socket would take is dropped.
    @inline(never)
    mutating func run(_ frames: FeedFrames, _ now: inout Instant) -> UInt64 {
        startOver(frames.kind, lastID: 5_123_107_839_020)
        let span = frames.bytes.rawSpan
        var start = 0
        for end in frames.ends {
            now = now + .microseconds(200)
            guard take(frames.kind, span.extracting(start..<Int(end)), now: now) else { return 0 }
            start = Int(end)
            sendDue(now: now)
            if output.count > 100 << 10 { output.removeAll() }
        }
        return UInt64(published)
    }
}

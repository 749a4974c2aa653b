import Bytes
import CFloor
import Chronology
import ExchangeDoor
import Glibc

/// An exchange that tells best prices at a steady rate, and nothing else.
final class FanOutExchange: Exchange {
    /// The payload of one event, without its wrapping, at least.
    static let frameBytes = 150

    private var board: StreamBoard<Int>
    private let symbols: Int
    private let eventsPerSecond: Int
    private var actions: [SocketAction] = []
    private var startedAt: Instant?
    private var now = Instant.distantPast

    init(symbols: Int, eventsPerSecond: Int) {
        self.symbols = symbols
        self.eventsPerSecond = eventsPerSecond
        board = StreamBoard(roots: ["public"]) { name, _ in
            name.split(separator: "@").first.flatMap { Int($0.dropFirst()) }
        }
    }

    /// Events told so far.
    private(set) var events = 0

    func start(_ now: Instant) { startedAt = now }
    func stop() { startedAt = nil }

    /// Nanoseconds by which the events told are behind their rate.
    func behind(_ now: Instant) -> Int {
        guard let startedAt else { return 0 }
        let due = Int((now - startedAt).nanoseconds)
        return max(0, due - events * (1_000_000_000 / eventsPerSecond))
    }

    /// One socket with the best prices of all symbols.
    static func subscribe(_ port: UInt16, _ symbols: Int) throws -> Int32 {
        let peer = floor_connect(port)
        let names = (0..<symbols).map { "s\($0)@bookTicker" }.joined(separator: "/")
        let request = Array(
            ("GET /public/stream?streams=\(names) HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                + "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").utf8)
        let written = unsafe request.withUnsafeBytes {
            unsafe send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        var reply = [UInt8](repeating: 0, count: 1_024)
        let count = unsafe recv(peer, &reply, reply.count, 0)
        guard written == request.count, count > 12, reply[9] == UInt8(ascii: "1") else {
            throw PaperBenchProblem(description: "no upgrade")
        }
        return peer
    }

    // MARK: Exchange

    var name: String { "fan-out" }
    var keyHeader: String { "X-KEY" }
    var socketRules: SocketRules { .futures }
    var nextDue: Instant { now + .milliseconds(1) }

    func respond(_ request: ExchangeRequest) -> ExchangeResponse {
        ExchangeResponse(status: 404, headers: [], body: [])
    }

    func step(now: Instant, wall: WallTime) {
        self.now = now
        guard let startedAt else { return }
        let wanted = Int((now - startedAt).nanoseconds) / (1_000_000_000 / eventsPerSecond)
        while events < wanted {
            tell(events % symbols, wall.milliseconds)
            events += 1
        }
    }

    private func tell(_ symbol: Int, _ at: Int64) {
        let update = Int64(events)
        board.publish(symbol, &actions) { out in
            out.beginObject()
            out.field("e", "bookTicker")
            out.field("u", 5_123_107_839_020 + update)
            out.field("s", "SYMBOLUSDT")
            out.field("b", units: (61_800 + Int128(update % 100)) * 1_000_000_000_000, places: 2)
            out.field("B", units: Int128(update % 977 + 1) * 1_000_000_000, places: 3)
            out.field("a", units: (61_900 + Int128(update % 100)) * 1_000_000_000_000, places: 2)
            out.field("A", units: Int128(update % 733 + 1) * 1_000_000_000, places: 3)
            out.field("T", at)
            out.field("E", at)
            out.endObject()
        }
    }

    func socketOpened(_ id: Int, path: String, query: [UInt8], remote: String) -> Bool {
        board.opened(id, path: path, query: query)
    }
    func socketClosed(_ id: Int) { board.closed(id) }
    func socketReceived(_ id: Int, _ message: RawSpan, now: Instant, wall: WallTime) {}
    func takeSocketActions(_ actions: inout [SocketAction]) {
        swap(&actions, &self.actions)
        self.actions.removeAll(keepingCapacity: true)
    }
    func takeJournal() -> [UInt8] { [] }
    func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {}
    func replay(_ fact: JSONValue) throws(JSONError) {}
    func reopen(after line: Int) throws(JournalProblem) {}
}

/// An exchange that answers every request with the same order.
final class FixedExchange: Exchange {
    private static let body = Array(
        [
            #"{"orderId":1000001,"symbol":"BTCUSDT","status":"NEW","#,
            #""clientOrderId":"bench-000001","#,
            #""price":"60000.00","avgPrice":"0.00","origQty":"0.010","executedQty":"0.000","#,
            #""cumQty":"0.000","cumQuote":"0.00000","timeInForce":"GTC","type":"LIMIT","#,
            #""reduceOnly":false,"closePosition":false,"side":"BUY","positionSide":"BOTH","#,
            #""stopPrice":"0.00","workingType":"CONTRACT_PRICE","priceProtect":false,"#,
            #""origType":"LIMIT","priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","#,
            #""goodTillDate":0,"updateTime":1760000000000}"#,
        ].joined().utf8)

    var name: String { "fixed" }
    var keyHeader: String { "X-MBX-APIKEY" }
    var socketRules: SocketRules { .futures }
    var nextDue: Instant { .distantFuture }

    func respond(_ request: ExchangeRequest) -> ExchangeResponse {
        ExchangeResponse(
            status: 200, headers: [("Content-Type", "application/json")], body: FixedExchange.body)
    }

    func step(now: Instant, wall: WallTime) {}
    func socketOpened(_ id: Int, path: String, query: [UInt8], remote: String) -> Bool { false }
    func socketClosed(_ id: Int) {}
    func socketReceived(_ id: Int, _ message: RawSpan, now: Instant, wall: WallTime) {}
    func takeSocketActions(_ actions: inout [SocketAction]) {}
    func takeJournal() -> [UInt8] { [] }
    func startJournal<Failure: Error>(
        _ sink: ([UInt8]) throws(Failure) -> Void
    ) throws(Failure) {}
    func replay(_ fact: JSONValue) throws(JSONError) {}
    func reopen(after line: Int) throws(JournalProblem) {}
}

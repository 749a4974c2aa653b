import Bytes
import Chronology
import ExchangeDoor
import FuturesExchange
import PaperExchangeService
import RawPeers
import Reactor
import Testing
import Trading

@Suite("Faults on the network") struct FaultServerTests {
    private let buy = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&newClientOrderId="

    /// An exchange where 10 BTC are offered, under the faults given as JSON.
    private func open(_ faults: String) async throws -> RunningExchange {
        let exchange = try await RunningExchange.open()
        try await EventLoop.onLoop { try exchange.offer(.sell, "10", at: "65000") }
        try await add(faults, exchange)
        return exchange
    }

    private func add(_ faults: String, _ exchange: RunningExchange) async throws {
        let specs = try FaultReader.read(Array(faults.utf8), exchanges: ["futures"]).get()
        try await EventLoop.onLoop { for spec in specs { _ = try exchange.server.addFault(spec) } }
    }

    private func status(_ exchange: RunningExchange, of id: String) async -> String? {
        await EventLoop.onLoop { try? exchange.desk.query(btc, clientOrderID: id).status.text }
    }

    private func userStream(_ port: UInt16) throws -> RawPeer {
        let key = try JSONValue.parse(Array(ask(port, "POST", "/fapi/v1/listenKey").body.utf8))
        let socket = stream(port, "/private/ws/" + key["listenKey"]!.text!)
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        return socket
    }

    @Test("S1 a timeout after execution: the order is there; before it: it is not")
    func timeouts() async throws {
        let exchange = try await open(
            #"[{"kind":"timeout","moment":"after","target":{"client_id_prefix":"a"}},"#
                + #"{"kind":"timeout","moment":"before","target":{"client_id_prefix":"b"}}]"#)
        for id in ["a1", "b1"] {
            let reply = signed(exchange.port, "POST", "/fapi/v1/order", buy + id)
            #expect(reply.status.hasPrefix("HTTP/1.1 408"))
            #expect(reply.body.contains("\"code\":-1007"))
        }
        #expect(await status(exchange, of: "a1") == "FILLED")
        #expect(await status(exchange, of: "b1") == nil)
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("S2 a dropped connection tells nothing, whether the order was executed or not")
    func dropped() async throws {
        let exchange = try await open(
            #"[{"kind":"disconnect","moment":"after","target":{"client_id_prefix":"a"}},"#
                + #"{"kind":"disconnect","ms":5,"target":{"client_id_prefix":"b"}}]"#)
        for id in ["a1", "b1"] {
            #expect(signed(exchange.port, "POST", "/fapi/v1/order", buy + id).status == "")
        }
        #expect(await status(exchange, of: "a1") == "FILLED")
        #expect(await status(exchange, of: "b1") == nil)
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("T10 pages, 503 and rejections take the answer's place, and only as often as told")
    func answers() async throws {
        let exchange = try await open(
            #"[{"kind":"html","status":502,"count":1},{"kind":"unavailable","text":"overload","#
                + #""count":2},{"kind":"reject","code":-2019,"message":"Margin is insufficient."}]"#)
        let page = ask(exchange.port, "GET", "/fapi/v1/ping")
        #expect(page.status.hasPrefix("HTTP/1.1 502") && page.body.hasPrefix("<html>"))
        let busy = ask(exchange.port, "GET", "/fapi/v1/ping")
        #expect(busy.status.hasPrefix("HTTP/1.1 503") && busy.body.contains("-1008"))
        #expect(ask(exchange.port, "GET", "/fapi/v1/ping").status.hasPrefix("HTTP/1.1 200"))
        let order = signed(exchange.port, "POST", "/fapi/v1/order", buy + "a")
        #expect(order.body == #"{"code":-2019,"msg":"Margin is insufficient."}"#)
        #expect(await status(exchange, of: "a") == nil)
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("Delays hold requests without holding others up")
    func delays() async throws {
        let exchange = try await open(
            #"{"kind":"delay","ms":200,"moment":"after","target":{"path":"/fapi/v1/time"}}"#)
        let slow = RawPeer(port: exchange.port)
        slow.send("GET /fapi/v1/time HTTP/1.1\r\nHost: x\r\n\r\n")
        let clock = SystemTime()
        let start = clock.now
        #expect(ask(exchange.port, "GET", "/fapi/v1/ping").status.hasPrefix("HTTP/1.1 200"))
        #expect(slow.read(until: "serverTime").hasPrefix("HTTP/1.1 200"))
        #expect(clock.now - start >= .milliseconds(150))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("T8 the clock is off by what was asked for")
    func skew() async throws {
        let exchange = try await open(#"{"kind":"skew-clock","ms":-60000}"#)
        let body = ask(exchange.port, "GET", "/fapi/v1/time").body
        let time = try JSONValue.parse(Array(body.utf8))["serverTime"]?.integer ?? 0
        #expect((50_000...70_000).contains(SystemTime().wallNow.milliseconds - time))
        #expect(
            signed(exchange.port, "POST", "/fapi/v1/order", buy + "a").body.contains("-1021"))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("F1 F9 user events come twice, out of order, or not at all")
    func events() async throws {
        let exchange = try await open(#"{"kind":"duplicate-events","copies":2}"#)
        let socket = try userStream(exchange.port)
        _ = signed(exchange.port, "POST", "/fapi/v1/order", buy + "a")
        for _ in 0..<2 { #expect(socket.read(until: "\"X\":\"FILLED\"").contains("\"c\":\"a\"")) }
        await EventLoop.onLoop { _ = exchange.server.removeFaults() }
        try await add(#"{"kind":"reorder-events","count":1}"#, exchange)
        _ = signed(exchange.port, "POST", "/fapi/v1/order", buy + "b")
        // TRADE_LITE is the first of the four, and lets the NEW pass.
        let passed = socket.read(until: "\"e\":\"TRADE_LITE\"")
        #expect(passed.contains("\"x\":\"NEW\"") && passed.contains("\"c\":\"b\""))
        #expect(socket.read(until: "\"X\":\"FILLED\"").contains("ACCOUNT_UPDATE"))
        try await add(#"{"kind":"drop-events"}"#, exchange)
        _ = signed(exchange.port, "POST", "/fapi/v1/order", buy + "c")
        await EventLoop.onLoop { _ = exchange.server.removeFaults() }
        _ = signed(exchange.port, "POST", "/fapi/v1/order", buy + "d")
        #expect(!socket.read(until: "\"c\":\"d\"").contains("\"c\":\"c\""))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("T2 a frozen socket stays, answers pings and commands, and pushes nothing")
    func frozen() async throws {
        let exchange = try await open(#"{"kind":"freeze","target":{"symbol":"BTCUSDT"}}"#)
        let socket = stream(exchange.port, "/public/ws/btcusdt@bookTicker")
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        try await EventLoop.onLoop { try exchange.offer(.buy, "1", at: "64000") }
        // A masked ping without payload, then a command.
        socket.send([0x89, 0x80, 0, 0, 0, 0])
        #expect(socket.read(count: 2) == [0x8A, 0x00])
        let command = Array(#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#.utf8)
        socket.send([0x81, 0x80 | UInt8(command.count), 0, 0, 0, 0] + command)
        #expect(socket.read(until: "\"id\":3}").contains("btcusdt@bookTicker"))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("New sockets are refused, open ones closed with a frame or as a broken line")
    func sockets() async throws {
        let exchange = try await open("{\"kind\":\"refuse-sockets\",\"count\":1}")
        let refused = stream(exchange.port, "/public/ws/btcusdt@bookTicker")
        #expect(refused.read(until: "\r\n").hasPrefix("HTTP/1.1 503"))
        let first = stream(exchange.port, "/public/ws/btcusdt@bookTicker")
        #expect(first.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        try await add(#"{"kind":"close-sockets","code":1012}"#, exchange)
        #expect(first.read(count: 4) == [0x88, 19, 0x03, 0xF4])
        let second = stream(exchange.port, "/public/ws/btcusdt@bookTicker")
        #expect(second.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        try await add(#"{"kind":"close-sockets","abrupt":true}"#, exchange)
        #expect(second.readToEnd() == "")
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("F6 a resting order is filled in parts and cancelled; the trades are there")
    func partFill() async throws {
        let exchange = try await open(
            #"{"kind":"fill-then-cancel","parts":2,"share":"0.5","count":1}"#)
        let order =
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.2&price=64000"
            + "&newClientOrderId=p"
        let reply = signed(exchange.port, "POST", "/fapi/v1/order", order)
        #expect(reply.status == "HTTP/1.1 200 OK")
        await EventLoop.onLoop {
            let order = try? exchange.desk.query(btc, clientOrderID: "p")
            #expect(order?.status == .canceled)
            #expect(order?.executed == quantity("0.1"))
            #expect(exchange.desk.userTrades(btc).count == 2)
            exchange.stop()
        }
    }

    @Test("T10 frames come changed or cut short, and still as whole frames")
    func mangled() async throws {
        let exchange = try await open("{\"kind\":\"truncate-frames\",\"count\":1}")
        let socket = stream(exchange.port, "/public/ws")
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        let command = Array(#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#.utf8)
        let frame = [0x81, 0x80 | UInt8(command.count), 0, 0, 0, 0] + command
        let whole = Array(#"{"result":[],"id":3}"#.utf8)
        socket.send(frame)
        let head = socket.read(count: 2)
        #expect(head.first == 0x81 && head.count == 2 && Int(head[1]) < whole.count)
        #expect(socket.read(count: Int(head[1])) == Array(whole.prefix(Int(head[1]))))
        try await add("{\"kind\":\"corrupt-frames\",\"count\":1}", exchange)
        socket.send(frame)
        #expect(socket.read(count: 2) == [0x81, UInt8(whole.count)])
        let changed = socket.read(count: whole.count)
        #expect(zip(changed, whole).count { $0 != $1 } == 1)
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("S1 an order over the WebSocket API is struck like any other")
    func socketOrders() async throws {
        let exchange = try await open(
            #"{"kind":"timeout","moment":"after","target":{"method":"WS","path":"order.place"}}"#)
        let socket = stream(exchange.port, "/ws-fapi/v1")
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        let time = SystemTime().wallNow.milliseconds
        let fields =
            "apiKey=trade-key&newClientOrderId=w&quantity=0.1&side=BUY&symbol=BTCUSDT"
            + "&timestamp=\(time)&type=MARKET"
        let signature = HMACSHA256(key: Array("trade-secret".utf8)).hexSignature(query: fields)
        let message = Array(
            ("{\"id\":\"9\",\"method\":\"order.place\",\"params\":{\"apiKey\":\"trade-key\","
                + "\"newClientOrderId\":\"w\",\"quantity\":\"0.1\",\"side\":\"BUY\","
                + "\"symbol\":\"BTCUSDT\",\"timestamp\":\(time),\"type\":\"MARKET\","
                + "\"signature\":\"\(signature)\"}}").utf8)
        let length = [UInt8(message.count >> 8), UInt8(message.count & 255)]
        socket.send([0x81, 0x80 | 126] + length + [0, 0, 0, 0] + message)
        let reply = socket.read(until: "-1007")
        #expect(reply.contains("\"id\":\"9\",\"status\":408"))
        #expect(await status(exchange, of: "w") == "FILLED")
        await EventLoop.onLoop { exchange.stop() }
    }
}

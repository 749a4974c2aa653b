import Bytes
import Chronology
import ExchangeDoor
import FuturesExchange
import Glibc
import PaperExchangeService
import RawPeers
import Reactor
import Testing
import Trading

@Suite("The paper exchange on the network") struct PaperServerTests {
    @Test("An order over HTTP is told on the user's socket in the venue's order")
    func userStream() async throws {
        let exchange = try await RunningExchange.open()
        let port = exchange.port
        try await EventLoop.onLoop { try exchange.offer(.sell, "1", at: "65000") }
        let key = try JSONValue.parse(Array(ask(port, "POST", "/fapi/v1/listenKey").body.utf8))
        let socket = stream(port, "/private/ws/" + key["listenKey"]!.text!)
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        let placed = signed(
            port, "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&newClientOrderId=net")
        #expect(placed.status == "HTTP/1.1 200 OK")
        for type in ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"] {
            #expect(socket.read(until: "\"e\":\"\(type)\"").hasSuffix("{\"e\":\"\(type)\""))
        }
        #expect(socket.read(until: "\"X\":\"FILLED\"").contains("\"c\":\"net\""))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("A socket is pinged, and dropped where it does not answer")
    func pings() async throws {
        let rules = SocketRules(
            pingInterval: .milliseconds(1), pongLimit: .milliseconds(1_500), controlsPerSecond: 10)
        let exchange = try await RunningExchange.open(rules: rules)
        let socket = stream(exchange.port, "/public/ws")
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        #expect(socket.read(count: 2) == [0x89, 0])
        #expect(socket.read(until: "no pong").hasSuffix("no pong"))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("A socket lives as long as it may, and one that floods pings does not")
    func life() async throws {
        let rules = SocketRules(
            pingInterval: .seconds(180), pongLimit: .seconds(600), life: .milliseconds(1),
            controlsPerSecond: 10)
        let exchange = try await RunningExchange.open(rules: rules)
        let socket = stream(exchange.port, "/public/ws")
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        let flood = stream(exchange.port, "/market/ws")
        #expect(flood.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        for _ in 0..<20 { flood.send([0x89, 0x80, 0, 0, 0, 0]) }
        #expect(flood.read(until: "too many requests").hasSuffix("too many requests"))
        #expect(socket.read(until: "open for too long").hasSuffix("open for too long"))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("The order API answers on its socket, and an upgrade elsewhere is 404")
    func orderSocket() async throws {
        let exchange = try await RunningExchange.open()
        let socket = stream(exchange.port, "/ws-fapi/v1")
        #expect(socket.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
        let text = #"{"id":"a","method":"ping","params":{"returnRateLimits":false}}"#
        socket.send([0x81, 0x80 | UInt8(text.utf8.count), 0, 0, 0, 0] + Array(text.utf8))
        #expect(socket.read(until: "}}").hasSuffix(#"{"id":"a","status":200,"result":{}}"#))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("Paths without streams and without endpoints are 404")
    func paths() async throws {
        let exchange = try await RunningExchange.open()
        #expect(stream(exchange.port, "/nothing").read(until: "\r\n").hasPrefix("HTTP/1.1 404"))
        #expect(ask(exchange.port, "GET", "/nothing").status.hasPrefix("HTTP/1.1 404"))
        await EventLoop.onLoop { exchange.stop() }
    }

    @Test("What was answered is on file before the answer: another start finds all of it")
    func durability() async throws {
        try await withDirectory { directory in
            let exchange = try await RunningExchange.open(directory)
            let port = exchange.port
            try await EventLoop.onLoop { try exchange.offer(.sell, "1", at: "65000") }
            let order = "symbol=BTCUSDT&side=BUY&newClientOrderId="
            _ = signed(port, "POST", "/fapi/v1/order", order + "a&type=MARKET&quantity=0.1")
            _ = signed(
                port, "POST", "/fapi/v1/order",
                order + "b&type=LIMIT&timeInForce=GTC&quantity=0.2&price=64000")
            // The file as a crash would leave it now, read by another desk.
            try await EventLoop.onLoop {
                #expect(throws: JournalFileError.self) {
                    try JournalFile(directory: directory, name: "futures")
                }
                let file = try #require(try? readWhole(directory + "/futures.journal"))
                let desk = FuturesDesk(FuturesSettings())
                #expect(try FuturesVenue(desk).restore(file) == file.count)
                #expect(desk.openOrders() == exchange.desk.openOrders())
                #expect(desk.userTrades(btc) == exchange.desk.userTrades(btc))
                #expect(desk.balance().wallet == exchange.desk.balance().wallet)
                exchange.stop()
            }
        }
    }
}

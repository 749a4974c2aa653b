import Bounded
import Chronology
import ExchangeDoor
import FuturesExchange
import PaperExchangeService
import RawPeers
import Reactor
import Testing
import Trading
import WebServer

@Suite("Garbage on the wire") struct GarbageTests {
    /// After all of it the exchange answers, its account is as it was, and nothing is left open.
    private func expectUnharmed(_ exchange: RunningExchange) async {
        #expect(ask(exchange.port, "GET", "/fapi/v1/ping").status == "HTTP/1.1 200 OK")
        #expect(await eventually { exchange.server.connectionCount == 0 })
        await EventLoop.onLoop {
            #expect(exchange.desk.openOrders().isEmpty)
            #expect(exchange.desk.balance().wallet == .whole(100_000))
            exchange.stop()
        }
    }

    @Test("Pipelined requests are answered in order, each once") func pipelined() async throws {
        let exchange = try await RunningExchange.open()
        do {
            let peer = RawPeer(port: exchange.port)
            let one = "GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\n\r\n"
            let last = "GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            peer.send(String(repeating: one, count: 199) + last)
            let replies = peer.readToEnd()
            #expect(replies.split(separator: "HTTP/1.1 200 OK").count == 200)
        }
        await expectUnharmed(exchange)
    }

    @Test("I3 huge heads, bad lengths and bad chunks get 4xx and the end", arguments: [
        "GET /" + String(repeating: "a", count: 40_000) + " HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n" + String(repeating: "X-A: b\r\n", count: 5_000) + "\r\n",
        "GET / HTTP/1.1\r\nX: " + String(repeating: "b", count: 40_000) + "\r\n\r\n",
        "POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
        "POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n",
    ])
    func broken(request: String) async throws {
        let exchange = try await RunningExchange.open()
        do {
            let peer = RawPeer(port: exchange.port)
            peer.send(request)
            let reply = peer.readToEnd()
            let isRefused = reply.hasPrefix("HTTP/1.1 4") || reply.hasPrefix("HTTP/1.1 5")
            #expect(isRefused, "\(reply.prefix(80))")
        }
        await expectUnharmed(exchange)
    }

    @Test("A client that sends a byte now and then is closed by time") func slow() async throws {
        let limits = WebServerLimits(
            idleTime: .milliseconds(80), headTime: .milliseconds(80), bodyTime: .milliseconds(80))
        let exchange = try await RunningExchange.open(limits: limits)
        do {
            let head = RawPeer(port: exchange.port)
            head.send("GET /fapi/v1/ping HTTP/1.1\r\nHost: x\r\nX: ")
            let body = RawPeer(port: exchange.port)
            body.send("POST /fapi/v1/order HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab")
            let idle = RawPeer(port: exchange.port)
            #expect(head.readToEnd().hasPrefix("HTTP/1.1 408"))
            #expect(body.readToEnd().hasPrefix("HTTP/1.1 408"))
            #expect(idle.readToEnd() == "")
        }
        await expectUnharmed(exchange)
    }

    @Test("I3 frames no client may send end the socket with a code", arguments: [
        [0x81, 0x02, 0x7B, 0x7D], [0xC1, 0x82, 0, 0, 0, 0, 0x7B, 0x7D],
        [0x83, 0x80, 0, 0, 0, 0], [0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
        [0x89, 0xFE, 0x01, 0x00, 0, 0, 0, 0], [0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28],
        [0x80, 0x80, 0, 0, 0, 0], [0x88, 0x81, 0, 0, 0, 0, 0x03],
    ] as [[UInt8]])
    func frames(frame: [UInt8]) async throws {
        let exchange = try await RunningExchange.open()
        do {
            let peer = stream(exchange.port, "/ws")
            #expect(peer.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101"))
            peer.send(frame)
            let close = peer.read(count: 4)
            #expect(close.first == 0x88 && close.count == 4)
        }
        await expectUnharmed(exchange)
    }

    @Test("Three hundred clients of random bytes, some behind a handshake, leave nothing behind")
    func random() async throws {
        let exchange = try await RunningExchange.open()
        var random = SplitMix64(seed: 11)
        for _ in 0..<300 {
            let isSocket = random.next() % 3 == 0
            let peer = isSocket ? stream(exchange.port, "/ws") : RawPeer(port: exchange.port)
            if isSocket { _ = peer.read(until: "\r\n\r\n") }
            var bytes = (0..<Int(random.next() % 2_000)).map { _ in
                UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 2 == 0 { bytes = Array("GET / HTTP/1.1\r\n".utf8) + bytes }
            peer.send(bytes)
            if random.next() % 2 == 0 { peer.reset() } else { peer.close() }
        }
        await expectUnharmed(exchange)
    }
}

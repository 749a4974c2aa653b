import Chronology
import RawPeers
import Reactor
import Testing
import WebProtocol
import WebServer

@Suite struct AbuseTests {
    private func limits(_ change: (inout WebServerLimits) -> Void) -> WebServerLimits {
        var limits = WebServerLimits()
        change(&limits)
        return limits
    }

    @Test(
        "I3: garbage and oversized requests are refused and the connection closed",
        arguments: [
            ("\u{1}\u{2}garbage\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n", 400),
            ("GET /\(String(repeating: "a", count: 300)) HTTP/1.1\r\n", 414),
            ("GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 300))\r\n", 431),
            ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", 413),
            ("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 413),
        ])
    func refused(text: String, status: Int) async throws {
        let limits = limits {
            $0.request = HTTPLimits(
                requestLineBytes: 200, headerBytes: 200, headerCount: 8, bodyBytes: 100)
        }
        try await withServer(limits) { subject, port in
            let peer = RawPeer(port: port)
            // What follows the fault must not turn the answer into a reset.
            peer.send(text + String(repeating: "more ", count: 1_000))
            #expect(peer.readToEnd().hasPrefix("HTTP/1.1 \(status) "))
            peer.close()
            #expect(await eventually { subject.server.connectionCount == 0 })
        }
    }

    @Test("A client that drips its head or its body is cut with 408")
    func slowLoris() async throws {
        let limits = limits {
            $0.headTime = .milliseconds(60)
            $0.bodyTime = .milliseconds(60)
        }
        try await withServer(limits) { _, port in
            for text in [
                "GET /hel", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
            ] {
                let peer = RawPeer(port: port)
                for byte in text.utf8 { peer.send([byte]) }
                #expect(peer.readToEnd().hasPrefix("HTTP/1.1 408 "))
            }
        }
    }

    @Test("A connection without a request is closed, also after one")
    func idle() async throws {
        try await withServer(limits { $0.idleTime = .milliseconds(60) }) { _, port in
            #expect(RawPeer(port: port).readToEnd() == "")
            let peer = RawPeer(port: port)
            peer.send(get)
            #expect(peer.readToEnd().hasSuffix("hi"))
        }
    }

    @Test("One connection too many is answered 503; a place that falls free is used")
    func connectionLimit() async throws {
        try await withServer(limits { $0.connections = 2 }) { subject, port in
            let (first, second) = (RawPeer(port: port), RawPeer(port: port))
            second.send(get)
            #expect(second.read(until: "hi").hasSuffix("hi"))
            #expect(RawPeer(port: port).readToEnd().hasPrefix("HTTP/1.1 503 "))
            first.close()
            #expect(await eventually { subject.server.connectionCount == 1 })
            let third = RawPeer(port: port)
            third.send(get)
            #expect(third.read(until: "hi").hasSuffix("hi"))
        }
    }

    @Test("P8: a client that does not read has a bounded queue and is cut")
    func slowReader() async throws {
        let limits = limits {
            $0.outgoingBytes = 200_000
            $0.stallTime = .milliseconds(80)
        }
        try await withServer(limits) { subject, port in
            let peer = RawPeer(port: port, receiveBuffer: 4_096)
            peer.send(upgrade)
            _ = peer.read(until: "\r\n\r\n")
            #expect(await eventually { subject.sockets.sockets.count == 1 })
            let text = String(repeating: "x", count: 50_000)
            #expect(await eventually { subject.isFull(sending: text) })
            #expect(
                await eventually { subject.sockets.reasons == [.timedOut("peer does not read")] })
        }
    }

    @Test("A pipelining client that does not read is not served further")
    func pipelineFlood() async throws {
        try await withServer(limits { $0.stallTime = .milliseconds(80) }) { subject, port in
            let peer = RawPeer(port: port, receiveBuffer: 4_096)
            let body = String(repeating: "b", count: 50_000)
            let request = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + body
            peer.send(String(repeating: request, count: 400))
            #expect(await eventually { subject.server.connectionCount == 0 })
        }
    }

    @Test("A thousand clients are served at once")
    func thousand() async throws {
        allowDescriptors(4_096)
        try await withServer { subject, port in
            let peers = (0..<1_000).map { _ in RawPeer(port: port) }
            for peer in peers { peer.send(get) }
            for peer in peers { #expect(peer.read(until: "hi").hasSuffix("hi")) }
            #expect(await eventually { subject.server.connectionCount == 1_000 })
        }
    }
}

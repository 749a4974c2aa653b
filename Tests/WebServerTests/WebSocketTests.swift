import Bytes
import Chronology
import RawPeers
import Reactor
import Testing
import WebProtocol
import WebServer

@Suite struct WebSocketTests {
    private func connect(_ port: UInt16) -> RawPeer {
        let peer = RawPeer(port: port)
        peer.send(upgrade)
        #expect(peer.read(until: "\r\n\r\n").contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
        return peer
    }

    @Test("Messages are echoed, those behind the handshake too, fragments joined, pings answered")
    func echo() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            peer.send(Array(upgrade.utf8) + frame(.text, "early"))
            _ = peer.read(until: "\r\n\r\n")
            #expect(peer.read(count: 7) == [0x81, 5] + Array("early".utf8))
            peer.send(
                frame(.text, "a", isFinal: false) + frame(.ping, "p") + frame(.continuation, "b"))
            #expect(peer.read(count: 7) == [0x8A, 1, 0x70, 0x81, 2, 0x61, 0x62])
            peer.send(frame(.binary, "z"))
            #expect(peer.read(count: 3) == [0x82, 1, 0x7A])
        }
    }

    @Test("The client's close frame is answered with its code and told once")
    func clientCloses() async throws {
        try await withServer { subject, port in
            let peer = connect(port)
            var close: [UInt8] = []
            WebSocketFrameWriter.appendClose(.goingAway, reason: "bye", maskingKey: 9, to: &close)
            peer.send(close + frame(.text, "after"))
            #expect(peer.read(count: 4) == [0x88, 2, 3, 0xE9])
            #expect(peer.readToEnd() == "")
            #expect(
                await eventually { subject.sockets.reasons == [.peerClosed(.goingAway, "bye")] })
        }
    }

    @Test("The server's close frame is answered by the client, or the deadline ends it")
    func serverCloses() async throws {
        var limits = WebServerLimits()
        limits.lingerTime = .milliseconds(60)
        try await withServer(limits) { subject, port in
            for answers in [true, false] {
                let peer = connect(port)
                let before = await EventLoop.onLoop { subject.sockets.reasons.count }
                #expect(await eventually { subject.sockets.sockets.count == before + 1 })
                await EventLoop.onLoop {
                    subject.sockets.sockets[before].close(.normal, reason: "bye")
                }
                #expect(peer.read(count: 7) == [0x88, 5, 3, 0xE8] + Array("bye".utf8))
                var close: [UInt8] = []
                WebSocketFrameWriter.appendClose(.normal, maskingKey: 9, to: &close)
                if answers { peer.send(close) }
                #expect(peer.readToEnd() == "")
                #expect(await eventually { subject.sockets.reasons.count == before + 1 })
            }
        }
    }

    @Test(
        "I3: frames that break the protocol close the socket with their code",
        arguments: [
            ([0x81, 0x01, 0x61], 1002), ([0xC1, 0x80, 0, 0, 0, 0], 1002),
            ([0x81, 0x81, 0, 0, 0, 0, 0xFF], 1007),
            ([0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1], 1009), ([0x80, 0x80, 0, 0, 0, 0], 1002),
        ] as [([UInt8], UInt16)])
    func violations(bytes: [UInt8], code: UInt16) async throws {
        try await withServer { subject, port in
            let peer = connect(port)
            peer.send(bytes)
            let head = peer.read(count: 4)
            #expect(head.first == 0x88)
            #expect(head.suffix(2) == [UInt8(code >> 8), UInt8(code & 0xFF)])
            _ = peer.readToEnd()
            #expect(await eventually { subject.sockets.reasons.count == 1 })
        }
    }

    @Test("A client that vanishes is told as a lost connection")
    func lost() async throws {
        try await withServer { subject, port in
            let (first, second) = (connect(port), connect(port))
            first.close()
            #expect(await eventually { subject.sockets.reasons == [.lost("peer closed")] })
            second.reset()
            #expect(await eventually { subject.sockets.reasons.count == 2 })
            #expect(await eventually { subject.server.connectionCount == 0 })
        }
    }

    @Test("A bad handshake is answered as plain HTTP and the connection goes on")
    func badHandshake() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            peer.send("GET /ws HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(peer.read(until: "}").hasPrefix("HTTP/1.1 400 "))
            peer.send(
                "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
            let answer = peer.read(until: "}")
            #expect(answer.hasPrefix("HTTP/1.1 426 ") && answer.contains("Version: 13\r\n"))
            peer.send(get)
            #expect(peer.read(until: "hi").hasSuffix("hi"))
        }
    }

    @Test("A ping of ours is answered by the client and told")
    func pong() async throws {
        try await withServer { subject, port in
            let peer = connect(port)
            #expect(await eventually { subject.sockets.sockets.first?.ping([7]) == true })
            #expect(peer.read(count: 3) == [0x89, 1, 7])
            peer.send(frame(.pong, "\u{7}"))
            #expect(await eventually { subject.sockets.pongs == 1 })
        }
    }
}

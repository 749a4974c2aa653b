import Bytes
import Chronology
import RawPeers
import Reactor
import Testing
import WebLink
import WebProtocol
import WebServer

@Suite struct WebSocketClientTests {
    @Test("The handshake carries host, target and headers; frames right behind the answer arrive")
    func handshake() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            let peer = try #require(listener.accept())
            let request = peer.shakeHands(then: frame(.text, "first"))
            #expect(request.hasPrefix("GET /ws?streams=a HTTP/1.1\r\n"))
            #expect(request.contains("\r\nHost: 127.0.0.1:\(listener.port)\r\n"))
            #expect(request.contains("\r\nX-Given: 1\r\n"))
            #expect(await eventually { socket.messages == ["text first"] && socket.openings == 1 })
        }
    }

    @Test("I3: fragments are joined, pings between them answered with their payload")
    func fragments() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands()
            for byte in frame(.text, "ab", isFinal: false) + frame(.ping, "1234") {
                peer.send([byte])
            }
            #expect(peer.readFrame() == (0x8A, Array("1234".utf8)))
            peer.send(frame(.continuation, "c", isFinal: false) + frame(.continuation, "d"))
            peer.send(frame(.binary, "e"))
            #expect(await eventually { socket.messages == ["text abcd", "binary e"] })
        }
    }

    @Test("I3: a handler that takes messages together gets all of them in order, and fragments too")
    func together() async throws {
        let listener = RawListener()
        try await onOwnThread {
            let socket = await EventLoop.onLoop {
                BatchingSocket("ws://127.0.0.1:\(listener.port)/ws")
            }
            let peer = try #require(listener.accept())
            peer.shakeHands(then: frame(.text, "first"))
            peer.send(
                frame(.text, "a") + frame(.binary, "bb") + frame(.ping, "p")
                    + frame(.text, "ccc", isFinal: false))
            #expect(peer.readFrame() == (0x8A, Array("p".utf8)))
            peer.send(frame(.continuation, "d") + frame(.text, "ee") + [0x81])
            peer.send([0x01, 0xFF])
            let wanted = ["text first", "text a", "binary bb", "single cccd", "text ee"]
            #expect(await eventually { socket.messages == wanted && socket.reason != nil })
            await EventLoop.onLoop { socket.discard() }
        }
    }

    @Test("Messages are sent masked, each with another key")
    func masking() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands()
            #expect(await eventually { socket.client?.send(text: "hi") == true })
            let first = peer.read(count: 8)
            try #require(first.prefix(2) == [0x81, 0x82])
            await EventLoop.onLoop { _ = socket.client?.send(text: "hi") }
            let second = peer.read(count: 8)
            try #require(second.count == 8)
            #expect(first[2..<6] != second[2..<6])
            #expect(second[6] ^ second[2] == UInt8(ascii: "h"))
        }
    }

    @Test(
        "I3: a frame that breaks the protocol closes with its code, told once",
        arguments: [
            ([0x81, 0x81, 1, 2, 3, 4, 0x60], 1002), ([0xC1, 0x00], 1002), ([0x80, 0x00], 1002),
            ([0x81, 0x01, 0xFF], 1007), ([0x82, 0x7E, 0x10, 0x00], 1009),
            ([0x88, 0x02, 0x03, 0xED], 1002),
        ] as [([UInt8], UInt16)])
    func violations(bytes: [UInt8], code: UInt16) async throws {
        let listener = RawListener()
        var limits = WebSocketClientLimits()
        limits.webSocket = WebSocketLimits(
            frameBytes: 1_000, messageBytes: 1_000, initialBufferBytes: 256)
        try await withSocket(listener.port, limits) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands(then: bytes)
            let (opcode, payload) = peer.readFrame()
            #expect(opcode == 0x88)
            #expect(payload.prefix(2) == [UInt8(code >> 8), UInt8(code & 0xFF)])
            #expect(peer.readToEnd() == "")
            #expect(await eventually { socket.reasons.count == 1 })
            guard case .violated(let error)? = await EventLoop.onLoop({ socket.reasons.first })
            else {
                Issue.record("not told as a violation")
                return
            }
            #expect(error.code.rawValue == code)
        }
    }

    @Test("The server's close frame is answered and told with code and reason")
    func serverCloses() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands(
                then: frame(.text, "a") + closeFrame(.goingAway, "bye") + frame(.text, "b"))
            #expect(peer.readFrame() == (0x88, [3, 0xE9]))
            #expect(peer.readToEnd() == "")
            #expect(await eventually { socket.reasons == [.peerClosed(.goingAway, "bye")] })
            #expect(await eventually { socket.messages == ["text a"] })
        }
    }

    @Test(
        "Our close frame is answered, or the deadline ends it; told once either way",
        arguments: [
            true, false,
        ])
    func weClose(answers: Bool) async throws {
        let listener = RawListener()
        var limits = WebSocketClientLimits()
        limits.closeTime = .milliseconds(60)
        try await withSocket(listener.port, limits) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands()
            #expect(await eventually { socket.openings == 1 })
            await EventLoop.onLoop {
                socket.client?.close(.normal, reason: "x")
                socket.client?.close()
            }
            #expect(peer.readFrame() == (0x88, [3, 0xE8, 0x78]))
            if answers { peer.send(closeFrame(.normal, "")) }
            #expect(peer.readToEnd() == "")
            #expect(await eventually { socket.reasons == [.closed] })
        }
    }

    @Test(
        "A refused handshake tells the status",
        arguments: [
            ("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 5\r\n\r\n", 429),
            ("HTTP/1.1 200 OK\r\n\r\n", 200),
            ("garbage\r\n\r\n", nil), ("", nil),
        ] as [(String, Int?)])
    func refused(answer: String, status: Int?) async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            let peer = try #require(listener.accept())
            _ = peer.read(until: "\r\n\r\n")
            peer.send(answer)
            if answer.isEmpty { peer.close() }
            #expect(await eventually { socket.reasons.count == 1 && socket.openings == 0 })
            guard case .refused(let told, _)? = await EventLoop.onLoop({ socket.reasons.first })
            else {
                Issue.record("not told as refused")
                return
            }
            #expect(told == status)
        }
    }

    @Test("Nobody listens: refused; connecting again from `closed` works")
    func reconnect() async throws {
        try await withSocket(deadPort()) { socket in
            #expect(await eventually { socket.reasons.count == 1 })
            await EventLoop.onLoop {
                socket.onClosed = { if $0.reasons.count < 3 { $0.client?.connect() } }
                socket.client?.connect()
            }
            #expect(await eventually { socket.reasons.count == 3 })
        }
        try await withSocket(0) { socket in
            #expect(await eventually { socket.reasons.count == 1 })
        }
    }

    @Test("A connection that breaks off is told as lost, and a new one opens")
    func lost() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            await EventLoop.onLoop { socket.onClosed = { $0.client?.connect() } }
            let first = try #require(listener.accept())
            first.shakeHands()
            #expect(await eventually { socket.openings == 1 })
            first.reset()
            let second = try #require(listener.accept())
            second.shakeHands(then: frame(.text, "back"))
            #expect(await eventually { socket.messages == ["text back"] && socket.openings == 2 })
            await EventLoop.onLoop { socket.onClosed = nil }
            guard case .lost? = await EventLoop.onLoop({ socket.reasons.first }) else {
                Issue.record("not told as lost")
                return
            }
        }
    }

    @Test("A server that does not answer the handshake, or not finish a message, is left")
    func deadlines() async throws {
        var limits = WebSocketClientLimits()
        limits.handshakeTime = .milliseconds(80)
        let silent = RawListener()
        try await withSocket(silent.port, limits) { socket in
            #expect(await eventually { socket.reasons == [.timedOut("no handshake")] })
        }
        limits = WebSocketClientLimits(messageTime: .milliseconds(80))
        let listener = RawListener()
        try await withSocket(listener.port, limits) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands(then: frame(.text, "a") + [0x81, 5, 0x61])
            #expect(await eventually { socket.reasons == [.timedOut("message not finished")] })
            #expect(await eventually { socket.messages == ["text a"] })
        }
    }

    @Test("T2: own pings find a server that has gone silent")
    func pings() async throws {
        let listener = RawListener()
        var limits = WebSocketClientLimits()
        limits.pingInterval = .milliseconds(50)
        try await withSocket(listener.port, limits) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands()
            #expect(peer.readFrame() == (0x89, []))
            peer.send(frame(.pong, ""))
            #expect(peer.readFrame() == (0x89, []))
            #expect(await eventually { socket.reasons == [.timedOut("no pong")] })
        }
    }

    @Test("P8: what waits for a server that does not read is bounded")
    func boundedQueue() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            let peer = try #require(listener.accept())
            peer.shakeHands()
            #expect(await eventually { socket.openings == 1 })
            let text = String(repeating: "x", count: 50_000)
            #expect(await eventually { socket.client?.send(text: text) == false })
            let queued = await EventLoop.onLoop { socket.client?.queuedBytes ?? 0 }
            #expect(queued > 0 && queued <= 262_144 + 100)
            #expect(await eventually { socket.reasons.isEmpty })
        }
    }

    @Test("Closing from within a message is safe, and no message comes after it")
    func closeWithinMessage() async throws {
        let listener = RawListener()
        try await withSocket(listener.port) { socket in
            await EventLoop.onLoop { socket.onMessage = { $0.client?.close() } }
            let peer = try #require(listener.accept())
            peer.shakeHands(then: frame(.text, "a") + frame(.text, "b"))
            #expect(peer.readFrame().0 == 0x88)
            peer.send(closeFrame(.normal, ""))
            #expect(await eventually { socket.reasons == [.closed] })
            #expect(await eventually { socket.messages == ["text a"] })
        }
    }

    @Test("Client and server of ours exchange messages of every size and close")
    func pair() async throws {
        let echo = await EventLoop.onLoop { Echo() }
        let (server, port) = try await EventLoop.onLoop {
            var router = Router()
            router.add("GET", "/ws") { _, exchange in _ = exchange.upgrade(handler: echo) }
            let server = WebServer(loop: .process, router: router)
            return (server, try server.listen(address: "127.0.0.1", port: 0))
        }
        try await withSocket(port) { socket in
            #expect(await eventually { socket.openings == 1 })
            let sizes = [0, 1, 125, 126, 127, 1_000, 60_000, 65_535]
            for size in sizes {
                await EventLoop.onLoop {
                    _ = socket.client?.send(text: String(repeating: "x", count: size))
                }
            }
            #expect(await eventually { socket.messages.count == sizes.count })
            let received = await EventLoop.onLoop { socket.messages.map { $0.utf8.count - 5 } }
            #expect(received == sizes)
            await EventLoop.onLoop { socket.client?.close() }
            #expect(await eventually { socket.reasons == [.closed] })
            #expect(await eventually { echo.reasons == [.peerClosed(.normal, "")] })
        }
        await EventLoop.onLoop { server.close() }
    }
}

/// Sends messages back.
@LoopActor private final class Echo: ServerWebSocketHandler {
    private(set) var reasons: [WebSocketCloseReason] = []

    func messageReceived(_ socket: ServerWebSocket, _ bytes: RawSpan, isText: Bool) {
        _ = socket.send(text: bytes)
    }

    func closed(_ socket: ServerWebSocket, _ reason: WebSocketCloseReason) {
        reasons.append(reason)
    }
}

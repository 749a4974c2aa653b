import Chronology
import RawPeers
import Reactor
import Testing
import WebLink
import WebProtocol

/// Requests over connections that are kept open (`keepOpen`).
@Suite struct KeptConnectionTests {
    private func order(
        _ listener: RawListener, method: String = WebRequest.post,
        deadline: Interval = .seconds(5)
    ) -> WebRequest {
        WebRequest(
            method: method, url: "http://127.0.0.1:\(listener.port)/order",
            headers: [("X-Key", "k")], body: Array("side=BUY".utf8), deadline: deadline)
    }

    /// Runs the body with a client that has one kept connection, whose other end is the peer.
    private func withKept(
        count: Int = 1, _ limits: WebClientLimits = .standard,
        _ body: (WebClient, RawListener, RawPeer) async throws -> Void
    ) async throws {
        try await withClient(limits) { client in
            let listener = RawListener()
            let url = "http://127.0.0.1:\(listener.port)/"
            await EventLoop.onLoop { client.keepOpen(url, count: count) }
            let peer = try #require(listener.accept())
            #expect(await eventually { client.freeConnections == 1 })
            try await body(client, listener, peer)
        }
    }

    /// That nothing comes over any connection but the one that is kept.
    private func expectNothing(_ listener: RawListener) {
        while listener.hasWaiting() { #expect(listener.accept()?.readToEnd() == "") }
    }

    @Test("Requests go over the one connection, one after the other, and are well formed")
    func oneAfterTheOther() async throws {
        try await withKept { client, listener, peer in
            for number in 0..<3 {
                let sent = Pending(client, order(listener))
                #expect(
                    request(from: peer) == """
                        POST /order HTTP/1.1\r\nHost: 127.0.0.1:\(listener.port)\r\n\
                        Accept: */*\r\nX-Key: k\r\nContent-Length: 8\r\n\r\nside=BUY
                        """)
                if number == 1 {
                    peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
                    peer.send("Transfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n")
                } else {
                    peer.answer("ok")
                }
                guard case .response(let response) = await sent.value else {
                    Issue.record("no response")
                    return
                }
                #expect(response.text == "ok")
            }
            #expect(!listener.hasWaiting())
        }
    }

    @Test("A request for which no connection is free goes another way")
    func busy() async throws {
        try await withKept { client, listener, peer in
            let first = Pending(client, order(listener))
            #expect(request(from: peer).hasSuffix("side=BUY"))
            let second = Pending(client, order(listener))
            let other = try #require(listener.accept())
            #expect(request(from: other).hasSuffix("side=BUY"))
            other.answer("2")
            peer.answer("1")
            #expect(kind(await first.value) == "response 200")
            #expect(kind(await second.value) == "response 200")
        }
    }

    @Test(
        "S2: the peer ends the connection without an answer: unknown, and sent once",
        arguments: [WebRequest.post, WebRequest.put, WebRequest.delete])
    func noResend(method: String) async throws {
        try await withKept { client, listener, peer in
            for isReset in [false, true] {
                let peer = isReset ? try #require(listener.accept()) : peer
                #expect(await eventually { client.freeConnections == 1 })
                let sent = Pending(client, order(listener, method: method))
                #expect(request(from: peer).hasPrefix("\(method) /order HTTP/1.1"))
                if isReset { peer.reset() } else { peer.close() }
                #expect(kind(await sent.value) == "unknown")
            }
            expectNothing(listener)
        }
    }

    @Test("An idempotent GET is sent again when the connection dies before an answer")
    func idempotent() async throws {
        try await withKept { client, listener, peer in
            let sent = Pending(client, order(listener, method: WebRequest.get))
            _ = request(from: peer)
            peer.close()
            let fresh = try #require(listener.accept())
            #expect(request(from: fresh).hasPrefix("GET /order "))
            fresh.answer("2")
            #expect(kind(await sent.value) == "response 200")
        }
    }

    @Test(
        "A connection that the peer closed while idle, or spoke over unasked, is not used",
        arguments: [false, true])
    func idleClose(isTalking: Bool) async throws {
        try await withKept { client, listener, peer in
            if isTalking { peer.send("HTTP/1.1 408 X\r\nContent-Length: 0\r\n\r\n") }
            peer.close()
            let sent = Pending(client, order(listener))
            // Another is opened in the place of the first, and stays silent or not.
            let fresh = try #require(listener.acceptSpeaking())
            #expect(request(from: fresh).hasSuffix("side=BUY"))
            fresh.answer("ok")
            #expect(kind(await sent.value) == "response 200")
        }
    }

    @Test("After `Connection: close` and after an answer that the end ends, another one is used")
    func closing() async throws {
        let answers = [
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
            "HTTP/1.1 200 OK\r\n\r\nok",
        ]
        for answer in answers {
            try await withKept { client, listener, peer in
                let sent = Pending(client, order(listener))
                #expect(request(from: peer).hasSuffix("side=BUY"))
                peer.send(answer)
                peer.finishSending()
                guard case .response(let response) = await sent.value else {
                    Issue.record("no response")
                    return
                }
                #expect(response.text == "ok")
                #expect(peer.readToEnd() == "")
            }
        }
    }

    @Test("S1: no answer within the deadline: unknown, and the connection is given up")
    func deadline() async throws {
        try await withKept { client, listener, peer in
            let sent = Pending(client, order(listener, deadline: .milliseconds(200)))
            #expect(request(from: peer).hasSuffix("side=BUY"))
            #expect(kind(await sent.value) == "unknown")
            #expect(peer.readToEnd() == "")
            expectNothing(listener)
        }
    }

    @Test(
        "An answer that is cut, garbage or too large: unknown",
        arguments: brokenAnswers + [
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        ])
    func badAnswers(answer: String) async throws {
        try await withKept(WebClientLimits(responseBytes: 1_000)) { client, listener, peer in
            let sent = Pending(client, order(listener))
            #expect(request(from: peer).hasSuffix("side=BUY"))
            peer.send(answer)
            peer.finishSending()
            #expect(kind(await sent.value) == "unknown")
            expectNothing(listener)
        }
    }

    @Test("Closing the client ends what is under way as unknown")
    func clientClosed() async throws {
        try await withKept { client, listener, peer in
            let sent = Pending(client, order(listener))
            #expect(request(from: peer).hasSuffix("side=BUY"))
            await EventLoop.onLoop { client.close() }
            #expect(kind(await sent.value) == "unknown")
            #expect(peer.readToEnd() == "")
        }
    }
}

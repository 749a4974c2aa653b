import Chronology
import RawPeers
import Reactor
import Testing
import WebLink
import WebProtocol

@Suite struct OutcomeTests {
    private func post(
        _ port: UInt16, method: String = WebRequest.post, scheme: String = "http",
        deadline: Interval = .seconds(5)
    ) -> WebRequest {
        WebRequest(
            method: method, url: "\(scheme)://127.0.0.1:\(port)/order",
            body: Array("side=BUY".utf8), deadline: deadline)
    }

    @Test("S2: a POST on a kept connection that dies arrives once and its outcome is unknown")
    func noResend() async throws {
        try await withClient { client in
            let listener = RawListener()
            let port = listener.port
            let first = Pending(client, post(port))
            let peer = try #require(listener.accept())
            #expect(request(from: peer).hasSuffix("side=BUY"))
            peer.answer("ok")
            #expect(kind(await first.value) == "response 200")
            let second = Pending(client, post(port))
            #expect(request(from: peer).hasSuffix("side=BUY"))
            peer.close()
            #expect(kind(await second.value) == "unknown")
            // curl connects anew to send it again; nothing may come over that connection.
            while listener.hasWaiting() { #expect(listener.accept()?.readToEnd() == "") }
        }
    }

    @Test(
        "S2: the same when the connection is reset, and for PUT and DELETE",
        arguments: [
            WebRequest.post, WebRequest.put, WebRequest.delete,
        ])
    func noResendAfterReset(method: String) async throws {
        try await withClient { client in
            let listener = RawListener()
            let order = post(listener.port, method: method)
            let first = Pending(client, order)
            let peer = try #require(listener.accept())
            #expect(request(from: peer).hasPrefix("\(method) /order HTTP/1.1"))
            peer.answer("")
            #expect(kind(await first.value) == "response 200")
            let second = Pending(client, order)
            #expect(request(from: peer).hasSuffix("side=BUY"))
            peer.reset()
            #expect(kind(await second.value) == "unknown")
            while listener.hasWaiting() { #expect(listener.accept()?.readToEnd() == "") }
        }
    }

    @Test("An idempotent GET is sent again when the kept connection turns out to be dead")
    func idempotent() async throws {
        try await withClient { client in
            let listener = RawListener()
            let get = WebRequest(url: "http://127.0.0.1:\(listener.port)/time")
            let first = Pending(client, get)
            let peer = try #require(listener.accept())
            _ = request(from: peer)
            peer.answer("1")
            #expect(kind(await first.value) == "response 200")
            let second = Pending(client, get)
            _ = request(from: peer)
            peer.close()
            let fresh = try #require(listener.accept())
            #expect(request(from: fresh).hasPrefix("GET /time "))
            fresh.answer("2")
            guard case .response(let response) = await second.value else {
                Issue.record("no response")
                return
            }
            #expect(response.text == "2")
        }
    }

    @Test(
        "A kept connection that the server closed while idle is not used: the POST goes over a new one"
    )
    func idleClose() async throws {
        try await withClient { client in
            let listener = RawListener()
            let port = listener.port
            for _ in 0..<3 {
                let order = Pending(client, post(port))
                let peer = try #require(listener.accept())
                #expect(request(from: peer).hasSuffix("side=BUY"))
                peer.answer("ok")
                #expect(kind(await order.value) == "response 200")
                peer.close()
            }
        }
    }

    @Test("Nobody listens: not sent")
    func refusedConnect() async throws {
        try await withClient { client in
            #expect(kind(await client.send(post(deadPort()))) == "not sent")
        }
    }

    @Test("A host that does not exist: not sent")
    func unknownHost() async throws {
        try await withClient { client in
            // A label of more than 63 bytes is refused before anyone is asked.
            let order = WebRequest(
                method: WebRequest.post, url: "http://\(String(repeating: "a", count: 70))/order")
            #expect(kind(await client.send(order)) == "not sent")
        }
    }

    @Test("TLS that fails or stalls before the request: not sent")
    func tls() async throws {
        try await withClient { client in
            let listener = RawListener()
            let order = post(listener.port, scheme: "https")
            let failed = Pending(client, order)
            let peer = try #require(listener.accept())
            _ = peer.read(count: 5)
            peer.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            #expect(kind(await failed.value) == "not sent")
            let hurried = post(listener.port, scheme: "https", deadline: .milliseconds(100))
            #expect(kind(await client.send(hurried)) == "not sent")
        }
    }

    @Test("S1: no answer within the deadline: unknown, and no sooner or much later")
    func deadline() async throws {
        try await withClient { client in
            let listener = RawListener()
            let start = SystemTime().now
            let outcome = Pending(client, post(listener.port, deadline: .seconds(1)))
            let peer = try #require(listener.accept())
            #expect(request(from: peer).hasSuffix("side=BUY"))
            #expect(kind(await outcome.value) == "unknown")
            let taken = SystemTime().now - start
            #expect(taken >= .seconds(1) && taken < .seconds(4), "\(taken)")
        }
    }

    @Test(
        "An answer that is cut, garbage or too large: unknown",
        arguments: brokenAnswers + [
            "HTTP/1.1 200 OK\r\nA: \(String(repeating: "x", count: 2_000))\r\n\r\n",
        ])
    func brokenAnswer(text: String) async throws {
        let limits = WebClientLimits(responseBytes: 1_000, headerBytes: 1_000)
        try await withClient(limits) { client in
            let listener = RawListener()
            let outcome = Pending(client, post(listener.port))
            let peer = try #require(listener.accept())
            _ = request(from: peer)
            peer.send(text)
            peer.close()
            #expect(kind(await outcome.value) == "unknown")
        }
    }

    @Test("T10: an HTML error page is a response like any other, and redirects are not followed")
    func anyStatus() async throws {
        try await withClient { client in
            let listener = RawListener()
            let outcome = Pending(client, post(listener.port))
            let peer = try #require(listener.accept())
            _ = request(from: peer)
            peer.send("HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\n")
            peer.answer("<html>busy</html>", status: 503)
            let expected = WebResponse(
                status: 503, headers: ["Content-Length": "17"],
                body: Array("<html>busy</html>".utf8))
            #expect(await outcome.value == .response(expected))
            let moved = Pending(client, post(listener.port))
            _ = request(from: peer)
            peer.send("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")
            #expect(kind(await moved.value) == "response 302")
        }
    }

    @Test("I3: a header or method that could end a line, or a bad url, is refused as not sent")
    func injection() async throws {
        try await withClient { client in
            var order = post(deadPort())
            order.headers = [("X", "a\r\nEvil: 1")]
            #expect(kind(await client.send(order)) == "not sent")
            order.headers = [("X:", "a")]
            #expect(kind(await client.send(order)) == "not sent")
            order.headers = []
            order.method = "GET /x HTTP/1.1\r\n"
            #expect(kind(await client.send(order)) == "not sent")
            for url in [
                "file:///etc/passwd", "127.0.0.1", "http://", "http://u:p@h/", "http://h/\r\n",
            ] {
                order = WebRequest(method: WebRequest.post, url: url)
                #expect(kind(await client.send(order)) == "not sent")
                order = WebRequest(base: WebBase(url), target: "/order")
                #expect(kind(await client.send(order)) == "not sent")
            }
            for path in ["", "/", "/api", "/api/"] {
                let base = WebBase("http://127.0.0.1:\(deadPort())\(path)")
                for target in ["", "order", "/a b", "/a\r\nEvil: 1", "/a#b", "/\u{e9}"] {
                    let asked = WebRequest(base: base, target: target)
                    #expect(await client.send(asked) == refusedAsNoURL)
                }
            }
        }
    }

    private let refusedAsNoURL = WebOutcome.notSent(
        WebLinkError(code: -1, message: "not an http url"))

    @Test("P8: requests past the limit are refused; closing ends those under way as unknown")
    func limits() async throws {
        try await withClient(WebClientLimits(requestsInFlight: 1)) { client in
            let listener = RawListener()
            let first = Pending(client, post(listener.port))
            let peer = try #require(listener.accept())
            _ = request(from: peer)
            #expect(kind(await client.send(post(listener.port))) == "not sent")
            await EventLoop.onLoop { client.close() }
            #expect(kind(await first.value) == "unknown")
            #expect(kind(await client.send(post(listener.port))) == "not sent")
            #expect(peer.readToEnd() == "")
        }
    }
}

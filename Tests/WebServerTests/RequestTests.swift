import Bytes
import Chronology
import RawPeers
import Reactor
import Testing
import WebProtocol
import WebServer

@Suite struct RequestTests {
    @Test("A connection serves request after request, pipelined ones in order")
    func pipelining() async throws {
        try await withServer { subject, port in
            let peer = RawPeer(port: port)
            peer.send(get)
            #expect(peer.read(until: "hi").hasPrefix("HTTP/1.1 200 OK\r\n"))
            peer.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n" + get + get)
            #expect(await eventually { subject.keptCount == 1 })
            await EventLoop.onLoop { subject.answerLater() }
            let late = peer.read(until: "late")
            #expect(late.contains("Connection: keep-alive"))
            #expect(!late.contains("hi"))
            #expect(peer.read(until: "hi").hasSuffix("\r\n\r\nhi"))
            #expect(peer.read(until: "hi").hasSuffix("\r\n\r\nhi"))
        }
    }

    @Test("Connection: close is kept to, and so is HTTP/1.0")
    func closing() async throws {
        try await withServer { _, port in
            for text in [
                "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "GET /hello HTTP/1.0\r\n\r\n",
            ] {
                let peer = RawPeer(port: port)
                peer.send(text)
                #expect(peer.readToEnd().hasSuffix("Connection: close\r\n\r\nhi"))
            }
        }
    }

    @Test("A client that closes its half after the request gets its answer")
    func halfClose() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            peer.send(get)
            peer.finishSending()
            #expect(peer.readToEnd().hasSuffix("hi"))
        }
    }

    @Test("Bodies arrive whole, fixed, chunked and after 100 Continue")
    func bodies() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            let large = String(repeating: "x", count: 300_000)
            peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + large)
            _ = peer.read(until: "\r\n\r\n")
            #expect(peer.read(count: 300_000).count == 300_000)
            peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            peer.send("2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n")
            #expect(peer.read(until: "abcd").contains("Content-Length: 4"))
            peer.send(
                "POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            )
            #expect(peer.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            peer.send("yz")
            #expect(peer.read(until: "yz").hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test("A chunked stream ends and the connection goes on; HTTP/1.0 gets it until the end")
    func stream() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            peer.send("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n" + get)
            let answer = peer.read(until: "0\r\n\r\n")
            #expect(answer.contains("Transfer-Encoding: chunked\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
            #expect(peer.read(until: "hi").hasSuffix("hi"))
            let old = RawPeer(port: port)
            old.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(old.readToEnd().hasSuffix("Connection: close\r\n\r\nonetwo"))
        }
    }

    @Test("Server-sent events flow until the client goes, which is told once")
    func events() async throws {
        try await withServer { subject, port in
            let peer = RawPeer(port: port)
            peer.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(peer.read(until: "first\n\n").contains("text/event-stream"))
            await EventLoop.onLoop {
                _ = "more".withRawSpan { subject.streams[0].send(event: nil, data: $0) }
            }
            #expect(peer.read(until: "more\n\n").hasSuffix("data: more\n\n"))
            peer.close()
            #expect(await eventually { subject.closedStreams == 1 && !subject.streams[0].isOpen })
            #expect(await eventually { subject.server.connectionCount == 0 })
        }
    }

    @Test("The router matches segments, takes HEAD by GET, and answers 404 and 405 as JSON")
    func router() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            func answer(_ line: String, _ end: String) -> String {
                peer.send("\(line) HTTP/1.1\r\nHost: x\r\n\r\n")
                return peer.read(until: end)
            }
            #expect(answer("GET /users/a%20b/x?q", "a b").hasPrefix("HTTP/1.1 200"))
            #expect(answer("GET /files/a/b", "/files/a/b").hasPrefix("HTTP/1.1 200"))
            #expect(answer("GET /nowhere", "}").hasSuffix("{\"error\":\"not found\"}"))
            let wrong = answer("PUT /hello", "}")
            #expect(wrong.hasPrefix("HTTP/1.1 405 ") && wrong.contains("Allow: GET, DELETE\r\n"))
            let head = answer("HEAD /hello", "\r\n\r\n")
            #expect(head.contains("Content-Length: 2"))
            #expect(answer("DELETE /hello", "\r\n\r\n").hasPrefix("HTTP/1.1 204 No Content"))
        }
    }

    @Test("A handler that drops its exchange answers 500")
    func dropped() async throws {
        try await withServer { _, port in
            let peer = RawPeer(port: port)
            peer.send("GET /dropped HTTP/1.1\r\nHost: x\r\n\r\n" + get)
            #expect(peer.read(until: "}").hasPrefix("HTTP/1.1 500 "))
            #expect(peer.read(until: "hi").hasSuffix("hi"))
        }
    }

    @Test("A taken port is refused with address, port and the system's words")
    func bindError() async throws {
        try await withServer { subject, port in
            let text = await EventLoop.onLoop {
                do throws(WebServerError) {
                    _ = try subject.server.listen(address: "127.0.0.1", port: port)
                    return "listens"
                } catch { return error.description }
            }
            #expect(text == "cannot listen on 127.0.0.1:\(port): Address already in use")
        }
    }

    @Test("Closing the server lets a request in hand be answered and ends idle connections")
    func shutdown() async throws {
        try await withServer { subject, port in
            let idle = RawPeer(port: port)
            let busy = RawPeer(port: port)
            busy.send("GET /later HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(
                await eventually { subject.keptCount == 1 && subject.server.connectionCount == 2 })
            await EventLoop.onLoop { subject.server.close() }
            #expect(idle.readToEnd() == "")
            await EventLoop.onLoop { subject.answerLater() }
            #expect(busy.readToEnd().hasSuffix("Connection: close\r\n\r\nlate"))
        }
    }
}

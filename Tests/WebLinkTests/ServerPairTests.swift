import Bytes
import Chronology
import Foundation
import RawPeers
import Reactor
import Testing
import WebLink
import WebProtocol
import WebServer

/// Our client against our server, and both against Python's.
@Suite struct ServerPairTests {
    @LoopActor private func server() throws -> (WebServer, UInt16) {
        var router = Router()
        for method in ["GET", "POST", "PUT", "DELETE"] {
            router.add(method, "/echo") { request, exchange in
                exchange.respond(
                    status: 200,
                    headers: [
                        "X-Method": request.method, "X-Given": request.headers["x-given"] ?? "none",
                        "X-Type": request.headers["content-type"] ?? "none",
                        "X-Query": String(decoding: request.query, as: UTF8.self),
                    ], body: request.body)
            }
        }
        let server = WebServer(loop: .process, router: router)
        return (server, try server.listen(address: "127.0.0.1", port: 0))
    }

    @Test("Methods, headers, query and body arrive as given, over one connection")
    func exchange() async throws {
        let (server, port) = try await EventLoop.onLoop { try self.server() }
        try await withClient { client in
            for method in ["GET", "POST", "PUT", "DELETE", "POST", "GET"] {
                let body = method == "GET" ? [] : Array("side=BUY&\(method)".utf8)
                let request = WebRequest(
                    method: method, url: "http://127.0.0.1:\(port)/echo?a=%20b+c&signature=x",
                    headers: [("X-Given", method), ("Content-Type", "text/x")], body: body)
                guard case .response(let response) = await client.send(request) else {
                    Issue.record("no response to \(method)")
                    continue
                }
                #expect(response.status == 200)
                #expect(response.body == body)
                #expect(response.headers["x-method"] == method)
                #expect(response.headers["x-given"] == method)
                #expect(response.headers["x-type"] == "text/x")
                #expect(response.headers["X-QUERY"] == "a=%20b+c&signature=x")
            }
            let count = await EventLoop.onLoop { server.connectionCount }
            #expect(count == 1)
        }
        await EventLoop.onLoop { server.close() }
    }

    @Test("A large body goes through without waiting for 100 Continue; an empty one has length 0")
    func sizes() async throws {
        let (server, port) = try await EventLoop.onLoop { try self.server() }
        try await withClient { client in
            for count in [1_000_000, 0] {
                let request = WebRequest(
                    method: "POST", url: "http://localhost:\(port)/echo",
                    body: [UInt8](repeating: 0x61, count: count))
                guard case .response(let response) = await client.send(request) else {
                    Issue.record("no response")
                    continue
                }
                #expect(response.body.count == count)
            }
        }
        await EventLoop.onLoop { server.close() }
    }

    @Test("Forty requests at once all end in their own response")
    func parallel() async throws {
        let (server, port) = try await EventLoop.onLoop { try self.server() }
        try await withClient { client in
            await withTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let request = WebRequest(
                            method: "POST", url: "http://127.0.0.1:\(port)/echo",
                            body: Array("\(number)".utf8))
                        guard case .response(let response) = await client.send(request) else {
                            return false
                        }
                        return response.text == "\(number)"
                    }
                }
                for await isRight in group { #expect(isRight) }
            }
        }
        await EventLoop.onLoop { server.close() }
    }

    @Test("Our client talks to Python's http.server", .enabled(if: PythonProgram.path != nil))
    func pythonServer() async throws {
        let server = try PythonProgram(
            ["-m", "http.server", "0", "--bind", "127.0.0.1", "-d", "/etc"])
        let port = try #require(server.readPort())
        let hostname = try String(contentsOfFile: "/etc/passwd", encoding: .utf8)
        try await withClient { client in
            let base = "http://127.0.0.1:\(port)"
            guard case .response(let found) = await client.send(WebRequest(url: base + "/passwd"))
            else {
                Issue.record("no response")
                return
            }
            #expect(found.status == 200 && found.text == hostname)
            let missing = await client.send(WebRequest(url: base + "/no-such-file"))
            #expect(kind(missing) == "response 404")
            let post = await client.send(WebRequest(method: "POST", url: base, body: [1]))
            #expect(kind(post) == "response 501")
        }
    }

    @Test("Python's http.client talks to our server", .enabled(if: PythonProgram.path != nil))
    func pythonClient() async throws {
        let (server, port) = try await EventLoop.onLoop { try self.server() }
        let program = """
            import http.client
            c = http.client.HTTPConnection('127.0.0.1', \(port), timeout=5)
            for i in range(3):
                c.request('POST', '/echo?q=%d' % i, body=(b'ab' for _ in range(2)), encode_chunked=True,
                          headers={'Transfer-Encoding': 'chunked'})
                r = c.getresponse()
                print(r.status, r.read().decode(), r.headers['X-Query'])
            c.request('HEAD', '/echo'); r = c.getresponse(); print(r.status, len(r.read()))
            """
        let text = try PythonProgram(["-c", program]).readToEnd()
        #expect(text == "200 abab q=0\n200 abab q=1\n200 abab q=2\n200 0\n")
        await EventLoop.onLoop { server.close() }
    }
}

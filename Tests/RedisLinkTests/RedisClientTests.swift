import Bytes
import Chronology
import Glibc
import Reactor
import RedisServerSupport
import Testing

@testable import RedisLink

@Suite("A client against a real server")
struct RedisClientTests {
    @Test("Pipelined commands are answered in order, each with its own reply")
    func pipelining() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, _) = try await RedisClient.up(server)
            var replies: [RedisOutcome] = []
            await withCheckedContinuation { continuation in
                for index in 0..<1_000 {
                    client.send(["ECHO", "\(index)"]) { outcome in
                        replies.append(outcome)
                        if replies.count == 1_000 { continuation.resume() }
                    }
                }
                #expect(client.pendingCount == 1_000)
                #expect(replies.isEmpty)
            }
            #expect(replies.map { $0.value?.text } == (0..<1_000).map { "\($0)" })
            client.close()
        }
    }

    @Test("Hashes are read as names and values, whatever their forms; what is none is nil")
    func hashes() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, _) = try await RedisClient.up(server)
            let long = String(repeating: "x", count: 60)
            _ = await client.send(["HSET", "a", "id", "1", "name", "", "text", long])
            _ = await client.send(["HSET", "b", "id", "2", "name", "two", "text", "t"])
            _ = await client.send(["HSET", "c", "id", "3", "nume", "three", "text", "t"])
            _ = await client.send(["SET", "d", "no hash"])
            @LoopActor func read(_ key: String) async -> RedisRecord? {
                await withCheckedContinuation { continuation in
                    client.readHash(key) { continuation.resume(returning: $0) }
                }
            }
            for _ in 0..<2 {
                #expect(await read("a")?.values == ["1", "", long])
                #expect(await read("b")?.names == ["id", "name", "text"])
                #expect(await read("c")?.names == ["id", "nume", "text"])
                #expect(await read("none")?.isEmpty == true)
                #expect(await read("d") == nil)
            }
            server.stop()
            while client.isUp { _ = await client.send(["PING"]) }
            #expect(await read("a") == nil)
            client.close()
        }
    }

    @Test("Replies of every type are typed, nested and large ones too")
    func types() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, _) = try await RedisClient.up(server)
            #expect(await client.send(["SET", "k", "v"]) == .reply(.status("OK")))
            #expect(await client.send(["GET", "k"]) == .reply(.bytes(Array("v".utf8))))
            #expect(await client.send(["GET", "none"]) == .reply(.null))
            #expect(await client.send(["INCR", "n"]) == .reply(.integer(1)))
            let wrong = await client.send(["LPUSH", "k", "x"])
            #expect(wrong.failure?.hasPrefix("WRONGTYPE") == true)
            #expect(wrong.value == nil)
            let nested = await client.send(["EVAL", "return {1,{'a',{'b',{}}},false}", "0"])
            #expect(
                nested.value
                    == .array([
                        .integer(1),
                        .array([
                            .bytes(Array("a".utf8)),
                            .array([.bytes(Array("b".utf8)), .array([])]),
                        ]), .null,
                    ]))
            for start in stride(from: 0, to: 20_000, by: 1_000) {
                _ = await client.send(
                    ["RPUSH", "list"] + (start..<(start + 1_000)).map { "element \($0)" })
            }
            let list = await client.send(["LRANGE", "list", "0", "-1"])
            #expect(list.value?.elements?.count == 20_000)
            #expect(list.value?.texts?.last == "element 19999")
            let big = String(repeating: "x", count: 3_000_000)
            _ = await client.send(["SET", "big", big])
            #expect(await client.send(["GET", "big"]).value?.text == big)
            _ = await client.send(["HSET", "h", "a", "1", "b", "2"])
            #expect(await client.send(["HGETALL", "h"]).value?.fields == ["a": "1", "b": "2"])
            client.close()
        }
    }

    @Test("A script is named by its SHA-1 and given again when the server forgot it")
    func scripts() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, watch) = try await RedisClient.up(server)
            let script = RedisScript("return {KEYS[1], ARGV[1]}")
            let loaded = await client.send(["SCRIPT", "LOAD", script.source])
            #expect(loaded.value?.text == script.sha)
            _ = await client.send(["SCRIPT", "FLUSH"])
            let first = await client.evaluate(script, keys: ["k"], arguments: ["a"])
            #expect(first.value?.texts == ["k", "a"])
            let known = await client.send(["SCRIPT", "EXISTS", script.sha])
            #expect(known.value == .array([.integer(1)]))
            // After a reconnect it is there before the first request.
            async let down = watch.down()
            await aside { server.stop() }
            _ = await down
            await aside { server.start() }
            await watch.up()
            let again = await client.send(["SCRIPT", "EXISTS", script.sha])
            #expect(again.value == .array([.integer(1)]))
            client.close()
        }
    }

    @Test(
        "SHA-1 gives the digests of RFC 3174",
        arguments: [
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
        ])
    func sha1(message: String, digest: String) {
        #expect(SHA1.hex(of: Array(message.utf8)) == digest)
    }

    @Test("P3: kill -9 ends written requests as unknown, and the client comes back by itself")
    func killed() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, watch) = try await RedisClient.up(server)
            server.signal(SIGSTOP)
            var outcome: RedisOutcome?
            client.send(["INCR", "n"]) { outcome = $0 }
            await pass(.milliseconds(5))
            async let down = watch.down()
            server.signal(SIGCONT)
            await aside { server.stop() }
            _ = await down
            switch outcome {
            case .unknown?, .reply?: break
            case .refused?, nil: Issue.record("written, then: \(String(describing: outcome))")
            }
            let refused = await client.send(["PING"])
            #expect(refused == .refused(RedisLinkError(.down, "redis is not connected")))
            #expect(client.isUp == false)
            await aside { server.start() }
            await watch.up()
            #expect(await client.send(["PING"]) == .reply(.status("PONG")))
            client.close()
        }
    }

    @Test("P3: a frozen server is noticed within 2 s, idle or not, and used again when it thaws")
    func frozen() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, watch) = try await RedisClient.up(server)
            let (busy, busyWatch) = try await RedisClient.up(server)
            let start = EventLoop.process.now
            server.signal(SIGSTOP)
            async let idleDown = watch.down()
            async let busyDown = busyWatch.down()
            let outcome = await busy.send(["INCR", "n"])
            guard case .unknown(let error) = outcome else {
                Issue.record("expected unknown, got \(outcome)")
                return
            }
            #expect(error.code == .lost)
            _ = await busyDown
            let reason = await idleDown
            #expect(EventLoop.process.now - start <= .seconds(2))
            #expect(reason.contains("PING"))
            // connect() to a stopped server succeeds; that alone must not count as up.
            await pass(.milliseconds(100))
            #expect(!client.isUp)
            async let up: Void = watch.up()
            server.signal(SIGCONT)
            await up
            #expect(await client.send(["PING"]) == .reply(.status("PONG")))
            client.close()
            busy.close()
        }
    }

    @Test("A request written before the freeze and one queued behind a full socket end differently")
    func outcomes() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, _) = try await RedisClient.up(server)
            server.signal(SIGSTOP)
            var first: RedisOutcome?
            var last: RedisOutcome?
            client.send(["INCR", "n"]) { first = $0 }
            // More than the socket's buffers take.
            let filler = String(repeating: "x", count: 1_000_000)
            for _ in 0..<5 { client.send(["SET", "k", filler]) { _ in } }
            await withCheckedContinuation { continuation in
                client.send(["INCR", "n"]) {
                    last = $0
                    continuation.resume()
                }
            }
            guard case .unknown? = first else {
                Issue.record("first: \(String(describing: first))")
                return
            }
            guard case .refused? = last else {
                Issue.record("last: \(String(describing: last))")
                return
            }
            server.signal(SIGCONT)
            client.close()
        }
    }

    @Test("Full queues refuse, by count and by bytes, and nothing is lost or doubled")
    func full() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            var limits = RedisLimits()
            limits.pendingRequests = 10
            limits.outputBytes = 10_000
            let (client, _) = try await RedisClient.up(server, limits: limits)
            var outcomes: [RedisOutcome] = []
            await withCheckedContinuation { continuation in
                for _ in 0..<15 {
                    client.send(["INCR", "n"]) {
                        outcomes.append($0)
                        if outcomes.count == 15 { continuation.resume() }
                    }
                }
            }
            #expect(outcomes.filter { $0.value != nil }.count == 10)
            #expect(
                outcomes.filter { $0.failure == "too many redis requests in flight" }.count == 5)
            #expect(await client.send(["GET", "n"]).value?.int == 10)
            let big = await client.send(["SET", "k", String(repeating: "x", count: 20_000)])
            guard case .refused(let error) = big else {
                Issue.record("accepted: \(big)")
                return
            }
            #expect(error.code == .full && error.isRetriable)
            #expect(await client.send(["EXISTS", "k"]).value?.int == 0)
            client.close()
        }
    }

    @Test("AUTH and SELECT are done before anything else, and their errors say so")
    func login() async throws {
        let server = RedisServer(arguments: ["--requirepass", "s3cr:t@/"])
        try await EventLoop.onLoop {
            let login = ":s3cr%3At%40%2F"
            let (client, watch) = try RedisClient.make(server.url(login: login, database: 5))
            client.start()
            await watch.up()
            let info = await client.send(["CLIENT", "INFO"])
            #expect(info.value?.text?.contains("db=5") == true)
            #expect(info.value?.text?.contains("name=test-client") == true)
            _ = await client.send(["ACL", "SETUSER", "u", "on", ">pw", "~*", "+ping", "+echo"])
            let (named, namedWatch) = try RedisClient.make(server.url(login: "u:pw"))
            named.start()
            await namedWatch.up()
            #expect(await named.send(["ECHO", "x"]).value?.text == "x")
            for (url, reason) in [
                (server.url(login: ":wrong"), "AUTH refused: WRONGPASS"),
                (server.url(), "not ready: NOAUTH"),
                (server.url(login: login, database: 99), "SELECT 99 refused: ERR"),
            ] {
                let (bad, badWatch) = try RedisClient.make(url)
                bad.start()
                let text = await badWatch.down()
                #expect(text.hasPrefix(reason))
                #expect(!bad.isUp)
                bad.close()
            }
            client.close()
            named.close()
        }
    }

    @Test("Writes without replies arrive; their errors are counted, refused ones are refused")
    func fireAndForget() async throws {
        let server = RedisServer()
        try await EventLoop.onLoop {
            let (client, _) = try await RedisClient.up(server)
            var bytes = ByteWriter()
            for index in 0..<100 {
                RESPWriter.command(4, into: &bytes)
                RESPWriter.argument("HSET", into: &bytes)
                RESPWriter.argument("h", into: &bytes)
                RESPWriter.argument(integer: Int64(index), into: &bytes)
                RESPWriter.argument(into: &bytes) { $0.append(integer: index * index) }
            }
            #expect(client.writes([UInt8](bytes.rawSpan)))
            #expect(await client.send(["HGET", "h", "99"]).value?.text == "9801")
            #expect(client.writes(Array("*1\r\n$4\r\nNOPE\r\n".utf8)))
            _ = await client.send(["PING"])
            #expect(client.ignoredErrors == 1)
            #expect(client.latestIgnoredError?.contains("unknown command") == true)
            for malformed in ["", "PING\r\n", "*1\r\n$4\r\nPIN", "*0\r\n", "*1\r\n$-1\r\n", "*"] {
                #expect(!client.writes(Array(malformed.utf8)), "\(malformed)")
            }
            #expect(client.publishes("c", "x"))
            client.close()
            #expect(!client.publishes("c", "x"))
        }
    }

    @Test("A missing server is a reason, a refused request, and a retry")
    func missing() async throws {
        let server = RedisServer(isStarted: false)
        try await EventLoop.onLoop {
            let (client, watch) = try RedisClient.make(server.url())
            client.start()
            #expect(await watch.down().hasPrefix("cannot connect: "))
            guard case .refused = await client.send(["PING"]) else {
                Issue.record("not refused")
                return
            }
            await aside { server.start() }
            await watch.up()
            client.close()
            #expect(watch.states.last == .down(reason: "closed"))
        }
    }

    @Test("A client dropped with requests under way still ends each of them")
    func dropped() async throws {
        let server = RedisServer()
        let outcome = try await EventLoop.onLoop { () -> RedisOutcome in
            var client: RedisClient? = try await RedisClient.up(server).client
            return await withCheckedContinuation { continuation in
                client?.send(["PING"]) { continuation.resume(returning: $0) }
                client = nil
            }
        }
        #expect(outcome.failure == "redis connection lost: closed")
    }
}

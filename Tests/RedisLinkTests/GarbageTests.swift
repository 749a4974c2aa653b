import Bounded
import Chronology
import Reactor
import Testing

@testable import RedisLink

@Suite("A client against a server that talks nonsense")
struct GarbageTests {
    /// A link that never pings, so that the scripted answers meet the requests they are for.
    private static var unpinged: RedisLimits {
        var limits = RedisLimits()
        limits.pingAfter = .seconds(300)
        return limits
    }

    @Test("A host name is looked up, and TCP works as a unix socket does")
    func name() async throws {
        try await EventLoop.onLoop {
            let server = ScriptedServer(answers: [ScriptedServer.login, Array(":7\r\n".utf8)])
            let (client, watch) = try RedisClient.make(
                "redis://localhost:\(server.port)", limits: Self.unpinged)
            client.start()
            await watch.up()
            #expect(await client.send(["INCR", "n"]) == .reply(.integer(7)))
            client.close()
            server.close()
        }
    }

    @Test("A name without an address is a reason")
    func unknownName() async throws {
        try await EventLoop.onLoop {
            // A label of more than 63 bytes is refused before anyone is asked.
            let name = String(repeating: "a", count: 70)
            let (client, watch) = try RedisClient.make("redis://\(name)")
            client.start()
            let reason = await watch.down()
            #expect(reason.hasPrefix("cannot connect: "))
            client.close()
        }
    }

    @Test(
        "Bytes that are no reply, or a reply nobody asked for, end the connection with a reason",
        arguments: [
            "!nonsense\r\n", ":12\r\n:13\r\n", "*-7\r\n", "$-2\r\n", "HTTP/1.1 400 Bad\r\n",
        ])
    func garbage(answer: String) async throws {
        try await EventLoop.onLoop {
            let server = ScriptedServer(answers: [ScriptedServer.login, Array(answer.utf8)])
            let (client, watch) = try RedisClient.make(
                "redis://127.0.0.1:\(server.port)", limits: Self.unpinged)
            client.start()
            await watch.up()
            let wasUp = client.isUp
            let first = await client.send(["INCR", "n"])
            await watch.down(because: "protocol error: ")
            switch first {
            case .unknown, .reply: break
            case .refused: #expect(!wasUp, "written, yet refused")
            }
            await watch.up()
            #expect(server.connections >= 2)
            #expect(watch.states.filter { $0 == .up }.count >= 2)
            client.close()
            server.close()
        }
    }

    @Test("Mutated answers end every request exactly once")
    func mutated() async throws {
        let seed: UInt64 = 11
        try await EventLoop.onLoop {
            var random = SplitMix64(seed: seed)
            for _ in 0..<60 {
                var answer = Array("*2\r\n$3\r\nabc\r\n:5\r\n$-1\r\n+OK\r\n-ERR x\r\n".utf8)
                let at = Int.random(in: 0..<answer.count, using: &random)
                answer[at] = UInt8.random(in: 0...255, using: &random)
                let server = ScriptedServer(answers: [ScriptedServer.login, answer])
                var limits = RedisLimits()
                limits.pingAfter = .milliseconds(5)
                limits.silenceLimit = .milliseconds(30)
                let (client, watch) = try RedisClient.make(
                    "redis://127.0.0.1:\(server.port)", limits: limits)
                client.start()
                await watch.up()
                var endings = [0, 0, 0, 0]
                await withCheckedContinuation { continuation in
                    for index in 0..<4 {
                        client.send(["GET", "k"]) { _ in
                            endings[index] += 1
                            if endings.allSatisfy({ $0 > 0 }) { continuation.resume() }
                        }
                    }
                }
                client.close()
                server.close()
                await pass(.milliseconds(1))
                #expect(endings == [1, 1, 1, 1], "seed \(seed)")
            }
        }
    }
}

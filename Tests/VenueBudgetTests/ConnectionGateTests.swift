import BusProtocol
import Chronology
import Glibc
import Reactor
import RedisLink
import RedisServerSupport
import Runtime
import Testing
import VenueBudget

/// Processes that share the connection attempts a venue's host may see, through a real Redis.
@Suite("Connection gate", .serialized)
struct ConnectionGateTests {
    private let server = RedisServer()

    init() { EventLoop.process.runInBackground() }

    @LoopActor private func ask(_ gate: ConnectionGate, isFirst: Bool = false) async -> Interval? {
        await withCheckedContinuation { continuation in
            gate.attempt(isFirst: isFirst) { continuation.resume(returning: $0) }
        }
    }

    @LoopActor private func granted(
        _ gates: [ConnectionGate], _ count: Int, isFirst: Bool = false
    ) async -> Int {
        var granted = 0
        for number in 0..<count {
            if await ask(gates[number % gates.count], isFirst: isFirst) == nil { granted += 1 }
        }
        return granted
    }

    @Test("T5: three processes together make five attempts a minute, and are told how long to wait")
    @LoopActor func shared() async throws {
        var gates: [ConnectionGate] = []
        for name in ["one", "two", "three"] {
            gates.append(ConnectionGate(host: await server.host(name), perMinute: 5))
        }
        #expect(await granted(gates, 12) == 5)
        let pause = try #require(await ask(gates[2]))
        #expect(pause > .seconds(40) && pause <= .seconds(61))
        // One that comes later, as after a crash, has not a new count.
        let late = ConnectionGate(host: await server.host("one"), perMinute: 5)
        #expect(await ask(late) != nil)
    }

    @Test("T5: sockets' first attempts are free until a connection fails anywhere")
    @LoopActor func first() async {
        let (one, two) = (await server.host("one"), await server.host("two"))
        let gates = [
            ConnectionGate(host: one, perMinute: 5), ConnectionGate(host: two, perMinute: 5),
        ]
        #expect(await granted(gates, 12, isFirst: true) == 12)
        #expect(await granted(gates, 1) == 0)
        gates[1].failed()
        _ = await two.redis.send(["PING"])
        #expect(await granted(gates, 4, isFirst: true) == 0)
        #expect(await one.redis.send(["PTTL", one.keys.attemptFailed]).value?.int ?? 0 > 50_000)
    }

    @Test("T5: first attempts are free, but not without end")
    @LoopActor func freeLimit() async {
        let gate = ConnectionGate(host: await server.host("one"), perMinute: 5)
        #expect(await granted([gate], 60, isFirst: true) == 50)
    }

    @Test("P3: with Redis gone each process makes a fifth of the attempts, those before included")
    @LoopActor func alone() async {
        let (one, two) = (await server.host("one"), await server.host("two"))
        let gates = [
            ConnectionGate(host: one, perMinute: 10), ConnectionGate(host: two, perMinute: 10),
        ]
        #expect(await granted([gates[0]], 1) == 1)
        server.stop()
        while one.redis.isUp || two.redis.isUp {
            _ = await one.redis.send(["PING"])
            _ = await two.redis.send(["PING"])
        }
        #expect(await granted([gates[0]], 4, isFirst: true) == 1)
        #expect(await granted([gates[1]], 4) == 2)
    }

    @Test("P3: a Redis that is stopped and does not answer holds no attempt longer than a second")
    @LoopActor func frozen() async {
        let host = await server.host("one")
        let gate = ConnectionGate(host: host, perMinute: 5)
        server.signal(SIGSTOP)
        let before = host.loop.now
        #expect(await ask(gate) == nil)
        #expect(host.loop.now - before >= .milliseconds(900))
        server.signal(SIGCONT)
    }
}

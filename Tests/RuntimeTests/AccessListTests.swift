import BusProtocol
import Reactor
import RedisLink
import RedisServerSupport
import Runtime
import Testing

/// The users of `compose/users.acl`, in a Redis that was started with them.
@Suite struct AccessListTests {
    private let server: RedisServer

    init() {
        EventLoop.process.runInBackground()
        let top = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        server = RedisServer(arguments: [
            "--aclfile", top + "/compose/users.acl", "--appendonly", "yes", "--appendfsync",
            "always",
        ])
    }

    @LoopActor private func login(_ user: String) async throws -> RedisClient {
        let client = RedisClient(
            loop: .process,
            endpoint: try RedisEndpoint(url: server.url(login: "\(user):\(user)-paper")),
            name: user,
            jitterSeed: 1)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isSettled = false
            client.onState = { state in
                guard state == .up, !isSettled else { return }
                isSettled = true
                continuation.resume()
            }
            client.start()
        }
        return client
    }

    /// Whether the server carried the command out, rather than refusing the user.
    @LoopActor private func may(_ client: RedisClient, _ arguments: String...) async -> Bool {
        let outcome = await client.send(arguments)
        if case .reply(.error(let text)) = outcome { return !text.hasPrefix("NOPERM") }
        return true
    }

    @Test("The inspector reads everything and changes nothing")
    @LoopActor func inspector() async throws {
        let client = try await login("inspector")
        var errors: [String] = []
        client.onError = { errors.append($0) }
        for key in ["pms:{usdm}:position:a:BTCUSDT", "pms:{usdm}:risk:a", "pms:{usdm}:state"] {
            #expect(await may(client, "HGETALL", key))
            #expect(await !may(client, "HSET", key, "a", "1"))
            #expect(await !may(client, "DEL", key))
        }
        #expect(await may(client, "XRANGE", "pms:{usdm}:ledger", "-", "+"))
        #expect(await may(client, "SCAN", "0"))
        #expect(await !may(client, "PUBLISH", "pms:{usdm}:command:order-gateway", "x"))
        #expect(await !may(client, "EVAL", "return 1", "0"))
        #expect(await !may(client, "FLUSHALL"))
        #expect(await !may(client, "KEYS", "*"))
        #expect(await !may(client, "CONFIG", "GET", "*"))
        #expect(!errors.isEmpty && errors.allSatisfy { $0.hasPrefix("NOPERM") })
        client.close()
    }

    @Test("Without a user nothing is answered")
    func anonymous() {
        #expect(server.command("GET", "pms:{usdm}:state").contains("NOAUTH"))
    }

    @Test(
        "Each process beats, and writes its own keys only",
        arguments: [
            ("price-feed", "pms:{usdm}:price:BTCUSDT", "pms:{usdm}:position:a:BTCUSDT"),
            ("order-gateway", "pms:{usdm}:position:a:BTCUSDT", "pms:{usdm}:price:BTCUSDT"),
            ("risk-engine", "pms:{usdm}:risk:a", "pms:{usdm}:order:x"),
            ("position-sync", "pms:{usdm}:sync", "pms:{usdm}:lock:gateway"),
            ("spot-price-feed", "pms:{spot}:price:QRLUSDT", "pms:{spot}:position:a:QRLUSDT"),
            ("spot-order-gateway", "pms:{spot}:position:a:QRLUSDT", "pms:{spot}:price:QRLUSDT"),
            ("spot-allocator", "pms:{spot}:allocation", "pms:{spot}:order:x"),
        ])
    @LoopActor func processes(name: String, own: String, other: String) async throws {
        let client = try await login(name)
        #expect(await may(client, "HSET", own, "a", "1"))
        #expect(await !may(client, "HSET", other, "a", "1"))
        #expect(await !may(client, "FLUSHALL"))
        let beat = await client.evaluate(
            RedisScript(HeartbeatScript.write), keys: [heartbeat(of: name)],
            arguments: ["5000", "pid", "1"])
        #expect(beat.value == .integer(1))
        client.close()
    }

    /// The key of a user's heartbeat: `spot-` and the venue it stands for are no part of a service's name.
    private func heartbeat(of user: String) -> String {
        guard user.hasPrefix("spot-") else { return "pms:{usdm}:heartbeat:\(user):one" }
        return "pms:{spot}:heartbeat:\(user.dropFirst(5)):one"
    }

    @Test(
        "Each process may take its lease",
        arguments: [
            ("order-gateway", "gateway", "usdm"), ("position-sync", "sync", "usdm"),
            ("spot-order-gateway", "gateway", "spot"), ("spot-allocator", "allocation", "spot"),
        ])
    @LoopActor func leases(name: String, lease: String, venue: String) async throws {
        let client = try await login(name)
        let keys = BusKeys(venue: VenueID(venue)!)
        let granted = await client.evaluate(
            RedisScript(LeaseScript.acquire), keys: [keys.lock(lease), keys.fence(lease)],
            arguments: ["token", "5000"])
        guard case .reply(.integer(let fence)) = granted else {
            Issue.record("\(granted)")
            return
        }
        #expect(fence > 0)
        client.close()
    }

    @Test("price-feed may join the instances that share its symbols")
    @LoopActor func membership() async throws {
        let client = try await login("price-feed")
        let joined = await client.evaluate(
            RedisScript(MembershipScript.join), keys: ["pms:{usdm}:members:price-feed"],
            arguments: ["one", "5000"])
        #expect(joined.value?.texts == ["one"])
        client.close()
    }

    @Test("What scripts wrote is there after kill -9, though the default user is off")
    @LoopActor func reload() async throws {
        // Redis 7.0 replays transactions, and so scripts, with the default user's permissions: if it
        // has none, they are dropped with a line in the log, and the books are gone.
        let client = try await login("order-gateway")
        let script = RedisScript(
            "redis.call('HSET', KEYS[1], 'a', '1') redis.call('SADD', KEYS[2], 'b') return 1")
        let keys = ["pms:{usdm}:position:a:BTCUSDT", "pms:{usdm}:books"]
        #expect(await client.evaluate(script, keys: keys, arguments: []).value == .integer(1))
        client.close()
        server.stop()
        server.start()
        let again = try await login("order-gateway")
        #expect(await again.send(["HGET", keys[0], "a"]).value?.text == "1")
        #expect(await again.send(["SCARD", keys[1]]).value == .integer(1))
        again.close()
    }

    @Test("The command line sends commands and watches symbols, and writes nothing else")
    @LoopActor func commandLine() async throws {
        let client = try await login("pms")
        #expect(await may(client, "PUBLISH", "pms:{usdm}:command:order-gateway", "x"))
        #expect(await may(client, "ZADD", "pms:{usdm}:demand", "GT", "1", "BTCUSDT"))
        #expect(await may(client, "INFO", "persistence"))
        #expect(await !may(client, "ZADD", "pms:{usdm}:trades:BTCUSDT", "1", "1"))
        #expect(await !may(client, "HSET", "pms:{usdm}:state", "state", "ACTIVE"))
        client.close()
    }
}

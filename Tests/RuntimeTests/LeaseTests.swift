import BusProtocol
import Chronology
import Glibc
import Reactor
import RedisLink
import RedisServerSupport
import Runtime
import Testing

/// Leases against a real Redis.
@Suite struct LeaseTests {
    private let server = RedisServer()

    init() { EventLoop.process.runInBackground() }

    @LoopActor private func holder(_ token: String) async throws -> (Lease, RedisClient) {
        let redis = RedisClient(
            loop: .process, endpoint: RedisEndpoint(path: server.path), name: token, jitterSeed: 1)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isSettled = false
            redis.onState = { state in
                guard state == .up, !isSettled else { return }
                isSettled = true
                continuation.resume()
            }
            redis.start()
        }
        let venue = try #require(VenueID("test"))
        let lease = Lease(
            name: "gateway", token: token, timeToLive: .milliseconds(400),
            keys: BusKeys(venue: venue),
            loop: EventLoop.process, redis: redis)
        return (lease, redis)
    }

    @LoopActor private func gain(_ lease: Lease) async -> Int64 {
        await withCheckedContinuation { continuation in
            lease.onGained = { continuation.resume(returning: $0) }
            lease.start()
        }
    }

    @LoopActor private func loss(_ lease: Lease) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            lease.onLost = {
                lease.onLost = nil
                continuation.resume()
            }
        }
    }

    @Test("Given up, a lease goes to the next holder with a greater number")
    @LoopActor func handover() async throws {
        let (first, redisA) = try await holder("a")
        let (second, redisB) = try await holder("b")
        let fence = await gain(first)
        #expect(first.fence == fence)
        async let next = gain(second)
        await first.release()
        #expect(first.fence == nil)
        let later = await next
        #expect(later > fence)
        await second.release()
        #expect(await gain(first) > later, "one who gave up may try anew")
        await first.release()
        redisA.close()
        redisB.close()
    }

    @Test("P1: a holder whose lock was taken over notices at its next renewal, and leaves it alone")
    @LoopActor func takenOver() async throws {
        let (lease, redis) = try await holder("a")
        _ = await gain(lease)
        async let lost: Void = loss(lease)
        _ = await redis.send(["SET", "pms:{test}:lock:gateway", "someone else"])
        await lost
        #expect(lease.fence == nil)
        await lease.release()
        #expect(await redis.send(["GET", "pms:{test}:lock:gateway"]).value?.text == "someone else")
        redis.close()
    }

    @Test(
        "P3: a frozen Redis loses the lease by the holder's own clock; it comes back with a new number"
    )
    @LoopActor func frozen() async throws {
        let (lease, redis) = try await holder("a")
        let fence = await gain(lease)
        async let lost: Void = loss(lease)
        server.signal(SIGSTOP)
        await lost
        let again = await withCheckedContinuation { continuation in
            lease.onGained = {
                lease.onGained = nil
                continuation.resume(returning: $0)
            }
            server.signal(SIGCONT)
        }
        #expect(again > fence)
        await lease.release()
        redis.close()
    }
}

import BusProtocol
import Chronology
import Orders
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Orders bound to an owner and a time, while owner, gateway, Redis and answers come and go; every
/// failing run prints its seed.
@Suite struct TenureSimulationTests {
    /// What the story knows of an order with terms.
    private struct Bound {
        let fence: Int64?
        /// When its time is over.
        let until: Instant?
    }

    private var bound: [ClientOrderID: Bound] = [:]
    private var fence: Int64 = 0

    @Test("without faults: an order rests while owner and time last, and two seconds on it is gone")
    func calm() {
        for seed in UInt64(1)...20 {
            var story = TenureSimulationTests()
            var world = GatewayWorld(seed: seed)
            world.loss = 0
            story.start(&world)
            for step in 0..<60 {
                story.live(&world, step)
                world.advance(by: .milliseconds(Int64.random(in: 50...1_000, using: &world.random)))
                story.checkPunctual(world, seed)
            }
            #expect(story.bound.count > 20, "seed \(seed)")
        }
    }

    @Test("A6 S2 S4 C4: whatever is lost or killed, nothing of a dead owner or past its time rests")
    func faults() {
        var made = 0
        for seed in UInt64(101)...160 { made += TenureSimulationTests.run(seed, .binanceFutures) }
        for seed in UInt64(201)...230 { made += TenureSimulationTests.run(seed, .mexcSpot) }
        #expect(made > 90 * 10, "stories of nothing prove nothing")
    }

    @Test("P3 S3: the same where Redis forgets its last second, with the orders' terms in it")
    func amnesia() {
        var made = 0
        for seed in UInt64(301)...400 {
            made += TenureSimulationTests.run(seed, .binanceFutures, losesMemory: true)
        }
        #expect(made > 100 * 10, "stories of nothing prove nothing")
    }

    /// Runs one story; gives how many orders the venue took.
    private static func run(
        _ seed: UInt64, _ kind: VenueKind, losesMemory: Bool = false
    ) -> Int {
        var story = TenureSimulationTests()
        var world = GatewayWorld(seed: seed, kind)
        story.start(&world)
        for step in 0..<100 {
            story.live(&world, step)
            switch Int.random(in: 0..<100, using: &world.random) {
            case 0..<6: world.crash()
            case 6..<10: world.cutStream()
            case 10..<16:
                if world.isRedisUp {
                    world.isRedisUp = false
                    world.tell(.redisDown)
                }
            case 16..<20 where losesMemory: world.loseMemory(withProcess: world.chance(60))
            case _: break
            }
            world.advance(by: .milliseconds(Int64.random(in: 5...1_500, using: &world.random)))
            if world.chance(60) { world.restoreRedis() }
        }
        world.owner = nil
        world.loss = 0
        world.restoreRedis()
        world.advance(by: .seconds(90))
        let late = world.resting.compactMap { ClientOrderID($0.clientOrderID) }
            .filter { story.bound[$0] != nil }
        #expect(late.isEmpty, "seed \(seed): \(late)")
        world.check(seed)
        return world.made.count
    }

    private mutating func start(_ world: inout GatewayWorld) {
        world.newestFence = 1
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        takeLease(&world)
        world.advance(by: .seconds(2))
    }

    private mutating func takeLease(_ world: inout GatewayWorld) {
        fence += 1
        world.owner = (fence, world.now + .seconds(3))
    }

    /// The owner renews, dies, or comes back; and an order is placed, with terms or without.
    private mutating func live(_ world: inout GatewayWorld, _ step: Int) {
        if let owner = world.owner, owner.until > world.now, !world.chance(8) {
            if world.isRedisUp { world.owner = (fence, world.now + .seconds(3)) }
        } else if world.isRedisUp, world.chance(50) {
            takeLease(&world)
        }
        var body = OrderPlaceBody(
            account: GatewayWorld.accounts[step % 2], symbol: GatewayWorld.symbol,
            side: world.chance(50) ? .buy : .sell, type: .limit,
            quantity: .whole(Int64.random(in: 1...9, using: &world.random)), price: .whole(100),
            origin: .allocator)
        if world.chance(60) { body.owner = OrderOwner(lease: "owner", fence: fence) }
        if world.chance(50) {
            body.timeToLiveMilliseconds = Int64.random(in: 300...6_000, using: &world.random)
        }
        let request = "o\(step)"
        if let account = world.accountRecords.first(where: { $0.id == body.account }),
            body.owner != nil || body.timeToLiveMilliseconds != nil
        {
            let id = ClientOrderID.derive(
                account: account.code, origin: .allocator, intent: request)
            bound[id] = Bound(
                fence: body.owner?.fence,
                until: body.timeToLiveMilliseconds.map { world.now + .milliseconds($0) })
        }
        world.tell(
            .command(
                Command(
                    id: request, from: "test",
                    deadlineMilliseconds: world.wall.milliseconds + 3_000, kind: "order.place",
                    body: body.body)))
        if world.chance(20) { fillOne(&world) }
    }

    private func fillOne(_ world: inout GatewayWorld) {
        let ids = world.book.keys.filter { world.book[$0]?.order.status.isFinal == false }.sorted()
        if let id = ids.randomElement(using: &world.random) { world.fill(id) }
    }

    /// Neither cancelled early nor resting late.
    private func checkPunctual(_ world: GatewayWorld, _ seed: UInt64) {
        let slack = Interval.seconds(2)
        for (id, terms) in bound.sorted(by: { $0.key < $1.key }) {
            guard let order = world.book[id]?.order else { continue }
            var ends = terms.until ?? .distantFuture
            if let mine = terms.fence {
                let lease = world.owner.map { $0.fence == mine ? $0.until : .distantPast }
                ends = min(ends, lease ?? .distantPast)
            }
            if order.status == .canceled {
                // Of a lease that was superseded, when is not known here.
                #expect(
                    terms.fence.map { $0 != fence } == true || ends <= world.now,
                    "seed \(seed): \(id) was cancelled early")
            } else if !order.status.isFinal, ends != .distantPast {
                #expect(world.now < ends + slack, "seed \(seed): \(id) rests late")
            }
        }
    }
}

import Bounded
import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// The desk under seeded losses, cuts and crashes; every failing run prints its seed.
@Suite struct GatewaySimulationTests {
    @Test("S2 S4 F1: no order twice, each trade in one book once, whatever is lost or killed")
    func faults() {
        var ahead = 0
        for seed in UInt64(1)...60 { ahead += run(seed: seed, steps: 120) }
        #expect(ahead > 200)
    }

    @Test("S3 P3: no order twice where Redis forgets its last second, alone or with the process")
    func amnesia() {
        var ahead = 0
        for seed in UInt64(2001)...2120 { ahead += run(seed: seed, steps: 120, losesMemory: true) }
        #expect(ahead > 200)
    }

    @Test("P3: no order twice, each trade once, where Redis carries writes out late that were given up")
    func lateWrites() {
        var ahead = 0
        for seed in UInt64(5001)...5060 { ahead += run(seed: seed, steps: 120, lateness: 12) }
        #expect(ahead > 200)
    }

    @Test("S2 S4 C3: the same on Binance spot and MEXC, where an amendment is a cancel and a new order")
    func spotFaults() {
        var ahead = 0
        for seed in UInt64(3001)...3040 { ahead += run(seed: seed, steps: 120, kind: .binanceSpot) }
        for seed in UInt64(4001)...4040 { ahead += run(seed: seed, steps: 120, kind: .mexcSpot) }
        #expect(ahead > 200)
    }

    @Test("without faults every command is answered and all is booked")
    func calm() {
        for seed in UInt64(1001)...1010 {
            var world = GatewayWorld(seed: seed)
            world.loss = 0
            start(&world)
            var asked: Set<String> = []
            for step in 0..<40 {
                asked.insert(place(&world, step))
                world.advance(by: .milliseconds(300))
            }
            settle(&world)
            #expect(Set(world.replies.map(\.id)) == asked, "seed \(seed)")
            #expect(world.replies.allSatisfy { $0.isOK || $0.code == "venue_rejected" })
            world.check(seed)
        }
    }

    private func start(_ world: inout GatewayWorld) {
        world.newestFence = 1
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        world.advance(by: .seconds(2))
    }

    /// - Returns: how many orders left before Redis had their intents.
    private func run(
        seed: UInt64, steps: Int, losesMemory: Bool = false, lateness: Int = 0,
        kind: VenueKind = .binanceFutures
    ) -> Int {
        var world = GatewayWorld(seed: seed, kind)
        world.lateness = lateness
        start(&world)
        for step in 0..<steps {
            switch Int.random(in: 0..<100, using: &world.random) {
            case 0..<40: _ = place(&world, step)
            case 40..<45: placeAndBreak(&world, step)
            case 45..<52: cancel(&world, step)
            case 52..<60: amend(&world, step)
            case 60..<80: fillSome(&world)
            case 80..<84: world.crash()
            case 84..<88: world.cutStream()
            case 88..<92: cutRedis(&world)
            case 92..<95 where losesMemory: world.loseMemory(withProcess: world.chance(60))
            case 92..<100: close(&world, step)
            case _: break
            }
            world.advance(by: .milliseconds(Int64.random(in: 5...1500, using: &world.random)))
            world.restoreRedis()
        }
        settle(&world)
        world.check(seed)
        return world.sentAhead
    }

    /// Redis, the process or both break while an order and its intent are on their ways.
    private func placeAndBreak(_ world: inout GatewayWorld, _ step: Int) {
        _ = place(&world, step)
        world.advance(by: .milliseconds(Int64.random(in: 0...60, using: &world.random)))
        let isBoth = world.chance(30)
        if isBoth || world.chance(50) { cutRedis(&world) }
        if isBoth || world.isRedisUp { world.crash() }
    }

    private func cutRedis(_ world: inout GatewayWorld) {
        guard world.isRedisUp else { return }
        world.isRedisUp = false
        world.tell(.redisDown)
        if world.chance(70) { reduceAway(&world) }
        if world.chance(50), world.desk.isAlone {
            world.advance(by: .milliseconds(2500))
            world.newestFence += 1
            world.tell(.leaseLost)
            world.isRedisUp = true
            world.tell(.redisUp)
            world.tell(.leaseGained(fence: world.newestFence))
        }
    }

    /// Closes parts of positions while Redis is away; now and then the process dies meanwhile (B7c).
    private func reduceAway(_ world: inout GatewayWorld) {
        for account in GatewayWorld.accounts {
            let position = world.desk.ledger.position(account, GatewayWorld.symbol).quantity
            guard !position.isZero else { continue }
            let body = OrderPlaceBody(
                account: account, symbol: GatewayWorld.symbol,
                side: position.isNegative ? .buy : .sell, type: .market, quantity: .one,
                isReduceOnly: true)
            world.tell(
                .command(
                    Command(
                        id: "away\(world.number)-\(account)", from: "test",
                        deadlineMilliseconds: world.wall.milliseconds + 3_000,
                        kind: "order.place", body: body.body)))
            world.advance(by: .milliseconds(Int64.random(in: 0...60, using: &world.random)))
        }
        if world.chance(30) { world.crash() }
    }

    /// Places an order by a new request or a repeated one; gives the request's id.
    private func place(_ world: inout GatewayWorld, _ step: Int) -> String {
        let isRepeat = world.chance(15)
        let earlier = world.chance(50) ? step - 3 : Int.random(in: 0...step, using: &world.random)
        let request = "r\(isRepeat ? max(0, earlier) : step)"
        let isMarket = world.chance(40)
        let body = OrderPlaceBody(
            account: GatewayWorld.accounts.randomElement(using: &world.random)!,
            symbol: GatewayWorld.symbol, side: world.chance(50) ? .buy : .sell,
            type: isMarket ? .market : .limit,
            quantity: .whole(Int64.random(in: 1...9, using: &world.random)),
            price: isMarket ? nil : .whole(100))
        let id = "\(request)-\(body.account)"
        world.tell(
            .command(
                Command(
                    id: id, from: "test", deadlineMilliseconds: world.wall.milliseconds + 3_000,
                    kind: "order.place", body: body.body)))
        return id
    }

    /// Closes a part of a position, while trades, losses and recoveries are on their way (B4c).
    private func close(_ world: inout GatewayWorld, _ step: Int) {
        let account = GatewayWorld.accounts.randomElement(using: &world.random)!
        let position = world.desk.ledger.position(account, GatewayWorld.symbol).quantity
        guard !position.isZero else { return }
        let most = Int64(position.magnitude.units / Quantity.one.units)
        let body = OrderPlaceBody(
            account: account, symbol: GatewayWorld.symbol,
            side: position.isNegative ? .buy : .sell, type: .market,
            quantity: .whole(Int64.random(in: 1...most, using: &world.random)), isReduceOnly: true)
        world.tell(
            .command(
                Command(
                    id: "close\(step)-\(account)", from: "test",
                    deadlineMilliseconds: world.wall.milliseconds + 3_000, kind: "order.place",
                    body: body.body)))
    }

    private func cancel(_ world: inout GatewayWorld, _ step: Int) {
        guard let order = world.resting.randomElement(using: &world.random) else { return }
        world.tell(
            .command(
                Command(
                    id: "c\(step)", from: "test",
                    deadlineMilliseconds: world.wall.milliseconds + 3_000, kind: "order.cancel",
                    body: ["order": order.clientOrderID])))
    }

    /// Changes a resting order's size, also to what may be filled by then, or its price, or both.
    private func amend(_ world: inout GatewayWorld, _ step: Int) {
        guard let order = world.resting.randomElement(using: &world.random) else { return }
        let body = OrderAmendBody(
            order: order.clientOrderID,
            quantity: world.chance(80)
                ? .whole(Int64.random(in: 1...12, using: &world.random)) : nil,
            price: .whole(Int64.random(in: 95...105, using: &world.random)))
        world.tell(
            .command(
                Command(
                    id: "a\(step)", from: "test",
                    deadlineMilliseconds: world.wall.milliseconds + 3_000, kind: "order.amend",
                    body: body.body)))
    }

    private func fillSome(_ world: inout GatewayWorld) {
        let resting = world.book.keys.filter { world.book[$0]?.order.status.isFinal == false }
        if let id = resting.sorted().randomElement(using: &world.random) { world.fill(id) }
    }

    /// No more faults: all that is open stays open, all that is doubtful is settled.
    private func settle(_ world: inout GatewayWorld) {
        world.loss = 0
        world.lateness = 0
        world.restoreRedis()
        world.advance(by: .seconds(90))
    }
}

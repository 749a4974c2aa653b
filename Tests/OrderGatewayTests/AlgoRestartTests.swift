import Algorithms
import BusProtocol
import Chronology
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// What becomes of algorithms when the gateway comes back, by what they asked for (B7a).
@Suite struct AlgoRestartTests {
    /// A desk with one chase that rests, some of it filled.
    private func world(_ extra: [String: String] = [:]) -> GatewayWorld {
        var world = GatewayWorld(seed: 3)
        world.loss = 0
        world.newestFence = 1
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        run(&world, 40)
        start("c1", extra, &world)
        live(&world, 60) { !$0.resting.isEmpty }
        if let name = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
            world.fill(name)
        }
        run(&world, 60)
        return world
    }

    private func start(_ id: String, _ extra: [String: String], _ world: inout GatewayWorld) {
        var body = [
            "kind": "chase", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY", "qty": "40",
            "id": id,
        ]
        body.merge(extra) { $1 }
        world.tell("start-\(id)", .algoStart, body)
    }

    private func run(_ world: inout GatewayWorld, _ steps: Int) {
        live(&world, steps) { _ in false }
    }

    private func live(
        _ world: inout GatewayWorld, _ steps: Int, until isOver: (GatewayWorld) -> Bool
    ) {
        for _ in 0..<steps where !isOver(world) {
            world.advance(by: .milliseconds(50))
            world.tick(99, 101)
        }
    }

    private func net(_ world: GatewayWorld) -> Quantity {
        world.book.values.reduce(.zero) { sum, resting in
            let executed = resting.order.executedQuantity
            return resting.order.side == .buy ? sum + executed : sum - executed
        }
    }

    @Test(
        "restart: cancel takes back what rests and ends; flatten closes what was filled, too",
        arguments: ["cancel", "flatten"])
    func policies(policy: String) {
        var world = world(["restart": policy])
        #expect(net(world).isPositive && !world.resting.isEmpty)
        world.crash()
        live(&world, 600) { $0.running.isEmpty }
        let record = world.algoRecords["c1"]
        #expect(record?.status == "done")
        #expect(record?.reason == "restart_\(policy)")
        #expect(world.resting.isEmpty)
        #expect(net(world).isZero == (policy == "flatten"), "\(net(world))")
    }

    @Test(
        "away for longer than max_downtime_s it takes back what rests, pauses, and says so, whatever restart says",
        arguments: ["resume", "cancel", "flatten"])
    func downtime(policy: String) {
        var world = world(["max_downtime_s": "60", "restart": policy])
        world.crash()
        world.algoRecords["c1"]?.stamp.atMilliseconds -= 61_000
        live(&world, 600) { $0.algoRecords["c1"]?.status == "paused" && $0.resting.isEmpty }
        let record = world.algoRecords["c1"]
        #expect(record?.reason == "down_too_long")
        #expect(record?.detail.contains("away for") == true, "\(record?.detail ?? "")")
        #expect(world.resting.isEmpty)
        #expect(world.alerts.contains("algo_paused"))
        world.tell("r1", .algoResume, ["algo": "c1"])
        live(&world, 200) { !$0.resting.isEmpty }
        #expect(!world.resting.isEmpty)
    }

    @Test("restart: resume goes on with what was left, within max_downtime_s to the second")
    func resumed() {
        var world = world(["restart": "resume", "max_downtime_s": "60"])
        let filled = net(world)
        #expect(filled.isPositive && filled < .whole(40))
        world.crash()
        world.algoRecords["c1"]?.stamp.atMilliseconds -= 50_000
        live(&world, 600) { $0.desk.algos.all["c1"]?.isRecovering == false }
        live(&world, 200) { !$0.resting.isEmpty }
        #expect(world.desk.algos.all["c1"]?.machine?.status == .running)
        while let name = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
            world.fill(name)
        }
        live(&world, 400) { $0.running.isEmpty }
        #expect(world.algoRecords["c1"]?.reason == "filled" && net(world) == .whole(40))
    }

    @Test(
        "a state of another version is never guessed: told of, its orders taken back, and only stopped")
    func versions() {
        var world = world()
        world.crash()
        let state = world.algoRecords["c1"]?.state ?? ""
        #expect(state.hasPrefix("{\"v\":2,"), "\(state)")
        world.algoRecords["c1"]?.state = "{\"v\":99," + state.dropFirst(7)
        run(&world, 200)
        #expect(world.alerts.contains("algo_unreadable"))
        #expect(world.alerts.contains("algo_orphans"))
        #expect(world.resting.isEmpty)
        #expect(world.algoRecords["c1"]?.state.hasPrefix("{\"v\":99,") == true)
        world.tell("r1", .algoResume, ["algo": "c1"])
        #expect(world.replies.last?.code == "algo_invalid")
        #expect(world.replies.last?.reason.contains("version 99") == true)
        world.tell("s1", .algoStop, ["algo": "c1"])
        live(&world, 200) { $0.running.isEmpty && $0.resting.isEmpty }
        #expect(world.running.isEmpty && world.resting.isEmpty)
        #expect(world.algoRecords["c1"]?.status == "failed")
        #expect(world.algoRecords["c1"]?.reason == "state_unreadable")
    }

    @Test("C6: what is taken back for one algorithm leaves the orders of another of its kind and book")
    func others() {
        var world = world()
        start("c2", ["qty": "30"], &world)
        run(&world, 60)
        #expect(world.resting.count == 2)
        let mine = world.desk.algos.all["c2"]?.machine?.book.children.first?.number ?? 0
        let name = world.desk.childName("c2", mine)
        world.tell("stop", .algoStop, AlgoNameBody(algo: "c1").body)
        run(&world, 60)
        #expect(world.resting.map(\.clientOrderID) == [name?.text ?? ""])
    }

    @Test("those that reduce are taken up before the others")
    func protective() {
        var world = world()
        while net(world) < .whole(10), let resting = world.resting.first,
            let name = ClientOrderID(resting.clientOrderID)
        {
            world.fill(name)
            run(&world, 4)
        }
        for number in 1...8 { start("a\(number)", ["qty": "1"], &world) }
        for number in 1...8 {
            start("z\(number)", ["side": "SELL", "qty": "1", "reduce_only": "1"], &world)
        }
        run(&world, 60)
        #expect(world.running.count == 17, "\(world.running)")
        world.crash()
        world.algoSaves = []
        let begun = world.now
        live(&world, 600) { Set($0.algoSaves).count == 17 }
        #expect(world.now - begun <= .seconds(5))
        #expect(world.desk.algos.inOrder.prefix(8).allSatisfy { $0.hasPrefix("z") })
        // What is saved first places, moves and takes back first.
        #expect(Set(world.algoSaves.prefix(8)) == Set((1...8).map { "z\($0)" }), "\(world.algoSaves)")
    }

    @Test(
        "a repeated start is answered with the algorithm it started; another of its name is refused"
    )
    func names() {
        var world = world()
        let before = world.replies.count
        start("c1", [:], &world)
        #expect(world.replies.dropFirst(before).map(\.code) == ["ok"])
        world.tell(
            "other", .algoStart,
            [
                "kind": "twap", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY",
                "qty": "40", "slices": "4", "duration_s": "60", "id": "c1",
            ])
        run(&world, 20)
        #expect(world.replies.last?.code == "algo_exists")
        #expect(world.algoRecords.count == 1)
    }
}

import BusProtocol
import Chronology
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// What algorithms make of a book that is not as they think, and of orders that none of them follows.
extension AlgoFaultTests {
    /// A book that holds what its first algorithm has bought.
    private func bought() -> (world: GatewayWorld, held: Quantity) {
        var world = world()
        fillAll(&world)
        live(&world, 40)
        return (world, net(world))
    }

    private func fillAll(_ world: inout GatewayWorld) {
        for _ in 0..<400 {
            guard let resting = world.resting.first, let name = ClientOrderID(resting.clientOrderID)
            else { return }
            world.fill(name)
            live(&world, 4)
        }
    }

    private func start(_ world: inout GatewayWorld, _ more: [String: String]) {
        let body = [
            "kind": "chase", "account": "alpha", "symbol": "BTCUSDT", "side": "SELL", "id": "c2",
            "reduce_only": "1",
        ]
        world.tell("start-c2", .algoStart, body.merging(more) { $1 })
    }

    /// All of it is filled, the book is flat, and what could not be done is said.
    private func expectClosed(_ world: inout GatewayWorld, _ reason: String, _ left: String) {
        fillAll(&world)
        live(&world, 400) { $0.running.isEmpty }
        #expect(net(world).isZero && world.resting.isEmpty, "\(net(world))")
        let record = world.algoRecords["c2"]
        #expect(record?.status == "done" && record?.reason == reason)
        #expect(record?.detail.hasPrefix(left) == true, "\(record?.detail ?? "")")
    }

    @Test("a reduce-only chase of more than its book holds closes it, and says what is left")
    func reducingMore() {
        var (world, held) = bought()
        #expect(held == .whole(40))
        start(&world, ["qty": "55"])
        live(&world, 100) { !$0.resting.isEmpty }
        #expect(world.resting.first?.quantity == held)
        expectClosed(&world, "nothing_to_reduce", "15 is left")
    }

    @Test("a reduce-only ladder over more than its book holds keeps the rungs that it admits")
    func reducingLadder() {
        var (world, held) = bought()
        start(
            &world, ["kind": "scale", "qty": "48", "from": "102", "to": "110", "orders": "4"])
        live(&world, 200) { $0.resting.count == 4 }
        let quantities = world.resting.map(\.quantity).sorted()
        #expect(quantities == [.whole(4), .whole(12), .whole(12), .whole(12)])
        #expect(quantities.reduce(.zero, +) == held)
        expectClosed(&world, "partly_filled", "8 is left")
    }

    // MARK: orders that nobody follows

    /// Kills the process, spoils what Redis has of an algorithm, and cuts Redis off once it was read.
    private func strand(
        _ world: inout GatewayWorld, _ id: String, isGone: Bool
    ) {
        world.crash()
        if isGone { world.algoRecords[id] = nil } else { world.algoRecords[id]?.state = "{" }
        live(&world, 4_000, every: .milliseconds(1)) { !$0.desk.orders.keys.isEmpty }
        #expect(world.desk.phase != .ready && machine(world, id) == nil)
        world.cutRedis(for: .seconds(600))
    }

    @Test(
        "B7c: Redis away, what would open is taken back after 2 s also where no state names it",
        arguments: [false, true])
    func stranded(isGone: Bool) {
        var world = world(["kind": "scale", "from": "98", "to": "90", "orders": "4"])
        live(&world, 20)
        let made = world.made.count
        #expect(world.resting.count == 4)
        strand(&world, "c1", isGone: isGone)
        live(&world, 30)
        #expect(world.resting.count == 4, "a short outage moves nothing")
        live(&world, 50)
        #expect(world.resting.isEmpty && world.made.count == made)
        world.restoreRedis()
        live(&world, 200)
        #expect(world.resting.isEmpty && world.desk.isReady)
        #expect(world.made.values.allSatisfy { $0 == 1 })
    }

    @Test("B7c: what only reduces rests on then, too, until Redis is back")
    func strandedReducing() {
        var (world, _) = bought()
        start(&world, ["qty": "10"])
        live(&world, 100) { !$0.resting.isEmpty }
        live(&world, 20)
        strand(&world, "c2", isGone: false)
        live(&world, 400)
        #expect(world.resting.count == 1)
        world.restoreRedis()
        live(&world, 200)
        #expect(world.resting.isEmpty, "nobody follows it")
    }
}

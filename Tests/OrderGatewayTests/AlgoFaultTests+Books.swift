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

    @Test("a reduce-only chase of more than its book holds closes it, and says what is left")
    func reducingMore() {
        var (world, held) = bought()
        #expect(held == .whole(40))
        start(&world, ["qty": "55"])
        live(&world, 100) { !$0.resting.isEmpty }
        #expect(world.resting.first?.quantity == held)
        fillAll(&world)
        live(&world, 400) { $0.running.isEmpty }
        #expect(net(world).isZero && world.resting.isEmpty, "\(net(world))")
        let record = world.algoRecords["c2"]
        #expect(record?.status == "done" && record?.reason == "nothing_to_reduce")
        #expect(record?.detail.hasPrefix("15 is left") == true, "\(record?.detail ?? "")")
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
        fillAll(&world)
        live(&world, 400) { $0.running.isEmpty }
        #expect(net(world).isZero && world.resting.isEmpty, "\(net(world))")
        let record = world.algoRecords["c2"]
        #expect(record?.status == "done" && record?.reason == "partly_filled")
        #expect(record?.detail.hasPrefix("8 is left") == true, "\(record?.detail ?? "")")
    }
}

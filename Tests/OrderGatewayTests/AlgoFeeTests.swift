import Algorithms
import BusProtocol
import Chronology
import Orders
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Fees in an asset that is neither money nor what is traded.
@Suite("What algorithms make of fees in a third asset")
struct AlgoFeeTests {
    private func world() -> GatewayWorld {
        var world = GatewayWorld(seed: 5)
        world.loss = 0
        world.newestFence = 1
        world.feeAsset = "BNB"
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        live(&world, 40)
        world.tell(
            "start-c1", .algoStart,
            [
                "kind": "scale", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY",
                "qty": "40", "id": "c1", "from": "98", "to": "90", "orders": "4",
            ])
        live(&world, 60) { $0.resting.count == 4 }
        return world
    }

    private func live(
        _ world: inout GatewayWorld, _ steps: Int,
        until isOver: (GatewayWorld) -> Bool = { _ in false }
    ) {
        for _ in 0..<steps where !isOver(world) {
            world.advance(by: .milliseconds(50))
            world.tick(99, 101)
        }
    }

    private func fill(_ world: inout GatewayWorld) {
        if let name = world.resting.first.flatMap({ ClientOrderID($0.clientOrderID) }) {
            world.fill(name)
        }
        live(&world, 40)
    }

    private func shown(_ world: GatewayWorld, _ name: String) -> String? {
        world.algoRecords["c1"]?.shown.first { $0.name == name }?.value
    }

    private static let coin = Symbol("BNBUSDT")!

    private func tickCoin(_ world: inout GatewayWorld) {
        var actions: [GatewayAction] = []
        world.desk.ticked(
            AlgoFeeTests.coin, bid: .whole(599), ask: .whole(601), now: world.now,
            wall: world.wall, &actions)
        #expect(actions.isEmpty)
    }

    @Test("where its worth is not known it is said as it is, also after a crash")
    func noted() {
        var world = world()
        fill(&world)
        #expect(shown(world, "other_fees") == "1 BNB" && shown(world, "fees") == "0")
        #expect(world.desk.algoSymbols == [GatewayWorld.symbol], "nobody lists it in money")
        world.crash()
        live(&world, 400) { $0.desk.algos.all["c1"]?.isRecovering == false }
        fill(&world)
        #expect(shown(world, "other_fees") == "2 BNB", "each is counted once")
    }

    @Test(
        "where the asset is traded for money its price is followed, and what comes then is valued")
    func valued() {
        var world = world()
        world.tell(
            .instrumentChanged(
                Instrument(
                    symbol: AlgoFeeTests.coin, status: .trading, base: "BNB", quote: "USDT",
                    tick: .one, step: .one)!))
        fill(&world)
        #expect(shown(world, "other_fees") == "1 BNB" && shown(world, "fees") == "0")
        #expect(world.desk.algoSymbols == [AlgoFeeTests.coin, GatewayWorld.symbol])
        tickCoin(&world)
        fill(&world)
        #expect(shown(world, "other_fees") == "1 BNB" && shown(world, "fees") == "600")
        // A price of before is none.
        live(&world, 80)
        fill(&world)
        #expect(shown(world, "other_fees") == "2 BNB" && shown(world, "fees") == "600")
        world.tell("stop", .algoStop, AlgoNameBody(algo: "c1").body)
        live(&world, 100) { $0.running.isEmpty && $0.desk.algoSymbols.isEmpty }
        #expect(world.running.isEmpty && world.desk.algoSymbols.isEmpty)
    }

    @Test("fees of one order in several assets are told all, also after a crash")
    func several() throws {
        var world = world()
        // One that is filled in parts.
        let name = try #require(
            world.resting.compactMap { ClientOrderID($0.clientOrderID) }.first { name in
                var other = world
                for _ in 0..<2 { other.fill(name) }
                return other.resting.count == 4
            })
        for asset in ["BNB", "KCS"] {
            world.feeAsset = asset
            world.fill(name)
            live(&world, 40)
        }
        #expect(world.records[name]?.otherFees == ["KCS": .one])
        #expect(shown(world, "other_fees") == "1 BNB, 1 KCS" && shown(world, "fees") == "0")
        world.crash()
        live(&world, 400) { $0.desk.algos.all["c1"]?.isRecovering == false }
        world.feeAsset = "USDT"
        world.fill(name)
        live(&world, 40)
        #expect(shown(world, "other_fees") == "1 BNB, 1 KCS" && shown(world, "fees") == "1")
    }
}

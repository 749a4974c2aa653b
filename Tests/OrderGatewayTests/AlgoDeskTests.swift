import Bounded
import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Algorithms on the desk, on a Redis and a venue that lose answers, and a desk that is killed.
@Suite struct AlgoDeskTests {
    /// What happens to a run beside lost answers.
    enum Fault: CaseIterable {
        case none
        /// The process is killed, and another takes over.
        case kills
        /// Redis dies and forgets up to 1.5 s, with the process or alone.
        case amnesia
        /// Redis is away for up to eight seconds, and the lease at times another one after.
        case outages
    }

    private static let seeds = 0..<12 as Range<UInt64>
    /// Of each run: over its seeds, more than 50 instants of each algorithm's life.
    private static let faults = 5

    static let kinds: [(id: String, body: [String: String])] = [
        (
            "c1",
            ["kind": "chase", "side": "BUY", "qty": "40", "duration_s": "60", "finish": "market"]
        ),
        (
            "t1",
            [
                "kind": "twap", "side": "SELL", "qty": "60", "slices": "12", "duration_s": "60",
                "style": "market", "finish": "market",
            ]
        ),
        (
            "s1",
            [
                "kind": "scale", "side": "BUY", "qty": "50", "from": "98", "to": "90",
                "orders": "5", "duration_s": "60", "finish": "market",
            ]
        ),
        (
            "x1",
            [
                "kind": "scalper", "qty": "30", "layers": "3", "base_bps": "100",
                "max_bps": "400", "backoff_ms": "200", "max_fills": "0", "duration_s": "60",
                "finish": "flatten",
            ]
        ),
    ]

    private func command(_ world: GatewayWorld, _ id: String, _ body: [String: String]) -> Command {
        var body = body
        body["account"] = "alpha"
        body["symbol"] = "BTCUSDT"
        body["id"] = id
        return Command(
            id: "start-\(id)", from: "test",
            deadlineMilliseconds: world.wall.milliseconds + 5_000, kind: "algo.start", body: body)
    }

    /// A desk that has taken over.
    private func world(_ seed: UInt64) -> GatewayWorld {
        var world = GatewayWorld(seed: seed)
        world.newestFence = 1
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        for _ in 0..<400 where !world.desk.isReady { world.advance(by: .milliseconds(50)) }
        return world
    }

    /// Redis is away for so many ticks.
    private func outage(_ world: inout GatewayWorld, _ ticks: Int) {
        guard world.isRedisUp else { return }
        world.isRedisUp = false
        world.tell(.redisDown)
        for _ in 0..<ticks {
            world.advance(by: .milliseconds(50))
            world.tick(99, 101)
        }
        let isNewLease = world.chance(50)
        if isNewLease {
            world.newestFence += 1
            world.tell(.leaseLost)
        }
        world.isRedisUp = true
        world.tell(.redisUp)
        if isNewLease { world.tell(.leaseGained(fence: world.newestFence)) }
    }

    /// What the venue has of the orders of a kind.
    private struct Exposure {
        var bought = Quantity.zero
        var sold = Quantity.zero
        var openBuys = Quantity.zero
        var openSells = Quantity.zero

        init(_ world: GatewayWorld, _ letter: String) {
            // What closes at the end is spelt as such.
            for (id, resting) in world.book
            where ["\(letter)_", "f_"].contains(id.text.dropFirst(12).prefix(2)) {
                let order = resting.order
                let left = order.status.isFinal ? .zero : order.quantity - order.executedQuantity
                switch order.side {
                case .buy:
                    bought += order.executedQuantity
                    openBuys += left
                case .sell:
                    sold += order.executedQuantity
                    openSells += left
                }
            }
        }

        /// What may come to be held beyond a quantity; zero or less where all is well.
        func excess(_ letter: String, _ total: Quantity) -> Quantity {
            if letter == "x" {
                return max(bought - sold + openBuys, sold - bought + openSells) - total
            }
            return bought + sold + openBuys + openSells - total
        }
    }

    /// One life of an algorithm; a text for everything that is wrong with it.
    private func run(
        _ seed: UInt64, _ id: String, _ body: [String: String], _ fault: Fault
    ) -> (wrong: [String], struck: Int) {
        var world = world(seed)
        world.tell(.command(command(world, id, body)))
        let total = Quantity(text: body["qty"] ?? "") ?? .zero
        let letter = String(id.prefix(1))
        var struck = 0
        var wrong: [String] = []
        var faults = SplitMix64(seed: seed &* 977 &+ 5)
        // Its first save may be forgotten for good: nobody knows of it then.
        var strikeAt = Int.random(in: 40..<80, using: &faults)
        for step in 0..<4_000 {
            world.advance(by: .milliseconds(50))
            let bid = 99 + Int64.random(in: -2...2, using: &world.random)
            world.tick(bid, bid + 2)
            if world.chance(1), let resting = world.resting.randomElement(using: &world.random),
                let name = ClientOrderID(resting.clientOrderID)
            {
                world.fill(name)
            }
            if fault != .none, struck < Self.faults, step >= strikeAt, !world.running.isEmpty {
                struck += 1
                strikeAt = step + Int.random(in: 1..<80, using: &faults)
                switch fault {
                case .none: break
                case .kills: world.crash()
                case .amnesia:
                    world.loseMemory(withProcess: Bool.random(using: &faults))
                case .outages: outage(&world, .random(in: 1...160, using: &faults))
                }
            }
            if wrong.isEmpty, Exposure(world, letter).excess(letter, total).isPositive {
                wrong.append("overfill at step \(step): \(Exposure(world, letter))")
            }
            if step > 60, world.running.isEmpty, world.resting.isEmpty { break }
        }
        let record = world.algoRecords[id]
        let end = Exposure(world, letter)
        let filled = record?.shown.first { $0.name == "filled" }?.value
        if record?.status != "done" {
            let orders = world.desk.workingOrders.map { "\($0.intent.clientOrderID) \($0.state)" }
            wrong.append(
                "ended as \(record?.status ?? "nothing"): \(record?.reason ?? ""), desk "
                    + "\(world.desk.phase) \(world.desk.reasons) \(orders), "
                    + "\(record?.state ?? "")")
        }
        if !(end.openBuys + end.openSells).isZero { wrong.append("orphans: \(end)") }
        if filled != (end.bought + end.sold).text { wrong.append("filled \(filled ?? ""): \(end)") }
        let isWhole = letter == "x" ? end.bought == end.sold : end.bought + end.sold == total
        if !isWhole { wrong.append("traded \(end) of \(total): \(record?.reason ?? "")") }
        if !world.made.values.allSatisfy({ $0 == 1 }) { wrong.append("an order was made twice") }
        return (wrong, struck)
    }

    @Test(
        "B7a, P3, C1-C4, F1, F9: killed at 50 instants an algorithm trades its quantity, once",
        arguments: Fault.allCases)
    func survives(fault: Fault) {
        for (id, body) in Self.kinds {
            var struck = 0
            for seed in Self.seeds {
                let result = run(seed, id, body, fault)
                struck += result.struck
                #expect(result.wrong.isEmpty, "\(id) seed \(seed) \(fault)")
            }
            #expect(fault == .none || struck >= 50, "\(id): \(struck) instants")
        }
    }
}

import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Algorithms whose process is killed at exactly one place between two writes.
@Suite struct CrashPlaceTests {
    private static let alpha = GatewayWorld.accounts[0]
    private static let beta = GatewayWorld.accounts[1]

    /// A world in which nothing is lost, and whose desk leads.
    private func world(
        seed: UInt64 = 5, _ prepare: (inout GatewayWorld) -> Void = { _ in }
    ) -> GatewayWorld {
        var world = GatewayWorld(seed: seed)
        world.loss = 0
        world.newestFence = 1
        prepare(&world)
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 1))
        live(&world, 40)
        return world
    }

    private func live(
        _ world: inout GatewayWorld, _ steps: Int, every pause: Interval = .milliseconds(50),
        isTicking: Bool = true, until isOver: (GatewayWorld) -> Bool = { _ in false }
    ) {
        for _ in 0..<steps where !isOver(world) {
            world.advance(by: pause)
            if isTicking { world.tick(99, 101) }
        }
    }

    private func filled(_ world: GatewayWorld, _ id: String) -> String? {
        world.algoRecords[id]?.shown.first { $0.name == "filled" }?.value
    }

    // MARK: closes at mark

    /// Where the process is killed: around the step that books what the exchange does not hold.
    enum Place: CaseIterable {
        case never
        /// Decided, and on its way.
        case before
        /// In the ledger, and the answer on its way.
        case after
        /// Answered, and the rest sent or being sent.
        case later
    }

    /// Two books hold 8 and 6, the exchange 9: of 8 that alpha closes, 3 are traded and 5 booked.
    private func backed(_ world: inout GatewayWorld) {
        for (account, quantity) in [(Self.alpha, 8), (Self.beta, 6)] as [(AccountID, Int64)] {
            world.positions[account] = Position(
                quantity: .whole(quantity), entryPrice: .whole(90), version: 1)
        }
        world.trades = [
            Fill(
                symbol: GatewayWorld.symbol, tradeID: 1, orderID: 1, clientOrderID: "web_1",
                side: .buy, price: .whole(90), quantity: .whole(9), fee: .zero, feeAsset: "USDT",
                isMaker: false, timeMilliseconds: world.wall.milliseconds)
        ]
        world.applied = [TradeLeg(1, .buy)]
        world.appliedIdentities = ["1:BUY"]
    }

    @Test(
        "B4c P3: killed around what is booked at mark, a close takes from its own book, once",
        arguments: Place.allCases)
    func bookedClose(place: Place) {
        var world = world(seed: 5, backed)
        world.tell(
            "start-t1", .algoStart,
            [
                "kind": "twap", "account": "alpha", "symbol": "BTCUSDT", "side": "SELL",
                "qty": "8", "slices": "1", "duration_s": "60", "style": "market",
                "reduce_only": "1", "id": "t1",
            ])
        live(&world, 4_000, every: .milliseconds(1)) { world in
            let isInLedger = world.appliedIdentities.contains { $0.hasPrefix("close:") }
            return switch place {
            case .never: isInLedger
            case .before: world.queue.contains { Self.isBooking($0.what) }
            case .after: isInLedger
            case .later: isInLedger && world.made.count == 1
            }
        }
        if place == .before {
            #expect(!world.appliedIdentities.contains { $0.hasPrefix("close:") })
        }
        if place != .never { world.crash() }
        live(&world, 3_000) { $0.running.isEmpty }
        let left = world.positions[Self.alpha]?.quantity
        #expect(left == .zero, "\(place): alpha holds \(String(describing: left))")
        #expect(world.positions[Self.beta]?.quantity == .whole(6), "\(place): another book paid")
        #expect(world.net == .whole(6), "\(place)")
        #expect(world.algoRecords["t1"]?.status == "done", "\(place)")
        #expect(filled(world, "t1") == "8", "\(place)")
        let booked = world.records.values.compactMap(\.bookedAtMark?.quantity)
        #expect(booked == [.whole(5)], "\(place)")
    }

    private static func isBooking(_ what: GatewayWorld.Later) -> Bool {
        if case .effect(.applyLedger(let command, _)) = what {
            command.change.identity.hasPrefix("close:")
        } else {
            false
        }
    }

    // MARK: orders that are done before a state names them

    /// Redis forgets all that came after an algorithm's start while the desk lives on; what was lost is
    /// written down anew but for the algorithm's state, and the desk is killed some milliseconds after
    /// that has begun.
    private func forgetful(_ seed: UInt64, _ wait: Int64, isRetired: Bool) -> GatewayWorld {
        var world = world(seed: seed)
        world.tell(
            "start-s1", .algoStart,
            [
                "kind": "scale", "account": "alpha", "symbol": "BTCUSDT", "side": "BUY",
                "qty": "50", "from": "98", "to": "90", "orders": "5", "id": "s1",
            ])
        live(&world, 20, isTicking: false)
        let image = RedisImage(world)
        live(&world, 100) { $0.resting.count == 5 }
        live(&world, 40)
        let third = world.resting.dropFirst(2).first.flatMap { ClientOrderID($0.clientOrderID) }
        guard let third else { return world }
        while world.book[third]?.order.status.isFinal == false { world.fill(third) }
        // Its trades are told and booked; where it is retired, it has left the desk as well.
        live(&world, 400, every: .milliseconds(1)) {
            guard let order = $0.desk.orders[third] else { return isRetired }
            return !isRetired && order.life.isDone
        }
        world.tell(.redisDown)
        image.restore(&world)
        world.lostNumber = world.number
        world.refusesAlgos = true
        world.tell(.redisUp)
        live(&world, 400, every: .milliseconds(1), isTicking: false) { $0.records[third] != nil }
        world.advance(by: .milliseconds(wait))
        world.crash()
        world.refusesAlgos = false
        return world
    }

    @Test("P3: an order that is done before a state names it is counted after a crash between")
    func doneUnnamed() {
        for isRetired in [false, true] {
            // Which of what is written down anew comes first is the seed's.
            for run in 0..<60 {
                let (seed, wait) = (UInt64(run / 10), Int64(run % 10 * 60))
                var world = forgetful(seed, wait, isRetired: isRetired)
                let what = "\(isRetired ? "retired" : "on the desk"), seed \(seed), killed after \(wait) ms"
                live(&world, 400) { $0.desk.algos.all["s1"]?.isRecovering == false }
                live(&world, 40)
                for resting in world.resting {
                    guard let name = ClientOrderID(resting.clientOrderID) else { continue }
                    while world.book[name]?.order.status.isFinal == false { world.fill(name) }
                }
                live(&world, 400) { $0.running.isEmpty }
                #expect(world.net == .whole(50), "\(what): \(world.net)")
                #expect(world.algoRecords["s1"]?.status == "done", "\(what)")
                #expect(filled(world, "s1") == "50", "\(what)")
                #expect(world.made.values.allSatisfy { $0 == 1 }, "\(what)")
            }
        }
    }
}

import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

/// Spot venues, on which fees come out of the coins, and times without a place to save to.
extension SurvivalTests {
    /// Kinds that a venue without margin admits.
    private static let spotKinds = kinds.map { kind, texts in
        (kind, kind == .scalper ? texts.merging(["legs": "long"]) { $1 } : texts)
    }

    @Test("F8: on spot no more is sold than is there after fees kept in coins, and a flattened one holds none")
    func coins() throws {
        for (index, (kind, texts)) in Self.spotKinds.enumerated() where texts["side"] != "SELL" {
            var flattened = 0
            for seed in 0..<8 {
                for takesMarketBuys in [true, false] {
                    let what = "kind \(index) seed \(seed) market buys \(takesMarketBuys)"
                    var stage = try Stage(
                        kind, texts, seed: UInt64(seed), faults: .init(),
                        on: AlgoVenue(
                            amends: false, isMargined: false, takesMarketBuys: takesMarketBuys))
                    stage.desk.keeps = 1
                    let stopAt = stage.now + .seconds(Int64(10 + seed * 5))
                    try run(&stage, 6_000, what) { stage in
                        if stage.now >= stopAt, stage.machine.status != .ending {
                            stage.event {
                                $0.stopRequested(.flattened, isFlattening: true, now: $1, &$2)
                            }
                        }
                        let selling = stage.desk.open.filter { $0.child.side == .sell }
                            .reduce(Quantity.zero) { $0 + $1.child.quantity - $1.executed }
                        #expect(selling <= stage.desk.coins, "\(what)")
                    }
                    #expect(stage.machine.status == .done, "\(what)")
                    #expect(stage.machine.progress.net == stage.desk.coins, "\(what)")
                    guard stage.machine.reason == "flattened" else { continue }
                    #expect(stage.desk.coins < btc.step, "\(what): \(stage.desk.coins)")
                    flattened += stage.desk.executed.isPositive ? 1 : 0
                }
            }
            #expect(flattened >= 4, "kind \(index): \(flattened) of 16 runs trade and are flattened")
        }
    }

    @Test("where a venue takes no market buys, what is to trade at once is a limit that does not rest")
    func marketBuys() throws {
        for (index, (kind, texts)) in Self.spotKinds.enumerated() where texts["side"] == "BUY" {
            let texts = kind == .twap ? texts.merging(["style": "market"]) { $1 } : texts
            var atOnce = 0
            for seed in 0..<6 as Range<UInt64> {
                var stage = try Stage(
                    kind, texts.merging(["qty": "30"]) { $1 }, seed: seed, faults: .init(),
                    on: AlgoVenue(amends: false, isMargined: false, takesMarketBuys: false))
                try run(&stage, 6_000, "kind \(index)")
                #expect(stage.machine.status == .done && stage.machine.reason == "filled", "kind \(index)")
                let orders = stage.desk.orders.values.map(\.child)
                #expect(orders.allSatisfy { $0.type == .limit && $0.price != nil }, "kind \(index)")
                atOnce += orders.count { $0.timeInForce == .immediateOrCancel }
            }
            #expect(atOnce > 0, "kind \(index)")
        }
    }

    @Test("killed on spot it counts the coins that were kept before, and reads them back")
    func coinsRestarted() throws {
        for (index, (kind, texts)) in Self.spotKinds.enumerated() where texts["side"] != "SELL" {
            for seed in 0..<6 {
                var random = SplitMix64(seed: UInt64(seed) &+ 99)
                var stage = try Stage(
                    kind, texts, seed: UInt64(seed), faults: .init(),
                    on: AlgoVenue(amends: false, isMargined: false))
                stage.desk.keeps = 1
                try run(&stage, 6_000, "kind \(index) seed \(seed)") { stage in
                    let isDue = Int.random(in: 0..<40, using: &random) == 0
                    if isDue, stage.restarts < 30 { try stage.restart(after: .milliseconds(200)) }
                }
                #expect(stage.machine.status == .done, "kind \(index) seed \(seed)")
                let net = stage.machine.progress.net
                #expect(net == stage.desk.coins, "kind \(index) seed \(seed): \(stage.savedText)")
                let isKept = !stage.machine.progress.kept.isZero
                #expect(stage.savedText.hasPrefix(isKept ? "{\"v\":3," : "{\"v\":2,"))
            }
        }
    }

    @Test("B7c: with nothing to save to for seconds it takes back what opens, places nothing, and goes on")
    func outages() throws {
        for (index, (kind, texts)) in Self.kinds.enumerated() {
            var (taken, resting) = (0, 0)
            for seed in 0..<8 {
                let what = "kind \(index) seed \(seed)"
                var random = SplitMix64(seed: UInt64(seed) &+ 31)
                var stage = try Stage(kind, texts, seed: UInt64(seed))
                var lostAt: Instant?
                var until = stage.now
                try run(&stage, 8_000, what) { stage in
                    if let lost = lostAt {
                        let placed = stage.desk.pending.contains {
                            if case .place(let child) = $0 { child.movedAt > lost } else { false }
                        }
                        #expect(!placed, "\(what)")
                        let opening = stage.desk.open.filter {
                            $0.rests && !$0.child.isReduceOnly && $0.child.type == .limit
                        }
                        // Of twenty cancels refused in a row there is next to no chance.
                        if stage.now - lost > .seconds(10), stage.machine.status == .running {
                            #expect(opening.isEmpty, "\(what)")
                            taken += 1
                        }
                        if stage.now - lost < .seconds(1) { resting += opening.count }
                        guard stage.now >= until else { return }
                        lostAt = nil
                        stage.event { $0.released(now: $1, &$2) }
                    } else if Int.random(in: 0..<100, using: &random) == 0 {
                        let now = stage.now
                        lostAt = now
                        until = now + .milliseconds(Int64.random(in: 50...14_000, using: &random))
                        stage.machine.storageLost(since: now)
                    }
                }
                #expect(stage.machine.status == .done, "\(what)")
            }
            #expect(taken > 0, "kind \(index): \(taken) looks")
            #expect(resting > 0 || texts["style"] == "market", "kind \(index)")
        }
    }
}

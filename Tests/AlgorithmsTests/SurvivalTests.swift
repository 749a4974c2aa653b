import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

/// Random markets, faults and restarts: what must hold whatever comes.
@Suite struct SurvivalTests {
    static let kinds: [(AlgoKind, [String: String])] = [
        (.chase, ["side": "BUY", "qty": "3", "duration_s": "60", "finish": "market"]),
        (.chase, ["side": "SELL", "qty": "3", "duration_s": "60", "reprice_ms": "100"]),
        (
            .twap,
            ["side": "BUY", "qty": "2", "slices": "20", "duration_s": "60", "finish": "market"]
        ),
        (
            .twap,
            ["side": "SELL", "qty": "2", "slices": "30", "duration_s": "60", "style": "market"]
        ),
        (
            .scale,
            [
                "side": "BUY", "qty": "2", "from": "49999", "to": "49990", "orders": "12",
                "skew": "0.5", "duration_s": "60", "finish": "market",
            ]
        ),
        (
            .scalper,
            [
                "qty": "1", "layers": "4", "base_bps": "0.1", "max_bps": "2",
                "requote_bps": "0.1", "backoff_ms": "100", "reprice_ms": "100", "adaptive": "1",
                "max_loss_bps": "20", "max_fills": "20", "cooldown_s": "3", "duration_s": "60",
                "finish": "flatten",
            ]
        ),
    ]

    /// What is wrong at one moment with invariants 1 and 4; nil where all is well.
    func violation(_ stage: Stage) -> String? {
        let (machine, desk) = (stage.machine, stage.desk)
        for (index, lot) in machine.book.lots.enumerated() {
            if lot.filled + machine.book.committed(index) > lot.total { return "lot \(index) broken" }
        }
        switch machine.parameters.plan {
        case .chase, .twap, .scale:
            let goal = machine.parameters.goal
            if desk.exposure(goal.side) > goal.quantity { return "overfill" }
        case .scalper:
            for index in machine.slots.indices {
                let held = machine.position(index)
                if held.isNegative || held > machine.slots[index].size { return "slot \(index)" }
            }
            if desk.crossings > 0 { return "own orders cross" }
        }
        guard machine.status.isOver else { return nil }
        if !desk.open.isEmpty || !machine.book.isEmpty { return "orphans" }
        return desk.executed == machine.progress.traded ? nil : "fills lost"
    }

    /// Steps until it is over or something is wrong.
    func run(
        _ stage: inout Stage, _ steps: Int, _ what: String,
        _ each: (inout Stage) throws -> Void = { _ in }
    ) throws {
        for _ in 0..<steps where !stage.machine.status.isOver {
            stage.step()
            try each(&stage)
            if let violation = violation(stage) {
                Issue.record("\(violation): \(what), restarts \(stage.restarts)")
                return
            }
        }
    }

    @Test("with late acknowledgements, lost answers, refusals and unknown outcomes nothing is overfilled")
    func races() throws {
        for (index, (kind, texts)) in Self.kinds.enumerated() {
            var executed = 0
            for seed in 0..<4 {
                for canAmend in [true, false] {
                    let what = "kind \(index) seed \(seed) amends \(canAmend)"
                    var stage = try Stage(kind, texts, seed: UInt64(seed), canAmend: canAmend)
                    try run(&stage, 4_000, what)
                    #expect(stage.machine.status == .done, "\(what)")
                    executed += stage.desk.executed.isPositive ? 1 : 0
                }
            }
            #expect(executed > 4, "kind \(index): most of the 8 runs trade")
        }
    }

    @Test("killed at 50 random instants it loses nothing, overfills nothing and leaves nothing (B7a)")
    func restarts() throws {
        for (index, (kind, texts)) in Self.kinds.enumerated() {
            for seed in 0..<8 {
                var random = SplitMix64(seed: UInt64(seed) &+ 7_777)
                var stage = try Stage(kind, texts, seed: UInt64(seed))
                try run(&stage, 6_000, "kind \(index) seed \(seed)") { stage in
                    let isDue = Int.random(in: 0..<20, using: &random) == 0
                    if isDue, stage.restarts < 50 { try stage.restart(after: .milliseconds(200)) }
                }
                #expect(stage.machine.status == .done, "kind \(index) seed \(seed)")
            }
        }
    }

    @Test("paused, it takes everything back and places nothing until it is resumed")
    func pauses() throws {
        for (index, (kind, texts)) in Self.kinds.enumerated() {
            var stage = try Stage(kind, texts, seed: 11)
            stage.run(steps: 60)
            stage.event { $0.pauseRequested("paused_by_request", now: $1, &$2) }
            stage.run(steps: 200)
            let count = stage.desk.orders.count
            #expect(stage.desk.open.isEmpty && stage.machine.status == .paused, "kind \(index)")
            stage.run(steps: 100)
            #expect(stage.desk.orders.count == count, "kind \(index)")
            stage.event { $0.resumeRequested(now: $1, &$2) }
            stage.run(steps: 6_000)
            #expect(stage.machine.status == .done, "kind \(index)")
            #expect(violation(stage) == nil, "kind \(index)")
        }
    }

    @Test("stopped at any moment it ends, with nothing resting; flattened, with nothing held")
    func stops() throws {
        for (index, (kind, texts)) in Self.kinds.enumerated() {
            for seed in 0..<20 {
                var stage = try Stage(kind, texts, seed: UInt64(seed))
                stage.run(steps: seed * 7)
                let isFlattening = seed % 2 == 0
                stage.event {
                    $0.stopRequested(.stopped, isFlattening: isFlattening, now: $1, &$2)
                }
                stage.run(steps: 2_000)
                #expect(stage.machine.status == .done, "kind \(index) seed \(seed)")
                #expect(stage.desk.open.isEmpty, "kind \(index) seed \(seed)")
                if isFlattening, stage.machine.reason == "stopped" {
                    #expect(stage.machine.progress.net.isZero, "kind \(index) seed \(seed)")
                }
            }
        }
    }
}

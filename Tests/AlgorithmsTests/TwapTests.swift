import Algorithms
import Bounded
import Chronology
import Orders
import Testing
import Trading

@Suite struct TwapTests {
    private func plan(_ more: [String: String]) throws -> TwapPlan {
        var given = [
            "account": "desk", "symbol": "BTCUSDT", "side": "BUY", "qty": "1.237", "slices": "12",
            "duration_s": "60",
        ]
        given.merge(more) { _, new in new }
        guard case .twap(let plan) = try AlgoParameters(.twap, given).plan else {
            throw NotATwap()
        }
        return plan
    }

    @Test("the schedule grows with each slice, sums to the whole, and stays within its jitter")
    func schedule() throws {
        for seed in 0..<200 {
            var random = SplitMix64(seed: UInt64(seed))
            let slices = Int.random(in: 1...200, using: &random)
            let jitter = Int.random(in: 0...50, using: &random)
            let plan = try plan([
                "slices": "\(slices)", "size_jitter_pct": "\(jitter)",
                "time_jitter_pct": "\(jitter)",
            ])
            let schedule = SliceSchedule(plan, id: "algo-\(seed)", step: btc.step)
            let part = plan.duration / Int64(slices)
            var before = Quantity.zero
            for slice in 0..<slices {
                let time = schedule.time(slice)
                let even = part * Int64(slice)
                #expect((time - even).nanoseconds.magnitude <= part.nanoseconds / 4 + 1, "seed \(seed)")
                #expect(slice == 0 || time > schedule.time(slice - 1), "seed \(seed)")
                #expect(schedule.due(at: time) == slice + 1, "seed \(seed)")
                let total = schedule.total(after: slice + 1)
                #expect(total >= before && total.isMultiple(of: btc.step), "seed \(seed)")
                before = total
            }
            #expect(before == plan.quantity, "seed \(seed)")
        }
    }

    @Test("without jitter and with a willing market, each slice is its share")
    func even() throws {
        var stage = try Stage(
            .twap,
            [
                "side": "SELL", "qty": "1", "slices": "10", "duration_s": "100",
                "style": "market", "size_jitter_pct": "0", "time_jitter_pct": "0",
            ], seed: 5, faults: .init(refuse: 0, unknown: 0, stale: 0, cancelRefused: 0, venueEnds: 0))
        stage.run(steps: 3_000)
        #expect(stage.machine.status == .done && stage.machine.reason == "filled")
        let sizes = stage.desk.orders.values.map(\.executed)
        #expect(stage.desk.executed == q("1"))
        #expect(sizes.allSatisfy { $0 <= q("0.1") })
        #expect(stage.now - stage.machine.startedAt >= .seconds(90))
    }

    @Test("after an absence it catches up, by a few slices an order at most")
    func catchesUp() throws {
        var stage = try Stage(
            .twap,
            [
                "side": "BUY", "qty": "1", "slices": "20", "duration_s": "100", "style": "market",
                "catch_up": "3", "size_jitter_pct": "0", "finish": "market",
            ], seed: 9, faults: .init(refuse: 0, unknown: 0, stale: 0, cancelRefused: 0, venueEnds: 0))
        stage.run(steps: 200)
        try stage.restart(after: .seconds(40))
        let before = stage.desk.executed
        stage.run(steps: 4_000)
        let largest = stage.desk.orders.values.map(\.child.quantity).max() ?? .zero
        #expect(before < q("0.3") && stage.desk.executed == q("1"))
        #expect(stage.machine.status == .done && largest > q("0.05"))
        let scheduled = stage.desk.orders.values.filter { $0.child.number > 1 }
        #expect(scheduled.filter { $0.child.quantity > q("0.15") }.count <= 1, "but for the finish")
    }

    @Test("a resting slice is taken back when the next is due, which takes up what it left")
    func rests() throws {
        var stage = try Stage(
            .twap,
            [
                "side": "BUY", "qty": "1", "slices": "4", "duration_s": "40",
                "size_jitter_pct": "0", "time_jitter_pct": "0", "offset_ticks": "5000",
            ], seed: 9, faults: .init(refuse: 0, unknown: 0, stale: 0, cancelRefused: 0, venueEnds: 0))
        stage.run(steps: 2_000)
        let sizes = stage.desk.orders.keys.sorted().compactMap { stage.desk.orders[$0]?.child.quantity }
        #expect(sizes == [q("0.25"), q("0.5"), q("0.75"), q("0.75")])
        #expect(stage.machine.reason == "out_of_time" && stage.desk.open.isEmpty)
    }
}

private struct NotATwap: Error {}

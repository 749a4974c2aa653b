import Allocation
import AllocatorService
import Chronology
import Foundation
import Runtime
import Testing
import Trading

@Suite("Knobs of the allocator")
struct AllocationKnobsTests {
    private func environment(_ variables: [String: String]) -> Environment {
        Environment(process: "allocator", variables: variables)
    }

    @Test("the defaults are those of the mission")
    func defaults() {
        let knobs = AllocatorConfiguration.knobs(environment([:]))
        var wanted = AllocationKnobs(symbol: Fixture.symbol, account: Fixture.account)
        wanted.tolerance = Fixture.money("0.01")
        #expect(knobs == wanted)
        #expect(knobs.slices == 3)
        #expect(knobs.timeout == .seconds(20))
        #expect(knobs.maximumSlippage == Fixture.ratio("0.05"))
        #expect(knobs.jitter == Fixture.ratio("0.1"))
        #expect(knobs.problems.isEmpty)
    }

    @Test("compose hands every knob on, where it is set")
    func compose() throws {
        let top = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let text = try String(contentsOfFile: top + "/compose/compose.yaml", encoding: .utf8)
        let lines = Set(text.split(separator: "\n"))
        let knobs = KnobTable.all.filter { $0.users == ["allocator"] }
        #expect(knobs.count == 14)
        for knob in knobs { #expect(lines.contains("      \(knob.name):"), "\(knob.name)") }
    }

    @Test("values that are not allowed are told all at once, by name, with what is")
    func values() {
        let found = environment([
            "SLICE_PCT": "0", "EXECUTION_MODE": "FAST", "ORDER_TTL_SECONDS": "60",
            "TASK_TIMEOUT_SECONDS": "1e3", "LOT_STEP": "-1", "ALLOCATION_SYMBOL": "QRL USDT",
            "PMS_HTTP_TOKEN_ALLOCATOR": "t",
        ]).problems
        #expect(
            found.map(\.variable).sorted() == [
                "ALLOCATION_SYMBOL", "EXECUTION_MODE", "LOT_STEP", "ORDER_TTL_SECONDS", "SLICE_PCT",
                "TASK_TIMEOUT_SECONDS",
            ])
        #expect(found.allSatisfy { $0.message.contains("allowed: ") })
    }

    @Test("values that are each allowed, and not together, are told all at once")
    func together() {
        let problems = AllocatorConfiguration.problems(
            environment([
                "EXECUTION_MODE": "SHORT_LIVED_MAKER", "ORDER_TTL_SECONDS": "15",
                "TASK_TIMEOUT_SECONDS": "16", "MIN_NOTIONAL_USDT": "200",
            ]))
        #expect(
            problems.map(\.variable) == ["ORDER_TTL_SECONDS", "MIN_NOTIONAL_USDT", "PMS_VENUE_KIND"])
        let spot = AllocatorConfiguration.problems(environment(["PMS_VENUE_KIND": "mexc-spot"]))
        #expect(spot.isEmpty)
    }
}

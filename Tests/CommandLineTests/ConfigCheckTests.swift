import Runtime
import Testing

@testable import CommandLineService

@Suite("pms config check")
struct ConfigCheckTests {
    private let spot = ["PMS_VENUE": "spot", "PMS_VENUE_KIND": "mexc-spot"]
    /// Orders that live as long as a run, with no time left to take them back.
    private let late = ["EXECUTION_MODE": "SHORT_LIVED_MAKER", "ORDER_TTL_SECONDS": "15"]

    private func problems(_ variables: [String: String]) -> [String] {
        let environment = Environment(process: "pms", variables: variables)
        return ConfigCommands.problems(environment, variables).map(\.variable)
    }

    @Test("knobs of the allocator that are each allowed, and not together, are told")
    func together() {
        #expect(problems(spot) == [])
        let all = spot.merging(late) { $1 }
        #expect(problems(all) == [])
        let short = all.merging(["TASK_TIMEOUT_SECONDS": "16"]) { $1 }
        #expect(problems(short) == ["ORDER_TTL_SECONDS"])
        // Meant for the allocator alone, and not read by pms itself.
        let own = all.merging(["TASK_TIMEOUT_SECONDS_ALLOCATOR": "16"]) { $1 }
        #expect(problems(own) == ["ORDER_TTL_SECONDS"])
        let wrong = spot.merging(["MAX_SLICES_ALLOCATOR": "0"]) { $1 }
        #expect(problems(wrong) == ["MAX_SLICES_ALLOCATOR"])
    }

    @Test("a problem is told once, and a venue without an allocator has none of its")
    func once() {
        #expect(problems(spot.merging(["MAX_SLICES": "99"]) { $1 }) == ["MAX_SLICES"])
        #expect(problems(late.merging(["TASK_TIMEOUT_SECONDS": "16"]) { $1 }) == [])
    }

    @Test("a process of margin and positions does not serve a spot venue, and says what to do")
    func margin() {
        let futures = Environment(process: "position-sync", variables: [:])
        #expect(Environment.marginProblems(futures).isEmpty)
        for kind in ["binance-spot", "mexc-spot"] {
            let environment = Environment(
                process: "position-sync", variables: ["PMS_VENUE_KIND": kind])
            let found = Environment.marginProblems(environment)
            #expect(found.map(\.variable) == ["PMS_VENUE_KIND"])
            #expect(found.first?.message.contains("not allowed: \(kind)") == true)
            #expect(found.first?.message.contains("leave position-sync out") == true)
        }
    }
}

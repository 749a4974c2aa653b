import Bounded
import Chronology
import Runtime
import Testing

@Suite struct ChildMachineTests {
    private let start = Instant(nanoseconds: 1_000_000_000)

    @Test("Backoff doubles from 100 ms to 5 s, with jitter down to half")
    func backoff() {
        var random = SplitMix64(seed: 1)
        var machine = ChildMachine()
        same(machine.startRequested(now: start), .start)
        for full in [100, 200, 400, 800, 1600, 3200, 5000, 5000] as [Int64] {
            guard case .wait(let wait) = machine.exited(code: 137, now: start, using: &random)
            else {
                Issue.record("a killed process is started again")
                return
            }
            #expect(wait >= .milliseconds(full / 2) && wait <= .milliseconds(full))
            same(machine.timeReached(now: start), .start)
        }
    }

    @Test("Ten healthy seconds make the next backoff the first again")
    func healthy() {
        var random = SplitMix64(seed: 2)
        var machine = ChildMachine()
        _ = machine.startRequested(now: start)
        for _ in 0..<6 {
            _ = machine.exited(code: 1, now: start, using: &random)
            _ = machine.timeReached(now: start)
        }
        guard
            case .wait(let wait) = machine.exited(
                code: 1, now: start + .seconds(10), using: &random)
        else {
            Issue.record("a process that ended is started again")
            return
        }
        #expect(wait <= .milliseconds(100))
    }

    @Test("A wrong configuration at the first start fails the stack; later it is retried")
    func configuration() {
        var random = SplitMix64(seed: 3)
        var first = ChildMachine()
        _ = first.startRequested(now: start)
        same(first.exited(code: 2, now: start, using: &random), .fail(2))
        var second = ChildMachine()
        _ = second.startRequested(now: start)
        _ = second.exited(code: 1, now: start, using: &random)
        _ = second.timeReached(now: start)
        guard case .wait = second.exited(code: 2, now: start, using: &random) else {
            Issue.record("a later failure is retried")
            return
        }
    }

    @Test("P6: after a stop nothing is started again; SIGKILL follows the grace")
    func stopping() {
        var random = SplitMix64(seed: 4)
        var running = ChildMachine()
        _ = running.startRequested(now: start)
        same(running.stopRequested(), .terminate(grace: .seconds(10)))
        same(running.timeReached(now: start + .seconds(10)), .kill)
        same(running.exited(code: 137, now: start, using: &random), .ended)
        same(running.timeReached(now: start), .none)
        var waiting = ChildMachine()
        _ = waiting.startRequested(now: start)
        _ = waiting.exited(code: 1, now: start, using: &random)
        same(waiting.stopRequested(), .ended)
        same(waiting.timeReached(now: start), .none)
    }

    @Test("A process gets its own variables and no other's credentials")
    func plans() {
        let variables = [
            "PATH": "/bin", "PMS_API_KEY": "trade", "PMS_API_SECRET": "s",
            "PMS_API_KEY_POSITION_SYNC": "read", "PMS_HTTP_PORT": "1",
            "PMS_HTTP_PORT_RISK_ENGINE": "2", "PMS_PAPER_API_KEY": "p",
            "PMS_REDIS_URL": "unix:///r",
        ]
        func plan(_ name: String) -> [String: String] {
            ChildPlan.make(
                name, directory: "/opt", variables: variables, parent: 9, isTerminal: true
            )
            .variables
        }
        #expect(plan("order-gateway")["PMS_API_KEY"] == "trade")
        #expect(plan("position-sync")["PMS_API_KEY"] == "read")
        #expect(plan("position-sync")["PMS_API_SECRET"] == nil)
        #expect(plan("price-feed")["PMS_API_KEY"] == nil)
        #expect(plan("price-feed")["PMS_PAPER_API_KEY"] == nil)
        #expect(plan("paper-exchange")["PMS_PAPER_API_KEY"] == "p")
        #expect(plan("risk-engine")["PMS_HTTP_PORT"] == "2")
        #expect(plan("price-feed")["PMS_HTTP_PORT"] == nil)
        #expect(plan("price-feed")["PMS_REDIS_URL"] == "unix:///r")
        #expect(plan("price-feed")["PATH"] == "/bin")
        #expect(plan("price-feed")["PMS_PARENT_PID"] == "9")
        #expect(!plan("price-feed").keys.contains { $0.hasSuffix("_POSITION_SYNC") })
    }
}

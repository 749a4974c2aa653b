import Bounded
import Chronology
import Runtime
import Testing

@Suite struct LeaseMachineTests {
    private let start = Instant(nanoseconds: 1_000_000_000)
    private func at(_ milliseconds: Int64) -> Instant { start + .milliseconds(milliseconds) }

    private func held() -> LeaseMachine {
        var machine = LeaseMachine(timeToLive: .seconds(2))
        machine.started()
        same(machine.periodElapsed(now: at(0)), .acquire(1))
        same(machine.acquireAnswered(1, fence: 7, now: at(10)), .gained(fence: 7))
        return machine
    }

    @Test("Validity counts from before the request was sent, less a tenth")
    func validity() {
        let machine = held()
        #expect(machine.lapse == at(1800))
        #expect(machine.fence(now: at(1799)) == 7)
        #expect(machine.fence(now: at(1800)) == nil)
    }

    @Test("Unanswered renewals lose the lease before the server lets it expire")
    func unanswered() {
        var machine = held()
        same(machine.periodElapsed(now: at(500)), .renew(2))
        same(machine.periodElapsed(now: at(1000)), .none)
        same(machine.lapseReached(now: at(1799)), .none)
        same(machine.lapseReached(now: at(1800)), .lost)
        same(machine.renewAnswered(2, isOurs: true, now: at(1810)), .none)
        #expect(machine.fence(now: at(1810)) == nil)
        same(machine.periodElapsed(now: at(2000)), .acquire(3))
    }

    @Test("P2: a holder that was paused past its lease knows at once, whatever it does first")
    func paused() {
        var machine = held()
        #expect(machine.fence(now: at(60_000)) == nil)
        same(machine.periodElapsed(now: at(60_000)), .lost)
    }

    @Test("P1: a renewal that finds another owner loses the lease")
    func stolen() {
        var machine = held()
        same(machine.periodElapsed(now: at(500)), .renew(2))
        same(machine.renewAnswered(2, isOurs: false, now: at(510)), .lost)
    }

    @Test("A grant that arrives when it has lapsed already is not taken")
    func lateGrant() {
        var machine = LeaseMachine(timeToLive: .seconds(2))
        machine.started()
        same(machine.periodElapsed(now: at(0)), .acquire(1))
        same(machine.acquireAnswered(1, fence: 7, now: at(1900)), .none)
        #expect(machine.fence(now: at(1900)) == nil)
    }

    @Test("Nothing happens after the holder gave up")
    func stopped() {
        var machine = held()
        same(machine.stopped(), true)
        same(machine.periodElapsed(now: at(500)), .none)
        #expect(machine.fence(now: at(500)) == nil)
        same(machine.stopped(), false)
    }

    /// The lock as Redis keeps it, on its own clock.
    private struct ScriptedServer {
        var owner: Int?
        var expiry = Instant.distantPast
        var fence: Int64 = 0

        mutating func acquire(_ who: Int, now: Instant) -> Int64? {
            if let owner, owner != who, now < expiry { return nil }
            owner = who
            expiry = now + .seconds(2)
            fence += 1
            return fence
        }

        mutating func renew(_ who: Int, now: Instant) -> Bool {
            guard owner == who, now < expiry else { return false }
            expiry = now + .seconds(2)
            return true
        }
    }

    @Test("Two holders never hold at once, and fences only grow, under delays, losses and pauses")
    func exclusion() {
        let seed: UInt64 = 20_261_121
        var random = SplitMix64(seed: seed)
        for round in 0..<200 {
            var server = ScriptedServer()
            var machines = [LeaseMachine](
                repeating: LeaseMachine(timeToLive: .seconds(2)), count: 3)
            var pausedUntil = [Instant](repeating: at(0), count: 3)
            var lastFence: Int64 = 0
            for index in machines.indices { machines[index].started() }
            for step in 0..<400 {
                let now = at(Int64(step) * 100)
                for index in machines.indices where now >= pausedUntil[index] {
                    let sent = now
                    let latency = Interval.milliseconds(Int64.random(in: 0...40, using: &random))
                    let isLost = Int.random(in: 0..<10, using: &random) == 0
                    switch machines[index].periodElapsed(now: sent) {
                    case .acquire(let number):
                        let fence = server.acquire(index, now: sent + latency)
                        if isLost { machines[index].requestFailed(number); break }
                        if case .gained(let fence) = machines[index].acquireAnswered(
                            number, fence: fence, now: sent + latency + latency)
                        {
                            #expect(fence > lastFence, "seed \(seed) round \(round) step \(step)")
                            lastFence = fence
                        }
                    case .renew(let number):
                        let isOurs = server.renew(index, now: sent + latency)
                        if isLost { machines[index].requestFailed(number); break }
                        _ = machines[index].renewAnswered(
                            number, isOurs: isOurs, now: sent + latency + latency)
                    case .none, .gained, .lost: break
                    }
                    if Int.random(in: 0..<60, using: &random) == 0 {
                        pausedUntil[index] =
                            now + .milliseconds(Int64.random(in: 0...6000, using: &random))
                    }
                }
                let holders = machines.indices.filter {
                    machines[$0].fence(now: now + .milliseconds(90)) != nil
                }
                #expect(holders.count <= 1, "seed \(seed) round \(round) step \(step): \(holders)")
            }
        }
    }
}

import Allocation
import AllocatorService
import BusProtocol
import Chronology
import Testing
import Trading

/// What an earlier run left, of this process or of one that is gone.
@Suite("What the allocator's desk takes up")
struct AllocatorRecoveryTests {
    @Test("a run that goes on when the lease comes back is not told as one whose process died")
    func stillRunning() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        world.tell(.leaseLost)
        world.tell(.leaseGained(fence: 9))
        let running = ["status": "running", "run": id, "kind": "run"]
        world.recover(running)
        #expect(world.saves() == [])
        let ended = RunWorld.order("cancelled", isOver: true)
        world.tell(.run(id, .orderSeen(request: "\(id)-1", ended)))
        #expect(world.saves() == ["slice", "run record"])
    }

    @Test("a run whose beginning may be saved is looked for before another begins, and completed")
    func begunUnknown() {
        var world = DeskWorld()
        world.lead()
        let waiter = world.trigger(key: "k")
        let id = world.desk.runningID ?? ""
        _ = world.taken()
        world.tell(.redisDown)
        world.tell(.begunUnknown)
        #expect(world.answers()[waiter] == "refused redis_down")
        #expect(world.desk.lastFields.isEmpty, "it never went on")
        world.tell(.redisUp)
        let early = world.trigger()
        #expect(world.answers()[early] == "refused not_ready")
        let last = ["status": "running", "run": id, "kind": "run"]
        world.recover(last)
        #expect(world.saves() == ["run record"])
        #expect(world.desk.lastFields.contains { $0 == ("status", "failed") })
        #expect(world.desk.readiness.isEmpty)
    }

    @Test(
        "C4: after a run whose order's end is not known none begins, until it is; then it is told")
    func settled() {
        var world = DeskWorld()
        let id = world.unsettled()
        let early = world.trigger()
        #expect(world.answers()[early] == "refused not_ready")
        let last = ["status": "unsettled", "run": id, "kind": "run"]
        world.recover(last, orders: ["PMSx"])
        #expect(
            world.taken().contains { if case .cancelOld("PMSx") = $0 { true } else { false } })
        world.pass(.milliseconds(300))
        world.recover(last, orders: ["PMSx"])
        #expect(
            !world.taken().contains { if case .cancelOld = $0 { true } else { false } },
            "not at each look")
        world.recover(last, run: id, placed: [DeskWorld.placed(id, "7")])
        var settled: [AllocationSave] = []
        for case .save(let save, _) in world.taken() { settled.append(save) }
        #expect(settled.count == 1)
        let lines = settled.first?.entries.map { Dictionary($0) { $1 } } ?? []
        #expect(lines.map { $0["kind"] } == ["slice", "run"])
        #expect(lines.first?["executed"] == "7" && lines.last?["filled"] == "7")
        #expect(lines.last?["status"] == "done" && lines.last?["reason"] == "deadline")
        // Its cost, too: this process knows the mid price that the slice was planned at.
        #expect(lines.last?["cost_bp"]?.isEmpty == false)
        #expect(world.desk.readiness.isEmpty)
        world.trigger(waits: true)
        #expect(world.desk.runningID != nil)
    }

    @Test(
        "P2: what another process has completed meanwhile is not completed again, on what is not known"
    )
    func settledByAnother() {
        var world = DeskWorld()
        let id = world.unsettled()
        world.tell(.leaseLost)
        world.tell(.leaseGained(fence: 9))
        let done = ["status": "done", "run": id, "kind": "run", "filled": "7"]
        world.recover(done)
        #expect(world.saves() == [])
        #expect(world.desk.lastFields.contains { $0 == ("filled", "7") })
    }

    @Test(
        "P2: what nobody was told of an unsettled run is told, in order, behind the run begun since"
    )
    func settledBehind() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        world.tell(.leaseLost)
        world.pass(.seconds(20))
        #expect(world.saves() == [], "no fence, no write")
        world.tell(.leaseGained(fence: 9))
        #expect(
            world.taken().contains {
                if case .readRecovery(run: id) = $0 { true } else { false }
            }, "the orders of that run are asked for")
        let other = ["status": "done", "run": "al-of-another", "kind": "run"]
        world.recover(other, run: id, placed: [DeskWorld.placed(id, "7")])
        #expect(world.saves() == ["slice", "run", "slice run"])
    }

    @Test("C4: an answer to an earlier question says nothing of the run that is asked for")
    func staleReading() {
        var world = DeskWorld()
        let id = world.unsettled()
        let last = ["status": "unsettled", "run": id, "kind": "run"]
        // Asked before it was known whose orders are wanted, or of another run.
        for run in [nil, "al-of-another"] {
            world.tell(
                .recoveryRead(
                    RecoveryReading(hasAccount: true, orders: [], last: last, run: run)))
            #expect(world.saves() == [], "an order of 7 is not told as one that executed nothing")
            let early = world.trigger()
            #expect(world.answers()[early] == "refused not_ready")
        }
        world.recover(last, run: id, placed: [DeskWorld.placed(id, "7")])
        #expect(world.saves() == ["slice run record"])
        #expect(world.desk.lastFields.contains { $0 == ("filled", "7") })
    }

    @Test(
        "P2: a run that was left open since one's own is completed by its own orders, not by those")
    func openBehind() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        world.tell(.leaseLost)
        world.pass(.seconds(20))
        world.tell(.leaseGained(fence: 9))
        _ = world.taken()
        let other = ["status": "running", "run": "al-9", "kind": "run", "slices": "1"]
        world.recover(other, run: id, placed: [DeskWorld.placed(id, "7")])
        let actions = world.actions
        #expect(world.saves() == ["slice", "run", "slice run"])
        #expect(
            actions.contains { if case .readRecovery(run: nil) = $0 { true } else { false } })
        let early = world.trigger()
        #expect(world.answers()[early] == "refused not_ready")
        world.recover(other, run: "al-9", placed: [DeskWorld.placed("al-9", "3")])
        #expect(world.saves() == ["slice run record"])
        #expect(world.desk.lastFields.contains { $0 == ("filled", "3") })
        #expect(world.desk.readiness.isEmpty)
    }

    @Test("an order that order-gateway never took on ends its run unfilled")
    func neverTaken() {
        var world = DeskWorld()
        let id = world.unsettled()
        let last = ["status": "unsettled", "run": id, "kind": "run"]
        world.recover(last)
        #expect(world.desk.lastFields.contains { $0 == ("status", "unfilled") })
    }

    @Test(
        "the next process completes what it finds left open, each slice that was not told with it (P5)"
    )
    func completed() {
        var world = DeskWorld()
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 9))
        let last = ["status": "unsettled", "run": "al-9", "kind": "run", "slices": "1"]
        world.recover(last, run: "al-9", placed: [DeskWorld.placed("al-9", "7")])
        #expect(world.saves() == ["slice run record"])
        #expect(world.desk.lastFields.contains { $0 == ("filled", "7") })
        #expect(world.desk.lastFields.contains { $0 == ("status", "done") })
    }

    @Test("no run begins before the orders of an earlier one are over (B7a, P5)")
    func recovery() {
        var world = DeskWorld()
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 2))
        world.tell(
            .recoveryRead(RecoveryReading(hasAccount: true, orders: ["PMSx"], last: [:])))
        #expect(
            world.taken().contains { if case .cancelOld("PMSx") = $0 { true } else { false } })
        let early = world.trigger()
        #expect(world.answers()[early] == "refused not_ready")
        world.pass(.milliseconds(300))
        #expect(world.taken().contains { if case .readRecovery = $0 { true } else { false } })
        let last = ["status": "running", "run": "al-9", "kind": "run"]
        world.recover(last)
        // The run of the process that died is told as what it is.
        var saved: [(String, String)] = []
        for case .save(let save, _) in world.taken() { saved = save.record }
        #expect(saved.contains { $0 == ("status", "failed") })
        #expect(saved.contains { $0 == ("run", "al-9") })
        #expect(world.desk.readiness.isEmpty)
        // Whoever asked for it under a key is told the same, though its answer was never saved.
        world.tell(
            .triggered(
                AllocationTrigger(waiter: 40, by: "http", key: "k", isDry: false, waits: true)))
        world.tell(.answerFound(40, last))
        #expect(world.answers()[40] == "over stopped")
        world.tell(
            .triggered(
                AllocationTrigger(waiter: 41, by: "http", key: "k", isDry: false, waits: true)))
        world.tell(.answerLost(41, reason: "NOPERM"))
        #expect(world.answers()[41] == "refused redis_down")
    }
}

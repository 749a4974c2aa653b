import Allocation
import AllocatorService
import BusProtocol
import Chronology
import Testing
import Trading

/// Who may begin a run, and what becomes of it.
@Suite("The allocator's desk")
struct AllocatorDeskTests {
    @Test("one run at a time: a second is told of the first, and nothing is ordered for it")
    func oneAtATime() {
        var world = DeskWorld()
        world.lead()
        _ = world.taken()
        let first = world.trigger()
        #expect(world.answers().isEmpty)
        // Still being saved.
        let early = world.trigger()
        let id = world.desk.runningID ?? ""
        #expect(world.answers() == [early: "busy \(id)"])
        world.tell(.begun(isSaved: true))
        #expect(world.answers() == [first: "accepted \(id)"])
        let second = world.trigger(waits: true)
        #expect(world.answers() == [second: "busy \(id)"])
        world.tell(.run(id, .factsFailed(1, .bookUnavailable, detail: "")))
        #expect(world.desk.runningID == nil)
        let third = world.trigger(waits: true)
        world.tell(.begun(isSaved: true))
        world.tell(.run(world.desk.runningID ?? "", .factsRead(1, RunWorld.facts("1000", "750"))))
        #expect(world.answers()[third] == "over balanced")
    }

    @Test("nothing is ordered before the run's beginning is saved, and nothing where it cannot be")
    func savedFirst() {
        var world = DeskWorld()
        world.lead()
        _ = world.taken()
        let waiter = world.trigger(key: "k1")
        let actions = world.taken()
        #expect(actions.contains { if case .saveBegun(_, "k1", 7) = $0 { true } else { false } })
        #expect(!actions.contains { if case .readFacts = $0 { true } else { false } })
        world.tell(.begun(isSaved: false))
        #expect(world.answers() == [waiter: "refused redis_down"])
        #expect(world.desk.runningID == nil)
    }

    @Test("the same key is the same run: while it goes on, and from its record afterwards")
    func idempotent() {
        var world = DeskWorld()
        world.lead()
        world.trigger(key: "k1")
        world.tell(.begun(isSaved: true))
        let id = world.desk.runningID ?? ""
        _ = world.taken()
        let again = world.trigger(key: "k1")
        #expect(world.answers() == [again: "accepted \(id)"])
        let waits = world.trigger(key: "k1", waits: true)
        #expect(world.answers().isEmpty)
        let other = world.trigger(key: "k2")
        #expect(world.answers() == [other: "busy \(id)"])
        world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
        let actions = world.actions
        #expect(world.answers() == [waits: "over balanced"])
        // The answer is saved with the run, under its key.
        #expect(
            actions.contains {
                if case .save(let save, 7) = $0 { save.request == "k1" } else { false }
            })
        world.tell(
            .triggered(
                AllocationTrigger(waiter: 90, by: "http", key: "k1", isDry: false, waits: true)))
        world.tell(.answerFound(90, ["status": "skipped", "reason": "balanced", "run": id]))
        #expect(world.answers() == [90: "over balanced"])
        #expect(world.desk.runningID == nil)
    }

    @Test("the same key at the very same moment is the same run for both, begun or not")
    func sameMoment() {
        for isSaved in [true, false] {
            var world = DeskWorld()
            world.lead()
            _ = world.taken()
            // Both are looked for before either has begun.
            for waiter: UInt64 in 1...3 {
                world.tell(
                    .triggered(
                        AllocationTrigger(
                            waiter: waiter, by: "http", key: "k1", isDry: false,
                            waits: waiter == 3)))
            }
            for waiter: UInt64 in 1...3 { world.tell(.answerFound(waiter, nil)) }
            #expect(world.answers().isEmpty, "nobody is told of a run that may not begin")
            // And one that comes while the beginning is saved.
            world.tell(
                .triggered(
                    AllocationTrigger(
                        waiter: 4, by: "http", key: "k1", isDry: false, waits: false)))
            let id = world.desk.runningID ?? ""
            world.tell(.begun(isSaved: isSaved))
            guard isSaved else {
                let refused = "refused redis_down"
                #expect(world.answers() == [1: refused, 2: refused, 3: refused, 4: refused])
                continue
            }
            let accepted = "accepted \(id)"
            #expect(world.answers() == [1: accepted, 2: accepted, 4: accepted])
            world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
            #expect(world.answers() == [3: "over balanced"])
        }
    }

    @Test("a beginning that Redis refuses is told with what it said, and to somebody by the clock")
    func refusedBeginning() {
        var world = DeskWorld()
        world.lead()
        _ = world.taken()
        for round in 0..<2 {
            let waiter = world.trigger()
            world.tell(.begun(isSaved: false, refusal: "WRONG a key holds a list"))
            let actions = world.taken()
            let isTold = actions.contains {
                guard case .answer(waiter, .refused("redis_down", let text)) = $0 else {
                    return false
                }
                return text.contains("WRONG a key holds a list")
            }
            #expect(isTold)
            let alerts = actions.count {
                if case .alert("allocation_refused", _) = $0 { true } else { false }
            }
            #expect(alerts == (round == 0 ? 1 : 0))
        }
    }

    @Test(
        "without the lease nothing runs; lost in the middle, the run takes its order back and ends")
    func lease() {
        var world = DeskWorld()
        world.tell(.redisUp)
        let early = world.trigger()
        #expect(world.answers() == [early: "refused not_ready"])
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        let request = world.desk.openRequest ?? ""
        #expect(request == "\(id)-1")
        _ = world.taken()
        world.tell(.leaseLost)
        let actions = world.taken()
        #expect(
            actions.contains { if case .cancel(request: request) = $0 { true } else { false } })
        world.tell(
            .run(
                id,
                .orderSeen(request: request, RunWorld.order("cancelled", isOver: true))))
        let after = world.taken()
        #expect(
            !after.contains { if case .save = $0 { true } else { false } }, "no fence, no write")
        #expect(world.desk.runningID == nil)
    }

    @Test("a beginning that was not saved leaves the record of the run before it")
    func notBegun() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
        world.trigger()
        world.tell(.begun(isSaved: false))
        #expect(world.desk.lastFields.contains { $0 == ("run", id) })
        world.trigger()
        world.tell(.leaseLost)
        #expect(world.desk.lastFields.contains { $0 == ("run", id) })
    }

    @Test("the account is made where order-gateway has none")
    func account() {
        var world = DeskWorld()
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 2))
        world.tell(.recoveryRead(RecoveryReading(hasAccount: false, orders: [], last: [:])))
        #expect(world.taken().contains { if case .createAccount = $0 { true } else { false } })
        #expect(!world.desk.readiness.isEmpty)
    }

    @Test("a dry run needs no lease, disturbs no run, and is neither ordered nor saved")
    func dry() {
        var world = DeskWorld()
        world.tell(.redisUp)
        let waiter = world.trigger(isDry: true, waits: true)
        var id = ""
        for case .readFacts(let run, 1, true) in world.taken() { id = run }
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        let actions = world.actions
        #expect(world.answers() == [waiter: "over dry_run"])
        for action in actions {
            switch action {
            case .answer: break
            case _: Issue.record("a dry run wants \(action)")
            }
        }
    }

    @Test("by the clock: a run each interval, and S6: longer pauses while nothing comes of it")
    func clock() {
        var world = DeskWorld(interval: .seconds(60))
        world.lead()
        var times: [Instant] = []
        let start = world.now
        while times.count < 8, world.now - start < .seconds(10_000) {
            world.pass(max(.milliseconds(1), world.desk.nextWake - world.now))
            guard world.desk.runningID != nil else { continue }
            times.append(world.now)
            world.tell(.begun(isSaved: true))
            world.tell(
                .run(
                    world.desk.runningID ?? "",
                    .factsFailed(1, .balancesUnavailable, detail: "")))
        }
        let gaps = zip([start] + times, times).map { ($1 - $0).milliseconds }
        let least: [Int64] = [60, 120, 240, 480, 960, 960, 960, 960]
        // And up to a tenth more, never the same: the times of runs do not repeat.
        for (gap, seconds) in zip(gaps, least) {
            #expect((seconds * 1_000...seconds * 1_100).contains(gap), "\(gaps)")
        }
        #expect(Set(gaps).count == gaps.count)
        // What is well is run at its own pace again.
        world.pass(world.desk.nextWake - world.now)
        world.tell(.begun(isSaved: true))
        world.tell(.run(world.desk.runningID ?? "", .factsRead(1, RunWorld.facts("1000", "750"))))
        let next = (world.desk.nextWake - world.now).milliseconds
        #expect((60_000...66_000).contains(next))
    }

    @Test("told to stop, it begins nothing more, and ends what goes on (P6)")
    func stopping() {
        var world = DeskWorld()
        world.lead()
        world.trigger(waits: true)
        world.tell(.begun(isSaved: true))
        world.tell(.stopping)
        #expect(world.desk.runningID == nil)
        _ = world.taken()
        let late = world.trigger()
        #expect(world.answers() == [late: "refused stopping"])
    }
}

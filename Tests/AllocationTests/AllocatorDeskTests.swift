import Allocation
import AllocatorService
import BusProtocol
import Chronology
import Testing
import Trading

/// A desk, its clock and what it asked for.
private struct DeskWorld {
    let desk: AllocatorDesk
    var now = Instant(nanoseconds: 5_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    var actions: [AllocatorAction] = []
    private var waiters: UInt64 = 0

    init(interval: Interval = .zero, _ change: (inout AllocationKnobs) -> Void = { _ in }) {
        desk = AllocatorDesk(
            knobs: Fixture.knobs(change), writer: "allocator:test", interval: interval, seed: 3)
    }

    mutating func tell(_ event: AllocatorEvent) {
        desk.handle(event, now: now, wall: wall, &actions)
    }

    mutating func pass(_ interval: Interval) {
        now = now + interval
        wall = wall + interval
        tell(.woken)
    }

    mutating func taken() -> [AllocatorAction] {
        defer { actions = [] }
        return actions
    }

    /// Up to where runs may begin.
    mutating func lead(_ last: [String: String] = [:]) {
        tell(.redisUp)
        tell(.leaseGained(fence: 7))
        tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: last)))
    }

    /// A desk that leads, with a run that has begun and that somebody waits for.
    mutating func run() -> String {
        lead()
        trigger(waits: true)
        tell(.begun(isSaved: true))
        return desk.runningID ?? ""
    }

    @discardableResult
    mutating func trigger(key: String = "", isDry: Bool = false, waits: Bool = false) -> UInt64 {
        waiters += 1
        tell(
            .triggered(
                AllocationTrigger(
                    waiter: waiters, by: "http", key: key, isDry: isDry, waits: waits)))
        if !key.isEmpty { tell(.answerFound(waiters, nil)) }
        return waiters
    }

    /// The answers given since the last call, by who waits for them.
    mutating func answers() -> [UInt64: String] {
        var found: [UInt64: String] = [:]
        for case .answer(let waiter, let answer) in taken() {
            found[waiter] =
                switch answer {
                case .accepted(let run): "accepted \(run)"
                case .busy(let run): "busy \(run)"
                case .over(let fields): "over \(fields.first { $0.0 == "reason" }?.1 ?? "")"
                case .refused(let code, _): "refused \(code)"
                }
        }
        return found
    }
}

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
        #expect(actions.contains {
                if case .save(let save, 7) = $0 { save.request == "k1" } else { false }
            })
        world.tell(
            .triggered(
                AllocationTrigger(waiter: 90, by: "http", key: "k1", isDry: false, waits: true)))
        world.tell(.answerFound(90, ["status": "skipped", "reason": "balanced", "run": id]))
        #expect(world.answers() == [90: "over balanced"])
        #expect(world.desk.runningID == nil)
    }

    @Test("without the lease nothing runs; lost in the middle, the run takes its order back and ends")
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
        #expect(!after.contains { if case .save = $0 { true } else { false } }, "no fence, no write")
        #expect(world.desk.runningID == nil)
    }

    /// What was wanted to be saved since the last call, as `run kind...` with `record` where there is one.
    private func saves(_ world: inout DeskWorld) -> [String] {
        var found: [String] = []
        for case .save(let save, _) in world.taken() {
            let kinds = save.entries.compactMap { entry in
                entry.first { $0.0 == "kind" }?.1
            }
            let isRecord = !save.record.isEmpty && !save.isBehind
            found.append((kinds + (isRecord ? ["record"] : [])).joined(separator: " "))
        }
        return found
    }

    /// A run that loses its lease with an order open, which then ends.
    private func losing(_ world: inout DeskWorld) -> String {
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        world.tell(.leaseLost)
        let ended = RunWorld.order("cancelled", isOver: true, Fixture.quantity("3"))
        world.tell(.run(id, .orderSeen(request: "\(id)-1", ended)))
        #expect(saves(&world) == [])
        return id
    }

    @Test("P2: what a run did while the lease was away is in the history once it is back")
    func savedLater() {
        var world = DeskWorld()
        let id = losing(&world)
        world.tell(.leaseGained(fence: 9))
        #expect(saves(&world) == [], "not before it is known what stands there")
        let running = ["status": "running", "run": id, "kind": "run"]
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: running)))
        // The truth, not that its process had died.
        #expect(saves(&world) == ["slice", "run record"])
        #expect(world.desk.lastFields.contains { $0 == ("reason", "lease_lost") })
        world.tell(.redisUp)
        #expect(saves(&world) == [], "once")
    }

    @Test("P2: a run's record is not written over that of another which has begun since")
    func savedBehind() {
        var world = DeskWorld()
        _ = losing(&world)
        world.tell(.leaseGained(fence: 9))
        let other = ["status": "done", "run": "al-of-another", "kind": "run"]
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: other)))
        #expect(saves(&world) == ["slice", "run"])
        #expect(world.desk.lastFields.contains { $0 == ("run", "al-of-another") })
    }

    @Test("a run that goes on when the lease comes back is not told as one whose process died")
    func stillRunning() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        world.tell(.leaseLost)
        world.tell(.leaseGained(fence: 9))
        let running = ["status": "running", "run": id, "kind": "run"]
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: running)))
        #expect(saves(&world) == [])
        let ended = RunWorld.order("cancelled", isOver: true)
        world.tell(.run(id, .orderSeen(request: "\(id)-1", ended)))
        #expect(saves(&world) == ["slice", "run record"])
    }

    @Test("what Redis was away for is saved when it is back; the oldest goes where it is too much")
    func savedAgain() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
        var wanted: [AllocationSave] = []
        for case .save(let save, _) in world.taken() { wanted.append(save) }
        #expect(wanted.map(\.run) == [id])
        world.tell(.redisDown)
        for save in wanted { world.tell(.notSaved(save)) }
        #expect(saves(&world) == [])
        world.tell(.redisUp)
        #expect(saves(&world) == ["run record"])
        for _ in 0..<100 { wanted.forEach { world.tell(.notSaved($0)) } }
        #expect(
            world.taken().contains {
                if case .alert("allocation_unsaved", _) = $0 { true } else { false }
            }, "what is lost is told")
        world.tell(.redisUp)
        #expect(saves(&world).count == 64)
    }

    @Test("what could not be saved is tried again by the clock, as a repeat, and what comes after it waits")
    func savedByTheClock() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
        var wanted: [AllocationSave] = []
        for case .save(let save, _) in world.taken() { wanted.append(save) }
        // Redis is there, and refuses, or has gone and come back before anybody knew.
        for save in wanted { world.tell(.notSaved(save)) }
        world.trigger()
        world.tell(.begun(isSaved: true))
        let next = world.desk.runningID ?? ""
        world.tell(.run(next, .factsRead(1, RunWorld.facts("1000", "750"))))
        #expect(saves(&world) == [])
        world.pass(.seconds(2))
        var again: [(String, Bool, Bool)] = []
        for case .save(let save, 7) in world.taken() {
            again.append((save.run, save.isRepeat, save.isBehind))
        }
        #expect(again.map(\.0) == [id, next])
        #expect(again.allSatisfy { $0.1 })
        #expect(again.map(\.2) == [true, false])
        world.pass(.seconds(10))
        #expect(saves(&world) == [], "once")
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
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: last)))
        #expect(saves(&world) == ["run record"])
        #expect(world.desk.lastFields.contains { $0 == ("status", "failed") })
        #expect(world.desk.readiness.isEmpty)
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

    /// A run that its time ended with an order open.
    private func unsettled(_ world: inout DeskWorld) -> String {
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        _ = world.taken()
        world.pass(.seconds(20))
        #expect(saves(&world) == ["slice", "run record"])
        #expect(world.desk.lastFields.contains { $0 == ("status", "unsettled") })
        return id
    }

    private func placed(_ id: String, _ executed: String) -> PlacedSlice {
        PlacedSlice(
            number: 1, request: "\(id)-1", side: .sell, quantity: .whole(20),
            price: Fixture.price("0.75"), timeInForce: .immediateOrCancel,
            report: RunWorld.order("cancelled", isOver: true, Fixture.quantity(executed)),
            isTold: false)
    }

    @Test("C4: after a run whose order's end is not known none begins, until it is; then it is told")
    func settled() {
        var world = DeskWorld()
        let id = unsettled(&world)
        let early = world.trigger()
        #expect(world.answers()[early] == "refused not_ready")
        let last = ["status": "unsettled", "run": id, "kind": "run"]
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: ["PMSx"], last: last)))
        #expect(
            world.taken().contains { if case .cancelOld("PMSx") = $0 { true } else { false } })
        world.pass(.milliseconds(300))
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: ["PMSx"], last: last)))
        #expect(
            !world.taken().contains { if case .cancelOld = $0 { true } else { false } },
            "not at each look")
        world.tell(
            .recoveryRead(
                RecoveryReading(
                    hasAccount: true, orders: [], last: last, placed: [placed(id, "7")])))
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

    @Test("P2: what another process has completed meanwhile is not completed again, on what is not known")
    func settledByAnother() {
        var world = DeskWorld()
        let id = unsettled(&world)
        world.tell(.leaseLost)
        world.tell(.leaseGained(fence: 9))
        let done = ["status": "done", "run": id, "kind": "run", "filled": "7"]
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: done)))
        #expect(saves(&world) == [])
        #expect(world.desk.lastFields.contains { $0 == ("filled", "7") })
    }

    @Test("P2: what nobody was told of an unsettled run is told, in order, behind the run begun since")
    func settledBehind() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        world.tell(.leaseLost)
        world.pass(.seconds(20))
        #expect(saves(&world) == [], "no fence, no write")
        world.tell(.leaseGained(fence: 9))
        #expect(
            world.taken().contains {
                if case .readRecovery(run: id) = $0 { true } else { false }
            }, "the orders of that run are asked for")
        let other = ["status": "done", "run": "al-of-another", "kind": "run"]
        world.tell(
            .recoveryRead(
                RecoveryReading(
                    hasAccount: true, orders: [], last: other, placed: [placed(id, "7")])))
        #expect(saves(&world) == ["slice", "run", "slice run"])
    }

    @Test("an order that order-gateway never took on ends its run unfilled")
    func neverTaken() {
        var world = DeskWorld()
        let id = unsettled(&world)
        let last = ["status": "unsettled", "run": id, "kind": "run"]
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: last)))
        #expect(world.desk.lastFields.contains { $0 == ("status", "unfilled") })
    }

    @Test("the next process completes what it finds left open, each slice that was not told with it (P5)")
    func completed() {
        var world = DeskWorld()
        world.tell(.redisUp)
        world.tell(.leaseGained(fence: 9))
        let last = ["status": "unsettled", "run": "al-9", "kind": "run", "slices": "1"]
        world.tell(
            .recoveryRead(
                RecoveryReading(
                    hasAccount: true, orders: [], last: last, placed: [placed("al-9", "7")])))
        #expect(saves(&world) == ["slice run record"])
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
        world.tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: last)))
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

import Allocation
import AllocatorService
import BusProtocol
import Chronology
import Testing
import Trading

/// What is kept of runs, and what is done where it cannot be kept at once.
@Suite("What the allocator's desk keeps")
struct AllocatorHistoryTests {
    @Test("P2: what a run did while the lease was away is in the history once it is back")
    func savedLater() {
        var world = DeskWorld()
        let id = world.losing()
        world.tell(.leaseGained(fence: 9))
        #expect(world.saves() == [], "not before it is known what stands there")
        let running = ["status": "running", "run": id, "kind": "run"]
        world.recover(running)
        // The truth, not that its process had died.
        #expect(world.saves() == ["slice", "run record"])
        #expect(world.desk.lastFields.contains { $0 == ("reason", "lease_lost") })
        world.tell(.redisUp)
        #expect(world.saves() == [], "once")
    }

    @Test("P2: a run's record is not written over that of another which has begun since")
    func savedBehind() {
        var world = DeskWorld()
        _ = world.losing()
        world.tell(.leaseGained(fence: 9))
        let other = ["status": "done", "run": "al-of-another", "kind": "run"]
        world.recover(other)
        #expect(world.saves() == ["slice", "run"])
        #expect(world.desk.lastFields.contains { $0 == ("run", "al-of-another") })
    }

    @Test("what Redis was away for is saved when it is back; the oldest goes where it is too much")
    func savedAgain() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
        let wanted = world.wanted()
        #expect(wanted.map(\.run) == [id])
        world.tell(.redisDown)
        for save in wanted { world.tell(.notSaved(save, .away)) }
        #expect(world.saves() == [])
        world.tell(.redisUp)
        #expect(world.saves() == ["run record"])
        for _ in 0..<100 { wanted.forEach { world.tell(.notSaved($0, .away)) } }
        #expect(
            world.taken().contains {
                if case .alert("allocation_unsaved", _) = $0 { true } else { false }
            }, "what is lost is told")
        world.tell(.redisUp)
        #expect(world.saves().count == 64)
    }

    @Test(
        "what could not be saved is tried again by the clock, as a repeat, and what comes after it waits"
    )
    func savedByTheClock() {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts("1000", "750"))))
        let wanted = world.wanted()
        // Redis is there, and refuses, or has gone and come back before anybody knew.
        for save in wanted { world.tell(.notSaved(save, .away)) }
        world.trigger()
        world.tell(.begun(isSaved: true))
        let next = world.desk.runningID ?? ""
        world.tell(.run(next, .factsRead(1, RunWorld.facts("1000", "750"))))
        #expect(world.saves() == [])
        world.pass(.seconds(2))
        var again: [(String, Bool, Bool)] = []
        for case .save(let save, 7) in world.taken() {
            again.append((save.run, save.isRepeat, save.isBehind))
        }
        #expect(again.map(\.0) == [id, next])
        #expect(again.allSatisfy { $0.1 })
        #expect(again.map(\.2) == [true, false])
        world.pass(.seconds(10))
        #expect(world.saves() == [], "once")
    }

    /// A run that ends at once; what is wanted to be saved of its end.
    private func ended(_ world: inout DeskWorld) -> [AllocationSave] {
        world.trigger()
        world.tell(.begun(isSaved: true))
        _ = world.taken()
        let facts = RunWorld.facts("1000", "750")
        world.tell(.run(world.desk.runningID ?? "", .factsRead(1, facts)))
        return world.wanted()
    }

    private func alerts(_ actions: [AllocatorAction]) -> Int {
        actions.count { if case .alert("allocation_refused", _) = $0 { true } else { false } }
    }

    @Test(
        "what Redis refuses for good is a reason of not being ready, told once, and holds up nothing"
    )
    func refused() {
        var world = DeskWorld()
        world.lead()
        let first = ended(&world)
        #expect(first.count == 1)
        let failure = SaveFailure.wrong("WRONG a key does not hold a string")
        for save in first { world.tell(.notSaved(save, failure)) }
        #expect(alerts(world.taken()) == 1)
        #expect(world.desk.readiness.count == 1)
        #expect(world.desk.readiness.first?.contains("does not hold a string") == true)
        // Runs go on, and what they did is saved.
        for _ in 0..<3 {
            let next = ended(&world)
            #expect(next.count == 1)
            for save in next { world.tell(.saved(save)) }
            #expect(!world.desk.readiness.isEmpty, "the first is not saved by that")
        }
        world.pass(.seconds(29))
        #expect(world.wanted().isEmpty, "a person has to see to it first")
        world.pass(.seconds(1))
        let again = world.wanted()
        #expect(again.map(\.run) == first.map(\.run))
        #expect(again.allSatisfy { $0.isRepeat && $0.isBehind })
        #expect(!world.desk.readiness.isEmpty, "it is not known yet whether it was taken")
        for save in again { world.tell(.notSaved(save, failure)) }
        #expect(alerts(world.taken()) == 0)
        world.pass(.seconds(30))
        for save in world.wanted() { world.tell(.saved(save)) }
        #expect(world.desk.readiness.isEmpty)
    }

    @Test("what Redis cannot take for a while is told as well, and what comes after it waits")
    func full() {
        var world = DeskWorld()
        world.lead()
        for save in ended(&world) { world.tell(.notSaved(save, .refused("OOM command"))) }
        #expect(world.desk.readiness.first?.contains("OOM command") == true)
        #expect(ended(&world).isEmpty, "lines stand in the order in which they happened")
        world.pass(.seconds(2))
        let both = world.wanted()
        #expect(both.count == 2)
        for save in both { world.tell(.saved(save)) }
        #expect(world.desk.readiness.isEmpty)
    }

    @Test("a record that waited behind a run that then did not begin is written as the last one's")
    func notBehind() {
        var world = DeskWorld()
        world.lead()
        let first = ended(&world)
        for save in first { world.tell(.notSaved(save, .away)) }
        world.trigger()
        world.pass(.seconds(2))
        let behind = world.wanted()
        #expect(behind.map(\.isBehind) == [true], "another run begins")
        for save in behind { world.tell(.notSaved(save, .away)) }
        world.tell(.begun(isSaved: false))
        world.pass(.seconds(2))
        #expect(world.wanted().map(\.isBehind) == [false], "it did not: this is still the last")
    }

    /// A run whose last order nobody has told the end of, and what it wants to be saved.
    private func unsettled() -> (world: DeskWorld, id: String, saves: [AllocationSave]) {
        var world = DeskWorld()
        let id = world.run()
        world.tell(.run(id, .factsRead(1, RunWorld.facts())))
        _ = world.taken()
        world.pass(.seconds(20))
        let saves = world.wanted()
        return (world, id, saves)
    }

    /// That order is looked up, and has ended.
    private func settle(_ world: inout DeskWorld, _ id: String) {
        let open = ["status": "unsettled", "run": id, "kind": "run"]
        world.recover(open, placed: [DeskWorld.placed(id, "20")])
    }

    @Test("P3: what a run was told as before its last order had ended is not written over its end")
    func settledSince() {
        var (world, id, first) = unsettled()
        #expect(first.map(\.record.isEmpty) == [true, false])
        let failure = SaveFailure.wrong("WRONG a key does not hold a string")
        for save in first { world.tell(.notSaved(save, failure)) }
        settle(&world, id)
        let again = world.wanted()
        #expect(again.map(\.isSettled) == [false, false, true])
        #expect(again.last?.record.contains { $0 == ("status", "done") } == true)
        // Mended by hand between them.
        for save in again.dropLast() { world.tell(.notSaved(save, failure)) }
        world.tell(.saved(again[2]))
        #expect(world.desk.readiness.isEmpty, "all there is to tell is told")
        world.pass(.seconds(30))
        #expect(world.wanted().isEmpty, "its end would be undone, and the older lines be the newest")
    }

    @Test("an answer that comes after a run's end was saved brings nothing of before back")
    func settledBefore() {
        var (world, id, first) = unsettled()
        settle(&world, id)
        for save in world.wanted() { world.tell(.saved(save)) }
        for save in first { world.tell(.notSaved(save, .away)) }
        world.pass(.seconds(2))
        #expect(world.wanted().isEmpty)
    }
}

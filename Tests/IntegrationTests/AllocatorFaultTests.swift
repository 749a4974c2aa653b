import Bytes
import Foundation
import Testing
import Trading

/// The allocator while the exchange misbehaves: each fault alone, then a run that works again.
@Suite("allocator among faults, real processes", .serialized)
struct AllocatorFaultTests {
    private let mexc = "\"target\":{\"exchange\":\"mexc\"}"
    private let orders =
        "\"target\":{\"exchange\":\"mexc\",\"method\":\"POST\",\"path\":\"/api/v3/order\"}"

    @Test("answers that are lost, late or HTML: each alone, and the account stays exact (T10, S1, S2)")
    func answers() throws {
        let world = try AllocationStage(base: "9330", quote: "3000")
        world.survive(
            [
                "{\"kind\":\"delay\",\"ms\":700,\"count\":20,\(mexc)}",
                "{\"kind\":\"html\",\"status\":502,\"count\":2,\(mexc)}",
                "{\"kind\":\"disconnect\",\"moment\":\"after\",\"count\":1,\(orders)}",
                "{\"kind\":\"answer\",\"status\":500,\"moment\":\"after\",\"count\":1,\(orders)}",
                "{\"kind\":\"disconnect\",\"moment\":\"before\",\"count\":1,\(orders)}",
            ])
        world.checkWorks()
    }

    @Test("S6: a venue that says there is no money is asked once, and the run ends")
    func insufficient() throws {
        let world = try AllocationStage()
        _ = world.stage.fault(
            "{\"kind\":\"reject\",\"code\":30004,\"message\":\"Insufficient position\",\"count\":50,"
                + "\(orders)}")
        let result = world.allocate()
        #expect(result["reason"] == "insufficient_balance", "\(result)\n\(world.stage.log())")
        #expect(result["slices"] == "1")
        world.checkClean()
    }

    @Test("T8: a clock that is off is set once, and the balances are read")
    func clock() throws {
        let world = try AllocationStage(base: "9330", quote: "3000")
        _ = world.stage.fault("{\"kind\":\"skew-clock\",\"ms\":-9000,\(mexc)}")
        #expect(
            world.stage.wait(seconds: 40) {
                (Int(world.allocate()["slices"] ?? "") ?? 0) > 0
            }, "\(world.stage.log())")
        world.checkClean()
    }

    @Test("T6: banned, it asks nothing, says so, and goes on afterwards")
    func banned() throws {
        let world = try AllocationStage(base: "9330", quote: "3000")
        _ = world.stage.fault("{\"kind\":\"ban\",\"ms\":3000,\"count\":1,\(mexc)}")
        let result = world.allocate()
        #expect(["skipped", "failed", "unfilled"].contains(result["status"] ?? ""), "\(result)")
        #expect(
            world.stage.wait(seconds: 40) {
                (Int(world.allocate()["slices"] ?? "") ?? 0) > 0
            }, "\(world.stage.log())")
        world.checkClean()
    }

    @Test("I4, R9: a symbol that is halted is skipped; a step that grew overnight is kept to")
    func instrument() throws {
        let world = try AllocationStage(base: "9330", quote: "3000")
        _ = world.stage.fault(
            "{\"kind\":\"set-state\",\"symbol\":\"QRLUSDT\",\"state\":\"halted\",\(mexc)}")
        let halted = world.allocate()
        #expect(["skipped", "failed", "unfilled"].contains(halted["status"] ?? ""), "\(halted)")
        #expect(world.part("trades").isEmpty)
        _ = world.stage.fault(
            "{\"kind\":\"set-state\",\"symbol\":\"QRLUSDT\",\"state\":\"trading\",\(mexc)}")
        _ = world.stage.fault(
            "{\"kind\":\"set-step\",\"symbol\":\"QRLUSDT\",\"step\":\"5\",\(mexc)}")
        // Where the new step is not known yet the exchange refuses; nothing is left either way.
        let stepped = world.allocate()
        #expect(!["unsettled", ""].contains(stepped["status"] ?? ""), "\(stepped)")
        world.checkClean()
    }
}

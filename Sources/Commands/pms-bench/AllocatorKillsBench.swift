import Bounded
import Chronology
import Glibc
import Reactor

/// kill -9 of the allocator, the gateway, both or the feed at random instants of runs, on MEXC with orders
/// that trade at once and on Binance with makers. Each time nothing may rest once all are back; at the
/// end a run must trade, no order may have come twice, and balances, books and the history of runs must
/// be what the exchange's trades make of them. A line a kill on standard error.
let allocatorKillsBenchmarks = AllocatorOutcome.benchmarks("allocator-kills") { setting, path in
    await AllocatorKillsRun.outcome(setting, redis: path)
}

@LoopActor private final class AllocatorKillsRun {
    private let world: AllocatorFaultsWorld
    private let audit: AllocatorAudit
    private var random = SplitMix64(seed: 1)
    private var outcome = AllocatorOutcome()
    private var longest = Interval.zero
    private static let kills = 24
    private static let patience = Interval.seconds(60)
    private static let victims = [
        ["allocator"], ["order-gateway"], ["allocator", "order-gateway"], ["price-feed"],
    ]
    /// From a run's beginning to the kill, at most: within its first order, its first slices, all of it.
    private static let delays: [Int64] = [30, 1_500, 6_000]
    /// Until they are started again.
    private static let absences: [Int64] = [0, 200, 3_000]

    private init(_ world: AllocatorFaultsWorld) {
        self.world = world
        audit = AllocatorAudit(world)
    }

    static func outcome(
        _ setting: AllocatorFaultsWorld.Setting, redis path: String
    ) async -> AllocatorOutcome {
        do {
            let world = try AllocatorFaultsWorld(setting, redis: path)
            let run = AllocatorKillsRun(world)
            try await run.all()
            world.close()
            return run.outcome
        } catch {
            return AllocatorOutcome(violations: ["\(setting.name): \(error)"])
        }
    }

    private func complain(_ text: String) {
        outcome.violations.append("\(world.setting.name): \(text)")
    }

    private func figure(_ name: String, _ value: Double, _ unit: String) {
        outcome.figures.append(
            Figure("allocator.kills.\(world.setting.name).\(name)", value, unit))
    }

    private func all() async throws {
        guard await audit.works(AllocatorKillsRun.patience) != nil else {
            return complain("no run trades")
        }
        for number in 1...AllocatorKillsRun.kills { try await one(number) }
        if await audit.works(AllocatorKillsRun.patience) == nil { complain("no run trades afterwards") }
        if let problem = await audit.difference(.seconds(30)) { complain(problem) }
        let orders = await audit.orders()
        for problem in await audit.repeats() + orders.problems { complain(problem) }
        figure("kills", Double(AllocatorKillsRun.kills), "kills")
        figure("orders", Double(orders.count), "orders")
        figure("longest", Double(longest.milliseconds), "ms until nothing rests")
        figure("violations", Double(outcome.violations.count), "violations")
    }

    private func one(_ number: Int) async throws {
        await world.begin()
        let most = pick(AllocatorKillsRun.delays)
        await world.pause(.milliseconds(Int64.random(in: 1...most, using: &random)))
        let names = pick(AllocatorKillsRun.victims)
        for name in names { world.kill(name) }
        let start = world.now
        let absence = pick(AllocatorKillsRun.absences)
        if absence > 0 { await world.pause(.milliseconds(absence)) }
        for name in names { try world.start(name) }
        let idle = await world.wait(AllocatorKillsRun.patience) { await world.isIdle() }
        if idle == nil { complain("\(number): \(names) killed, and the allocator is not back") }
        let clean = await world.wait(AllocatorKillsRun.patience) { await audit.isClean() }
        if clean == nil { complain("\(number): \(names) killed, and something rests") }
        let took = world.now - start
        longest = max(longest, took)
        Report.put(
            "\(world.setting.name) kill \(number): \(names.joined(separator: " and ")), back after "
                + "\(absence) ms; idle and nothing rests after \(took.milliseconds) ms",
            to: STDERR_FILENO)
    }

    private func pick<Element>(_ list: [Element]) -> Element {
        list[Int.random(in: 0..<list.count, using: &random)]
    }
}

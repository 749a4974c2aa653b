import BusProtocol
import Chronology
import Glibc
import PaperExchangeService
import Reactor
import Trading

/// The allocator while the exchange misbehaves: each fault of the paper exchange switched on alone, with
/// real processes, on MEXC with orders that trade at once and on Binance with makers. A run under the
/// fault must end within its timeout; after it nothing may rest, the next run must trade, no order may
/// have come twice, and balances, books and the history of runs must be what the exchange's trades make
/// of them. A line a fault on standard error; the figure is how long the run under it took.
let allocatorFaultsBenchmarks = AllocatorOutcome.benchmarks("allocator-faults") { setting, path in
    await AllocatorFaultsRun.outcome(setting, redis: path)
}

/// All faults against one venue, in turn.
@LoopActor private final class AllocatorFaultsRun {
    private let world: AllocatorFaultsWorld
    private let audit: AllocatorAudit
    private var outcome = AllocatorOutcome()
    private static let patience = Interval.seconds(60)

    private init(_ world: AllocatorFaultsWorld) {
        self.world = world
        audit = AllocatorAudit(world)
    }

    static func outcome(
        _ setting: AllocatorFaultsWorld.Setting, redis path: String
    ) async -> AllocatorOutcome {
        do {
            let world = try AllocatorFaultsWorld(setting, redis: path)
            let run = AllocatorFaultsRun(world)
            await run.all()
            world.close()
            return run.outcome
        } catch {
            return AllocatorOutcome(violations: ["\(setting.name): \(error)"])
        }
    }

    private var name: String { world.setting.name }

    private func complain(_ fault: String, _ text: String) {
        outcome.violations.append("\(name) \(fault): \(text)")
        say("  VIOLATION \(text)")
    }

    private func say(_ line: String) { Report.put(line, to: STDERR_FILENO) }

    private func all() async {
        guard await audit.works(AllocatorFaultsRun.patience) != nil else {
            return complain("start", "no run trades")
        }
        let rules = await world.hash("\(world.keys.prefix)instrument:\(AllocatorFaultsWorld.symbol)")
        let cases = FaultCases(
            exchange: world.setting.exchange, symbol: AllocatorFaultsWorld.symbol,
            shortCode: world.setting.shortCode, step: rules["step"] ?? "0.01"
        ).all
        for kind in FaultKind.allCases where !cases.contains(where: { $0.kind == kind }) {
            complain(kind.rawValue, "not among the cases")
        }
        for fault in cases { await one(fault) }
        let orders = await audit.orders()
        for problem in orders.problems { complain("orders", problem) }
        figure("orders", Double(orders.count), "orders")
        figure("faults", Double(cases.count), "faults")
        figure("violations", Double(outcome.violations.count), "violations")
    }

    private func figure(_ name: String, _ value: Double, _ unit: String) {
        outcome.figures.append(Figure("allocator.faults.\(self.name).\(name)", value, unit))
    }

    // MARK: one fault

    private func one(_ fault: FaultCase) async {
        var ids: [String] = []
        for body in fault.faults {
            switch await world.fault(body) {
            case .success(let id): ids.append(id)
            case .failure(let problem):
                if fault.isRefused { return say("\(name) \(fault.name): spot has none of it") }
                return complain(fault.name, "not taken: \(problem)")
            }
        }
        if fault.isRefused { complain(fault.name, "taken, though spot has none of it") }
        audit.given.base += fault.base
        audit.given.quote += fault.quote
        let start = world.now
        let (fields, refusal) = await world.run()
        let took = world.now - start
        let strikes = await world.strikes()
        await world.endFaults()
        for body in fault.after { _ = await world.fault(body) }
        checkRun(fault, fields, took)
        // One that counts its strikes and is gone has struck as often as it may.
        let isSilent = !ids.contains { strikes[$0] != 0 } && fault.kind != .skewClock
        if isSilent { complain(fault.name, "it never struck") }
        let cleared = await world.wait(AllocatorFaultsRun.patience) { await audit.isClean() }
        if cleared == nil { complain(fault.name, "something rests, or is locked") }
        let again = await audit.works(AllocatorFaultsRun.patience)
        if again == nil { complain(fault.name, "no run trades afterwards") }
        await checkBooks(fault.name)
        await checkOrders(fault.name)
        figure(fault.name, Double(took.milliseconds), "ms")
        let result = refusal.isEmpty
            ? "\(fields["status"] ?? "?") \(fields["reason"] ?? "?"), \(fields["slices"] ?? "?") slices"
            : "not run: \(refusal)"
        say(
            "\(name) \(fault.name): \(result), \(took.milliseconds) ms; nothing rests after "
                + "\(cleared.map { "\($0.milliseconds)" } ?? "-") ms, trades again after "
                + "\(again.map { "\($0.milliseconds)" } ?? "-") ms")
    }

    private func checkRun(_ fault: FaultCase, _ fields: [String: String], _ took: Interval) {
        let limit = AllocatorFaultsWorld.timeout * 1_000
        // What a busy machine may wake a process too late.
        let lateness: Int64 = 500
        if let elapsed = fields["elapsed_ms"].flatMap({ Int64($0) }), elapsed > limit + lateness {
            complain(fault.name, "a run of \(elapsed) ms: its timeout is \(limit)")
        }
        if took > .milliseconds(limit + 1_000) {
            complain(fault.name, "answered after \(took.milliseconds) ms: its timeout is \(limit)")
        }
    }

    /// Balances, the gateway's word of them, the books and what the runs said.
    private func checkBooks(_ fault: String) async {
        if let problem = await audit.difference(.seconds(20)) { complain(fault, problem) }
    }

    private func checkOrders(_ fault: String) async {
        for problem in await audit.repeats() { complain(fault, problem) }
    }
}

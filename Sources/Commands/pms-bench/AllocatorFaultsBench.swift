import BusProtocol
import Bytes
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
let allocatorFaultsBenchmarks = AllocatorFaultsWorld.Setting.all.map { setting in
    Benchmark(name: "allocator-faults-\(setting.name)", isOnlyByName: true) {
        let redis = try HopRedis()
        let path = redis.path
        let outcome = withExtendedLifetime(redis) {
            LoopMeasure.onLoop { await AllocatorFaultsRun.outcome(setting, redis: path) }
        }
        guard outcome.violations.isEmpty else {
            throw HopProblem(description: "\n  " + outcome.violations.joined(separator: "\n  "))
        }
        return outcome.figures
    }
}

/// All faults against one venue, in turn.
@LoopActor private final class AllocatorFaultsRun {
    struct Outcome: Sendable {
        var figures: [Figure] = []
        var violations: [String] = []
    }

    private let world: AllocatorFaultsWorld
    private var outcome = Outcome()
    /// What was put into the account, or taken, without a trade.
    private var given = (base: Quantity.zero, quote: Money.zero)
    /// Client ids that came more than once, and were told of.
    private var repeated: Set<String> = []
    private static let patience = Interval.seconds(60)

    private init(_ world: AllocatorFaultsWorld) { self.world = world }

    static func outcome(
        _ setting: AllocatorFaultsWorld.Setting, redis path: String
    ) async -> Outcome {
        do {
            let world = try AllocatorFaultsWorld(setting, redis: path)
            let run = AllocatorFaultsRun(world)
            await run.all()
            world.close()
            return run.outcome
        } catch {
            return Outcome(figures: [], violations: ["\(setting.name): \(error)"])
        }
    }

    private var name: String { world.setting.name }

    private func complain(_ fault: String, _ text: String) {
        outcome.violations.append("\(name) \(fault): \(text)")
        say("  VIOLATION \(text)")
    }

    private func say(_ line: String) { Report.put(line, to: STDERR_FILENO) }

    private func all() async {
        guard await works() != nil else { return complain("start", "no run trades") }
        let rules = await world.hash("\(world.keys.prefix)instrument:\(AllocatorFaultsWorld.symbol)")
        let cases = FaultCases(
            exchange: world.setting.exchange, symbol: AllocatorFaultsWorld.symbol,
            shortCode: world.setting.shortCode, step: rules["step"] ?? "0.01"
        ).all
        for kind in FaultKind.allCases where !cases.contains(where: { $0.kind == kind }) {
            complain(kind.rawValue, "not among the cases")
        }
        for fault in cases { await one(fault) }
        await checkOrders()
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
        given.base += fault.base
        given.quote += fault.quote
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
        let cleared = await world.wait(AllocatorFaultsRun.patience) { await isClean() }
        if cleared == nil { complain(fault.name, "something rests, or is locked") }
        let again = await works()
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

    /// Runs until one has traded; how long that took.
    private func works() async -> Interval? {
        await world.wait(AllocatorFaultsRun.patience) {
            let (fields, _) = await world.run()
            return Quantity(text: fields["filled"] ?? "")?.isPositive ?? false
        }
    }

    // MARK: what the exchange knows

    private func isClean() async -> Bool {
        guard let open = await world.truth("openOrders"),
            let balances = await world.truth("balances")
        else { return false }
        return open.isEmpty
            && balances.allSatisfy { Money(text: $0["locked"]?.text ?? "")?.isZero ?? false }
    }

    /// What all trades, with their fees, make of the account.
    private struct Sums: Equatable {
        var base = Quantity.zero
        var quote = Money.zero
        /// Of the allocator's orders.
        var executed = Quantity.zero
    }

    private func sums(_ trades: [JSONValue]) -> Sums {
        var sums = Sums()
        for trade in trades {
            guard let quantity = Quantity(text: trade["quantity"]?.text ?? ""),
                let price = Price(text: trade["price"]?.text ?? ""),
                let fee = Money(text: trade["fee"]?.text ?? "")
            else { continue }
            let isBuy = trade["side"]?.text == "BUY"
            let notional = price.times(quantity, .nearestEven)
            let isInBase = trade["feeAsset"]?.text == "QRL"
            let coins = (isBuy ? quantity : -quantity)
                - (isInBase ? Quantity(units: fee.units) : .zero)
            sums.base += coins
            sums.quote += (isBuy ? -notional : notional) - (isInBase ? .zero : fee)
            guard let id = ClientOrderID(trade["clientOrderId"]?.text ?? ""),
                id.origin == .allocator
            else { continue }
            sums.executed += quantity
        }
        return sums
    }

    /// Balances, the gateway's word of them, the books and what the runs said.
    private func checkBooks(_ fault: String) async {
        var problem = "the exchange does not answer"
        let isSo = await world.wait(.seconds(20)) {
            problem = await difference() ?? ""
            return problem.isEmpty
        }
        if isSo == nil { complain(fault, problem) }
    }

    private func difference() async -> String? {
        guard await isClean(), let trades = await world.truth("trades"),
            let rows = await world.truth("balances")
        else { return "something rests, or is locked" }
        let sums = sums(trades)
        let begin = AllocatorFaultsWorld.begin
        let base = begin.base + given.base + sums.base
        let quote = begin.quote + given.quote + sums.quote
        var held: [String: Money] = [:]
        for row in rows { held[row["asset"]?.text ?? ""] = Money(text: row["free"]?.text ?? "") }
        if held["QRL"]?.units != base.units || held["USDT"] != quote {
            return "balances \(held), by the trades \(base) and \(quote)"
        }
        guard let stored = try? HoldingsRecord(fields: await world.hash(world.keys.holdings)),
            stored.balances["QRL"]?.free.units == base.units,
            stored.balances["USDT"]?.free == quote
        else { return "order-gateway does not say that the account holds \(base) and \(quote)" }
        guard let account = AccountID("allocator"),
            let symbol = Symbol(AllocatorFaultsWorld.symbol)
        else { return "names" }
        // A trade by hand is the book's that it brings nearer to flat, or nobody's.
        var booked = Quantity.zero
        for holder in [account, .external] {
            let text = await world.hash(world.keys.position(holder, symbol))["qty"]
            booked += text.flatMap { Quantity(text: $0) } ?? .zero
        }
        if booked != sums.base { return "the books hold \(booked), by the trades \(sums.base)" }
        // Of an order whose end its run did not see the history is completed afterwards.
        guard let history = await world.history() else { return "no history" }
        if !history.open.isEmpty { return "left open in the history: \(history.open)" }
        return history.runs == sums.executed && history.slices == sums.executed
            ? nil
            : "runs say \(history.runs) executed, slices \(history.slices), the exchange "
                + "\(sums.executed)"
    }

    /// Whether a client id came, or was taken, more than once.
    private func checkOrders(_ fault: String) async {
        for arrival in await world.truth("arrivals") ?? [] {
            let id = arrival["clientOrderId"]?.text ?? ""
            guard (arrival["arrivals"]?.integer ?? 0) > 1, repeated.insert(id).inserted else {
                continue
            }
            let codes = (arrival["codes"]?.elements ?? []).compactMap(\.integer)
            complain(
                fault,
                "\(id) came \(arrival["arrivals"]?.integer ?? 0) times, was taken "
                    + "\(arrival["accepted"]?.integer ?? 0) times, refused with \(codes)")
        }
    }

    /// The orders in the exchange's own list, each id once.
    private func checkOrders() async {
        var seen: Set<String> = []
        for order in await world.truth("orders") ?? [] {
            let id = order["clientOrderId"]?.text ?? ""
            if !seen.insert(id).inserted { complain("orders", "\(id) was taken twice") }
        }
        figure("orders", Double(seen.count), "orders")
    }
}

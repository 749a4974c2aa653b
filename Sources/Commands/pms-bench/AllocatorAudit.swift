import BusProtocol
import Bytes
import Chronology
import Reactor
import Trading

/// Compares what an allocator, its gateway and their books say with what the exchange has done.
@LoopActor final class AllocatorAudit {
    private let world: AllocatorFaultsWorld
    /// What was put into the account, or taken, without a trade.
    var given = (base: Quantity.zero, quote: Money.zero)
    /// Client ids that came more than once, and were told of.
    private var repeated: Set<String> = []

    init(_ world: AllocatorFaultsWorld) { self.world = world }

    /// Runs until one has traded; how long that took.
    func works(_ patience: Interval) async -> Interval? {
        await world.wait(patience) {
            let (fields, _) = await world.run()
            return Quantity(text: fields["filled"] ?? "")?.isPositive ?? false
        }
    }

    /// Whether nothing rests and nothing is locked.
    func isClean() async -> Bool {
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

    /// What differs of balances, the gateway's word of them, the books and the history of runs; nil where
    /// nothing does any more within the time given.
    func difference(_ patience: Interval) async -> String? {
        var problem = "the exchange does not answer"
        let isSo = await world.wait(patience) {
            problem = await difference() ?? ""
            return problem.isEmpty
        }
        return isSo == nil ? problem : nil
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

    /// Client ids that came, or were taken, more than once; each is told once.
    func repeats() async -> [String] {
        var problems: [String] = []
        for arrival in await world.truth("arrivals") ?? [] {
            let id = arrival["clientOrderId"]?.text ?? ""
            guard (arrival["arrivals"]?.integer ?? 0) > 1, repeated.insert(id).inserted else {
                continue
            }
            let codes = (arrival["codes"]?.elements ?? []).compactMap(\.integer)
            problems.append(
                "\(id) came \(arrival["arrivals"]?.integer ?? 0) times, was taken "
                    + "\(arrival["accepted"]?.integer ?? 0) times, refused with \(codes)")
        }
        return problems
    }

    /// The orders in the exchange's own list, each id once.
    func orders() async -> (count: Int, problems: [String]) {
        var seen: Set<String> = []
        var problems: [String] = []
        for order in await world.truth("orders") ?? [] {
            let id = order["clientOrderId"]?.text ?? ""
            if !seen.insert(id).inserted { problems.append("\(id) was taken twice") }
        }
        return (seen.count, problems)
    }
}

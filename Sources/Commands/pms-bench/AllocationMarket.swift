import Allocation
import Bounded
import Chronology
import ExchangeMarkets
import Matching
import Quotes
import SpotExchange
import Trading

/// A spot market of the paper exchange in this process, with a clock of its own, and runs of the
/// allocator on it: the planner and the run machine as the process has them, the exchange's own
/// matching, and between the two the time that orders take.
final class AllocationMarket {
    /// How much rests in the book, against what the account trades.
    enum Depth: String, CaseIterable {
        case thin, normal, deep

        /// The background's orders are this much smaller.
        var quoteValue: Money {
            switch self {
            case .thin: .whole(1_000)
            case .normal: .whole(100)
            case .deep: .whole(10)
            }
        }
    }

    static let symbol = Symbol("QRLUSDT")
    private let desk: SpotDesk
    private let symbol: Symbol
    private var now = Instant(nanoseconds: 5_000_000_000)
    private var wall = WallTime(milliseconds: 1_760_000_000_000)
    private var random: SplitMix64
    private var runs = 0

    /// From a request to the exchange's answer, as it is over a real line.
    private static let latency = Interval.milliseconds(100)
    private static let tick = Interval.milliseconds(50)

    init(_ depth: Depth, seed: UInt64, base: String, quote: String) throws {
        guard let symbol = AllocationMarket.symbol else {
            throw HopProblem(description: "QRLUSDT is a symbol")
        }
        var settings = SpotSettings(.mexc)
        settings.seed = seed
        settings.listings = settings.listings.filter { $0.symbol == symbol }
        for index in settings.listings.indices {
            settings.listings[index].quoteValue = depth.quoteValue
        }
        settings.balances = SpotSettings.balances("USDT=\(quote),QRL=\(base)") ?? []
        desk = SpotDesk(settings)
        self.symbol = symbol
        random = SplitMix64(seed: seed &+ 1_000)
        // The book fills, and the price begins to wander.
        pass(.seconds(20))
    }

    func pass(_ interval: Interval) {
        let end = now + interval
        while now < end {
            now = now + AllocationMarket.tick
            wall = wall + AllocationMarket.tick
            desk.step(now: now, wall: wall)
            _ = desk.takeEvents()
            _ = desk.takeJournal()
        }
    }

    // MARK: facts

    var facts: AllocationFacts? {
        guard let number = desk.number(of: symbol),
            let base = desk.balances["QRL"], let quote = desk.balances["USDT"],
            let book = book(number)
        else { return nil }
        let holdings = SpotHoldings(
            base: AssetBalance(
                free: Quantity(units: base.free.units), locked: Quantity(units: base.locked.units)),
            quote: AssetBalance(
                free: Money(units: quote.free.units), locked: Money(units: quote.locked.units)))
        return AllocationFacts(
            holdings: holdings, rules: desk.instruments[number], book: book)
    }

    private func book(_ number: Int) -> SpotBook? {
        func levels(_ side: Side) -> [BookLevel] {
            desk.markets[number].book.depth(side, limit: SpotBook.levels).map {
                BookLevel(price: $0.price, quantity: $0.quantity)
            }
        }
        return try? SpotBook(bids: levels(.buy), asks: levels(.sell))
    }

    // MARK: orders

    /// One order of the whole size at once, as far as its price goes; its fills, worth how much.
    func take(_ side: Side, _ quantity: Quantity) -> (quantity: Quantity, notional: Money) {
        guard let book = facts?.book else { return (.zero, .zero) }
        let far = book.mid.scaled(
            by: Ratio(units: side == .buy ? 1_500_000_000_000 : 500_000_000_000), .down)
        let price = far.down(to: Price(units: 10_000_000))
        let placed = try? desk.place(
            SpotOrderRequest(
                symbol: symbol, side: side, kind: .limit, timeInForce: .immediateOrCancel,
                quantity: quantity, price: price, clientOrderID: "whole"), wall: wall)
        let order = placed?.order
        return (order?.executed ?? .zero, order?.cumulativeQuote ?? .zero)
    }

    private func place(_ slice: SliceReport) -> SliceOrder {
        let isMaker = slice.plan.timeInForce == .postOnly
        do throws(SpotRefusal) {
            let placed = try desk.place(
                SpotOrderRequest(
                    symbol: symbol, side: slice.plan.side, kind: isMaker ? .limitMaker : .limit,
                    timeInForce: isMaker ? nil : .immediateOrCancel,
                    quantity: slice.plan.quantity, price: slice.plan.price,
                    clientOrderID: slice.request), wall: wall)
            return AllocationMarket.report(placed.order)
        } catch {
            var refused = SliceOrder(order: slice.request, status: "rejected", isOver: true)
            refused.isRejected = true
            refused.reason = "\(error)"
            return refused
        }
    }

    private static func report(_ order: SpotOrder) -> SliceOrder {
        SliceOrder(
            order: order.clientOrderID, status: order.status.text, isOver: !order.isOpen,
            executed: order.executed, notional: order.cumulativeQuote)
    }

    // MARK: runs

    /// One run to its end.
    func run(_ knobs: AllocationKnobs) -> AllocationResult? {
        runs += 1
        var actions: [AllocationAction] = []
        var run = AllocationRun(
            id: "al-\(runs)", isDry: false, knobs: knobs, now: now, &actions)
        var result: AllocationResult?
        while result == nil {
            let todo = actions
            actions = []
            for action in todo {
                switch action {
                case .readFacts(let number):
                    if let facts {
                        run.handle(.factsRead(number, facts), now: now, using: &random, &actions)
                    }
                case .place(let slice, _):
                    pass(AllocationMarket.latency)
                    let order = place(slice)
                    run.handle(
                        .orderSeen(request: slice.request, order), now: now, using: &random,
                        &actions)
                case .cancel(let request), .look(let request):
                    if case .cancel = action {
                        pass(AllocationMarket.latency)
                        _ = try? desk.cancel(symbol, clientOrderID: request, wall: wall)
                    }
                    guard let order = try? desk.query(symbol, clientOrderID: request) else { break }
                    run.handle(
                        .orderSeen(request: request, AllocationMarket.report(order)), now: now,
                        using: &random, &actions)
                case .report: break
                case .finish(let found): result = found
                }
            }
            guard result == nil, actions.isEmpty else { continue }
            pass(AllocationMarket.tick)
            if now >= run.nextWake { run.handle(.woken, now: now, using: &random, &actions) }
        }
        return result
    }

    /// Whether nothing rests and nothing is locked.
    var isClean: Bool {
        (try? desk.openOrders(symbol))?.isEmpty == true
            && desk.balances.rows.allSatisfy { $0.locked.isZero }
    }
}

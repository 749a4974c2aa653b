import Algorithms
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Orders
import PaperExchangeService
import Trading

/// One algorithm on the paper exchange's own desk: a price each 50 ms, and whatever it wants takes
/// 50 ms to get there.
struct AlgoTrial {
    let desk: FuturesDesk
    private(set) var machine: AlgoMachine
    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    private(set) var wall = WallTime(milliseconds: 1_700_000_000_000)
    private var pending: [AlgoAction] = []
    private var fees: [String: Money] = [:]
    private var refused: [Int64: RefusalCode] = [:]
    private var tape = Tape()
    private(set) var bid = Price.zero
    private(set) var ask = Price.zero

    /// Prints since the algorithm began.
    private struct Tape {
        var quantity = Quantity.zero
        var notional = Money.zero
    }

    private static let step = Interval.milliseconds(50)

    /// - Parameters:
    ///   - feed: replayed in place of the synthetic market.
    ///   - lead: lived through before the algorithm begins.
    ///   - texts: its parameters, from the middle of the market then.
    init(
        _ kind: Algorithms.AlgoKind, seed: UInt64, feed: ReplayFeed?, lead: Interval,
        _ texts: (Price) -> [String: String]
    ) throws {
        var settings = FuturesSettings()
        settings.seed = seed
        settings.balance = .whole(10_000_000)
        settings.listings = Array(settings.listings.prefix(1))
        desk = FuturesDesk(settings)
        if let feed, !desk.replay(feed) {
            throw AlgoBenchProblem(description: "\(feed.symbol) is not listed")
        }
        let rules = desk.markets[0].listing.instrument
        var given = ["account": "bench", "symbol": rules.symbol.name]
        // What it is asked to do is known once the market is; until then something stands for it.
        var market = Follower(now: now, wall: wall)
        market.live(desk, until: now + lead)
        guard market.bid.isPositive, market.ask > market.bid else {
            throw AlgoBenchProblem(description: "the market has no prices after \(lead)")
        }
        (now, wall, bid, ask) = (market.now, market.wall, market.bid, market.ask)
        let mid = Price(units: (market.bid.units + market.ask.units) / 2)
        given.merge(texts(rules.quantised(mid, side: .buy))) { $1 }
        machine = AlgoMachine(
            id: "trial-\(seed)", parameters: try AlgoParameters(kind, given), rules: rules,
            venue: AlgoVenue(), now: now)
    }

    /// The market before the algorithm.
    private struct Follower {
        var now: Instant
        var wall: WallTime
        var bid = Price.zero
        var ask = Price.zero

        mutating func live(_ desk: FuturesDesk, until end: Instant) {
            while now < end {
                now = now + AlgoTrial.step
                wall = wall + AlgoTrial.step
                desk.step(now: now, wall: wall)
                _ = desk.takeJournal()
                for case .market(.bookTicker(let ticker)) in desk.takeEvents() {
                    (bid, ask) = (ticker.bid, ticker.ask)
                }
            }
        }
    }

    /// Lives until the algorithm is over, or a time has passed.
    mutating func run(_ length: Interval) {
        let end = now + length
        while now < end, !machine.status.isOver { step() }
    }

    private mutating func step() {
        now = now + AlgoTrial.step
        wall = wall + AlgoTrial.step
        let due = pending
        pending = []
        for action in due { carryOut(action) }
        desk.step(now: now, wall: wall)
        _ = desk.takeJournal()
        takeEvents()
        for child in machine.book.children { report(child.number) }
        machine.ticked(bid: bid, ask: ask, now: now, &pending)
        if now >= machine.wakeAt { machine.deadlineReached(now: now, &pending) }
        machine.saved()
    }

    private mutating func takeEvents() {
        for event in desk.takeEvents() {
            switch event {
            case .market(.bookTicker(let ticker)): (bid, ask) = (ticker.bid, ticker.ask)
            case .market(.print(let trade)):
                tape.quantity += trade.quantity
                tape.notional += trade.price.times(trade.quantity, .nearestEven)
            case .user(.orderUpdate(let order, _, let trade?, _, _, _)):
                fees[order.clientOrderID, default: .zero] += trade.fee
            case _: break
            }
        }
    }

    // MARK: orders

    private func name(_ number: Int64) -> String { "trial-\(number)" }

    private mutating func carryOut(_ action: AlgoAction) {
        let symbol = machine.parameters.symbol
        switch action {
        case .place(let child):
            let parameters = OrderParameters(
                symbol: symbol, side: child.side, type: child.type,
                timeInForce: child.type == .limit ? child.timeInForce : nil,
                quantity: child.quantity, price: child.price, isReduceOnly: child.isReduceOnly,
                clientOrderID: name(child.number))
            do {
                _ = try desk.place(parameters, wall: wall)
            } catch {
                refused[child.number] = error.code == -2022 ? .reduceOnlyRejected : .venueRejected
            }
        case .cancel(let number):
            _ = try? desk.cancel(symbol, clientOrderID: name(number), wall: wall)
        case .amend(let number, let price):
            guard let order = try? desk.query(symbol, clientOrderID: name(number)) else { return }
            _ = try? desk.amend(
                AmendParameters(
                    symbol: symbol, side: order.side, clientOrderID: name(number),
                    quantity: order.quantity, price: price), wall: wall)
        }
    }

    private mutating func report(_ number: Int64) {
        if let code = refused.removeValue(forKey: number) {
            let report = ChildReport(number: number, stage: .over(code))
            return machine.reported(report, now: now, &pending)
        }
        guard
            let order = try? desk.query(
                machine.parameters.symbol, clientOrderID: name(number))
        else { return }
        machine.reported(
            ChildReport(
                number: number, stage: order.isOpen ? .working : .over(nil),
                price: order.price.isZero ? nil : order.price, executed: order.executed,
                notional: order.cumulativeQuote, fees: fees[name(number)] ?? .zero),
            now: now, &pending)
    }

    // MARK: figures

    var arrival: Double { AlgoTrial.number(machine.progress.arrival.units) }
    var traded: Double { AlgoTrial.number(machine.progress.traded.units) }
    var tradedFor: Double { AlgoTrial.number(machine.progress.tradedFor.units) }
    var paid: Double { AlgoTrial.number(machine.progress.fees.units) }
    /// Of all prints while it ran; nil where there was none.
    var interval: Double? {
        tape.quantity.isZero
            ? nil : AlgoTrial.number(tape.notional.units) / AlgoTrial.number(tape.quantity.units)
    }
    /// Money made, with what is held counted at the middle, fees taken off.
    var profit: Double {
        let progress = machine.progress
        let cash =
            AlgoTrial.number(progress.soldFor.units) - AlgoTrial.number(progress.boughtFor.units)
        let mid = AlgoTrial.number((bid.units + ask.units) / 2)
        return cash + AlgoTrial.number(progress.net.units) * mid - paid
    }

    static func number(_ units: Int128) -> Double { Double(units) / 1e12 }
}

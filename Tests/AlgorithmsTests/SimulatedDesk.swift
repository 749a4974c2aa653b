import Algorithms
import Bounded
import Chronology
import Orders
import Trading

func q(_ text: String) -> Quantity { Quantity(text: text)! }
func p(_ text: String) -> Price { Price(text: text)! }
func m(_ text: String) -> Money { Money(text: text)! }

/// BTCUSDT as on the paper exchange.
let btc = Instrument(
    symbol: Symbol("BTCUSDT")!, status: .trading, base: "BTC", quote: "USDT", tick: p("0.1"),
    step: q("0.001"), minimumQuantity: q("0.001"), maximumQuantity: q("1000"),
    marketMinimumQuantity: q("0.001"), marketMaximumQuantity: q("120"), minimumNotional: m("5"))!

/// The order desk and the venue behind it, with faults: acknowledgements come late, reports out of
/// order and twice, orders are refused, and outcomes stay unknown for a while.
struct SimulatedDesk {
    struct Order {
        var child: ChildOrder
        var price: Price?
        var executed = Quantity.zero
        var notional = Money.zero
        /// Coins that were kept as the fee.
        var kept = Quantity.zero
        /// Whether the venue has it resting.
        var rests = false
        var isOver = false
        var refusal: RefusalCode?
        /// Whether the desk does not know of it.
        var isDoubtful = false
    }

    /// Odds in a thousand.
    struct Faults {
        var refuse = 40
        var unknown = 40
        var stale = 100
        var cancelRefused = 30
        var venueEnds = 10
    }

    var orders: [Int64: Order] = [:]
    var reports: [ChildReport] = []
    var pending: [AlgoAction] = []
    var old: [ChildReport] = []
    var random: SplitMix64
    var faults: Faults
    var bid = p("50000")
    var ask = p("50000.1")
    var cancelsRefused: [Int64] = []
    /// Own orders on both sides that would have traded with each other.
    var crossings = 0
    /// What of a thousand coins bought the venue keeps as its fee; 0 where it takes money.
    var keeps: Int128 = 0

    init(seed: UInt64, faults: Faults = Faults()) {
        random = SplitMix64(seed: seed)
        self.faults = faults
    }

    mutating func happens(_ odds: Int) -> Bool { Int.random(in: 0..<1_000, using: &random) < odds }

    mutating func take(_ actions: [AlgoAction]) { pending += actions }

    /// Everything executed, and what may still execute.
    var executed: Quantity { orders.values.reduce(.zero) { $0 + $1.executed } }
    /// Coins of what it bought that are there.
    var coins: Quantity {
        orders.values.reduce(.zero) { $0 + $1.child.side.signed($1.executed) - $1.kept }
    }
    func exposure(_ side: Side) -> Quantity {
        orders.values.filter { $0.child.side == side }.reduce(.zero) {
            $0 + $1.executed + ($1.isOver ? .zero : $1.child.quantity - $1.executed)
        }
    }
    var open: [Order] { orders.values.filter { !$0.isOver } }

    func report(_ order: Order, _ stage: ChildReport.Stage? = nil) -> ChildReport {
        let known: ChildReport.Stage =
            order.isOver
            ? .over(order.refusal) : order.isDoubtful ? .unknown : order.rests ? .working : .pending
        return ChildReport(
            number: order.child.number, stage: stage ?? known, price: order.price,
            executed: order.executed, notional: order.notional, fees: .zero, kept: order.kept)
    }

    mutating func tell(_ number: Int64) {
        guard let order = orders[number] else { return }
        let report = report(order)
        reports.append(report)
        // What comes late knows of the fills of its time only.
        var late = report
        late.stage = .pending
        late.price = nil
        if happens(faults.stale), !order.isOver { old.append(late) }
    }

    /// One step of desk and venue: some of what was asked for arrives, orders trade.
    mutating func step() {
        let due = pending
        pending = []
        for action in due {
            if happens(300) { pending.append(action) } else { carryOut(action) }
        }
        countCrossings()
        for number in orders.keys.sorted() { trade(number) }
        if !old.isEmpty, happens(200) {
            reports.append(old.remove(at: Int.random(in: 0..<old.count, using: &random)))
        }
    }

    private mutating func countCrossings() {
        let buys = open.filter { $0.child.side == .buy && $0.rests }.compactMap(\.price)
        let sells = open.filter { $0.child.side == .sell && $0.rests }.compactMap(\.price)
        if let buy = buys.max(), let sell = sells.min(), buy >= sell { crossings += 1 }
    }

    private mutating func carryOut(_ action: AlgoAction) {
        switch action {
        case .place(let child): place(child)
        case .cancel(let number): cancel(number)
        case .amend(let number, let price):
            guard var order = orders[number], !order.isOver, order.rests else { return tell(number) }
            let crosses = order.child.side == .buy ? price >= ask : price <= bid
            if !crosses, !happens(faults.refuse) { order.price = price }
            orders[number] = order
            tell(number)
        }
    }

    private mutating func place(_ child: ChildOrder) {
        precondition(orders[child.number] == nil, "no order is placed twice")
        var order = Order(child: child, price: child.price)
        if happens(faults.refuse) {
            order.isOver = true
            order.refusal = .priceStale
        } else if child.timeInForce == .postOnly, crosses(child) {
            order.isOver = true
        } else {
            order.rests = true
            order.isDoubtful = happens(faults.unknown)
        }
        orders[child.number] = order
        tell(child.number)
    }

    private func crosses(_ child: ChildOrder) -> Bool {
        guard let price = child.price else { return true }
        return child.side == .buy ? price >= ask : price <= bid
    }

    private mutating func cancel(_ number: Int64) {
        // Not here yet: its turn comes after the order's.
        guard let order = orders[number] else { return pending.append(.cancel(number)) }
        guard !order.isOver else { return tell(number) }
        if happens(faults.cancelRefused) {
            cancelsRefused.append(number)
        } else {
            orders[number]?.isOver = true
            orders[number]?.isDoubtful = false
        }
        tell(number)
    }

    private mutating func trade(_ number: Int64) {
        guard var order = orders[number], !order.isOver, order.rests else { return }
        if order.isDoubtful, happens(100) {
            order.isDoubtful = false
            orders[number] = order
            tell(number)
        }
        if happens(faults.venueEnds) {
            order.isOver = true
        } else {
            let price = order.price ?? (order.child.side == .buy ? ask : bid)
            let isMarket =
                order.child.type == .market || order.child.timeInForce == .immediateOrCancel
            let isTouched = order.child.side == .buy ? price >= bid : price <= ask
            guard isMarket || (isTouched && happens(80)) else { return }
            let left = order.child.quantity - order.executed
            var part = left
            if !isMarket || happens(300) {
                let share = Int128(Int.random(in: 1...1_000, using: &random))
                part = max(btc.step, Quantity(units: left.units * share / 1_000).down(to: btc.step))
            }
            order.executed += part
            order.notional += price.times(part, .nearestEven)
            if order.child.side == .buy { order.kept += Quantity(units: part.units * keeps / 1_000) }
            if order.executed == order.child.quantity || isMarket { order.isOver = true }
        }
        orders[number] = order
        tell(number)
    }

    /// The market moves a little.
    mutating func walk() {
        let ticks = Int64.random(in: -5...5, using: &random)
        bid = bid + btc.tick.multiplied(byWhole: ticks)
        ask = bid + btc.tick.multiplied(byWhole: Int64.random(in: 1...3, using: &random))
    }
}

/// An algorithm, its desk and a clock.
struct Stage {
    var machine: AlgoMachine
    var desk: SimulatedDesk
    var now = Instant(nanoseconds: 1_000_000_000_000)
    /// The last state that would be in Redis, and when it was written.
    var savedText = ""
    var savedAt = Instant(nanoseconds: 1_000_000_000_000)
    var restarts = 0

    init(
        _ kind: AlgoKind, _ texts: [String: String], seed: UInt64,
        faults: SimulatedDesk.Faults = .init(), canAmend: Bool = true
    ) throws {
        try self.init(kind, texts, seed: seed, faults: faults, on: AlgoVenue(amends: canAmend))
    }

    init(
        _ kind: AlgoKind, _ texts: [String: String], seed: UInt64, faults: SimulatedDesk.Faults,
        on venue: AlgoVenue
    ) throws {
        var given = ["account": "desk", "symbol": "BTCUSDT"]
        given.merge(texts) { _, new in new }
        let parameters = try AlgoParameters(kind, given)
        machine = AlgoMachine(
            id: "algo-\(seed)", parameters: parameters, rules: btc, venue: venue, now: now)
        desk = SimulatedDesk(seed: seed, faults: faults)
        save()
    }

    mutating func save() {
        savedText = machine.stateText(now: now)
        savedAt = now
        machine.saved()
    }

    /// Hands the machine's wishes on, the state first where it is to be saved.
    mutating func carryOut(_ actions: [AlgoAction]) {
        if machine.urgency == .now { save() }
        desk.take(actions)
    }

    mutating func event(_ body: (inout AlgoMachine, Instant, inout [AlgoAction]) -> Void) {
        var actions: [AlgoAction] = []
        body(&machine, now, &actions)
        carryOut(actions)
    }

    mutating func tick() {
        let (bid, ask) = (desk.bid, desk.ask)
        event { $0.ticked(bid: bid, ask: ask, now: $1, &$2) }
    }

    mutating func deliver() {
        while !desk.reports.isEmpty || !desk.cancelsRefused.isEmpty {
            for number in desk.cancelsRefused { event { $0.cancelRefused(number, now: $1, &$2) } }
            desk.cancelsRefused = []
            let reports = desk.reports
            desk.reports = []
            for report in reports { event { $0.reported(report, now: $1, &$2) } }
        }
    }

    /// 50 ms pass.
    mutating func step() {
        now = now + .milliseconds(50)
        desk.walk()
        desk.step()
        deliver()
        tick()
        if now >= machine.wakeAt { event { $0.deadlineReached(now: $1, &$2) } }
        if machine.urgency == .soon, now - savedAt >= .seconds(1) { save() }
    }

    /// The host dies and comes back: what it wanted and had not sent is gone, what it had sent is not.
    mutating func restart(after downtime: Interval = .seconds(2)) throws {
        restarts += 1
        desk.pending = desk.pending.filter { _ in desk.happens(500) }
        desk.reports = []
        desk.old = []
        desk.cancelsRefused = []
        now = now + downtime
        for _ in 0..<5 { desk.step() }
        desk.reports = []
        machine = try AlgoMachine(
            restoring: savedText, id: machine.id, parameters: machine.parameters, rules: btc,
            venue: machine.venue, downtime: now - savedAt, now: now)
        for child in machine.book.children {
            // Never seen: never sent.
            let placing = desk.pending.contains { $0 == .place(child) }
            let report =
                desk.orders[child.number].map { desk.report($0) }
                ?? ChildReport(number: child.number, stage: .over(.cancelledBeforeSending))
            if placing { desk.pending.removeAll { $0 == .place(child) } }
            event { $0.reported(report, now: $1, &$2) }
        }
        event { $0.released(now: $1, &$2) }
        desk.pending = desk.pending.filter { action in
            if case .place(let child) = action { return machine.book.child(child.number) != nil }
            return true
        }
    }

    mutating func run(steps: Int, until isOver: (AlgoMachine) -> Bool = { $0.status.isOver }) {
        for _ in 0..<steps {
            if isOver(machine) { return }
            step()
        }
    }
}

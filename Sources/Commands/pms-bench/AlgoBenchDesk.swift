import BusProtocol
import Chronology
import OrderGatewayService
import Orders
import Positions
import Trading
import VenueProtocol

/// The gateway's desk with many algorithms, and a Redis and a venue in memory that answer at once.
struct AlgoBenchDesk {
    private static let account = AccountID("demo")!
    private static let code = AccountCode("DEMO0001")!

    private var desk: GatewayDesk
    private var actions: [GatewayAction] = []
    private var events: [GatewayEvent] = []
    private var orders: [ClientOrderID: VenueOrder] = [:]
    private var instruments: [Instrument] = []
    private var wakeAt: Instant?
    private(set) var records: [String: AlgoRecord] = [:]
    /// Bids, in ticks of one.
    private(set) var prices: [Int64] = []
    private(set) var now = Instant(nanoseconds: 1_000_000_000_000)
    private(set) var wall = WallTime(milliseconds: 1_700_000_000_000)
    private(set) var orderCount = 0
    private(set) var saveCount = 0
    /// Nanoseconds the desk took; what answers is not counted.
    var spent: Int64 = 0
    private let clock = SystemTime()

    private init(symbols: Int) {
        desk = GatewayDesk(settings: GatewaySettings(writer: "bench"))
        for number in 0..<symbols {
            let listed = Symbol("S\(number)USDT").flatMap {
                Instrument(
                    symbol: $0, status: .trading, base: "S\(number)", quote: "USDT", tick: .one,
                    step: Quantity(units: 1_000_000_000))
            }
            guard let listed else { preconditionFailure("tick and step are positive") }
            instruments.append(listed)
            prices.append(50_000)
        }
    }

    /// A desk on which algorithms of all kinds run, each far enough from the market not to be filled.
    init(algos: Int, symbols: Int) throws {
        self.init(symbols: symbols)
        takeOver(fence: 1)
        guard desk.isReady else {
            throw AlgoBenchProblem(description: "the desk is not ready: \(desk.reasons)")
        }
        for number in 0..<algos { start(number) }
        for _ in 0..<5 { round { $0 } }
        guard records.count == algos, records.values.allSatisfy({ $0.status == "running" }) else {
            throw AlgoBenchProblem(description: "only \(records.count) algos run")
        }
    }

    /// Nanoseconds in which a new desk takes up what one that was killed had running.
    static func resumed(algos: Int, symbols: Int) throws -> Double {
        var bench = try AlgoBenchDesk(algos: algos, symbols: symbols)
        bench.desk = GatewayDesk(settings: GatewaySettings(writer: "bench2"))
        let saves = bench.saveCount
        bench.spent = 0
        bench.takeOver(fence: 2)
        // Each is found, its orders looked up, and its state saved anew.
        for _ in 0..<40 where bench.saveCount - saves < algos { bench.round { $0 } }
        guard bench.saveCount - saves >= algos else {
            throw AlgoBenchProblem(description: "\(bench.saveCount - saves) of \(algos) came back")
        }
        return Double(bench.spent)
    }

    private mutating func takeOver(fence: Int64) {
        give(.redisUp)
        give(.leaseGained(fence: fence))
        settle()
    }

    private mutating func start(_ number: Int) {
        let symbol = instruments[number % instruments.count].symbol
        var body = [
            "account": AlgoBenchDesk.account.name, "symbol": symbol.name, "id": "a\(number)",
            "qty": "3",
        ]
        switch number / instruments.count % 4 {
        case 0: body.merge(["kind": "chase", "side": "BUY", "offset_ticks": "50"]) { $1 }
        case 1:
            body.merge([
                "kind": "twap", "side": "SELL", "offset_ticks": "50", "slices": "20",
                "duration_s": "3600",
            ]) { $1 }
        case 2:
            body.merge([
                "kind": "scale", "side": "BUY", "from": "49000", "to": "45000", "orders": "2",
            ]) { $1 }
        case _:
            body.merge(["kind": "scalper", "layers": "1", "base_bps": "50"]) { $1 }
        }
        give(
            .command(
                Command(
                    id: "start-\(number)", from: "bench",
                    deadlineMilliseconds: wall.milliseconds + 5_000,
                    kind: CommandKind.algoStart.rawValue, body: body)))
        settle()
    }

    // MARK: time

    mutating func pass(_ interval: Interval) {
        now = now + interval
        wall = wall + interval
    }

    /// 50 ms, a tick of every symbol, and all that follows.
    mutating func round(_ move: (Int64) -> Int64) {
        for symbol in prices.indices {
            spent += tick(symbol, move(prices[symbol]))
            settle()
        }
        pass(.milliseconds(50))
        if let due = wakeAt, due <= now {
            wakeAt = nil
            give(.woke)
            settle()
        }
    }

    /// One tick; the nanoseconds it took.
    mutating func tick(_ symbol: Int, _ bid: Int64) -> Int64 {
        prices[symbol] = bid
        let (low, high) = (Price.whole(bid), Price.whole(bid + 1))
        let start = clock.now
        desk.ticked(
            instruments[symbol].symbol, bid: low, ask: high, now: now, wall: wall, &actions)
        return (clock.now - start).nanoseconds
    }

    /// Whether the last tick led to nothing.
    var isIdle: Bool { actions.isEmpty }

    /// Answers whatever the desk asks until it asks no more.
    mutating func settle() {
        while !actions.isEmpty || !events.isEmpty {
            let asked = actions
            actions.removeAll(keepingCapacity: true)
            for action in asked { answer(action) }
            let answers = events
            events.removeAll(keepingCapacity: true)
            for event in answers { give(event) }
        }
    }

    private mutating func give(_ event: GatewayEvent) {
        let start = clock.now
        desk.handle(event, now: now, wall: wall, &actions)
        spent += (clock.now - start).nanoseconds
    }

    // MARK: Redis and the venue

    private mutating func answer(_ action: GatewayAction) {
        switch action {
        case .load(let generation, _): events.append(.loaded(generation: generation, snapshot))
        case .openStream: events.append(.streamOpened)
        case .queryOpenOrders(let generation):
            let open = orders.values.filter { !$0.status.isFinal }
            events.append(
                .openOrdersAnswered(
                    generation: generation, open.sorted { $0.orderID < $1.orderID }))
        case .queryTrades(let symbol, _, let generation):
            events.append(.tradesAnswered(symbol, generation: generation, []))
        case .queryRecentOrders(let symbol, _, let generation):
            events.append(.recentOrdersAnswered(symbol, generation: generation, []))
        case .queryOrder(let id, _):
            events.append(
                .orderAnswered(id, askedAt: now, orders[id].map { .found($0) } ?? .notFound))
        case .readIDs(let number): events.append(.idsRead(number, IDPage([], isLast: true)))
        case .saveIntent(let record, _):
            known[record.intent.clientOrderID] = record
            events.append(.intentReplied(record.intent.clientOrderID, .saved))
        case .saveOrder(let record, let isDone, _, let token):
            known[record.intent.clientOrderID] = isDone ? nil : record
            events.append(.orderSaved(record.intent.clientOrderID, token: token, .saved))
        case .saveAlgo(let record, _, _, let token):
            records[record.id] = record
            saveCount += 1
            events.append(.algoSaved(record.id, token: token, .saved))
        case .readFacts(let id, _, let symbol): events.append(.factsRead(id, facts(symbol)))
        case .readOrder(let id):
            events.append(.orderRead(id, known[id].map { .found($0) } ?? .missing))
        case .send(let intent): send(intent)
        case .amend(let intent, let wanted): amend(intent.clientOrderID, wanted)
        case .cancel(let id, _): cancel(id)
        case .wake(let at): wakeAt = at
        case _: break
        }
    }

    /// Records of orders that are not over.
    private var known: [ClientOrderID: OrderRecord] = [:]

    private var snapshot: GatewaySnapshot {
        var snapshot = GatewaySnapshot()
        snapshot.accounts = [
            AccountRecord(
                id: AlgoBenchDesk.account, code: AlgoBenchDesk.code, isEnabled: true,
                stamp: RecordStamp(sequence: 1, writer: "bench", atMilliseconds: 1))
        ]
        snapshot.instruments = instruments
        snapshot.openOrders = known.keys.sorted().compactMap { known[$0] }
        snapshot.algos = records.keys.sorted().compactMap { records[$0] }
        return snapshot
    }

    private func facts(_ symbol: Symbol) -> MarketFacts {
        let number = instruments.firstIndex { $0.symbol == symbol } ?? 0
        let (bid, ask) = (Price.whole(prices[number]), Price.whole(prices[number] + 1))
        return MarketFacts(
            price: PriceFacts(bid: bid, ask: ask, mark: bid, at: wall),
            risk: RiskFacts(available: .whole(1_000_000_000), at: wall), riskSequence: .max,
            instrument: instruments[number])
    }

    private mutating func send(_ intent: OrderIntent) {
        orderCount += 1
        var order = VenueOrder(
            symbol: intent.symbol, orderID: Int64(orderCount),
            clientOrderID: intent.clientOrderID.text, side: intent.side, status: .new)
        order.type = intent.type.rawValue
        order.timeInForce = intent.timeInForce.rawValue
        order.quantity = intent.quantity
        order.price = intent.price ?? .zero
        orders[intent.clientOrderID] = order
        events.append(.sendAnswered(intent.clientOrderID, .accepted(order)))
        events.append(.user(.order(OrderUpdate(order: order, execution: .new))))
    }

    private mutating func amend(_ id: ClientOrderID, _ wanted: Amendment) {
        guard var order = orders[id] else { return }
        orderCount += 1
        order.price = wanted.price
        order.quantity = wanted.quantity
        order.updatedMilliseconds = wall.milliseconds
        orders[id] = order
        events.append(.amendAnswered(id, .accepted(order)))
        events.append(.user(.order(OrderUpdate(order: order, execution: .amendment))))
    }

    private mutating func cancel(_ id: ClientOrderID) {
        guard var order = orders[id] else {
            events.append(.cancelAnswered(id, .notFound))
            return
        }
        order.status = .canceled
        orders[id] = nil
        events.append(.cancelAnswered(id, .accepted(order)))
        events.append(.user(.order(OrderUpdate(order: order, execution: .canceled))))
    }
}

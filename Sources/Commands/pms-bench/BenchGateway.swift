import BusProtocol
import Bytes
import Chronology
import OrderGatewayService
import Orders
import Positions
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// The gateway's desk with everything at hand that it asks of Redis and the venue.
struct BenchGateway {
    static let symbol = Symbol("BTCUSDT")!
    private static let account = AccountID("demo")!
    private static let code = AccountCode("DEMO0001")!

    private var desk: GatewayDesk
    private var actions: [GatewayAction] = []
    private var number = 0
    /// Orders on their way, oldest first.
    private var sent: [ClientOrderID] = []
    /// Events the desk was told.
    private(set) var events = 0
    private let instrument: Instrument

    /// A desk that leads, with one account and nothing open.
    init(now: Instant, wall: WallTime) {
        desk = GatewayDesk(settings: GatewaySettings(writer: "bench"))
        let listed = Instrument(
            symbol: BenchGateway.symbol, status: .trading, base: "BTC", quote: "USDT",
            tick: Price(units: 100_000_000_000), step: Quantity(units: 1_000_000_000))
        guard let listed else { preconditionFailure("tick and step are positive") }
        instrument = listed
        give(.redisUp, now, wall)
        answerAll(now, wall)
        give(.leaseGained(fence: 1), now, wall)
        answerAll(now, wall)
        precondition(desk.isReady, "the desk is ready: \(desk.reasons)")
    }

    /// The oldest order on its way.
    var oldest: ClientOrderID? { sent.first }
    var workingCount: Int { desk.workingOrders.count }

    private mutating func give(_ event: GatewayEvent, _ now: Instant, _ wall: WallTime) {
        events += 1
        actions.removeAll(keepingCapacity: true)
        desk.handle(event, now: now, wall: wall, &actions)
    }

    /// Answers whatever the desk asks until it asks no more.
    private mutating func answerAll(_ now: Instant, _ wall: WallTime) {
        while true {
            let answers = actions.compactMap { answer($0) }
            actions.removeAll(keepingCapacity: true)
            if answers.isEmpty { return }
            var all: [GatewayAction] = []
            for event in answers {
                give(event, now, wall)
                all += actions
            }
            actions = all
        }
    }

    private func answer(_ action: GatewayAction) -> GatewayEvent? {
        switch action {
        case .load(let generation, _): .loaded(generation: generation, snapshot)
        case .openStream: .streamOpened
        case .queryOpenOrders(let generation): .openOrdersAnswered(generation: generation, [])
        case .queryTrades(let symbol, _, let generation):
            .tradesAnswered(symbol, generation: generation, [])
        case .queryRecentOrders(let symbol, _, let generation):
            .recentOrdersAnswered(symbol, generation: generation, [])
        case .queryHoldings(let generation): .holdingsAnswered(generation: generation, [])
        case .saveOrder(let record, _, _, let token):
            .orderSaved(record.intent.clientOrderID, token: token, .saved)
        case .applyLedger(let command, _):
            .ledgerReplied(token: command.token, .applied(sequence: Int64(events)))
        case .saveAccount(_, _, let request): .accountSaved(request: request, .saved)
        case .saveState(_, _, _, let request): .stateSaved(request: request, .saved)
        case _: nil
        }
    }

    private var snapshot: GatewaySnapshot {
        var snapshot = GatewaySnapshot()
        snapshot.accounts = [
            AccountRecord(
                id: BenchGateway.account, code: BenchGateway.code, isEnabled: true,
                stamp: RecordStamp(sequence: 1, writer: "bench", atMilliseconds: 1))
        ]
        snapshot.instruments = [instrument]
        return snapshot
    }

    // MARK: orders

    /// Reacts to a tick with an order at the bid, up to the record of its intent; nil where it is refused.
    mutating func order(_ tick: Tick, now: Instant, wall: WallTime) -> OrderRecord? {
        number += 1
        let body = OrderPlaceBody(
            account: BenchGateway.account, symbol: BenchGateway.symbol, side: .buy, type: .limit,
            quantity: Quantity(units: 2_000_000_000), price: tick.bid)
        give(
            .order(
                body,
                Command(
                    id: "t\(number)", from: "bench", deadlineMilliseconds: wall.milliseconds + 2_000,
                    kind: CommandKind.orderPlace.rawValue, body: [:])), now, wall)
        var id: ClientOrderID?
        for case .readFacts(let asked, _, _) in actions { id = asked }
        guard let id else { return nil }
        let facts = MarketFacts(
            price: PriceFacts(bid: tick.bid, ask: tick.ask, mark: tick.bid, at: wall),
            risk: RiskFacts(available: .whole(1_000_000), at: wall), riskSequence: Int64(events),
            instrument: instrument)
        give(.factsRead(id, facts), now, wall)
        if actions.contains(where: { if case .queryRecentOrders = $0 { true } else { false } }) {
            // The first order of a symbol: what the venue knows of it is looked at.
            for event in actions.compactMap({ answer($0) }) { give(event, now, wall) }
        }
        for case .saveIntent(let record, _) in actions { return record }
        return nil
    }

    /// The intent is saved: the order as it is to leave.
    mutating func saved(_ id: ClientOrderID, now: Instant, wall: WallTime) -> OrderIntent? {
        give(.intentReplied(id, .saved), now, wall)
        for case .send(let intent) in actions {
            sent.append(id)
            return intent
        }
        return nil
    }

    /// The venue says that the order has ended without a fill.
    mutating func ended(_ id: ClientOrderID, now: Instant, wall: WallTime) {
        sent.removeAll { $0 == id }
        give(.sendAnswered(id, .accepted(report(id, .expired))), now, wall)
        answerAll(now, wall)
    }

    /// The order rests, fills by an event of the stream, and the ledger books it.
    mutating func filled(_ id: ClientOrderID, trade: Int64, now: Instant, wall: WallTime) {
        sent.removeAll { $0 == id }
        give(.sendAnswered(id, .accepted(report(id, .new))), now, wall)
        answerAll(now, wall)
        var order = report(id, .filled)
        order.executedQuantity = order.quantity
        var update = OrderUpdate(order: order, execution: .trade)
        update.tradeID = trade
        update.lastQuantity = order.quantity
        update.lastPrice = .whole(61_800)
        update.commissionAsset = "USDT"
        give(.user(.order(update)), now, wall)
        answerAll(now, wall)
    }

    private func report(_ id: ClientOrderID, _ status: VenueOrderStatus) -> VenueOrder {
        var order = VenueOrder(
            symbol: BenchGateway.symbol, orderID: Int64(number), clientOrderID: id.text, side: .buy,
            status: status)
        order.quantity = Quantity(units: 2_000_000_000)
        return order
    }
}

/// From an order to the bytes of its request.
struct BenchOrderPath {
    private let dialect = BinanceFuturesDialect()
    private let signer = RequestSigner(VenueCredentials(key: "bench-key", secret: "bench-secret")!)
    private let requests: VenueRequests

    init(port: Int32 = 0) {
        requests = VenueRequests(base: "http://127.0.0.1:\(port)", signer: signer)
    }

    func request(_ intent: OrderIntent, timestamp: Int64) -> WebRequest {
        requests.request(asked(intent), timestamp: timestamp, deadline: .seconds(5))
    }

    func signed(_ intent: OrderIntent, timestamp: Int64) -> SignedRequest {
        signer.prepare(asked(intent), timestamp: timestamp)
    }

    func message(_ intent: OrderIntent, id: Int64, timestamp: Int64) -> [UInt8] {
        guard let message = signer.socketMessage(asked(intent), id: id, timestamp: timestamp) else {
            preconditionFailure("an order can go over the socket")
        }
        return message
    }

    private func asked(_ intent: OrderIntent) -> VenueRequest {
        guard let request = try? dialect.placeOrder(intent) else {
            preconditionFailure("the venue has limit orders")
        }
        return request
    }
}

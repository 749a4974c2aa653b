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
    private var desk: RehearsalDesk
    private var number = 0
    /// Orders on their way, oldest first.
    private var sent: [ClientOrderID] = []

    /// A desk that leads, with one account and nothing open.
    init(now: Instant, wall: WallTime) {
        guard let desk = RehearsalDesk(now: now, wall: wall) else {
            preconditionFailure("a desk with everything at hand comes to lead")
        }
        self.desk = desk
    }

    /// The oldest order on its way.
    var oldest: ClientOrderID? { sent.first }
    var workingCount: Int { desk.workingCount }
    /// Events the desk was told.
    var events: Int { desk.events }

    // MARK: orders

    /// Reacts to a tick with an order at the bid, up to the record of its intent; nil where it is refused.
    mutating func order(_ tick: Tick, now: Instant, wall: WallTime) -> OrderRecord? {
        number += 1
        let body = OrderPlaceBody(
            account: RehearsalDesk.account, symbol: RehearsalDesk.symbol, side: .buy, type: .limit,
            quantity: Quantity(units: 2_000_000_000), price: tick.bid)
        let command = Command(
            id: "t\(number)", from: "bench", deadlineMilliseconds: wall.milliseconds + 2_000,
            kind: CommandKind.orderPlace.rawValue, body: [:])
        let facts = desk.facts(bid: tick.bid, ask: tick.ask, wall)
        return desk.place(.order(body, command), facts, now, wall)
    }

    /// The intent is saved: the order as it is to leave.
    mutating func saved(_ id: ClientOrderID, now: Instant, wall: WallTime) -> OrderIntent? {
        let intent = desk.saved(id, now, wall)
        if intent != nil { sent.append(id) }
        return intent
    }

    /// The venue says that the order has ended without a fill.
    mutating func ended(_ id: ClientOrderID, now: Instant, wall: WallTime) {
        sent.removeAll { $0 == id }
        desk.ended(id, now, wall)
    }

    /// The order rests, fills by an event of the stream, and the ledger books it.
    mutating func filled(_ id: ClientOrderID, trade: Int64, now: Instant, wall: WallTime) {
        sent.removeAll { $0 == id }
        desk.give(.sendAnswered(id, .accepted(desk.report(id, .new))), now, wall)
        desk.answerAll(now, wall)
        var order = desk.report(id, .filled)
        order.executedQuantity = order.quantity
        var update = OrderUpdate(order: order, execution: .trade)
        update.tradeID = trade
        update.lastQuantity = order.quantity
        update.lastPrice = .whole(61_800)
        update.commissionAsset = "USDT"
        desk.give(.user(.order(update)), now, wall)
        desk.answerAll(now, wall)
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

    /// Orders that never leave, as a gateway rehearses them.
    func rehearsal(_ keys: BusKeys, now: Instant, wall: WallTime) -> OrderRehearsal? {
        OrderRehearsal(
            keys: keys, dialect: dialect, requests: requests,
            limits: VenueKind.binanceFutures.limits, now: now, wall: wall)
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

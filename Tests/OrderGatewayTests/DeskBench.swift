import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// One desk on a bench: events are given by hand, and its actions read as short lines.
struct DeskBench {
    static let symbol = Symbol("BTCUSDT")!
    static let account = AccountID("demo")!
    static let code = AccountCode("DEMO0001")!

    var desk = GatewayDesk(settings: GatewaySettings(writer: "order-gateway:bench"))
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    /// Actions of the last event, whole.
    var actions: [GatewayAction] = []

    /// Gives an event; the actions come back as lines, wake-ups left out.
    @discardableResult
    mutating func give(_ event: GatewayEvent) -> [String] {
        actions = []
        desk.handle(event, now: now, wall: wall, &actions)
        return actions.compactMap(DeskBench.line)
    }

    mutating func pass(_ interval: Interval) {
        now = now + interval
        wall = wall + interval
    }

    /// Lets time pass and the desk's timer go off.
    mutating func wait(_ interval: Interval) -> [String] {
        pass(interval)
        return give(.woke)
    }

    /// A desk that leads, with one account and nothing open.
    static var ready: DeskBench { ready(for: .binanceFutures) }

    static func ready(for venue: VenueKind) -> DeskBench {
        var bench = DeskBench()
        var settings = GatewaySettings(writer: "order-gateway:bench")
        settings.capabilities = venue.capabilities
        bench.desk = GatewayDesk(settings: settings)
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 3))
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        bench.give(.streamOpened)
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        bench.give(.positionsAnswered(askedAt: bench.now, [:]))
        bench.desk.verified = [symbol]
        return bench
    }

    static var snapshot: GatewaySnapshot {
        var snapshot = GatewaySnapshot()
        snapshot.accounts = [
            AccountRecord(
                id: account, code: code, isEnabled: true,
                stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 1))
        ]
        return snapshot
    }

    static func id(_ request: String) -> ClientOrderID {
        .derive(account: code, origin: .manual, intent: request)
    }

    var facts: MarketFacts {
        MarketFacts(
            price: PriceFacts(bid: .whole(99), ask: .whole(101), mark: .whole(100), at: wall),
            risk: RiskFacts(available: .whole(1_000), at: wall), riskSequence: 0,
            instrument: Instrument(
                symbol: DeskBench.symbol, status: .trading, base: "BTC", quote: "USDT", tick: .one,
                step: .one))
    }

    func command(
        _ id: String, _ kind: CommandKind, _ body: [String: String], within: Int64 = 2_000
    ) -> GatewayEvent {
        .command(
            Command(
                id: id, from: "cli", deadlineMilliseconds: wall.milliseconds + within,
                kind: kind.rawValue, body: body))
    }

    func placing(
        _ request: String, _ side: Side = .buy, _ quantity: Int64 = 2, price: Int64? = 100,
        isReduceOnly: Bool = false, within: Int64 = 2_000
    ) -> GatewayEvent {
        let body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: side,
            type: price == nil ? .market : .limit, quantity: .whole(quantity),
            price: price.map { .whole($0) }, isReduceOnly: isReduceOnly)
        return command(request, .orderPlace, body.body, within: within)
    }

    /// Places an order up to the send.
    mutating func send(_ request: String, _ side: Side = .buy, _ quantity: Int64 = 2) {
        give(placing(request, side, quantity))
        give(.factsRead(DeskBench.id(request), facts))
        give(.intentReplied(DeskBench.id(request), .saved))
    }

    static func order(
        _ request: String, _ status: VenueOrderStatus, executed: Int64 = 0, orderID: Int64 = 9
    ) -> VenueOrder {
        var order = VenueOrder(
            symbol: symbol, orderID: orderID, clientOrderID: id(request).text, side: .buy,
            status: status)
        order.quantity = .whole(2)
        order.executedQuantity = .whole(executed)
        return order
    }

    /// A stream event of one trade.
    static func traded(
        _ order: VenueOrder, trade: Int64, _ quantity: Int64
    ) -> GatewayEvent {
        var update = OrderUpdate(order: order, execution: .trade)
        update.tradeID = trade
        update.lastQuantity = .whole(quantity)
        update.lastPrice = .whole(100)
        update.commissionAsset = "USDT"
        return .user(.order(update))
    }

    /// A stream event of what the exchange holds.
    static func holding(_ net: Int64) -> GatewayEvent {
        var update = AccountUpdate()
        update.positions = [AccountUpdate.Position(symbol: symbol, quantity: .whole(net))]
        return .user(.futures(.account(update)))
    }

    static func listed(_ trade: Int64, orderID: Int64, at milliseconds: Int64) -> Fill {
        Fill(
            symbol: symbol, tradeID: trade, orderID: orderID, clientOrderID: "", side: .buy,
            price: .whole(100), quantity: .one, fee: .zero, feeAsset: "USDT", isMaker: false,
            timeMilliseconds: milliseconds)
    }

    /// Answers the ledger call among the last actions.
    mutating func bookAll() -> [String] {
        var lines: [String] = []
        for action in actions {
            guard case .applyLedger(let command, _) = action else { continue }
            lines += give(.ledgerReplied(token: command.token, .applied(sequence: 1)))
        }
        return lines
    }

    /// The first ledger call among the last actions.
    var ledgerCall: LedgerCommand? {
        for case .applyLedger(let command, _) in actions { return command }
        return nil
    }

    /// Answers the save among the last actions.
    mutating func saveAll(_ reply: SaveReply = .saved) -> [String] {
        var lines: [String] = []
        for action in actions {
            guard case .saveOrder(let record, _, _, let token) = action else { continue }
            lines += give(.orderSaved(record.intent.clientOrderID, token: token, reply))
        }
        return lines
    }

    /// Confirms saves until none follows.
    mutating func saveThrough() {
        while saveAll().contains(where: { $0.hasPrefix("save") }) {}
    }

    static func line(_ action: GatewayAction) -> String? {
        switch action {
        case .load: "load"
        case .saveIntent(let record, let fence): "intent \(record.status) under \(fence)"
        case .saveOrder(let record, let isDone, _, _):
            "save \(record.status)\(isDone ? " done" : "")"
        case .applyLedger(let command, _):
            "ledger \(command.change.account) \(command.change.identity)"
        case .applyShared(let command, _):
            "shared \(command.subject.identity) "
                + command.parts.map { part in
                    guard case .fill(let fill, _) = part.change.subject else { return "?" }
                    return "\(part.change.account) \(fill.quantity)"
                }.joined(separator: ", ")
        case .saveAccount(let record, _, _): "account \(record.id)"
        case .saveState(let record, _, _, _): "state \(record.state.rawValue)"
        case .saveAlgo(let record, let isOver, _, _):
            "algo \(record.id) \(record.status)\(isOver ? " over" : "")"
        case .watchTicks, .saveHoldings: nil
        case .readFacts: "facts"
        case .readIDs: nil
        case .readOrder: "read order"
        case .reply(let reply, _): "reply \(reply.id) \(reply.code)"
        case .alert(let code, _, _): "alert \(code)"
        case .send(let intent):
            "send \(intent.side.rawValue) \(intent.quantity)\(intent.isReduceOnly ? " reducing" : "")"
        case .cancel: "cancel"
        case .amend(_, let wanted): "amend to \(wanted.quantity) at \(wanted.price)"
        case .cancelStranger(let name, _): "cancel \(name)"
        case .verifyHalt: "ask whether any is left"
        case .queryHoldings: "ask holdings"
        case .queryPositions: "ask positions"
        case .readBooks: "read books"
        case .readOwner(let lease): "read owner \(lease)"
        case .queryOrder: "ask order"
        case .queryOpenOrders: "ask open orders"
        case .queryTrades(_, let from, _): "ask trades from \(from.map { "\($0)" } ?? "start")"
        case .queryRecentOrders: "ask recent orders"
        case .openStream: "open stream"
        case .journal(let entry): "write \(entry.key.hasPrefix("state") ? entry.key : "intent")"
        case .journalSettled(let key): "strike \(key.hasPrefix("state") ? key : "intent")"
        case .surrenderLease: "surrender"
        case .wake: nil
        }
    }
}

package import BusProtocol
package import Chronology
import Orders
import Positions
package import Trading
package import VenueProtocol

/// A desk of its own, with everything at hand that a desk asks of Redis and the venue: what it decides
/// reaches neither. Benchmarks measure it, and a gateway keeps itself warm with it.
package struct RehearsalDesk {
    package static let symbol = Symbol("BTCUSDT")!
    package static let account = AccountID("rehearsal")!
    private static let code = AccountCode("REHEARSE")!

    private var desk: GatewayDesk
    private var actions: [GatewayAction] = []
    /// Events the desk was told.
    package private(set) var events = 0
    private let instrument: Instrument
    /// The order that was placed last, where it leaves without waiting for Redis.
    private var leaving: OrderIntent?

    /// A desk that leads, with one account and nothing open; nil where it does not come to lead.
    package init?(now: Instant, wall: WallTime) {
        desk = GatewayDesk(settings: GatewaySettings(writer: "rehearsal"))
        let listed = Instrument(
            symbol: RehearsalDesk.symbol, status: .trading, base: "BTC", quote: "USDT",
            tick: Price(units: 100_000_000_000), step: Quantity(units: 1_000_000_000))
        guard let listed else { return nil }
        instrument = listed
        give(.redisUp, now, wall)
        answerAll(now, wall)
        give(.leaseGained(fence: 1), now, wall)
        answerAll(now, wall)
        guard desk.isReady else { return nil }
    }

    package var workingCount: Int { desk.workingOrders.count }

    package mutating func give(_ event: GatewayEvent, _ now: Instant, _ wall: WallTime) {
        events += 1
        actions.removeAll(keepingCapacity: true)
        desk.handle(event, now: now, wall: wall, &actions)
    }

    /// Answers whatever the desk asks until it asks no more.
    package mutating func answerAll(_ now: Instant, _ wall: WallTime) {
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
        case .readIDs(let number): .idsRead(number, IDPage([], isLast: true))
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
                id: RehearsalDesk.account, code: RehearsalDesk.code, isEnabled: true,
                stamp: RecordStamp(sequence: 1, writer: "rehearsal", atMilliseconds: 1))
        ]
        snapshot.instruments = [instrument]
        // Orders of a symbol that was never traded wait for Redis.
        snapshot.appliedTrades = [RehearsalDesk.symbol: [TradeLeg(1, .buy)]]
        return snapshot
    }

    // MARK: an order

    /// Fresh facts of a book that may take any order.
    /// - Parameter price: best bid and mark; the offer is the price of `ask`.
    package func facts(bid price: Price, ask: Price, _ wall: WallTime) -> MarketFacts {
        MarketFacts(
            price: PriceFacts(bid: price, ask: ask, mark: price, at: wall),
            risk: RiskFacts(available: .whole(1_000_000), at: wall), riskSequence: .max,
            instrument: instrument)
    }

    /// Takes an order that an event asks for up to the record of its intent; nil where it is refused.
    package mutating func place(
        _ event: GatewayEvent, _ facts: MarketFacts, _ now: Instant, _ wall: WallTime
    ) -> OrderRecord? {
        give(event, now, wall)
        var id: ClientOrderID?
        for case .readFacts(let asked, _, _) in actions { id = asked }
        guard let id else { return nil }
        give(.factsRead(id, facts), now, wall)
        if actions.contains(where: { if case .queryRecentOrders = $0 { true } else { false } }) {
            // The first order of a symbol: what the venue knows of it is looked at.
            for event in actions.compactMap({ answer($0) }) { give(event, now, wall) }
        }
        leaving = nil
        for case .send(let intent) in actions { leaving = intent }
        for case .saveIntent(let record, _) in actions { return record }
        return nil
    }

    /// The intent is saved: the order as it is to leave, or has left.
    package mutating func saved(
        _ id: ClientOrderID, _ now: Instant, _ wall: WallTime
    ) -> OrderIntent? {
        give(.intentReplied(id, .saved), now, wall)
        for case .send(let intent) in actions { return intent }
        return leaving
    }

    /// The venue says that the order has ended without a fill.
    package mutating func ended(_ id: ClientOrderID, _ now: Instant, _ wall: WallTime) {
        give(.sendAnswered(id, .accepted(report(id, .expired))), now, wall)
        answerAll(now, wall)
    }

    /// A report of the venue on an order of 0.002 BTC.
    package func report(_ id: ClientOrderID, _ status: VenueOrderStatus) -> VenueOrder {
        var order = VenueOrder(
            symbol: RehearsalDesk.symbol, orderID: Int64(events), clientOrderID: id.text,
            side: .buy, status: status)
        order.quantity = Quantity(units: 2_000_000_000)
        return order
    }
}

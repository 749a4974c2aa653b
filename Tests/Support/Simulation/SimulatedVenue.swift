import Bytes
import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
package import FuturesExchange
package import Trading
package import VenueProtocol

/// The paper exchange's desk behind a network that loses requests, answers and stream events.
package final class SimulatedVenue {
    package let desk: FuturesDesk
    private let time: SimulatedTime
    /// Times a client order id was accepted.
    package private(set) var acceptances: [String: Int] = [:]
    /// Takes user events while a stream is open.
    package var onUserEvent: ((VenueProtocol.UserEvent) -> Void)?
    private var hub: StreamHub
    private var sockets: [Int: (onFrame: ([UInt8]) -> Void, onClose: () -> Void)] = [:]
    private var nextSocket = 1
    /// Sockets that still acknowledge and answer, and stream nothing any more.
    private var muted: Set<Int> = []

    package init(_ settings: FuturesSettings, time: SimulatedTime) {
        // The venue's own state since 2026-04: unrouted sockets acknowledge and stay silent.
        var settings = settings
        settings.legacyStreams = .publicData
        desk = FuturesDesk(settings)
        hub = StreamHub(desk)
        self.time = time
    }

    /// Lets the market move from now on.
    package func start() {
        desk.step(now: time.now, wall: time.wallNow)
        drain()
        time.after(.milliseconds(50)) { [self] in start() }
    }

    /// A REST call: there and back in drawn times, lost on either way now and then.
    package func call<Answer>(
        _ body: @escaping () throws(ExchangeError) -> Answer,
        _ answered: @escaping (Result<Answer, CallError>) -> Void
    ) {
        let isLostThere = time.chance(time.faults.lostRequests)
        let isLostBack = time.chance(time.faults.lostAnswers)
        let there = time.between(.milliseconds(1), .milliseconds(20))
        let back = time.between(.milliseconds(1), .milliseconds(20))
        if isLostThere {
            time.after(.seconds(5)) { answered(.failure(.silence)) }
            return
        }
        time.after(there) { [self] in
            desk.step(now: time.now, wall: time.wallNow)
            let result: Result<Answer, CallError>
            do throws(ExchangeError) {
                result = .success(try body())
            } catch {
                result = .failure(.refused(error))
            }
            drain()
            if isLostBack {
                time.after(.seconds(5)) { answered(.failure(.silence)) }
            } else {
                time.after(back) { answered(result) }
            }
        }
    }

    /// Why a call failed, as a client can tell.
    package enum CallError: Error {
        case refused(ExchangeError)
        /// Nothing came back: it may have been executed.
        case silence
    }

    /// Places an order as the REST interface would.
    package func place(
        _ intent: OrderIntent, _ answered: @escaping (Result<VenueOrder, CallError>) -> Void
    ) {
        let parameters = OrderParameters(
            symbol: intent.symbol, side: intent.side, type: intent.type,
            timeInForce: intent.type == .limit ? intent.timeInForce : nil,
            quantity: intent.quantity, price: intent.price, isReduceOnly: intent.isReduceOnly,
            clientOrderID: intent.clientOrderID.text)
        call(
            { [self] () throws(ExchangeError) in
                let order = try desk.place(parameters, wall: time.wallNow)
                acceptances[intent.clientOrderID.text, default: 0] += 1
                return SimulatedVenue.record(order)
            }, answered)
    }

    /// An order of the account that none of our processes sent.
    /// - Returns: whether the exchange took it.
    package func tradeByHand(_ symbol: Symbol, _ side: Side, _ quantity: Quantity) -> Bool {
        let parameters = OrderParameters(
            symbol: symbol, side: side, type: .market, timeInForce: nil, quantity: quantity,
            price: nil, isReduceOnly: false, clientOrderID: "web_\(time.wallNow.milliseconds)")
        let order = try? desk.place(parameters, wall: time.wallNow)
        drain()
        return order != nil
    }

    /// Changes the position without an order, a trade or an event, as only an exchange can.
    package func shift(_ symbol: Symbol, by quantity: Quantity) {
        _ = try? desk.movePosition(symbol, by: quantity, wall: time.wallNow)
        drain()
    }

    private func drain() {
        _ = desk.takeJournal()
        for event in desk.takeEvents() {
            if case .user(let user) = event {
                if let event = SimulatedVenue.translated(user) { onUserEvent?(event) }
            } else {
                var actions: [SocketAction] = []
                hub.publish(event, desk, &actions)
                perform(actions)
            }
        }
    }

    // MARK: market streams

    /// Opens a market stream; frames and the end come in drawn times, frames in order.
    package func openSocket(
        path: String, onFrame: @escaping ([UInt8]) -> Void, onClose: @escaping () -> Void
    ) -> Int {
        let number = nextSocket
        nextSocket += 1
        sockets[number] = (onFrame, onClose)
        if !hub.opened(number, path: path, query: []) { closeSocket(number) }
        return number
    }

    /// Ends one market stream, or lets it fall silent for good (T2, T4).
    package func breakMarket(isMute: Bool) {
        guard let number = sockets.keys.sorted().randomElement(using: &time.random) else { return }
        if isMute {
            muted.insert(number)
        } else {
            let socket = sockets[number]
            closeSocket(number)
            socket?.onClose()
        }
    }

    package func closeSocket(_ number: Int) {
        sockets[number] = nil
        muted.remove(number)
        hub.closed(number)
    }

    /// A client's message.
    package func send(_ number: Int, _ bytes: [UInt8]) {
        var actions: [SocketAction] = []
        hub.received(number, bytes.rawSpan, now: time.now, &actions)
        perform(actions)
    }

    private func perform(_ actions: [SocketAction]) {
        for action in actions {
            switch action {
            case .send(let number, let bytes), .sendBinary(let number, let bytes):
                if muted.contains(number), !bytes.starts(with: "{\"result\"".utf8) { continue }
                time.after(.milliseconds(2)) { [self] in sockets[number]?.onFrame(bytes) }
            case .broadcast(let numbers, let bytes, _):
                for number in numbers {
                    time.after(.milliseconds(2)) { [self] in sockets[number]?.onFrame(bytes) }
                }
            case .close(let number, _, _):
                let socket = sockets[number]
                closeSocket(number)
                time.after(.milliseconds(2)) { socket?.onClose() }
            }
        }
    }

    // MARK: translation

    package static func record(_ order: FuturesOrder) -> VenueOrder {
        var record = VenueOrder(
            symbol: order.symbol, orderID: order.orderID, clientOrderID: order.clientOrderID,
            side: order.side, status: order.status)
        record.type = order.type.rawValue
        record.timeInForce = order.timeInForce.rawValue
        record.price = order.price
        record.quantity = order.quantity
        record.executedQuantity = order.executed
        record.averagePrice = order.averagePrice
        record.executedNotional = order.cumulativeQuote
        record.isReduceOnly = order.isReduceOnly
        record.positionSide = "BOTH"
        record.createdMilliseconds = order.createdAtMilliseconds
        record.updatedMilliseconds = order.updatedAtMilliseconds
        return record
    }

    package static func fill(_ trade: FuturesTrade, isRESTForm: Bool) -> Fill {
        Fill(
            symbol: trade.symbol, tradeID: trade.tradeID, orderID: trade.orderID,
            clientOrderID: isRESTForm ? "" : trade.clientOrderID, side: trade.side,
            price: trade.price, quantity: trade.quantity, fee: trade.fee, feeAsset: "USDT",
            isMaker: trade.isMaker, timeMilliseconds: trade.timeMilliseconds)
    }

    private static func translated(
        _ event: FuturesExchange.UserEvent
    ) -> VenueProtocol.UserEvent? {
        switch event {
        case .tradeLite(let trade, let order):
            return .tradeLite(
                TradeLite(
                    symbol: trade.symbol, clientOrderID: order.clientOrderID,
                    orderID: trade.orderID, tradeID: trade.tradeID, side: trade.side,
                    lastPrice: trade.price, lastQuantity: trade.quantity, isMaker: trade.isMaker,
                    transactionMilliseconds: trade.timeMilliseconds))
        case .orderUpdate(let order, let execution, let trade, _, _, let at):
            var update = OrderUpdate(
                order: record(order), execution: ExecutionKind(execution.rawValue))
            update.order.updatedMilliseconds = at
            update.eventMilliseconds = at
            if let trade {
                update.tradeID = trade.tradeID
                update.lastQuantity = trade.quantity
                update.lastPrice = trade.price
                update.commission = trade.fee
                update.commissionAsset = "USDT"
                update.isMaker = trade.isMaker
                update.realizedProfit = trade.realised
            }
            return .order(update)
        case .accountUpdate(let update, let at):
            var account = VenueProtocol.AccountUpdate()
            account.reason = update.reason.rawValue
            account.transactionMilliseconds = at
            account.positions = update.positions.map {
                VenueProtocol.AccountUpdate.Position(
                    symbol: $0.symbol, quantity: $0.holding.quantity)
            }
            return .account(account)
        case .leverageChanged, .multiAssetsChanged, .marginCall, .algoUpdate,
            .triggerRejected:
            return nil
        case .listenKeyExpired: return .listenKeyExpired
        }
    }
}

/// How often things go wrong, in one of a thousand.
package struct SimulationFaults: Sendable {
    package var lostRequests = 0
    package var lostAnswers = 0
    /// Pub/sub messages lost or doubled.
    package var lostMessages = 0
    package var doubledMessages = 0
    /// Chances a second.
    package var gatewayCrashes = 0
    package var riskCrashes = 0
    package var feedCrashes = 0
    package var syncCrashes = 0
    package var redisOutages = 0
    package var streamBreaks = 0
    package var marketBreaks = 0
    package var marketMutes = 0

    package init() {}

    /// A swarm: each kind of fault is on in some runs and off in others.
    package static func drawn(_ time: SimulatedTime) -> SimulationFaults {
        var faults = SimulationFaults()
        let draw = { (rates: [Int]) in rates.randomElement(using: &time.random) ?? 0 }
        faults.lostRequests = draw([0, 0, 10, 60])
        faults.lostAnswers = draw([0, 0, 10, 60])
        faults.lostMessages = draw([0, 0, 20, 200])
        faults.doubledMessages = draw([0, 0, 20, 200])
        faults.gatewayCrashes = draw([0, 30, 100])
        faults.riskCrashes = draw([0, 30, 100])
        faults.feedCrashes = draw([0, 30, 100])
        faults.syncCrashes = draw([0, 30, 100])
        faults.redisOutages = draw([0, 0, 30, 60])
        faults.streamBreaks = draw([0, 30, 100])
        faults.marketBreaks = draw([0, 30, 100])
        faults.marketMutes = draw([0, 10, 30])
        return faults
    }

    /// Nothing goes wrong any more.
    package mutating func heal() { self = SimulationFaults() }
}

package import BusProtocol
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
package import OrderGatewayService
import Orders
import Positions
import Trading
import VenueProtocol

/// order-gateway's desk with its actions carried out on the simulated Redis and venue.
package final class GatewayActor {
    package private(set) var desk: GatewayDesk
    private let time: SimulatedTime
    private let server: SimulatedServer
    private let venue: SimulatedVenue
    private let keys: BusKeys
    private let connection: SimulatedConnection
    private var isAlive = true
    private var fence: Int64 = 0
    private var wakeNumber = 0
    private var streamNumber = 0
    private var lastEvent = Instant.distantPast
    /// Takes alerts; for failing runs.
    package var onAlert: (String) -> Void = { _ in }

    package init(
        time: SimulatedTime, server: SimulatedServer, venue: SimulatedVenue, keys: BusKeys
    ) {
        self.time = time
        self.server = server
        self.venue = venue
        self.keys = keys
        desk = GatewayDesk(settings: GatewaySettings(writer: "order-gateway:simulated"))
        connection = server.connect()
        connection.subscriptions = [keys.commandChannel(.orderGateway)]
        connection.onUp = { [weak self] in self?.tell(.redisUp) }
        connection.onDown = { [weak self] in self?.tell(.redisDown) }
        connection.onMessage = { [weak self] channel, message in
            if channel == keys.commandChannel(.orderGateway) {
                self?.commandReceived(message)
            } else {
                self?.tickReceived(message)
            }
        }
        if connection.isUp { time.after(.milliseconds(1)) { [self] in tell(.redisUp) } }
        takeLease()
    }

    /// Ends at this instant; what it asked for goes on without it.
    package func kill() {
        isAlive = false
        streamNumber += 1
        venue.onUserEvent = nil
        server.disconnect(connection)
    }

    /// The lease of its forerunner has lapsed: take it.
    private func takeLease() {
        time.after(.milliseconds(300)) { [self] in
            guard isAlive else { return }
            let name = keys.fence("gateway")
            connection.request({ data in
                let next = (data.strings[name].flatMap { Int64($0) } ?? 0) + 1
                data.strings[name] = "\(next)"
                return next
            }) { [self] outcome in
                if case .answer(let number) = outcome {
                    fence = number
                    tell(.leaseGained(fence: number))
                } else {
                    takeLease()
                }
            }
        }
    }

    /// The user stream breaks: events are lost until its keeper has opened it again.
    package func breakStream() {
        guard venue.onUserEvent != nil else { return }
        venue.onUserEvent = nil
        streamNumber += 1
        tell(.streamClosed)
        time.after(time.between(.milliseconds(100), .seconds(2))) { [weak self] in
            self?.openStream()
        }
    }

    private func commandReceived(_ message: String) {
        guard let command = try? Command.decode(Array(message.utf8).rawSpan) else { return }
        tell(.command(command))
    }

    private func tickReceived(_ message: String) {
        guard isAlive, let (name, tick) = try? Tick.decode(Array(message.utf8).rawSpan),
            let symbol = Symbol(name)
        else { return }
        var actions: [GatewayAction] = []
        desk.ticked(
            symbol, bid: tick.bid, ask: tick.ask, now: time.now, wall: time.wallNow, &actions)
        for action in actions { perform(action) }
    }

    private func tell(_ event: GatewayEvent) {
        guard isAlive else { return }
        var actions: [GatewayAction] = []
        desk.handle(event, now: time.now, wall: time.wallNow, &actions)
        for action in actions { perform(action) }
    }

    // MARK: actions

    private func perform(_ action: GatewayAction) {
        switch action {
        case .load(let generation, let known): load(generation, known)
        case .saveIntent(let record, let fence):
            let call = OrderScript.call(
                record, isDone: false, keys: keys, fenceName: "gateway", fence: fence)
            save(.intent, call) { .intentReplied(record.intent.clientOrderID, $0) }
        case .saveOrder(let record, let isDone, let fence, let token):
            let call = OrderScript.call(
                record, isDone: isDone, keys: keys, fenceName: "gateway", fence: fence)
            save(.update, call) {
                .orderSaved(record.intent.clientOrderID, token: token, $0)
            }
        case .applyLedger(let command, let fence): applyLedger(command, fence)
        case .applyShared(let command, let fence): applyShared(command, fence)
        case .saveAccount(let record, let fence, let request):
            let call = RecordScript.call(record, keys: keys, fenceName: "gateway", fence: fence)
            saveRecord(.account, call) { .accountSaved(request: request, $0) }
        case .saveState(let record, let account, let fence, let request):
            let call = RecordScript.call(
                record, account: account, keys: keys, fenceName: "gateway", fence: fence)
            saveRecord(.state, call) { .stateSaved(request: request, $0) }
        case .saveAlgo(let record, let isOver, let fence, let token):
            let call = AlgoScript.call(
                record, isOver: isOver, keys: keys, fenceName: "gateway", fence: fence)
            saveRecord(.algo, call) { .algoSaved(record.id, token: token, $0) }
        case .saveHoldings: break
        case .watchTicks(let symbols):
            connection.subscriptions = Set(
                [keys.commandChannel(.orderGateway)] + symbols.map { keys.tickChannel($0) })
        case .readFacts(let id, let account, let symbol):
            connection.request({ self.facts($0, account, symbol) }) { [self] outcome in
                if case .answer(let facts) = outcome {
                    tell(.factsRead(id, facts))
                } else {
                    tell(.factsRead(id, nil))
                }
            }
        case .readOrder(let id): readOrder(id)
        case .readBooks(let symbol, _): readBooks(symbol)
        case .readOwner(let lease): readOwner(lease)
        case .journal(let entry):
            time.after(.milliseconds(1)) { [weak self] in
                self?.tell(.journalled(key: entry.key, isKept: true))
            }
        case .journalSettled: break
        case .reply(let reply, let from):
            let text = String(decoding: reply.encoded(), as: UTF8.self)
            let channel = keys.replyChannel(from)
            connection.request({ [server] _ in server.publish(channel, text) }) { _ in }
        case .alert(let code, let text, _): onAlert("\(code): \(text)")
        case .send, .cancel, .cancelStranger, .amend, .queryOrder, .queryOpenOrders, .queryTrades,
            .queryRecentOrders, .verifyHalt, .queryHoldings, .queryPositions, .openStream:
            askVenue(action)
        case .surrenderLease:
            tell(.leaseLost)
            takeLease()
        case .wake(let at):
            wakeNumber += 1
            let mine = wakeNumber
            time.after(max(.zero, at - time.now)) { [self] in
                if mine == wakeNumber { tell(.woke) }
            }
        }
    }

    private func save(
        _ script: SimulatedRedis.Script, _ call: ScriptCall,
        _ event: @escaping (SaveReply) -> GatewayEvent
    ) {
        connection.request({ $0.run(script, call) }) { [self] outcome in
            switch outcome {
            case .refused: tell(event(.refused))
            case .unknown: tell(event(.unknown))
            case .answer(let texts):
                switch try? OrderScript.reply(texts) {
                case .saved: tell(event(.saved))
                case .exists(let record): tell(event(.exists(record)))
                case .fenced: tell(event(.fenced))
                case .wrong(let what): tell(event(.wrong(what)))
                case nil: tell(event(.wrong("unreadable")))
                }
            }
        }
    }

    private func saveRecord(
        _ script: SimulatedRedis.Script, _ call: ScriptCall,
        _ event: @escaping (SaveReply) -> GatewayEvent
    ) {
        connection.request({ $0.run(script, call) }) { [self] outcome in
            switch outcome {
            case .refused: tell(event(.refused))
            case .unknown: tell(event(.unknown))
            case .answer(let texts):
                switch try? RecordScript.reply(texts) {
                case .saved: tell(event(.saved))
                case .exists: tell(event(.exists(nil)))
                case .fenced: tell(event(.fenced))
                case .wrong(let what): tell(event(.wrong(what)))
                case nil: tell(event(.wrong("unreadable")))
                }
            }
        }
    }

    private func applyLedger(_ command: LedgerCommand, _ fence: Int64) {
        let call = LedgerScript.call(
            command, keys: keys, fenceName: "gateway", fence: fence,
            writer: "order-gateway:simulated", nowMilliseconds: time.wallNow.milliseconds)
        connection.request({ $0.run(.ledger, call) }) { [self] outcome in
            switch outcome {
            case .refused: tell(.ledgerReplied(token: command.token, .refused))
            case .unknown: tell(.ledgerReplied(token: command.token, .unknown))
            case .answer(let texts):
                let reply = (try? LedgerScript.reply(texts)) ?? .wrong("unreadable")
                tell(.ledgerReplied(token: command.token, reply))
            }
        }
    }

    private func applyShared(_ command: SharedCommand, _ fence: Int64) {
        let call = SharedTradeScript.call(
            command, keys: keys, fenceName: "gateway", fence: fence,
            writer: "order-gateway:simulated", nowMilliseconds: time.wallNow.milliseconds)
        connection.request({ $0.run(.shared, call) }) { [self] outcome in
            switch outcome {
            case .refused: tell(.sharedReplied(token: command.token, .refused))
            case .unknown: tell(.sharedReplied(token: command.token, .unknown))
            case .answer(let texts):
                let reply = (try? SharedTradeScript.reply(texts)) ?? .wrong("unreadable")
                tell(.sharedReplied(token: command.token, reply))
            }
        }
    }

    private func readOrder(_ id: ClientOrderID) {
        let key = keys.order(id.text)
        connection.request({ $0.hashes[key] }) { [self] outcome in
            guard case .answer(let fields) = outcome else {
                tell(.orderRead(id, .failed))
                return
            }
            guard let fields else {
                tell(.orderRead(id, .missing))
                return
            }
            let record = try? OrderRecord(fields: fields)
            tell(.orderRead(id, record.map { .found($0) } ?? .failed))
        }
    }

    private func readBooks(_ symbol: Symbol) {
        let askedAt = time.now
        connection.request({ data in
            var books: [AccountID: Position] = [:]
            for (key, fields) in data.hashes where key.hasPrefix("\(self.keys.prefix)position:") {
                guard key.hasSuffix(":\(symbol)"), let record = try? PositionRecord(fields: fields),
                    let account = AccountID(String(key.split(separator: ":").dropLast().last ?? ""))
                else { continue }
                books[account] = Position(
                    quantity: record.quantity, entryPrice: record.entryPrice,
                    realised: record.realised, fees: record.fees, version: record.version)
            }
            return books
        }) { [self] outcome in
            var books: [AccountID: Position]?
            if case .answer(let found) = outcome { books = found }
            tell(.booksRead(symbol, askedAt: askedAt, books))
        }
    }

    private func readOwner(_ lease: String) {
        let (lock, fence) = (keys.lock(lease), keys.fence(lease))
        connection.request({ data -> OwnerReading in
            guard let until = data.expiries[lock], until > self.time.now,
                let number = data.strings[fence].flatMap({ Int64($0) })
            else { return .free }
            return .held(fence: number, left: until - self.time.now)
        }) { [self] outcome in
            if case .answer(let reading) = outcome {
                tell(.ownerRead(lease: lease, reading))
            } else {
                tell(.ownerRead(lease: lease, .failed))
            }
        }
    }

    // MARK: reading the whole

    private func load(_ generation: Int64, _ known: [ClientOrderID]) {
        connection.request({ self.snapshot($0, known) }) { [self] outcome in
            if case .answer(let snapshot) = outcome {
                tell(.loaded(generation: generation, snapshot))
            } else {
                tell(.loadFailed(generation: generation, "redis is away"))
            }
        }
    }

    private func facts(
        _ data: SimulatedRedis, _ account: AccountID, _ symbol: Symbol
    ) -> MarketFacts {
        let price = data.hashes[keys.price(symbol)].flatMap { try? PriceRecord(fields: $0) }
        let risk = data.hashes[keys.risk(account)].flatMap { try? RiskRecord(fields: $0) }
        let instrument = data.hashes[keys.instrument(symbol)].flatMap {
            try? InstrumentRecord.instrument(fields: $0)
        }
        var facts = MarketFacts(
            price: price.map {
                PriceFacts(
                    bid: $0.bid, ask: $0.ask, mark: $0.mark,
                    at: WallTime(milliseconds: min($0.bookMilliseconds, $0.markMilliseconds)))
            },
            risk: risk.map {
                RiskFacts(
                    available: $0.available, at: WallTime(milliseconds: $0.stamp.atMilliseconds))
            }, riskSequence: risk?.ledgerSequence ?? 0, instrument: instrument)
        facts.reducing = data.hashes[keys.reducing]?[symbol.name]
        return facts
    }

    private func snapshot(_ data: SimulatedRedis, _ known: [ClientOrderID]) -> GatewaySnapshot {
        var snapshot = GatewaySnapshot()
        for name in (data.sets[keys.accounts] ?? []).sorted() {
            guard let id = AccountID(name),
                let record = data.hashes[keys.account(id)].flatMap({
                    try? AccountRecord(fields: $0)
                })
            else { continue }
            snapshot.accounts.append(record)
        }
        for id in (data.sets[keys.algos] ?? []).sorted() {
            guard let fields = data.hashes[keys.algo(id)],
                let record = try? AlgoRecord(fields: fields)
            else { continue }
            snapshot.algos.append(record)
        }
        for id in snapshot.accounts.map(\.id) + [.external] {
            if let balance = data.hashes[keys.balance(id)].flatMap({
                try? BalanceRecord(fields: $0)
            }) {
                snapshot.balances[id] = BookBalance(
                    deposits: balance.deposits, realised: balance.realised, fees: balance.fees,
                    funding: balance.funding, version: balance.version)
            }
            for (key, fields) in data.hashes where key.hasPrefix("\(keys.prefix)position:\(id):") {
                guard let record = try? PositionRecord(fields: fields),
                    let symbol = Symbol(String(key.split(separator: ":").last ?? ""))
                else { continue }
                snapshot.positions[id, default: [:]][symbol] = Position(
                    quantity: record.quantity, entryPrice: record.entryPrice,
                    realised: record.realised, fees: record.fees, version: record.version)
            }
        }
        for (key, fields) in data.hashes where key.hasPrefix("\(keys.prefix)instrument:") {
            if let instrument = try? InstrumentRecord.instrument(fields: fields) {
                snapshot.instruments.append(instrument)
            }
        }
        snapshot.instruments.sort { $0.symbol < $1.symbol }
        if let newest = data.streams[keys.orders]?.last,
            let at = newest.fields.first(where: { $0.0 == "at_ms" })
        {
            snapshot.newestMilliseconds = Int64(at.1) ?? 0
        }
        let open = data.sets[keys.openOrders] ?? []
        for id in open.sorted() {
            if let record = data.hashes[keys.order(id)].flatMap({ try? OrderRecord(fields: $0) }) {
                snapshot.openOrders.append(record)
            }
        }
        for id in known where !open.contains(id.text) {
            if let record = data.hashes[keys.order(id.text)].flatMap({
                try? OrderRecord(fields: $0)
            }) {
                snapshot.closedOrders.append(record)
            }
        }
        for (key, members) in data.scores where key.hasPrefix("\(keys.prefix)trades:") {
            guard let symbol = Symbol(String(key.split(separator: ":").last ?? "")) else {
                continue
            }
            snapshot.appliedTrades[symbol] = members.keys.compactMap { Int64($0) }.sorted()
                .suffix(500)
        }
        return snapshot
    }

    // MARK: the venue

    private func askVenue(_ action: GatewayAction) {
        switch action {
        case .send(let intent):
            venue.place(intent) { [self] in tell(.sendAnswered(intent.clientOrderID, sent($0))) }
        case .cancel(let id, let symbol):
            venue.call({ [venue, time] () throws(ExchangeError) in
                SimulatedVenue.record(
                    try venue.desk.cancel(
                        symbol, clientOrderID: id.text, wall: time.wallNow))
            }) { [self] in tell(.cancelAnswered(id, cancelled($0))) }
        case .amend(let intent, let wanted):
            venue.call({ [venue, time] () throws(ExchangeError) in
                SimulatedVenue.record(
                    try venue.desk.amend(
                        AmendParameters(
                            symbol: intent.symbol, side: intent.side,
                            clientOrderID: intent.clientOrderID.text, quantity: wanted.quantity,
                            price: wanted.price), wall: time.wallNow))
            }) { [self] in tell(.amendAnswered(intent.clientOrderID, amended($0))) }
        case .queryOrder(let id, let symbol): query(id, symbol)
        case .queryOpenOrders(let generation):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.openOrders().map(SimulatedVenue.record)
            }) { [self] in tell(.openOrdersAnswered(generation: generation, try? $0.get())) }
        case .cancelStranger(let name, let symbol):
            venue.call({ [venue, time] () throws(ExchangeError) in
                _ = try venue.desk.cancel(symbol, clientOrderID: name, wall: time.wallNow)
            }) { _ in }
        case .verifyHalt(let request):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.openOrders().map(SimulatedVenue.record)
            }) { [self] in tell(.haltVerified(request: request, try? $0.get())) }
        case .queryPositions:
            let askedAt = time.now
            venue.call({ [venue] () throws(ExchangeError) in
                var nets: [Symbol: Quantity] = [:]
                for position in venue.desk.positionRisk() {
                    nets[position.symbol] = position.holding.quantity
                }
                return nets
            }) { [self] in tell(.positionsAnswered(askedAt: askedAt, try? $0.get())) }
        case .queryHoldings(let generation): tell(.holdingsAnswered(generation: generation, []))
        case .queryTrades(let symbol, let fromID, let generation):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.userTrades(symbol, fromID: fromID ?? 0, limit: 100_000).map {
                    SimulatedVenue.fill($0, isRESTForm: true)
                }
            }) { [self] in
                tell(.tradesAnswered(symbol, generation: generation, try? $0.get()))
            }
        case .queryRecentOrders(let symbol, let since, let generation):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.orders(symbol, since: since).map(SimulatedVenue.record)
            }) { [self] in
                tell(.recentOrdersAnswered(symbol, generation: generation, try? $0.get()))
            }
        case .openStream: openStream()
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readOwner, .reply, .alert, .surrenderLease,
            .wake, .journal, .journalSettled, .saveAlgo, .saveHoldings, .watchTicks:
            preconditionFailure("only actions on the venue come here")
        }
    }

    private func sent(
        _ result: Result<VenueOrder, SimulatedVenue.CallError>
    ) -> SendOutcome {
        switch result {
        case .success(let order): .accepted(order)
        case .failure(.silence): .unknown("no answer")
        case .failure(.refused(let error)):
            error.code == -4116
                ? .duplicate : .rejected(code: Int(error.code), error.message)
        }
    }

    private func cancelled(
        _ result: Result<VenueOrder, SimulatedVenue.CallError>
    ) -> CancelOutcome {
        switch result {
        case .success(let order): .accepted(order)
        case .failure(.silence): .unknown
        case .failure(.refused(let error)):
            error.code == -2011 ? .notFound : .rejected(code: Int(error.code), error.message)
        }
    }

    private func amended(
        _ result: Result<VenueOrder, SimulatedVenue.CallError>
    ) -> AmendOutcome {
        switch result {
        case .success(let order): .accepted(order)
        case .failure(.silence): .unknown
        case .failure(.refused(let error)):
            error.code == -2013 || error.code == -5027
                ? .unknown : .rejected(code: Int(error.code), error.message)
        }
    }

    private func query(_ id: ClientOrderID, _ symbol: Symbol) {
        let askedAt = time.now
        venue.call({ [venue] () throws(ExchangeError) in
            SimulatedVenue.record(try venue.desk.query(symbol, clientOrderID: id.text))
        }) { [self] (result: Result<VenueOrder, SimulatedVenue.CallError>) in
            let outcome: QueryOutcome
            switch result {
            case .success(let order): outcome = .found(order)
            case .failure(.refused(let error)) where error.code == -2013: outcome = .notFound
            case .failure: outcome = .failed
            }
            tell(.orderAnswered(id, askedAt: askedAt, outcome))
        }
    }

    /// The event in the terms of all venues.
    private static func news(_ event: VenueProtocol.UserEvent) -> VenueEvent {
        switch event {
        case .order(let update): .order(update)
        case .listenKeyExpired: .streamEnded
        case .control(let reply): .control(reply)
        case .tradeLite, .account: .futures(event)
        case .other(let name): .other(name)
        }
    }

    private func openStream() {
        streamNumber += 1
        let mine = streamNumber
        venue.onUserEvent = nil
        time.after(time.between(.milliseconds(5), .milliseconds(100))) { [self] in
            guard isAlive, mine == streamNumber else { return }
            venue.onUserEvent = { [weak self] event in
                guard let self else { return }
                lastEvent = max(
                    lastEvent, time.now + time.between(.microseconds(200), .milliseconds(15)))
                time.after(lastEvent - time.now) { [self] in
                    if mine == streamNumber { tell(.user(GatewayActor.news(event))) }
                }
            }
            tell(.streamOpened)
        }
    }
}

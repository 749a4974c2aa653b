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
    let time: SimulatedTime
    let server: SimulatedServer
    let venue: SimulatedVenue
    let keys: BusKeys
    let connection: SimulatedConnection
    var isAlive = true
    private var fence: Int64 = 0
    private var wakeNumber = 0
    var streamNumber = 0
    var lastEvent = Instant.distantPast
    /// Takes alerts; for failing runs.
    package var onAlert: (String) -> Void = { _ in }

    /// - Parameter number: tells the processes of a story apart, as their instance names do.
    package init(
        time: SimulatedTime, server: SimulatedServer, venue: SimulatedVenue, keys: BusKeys,
        number: Int
    ) {
        self.time = time
        self.server = server
        self.venue = venue
        self.keys = keys
        desk = GatewayDesk(settings: GatewaySettings(writer: "order-gateway:simulated-\(number)"))
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

    func tell(_ event: GatewayEvent) {
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
        case .readIDs(let number): readIDs(number)
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
        case .send(let intent) where hasLapsed:
            let id = intent.clientOrderID
            time.after(.microseconds(10)) { [weak self] in
                self?.tell(.sendAnswered(id, .notSent("the lease has lapsed")))
            }
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

    /// A lease ends by its holder's clock before another can take it: just before an order leaves, the
    /// gateway looks at that (`GatewayService.objection`).
    private var hasLapsed: Bool { server.data.strings[keys.fence("gateway")] != "\(fence)" }

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

    private func readIDs(_ number: Int64) {
        let prefix = keys.order("")
        connection.request({ data in
            data.hashes.keys.filter { $0.hasPrefix(prefix) }
                .compactMap { ClientOrderID(String($0.dropFirst(prefix.count))) }
        }) { [self] outcome in
            var page: IDPage?
            if case .answer(let ids) = outcome { page = IDPage(ids, isLast: true) }
            tell(.idsRead(number, page))
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
}

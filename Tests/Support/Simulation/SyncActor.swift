package import BusProtocol
package import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
package import PositionSyncService
import Positions
import Trading
import VenueProtocol

/// position-sync's desk with its actions carried out on the simulated Redis and venue.
package final class SyncActor {
    package let desk: SyncDesk
    private let time: SimulatedTime
    private let server: SimulatedServer
    private let venue: SimulatedVenue
    private let keys: BusKeys
    private let connection: SimulatedConnection
    private var isAlive = true
    /// Takes the codes of alerts.
    package var onAlert: (String) -> Void = { _ in }
    private let writer = "position-sync:simulated"

    package init(
        time: SimulatedTime, server: SimulatedServer, venue: SimulatedVenue, keys: BusKeys,
        interval: Interval
    ) {
        self.time = time
        self.server = server
        self.venue = venue
        self.keys = keys
        desk = SyncDesk(writer: writer, interval: interval)
        connection = server.connect()
        connection.onUp = { [weak self] in self?.tell(.redisUp) }
        connection.onDown = { [weak self] in self?.tell(.redisDown) }
        time.after(.milliseconds(1)) { [self] in
            if connection.isUp { tell(.redisUp) }
        }
        takeLease()
        wake()
    }

    package func kill() {
        isAlive = false
        server.disconnect(connection)
    }

    private func takeLease() {
        let name = keys.fence("sync")
        time.after(.milliseconds(300)) { [self] in
            guard isAlive else { return }
            connection.request({ data in
                let next = (data.strings[name].flatMap { Int64($0) } ?? 0) + 1
                data.strings[name] = "\(next)"
                return next
            }) { [self] outcome in
                if case .answer(let number) = outcome {
                    tell(.leaseGained(fence: number))
                } else {
                    takeLease()
                }
            }
        }
    }

    private func wake() {
        guard isAlive else { return }
        if desk.nextWake <= time.now { tell(.woken) }
        time.after(.milliseconds(200)) { [weak self] in self?.wake() }
    }

    private func tell(_ event: SyncEvent) {
        guard isAlive else { return }
        var actions: [SyncAction] = []
        desk.handle(event, now: time.now, wall: time.wallNow, &actions)
        for action in actions { perform(action) }
    }

    private func perform(_ action: SyncAction) {
        switch action {
        case .readBooks(let number): read(number, { self.books($0) }) { .booksRead(number, $0) }
        case .askVenue(let number):
            ask(
                number,
                { [venue] in
                    SyncVenue(
                        rows: venue.desk.positionRisk().map {
                            SyncVenue.Row(
                                symbol: $0.symbol, side: "BOTH", quantity: $0.holding.quantity,
                                mark: $0.mark, entryPrice: $0.holding.entryPrice)
                        }, orders: venue.desk.openOrders().map(\.clientOrderID),
                        wallet: venue.desk.balance().wallet)
                }
            ) { .venueRead(number, $0) }
        case .readAnchors(let number, let symbol, let before):
            let key = keys.trades(symbol)
            read(
                number,
                { data in
                    let members = (data.scores[key] ?? [:]).compactMap { text, at in
                        TradeLeg.legs(in: text).first.map { (id: $0.tradeID, at: at) }
                    }
                    return TradeAnchors(
                        first: members.map(\.id).min(),
                        settled: members.filter { $0.at < before.milliseconds }.map(\.id).max())
                }
            ) { .anchorsRead(number, $0) }
        case .askTrades(let number, let symbol, let fromID):
            ask(
                number,
                { [venue] in
                    venue.desk.userTrades(symbol, fromID: fromID, limit: SyncLimits.tradePage)
                        .map { SimulatedVenue.fill($0, isRESTForm: true) }
                }
            ) { .tradesRead(number, $0, isFull: $0.count == SyncLimits.tradePage) }
        case .checkTrades(let number, let symbol, let legs):
            let key = keys.trades(symbol)
            read(
                number,
                { data in
                    Set(legs.filter { data.scores[key]?[$0.text] != nil })
                }
            ) { .tradesChecked(number, applied: $0) }
        case .askOrder(let number, let symbol, let orderID):
            venue.call({ [venue] () throws(ExchangeError) in
                try venue.desk.query(symbol, orderID: orderID).clientOrderID
            }) { [self] (result: Result<String, SimulatedVenue.CallError>) in
                switch result {
                case .success(let id): tell(.orderRead(number, clientOrderID: id))
                case .failure(.refused): tell(.orderRead(number, clientOrderID: nil))
                case .failure(.silence): failed(number)
                }
            }
        case .readRecord(let number, let id):
            let key = keys.order(id.text)
            read(number, { $0.hashes[key].flatMap { try? OrderRecord(fields: $0) } }) {
                .recordRead(number, $0)
            }
        case .apply(let command, let fence): apply(command, fence)
        case .applyShared(let command, let fence): apply(command, fence)
        case .readFunding(let number, let since): readFunding(number, since)
        case .alert(let alert): onAlert(alert.code)
        case .reduce(let symbol, let why):
            connection.request({ [keys] in $0.hashes[keys.reducing, default: [:]][symbol.name] = why
            }) { _ in }
        case .release(let symbol):
            connection.request({ [keys] in $0.hashes[keys.reducing]?[symbol.name] = nil }) { _ in }
        case .saveOffset(let offset):
            connection.request({ [keys] in
                $0.hashes[keys.sync, default: [:]]["money_offset"] = offset.text
            }) { _ in }
        case .report, .readTransfer, .reply: return
        }
    }

    private func readFunding(_ number: UInt64, _ since: Int64) {
        venue.call({ [venue] () throws(ExchangeError) in
            venue.desk.incomes.filter { $0.kind == .funding && $0.timeMilliseconds >= since }
        }) { [self] (result: Result<[Income], SimulatedVenue.CallError>) in
            guard case .success(let incomes) = result else { return failed(number) }
            let payments = incomes.compactMap { income in
                income.symbol.map {
                    FundingPayment(
                        symbol: $0, amount: income.amount, asset: "USDT",
                        transactionID: income.number, timeMilliseconds: income.timeMilliseconds)
                }
            }
            read(number, { self.reading($0, payments) }) { .fundingRead(number, $0) }
        }
    }

    /// As `FundingReader` reads it.
    private func reading(_ data: SimulatedRedis, _ payments: [FundingPayment]) -> FundingReading {
        var reading = FundingReading(books: books(data))
        var history = FundingHistory()
        for entry in (data.streams[keys.ledger] ?? []).reversed() {
            let fields = Dictionary(entry.fields, uniquingKeysWith: { first, _ in first })
            if let read = try? LedgerEntry(fields: fields) { history.entries.append(read) }
        }
        for payment in payments.sorted(by: { $0.timeMilliseconds < $1.timeMilliseconds })
        where data.scores[keys.trades(payment.symbol)]?["funding:\(payment.transactionID)"] == nil {
            if let funding = history.funding(payment, reading.books) {
                reading.payments.append(funding)
            }
        }
        if reading.payments.isEmpty { reading.bookedUntil = payments.last?.timeMilliseconds }
        return reading
    }

    private func failed(_ number: UInt64) {
        tell(.failed(number, reason: "no answer", retryAfter: .zero))
    }

    private func read<Answer>(
        _ number: UInt64, _ body: @escaping (SimulatedRedis) -> Answer,
        _ event: @escaping (Answer) -> SyncEvent
    ) {
        connection.request(body) { [self] outcome in
            if case .answer(let answer) = outcome { tell(event(answer)) } else { failed(number) }
        }
    }

    private func ask<Answer>(
        _ number: UInt64, _ body: @escaping () -> Answer,
        _ event: @escaping (Answer) -> SyncEvent
    ) {
        venue.call({ () throws(ExchangeError) in body() }) { [self] result in
            if case .success(let answer) = result { tell(event(answer)) } else { failed(number) }
        }
    }

    private func apply(_ command: LedgerCommand, _ fence: Int64) {
        let call = LedgerScript.call(
            command, keys: keys, fenceName: "sync", fence: fence, writer: writer,
            nowMilliseconds: time.wallNow.milliseconds)
        connection.request({ $0.run(.ledger, call) }) { [self] outcome in
            switch outcome {
            case .refused: tell(.ledgerReplied(command.token, .refused))
            case .unknown: tell(.ledgerReplied(command.token, .unknown))
            case .answer(let texts):
                let reply = (try? LedgerScript.reply(texts)) ?? .wrong("unreadable")
                tell(.ledgerReplied(command.token, reply))
            }
        }
    }

    private func apply(_ command: SharedCommand, _ fence: Int64) {
        let call = SharedTradeScript.call(
            command, keys: keys, fenceName: "sync", fence: fence, writer: writer,
            nowMilliseconds: time.wallNow.milliseconds)
        connection.request({ $0.run(.shared, call) }) { [self] outcome in
            switch outcome {
            case .refused: tell(.sharedReplied(command.token, .refused))
            case .unknown: tell(.sharedReplied(command.token, .unknown))
            case .answer(let texts):
                let reply = (try? SharedTradeScript.reply(texts)) ?? .wrong("unreadable")
                tell(.sharedReplied(command.token, reply))
            }
        }
    }

    private func books(_ data: SimulatedRedis) -> SyncBooks {
        var books = SyncBooks(
            sequence: data.strings[keys.ledgerSequence].flatMap { Int64($0) } ?? 0)
        for (code, name) in data.hashes[keys.accountCodes] ?? [:] {
            guard let code = AccountCode(code), let account = AccountID(name) else { continue }
            books.accountsByCode[code] = account
        }
        for account in Set(books.accountsByCode.values).union([.external]) {
            if let fields = data.hashes[keys.balance(account)],
                let record = try? BalanceRecord(fields: fields)
            {
                books.balances[account] = BookBalance(
                    deposits: record.deposits, realised: record.realised, fees: record.fees,
                    funding: record.funding, version: record.version)
            }
        }
        for member in data.sets[keys.books] ?? [] {
            guard let book = BusKeys.book(of: member),
                let fields = data.hashes[keys.position(book.account, book.symbol)],
                let record = try? PositionRecord(fields: fields)
            else { continue }
            books.positions[book.account, default: [:]][book.symbol] = Position(
                quantity: record.quantity, entryPrice: record.entryPrice,
                realised: record.realised, fees: record.fees, version: record.version)
        }
        for symbol in books.symbols {
            let instrument = data.hashes[keys.instrument(symbol)].flatMap {
                try? InstrumentRecord.instrument(fields: $0)
            }
            books.steps[symbol] = instrument?.step
        }
        books.reducing = Set((data.hashes[keys.reducing] ?? [:]).keys.compactMap { Symbol($0) })
        books.moneyOffset = data.hashes[keys.sync]?["money_offset"].flatMap { Money(text: $0) }
        for id in (data.sets[keys.openOrders] ?? []).sorted() {
            if let record = data.hashes[keys.order(id)].flatMap({ try? OrderRecord(fields: $0) }) {
                books.orders.append(record)
            }
        }
        return books
    }
}

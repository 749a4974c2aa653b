package import BusProtocol
import Bytes
import ChaosService
package import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import OrderGatewayService
import Orders
import PositionSyncService
import Quotes
import RiskEngineService
package import Trading

/// All desks on one simulated bus, store and venue, with a client that asks for orders.
package final class SimulatedWorld {
    package let time: SimulatedTime
    package let server: SimulatedServer
    package let venue: SimulatedVenue
    package let keys: BusKeys
    package private(set) var gateway: GatewayActor
    package private(set) var risk: RiskActor
    package private(set) var sync: SyncActor
    package private(set) var feed: FeedActor
    /// Answers by code; a run in which nothing is accepted proves nothing.
    package private(set) var answers: [String: Int] = [:]
    /// Faults by name.
    package private(set) var faultCounts: [String: Int] = [:]
    package private(set) var alerts: [String: Int] = [:]

    /// Whether the story lets books and exchange come apart without a trade. Where it does not, whatever
    /// position-sync corrects or misses money for is a mistake of ours.
    package var hasUnexplained = false

    private let client: SimulatedConnection
    let accounts: [AccountID]
    private var asked: [(id: String, body: [String: String])] = []
    private var expected: Set<String> = []
    private var isAsking = true
    /// Whether faults are drawn while nothing is asked.
    var isBreaking = false
    private var number = 0
    private var gateways = 1
    /// Of the owner that some orders live for.
    var isOwning = false
    var ownerFence: Int64 = 0
    var overstays: [String] = []

    package init(seed: UInt64, accounts names: [String] = ["alpha", "beta", "gamma"]) {
        accounts = names.compactMap(AccountID.init)
        time = SimulatedTime(seed: seed)
        server = SimulatedServer(time: time)
        guard let venueID = VenueID("simulated") else {
            preconditionFailure("the simulated venue has a name")
        }
        keys = BusKeys(venue: venueID)
        var settings = FuturesSettings()
        settings.seed = seed
        settings.listings = Array(settings.listings.prefix(2))
        venue = SimulatedVenue(settings, time: time)
        gateway = GatewayActor(time: time, server: server, venue: venue, keys: keys, number: 1)
        risk = RiskActor(time: time, server: server, keys: keys)
        sync = SyncActor(
            time: time, server: server, venue: venue, keys: keys, interval: .seconds(8))
        feed = FeedActor(time: time, server: server, venue: venue, keys: keys)
        client = server.connect()
        client.subscriptions = [keys.replyChannel("client")]
        client.onMessage = { [unowned self] _, message in replied(message) }
        watchAlerts()
        venue.start()
        writeBrackets()
        let later = time.wallNow.milliseconds + 86_400_000
        server.data.scores[keys.demand] = Dictionary(
            uniqueKeysWithValues: symbols.map { ($0.name, later) })
        server.data.scores[keys.depthDemand] = [symbols[0].name: later]
    }

    package var symbols: [Symbol] { venue.desk.markets.map(\.symbol) }

    /// Runs a whole story: the stack comes up, orders and faults, then everything heals and settles.
    package func run(faults: SimulationFaults, asking: Interval, settling: Interval) {
        start()
        time.faults = faults
        isOwning = true
        keepOwning()
        keepAsking()
        keepFunding()
        keepBreaking()
        time.run(until: time.now + asking)
        isAsking = false
        isOwning = false
        time.faults.heal()
        time.run(until: time.now + .seconds(15))
        noteOverstays()
        cancelAll()
        time.run(until: time.now + settling)
        cancelAll()
        time.run(until: time.now + .seconds(30))
    }

    /// The stack comes up, and the accounts are made.
    package func start() {
        // The first round may come before the gateway is ready; the second is then a repeat.
        for pause in [Interval.seconds(3), .seconds(1)] {
            for account in accounts {
                let body = AccountBody(account: account, deposit: .whole(20_000)).body
                ask("create-\(account)", .accountCreate, body)
            }
            time.run(until: time.now + pause)
        }
    }

    /// Trades at the venue.
    package var tradeCount: Int {
        symbols.reduce(0) { $0 + venue.desk.userTrades($1, fromID: 0, limit: .max).count }
    }

    /// How the desks stand and what was answered; for the message of a failing run.
    package var condition: String {
        let orders = gateway.desk.workingOrders.map { "\($0.intent.clientOrderID) \($0.state)" }
        return "gateway \(gateway.desk.phase) \(gateway.desk.reasons) \(orders), "
            + "risk \(risk.desk.readiness), sync \(sync.desk.readiness), answers "
            + "\(answers.sorted { $0.key < $1.key }), alerts \(alerts.sorted { $0.key < $1.key })"
    }

    // MARK: the client

    /// Asks order-gateway for something.
    package func ask(_ id: String, _ kind: CommandKind, _ body: [String: String]) {
        let command = Command(
            id: id, from: "client",
            deadlineMilliseconds: (time.wallNow + .seconds(3)).milliseconds, kind: kind.rawValue,
            body: body)
        let text = String(decoding: command.encoded(), as: UTF8.self)
        let channel = keys.commandChannel(.orderGateway)
        client.request({ [server] _ in server.publish(channel, text) }) { _ in }
    }

    private func replied(_ message: String) {
        guard let reply = try? Reply.decode(Array(message.utf8).rawSpan) else { return }
        answers[reply.code, default: 0] += 1
        if let id = reply.body["id"] { expected.insert(id) }
    }

    private func keepAsking() {
        guard isAsking else { return }
        time.after(time.between(.milliseconds(50), .milliseconds(400))) { [self] in
            askSomething()
            keepAsking()
        }
    }

    /// Funding every few seconds, of either sign.
    private func keepFunding() {
        time.after(time.between(.seconds(2), .seconds(9))) { [self] in
            guard isAsking, let symbol = symbols.randomElement(using: &time.random) else { return }
            let rate = Ratio(
                units: Int128.random(in: -5_000_000_000...5_000_000_000, using: &time.random))
            _ = try? venue.desk.fundNow(symbol, rate: rate, wall: time.wallNow)
            keepFunding()
        }
    }

    private func askSomething() {
        let draw = Int.random(in: 0..<100, using: &time.random)
        if draw < 15, let earlier = asked.randomElement(using: &time.random) {
            ask(earlier.id, .orderPlace, earlier.body)
        } else if draw < 35, let earlier = asked.suffix(10).randomElement(using: &time.random) {
            number += 1
            ask("cancel-\(number)", .orderCancel, OrderCancelBody(order: earlier.id).body)
        } else if draw < 45, let earlier = asked.suffix(10).randomElement(using: &time.random) {
            number += 1
            askAmend(earlier)
        } else {
            number += 1
            var wanted = order()
            bound(&wanted, number)
            let body = wanted.body
            asked.append(("order-\(number)", body))
            ask("order-\(number)", .orderPlace, body)
        }
    }

    /// Another size, or one tick of price, for an order asked for earlier.
    private func askAmend(_ earlier: (id: String, body: [String: String])) {
        guard let symbol = earlier.body["symbol"].flatMap({ Symbol($0) }),
            let market = venue.desk.markets.first(where: { $0.symbol == symbol }),
            let quantity = earlier.body["qty"].flatMap({ Quantity(text: $0) }),
            let price = earlier.body["price"].flatMap({ Price(text: $0) })
        else { return }
        let step = market.listing.instrument.step
        let isLarger = Bool.random(using: &time.random)
        let body = OrderAmendBody(
            order: earlier.id, quantity: isLarger ? quantity + step : nil,
            price: price + market.listing.instrument.tick)
        ask("amend-\(number)", .orderAmend, body.body)
    }

    private func order() -> OrderPlaceBody {
        let market = venue.desk.markets[
            Int.random(in: 0..<venue.desk.markets.count, using: &time.random)]
        let instrument = market.listing.instrument
        let side: Side = Bool.random(using: &time.random) ? .buy : .sell
        let lots = Int64.random(in: 1...4, using: &time.random)
        let quantity = Money.whole(150 * lots).divided(by: market.mark, .down)
            .up(to: instrument.step)
        var body = OrderPlaceBody(
            account: accounts[Int.random(in: 0..<accounts.count, using: &time.random)],
            symbol: market.symbol, side: side, type: .market, quantity: quantity)
        if Int.random(in: 0..<100, using: &time.random) < 50 {
            let away = Int64.random(in: -10...20, using: &time.random)
            let offset = instrument.tick.multiplied(byWhole: away)
            body.type = .limit
            body.price = instrument.quantised(
                side == .buy ? market.mark - offset : market.mark + offset, side: side)
        }
        return body
    }

    private func cancelAll() {
        for id in (server.data.sets[keys.openOrders] ?? []).sorted() {
            number += 1
            ask("quiet-\(number)", .orderCancel, OrderCancelBody(order: id).body)
        }
    }

    private func watchAlerts() {
        gateway.onAlert = { [unowned self] text in alerts[text, default: 0] += 1 }
        risk.onAlert = { [unowned self] code in alerts["risk \(code)", default: 0] += 1 }
        sync.onAlert = { [unowned self] code in alerts["sync \(code)", default: 0] += 1 }
    }

    // MARK: processes, begun anew

    package func startGateway() {
        gateways += 1
        gateway = GatewayActor(
            time: time, server: server, venue: venue, keys: keys, number: gateways)
        watchAlerts()
    }

    package func startRisk() {
        risk = RiskActor(time: time, server: server, keys: keys)
        watchAlerts()
    }

    package func startSync() {
        // It takes the lease once, with no standby that would take it from a dead one.
        sync.kill()
        sync = SyncActor(
            time: time, server: server, venue: venue, keys: keys, interval: .seconds(8))
        watchAlerts()
    }

    package func startFeed() {
        feed = FeedActor(time: time, server: server, venue: venue, keys: keys)
    }

    // MARK: faults

    func keepBreaking() {
        guard isAsking || isBreaking else { return }
        time.after(.milliseconds(200)) { [self] in
            breakSomething()
            keepBreaking()
        }
    }

    /// Chances are per second; this is drawn five times a second.
    private func breakSomething() {
        let faults = time.faults
        let strikes = { [time] (rate: Int) in time.chance(rate / 5 + (rate > 0 ? 1 : 0)) }
        if strikes(faults.gatewayCrashes) {
            count("gateway crash")
            gateway.kill()
            restart { $0.startGateway() }
        }
        if strikes(faults.riskCrashes) {
            count("risk crash")
            risk.kill()
            restart { $0.startRisk() }
        }
        if strikes(faults.syncCrashes) {
            count("sync crash")
            sync.kill()
            restart { $0.startSync() }
        }
        if strikes(faults.feedCrashes) {
            count("feed crash")
            feed.kill()
            restart { $0.startFeed() }
        }
        if strikes(faults.redisOutages) {
            count("redis outage")
            server.fail(for: time.between(.milliseconds(50), .seconds(4)))
        }
        if strikes(faults.streamBreaks) {
            count("stream break")
            gateway.breakStream()
        }
        breakMarket(strikes)
    }

    private func breakMarket(_ strikes: (Int) -> Bool) {
        if strikes(time.faults.marketBreaks) {
            count("market stream break")
            venue.breakMarket(isMute: false)
        }
        if strikes(time.faults.marketMutes) {
            count("market stream mute")
            venue.breakMarket(isMute: true)
        }
    }

    private func count(_ fault: String) { faultCounts[fault, default: 0] += 1 }

    private func restart(_ body: @escaping (SimulatedWorld) -> Void) {
        // After a second crash while one is down two are started: a standby may be there at any time.
        time.after(time.between(.milliseconds(50), .milliseconds(800))) { [unowned self] in
            body(self)
        }
    }

    // MARK: the audit

    /// What is wrong at the end; empty when all is right.
    package func violations() -> [String] {
        var truth = VenueTruth()
        for symbol in symbols {
            truth.trades[symbol] = venue.desk.userTrades(symbol, fromID: 0, limit: .max).map {
                SimulatedVenue.fill($0, isRESTForm: false)
            }
        }
        for position in venue.desk.positionRisk() where !position.holding.quantity.isZero {
            truth.positions[position.symbol] = position.holding.quantity
        }
        for (id, count) in venue.acceptances.sorted(by: { $0.key < $1.key }) {
            truth.clientOrderIDs += Array(repeating: id, count: count)
        }
        let data = server.data
        for id in truth.clientOrderIDs where data.hashes[keys.order(id)] != nil {
            expected.insert(id)
        }
        return ChaosAudit.violations(venue: truth, books: books(), expectedOrders: expected)
            + mirrorViolations() + priceViolations()
            + SimulatedFunding.violations(venue.desk.incomes, books().entries)
            + correctionViolations() + overstays
    }

    private func correctionViolations() -> [String] {
        if hasUnexplained { return [] }
        let telling = ["sync position_corrected", "sync balance_mismatch", "sync symbol_reducing"]
        return telling.compactMap { code in alerts[code].map { "\(code): \($0) times" } }
    }

    private func books() -> BookTruth {
        let data = server.data
        var books = BookTruth()
        for entry in data.streams[keys.ledger] ?? [] {
            let fields = Dictionary(entry.fields, uniquingKeysWith: { first, _ in first })
            if let read = try? LedgerEntry(fields: fields) {
                books.entries.append(read)
            } else {
                books.unreadable.append("journal entry \(entry.sequence) is unreadable")
            }
        }
        for account in accounts + [.external] {
            if let fields = data.hashes[keys.balance(account)],
                let record = try? BalanceRecord(fields: fields)
            {
                books.balances.append((account, record))
            }
        }
        for member in (data.sets[keys.books] ?? []).sorted() {
            guard let book = BusKeys.book(of: member),
                let fields = data.hashes[keys.position(book.account, book.symbol)],
                let record = try? PositionRecord(fields: fields)
            else {
                books.unreadable.append("book \(member) is unreadable")
                continue
            }
            books.positions.append((book.account, book.symbol, record))
        }
        books.openOrders = (data.sets[keys.openOrders] ?? []).sorted()
        return books
    }

    /// Every watched symbol's price is of this second, streamed, and the venue's own.
    private func priceViolations() -> [String] {
        symbols.flatMap { symbol -> [String] in
            guard let fields = server.data.hashes[keys.price(symbol)],
                let record = try? PriceRecord(fields: fields)
            else { return ["\(symbol) has no price"] }
            var violations: [String] = []
            let now = time.wallNow.milliseconds
            for (name, at) in [("book", record.bookMilliseconds), ("mark", record.markMilliseconds)]
            where now - at > 3_000 {
                violations.append("\(symbol): its \(name) is \(now - at) ms old")
            }
            if !record.isFresh || record.source != "stream" {
                violations.append("\(symbol): its price is \(record.source), \(record.isFresh)")
            }
            if let problem = bookProblem(symbol) { violations.append(problem) }
            if record.bid >= record.ask { violations.append("\(symbol): its book is crossed") }
            return violations
        }
    }

    /// The watched book is live, and its best prices are the record's, but for what came since.
    private func bookProblem(_ symbol: Symbol) -> String? {
        guard symbol == symbols[0] else { return nil }
        guard let book = feed.book(symbol), book.isLive, book.count(.buy) > 0, book.count(.sell) > 0
        else { return "\(symbol): its book is not live" }
        let (bid, ask) = (book.level(.buy, 0).price, book.level(.sell, 0).price)
        return bid < ask ? nil : "\(symbol): its book by levels is crossed"
    }

    /// risk-engine's picture is that of the books, up to the last journal entry.
    private func mirrorViolations() -> [String] {
        let data = server.data
        let last = data.strings[keys.ledgerSequence] ?? "0"
        return accounts.flatMap { account -> [String] in
            guard let fields = data.hashes[keys.risk(account)],
                let risk = try? RiskRecord(fields: fields)
            else { return ["\(account) has no risk snapshot"] }
            var violations: [String] = []
            if "\(risk.ledgerSequence)" != last {
                violations.append("\(account): risk counts to \(risk.ledgerSequence), not \(last)")
            }
            if let balance = data.hashes[keys.balance(account)],
                balance["wallet"] != risk.wallet.text
            {
                violations.append("\(account): risk's wallet \(risk.wallet) is not the book's")
            }
            for position in risk.positions {
                let key = keys.position(account, position.symbol)
                if data.hashes[key]?["qty"] != position.quantity.text {
                    violations.append("\(account): risk's \(position.symbol) is not the book's")
                }
            }
            return violations
        }
    }
}

import Bounded
import BusProtocol
import Chronology
import PositionSyncService
import Positions
import Trading

func price(_ text: String) -> Price { Price(text: text)! }
func quantity(_ text: String) -> Quantity { Quantity(text: text)! }
func account(_ name: String) -> AccountID { AccountID(name)! }

let bitcoin = Symbol("BTCUSDT")!
let ether = Symbol("ETHUSDT")!
let alpha = account("alpha")
let alphaCode = AccountCode("ALPHA000")!

/// The venue: trades by order, the net they make, and what it answers when it answers.
struct SimulatedVenue {
    private(set) var trades: [Fill] = []
    private(set) var clientIDs: [Int64: String] = [:]
    /// Positions from before any trade it still tells.
    var opening: [Symbol: Quantity] = [:]
    var hedgeRow: SyncVenue.Row?
    var openOrders: [String] = []
    var wallet: Money?
    var isFailing = false
    private var nextID: Int64 = 100

    /// One order of one trade; what the venue tells of the trade.
    mutating func trade(
        _ symbol: Symbol, _ side: Side, _ size: String, order: String, wall: WallTime
    ) -> Fill {
        nextID += 1
        clientIDs[nextID * 10] = order
        let fill = Fill(
            symbol: symbol, tradeID: nextID, orderID: nextID * 10, clientOrderID: "", side: side,
            price: price("100"), quantity: quantity(size), fee: Money(text: "0.01")!,
            feeAsset: "USDT", isMaker: false, timeMilliseconds: wall.milliseconds)
        trades.append(fill)
        return fill
    }

    /// Two orders of the account meet: the two sides of one trade.
    mutating func meeting(
        _ symbol: Symbol, _ size: String, buyer: String, seller: String, wall: WallTime
    ) -> [Fill] {
        let bought = trade(symbol, .buy, size, order: buyer, wall: wall)
        var sold = bought
        sold.side = .sell
        sold.orderID += 1
        clientIDs[sold.orderID] = seller
        trades.append(sold)
        return [bought, sold]
    }

    func net(_ symbol: Symbol) -> Quantity {
        trades.filter { $0.symbol == symbol }.reduce(opening[symbol] ?? .zero) {
            $0 + $1.side.signed($1.quantity)
        }
    }

    var reading: SyncVenue {
        let symbols = Set(trades.map(\.symbol)).union(opening.keys).sorted()
        var rows = symbols.map {
            SyncVenue.Row(symbol: $0, side: "BOTH", quantity: net($0))
        }.filter { !$0.quantity.isZero }
        if let hedgeRow { rows.append(hedgeRow) }
        return SyncVenue(rows: rows, orders: openOrders, wallet: wallet)
    }
}

/// Redis: the books and the trade ids applied, changed as the ledger script does.
struct SimulatedLedger {
    private(set) var balances: [AccountID: BookBalance] = [:]
    private(set) var positions: [AccountID: [Symbol: Position]] = [:]
    private(set) var applied: [Symbol: [TradeLeg]] = [:]
    private(set) var settled: Set<String> = []
    private(set) var sequence: Int64 = 0
    private(set) var fences: [Int64] = []
    var orders: [ClientOrderID: OrderRecord] = [:]
    var openOrders: [OrderRecord] = []
    var reducing: Set<Symbol> = []
    var moneyOffset: Money?
    var marks: [Symbol: SyncBooks.KnownMark] = [:]
    var newestFence: Int64 = 0
    private(set) var transfers: [String: TransferBody] = [:]

    /// A trade that took its ordinary way.
    mutating func book(_ fill: Fill, _ account: AccountID) {
        var position = positions[account]?[fill.symbol] ?? Position()
        var balance = balances[account] ?? BookBalance()
        for leg in position.trade(fill.side.signed(fill.quantity), at: fill.price, fee: fill.fee) {
            balance.realised += leg.realised
            balance.fees += leg.fee
        }
        balance.version += 1
        positions[account, default: [:]][fill.symbol] = position
        balances[account] = balance
        applied[fill.symbol, default: []].append(fill.leg)
        sequence += 1
    }

    mutating func deposit(_ account: AccountID, _ amount: Money) {
        balances[account, default: BookBalance()].deposits += amount
        balances[account]?.version += 1
    }

    mutating func apply(_ command: LedgerCommand, fence: Int64) -> LedgerReply {
        fences.append(fence)
        if fence < newestFence { return .fenced }
        let change = command.change
        guard let symbol = change.symbol, case .fill(let fill, _) = change.subject else {
            return .wrong("a change that is no trade")
        }
        let position = positions[change.account]?[symbol] ?? Position()
        let balance = balances[change.account] ?? BookBalance()
        let standing = LedgerSnapshot(position: position, balance: balance, order: nil)
        if applied[symbol]?.contains(fill.leg) == true { return .duplicate(standing) }
        guard position.version == command.positionBefore, balance.version == command.balanceBefore
        else { return .conflict(standing) }
        positions[change.account, default: [:]][symbol] = command.position
        balances[change.account] = command.balance
        applied[symbol, default: []].append(fill.leg)
        sequence += Int64(command.legs.count)
        return .applied(sequence: sequence)
    }

    mutating func apply(_ command: SharedCommand, fence: Int64) -> SharedReply {
        fences.append(fence)
        if fence < newestFence { return .fenced }
        let symbol = command.subject.symbol
        let standing = command.parts.map { part in
            LedgerSnapshot(
                position: symbol.map { positions[part.change.account]?[$0] ?? Position() },
                balance: balances[part.change.account] ?? BookBalance(), order: nil)
        }
        let identity = "\(symbol?.name ?? "") \(command.subject.identity)"
        if let trade = TradeLeg.legs(in: command.subject.identity).first, let symbol,
            applied[symbol]?.contains(trade) == true
        {
            return .duplicate(standing)
        }
        if settled.contains(identity) { return .duplicate(standing) }
        for (part, held) in zip(command.parts, standing) {
            guard held.position?.version ?? 0 == part.positionBefore,
                held.balance.version == part.balanceBefore
            else { return .conflict(standing) }
        }
        for part in command.parts {
            if let symbol { positions[part.change.account, default: [:]][symbol] = part.position }
            balances[part.change.account] = part.balance
            sequence += Int64(part.legs.count)
        }
        settled.insert(identity)
        if case .transfer(let transfer) = command.subject {
            transfers[transfer.request] = TransferBody(
                from: transfer.from, to: transfer.to, amount: transfer.amount)
        }
        if let symbol, let trade = TradeLeg.legs(in: command.subject.identity).first {
            applied[symbol, default: []].append(trade)
        }
        return .applied(sequence: sequence)
    }

    var reading: SyncBooks {
        var books = SyncBooks(sequence: sequence)
        books.balances = balances
        books.positions = positions.mapValues { $0.filter { !$0.value.quantity.isZero } }
        books.accountsByCode = [alphaCode: alpha]
        books.orders = openOrders
        books.reducing = reducing
        books.moneyOffset = moneyOffset
        books.marks = marks
        return books
    }

    func net(_ symbol: Symbol) -> Quantity {
        positions.values.reduce(.zero) { $0 + ($1[symbol]?.quantity ?? .zero) }
    }
}

/// A desk with its venue and Redis, stepped by hand; every request can be held back or failed.
struct SyncStage {
    private(set) var desk = SyncDesk(writer: "position-sync:test")
    var venue = SimulatedVenue()
    var ledger = SimulatedLedger()
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    var seen: [SyncAction] = []
    /// What the venue says it paid, and what of an account's money is free.
    var fundings: [SharedFunding] = []
    /// Whether the journal no longer tells of transfers.
    var isJournalTrimmed = false
    var free: [AccountID: Money] = [:]
    /// What happens between an action and its answer; false means that no answer comes.
    var beforeAnswer: (inout SyncStage, SyncAction) -> Bool = { _, _ in true }

    /// Another process takes over: it knows nothing but what Redis and the venue say.
    mutating func restart(fence: Int64) {
        desk = SyncDesk(writer: "position-sync:other")
        ledger.newestFence = fence
        start(fence: fence)
    }

    mutating func start(fence: Int64 = 7) {
        send(.redisUp)
        send(.leaseGained(fence: fence))
    }

    mutating func send(_ event: SyncEvent) {
        var out: [SyncAction] = []
        desk.handle(event, now: now, wall: wall, &out)
        seen += out
        for action in out {
            let body = beforeAnswer
            if body(&self, action) { answer(action) }
        }
    }

    mutating func answer(_ action: SyncAction) {
        switch action {
        case .readBooks(let number): send(.booksRead(number, ledger.reading))
        case .askVenue(let number):
            send(
                venue.isFailing
                    ? .failed(number, reason: "http 503", retryAfter: .zero)
                    : .venueRead(number, venue.reading))
        case .readAnchors(let number, let symbol, _):
            let first = ledger.applied[symbol]?.first?.tradeID
            send(.anchorsRead(number, TradeAnchors(first: first, settled: nil)))
        case .askTrades(let number, let symbol, let fromID):
            // As the venue does: the newest ones where no id is given.
            let own = venue.trades.filter { $0.symbol == symbol }
            let page = fromID.map { id in own.filter { $0.tradeID >= id }.prefix(3) } ?? own.suffix(3)
            send(.tradesRead(number, Array(page), isFull: page.count >= 3))
        case .checkTrades(let number, let symbol, let legs):
            let applied = Set(legs).intersection(ledger.applied[symbol] ?? [])
            send(.tradesChecked(number, applied: applied))
        case .askOrder(let number, _, let orderID):
            send(.orderRead(number, clientOrderID: venue.clientIDs[orderID]))
        case .readRecord(let number, let id): send(.recordRead(number, ledger.orders[id]))
        case .apply(let command, let fence):
            let reply = ledger.apply(command, fence: fence)
            send(.ledgerReplied(command.token, reply))
        case .applyShared(let command, let fence):
            let reply = ledger.apply(command, fence: fence)
            send(.sharedReplied(command.token, reply))
        case .readTransfer(let number, let account, let request):
            let booked: TransferReading.Booked =
                !ledger.settled.contains(" transfer:\(request)")
                ? .nothing : isJournalTrimmed ? .forgotten
                : ledger.transfers[request].map { .transfer($0) } ?? .forgotten
            send(
                .transferRead(
                    number,
                    TransferReading(books: ledger.reading, free: free[account], booked: booked)))
        case .readFunding(let number, let since): send(.fundingRead(number, reading(since: since)))
        case .reduce(let symbol, _): ledger.reducing.insert(symbol)
        case .release(let symbol): ledger.reducing.remove(symbol)
        case .saveOffset(let offset): ledger.moneyOffset = offset
        case .report, .alert, .reply: break
        }
    }

    /// What the venue tells of funding since a time, less what is booked.
    private func reading(since: Int64) -> FundingReading {
        let told = fundings.filter { $0.atMilliseconds >= since }
        var reading = FundingReading(books: ledger.reading)
        reading.payments = told.filter {
            !ledger.settled.contains("\($0.symbol.name) funding:\($0.transactionID)")
        }
        let next = reading.payments.first?.transactionID
        reading.bookedUntil = told.prefix { $0.transactionID != next }.last?.atMilliseconds
        return reading
    }

    mutating func pass(_ interval: Interval) {
        let end = now + interval
        while now < end {
            now = min(end, now + .milliseconds(100))
            wall = wall + .milliseconds(100)
            if now >= desk.nextWake { send(.woken) }
        }
    }

    /// An order of ours on record, quiet for a long time.
    mutating func order(_ intent: String) -> ClientOrderID {
        let id = ClientOrderID.derive(account: alphaCode, origin: .manual, intent: intent)
        ledger.orders[id] = record(id, at: WallTime(milliseconds: 0))
        return id
    }

    func record(_ id: ClientOrderID, at time: WallTime) -> OrderRecord {
        OrderRecord(
            intent: OrderIntent(
                clientOrderID: id, account: alpha, symbol: bitcoin, side: .buy, type: .limit,
                timeInForce: .goodTillCancel, quantity: .one, price: price("100"),
                isReduceOnly: false), request: "test", status: "open", intentMilliseconds: 0,
            stamp: RecordStamp(
                sequence: 1, writer: "order-gateway:test", atMilliseconds: time.milliseconds))
    }

    /// A trade of an order of ours that only the venue knows, made 6 s ago.
    mutating func missedTrade(_ side: Side, _ size: String, _ intent: String) -> Fill {
        let id = order(intent)
        return venue.trade(bitcoin, side, size, order: id.text, wall: wall - .seconds(6))
    }

    /// A trade that took its ordinary way.
    mutating func bookedTrade(_ side: Side, _ size: String) {
        let fill = venue.trade(bitcoin, side, size, order: "x", wall: wall - .seconds(60))
        ledger.book(fill, alpha)
    }

    mutating func forget() { seen = [] }

    var reports: [SyncRecord] {
        seen.compactMap { if case .report(let record) = $0 { record } else { nil } }
    }
    var alerts: [String] {
        seen.compactMap { if case .alert(let alert) = $0 { alert.code } else { nil } }
    }
    /// Since when funding was asked for, each time.
    var fundingsAsked: [Int64] {
        seen.compactMap { if case .readFunding(_, let since) = $0 { since } else { nil } }
    }
    /// The symbol, or nil, and the identity of every shared change that was sent.
    var sharedCalls: [String] {
        seen.compactMap {
            if case .applyShared(let command, _) = $0 { command.subject.identity } else { nil }
        }
    }
    var venueCalls: Int {
        seen.count { if case .askVenue = $0 { true } else { false } }
    }
}

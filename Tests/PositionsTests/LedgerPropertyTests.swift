import Bounded
import Positions
import Testing
import Trading

/// Redis as both ledger scripts see it: books with versions, and what was applied.
private struct TwinRedis {
    struct Book: Hashable {
        let account: AccountID
        let symbol: Symbol
    }

    var balances: [AccountID: BookBalance] = [:]
    var positions: [Book: Position] = [:]
    /// How often each change was applied.
    var applied: [String: Int] = [:]
    var sequence: Int64 = 0

    func snapshot(_ account: AccountID, _ symbol: Symbol?) -> LedgerSnapshot {
        LedgerSnapshot(
            position: symbol.map {
                positions[Book(account: account, symbol: $0)] ?? Position()
            }, balance: balances[account] ?? BookBalance(), order: nil)
    }

    private func isCurrent(_ command: LedgerCommand) -> Bool {
        let held = snapshot(command.change.account, command.change.symbol)
        return held.position?.version ?? 0 == command.positionBefore
            && held.balance.version == command.balanceBefore
    }

    private mutating func write(_ command: LedgerCommand) {
        let account = command.change.account
        balances[account] = command.balance
        if let symbol = command.change.symbol {
            positions[Book(account: account, symbol: symbol)] = command.position
        }
        sequence += Int64(command.legs.count)
    }

    mutating func call(_ command: LedgerCommand) -> LedgerReply {
        let change = command.change
        let standing = snapshot(change.account, change.symbol)
        let identity = "\(change.symbol?.name ?? "") \(change.identity)"
        if applied[identity] != nil { return .duplicate(standing) }
        guard isCurrent(command) else { return .conflict(standing) }
        write(command)
        applied[identity, default: 0] += 1
        return .applied(sequence: sequence)
    }

    mutating func call(_ command: SharedCommand) -> SharedReply {
        let symbol = command.subject.symbol
        let standing = command.parts.map { snapshot($0.change.account, symbol) }
        let identity = "\(symbol?.name ?? "") \(command.subject.identity)"
        if applied[identity] != nil { return .duplicate(standing) }
        guard command.parts.allSatisfy({ isCurrent($0) }) else { return .conflict(standing) }
        for part in command.parts { write(part) }
        applied[identity, default: 0] += 1
        return .applied(sequence: sequence)
    }

    func holdings(_ symbol: Symbol) -> [AccountID: Quantity] {
        var holdings: [AccountID: Quantity] = [:]
        for (book, position) in positions where book.symbol == symbol {
            if !position.quantity.isZero { holdings[book.account] = position.quantity }
        }
        return holdings
    }
}

/// The processes that write the ledger, killed and started at will.
private struct TwinWorld {
    static let accounts = ["alpha", "beta", "gamma", "delta"].map { AccountID($0)! }
    static let symbols = ["BTCUSDT", "ETHUSDT"].map { Symbol($0)! }

    /// Something the ledger must hold in the end, once.
    enum Event {
        case own(LedgerChange)
        case shared(SharedSubject)

        var name: String {
            switch self {
            case .own(let change): "\(change.symbol?.name ?? "") \(change.identity)"
            case .shared(let subject): "\(subject.symbol?.name ?? "") \(subject.identity)"
            }
        }
    }

    var random: SplitMix64
    var redis = TwinRedis()
    var ledger = LedgerMachine(settlementAsset: "USDT")
    var shared = SharedTrades()
    var own: [LedgerMachine.Action] = []
    var group: [SharedTrades.Action] = []
    var events: [Event] = []
    var nextID: Int64 = 0

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        own = ledger.resume()
    }

    mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &random)
    }

    private mutating func fill(_ symbol: Symbol) -> Fill {
        Fill(
            symbol: symbol, tradeID: nextID, orderID: nextID, clientOrderID: "",
            side: draw(0...1) == 0 ? .buy : .sell, price: .whole(draw(50...150)),
            quantity: Quantity(units: Int128(draw(1...9_000)) * 1_000_000_000),
            fee: Money(units: Int128(draw(0...9_999)) * 10_000), feeAsset: "USDT", isMaker: false,
            timeMilliseconds: nextID)
    }

    mutating func happen() {
        nextID += 1
        let symbol = Self.symbols[Int(draw(0...1))]
        let account = Self.accounts[Int(draw(0...3))]
        let event: Event
        switch draw(0...9) {
        case 0...5:
            event = .own(.fill(fill(symbol), account: account, order: nil, cause: "stream"))
        case 6, 7:
            event = .shared(
                .trade(
                    SharedTrade(
                        fill: fill(symbol), origin: draw(0...1) == 0 ? .exchange : .manual,
                        step: draw(0...1) == 0 ? .zero : Quantity(units: 1_000_000_000),
                        cause: "stream")))
        case 8:
            event = .shared(
                .funding(
                    SharedFunding(
                        symbol: symbol, amount: Money(units: Int128(draw(-9_999...9_999)) * 777),
                        transactionID: nextID, atMilliseconds: nextID,
                        holdings: redis.holdings(symbol))))
        case _:
            var other = account
            while other == account { other = Self.accounts[Int(draw(0...3))] }
            event = .shared(
                .transfer(
                    SharedTransfer(
                        from: account, to: other, amount: .whole(draw(1...50)),
                        request: "t\(nextID)", atMilliseconds: nextID)))
        }
        events.append(event)
        submit(event)
    }

    mutating func submit(_ event: Event) {
        switch event {
        case .own(let change): own += ledger.submit(change).actions
        case .shared(let subject): group += shared.submit(subject, ledger).actions
        }
    }

    /// kill -9 and start: what is in Redis is read, and what it does not have comes again, as from
    /// the venue's history and the repeated request.
    mutating func crash() {
        ledger = LedgerMachine(settlementAsset: "USDT")
        shared = SharedTrades()
        own = []
        group = []
        for account in Self.accounts + [.external] {
            var positions: [Symbol: Position] = [:]
            for symbol in Self.symbols {
                positions[symbol] = redis.snapshot(account, symbol).position
            }
            ledger.load(
                account, balance: redis.balances[account] ?? BookBalance(), positions: positions)
        }
        own = ledger.resume()
        for event in events where redis.applied[event.name] == nil { submit(event) }
    }

    /// One script call on its way there and back; either way may be cut.
    mutating func step() {
        if !own.isEmpty, group.isEmpty || draw(0...1) == 0 {
            switch own.removeFirst() {
            case .apply(let command):
                let isLost = draw(0...9) == 0
                let reply = draw(0...9) == 0 ? .refused : redis.call(command)
                own += ledger.replied(command.token, isLost ? .unknown : reply)
            case .retryLater(let account): own += ledger.retry(account)
            case .booked, .fenced, .stuck, .outdated: return
            }
        } else if !group.isEmpty {
            switch group.removeFirst() {
            case .apply(let command):
                let isLost = draw(0...9) == 0
                let reply = draw(0...9) == 0 ? .refused : redis.call(command)
                group += shared.replied(command.token, isLost ? .unknown : reply, &ledger)
            case .retryLater: group += shared.retry(ledger)
            case .booked, .settled, .fenced, .stuck: return
            }
        }
    }

    var isDone: Bool { ledger.pendingCount == 0 && shared.pendingCount == 0 }
}

@Suite("B4a, B4b, B7b: the ledger against a slow twin")
struct LedgerPropertyTests {
    @Test(
        "fills, strangers' trades, funding, transfers, crashes: books equal the exchange, money adds up, each once"
    )
    func property() {
        let first = UInt64.random(in: 0...UInt64.max / 2)
        for seed in first..<first + 60 { run(seed) }
    }

    private func run(_ seed: UInt64) {
        var world = TwinWorld(seed: seed)
        for _ in 0..<150 {
            world.happen()
            if world.draw(0...29) == 0 { world.crash() }
            for _ in 0..<Int(world.draw(0...4)) { world.step() }
        }
        world.crash()
        var left = 100_000
        while !world.isDone, left > 0 {
            world.step()
            left -= 1
        }
        #expect(world.isDone, "seed \(seed): changes wait for ever")
        check(world, seed)
    }

    /// From the list of what happened alone.
    private func check(_ world: TwinWorld, _ seed: UInt64) {
        let note: Comment = "seed \(seed)"
        #expect(Set(world.redis.applied.keys) == Set(world.events.map(\.name)), note)
        #expect(world.redis.applied.values.allSatisfy { $0 == 1 }, note)
        var money = Money.zero
        for event in world.events {
            if case .shared(.funding(let funding)) = event { money += funding.amount }
        }
        for symbol in TwinWorld.symbols {
            var net = Quantity.zero
            var value = Money.zero
            for fill in fills(world, symbol) {
                let signed = fill.side.signed(fill.quantity)
                net += signed
                value += (Price.whole(100) - fill.price).times(signed, .nearestEven)
                money -= fill.fee
            }
            let books = world.redis.positions.filter { $0.key.symbol == symbol }.values
            #expect(books.reduce(Quantity.zero) { $0 + $1.quantity } == net, note)
            // Realised and unrealised together are the cash that flowed and what is left at 100.
            let own = books.reduce(Money.zero) {
                $0 + $1.realised + (Price.whole(100) - $1.entryPrice).times($1.quantity, .nearestEven)
            }
            #expect((own - value).magnitude < Money(units: 1_000_000), note)
        }
        let balances = world.redis.balances.values
        let realised = balances.reduce(Money.zero) { $0 + $1.realised }
        #expect(
            realised == world.redis.positions.values.reduce(Money.zero) { $0 + $1.realised }, note)
        #expect(balances.reduce(Money.zero) { $0 + $1.wallet } == realised + money, note)
        #expect(balances.reduce(Money.zero) { $0 + $1.deposits }.isZero, note)
    }

    private func fills(_ world: TwinWorld, _ symbol: Symbol) -> [Fill] {
        world.events.compactMap { event in
            switch event {
            case .own(let change):
                guard case .fill(let fill, _) = change.subject else { return nil }
                return fill.symbol == symbol ? fill : nil
            case .shared(.trade(let trade)): return trade.fill.symbol == symbol ? trade.fill : nil
            case .shared: return nil
            }
        }
    }

    @Test("funding goes to books by what they held; books on the other side take what they would pay")
    func funding() {
        func a(_ name: String) -> AccountID { AccountID(name)! }
        let parts = Attribution.funding(
            Money(text: "-3")!,
            over: [a("alpha"): .whole(5), a("beta"): .whole(-2), a("gamma"): .zero])
        #expect(parts.map(\.account) == [a("alpha"), a("beta")])
        #expect(parts.map(\.amount) == [.whole(-5), .whole(2)])
        let thirds = Attribution.funding(
            .whole(1), over: [a("alpha"): .whole(1), a("beta"): .whole(1), a("gamma"): .whole(1)])
        #expect(thirds.reduce(Money.zero) { $0 + $1.amount } == .whole(1))
        #expect(Attribution.funding(.whole(1), over: [:]).map(\.account) == [.external])
    }
}

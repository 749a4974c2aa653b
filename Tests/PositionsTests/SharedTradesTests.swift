import Bounded
import Positions
import Testing
import Trading

private func a(_ name: String) -> AccountID { AccountID(name)! }

/// Redis as both scripts see it: books with versions, and the trades applied.
private struct ScriptedBooks {
    var balances: [AccountID: BookBalance] = [:]
    var positions: [AccountID: Position] = [:]
    var applied: Set<String> = []
    var sequence: Int64 = 0

    func snapshot(_ account: AccountID) -> LedgerSnapshot {
        LedgerSnapshot(
            position: positions[account] ?? Position(), balance: balances[account] ?? BookBalance(),
            order: nil)
    }

    mutating func call(_ command: SharedCommand) -> SharedReply {
        let standing = command.parts.map { snapshot($0.change.account) }
        if applied.contains(command.subject.identity) { return .duplicate(standing) }
        for (part, held) in zip(command.parts, standing) {
            guard held.position?.version == part.positionBefore,
                held.balance.version == part.balanceBefore
            else { return .conflict(standing) }
        }
        for part in command.parts {
            positions[part.change.account] = part.position
            balances[part.change.account] = part.balance
            sequence += Int64(part.legs.count)
        }
        applied.insert(command.subject.identity)
        return .applied(sequence: sequence)
    }

    /// Another writer's trade.
    mutating func trade(_ account: AccountID, _ delta: Quantity) {
        var position = positions[account] ?? Position()
        var balance = balances[account] ?? BookBalance()
        for leg in position.trade(delta, at: .whole(100), fee: .zero) {
            balance.realised += leg.realised
        }
        balance.version += 1
        positions[account] = position
        balances[account] = balance
    }

    var net: Quantity { positions.values.reduce(.zero) { $0 + $1.quantity } }
}

@Suite("B4f: trades over several books")
struct SharedTradesTests {
    private let symbol = Symbol("BTCUSDT")!

    private func trade(_ id: Int64, _ side: Side, _ size: Int64) -> SharedTrade {
        SharedTrade(
            fill: Fill(
                symbol: symbol, tradeID: id, orderID: id, clientOrderID: "autoclose-\(id)",
                side: side, price: .whole(90), quantity: .whole(size), fee: .whole(3),
                feeAsset: "USDT", isMaker: false, timeMilliseconds: id), origin: .exchange,
            step: .zero, cause: "sync")
    }

    private func machine(_ books: ScriptedBooks) -> LedgerMachine {
        var machine = LedgerMachine(settlementAsset: "USDT")
        for (account, position) in books.positions {
            machine.load(
                account, balance: books.balances[account] ?? BookBalance(),
                positions: [symbol: position])
        }
        _ = machine.resume()
        return machine
    }

    @Test("one call changes every book that has a share, with realised profit and fees")
    func onceForAll() throws {
        var books = ScriptedBooks()
        books.trade(a("alpha"), .whole(6))
        books.trade(a("beta"), .whole(3))
        var ledger = machine(books)
        var shared = SharedTrades()
        let actions = shared.submit(trade(1, .sell, 3), ledger).actions
        guard case .apply(let command)? = actions.first else {
            Issue.record("no call")
            return
        }
        #expect(command.parts.map(\.change.account) == [a("alpha"), a("beta")])
        let done = shared.replied(command.token, books.call(command), &ledger)
        guard case .booked(_, let shares, sequence: 2)? = done.first else {
            Issue.record("not booked: \(done)")
            return
        }
        #expect(shares.map(\.quantity) == [.whole(2), .whole(1)])
        #expect(books.positions[a("alpha")]?.quantity == .whole(4))
        #expect(books.balances[a("alpha")]?.realised == .whole(-20))
        #expect(books.balances[a("alpha")]?.fees == .whole(2))
        #expect(books.balances[a("beta")]?.fees == .whole(1))
        #expect(ledger.position(a("beta"), symbol).quantity == .whole(2))
        #expect(shared.pendingCount == 0)
    }

    @Test("R2: an unanswered call is repeated, and the trade counts once")
    func unknown() {
        var books = ScriptedBooks()
        books.trade(a("alpha"), .whole(4))
        books.trade(a("beta"), .whole(4))
        var ledger = machine(books)
        var shared = SharedTrades()
        guard case .apply(let command)? = shared.submit(trade(1, .sell, 4), ledger).actions.first
        else {
            Issue.record("no call")
            return
        }
        _ = books.call(command)
        #expect(shared.replied(command.token, .unknown, &ledger) == [.retryLater])
        books.trade(a("beta"), .whole(9))
        guard case .apply(let again)? = shared.retry(ledger).first else {
            Issue.record("no repeat")
            return
        }
        let done = shared.replied(again.token, books.call(again), &ledger)
        #expect(done == [.booked(trade(1, .sell, 4), [], sequence: nil)])
        #expect(books.net == .whole(13))
        #expect(ledger.position(a("beta"), symbol).quantity == .whole(11))
    }

    @Test("the sum of the books follows every trade, once, under conflicts and lost answers")
    func property() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        var books = ScriptedBooks()
        let accounts = ["alpha", "beta", "gamma"].map { a($0) } + [.external]
        var ledger = machine(books)
        var shared = SharedTrades()
        var expected = Quantity.zero
        var waiting: [SharedTrades.Action] = []
        for id in 1...3_000 {
            if Int.random(in: 0..<3, using: &random) == 0 {
                let delta = Quantity.whole(Int64.random(in: -9...9, using: &random))
                if !delta.isZero {
                    books.trade(accounts[Int.random(in: 0..<4, using: &random)], delta)
                    expected += delta
                }
            }
            let next = trade(
                Int64(id), Bool.random(using: &random) ? .buy : .sell,
                Int64.random(in: 1...9, using: &random))
            expected += next.fill.side.signed(next.fill.quantity)
            waiting += shared.submit(next, ledger).actions
            while let action = waiting.popLast() {
                switch action {
                case .apply(let command):
                    let reply = books.call(command)
                    let isLost = Int.random(in: 0..<4, using: &random) == 0
                    waiting += shared.replied(command.token, isLost ? .unknown : reply, &ledger)
                case .retryLater: waiting += shared.retry(ledger)
                case .booked, .settled, .fenced, .stuck: continue
                }
            }
            #expect(shared.pendingCount == 0, "seed \(seed), trade \(id)")
            #expect(books.net == expected, "seed \(seed), trade \(id)")
            if books.net != expected { return }
        }
        #expect(books.applied.count == 3_000)
    }
}

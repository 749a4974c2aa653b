import Bounded
import Positions
import Testing
import Trading

private func m(_ text: String) -> Money { Money(text: text)! }

/// The ledger script as a dictionary: slow and obviously right.
struct ScriptedLedger {
    var balances: [AccountID: BookBalance] = [:]
    var positions: [String: Position] = [:]
    var orders: [ClientOrderID: OrderTotals] = [:]
    var applied: Set<String> = []
    var sequence: Int64 = 0
    var appliedTwice = false

    mutating func call(_ command: LedgerCommand) -> LedgerReply {
        let change = command.change
        let book = "\(change.account):\(change.symbol?.name ?? "")"
        let identity = "\(change.symbol?.name ?? ""):\(change.identity)"
        let order = command.order.flatMap { orders[$0.id] }
        let snapshot = LedgerSnapshot(
            position: change.symbol == nil ? nil : positions[book] ?? Position(),
            balance: balances[change.account] ?? BookBalance(), order: order)
        if applied.contains(identity) { return .duplicate(snapshot) }
        let isCurrent =
            (positions[book]?.version ?? 0) == command.positionBefore
            && snapshot.balance.version == command.balanceBefore
            && (order == nil || order == command.order?.before)
        guard isCurrent else { return .conflict(snapshot) }
        if !applied.insert(identity).inserted { appliedTwice = true }
        balances[change.account] = command.balance
        if change.symbol != nil { positions[book] = command.position }
        if let part = command.order { orders[part.id] = part.after }
        sequence += Int64(command.legs.count)
        return .applied(sequence: sequence)
    }
}

@Suite struct LedgerMachineTests {
    static let accounts = ["alpha", "beta", "gamma"].map { AccountID($0)! }
    static let symbol = Symbol("BTCUSDT")!

    static func fill(_ trade: Int64, _ side: Side, _ quantity: Int64, _ price: Int64) -> Fill {
        Fill(
            symbol: symbol, tradeID: trade, orderID: trade, clientOrderID: "", side: side,
            price: .whole(price), quantity: .whole(quantity), fee: .whole(1), feeAsset: "USDT",
            isMaker: false, timeMilliseconds: trade)
    }
    static func change(_ fill: Fill, _ account: AccountID) -> LedgerChange {
        .fill(fill, account: account, order: nil, cause: "stream")
    }

    @Test("one script call of an account is in flight, the next follows its answer")
    func oneInFlight() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let first = machine.submit(Self.change(Self.fill(1, .buy, 1, 100), Self.accounts[0]))
        guard case .apply(let command)? = first.actions.first else {
            Issue.record("no call")
            return
        }
        let second = machine.submit(Self.change(Self.fill(2, .buy, 1, 100), Self.accounts[0]))
        #expect(second.actions.isEmpty)
        let other = machine.submit(Self.change(Self.fill(3, .buy, 1, 100), Self.accounts[1]))
        #expect(other.actions.count == 1)
        let next = machine.replied(command.token, .applied(sequence: 1))
        #expect(next.count == 2)
        guard case .apply(let following) = next[1] else {
            Issue.record("no next call")
            return
        }
        #expect(following.positionBefore == 1)
        #expect(machine.position(Self.accounts[0], Self.symbol).quantity == .whole(1))
    }

    @Test("F1: a trade that waits is not taken twice")
    func waitingOnce() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        let change = Self.change(Self.fill(1, .buy, 1, 100), Self.accounts[0])
        _ = machine.submit(change)
        _ = machine.submit(change)
        #expect(machine.pendingCount == 1)
    }

    @Test("a conflict takes over what the script answers and repeats from there")
    func conflict() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let submitted = machine.submit(Self.change(Self.fill(1, .sell, 3, 100), Self.accounts[0]))
        guard case .apply(let command)? = submitted.actions.first else {
            Issue.record("no call")
            return
        }
        let standing = LedgerSnapshot(
            position: Position(quantity: .whole(2), entryPrice: .whole(90), version: 7),
            balance: BookBalance(deposits: .whole(1000), version: 9), order: nil)
        let actions = machine.replied(command.token, .conflict(standing))
        guard case .apply(let repeated)? = actions.first else {
            Issue.record("no repeat")
            return
        }
        #expect(repeated.positionBefore == 7)
        #expect(repeated.balanceBefore == 9)
        #expect(repeated.position?.quantity == .whole(-1))
        #expect(repeated.legs.count == 2)
        #expect(machine.replied(command.token, .applied(sequence: 1)).isEmpty)
    }

    @Test("B4c: a close at mark that finds its book closed by others opens nothing, and is on record")
    func closedMeanwhile() {
        for (held, left) in [(Int64(0), Int64(0)), (2, 0), (-4, -4), (9, 4)] {
            var machine = LedgerMachine(settlementAsset: "USDT")
            _ = machine.resume()
            let submitted = machine.submit(
                LedgerChange(
                    account: Self.accounts[0], symbol: Self.symbol,
                    subject: .adjustment(.whole(-5), at: .whole(100), isVirtualClose: true),
                    identity: "close:x", cause: "command:x", atMilliseconds: 1))
            guard case .apply(let command)? = submitted.actions.first else {
                Issue.record("no call")
                return
            }
            let entry: Price = held == 0 ? .zero : .whole(90)
            let standing = LedgerSnapshot(
                position: Position(quantity: .whole(held), entryPrice: entry, version: 7),
                balance: BookBalance(deposits: .whole(1000), version: 9), order: nil)
            let actions = machine.replied(command.token, .conflict(standing))
            guard case .apply(let repeated)? = actions.first else {
                Issue.record("no repeat")
                return
            }
            #expect(repeated.position?.quantity == .whole(left))
            #expect(repeated.position?.entryPrice == (left == 0 ? .zero : .whole(90)))
            #expect(repeated.position?.version == 8 && repeated.legs.count == 1)
            #expect(repeated.legs.first?.kind == .virtualClose)
        }
    }

    @Test("P2: a newer fence stops the writing")
    func fenced() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let submitted = machine.submit(Self.change(Self.fill(1, .buy, 1, 100), Self.accounts[0]))
        guard case .apply(let command)? = submitted.actions.first else {
            Issue.record("no call")
            return
        }
        #expect(machine.replied(command.token, .fenced) == [.fenced])
        #expect(machine.isSuspended)
        #expect(machine.pendingCount == 1)
    }

    @Test("F1 P3: whatever answers are lost, each trade applies once and the books add up")
    func lostAnswers() {
        for seed in UInt64(1)...150 { run(seed: seed) }
    }

    private func run(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var ledger = ScriptedLedger()
        var machine = LedgerMachine(settlementAsset: "USDT")
        var pending: [LedgerMachine.Action] = machine.resume()
        var trades: [(AccountID, Fill)] = []
        var booked = 0
        for trade in Int64(1)...60 {
            let fill = Self.fill(
                trade, Bool.random(using: &random) ? .buy : .sell,
                Int64.random(in: 1...5, using: &random), Int64.random(in: 50...150, using: &random))
            let account = Self.accounts.randomElement(using: &random)!
            trades.append((account, fill))
            for _ in 0..<Int.random(in: 1...2, using: &random) {
                pending += machine.submit(Self.change(fill, account)).actions
            }
            if Int.random(in: 0..<20, using: &random) == 0 {
                machine.suspend()
                pending = machine.resume()
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) where !pending.isEmpty {
                booked += step(&pending, &machine, &ledger, &random)
            }
        }
        while !pending.isEmpty { booked += step(&pending, &machine, &ledger, &random) }
        #expect(machine.pendingCount == 0, "seed \(seed)")
        #expect(!ledger.appliedTwice && ledger.applied.count == 60, "seed \(seed)")
        check(trades, ledger, machine, seed)
    }

    private func step(
        _ pending: inout [LedgerMachine.Action], _ machine: inout LedgerMachine,
        _ ledger: inout ScriptedLedger, _ random: inout SplitMix64
    ) -> Int {
        switch pending.removeFirst() {
        case .apply(let command):
            switch Int.random(in: 0..<10, using: &random) {
            case 0: pending += machine.replied(command.token, .refused)
            case 1:
                _ = ledger.call(command)
                pending += machine.replied(command.token, .unknown)
            case _: pending += machine.replied(command.token, ledger.call(command))
            }
            return 0
        case .retryLater(let account):
            pending += machine.retry(account)
            return 0
        case .booked: return 1
        case .fenced, .stuck, .outdated: return 0
        }
    }

    /// The slow twin: every book computed from its trades alone.
    private func check(
        _ trades: [(AccountID, Fill)], _ ledger: ScriptedLedger, _ machine: LedgerMachine,
        _ seed: UInt64
    ) {
        var net = Quantity.zero
        for account in Self.accounts {
            var quantity = Quantity.zero
            var fees = Money.zero
            for (owner, fill) in trades where owner == account {
                quantity += fill.side.signed(fill.quantity)
                fees += fill.fee
            }
            net += quantity
            let position = ledger.positions["\(account):BTCUSDT"] ?? Position()
            let balance = ledger.balances[account] ?? BookBalance()
            #expect(position.quantity == quantity, "seed \(seed)")
            #expect(position.fees == fees && balance.fees == fees, "seed \(seed)")
            #expect(balance.realised == position.realised, "seed \(seed)")
            #expect(balance.wallet == balance.realised - fees, "seed \(seed)")
            #expect(machine.position(account, Self.symbol) == position, "seed \(seed)")
        }
        #expect(machine.net(Self.symbol) == net, "seed \(seed)")
    }

    @Test("fees in another asset are noted and leave the wallet as it is")
    func foreignFee() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        var fill = Self.fill(1, .buy, 1, 100)
        fill.feeAsset = "BNB"
        let submitted = machine.submit(Self.change(fill, Self.accounts[0]))
        guard case .apply(let command)? = submitted.actions.first else {
            Issue.record("no call")
            return
        }
        #expect(command.balance.fees.isZero)
        #expect(command.legs[0].fee.isZero)
    }

    @Test("an order's fees are told by asset, the first apart")
    func feesByAsset() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let id = ClientOrderID.derive(
            account: AccountCode("ALPHA001")!, origin: .manual, intent: "r1")
        var totals: OrderTotals?
        for (index, asset) in ["BNB", "USDT", "BNB", "USDT", "KCS"].enumerated() {
            let number = Int64(index + 1)
            var fill = Self.fill(number, .buy, 1, 100)
            fill.feeAsset = asset
            let change = LedgerChange.fill(
                fill, account: Self.accounts[0], order: id, cause: "stream")
            guard case .apply(let command)? = machine.submit(change).actions.first else { continue }
            totals = command.order?.after
            _ = machine.replied(command.token, .applied(sequence: number))
        }
        #expect(totals?.feeAsset == "BNB" && totals?.fees == .whole(2))
        #expect(totals?.otherFees == ["USDT": .whole(2), "KCS": .one])
    }

    /// The books of a spot account after its trades, one call each.
    private func spot(_ fills: [Fill]) -> (machine: LedgerMachine, last: LedgerCommand?) {
        var machine = LedgerMachine(settlementAsset: "USDT", takesFeesInKind: true)
        _ = machine.resume()
        var last: LedgerCommand?
        for fill in fills {
            let actions = machine.submit(Self.change(fill, Self.accounts[0])).actions
            guard case .apply(let command)? = actions.first else { continue }
            last = command
            _ = machine.replied(command.token, .applied(sequence: 1))
        }
        return (machine, last)
    }

    @Test("F8: on spot a fee in the base asset comes out of the book, at what it had cost, in one change")
    func feeInKind() {
        var buy = Self.fill(1, .buy, 2, 100)
        buy.fee = m("0.002")
        buy.feeAsset = "BTC"
        let (machine, command) = spot([buy])
        #expect(command?.legs.map(\.kind) == [.fill, .feeInKind])
        #expect(command?.legs.map(\.quantity) == [.whole(2), Quantity(text: "0.002")!])
        let position = machine.position(Self.accounts[0], Self.symbol)
        #expect(position.quantity == Quantity(text: "1.998")!)
        #expect(position.entryPrice == .whole(100))
        #expect(position.version == 1)
        #expect(machine.balance(Self.accounts[0])?.wallet == m("-0.2"))
        #expect(machine.balance(Self.accounts[0])?.fees == .zero)
        // In no other asset, nor where a position is no coins.
        buy.feeAsset = "BNB"
        #expect(spot([buy]).last?.legs.map(\.kind) == [.fill])
        buy.feeAsset = "BTC"
        var futures = LedgerMachine(settlementAsset: "USDT")
        _ = futures.resume()
        guard case .apply(let same)? = futures.submit(Self.change(buy, Self.accounts[0])).actions.first
        else {
            Issue.record("no call")
            return
        }
        #expect(same.legs.map(\.kind) == [.fill])
        #expect(same.position?.quantity == .whole(2))
    }

    @Test("F8: what books say of coins and of money is what the account has, for any trades")
    func cash() {
        for seed in 1...100 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var fills: [Fill] = []
            var (coins, money) = (Quantity.zero, Money.zero)
            for number in 1...30 as ClosedRange<Int64> {
                let isBuy = Bool.random(using: &random)
                var fill = Self.fill(
                    number, isBuy ? .buy : .sell, Int64.random(in: 1...9, using: &random),
                    Int64.random(in: 50...150, using: &random))
                fill.feeAsset = isBuy ? "BTC" : "USDT"
                fill.fee = Money(units: Int128(Int64.random(in: 0...9, using: &random)) * 1_000_000_000)
                let notional = fill.price.times(fill.quantity, .nearestEven)
                coins += isBuy ? fill.quantity - Quantity(units: fill.fee.units) : -fill.quantity
                money += isBuy ? -notional : notional - fill.fee
                fills.append(fill)
            }
            let (machine, _) = spot(fills)
            let position = machine.position(Self.accounts[0], Self.symbol)
            #expect(position.quantity == coins, "seed \(seed)")
            let cost = position.entryPrice.times(position.quantity, .nearestEven)
            let told = (machine.balance(Self.accounts[0])?.wallet ?? .zero) - cost
            // A mean entry price is rounded with each trade.
            #expect((told - money).magnitude < m("0.00000001"), "seed \(seed): \(told), \(money)")
        }
    }

    @Test("a deposit adds to the wallet and touches no position")
    func deposit() {
        var machine = LedgerMachine(settlementAsset: "USDT")
        _ = machine.resume()
        let submitted = machine.submit(
            LedgerChange(
                account: Self.accounts[0], symbol: nil, subject: .deposit(.whole(500)),
                identity: "deposit:r1", cause: "command:r1", atMilliseconds: 1))
        guard case .apply(let command)? = submitted.actions.first else {
            Issue.record("no call")
            return
        }
        #expect(command.balance.wallet == m("500"))
        #expect(command.position == nil)
    }
}

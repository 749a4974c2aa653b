import Bounded
import BusProtocol
import Chronology
import Positions
import Reactor
import Testing
import Trading
import VenueProtocol

@testable import PositionSyncService

/// How often something was asked.
@LoopActor private final class Asked {
    var count = 0
}

@Suite("B4a: funding over the books as they stood when it was due")
struct FundingTests {
    private let beta = account("beta")

    init() { EventLoop.process.runInBackground() }

    private func entry(
        _ sequence: Int64, _ account: AccountID, _ side: Side, _ size: String, after: String,
        at: Int64
    ) -> LedgerEntry {
        var entry = LedgerEntry(
            kind: .fill, account: account, symbol: bitcoin, cause: "test", atMilliseconds: at,
            writer: "test:1")
        entry.sequence = sequence
        entry.side = side
        entry.quantity = quantity(size)
        entry.position = quantity(after)
        return entry
    }

    private func payment(at: Int64, _ amount: String = "-3") -> FundingPayment {
        FundingPayment(
            symbol: bitcoin, amount: Money(text: amount)!, asset: "USDT", transactionID: at,
            timeMilliseconds: at)
    }

    private func books(_ held: [AccountID: String]) -> SyncBooks {
        var books = SyncBooks(sequence: 9)
        for (account, size) in held {
            books.positions[account] = [bitcoin: Position(quantity: quantity(size))]
        }
        return books
    }

    @Test("what was traded since is taken back, whatever the records of the books say by now")
    func since() {
        let history = FundingHistory(entries: [
            entry(5, beta, .buy, "1", after: "1", at: 500_000),
            // A trade that was missed: made before the payment, and booked after it.
            entry(4, alpha, .buy, "1", after: "4", at: 200_000),
            entry(3, alpha, .sell, "2", after: "3", at: 400_000),
            entry(2, alpha, .buy, "5", after: "5", at: 100_000),
            entry(1, beta, .sell, "1", after: "-1", at: 90_000),
        ])
        // The records were read at some other moment; only a book without an entry is asked of them.
        let gamma = account("gamma")
        let found = history.funding(
            payment(at: 300_000), books([alpha: "77", gamma: "-2"]))
        // beta: -1 before, a buy of 1 later leaves 1 by its entry: less that buy it is nought.
        #expect(found?.holdings == [alpha: quantity("6"), gamma: quantity("-2")])
        #expect(found?.isUnknown == false)
    }

    @Test("a payment from before there were books is nobody's business; from before the journal, it is external's")
    func reach() {
        let first = FundingHistory(entries: [entry(1, alpha, .buy, "5", after: "5", at: 100_000)])
        #expect(first.funding(payment(at: 99_999), books([:])) == nil)
        #expect(first.funding(payment(at: 100_000), books([:]))?.holdings == [alpha: quantity("5")])
        let trimmed = FundingHistory(entries: [entry(7, alpha, .buy, "5", after: "5", at: 100_000)])
        #expect(trimmed.funding(payment(at: 100_001), books([:]))?.isUnknown == true)
        #expect(trimmed.funding(payment(at: 160_000), books([:]))?.isUnknown == false)
        #expect(FundingHistory().funding(payment(at: 1), SyncBooks(sequence: 0)) == nil)
        #expect(FundingHistory().funding(payment(at: 1), SyncBooks(sequence: 3))?.isUnknown == true)
    }

    @Test("over any order of booking, what the books held is what their trades up to then sum to")
    func property() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        for round in 0..<500 {
            var machine = LedgerMachine(settlementAsset: "USDT")
            _ = machine.resume()
            var entries: [LedgerEntry] = []
            var truth: [AccountID: Quantity] = [:]
            let due = Int64(500_000)
            for number in 1...Int64(Int.random(in: 1...30, using: &random)) {
                let name = ["alpha", "beta", "gamma"].randomElement(using: &random) ?? "alpha"
                let at = Int64.random(in: 200_000...900_000, using: &random)
                let side: Side = Bool.random(using: &random) ? .buy : .sell
                let size = Quantity.whole(Int64.random(in: 1...5, using: &random))
                let fill = Fill(
                    symbol: bitcoin, tradeID: number, orderID: number, clientOrderID: "",
                    side: side, price: price("100"), quantity: size, fee: .zero, feeAsset: "USDT",
                    isMaker: false, timeMilliseconds: number == 1 ? 200_000 : at)
                let change = LedgerChange.fill(
                    fill, account: account(name), order: nil, cause: "test")
                guard case .apply(let command)? = machine.submit(change).actions.first else {
                    continue
                }
                for leg in command.legs {
                    var entry = LedgerScript.entry(leg, command, writer: "test:1")
                    entry.sequence = Int64(entries.count + 1)
                    entries.append(entry)
                }
                _ = machine.replied(command.token, .applied(sequence: Int64(entries.count)))
                if fill.timeMilliseconds <= due {
                    truth[account(name), default: .zero] += side.signed(size)
                }
            }
            let history = FundingHistory(entries: entries.reversed())
            let found = history.funding(payment(at: due), SyncBooks(sequence: 1))
            #expect(
                found?.holdings == truth.filter { !$0.value.isZero }, "seed \(seed), round \(round)")
        }
    }

    // MARK: the desk

    private func stage(_ holdings: [AccountID: Quantity], isUnknown: Bool = false) -> SyncStage {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "2")
        stage.fundings = [
            SharedFunding(
                symbol: bitcoin, amount: Money(text: "-0.3")!, transactionID: 9,
                atMilliseconds: stage.wall.milliseconds - 7_200_000, holdings: holdings,
                isUnknown: isUnknown)
        ]
        stage.start()
        return stage
    }

    @Test("funding is looked for from a day back until it is booked, and then with an hour's overlap")
    func lookedFor() {
        var stage = stage([alpha: quantity("2")])
        let dayBack = (stage.wall - SyncLimits.fundingDepth).milliseconds
        // The ledger does not answer: nothing is booked, and the same is looked for again.
        stage.beforeAnswer = { _, action in
            if case .applyShared = action { false } else { true }
        }
        stage.pass(.seconds(100))
        let early = stage.fundingsAsked
        #expect(early.count == 2)
        #expect(early.allSatisfy { $0 >= dayBack && $0 <= dayBack + 100_000 }, "\(early)")
        stage.beforeAnswer = { _, _ in true }
        stage.pass(.seconds(130))
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "-0.3"))
        let due = stage.fundings[0].atMilliseconds
        #expect(stage.fundingsAsked.last == due - 3_600_000)
        // A row that comes late, within the overlap, is found; and nothing is booked twice.
        stage.fundings.insert(
            SharedFunding(
                symbol: bitcoin, amount: Money(text: "-0.1")!, transactionID: 8,
                atMilliseconds: due - 60_000, holdings: [alpha: quantity("2")]), at: 0)
        stage.pass(.seconds(130))
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "-0.4"))
        #expect(!stage.alerts.contains("funding_external"))
    }

    @Test("what the journal no longer tells goes to the external book, with an alert, once")
    func trimmed() {
        var stage = stage([:], isUnknown: true)
        stage.pass(.seconds(200))
        #expect(stage.ledger.balances[.external]?.funding == Money(text: "-0.3"))
        #expect(stage.ledger.balances[alpha]?.funding == .zero)
        #expect(stage.alerts.count { $0 == "funding_external" } == 1)
    }

    @Test("what the external book cannot be given alone is told too, and so is what was booked by a call without an answer")
    func told() {
        // It holds something itself, and the books all but cancel out.
        var stage = stage([alpha: quantity("1"), .external: quantity("-1")])
        stage.pass(.seconds(100))
        #expect(stage.ledger.balances[.external]?.funding == Money(text: "-0.3"))
        #expect(stage.alerts.count { $0 == "funding_external" } == 1)
        // What it alone held is its own.
        stage = self.stage([.external: quantity("2")])
        stage.pass(.seconds(100))
        #expect(stage.ledger.balances[.external]?.funding == Money(text: "-0.3"))
        #expect(!stage.alerts.contains("funding_external"))
        // The call is carried out, its answer lost, and its repeat finds it booked.
        stage = self.stage([:], isUnknown: true)
        stage.beforeAnswer = { stage, action in
            guard case .applyShared(let command, let fence) = action, stage.ledger.settled.isEmpty
            else { return true }
            _ = stage.ledger.apply(command, fence: fence)
            stage.send(.sharedReplied(command.token, .unknown))
            return false
        }
        stage.pass(.seconds(100))
        #expect(stage.ledger.balances[.external]?.funding == Money(text: "-0.3"))
        #expect(stage.alerts.count { $0 == "funding_external" } == 1)
    }

    // MARK: what is split when

    /// A payment of this moment, by books whose order changes with every look.
    private func busyStage() -> SyncStage {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "2")
        stage.fundings = [
            SharedFunding(
                symbol: bitcoin, amount: Money(text: "-0.3")!, transactionID: 9,
                atMilliseconds: stage.wall.milliseconds, holdings: [alpha: quantity("2")])
        ]
        let id = stage.order("busy")
        stage.beforeAnswer = { stage, action in
            if case .readBooks = action {
                stage.ledger.openOrders = [stage.record(id, at: stage.wall)]
            }
            return true
        }
        return stage
    }

    private func place(_ stage: SyncStage, _ isWanted: (SyncAction) -> Bool) -> Int? {
        stage.seen.firstIndex(where: isWanted)
    }

    @Test("a symbol that is never quiet: its missed trades are brought in before its funding is split")
    func busy() throws {
        var stage = busyStage()
        // Made just before the payment, and missed by everybody.
        let missed = stage.missedTrade(.buy, "1", "missed")
        stage.start()
        stage.pass(.seconds(60))
        let trade = try #require(
            place(stage) {
                if case .apply(let command, _) = $0 {
                    command.change.identity == missed.leg.text
                } else { false }
            })
        let funding = try #require(
            place(stage) {
                if case .applyShared(let command, _) = $0 {
                    command.subject.identity == "funding:9"
                } else { false }
            })
        #expect(trade < funding)
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "-0.3"))
    }

    @Test("where the trades cannot be looked through, funding waits, but no longer than ten minutes")
    func patience() {
        var stage = busyStage()
        let busy = stage.beforeAnswer
        stage.beforeAnswer = { stage, action in
            if case .askTrades = action { return false }
            return busy(&stage, action)
        }
        stage.start()
        stage.pass(.seconds(590))
        #expect(stage.ledger.balances[alpha]?.funding == .zero)
        stage.pass(.seconds(120))
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "-0.3"))
    }

    @Test("a payment that waits is not passed over: others are booked, and it is looked for again")
    func held() {
        var stage = busyStage()
        let due = stage.fundings[0].atMilliseconds
        stage.fundings.append(
            SharedFunding(
                symbol: ether, amount: Money(text: "0.1")!, transactionID: 10,
                atMilliseconds: due + 1, holdings: [alpha: quantity("1")]))
        let busy = stage.beforeAnswer
        stage.beforeAnswer = { stage, action in
            if case .askTrades = action { return false }
            return busy(&stage, action)
        }
        stage.start()
        stage.pass(.seconds(300))
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "0.1"))
        #expect(stage.fundingsAsked.allSatisfy { $0 <= due - 3_600_000 })
        stage.beforeAnswer = { _, _ in true }
        stage.ledger.openOrders = []
        stage.pass(.seconds(100))
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "-0.2"))
    }

    @Test("the venue's list of payments is read to its end, each payment once")
    @LoopActor func pages() async throws {
        let rows = (1...2_300).map { number in
            "{\"symbol\":\"BTCUSDT\",\"incomeType\":\"FUNDING_FEE\",\"income\":\"-1\","
                + "\"asset\":\"USDT\",\"tranId\":\(number),\"time\":\(5_000 + number / 900)}"
        }
        let asked = Asked()
        let payments = try await FundingPages.payments(sinceMilliseconds: 5_000) { request in
            asked.count += 1
            let values = Dictionary(
                request.parameters.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
            #expect(values["startTime"] == "5000" && values["incomeType"] == "FUNDING_FEE")
            let page = Int(values["page"] ?? "") ?? 0
            // A row came in before the others meanwhile.
            let start = max(0, (page - 1) * 1_000 - (page > 1 ? 1 : 0))
            return Array("[\(rows.dropFirst(start).prefix(1_000).joined(separator: ","))]".utf8)
        }
        #expect(asked.count == 3)
        #expect(payments.map(\.transactionID) == Array(1...2_300))
    }

    @Test("books that all but cancel out while the exchange pays: nobody's, rather than a fortune each")
    func leverage() {
        var stage = stage([alpha: quantity("1000000"), beta: quantity("-999999.99999")])
        stage.pass(.seconds(100))
        #expect(stage.ledger.balances[.external]?.funding == Money(text: "-0.3"))
        #expect(stage.ledger.balances[beta] == nil)
        #expect(stage.alerts.count { $0 == "funding_external" } == 1)
    }
}

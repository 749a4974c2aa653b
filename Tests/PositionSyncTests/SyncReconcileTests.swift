import BusProtocol
import Chronology
import PositionSyncService
import Positions
import Testing
import Trading

@Suite("B4d, B4e: what no trade explains")
struct SyncReconcileTests {
    private let beta = account("beta")

    /// alpha holds 2, beta 1, and the venue says so.
    private func balanced() -> SyncStage {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "2")
        let fill = stage.venue.trade(
            bitcoin, .buy, "1", order: "x", wall: stage.wall - .seconds(60))
        stage.ledger.book(fill, beta)
        stage.start()
        stage.pass(.seconds(1))
        return stage
    }

    private func setMark(_ stage: inout SyncStage, _ text: String = "110") {
        stage.ledger.marks[bitcoin] = SyncBooks.KnownMark(
            price: price(text), atMilliseconds: stage.wall.milliseconds)
    }

    private func command(
        _ kind: String, _ body: [String: String], _ stage: SyncStage, id: String = "r1"
    ) -> Command {
        Command(
            id: id, from: "pms-1", deadlineMilliseconds: stage.wall.milliseconds + 60_000,
            kind: kind, body: body)
    }

    private func replies(_ stage: SyncStage) -> [Reply] {
        stage.seen.compactMap { if case .reply(let reply, _) = $0 { reply } else { nil } }
    }

    @Test("an orphan is closed at mark over the books in proportion, after two looks, once")
    func orphan() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.9")
        for _ in 0..<50 {
            setMark(&stage)
            stage.pass(.seconds(1))
            if stage.alerts.contains("position_corrected") { break }
            #expect(stage.ledger.net(bitcoin) == quantity("3"))
        }
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == quantity("1.4"))
        #expect(stage.ledger.positions[beta]?[bitcoin]?.quantity == quantity("0.7"))
        #expect(stage.ledger.balances[alpha]?.realised == Money(text: "6"))
        stage.pass(.seconds(40))
        #expect(stage.reports.last?.result == .equal)
        #expect(stage.alerts.count { $0 == "position_corrected" } == 1)
        #expect(!stage.alerts.contains("symbol_reducing"))
    }

    @Test("a position the books do not know is the external book's")
    func external() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("5")
        for _ in 0..<50 {
            setMark(&stage)
            stage.pass(.seconds(1))
        }
        #expect(stage.ledger.positions[.external]?[bitcoin]?.quantity == quantity("5"))
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == quantity("2"))
        #expect(stage.reports.last?.result == .equal)
        #expect(stage.alerts.contains("position_mismatch"))
    }

    @Test("R1: errors, one snapshot, or an order in doubt correct nothing")
    func never() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-3")
        let id = stage.order("doubt")
        var record = stage.record(id, at: WallTime(milliseconds: 0))
        record.status = "unknown"
        stage.ledger.openOrders = [record]
        for _ in 0..<70 {
            setMark(&stage)
            stage.pass(.seconds(1))
        }
        #expect(stage.ledger.net(bitcoin) == quantity("3"))
        stage.ledger.openOrders = []
        stage.venue.isFailing = true
        for _ in 0..<40 {
            setMark(&stage)
            stage.pass(.seconds(1))
        }
        #expect(stage.ledger.net(bitcoin) == quantity("3"))
        #expect(!stage.alerts.contains("position_corrected"))
    }

    @Test("B7c: without a mark nothing is booked; after 60 s the symbol takes no new risk, until it is equal")
    func reducing() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.5")
        stage.pass(.seconds(55))
        #expect(stage.ledger.reducing.isEmpty)
        stage.pass(.seconds(60))
        #expect(stage.ledger.reducing == [bitcoin])
        #expect(stage.alerts.count { $0 == "symbol_reducing" } == 1)
        #expect(stage.ledger.net(bitcoin) == quantity("3"))
        stage.venue.opening[bitcoin] = .zero
        stage.pass(.seconds(60))
        #expect(stage.ledger.reducing.isEmpty)
        #expect(stage.alerts.contains("symbol_released"))
    }

    @Test("a book that moves in the same moment is left as it is, and looked at anew")
    func moved() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.9")
        var late: Fill?
        stage.beforeAnswer = { stage, action in
            guard case .applyShared = action, late == nil else { return true }
            let fill = stage.venue.trade(
                bitcoin, .buy, "0.9", order: "y", wall: stage.wall - .seconds(9))
            late = fill
            stage.ledger.book(fill, alpha)
            return true
        }
        for _ in 0..<60 {
            setMark(&stage)
            stage.pass(.seconds(1))
            if late != nil { break }
        }
        #expect(late != nil)
        #expect(stage.ledger.net(bitcoin) == quantity("3.9"))
        #expect(!stage.alerts.contains("position_corrected"))
    }

    @Test("R11: a trade of an order whose book was taken off the list is still that book's")
    func removedBook() {
        var stage = balanced()
        let gone = account("gone")
        let id = ClientOrderID.derive(
            account: AccountCode("GONE0000")!, origin: .manual, intent: "resting")
        stage.ledger.orders[id] = OrderRecord(
            intent: OrderIntent(
                clientOrderID: id, account: gone, symbol: bitcoin, side: .buy, type: .limit,
                timeInForce: .goodTillCancel, quantity: .one, price: price("100"),
                isReduceOnly: false), request: "test", status: "open", intentMilliseconds: 0,
            stamp: RecordStamp(sequence: 1, writer: "order-gateway:test", atMilliseconds: 0))
        _ = stage.venue.trade(bitcoin, .buy, "1", order: id.text, wall: stage.wall - .seconds(6))
        stage.pass(.seconds(40))
        #expect(stage.ledger.positions[gone]?[bitcoin]?.quantity == quantity("1"))
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("R2: a correction whose answer is lost is made once")
    func lostAnswer() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.9")
        var lost = false
        stage.beforeAnswer = { stage, action in
            guard case .applyShared(let command, let fence) = action, !lost else { return true }
            lost = true
            _ = stage.ledger.apply(command, fence: fence)
            stage.send(.sharedReplied(command.token, .unknown))
            return false
        }
        for _ in 0..<60 {
            setMark(&stage)
            stage.pass(.seconds(1))
        }
        #expect(lost)
        #expect(stage.ledger.net(bitcoin) == quantity("2.1"))
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("a dry run says what would be done and why, and changes nothing")
    func dryRun() throws {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.9")
        setMark(&stage)
        stage.send(.command(command("reconcile", ["dry_run": "1"], stage)))
        stage.pass(.seconds(2))
        let reply = try #require(replies(stage).first)
        #expect(reply.isOK && reply.body["result"] == "different")
        let text = try #require(reply.body["BTCUSDT"])
        #expect(text.contains("venue 2.1, books 3, difference -0.9"), "\(text)")
        #expect(text.contains("alpha closes 0.6 at 110, beta closes 0.3 at 110"), "\(text)")
        #expect(stage.ledger.fences.isEmpty)
        _ = stage.missedTrade(.sell, "0.5", "one")
        stage.venue.opening[bitcoin] = .zero
        stage.send(.command(command("reconcile", ["dry_run": "1"], stage)))
        stage.pass(.seconds(2))
        #expect(try #require(replies(stage).last).body["BTCUSDT"]?.contains("to alpha") == true)
        #expect(stage.ledger.fences.isEmpty)
    }

    @Test("a transfer moves free money from book to book, in one change, once for its request")
    func transfer() throws {
        var stage = balanced()
        stage.ledger.deposit(alpha, Money(text: "100")!)
        stage.ledger.deposit(beta, Money(text: "1")!)
        let body = ["from": "alpha", "to": "beta", "amount": "40"]
        stage.free[alpha] = Money(text: "30")
        stage.send(.command(command("account.transfer", body, stage)))
        stage.pass(.seconds(1))
        #expect(replies(stage).last?.code == "margin_insufficient")
        stage.free[alpha] = Money(text: "50")
        for round in 0..<2 {
            // What has gone is not free a second time; the repeat is answered all the same.
            if round == 1 { stage.free[alpha] = Money(text: "10") }
            stage.send(.command(command("account.transfer", body, stage)))
            stage.pass(.seconds(1))
            #expect(replies(stage).last?.isOK == true)
        }
        #expect(stage.ledger.balances[alpha]?.deposits == Money(text: "60"))
        #expect(stage.ledger.balances[beta]?.deposits == Money(text: "41"))
        stage.send(
            .command(
                command(
                    "account.transfer", ["from": "alpha", "to": "nobody", "amount": "1"], stage,
                    id: "r2")))
        stage.pass(.seconds(1))
        #expect(replies(stage).last?.code == "account_unknown")
    }

    @Test("a request's id that moved something else is refused, and says what it moved")
    func transferReused() throws {
        var stage = balanced()
        stage.ledger.deposit(alpha, Money(text: "100")!)
        stage.ledger.deposit(beta, Money(text: "1")!)
        stage.free[alpha] = Money(text: "90")
        for amount in ["40", "41"] {
            let body = ["from": "alpha", "to": "beta", "amount": amount]
            stage.send(.command(command("account.transfer", body, stage)))
            stage.pass(.seconds(1))
        }
        let refused = try #require(replies(stage).last)
        #expect(!refused.isOK && refused.reason.contains("moved 40 from alpha to beta"))
        #expect(stage.ledger.balances[beta]?.deposits == Money(text: "41"))
        stage.isJournalTrimmed = true
        stage.send(
            .command(
                command(
                    "account.transfer", ["from": "alpha", "to": "beta", "amount": "40"], stage)))
        stage.pass(.seconds(1))
        #expect(try #require(replies(stage).last).reason.contains("no longer tells"))
        #expect(stage.ledger.balances[beta]?.deposits == Money(text: "41"))
    }

    @Test("funding is booked once, over the books by what they held")
    func funding() {
        var stage = balanced()
        stage.fundings = [
            SharedFunding(
                symbol: bitcoin, amount: Money(text: "-0.3")!, transactionID: 9,
                atMilliseconds: stage.wall.milliseconds,
                holdings: [alpha: quantity("2"), beta: quantity("1")])
        ]
        stage.pass(.seconds(200))
        #expect(stage.ledger.balances[alpha]?.funding == Money(text: "-0.2"))
        #expect(stage.ledger.balances[beta]?.funding == Money(text: "-0.1"))
    }

    @Test("balances: money that the venue gained beyond what the books know is told, once")
    func money() {
        var stage = balanced()
        stage.venue.wallet = Money(text: "1000")
        stage.pass(.seconds(70))
        #expect(!stage.alerts.contains("balance_mismatch"))
        stage.venue.wallet = Money(text: "1250")
        stage.pass(.seconds(40))
        stage.pass(.seconds(100))
        #expect(stage.alerts.count { $0 == "balance_mismatch" } == 1)
    }
}

import BusProtocol
import Chronology
import Margin
import RiskEngineService
import Testing
import Trading

@Suite("Many accounts are loaded and valued by pages")
struct RiskPagingTests {
    private let names = (100..<500).map { account("a\($0)") }

    /// Each account with 10,000 and 1 BTC bought at 50,000; some bought at other prices.
    private func stage(entries: [AccountID: String] = [:]) -> RiskStage {
        var stage = RiskStage()
        for name in names {
            _ = stage.books.deposit(name, money("10000"))
            _ = stage.books.fill(
                name, bitcoin, quantity("1"), at: price(entries[name] ?? "50000"))
        }
        stage.books.brackets[bitcoin] = .conservative
        stage.setMark(bitcoin, "50000")
        return stage
    }

    @Test("pages in any number come to what one whole load comes to, and nothing is valued before the last")
    func pages() {
        var whole = stage()
        whole.start()
        whole.settle()
        var paged = stage()
        paged.answersRequests = false
        paged.start()
        var load = paged.books.load(since: paged.books.sequence)
        while load.accounts.count > 30 {
            paged.send(.pageLoaded(1, Array(load.accounts.prefix(30))))
            load.accounts.removeFirst(30)
            #expect(paged.desk.readiness == ["accounts are being loaded"])
            paged.tick(bitcoin, "50000")
            paged.settle()
            #expect(paged.snapshots.isEmpty)
            // Whoever reads is told that it is not all there yet.
            #expect(paged.desk.isEmpty)
        }
        paged.send(.loaded(1, load))
        paged.send(.caughtUp(2, [], isWhole: true))
        #expect(paged.snapshots.count == RiskLimits.evaluationsPerTurn)
        #expect(paged.desk.nextWake <= paged.now)
        paged.settle()
        #expect(paged.snapshots.map(\.account) == names)
        #expect(paged.snapshots.map(\.equity) == whole.snapshots.map(\.equity))
        #expect(paged.desk.accountNames == names)
        #expect(!paged.desk.isEmpty)
    }

    @Test("a page of an earlier load is not taken, and one whose load takes long is not cut off")
    func lateAndSlow() {
        var stage = stage()
        stage.answersRequests = false
        stage.start()
        stage.pass(.seconds(61))
        #expect(stage.count(\.isLoad) == 2)
        #expect(!stage.desk.isLoading(1) && stage.desk.isLoading(2))
        let load = stage.books.load(since: stage.books.sequence)
        stage.send(.pageLoaded(1, load.accounts))
        #expect(stage.desk.accountNames.isEmpty)
        for page in 0..<4 {
            stage.pass(.seconds(40))
            stage.send(.pageLoaded(2, Array(load.accounts[(100 * page)..<(100 * page + 100)])))
        }
        #expect(stage.count(\.isLoad) == 2)
        #expect(stage.desk.accountNames == names)
    }

    @Test("accounts that a later load does not find are gone, and come back by the journal")
    func gone() {
        var stage = stage()
        stage.start()
        stage.settle()
        stage.answersRequests = false
        stage.send(.redisDown)
        stage.send(.redisUp)
        var load = stage.books.load(since: stage.books.sequence)
        load.accounts.removeFirst(2)
        stage.send(.loaded(3, load))
        #expect(stage.desk.accountNames == Array(names.dropFirst(2)))
        stage.forget()
        stage.send(.caughtUp(4, [], isWhole: true))
        stage.settle()
        #expect(stage.snapshots.map(\.account) == Array(names.dropFirst(2)))
        stage.forget()
        stage.send(.ledgerReceived(stage.books.deposit(names[0], money("1"))))
        #expect(stage.snapshots.map(\.account) == [names[0]])
        #expect(stage.snapshots.first?.positions.isEmpty == true)
    }

    @Test("accounts that are gone take no room: the others are valued as soon as if there were none")
    func goneTakeNoRoom() {
        var stage = stage()
        stage.start()
        stage.settle()
        stage.answersRequests = false
        stage.send(.redisDown)
        stage.send(.redisUp)
        var load = stage.books.load(since: stage.books.sequence)
        load.accounts.removeFirst(300)
        stage.send(.loaded(3, load))
        stage.forget()
        stage.send(.caughtUp(4, [], isWhole: true))
        #expect(stage.snapshots.count == RiskLimits.evaluationsPerTurn)
        stage.send(.woken)
        #expect(stage.snapshots.map(\.account) == Array(names.dropFirst(300)))
        // Nor later, when ticks make the others due.
        stage.pass(.milliseconds(2_100))
        stage.forget()
        stage.tick(bitcoin, "49800")
        #expect(stage.snapshots.count == RiskLimits.evaluationsPerTurn)
        stage.send(.woken)
        #expect(Set(stage.snapshots.map(\.account)) == Set(names.dropFirst(300)))
    }

    @Test("a mark that makes all due values those first that it moved into a higher tier, and all in the end")
    func endangeredFirst() {
        let near = [names[399], names[250], names[1]]
        var stage = stage(entries: Dictionary(uniqueKeysWithValues: near.map { ($0, "57300") }))
        stage.start()
        stage.settle()
        stage.pass(.milliseconds(2_100))
        stage.forget()
        stage.tick(bitcoin, "49800")
        let first = stage.snapshots
        #expect(first.count == RiskLimits.evaluationsPerTurn)
        #expect(Set(first.prefix(3).map(\.account)) == Set(near))
        #expect(first.prefix(3).allSatisfy { $0.tier > 0 })
        stage.settle()
        #expect(Set(stage.snapshots.map(\.account)) == Set(names))
        #expect(stage.desk.nextWake > stage.now)
    }

    @Test("B5d: a change of the books does not wait for the accounts that are due")
    func changeFirst() {
        var stage = stage()
        stage.start()
        stage.settle()
        stage.pass(.milliseconds(2_100))
        stage.tick(bitcoin, "49800")
        stage.forget()
        stage.send(.ledgerReceived(stage.books.deposit(names[399], money("1"))))
        #expect(stage.snapshots.map(\.account) == [names[399]])
    }

    @Test("P4: what comes while the journal is read is not read again; a gap in it is")
    func heldMessages() {
        var stage = stage()
        stage.start()
        stage.settle()
        stage.answersRequests = false
        stage.forget()
        _ = stage.books.deposit(names[0], money("1"))
        let second = stage.books.deposit(names[1], money("1"))
        stage.send(.ledgerReceived(second))
        let third = stage.books.deposit(names[2], money("1"))
        stage.send(.ledgerReceived(third))
        #expect(stage.count(\.isCatchUp) == 1)
        let (entries, _) = stage.books.journal(after: 800, limit: 2)
        guard case .catchUp(let number, 800)? = stage.seen.first else {
            Issue.record("the journal was not asked for: \(stage.seen)")
            return
        }
        stage.send(.caughtUp(number, entries, isWhole: true))
        stage.settle()
        #expect(stage.desk.ledgerSequence == 803)
        #expect(stage.count(\.isCatchUp) == 1)
        #expect(Set(stage.snapshots.map(\.account)) == Set(names[0...2]))
        // One lost between those that came meanwhile.
        _ = stage.books.deposit(names[3], money("1"))
        stage.send(.ledgerReceived(stage.books.deposit(names[4], money("1"))))
        _ = stage.books.deposit(names[5], money("1"))
        stage.send(.ledgerReceived(stage.books.deposit(names[6], money("1"))))
        let (more, _) = stage.books.journal(after: 803, limit: 2)
        stage.send(.caughtUp(number + 1, more, isWhole: true))
        #expect(stage.count(\.isCatchUp) == 3)
    }

    @Test("P4: a journal number ahead of ours is no loss while its message may be on its way")
    func announced() {
        var stage = stage()
        stage.start()
        stage.settle()
        stage.answersRequests = false
        stage.forget()
        let entry = stage.books.deposit(names[0], money("1"))
        stage.send(.sequenceRead(ledger: 801, accountCount: names.count))
        #expect(stage.count(\.isCatchUp) == 0)
        stage.send(.ledgerReceived(entry))
        stage.pass(.milliseconds(900))
        #expect(stage.count(\.isCatchUp) == 0)
        _ = stage.books.deposit(names[0], money("1"))
        stage.send(.sequenceRead(ledger: 802, accountCount: names.count))
        stage.pass(.milliseconds(500))
        #expect(stage.count(\.isCatchUp) == 1)
    }

    @Test("an account that the journal brought is known without a load; one that the list alone names is loaded")
    func newAccounts() {
        var stage = stage()
        stage.start()
        stage.settle()
        stage.answersRequests = false
        stage.forget()
        stage.send(.sequenceRead(ledger: 800, accountCount: 401))
        stage.send(.ledgerReceived(stage.books.deposit(account("new1"), money("1"))))
        stage.send(.ledgerReceived(stage.books.deposit(account("new2"), money("1"))))
        stage.send(.sequenceRead(ledger: 802, accountCount: 402))
        stage.send(.sequenceRead(ledger: 802, accountCount: 402))
        #expect(stage.count(\.isLoad) == 0)
        stage.send(.sequenceRead(ledger: 802, accountCount: 403))
        #expect(stage.count(\.isLoad) == 0)
        stage.send(.sequenceRead(ledger: 802, accountCount: 403))
        #expect(stage.count(\.isLoad) == 1)
    }
}

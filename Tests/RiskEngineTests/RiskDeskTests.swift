import Bounded
import BusProtocol
import Chronology
import Margin
import RiskEngineService
import Testing
import Trading

@Suite struct RiskDeskTests {
    private let alpha = account("alpha")
    private let beta = account("beta")

    /// One account with 10,000 and 1 BTC bought at 50,000, live.
    private func live() -> RiskStage {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("10000"))
        _ = stage.books.fill(alpha, bitcoin, quantity("1"), at: price("50000"))
        stage.books.brackets[bitcoin] = .conservative
        stage.setMark(bitcoin, "50000")
        stage.start()
        return stage
    }

    @Test("At start every account gets a snapshot with its figures, stamped and whole")
    func snapshot() throws {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("10000"))
        _ = stage.books.fill(alpha, bitcoin, quantity("1"), at: price("50000"))
        _ = stage.books.deposit(beta, money("5"))
        stage.books.brackets[bitcoin] = .conservative
        stage.setMark(bitcoin, "49000")
        stage.start()
        #expect(stage.desk.readiness.isEmpty)
        #expect(stage.snapshots.map(\.account) == [alpha, beta])
        let record = try #require(stage.snapshots.first)
        #expect(record.wallet == money("10000"))
        #expect(record.unrealised == money("-1000"))
        #expect(record.equity == money("9000"))
        #expect(record.maintenance == money("2325"))
        #expect(record.initial == money("4900"))
        #expect(record.available == money("4100"))
        #expect(record.tier == 0)
        #expect(record.ledgerSequence == 3)
        #expect(!record.isPriceStale)
        #expect(!record.isBracketDefault)
        #expect(record.stamp.writer == "risk-engine:test")
        #expect(record.stamp.atMilliseconds == stage.wall.milliseconds)
        let position = try #require(record.positions.first)
        #expect(position.mark == price("49000"))
        #expect(position.unrealised == money("-1000"))
        // 10,000 + P − 50,000 = P × 0.05 − 125
        #expect(position.liquidationPrice.down(to: price("0.01")) == price("41973.68"))
        #expect(record.accountMove < Ratio(text: "-0.1433")!)
        #expect(record.accountMove > Ratio(text: "-0.1435")!)
    }

    @Test("Stamps count up over snapshots and alerts alike")
    func stamps() {
        var stage = live()
        stage.pass(.seconds(12))
        let numbers = stage.seen.compactMap { action -> Int64? in
            switch action {
            case .save(let record, _): record.stamp.sequence
            case .alert(let alert): alert.stamp.sequence
            case .saveTier(let tier, _, _, _): tier.stamp.sequence
            case .load, .catchUp, .readSequence, .watch, .unwatch, .askPrice, .command: nil
            }
        }
        #expect(numbers.count > 2)
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    }

    @Test("B5d: a ledger change is in the snapshot at once")
    func ledgerChange() {
        var stage = live()
        stage.forget()
        stage.send(
            .ledgerReceived(stage.books.fill(alpha, ether, quantity("-2"), at: price("3000"))))
        #expect(stage.snapshots.first?.positions.map(\.symbol) == [bitcoin, ether])
        #expect(stage.snapshots.first?.ledgerSequence == 3)
        #expect(stage.seen.contains(.watch(ether)))
    }

    @Test("B5d: what is written over a snapshot makes it the next one, and every ten seconds it is written whole")
    func changesAlone() {
        var stage = live()
        var random = SplitMix64(seed: 7)
        var sizes = 0
        let wholeBefore = stage.wholeCount
        for round in 0..<200 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0: stage.tick(bitcoin, "\(50_000 + round)")
            case 1:
                let size = Quantity.whole(Int64.random(in: -2...2, using: &random))
                let entry = stage.books.fill(alpha, ether, size, at: price("3000"))
                stage.send(.ledgerReceived(entry))
            case 2:
                stage.send(.ledgerReceived(stage.books.deposit(alpha, money("1"))))
            case _: stage.pass(.milliseconds(300))
            }
            guard let last = stage.snapshots.last else { continue }
            #expect(
                stage.stored[alpha] == Dictionary(last.fields, uniquingKeysWith: { $1 }),
                "round \(round)")
        }
        for case .save(let record, let earlier?) in stage.seen {
            sizes = max(sizes, record.fields(changedFrom: earlier).count)
        }
        // Both positions of the largest, and what the account has.
        #expect(sizes > 3 && sizes <= 24)
        let whole = stage.wholeCount - wholeBefore
        #expect(whole > 2 && whole < stage.snapshots.count / 2)
        // Redis came back, and may have lost it: the next is whole.
        stage.send(.redisDown)
        stage.forget()
        stage.send(.redisUp)
        stage.send(.ledgerSubscribed)
        #expect(isFirstWhole(stage))
        // So it is where Redis could not be given one.
        stage.desk.snapshotRefused(alpha)
        stage.forget()
        stage.send(.ledgerReceived(stage.books.deposit(alpha, money("1"))))
        #expect(isFirstWhole(stage))
    }

    private func isFirstWhole(_ stage: RiskStage) -> Bool {
        for case .save(_, let earlier) in stage.seen { return earlier == nil }
        return false
    }

    @Test("two risk-engines: the one without the lease writes no snapshot, and can still be read")
    func standby() {
        var stage = live()
        stage.send(.leaseLost)
        stage.forget()
        stage.send(.ledgerReceived(stage.books.deposit(alpha, money("5"))))
        stage.pass(.seconds(12))
        #expect(stage.snapshots.isEmpty)
        let reading = stage.desk.reading(of: alpha, now: stage.now, wall: stage.wall)
        #expect(reading?.snapshot?.wallet == money("10005"))
        stage.send(.leaseGained(fence: 9))
        #expect(isFirstWhole(stage))
    }

    @Test("snapshots that ticks make are limited over all accounts; those of changes are not, and none grows old")
    func limited() {
        var stage = RiskStage()
        let names = (0..<4_000).map { account("a\($0)") }
        for name in names {
            _ = stage.books.deposit(name, money("10000"))
            _ = stage.books.fill(name, bitcoin, quantity("1"), at: price("50000"))
        }
        stage.setMark(bitcoin, "50000")
        stage.answersRequests = false
        stage.start()
        stage.send(.loaded(1, stage.books.load(since: stage.books.sequence)))
        stage.send(.caughtUp(2, [], isWhole: true))
        #expect(stage.snapshots.count == RiskLimits.evaluationsPerTurn)
        stage.settle()
        #expect(stage.snapshots.count == 4_000)
        stage.pass(.milliseconds(2_100))
        stage.forget()
        stage.tick(bitcoin, "50001")
        #expect(stage.snapshots.count == RiskLimits.evaluationsPerTurn)
        stage.settle()
        #expect(stage.snapshots.count == Int(RiskLimits.snapshotsPerSecond))
        stage.send(.ledgerReceived(stage.books.deposit(names[3_999], money("1"))))
        #expect(stage.snapshots.last?.wallet == money("10001"))
        stage.pass(.milliseconds(4_200))
        let written = Set(stage.snapshots.map(\.account))
        #expect(written.count == 4_000)
    }

    @Test("A position that closes is unsubscribed and leaves the snapshot")
    func closing() {
        var stage = live()
        stage.forget()
        let entry = stage.books.fill(
            alpha, bitcoin, .zero, at: price("51000"), realised: money("1000"))
        stage.send(.ledgerReceived(entry))
        #expect(stage.seen.first == .unwatch(bitcoin))
        #expect(stage.snapshots.first?.positions.isEmpty == true)
        #expect(stage.snapshots.first?.equity == money("11000"))
    }

    @Test("B5a: ticks evaluate an account at most every 2 s, and the last one is not forgotten")
    func tickPacing() {
        var stage = live()
        stage.pass(.seconds(2))
        stage.forget()
        for step in 0..<20 {
            stage.tick(bitcoin, "\(50_000 + step)")
            stage.pass(.milliseconds(100))
        }
        #expect(stage.snapshots.count == 1)
        stage.pass(.milliseconds(300))
        #expect(stage.snapshots.count == 2)
        #expect(stage.snapshots.last?.positions.first?.mark == price("50019"))
    }

    @Test("Ticks of symbols nobody holds evaluate nobody")
    func foreignTick() {
        var stage = live()
        stage.pass(.seconds(3))
        stage.forget()
        stage.tick(ether, "3000")
        #expect(stage.seen.isEmpty)
    }

    @Test("An idle account is written again within 5 s, so that its snapshot never expires")
    func idleRefresh() {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("1"))
        stage.start()
        stage.forget()
        stage.pass(.seconds(60))
        #expect((11...13).contains(stage.snapshots.count))
    }

    @Test("P4: a message missed between two is caught up from the journal before the later counts")
    func gapBetweenMessages() {
        var stage = live()
        stage.forget()
        _ = stage.books.deposit(alpha, money("1"))
        let later = stage.books.deposit(alpha, money("1"))
        stage.send(.ledgerReceived(later))
        #expect(stage.seen.first?.isCatchUp == true)
        #expect(stage.snapshots.map(\.ledgerSequence) == [4])
        #expect(stage.snapshots.last?.wallet == money("10002"))
    }

    @Test("P4: the last message lost is noticed within 2 s though nothing follows it")
    func lastMessageLost() {
        var stage = live()
        stage.pass(.milliseconds(500))
        stage.forget()
        _ = stage.books.deposit(alpha, money("7"))
        stage.pass(.seconds(2))
        #expect(stage.snapshots.contains { $0.wallet == money("10007") })
        #expect(stage.count(\.isLoad) == 0)
    }

    @Test("A message that comes twice or late changes nothing")
    func repeatedMessage() {
        var stage = live()
        let entry = stage.books.deposit(alpha, money("7"))
        stage.send(.ledgerReceived(entry))
        stage.forget()
        stage.send(.ledgerReceived(entry))
        #expect(stage.seen.isEmpty)
    }

    @Test("A journal that no longer holds what was missed is answered by loading the books")
    func trimmedJournal() {
        var stage = live()
        stage.forget()
        for _ in 0..<4 { _ = stage.books.deposit(alpha, money("1")) }
        stage.books.trimmedBefore = 6
        stage.pass(.seconds(2))
        #expect(stage.count(\.isLoad) == 1)
        #expect(stage.snapshots.last?.wallet == money("10004"))
        #expect(stage.desk.ledgerSequence == 6)
    }

    @Test("P3: while Redis is away nothing is written; when it is back everything is loaded anew")
    func outage() {
        var stage = live()
        stage.send(.redisDown)
        stage.forget()
        _ = stage.books.deposit(alpha, money("3"))
        stage.tick(bitcoin, "40000")
        stage.pass(.seconds(8))
        #expect(stage.seen.isEmpty)
        #expect(stage.desk.readiness == ["redis is away"])
        stage.setMark(bitcoin, "50000")
        stage.send(.redisUp)
        #expect(stage.count(\.isLoad) == 1)
        #expect(stage.snapshots.last?.wallet == money("10003"))
    }

    @Test("P3: a Redis that came back without its last seconds is loaded anew")
    func lostSeconds() {
        var stage = live()
        let whole = stage.books
        stage.send(.ledgerReceived(stage.books.deposit(alpha, money("3"))))
        stage.books = whole
        stage.forget()
        stage.pass(.seconds(2))
        #expect(stage.count(\.isLoad) == 1)
        #expect(stage.desk.ledgerSequence == 2)
        #expect(stage.snapshots.last?.wallet == money("10000"))
    }

    @Test("An answer about the journal that is older than a message is not taken for lost data")
    func oldAnswer() {
        var stage = live()
        stage.answersRequests = false
        stage.pass(.seconds(1))
        let answer = RiskEvent.sequenceRead(ledger: 2, accountCount: 1)
        stage.send(.ledgerReceived(stage.books.deposit(alpha, money("3"))))
        stage.forget()
        stage.send(answer)
        #expect(stage.seen.isEmpty)
    }

    @Test("A new account is found though none of its messages was")
    func newAccount() {
        var stage = live()
        stage.forget()
        _ = stage.books.deposit(beta, money("9"))
        stage.pass(.seconds(2))
        #expect(stage.snapshots.contains { $0.account == beta })
    }

    @Test("A load that fails or stays unanswered is repeated")
    func loadRepeats() {
        var stage = RiskStage()
        stage.answersRequests = false
        stage.start()
        stage.send(.loadFailed(1, reason: "test"))
        stage.pass(.seconds(1))
        #expect(stage.count(\.isLoad) == 2)
        // Ten thousand accounts are given their time.
        stage.pass(.seconds(30))
        #expect(stage.count(\.isLoad) == 2)
        stage.pass(.seconds(31))
        #expect(stage.count(\.isLoad) == 3)
        stage.send(.loaded(2, stage.books.load(since: 0)))
        #expect(stage.desk.readiness == ["accounts are being loaded"])
    }

    @Test("An account whose records cannot be read gets no snapshot and an alert; others do")
    func unreadableAccount() {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("1"))
        _ = stage.books.deposit(beta, money("1"))
        stage.books.problems[alpha] = "record unreadable: balance, field wallet: missing"
        stage.start()
        stage.pass(.seconds(10))
        #expect(Set(stage.snapshots.map(\.account)) == [beta])
        #expect(stage.alerts.map(\.code) == ["account_unreadable"])
        stage.books.problems = [:]
        stage.pass(.seconds(31))
        #expect(stage.snapshots.contains { $0.account == alpha })
    }

    @Test("A mark older than 10 s is said in the snapshot and in one alert, and moves no tier")
    func staleMark() {
        var stage = live()
        stage.pass(.seconds(16))
        #expect(stage.snapshots.last?.isPriceStale == true)
        #expect(stage.alerts.map(\.code) == ["price_stale"])
        #expect(stage.snapshots.last?.tier == 0)
        stage.forget()
        stage.tick(bitcoin, "42001")
        stage.pass(.milliseconds(2_200))
        #expect(stage.snapshots.last?.isPriceStale == false)
        #expect(stage.snapshots.last?.tier == 3)
    }

    @Test("B3a: a mark that goes stale is asked for, and what is found counts; nobody is alarmed")
    func priceFound() {
        var stage = live()
        stage.found[bitcoin] = price("42001")
        stage.forget()
        stage.pass(.seconds(40))
        #expect(stage.snapshots.last?.isPriceStale == false)
        #expect(stage.snapshots.last?.positions.first?.mark == price("42001"))
        #expect(!stage.alerts.map(\.code).contains("price_stale"))
        // About once in ten seconds, when the last one found is no longer fresh.
        #expect((3...5).contains(stage.count { $0 == .askPrice(bitcoin) }))
    }

    @Test("B3a: while no price can be had it is asked for every two seconds")
    func priceMissing() {
        var stage = live()
        stage.forget()
        stage.pass(.seconds(20))
        #expect((4...6).contains(stage.count { $0 == .askPrice(bitcoin) }))
        #expect(stage.snapshots.last?.isPriceStale == true)
    }

    @Test("A position without mark or brackets is valued at entry and conservatively, and says so")
    func unknownSymbol() {
        var stage = live()
        stage.forget()
        stage.send(
            .ledgerReceived(stage.books.fill(alpha, ether, quantity("1"), at: price("3000"))))
        let record = stage.snapshots.first
        #expect(record?.isPriceStale == true)
        #expect(record?.isBracketDefault == true)
        #expect(record?.positions.last?.mark == .zero)
        #expect(record?.positions.last?.unrealised == .zero)
    }

    @Test("What is learnt of a symbol just after its first position is in the snapshot at once")
    func learntSymbol() {
        var stage = live()
        stage.setMark(ether, "3100")
        stage.books.brackets[ether] = .conservative
        stage.forget()
        stage.send(
            .ledgerReceived(stage.books.fill(alpha, ether, quantity("1"), at: price("3000"))))
        #expect(stage.snapshots.count == 2)
        #expect(stage.snapshots.last?.isPriceStale == false)
        #expect(stage.snapshots.last?.isBracketDefault == false)
        #expect(stage.snapshots.last?.positions.last?.mark == price("3100"))
    }

    @Test("I1: a mark of zero, or older than the last, is passed over")
    func badMarks() {
        var stage = live()
        stage.pass(.seconds(3))
        stage.tick(bitcoin, "51000")
        stage.wall = stage.wall - .seconds(2)
        stage.tick(bitcoin, "1")
        stage.wall = stage.wall + .seconds(4)
        stage.tick(bitcoin, "0")
        stage.pass(.seconds(6))
        #expect(stage.snapshots.last?.positions.first?.mark == price("51000"))
    }

    @Test("B5b: a tier is observed once each time it changes, with alert and record")
    func tiers() {
        var stage = live()
        stage.forget()
        for mark in ["42200", "42100", "42070", "42000", "50000"] {
            stage.pass(.seconds(2))
            stage.tick(bitcoin, mark)
        }
        let tiers = stage.seen.compactMap { action -> Int64? in
            if case .saveTier(let record, let decisions, _, _) = action,
                decisions.first?.kind == .tier
            {
                record.tier.rawValue
            } else {
                nil
            }
        }
        #expect(tiers == [1, 2, 3, 0])
        #expect(stage.alerts.map(\.code) == Array(repeating: "margin_tier", count: 4))
    }

    @Test("A stale mark moves no tier, however bad it is")
    func staleTier() {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("10000"))
        _ = stage.books.fill(alpha, bitcoin, quantity("1"), at: price("50000"))
        stage.setMark(bitcoin, "40000")
        stage.wall = stage.wall + .seconds(11)
        stage.start()
        #expect(stage.snapshots.last?.marginRatio == .one)
        #expect(stage.snapshots.last?.isPriceStale == true)
        #expect(stage.snapshots.last?.tier == 0)
    }

    @Test("R10: a tier known before a restart is not told again")
    func tierSurvives() {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("10000"))
        _ = stage.books.fill(alpha, bitcoin, quantity("1"), at: price("50000"))
        stage.books.brackets[bitcoin] = .conservative
        stage.books.tiers[alpha] = .third
        stage.setMark(bitcoin, "42000")
        stage.start()
        #expect(stage.snapshots.last?.tier == 3)
        #expect(stage.alerts.isEmpty)
    }

    @Test("The external book is valued, but has no tier: it has no money of its own")
    func externalBook() {
        var stage = RiskStage()
        _ = stage.books.fill(.external, bitcoin, quantity("1"), at: price("50000"))
        stage.setMark(bitcoin, "40000")
        stage.start()
        #expect(stage.snapshots.last?.equity == money("-10000"))
        #expect(stage.snapshots.last?.marginRatio == .one)
        #expect(stage.snapshots.last?.tier == 0)
        #expect(stage.snapshots.last?.positions.first?.liquidationPrice == .zero)
        #expect(stage.snapshots.last?.accountMove == .zero)
        #expect(stage.alerts.isEmpty)
    }
}

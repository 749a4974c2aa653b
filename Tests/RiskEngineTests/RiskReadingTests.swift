import BusProtocol
import Chronology
import Margin
import Testing
import Trading

@testable import RiskEngineService

@Suite("B5d: reading accounts and positions")
struct RiskReadingTests {
    private let alpha = account("alpha")

    private func live() -> RiskStage {
        var stage = RiskStage()
        _ = stage.books.deposit(alpha, money("10000"))
        _ = stage.books.fill(alpha, bitcoin, quantity("1"), at: price("50000"))
        stage.books.brackets[bitcoin] = .conservative
        stage.setMark(bitcoin, "50000")
        stage.start()
        return stage
    }

    private func reading(_ stage: RiskStage) throws -> AccountReading {
        try #require(stage.desk.reading(of: alpha, now: stage.now, wall: stage.wall))
    }

    @Test("what is read is the snapshot written last, and how old it is")
    func snapshot() throws {
        var stage = live()
        stage.pass(.seconds(2))
        let reading = try reading(stage)
        #expect(reading.snapshot == stage.snapshots.last)
        let written = try #require(stage.snapshots.last).stamp.atMilliseconds
        #expect(reading.age == .milliseconds(stage.wall.milliseconds - written))
        #expect(reading.reason.isEmpty)
        #expect(stage.desk.accountNames == [alpha])
        #expect(stage.desk.reading(of: account("nobody"), now: stage.now, wall: stage.wall) == nil)
    }

    @Test("a change of the books is readable as soon as it is known")
    func ledgerChange() throws {
        var stage = live()
        stage.send(
            .ledgerReceived(stage.books.fill(alpha, ether, quantity("-2"), at: price("3000"))))
        #expect(try reading(stage).snapshot?.positions.map(\.symbol) == [bitcoin, ether])
        #expect(try reading(stage).age == .zero)
    }

    @Test("a snapshot that has expired is not shown: ledger and price are, with the age of the price")
    func expired() throws {
        var stage = live()
        stage.answersRequests = false
        stage.send(.redisDown)
        stage.pass(.seconds(31))
        let reading = try reading(stage)
        #expect(reading.snapshot == nil)
        #expect(reading.age.map { $0 > .seconds(30) } == true)
        #expect(reading.reason == "redis is away")
        #expect(reading.wallet == money("10000"))
        #expect(reading.held.map(\.symbol) == [bitcoin])
        #expect(reading.held.first?.mark == price("50000"))
        #expect(reading.held.first?.markAge.map { $0 > .seconds(30) } == true)
    }

    @Test("accounts stay readable while a lease that was gained is made use of")
    func takeOver() throws {
        var stage = live()
        stage.answersRequests = false
        stage.send(.leaseGained(fence: 9))
        #expect(try reading(stage).snapshot == stage.snapshots.last)
        #expect(stage.desk.accountNames == [alpha])
    }

    @Test("only the token opens the door, and all of it")
    func token() {
        let token = Array("s3cret".utf8)
        #expect(RiskReader.isBearer("Bearer s3cret", of: token))
        for wrong in [nil, "", "s3cret", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cretx",
            "Bearer S3cret", "Basic s3cret", "bearer s3cret"]
        {
            #expect(!RiskReader.isBearer(wrong, of: token), "\(wrong ?? "none")")
        }
    }
}

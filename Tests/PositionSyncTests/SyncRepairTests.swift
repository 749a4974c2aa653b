import BusProtocol
import Chronology
import PositionSyncService
import Positions
import Testing
import Trading

@Suite("B4e, B4f: corrections again and again, over restarts")
struct SyncRepairTests {
    private let beta = account("beta")

    private func balanced() -> SyncStage {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "2")
        stage.start()
        stage.pass(.seconds(1))
        return stage
    }

    private func pass(_ stage: inout SyncStage, seconds: Int, mark: String = "110") {
        for _ in 0..<seconds {
            stage.ledger.marks[bitcoin] = SyncBooks.KnownMark(
                price: price(mark), atMilliseconds: stage.wall.milliseconds)
            stage.pass(.seconds(1))
        }
    }

    @Test("the same difference, come about a second time, is corrected a second time (R2)")
    func again() {
        var stage = balanced()
        for expected in ["1.5", "1"] {
            let opening = stage.venue.opening[bitcoin] ?? .zero
            stage.venue.opening[bitcoin] = opening - quantity("0.5")
            pass(&stage, seconds: 60)
            #expect(stage.ledger.net(bitcoin) == quantity(expected))
        }
        #expect(stage.alerts.count { $0 == "position_corrected" } == 2)
        #expect(Set(stage.sharedCalls).count == 2)
    }

    @Test("a correction that another process made in the same moment is not made again (R2)")
    func twoProcesses() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.5")
        var isDone = false
        stage.beforeAnswer = { stage, action in
            guard case .applyShared(let command, let fence) = action, !isDone else { return true }
            isDone = true
            // The forerunner's call arrives first, and its answer goes to a process that is gone.
            _ = stage.ledger.apply(command, fence: fence)
            stage.restart(fence: fence + 1)
            return false
        }
        pass(&stage, seconds: 90)
        #expect(isDone)
        #expect(stage.ledger.net(bitcoin) == quantity("1.5"))
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("a flat external book is opened again from the version it has, also by another process")
    func flatExternal() {
        var stage = SyncStage()
        stage.start()
        for (turn, opening) in ["3", "0", "3"].enumerated() {
            stage.venue.opening[bitcoin] = quantity(opening)
            if turn == 2 { stage.restart(fence: 8) }
            pass(&stage, seconds: 80)
            #expect(
                stage.ledger.positions[.external]?[bitcoin]?.quantity == quantity(opening),
                "turn \(turn)")
            #expect(stage.reports.last?.result == .equal, "turn \(turn)")
        }
        #expect(stage.ledger.positions[.external]?[bitcoin]?.version == 3)
    }

    @Test("a symbol that took no new risk is released by a process that did not stop it")
    func releasedAfterRestart() {
        var stage = balanced()
        stage.venue.opening[bitcoin] = quantity("-0.5")
        stage.pass(.seconds(100))
        #expect(stage.ledger.reducing == [bitcoin])
        // It becomes equal while nobody looks, and every book is flat by then.
        stage.venue.opening[bitcoin] = .zero
        let fill = stage.venue.trade(
            bitcoin, .sell, "2", order: "x", wall: stage.wall - .seconds(20))
        stage.ledger.book(fill, alpha)
        stage.restart(fence: 8)
        stage.pass(.seconds(3))
        #expect(stage.ledger.reducing.isEmpty)
        #expect(stage.alerts.contains("symbol_released"))
    }

    @Test("a dry run sends nothing that an earlier round left waiting")
    func dryAfterFailure() {
        var stage = balanced()
        _ = stage.missedTrade(.sell, "0.5", "one")
        // The ledger does not answer: the round is given up with its change still waiting.
        stage.beforeAnswer = { _, action in
            if case .apply = action { false } else { true }
        }
        stage.pass(.seconds(46))
        #expect(stage.reports.contains { $0.result == .failed })
        stage.beforeAnswer = { _, _ in true }
        stage.forget()
        let body = ["dry_run": "1"]
        stage.send(
            .command(
                Command(
                    id: "r1", from: "pms-1",
                    deadlineMilliseconds: stage.wall.milliseconds + 60_000, kind: "reconcile",
                    body: body)))
        stage.send(.woken)
        for _ in 0..<10 where !stage.seen.contains(where: { if case .reply = $0 { true } else { false } }) {
            stage.pass(.milliseconds(100))
        }
        let reply = stage.seen.compactMap { if case .reply(let reply, _) = $0 { reply } else { nil } }.last
        #expect(reply?.isOK == true)
        #expect(stage.ledger.net(bitcoin) == quantity("2"))
        stage.pass(.seconds(40))
        #expect(stage.ledger.net(bitcoin) == quantity("1.5"))
    }
}

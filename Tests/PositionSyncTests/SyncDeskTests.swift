import Bounded
import BusProtocol
import Chronology
import PositionSyncService
import Positions
import Testing
import Trading

@Suite struct SyncDeskTests {
    private func balanced() -> SyncStage {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "2")
        stage.start()
        return stage
    }

    @Test("Equal books are reported as equal, every 30 s")
    func equal() {
        var stage = balanced()
        stage.pass(.seconds(65))
        #expect(stage.reports.map(\.result) == [.equal, .equal, .equal])
        #expect(stage.reports.first?.symbols == 1)
        #expect(stage.alerts.isEmpty)
    }

    @Test("B4d: a missed trade is found by its id and applied to its order's book, once")
    func missedTrade() {
        var stage = balanced()
        stage.pass(.seconds(1))
        _ = stage.missedTrade(.sell, "0.5", "one")
        stage.pass(.seconds(35))
        #expect(stage.ledger.net(bitcoin) == quantity("1.5"))
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == quantity("1.5"))
        #expect(stage.alerts == ["trade_missed"])
        #expect(stage.reports.map(\.result).suffix(2) == [.different, .equal])
        #expect(stage.reports.last?.tradesApplied == 1)
        #expect(Set(stage.ledger.fences) == [7])
    }

    @Test("More missed trades than a page holds are all found")
    func pages() {
        var stage = balanced()
        stage.pass(.seconds(1))
        for step in 0..<8 { _ = stage.missedTrade(.buy, "1", "order \(step)") }
        stage.pass(.seconds(35))
        #expect(stage.ledger.net(bitcoin) == quantity("10"))
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("A missed trade that lies far behind the newest is found, over more than one round")
    func farBehind() {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "2")
        var missed: [Fill] = []
        for number in 1...70 {
            if [5, 48].contains(number) {
                let id = stage.order("missed \(number)")
                missed.append(
                    stage.venue.trade(
                        bitcoin, .buy, "1", order: id.text, wall: stage.wall - .seconds(60)))
            } else {
                stage.bookedTrade(number % 2 == 0 ? .buy : .sell, "0.5")
            }
        }
        stage.start()
        stage.pass(.seconds(80))
        let applied = stage.ledger.applied[bitcoin] ?? []
        #expect(missed.allSatisfy { applied.contains($0.leg) })
        #expect(stage.ledger.net(bitcoin) == stage.venue.net(bitcoin))
        #expect(stage.reports.last?.result == .equal)
        #expect(!stage.alerts.contains("position_corrected"))
    }

    @Test(
        "Where two of our orders met, the side that is missing is found, wherever pages end",
        arguments: 0..<4)
    func bothSides(before: Int) {
        var stage = SyncStage()
        for _ in 0..<before { stage.bookedTrade(.buy, "1") }
        let sides = stage.venue.meeting(
            bitcoin, "2", buyer: stage.order("buyer").text, seller: stage.order("seller").text,
            wall: stage.wall - .seconds(60))
        stage.ledger.book(sides[0], alpha)
        for _ in 0..<5 { stage.bookedTrade(.buy, "1") }
        stage.start()
        stage.pass(.seconds(80))
        #expect(stage.ledger.applied[bitcoin]?.filter { $0.tradeID == sides[0].tradeID }.count == 2)
        #expect(stage.ledger.net(bitcoin) == .whole(Int64(before) + 5))
        #expect(stage.reports.last?.result == .equal)
        #expect(stage.alerts == ["trade_missed"])
    }

    @Test("A trade of the last seconds is left to order-gateway")
    func youngTrade() {
        var stage = balanced()
        stage.pass(.seconds(29))
        let id = stage.order("late")
        let fill = stage.venue.trade(bitcoin, .buy, "1", order: id.text, wall: stage.wall)
        stage.pass(.seconds(4))
        #expect(stage.reports.last?.result == .different)
        #expect(stage.ledger.fences.isEmpty)
        stage.ledger.book(fill, alpha)
        stage.pass(.seconds(30))
        #expect(stage.reports.last?.result == .equal)
        #expect(stage.alerts.isEmpty)
    }

    @Test("R4: an error of the venue concludes nothing, and is asked again after a pause")
    func venueError() {
        var stage = balanced()
        stage.venue.isFailing = true
        stage.pass(.seconds(60))
        #expect(Set(stage.reports.map(\.result)) == [.failed])
        #expect(stage.reports.last?.reason == "http 503")
        #expect(stage.alerts.isEmpty)
        #expect((10...13).contains(stage.venueCalls))
        #expect(stage.ledger.net(bitcoin) == quantity("2"))
    }

    @Test("R4: one snapshot reports nothing; two that agree 10 s apart are reported, once")
    func mismatch() {
        var stage = balanced()
        stage.venue.opening[ether] = quantity("3")
        stage.pass(.seconds(9))
        #expect(stage.reports.map(\.result) == [.different])
        #expect(stage.alerts.isEmpty)
        stage.pass(.seconds(120))
        #expect(stage.alerts == ["position_mismatch", "symbol_reducing"])
        #expect(stage.reports.last?.result == .mismatch)
        #expect(stage.reports.last?.differences.first?.difference == quantity("3"))
        #expect(stage.ledger.net(ether).isZero)
    }

    @Test("R4: an error between two snapshots is not a snapshot")
    func errorBetween() {
        var stage = balanced()
        stage.venue.opening[ether] = quantity("3")
        stage.pass(.seconds(1))
        stage.venue.isFailing = true
        stage.pass(.seconds(40))
        #expect(stage.alerts.isEmpty)
        stage.venue.isFailing = false
        stage.pass(.seconds(6))
        #expect(stage.alerts == ["position_mismatch"])
    }

    @Test("A difference that changes starts its confirmation anew")
    func changingDifference() {
        var stage = balanced()
        for size in 1...6 {
            stage.venue.opening[ether] = quantity("\(size)")
            stage.pass(.seconds(10))
        }
        #expect(stage.alerts.isEmpty)
    }

    @Test("A reported difference that goes away is told to have gone")
    func settled() {
        var stage = balanced()
        stage.venue.opening[ether] = quantity("3")
        stage.pass(.seconds(20))
        stage.venue.opening[ether] = .zero
        stage.pass(.seconds(35))
        #expect(stage.alerts == ["position_mismatch", "position_matched"])
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("R5: hedge-mode rows are refused with one alert, never netted")
    func hedgeMode() {
        var stage = balanced()
        stage.venue.hedgeRow = .init(symbol: bitcoin, side: "LONG", quantity: quantity("5"))
        stage.pass(.seconds(70))
        #expect(Set(stage.reports.map(\.result)) == [.refused])
        #expect(stage.alerts == ["hedge_mode"])
        #expect(stage.ledger.fences.isEmpty)
    }

    @Test("R6: a manual trade made while the stack was down closes the books that hold the position")
    func manualTrade() {
        var stage = balanced()
        _ = stage.venue.trade(
            bitcoin, .sell, "3", order: "web_123", wall: stage.wall - .seconds(3_000))
        stage.pass(.seconds(5))
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == .zero)
        #expect(stage.ledger.positions[.external]?[bitcoin]?.quantity == quantity("-1"))
        #expect(stage.alerts == ["trade_shared"])
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("B4f: a liquidation is split over the books on its side, all in one call under the fence")
    func liquidation() {
        var stage = SyncStage()
        stage.bookedTrade(.buy, "6")
        let other = stage.venue.trade(
            bitcoin, .buy, "2", order: "y", wall: stage.wall - .seconds(60))
        stage.ledger.book(other, account("beta"))
        let short = stage.venue.trade(
            bitcoin, .sell, "3", order: "z", wall: stage.wall - .seconds(60))
        stage.ledger.book(short, account("gamma"))
        _ = stage.venue.trade(
            bitcoin, .sell, "5", order: "autoclose-17", wall: stage.wall - .seconds(30))
        stage.start()
        stage.pass(.seconds(5))
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == quantity("2.25"))
        #expect(stage.ledger.positions[account("beta")]?[bitcoin]?.quantity == quantity("0.75"))
        #expect(stage.ledger.positions[account("gamma")]?[bitcoin]?.quantity == quantity("-3"))
        #expect(stage.ledger.positions[.external] == nil)
        #expect(stage.ledger.fences == [7])
        #expect(stage.ledger.net(bitcoin) == .zero)
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("R2: a shared trade whose answer is lost is applied once, however often it is found")
    func sharedOnce() {
        var stage = balanced()
        _ = stage.venue.trade(
            bitcoin, .sell, "1", order: "adl_autoclose", wall: stage.wall - .seconds(30))
        stage.beforeAnswer = { stage, action in
            if case .applyShared(let command, let fence) = action {
                _ = stage.ledger.apply(command, fence: fence)
                stage.beforeAnswer = { _, _ in true }
                return false
            }
            return true
        }
        stage.pass(.seconds(60))
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == quantity("1"))
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("R3: trades from before the books were kept are not brought in; the rest is reported")
    func oldTrades() {
        var stage = SyncStage()
        let old = stage.venue.trade(
            bitcoin, .buy, "9", order: "web_1", wall: stage.wall - .seconds(90_000))
        stage.bookedTrade(.buy, "2")
        stage.start()
        stage.pass(.seconds(60))
        #expect(stage.ledger.applied[bitcoin]?.contains(old.leg) == false)
        #expect(stage.alerts == ["position_mismatch"])
        #expect(stage.reports.last?.differences.first?.difference == quantity("9"))
    }

    @Test("S8: an id of our form without a record still finds its account")
    func recordGone() {
        var stage = balanced()
        _ = stage.missedTrade(.buy, "1", "gone")
        stage.ledger.orders = [:]
        stage.pass(.seconds(5))
        #expect(stage.ledger.positions[alpha]?[bitcoin]?.quantity == quantity("3"))
    }

    @Test("Books that move while the venue is asked are not compared, and are looked at again soon")
    func movingBooks() {
        var stage = balanced()
        stage.beforeAnswer = { stage, action in
            if case .askVenue = action {
                // The venue's answer is from before the trade, the books' second reading after it.
                let fill = stage.venue.trade(
                    bitcoin, .buy, "1", order: "x", wall: stage.wall - .seconds(60))
                stage.ledger.book(fill, alpha)
            }
            return true
        }
        stage.pass(.seconds(3))
        #expect(stage.reports.count >= 2)
        #expect(stage.reports.allSatisfy { $0.busy == 1 && $0.differences.isEmpty })
        stage.beforeAnswer = { _, _ in true }
        stage.pass(.seconds(3))
        #expect(stage.reports.last?.busy == 0)
    }

    @Test("A symbol with an order that changed less than 2 s ago is left out")
    func activeOrder() {
        var stage = balanced()
        let id = stage.order("resting")
        stage.venue.opening[bitcoin] = quantity("1")
        stage.ledger.openOrders = [stage.record(id, at: stage.wall)]
        stage.pass(.seconds(1))
        #expect(stage.reports.map(\.busy) == [1])
        stage.pass(.seconds(2))
        #expect(stage.reports.last?.busy == 0)
        #expect(stage.reports.last?.ordersMissing == 1)
    }

    @Test("F1, R2: a trade that order-gateway applies in the same moment counts once")
    func simultaneous() {
        var stage = balanced()
        let fill = stage.missedTrade(.buy, "1", "both")
        stage.beforeAnswer = { stage, action in
            if case .apply = action, stage.ledger.applied[bitcoin]?.contains(fill.leg) == false
            {
                stage.ledger.book(fill, alpha)
            }
            return true
        }
        stage.pass(.seconds(5))
        #expect(stage.ledger.net(bitcoin) == quantity("3"))
        #expect(stage.reports.last?.tradesApplied == 0)
        #expect(stage.reports.last?.result == .equal)
    }

    @Test("A book that is ahead of what was read is taken as it is, and the trade applied to it")
    func conflict() {
        var stage = balanced()
        _ = stage.missedTrade(.buy, "1", "late")
        var isFirst = true
        stage.beforeAnswer = { stage, action in
            if case .apply = action, isFirst {
                isFirst = false
                stage.bookedTrade(.buy, "4")
            }
            return true
        }
        stage.pass(.seconds(5))
        #expect(stage.ledger.net(bitcoin) == quantity("7"))
        #expect(stage.ledger.net(bitcoin) == stage.venue.net(bitcoin))
    }

    @Test("P2: a newer writer's fence stops the writing")
    func fenced() {
        var stage = balanced()
        _ = stage.missedTrade(.buy, "1", "fenced")
        stage.ledger.newestFence = 8
        stage.pass(.seconds(40))
        #expect(stage.ledger.fences == [7])
        #expect(stage.ledger.net(bitcoin) == quantity("2"))
        #expect(!stage.desk.readiness.isEmpty)
        stage.send(.leaseLost)
        stage.send(.leaseGained(fence: 9))
        stage.pass(.seconds(5))
        #expect(stage.ledger.net(bitcoin) == quantity("3"))
    }

    @Test("Without the lease, or without Redis, nothing is asked and late answers change nothing")
    func standby() {
        var stage = balanced()
        _ = stage.missedTrade(.buy, "1", "standby")
        var held: SyncAction?
        stage.beforeAnswer = { _, action in
            if case .checkTrades = action {
                held = action
                return false
            }
            return true
        }
        stage.pass(.seconds(1))
        stage.send(.leaseLost)
        stage.forget()
        if let held { stage.answer(held) }
        stage.pass(.seconds(60))
        #expect(stage.seen.isEmpty)
        stage.send(.leaseGained(fence: 8))
        stage.send(.redisDown)
        stage.pass(.seconds(60))
        #expect(stage.seen.isEmpty)
    }

    @Test("A request that is never answered ends the round, and the next one works")
    func unanswered() {
        var stage = balanced()
        _ = stage.missedTrade(.buy, "1", "slow")
        var drops = 1
        stage.beforeAnswer = { _, action in
            if case .askOrder = action, drops > 0 {
                drops -= 1
                return false
            }
            return true
        }
        stage.pass(.seconds(40))
        #expect(stage.reports.contains { $0.result == .failed })
        #expect(stage.ledger.net(bitcoin) == quantity("3"))
    }

    @Test(
        "Lost requests, lost answers, trades that come late and outages: the end is equal, each trade once"
    )
    func chaos() {
        let base = UInt64.random(in: 0...UInt64.max / 2)
        for round in 0..<40 {
            let seed = base + UInt64(round)
            var random = SplitMix64(seed: seed)
            var stage = balanced()
            stage.beforeAnswer = { stage, action in
                switch Int.random(in: 0..<20, using: &random) {
                case 0: return false
                case 1:
                    // Carried out, but the answer is lost.
                    if case .apply(let command, let fence) = action {
                        _ = stage.ledger.apply(command, fence: fence)
                        stage.send(.ledgerReplied(command.token, .unknown))
                        return false
                    }
                    return true
                case 2:
                    stage.bookedTrade(.sell, "1")
                    return true
                case _: return true
                }
            }
            for step in 0..<12 {
                if random.next() & 1 == 0 { _ = stage.missedTrade(.buy, "1", "m\(step)") }
                if random.next() % 5 == 0 {
                    stage.send(.redisDown)
                    stage.send(.redisUp)
                }
                stage.pass(.seconds(10))
            }
            stage.beforeAnswer = { _, _ in true }
            stage.pass(.seconds(120))
            #expect(stage.ledger.net(bitcoin) == stage.venue.net(bitcoin), "seed \(seed)")
            let applied = stage.ledger.applied[bitcoin] ?? []
            #expect(applied.count == Set(applied).count, "seed \(seed)")
            #expect(stage.reports.last?.result == .equal, "seed \(seed)")
            #expect(!stage.alerts.contains("position_mismatch"), "seed \(seed)")
        }
    }

    @Test("The status record reads back as it was written")
    func record() throws {
        var record = SyncRecord(
            result: .different,
            stamp: RecordStamp(sequence: 3, writer: "position-sync:x", atMilliseconds: 5))
        record.differences = [(bitcoin, quantity("-0.5")), (ether, quantity("2"))]
        record.reason = "why"
        let read = try SyncRecord(
            fields: Dictionary(record.fields, uniquingKeysWith: { first, _ in first }))
        #expect(read == record)
    }
}

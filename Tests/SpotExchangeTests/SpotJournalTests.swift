import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("The spot exchange's journal") struct SpotJournalTests {
    /// What a client can see of the account.
    private func account(_ desk: SpotDesk) -> [String] {
        var lines = desk.balances.rows.map { "\($0)" }
        for stake in desk.stakes {
            lines += stake.orders.all.map { "\($0)" }
            lines += stake.trades.map { "\($0)" }
            lines += stake.preventions.map { "\($0)" } + stake.amendments.map { "\($0)" }
        }
        lines += desk.lists.map { "\($0)" }
        lines += desk.instruments.map { "\($0)" }
        return lines
    }

    private func restored(_ journal: [UInt8]) throws -> (fixture: SpotFixture, length: Int) {
        let fixture = SpotFixture(background: true)
        return (fixture, try fixture.venue.restore(journal))
    }

    /// A busy time of trading; the whole journal and the account after each line.
    private func busy(_ fixture: SpotFixture, seed: UInt64) -> (
        journal: [UInt8], states: [[String]]
    ) {
        var journal = fixture.desk.startJournal()
        var states: [[String]] = []
        for _ in 0..<journal.count(where: { $0 == 10 }) { states.append(account(fixture.desk)) }
        var chaos = SpotChaos(random: SplitMix64(seed: seed), fixture: fixture)
        for _ in 0..<120 {
            chaos.act()
            let lines = fixture.desk.takeJournal()
            journal += lines
            for _ in 0..<lines.count(where: { $0 == 10 }) { states.append(account(fixture.desk)) }
        }
        return (journal, states)
    }

    @Test(
        "kill -9 after any line leaves the account that was told of; a torn line is cut",
        arguments: [1, 2, 3] as [UInt64])
    func anyLine(seed: UInt64) throws {
        let fixture = SpotFixture(background: true)
        fixture.run(milliseconds: 200)
        let (journal, _) = busy(fixture, seed: seed)
        let ends = journal.indices.filter { journal[$0] == 10 }
        var random = SplitMix64(seed: seed ^ 99)
        for end in ends.dropFirst().shuffled(using: &random).prefix(30) {
            let torn = Int.random(in: 0..<20, using: &random)
            let part = Array(journal[...min(end + torn, journal.count - 1)])
            let (fixture, length) = try restored(part)
            #expect(length >= end + 1, "seed \(seed)")
            for balance in fixture.desk.balances.rows {
                #expect(!balance.free.isNegative && !balance.locked.isNegative)
            }
        }
        let (last, _) = try restored(journal)
        #expect(account(last.desk) == account(fixture.desk), "seed \(seed)")
    }

    @Test("A byte changed in the middle refuses the start")
    func corruption() throws {
        let fixture = SpotFixture(background: true)
        fixture.run(milliseconds: 200)
        let (journal, _) = busy(fixture, seed: 5)
        var random = SplitMix64(seed: 11)
        // The last line may be one that was torn; before it nothing may be wrong.
        let last = try #require(journal.dropLast().lastIndex(of: 10))
        for _ in 0..<30 {
            var rotten = journal
            let index = Int.random(in: 0..<last, using: &random)
            rotten[index] ^= 1
            if journal[index] == 10 || rotten[index] == 10 { continue }
            #expect(throws: JournalProblem.self) { try restored(rotten) }
        }
    }

    @Test("After a restart ids go on growing, open orders rest again, and waiting ones wait")
    func restart() throws {
        let fixture = SpotFixture()
        try fixture.rest(.buy, "1", at: "64000")
        try fixture.rest(.sell, "0.2", at: "64000")
        var journal = fixture.desk.startJournal()
        let open = try fixture.limit(.buy, "0.01", at: "62000", id: "stays")
        _ = try fixture.desk.place(
            SpotOrderRequest(
                symbol: btc, side: .sell, kind: .stopLossLimit, timeInForce: .goodTillCancel,
                quantity: quantity("0.1"), price: price("60000"), stopPrice: price("61000"),
                clientOrderID: "waits"), wall: fixture.wall)
        journal += fixture.desk.takeJournal()
        let second = SpotFixture()
        _ = try second.venue.restore(journal)
        #expect(second.desk.markets[0].book.remaining(of: open.orderID) == quantity("0.01"))
        #expect(second.locked("USDT") == amount("620"))
        #expect(second.locked("BTC") == amount("0.1"))
        let order = try second.limit(.buy, "0.01", at: "62000", id: "next")
        #expect(order.orderID > open.orderID)
        try second.rest(.buy, "1", at: "60500")
        try second.rest(.sell, "0.02", at: "60500")
        try second.rest(.sell, "0.02", at: "60500")
        #expect(try second.desk.query(btc, clientOrderID: "waits").isWorking)
        let snapshot = second.desk.startJournal()
        let third = SpotFixture()
        _ = try third.venue.restore(snapshot)
        #expect(account(third.desk) == account(second.desk))
    }

    @Test("A journal of another flavour is refused")
    func flavour() throws {
        let journal = SpotFixture(.mexc).desk.startJournal()
        #expect(throws: JournalProblem.self) { try SpotFixture(.binance).venue.restore(journal) }
    }
}

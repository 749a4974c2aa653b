import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("The paper exchange's journal") struct JournalTests {
    /// What a client can see of the account.
    private func account(_ desk: FuturesDesk) -> [String] {
        var lines = ["wallet \(desk.balance().wallet)"]
        for market in desk.markets {
            let position = desk.positionRisk(market.symbol)[0]
            lines.append(
                "\(market.symbol) \(position.quantity) \(position.entryPrice) \(position.holding)")
            lines += desk.userTrades(market.symbol, limit: 10_000).map { "\($0)" }
        }
        lines += desk.openOrders().map { "\($0)" }
        lines.append("\(desk.mode) \(desk.incomes)")
        lines += desk.markets.map { "\($0.listing.instrument)" }
        return lines
    }

    /// What a client is answered about everything the journal keeps; what hangs on the mark is left
    /// out, since marks are on file once a second.
    private func answers(_ fixture: DeskFixture) -> [String] {
        let positions = fixture.desk.positionRisk().map {
            "\($0.symbol) \($0.leg) \($0.holding) \($0.margin.bidNotional)"
        }
        let bodies = [
            "/fapi/v1/symbolConfig", "/fapi/v1/accountConfig", "/fapi/v1/openAlgoOrders",
            "/fapi/v1/income", "/fapi/v1/allAlgoOrders", "/fapi/v1/orderAmendment",
            "/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/fundingRate",
            "/fapi/v1/positionMargin/history", "/fapi/v1/forceOrders", "/fapi/v1/openOrders",
        ].map { fixture.signed("GET", $0, "symbol=BTCUSDT").text }
        return positions + ["\(fixture.desk.wallet)"] + bodies
    }

    /// One call of any kind; most are refused at one time or another.
    private func anything(_ fixture: DeskFixture, _ random: inout SplitMix64) {
        func pick(_ texts: [String]) -> String { texts.randomElement(using: &random) ?? "" }
        let side = pick(["BUY", "SELL"])
        let leg = fixture.desk.mode.isHedge ? "&positionSide=" + pick(["LONG", "SHORT"]) : ""
        let level = pick(["64000", "64900", "65000", "65100", "66000"])
        let size = pick(["0.1", "0.5", "3"])
        let order = "symbol=BTCUSDT&side=\(side)\(leg)&quantity=\(size)"
        let name = fixture.desk.openOrders().randomElement(using: &random)?.clientOrderID ?? "x"
        switch Int.random(in: 0..<16, using: &random) {
        case 0, 1, 2:
            _ = fixture.signed(
                "POST", "/fapi/v1/order", order + "&type=LIMIT&timeInForce=GTC&price=" + level)
        case 3, 4: _ = fixture.signed("POST", "/fapi/v1/order", order + "&type=MARKET")
        case 5:
            _ = fixture.signed(
                "PUT", "/fapi/v1/order", order + "&origClientOrderId=\(name)&price=" + level)
        case 6:
            _ = fixture.signed(
                "DELETE", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=" + name)
        case 7:
            _ = fixture.signed(
                "POST", "/fapi/v1/algoOrder",
                order + "&algoType=CONDITIONAL&type=STOP_MARKET&triggerPrice=" + level)
        case 8:
            _ = fixture.signed(
                "POST", "/fapi/v1/marginType",
                "symbol=BTCUSDT&marginType=" + pick(["ISOLATED", "CROSSED"]))
        case 9:
            _ = fixture.signed(
                "POST", "/fapi/v1/positionSide/dual", "dualSidePosition=" + pick(["true", "false"]))
        case 10:
            _ = fixture.signed(
                "POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=" + pick(["10", "30"]))
        case 11:
            _ = fixture.signed(
                "POST", "/fapi/v1/positionMargin", "symbol=BTCUSDT&amount=50&type=1" + leg)
        case 12: try? fixture.desk.movePrice(btc, to: price(level), wall: fixture.wall)
        case 13: try? fixture.desk.fundNow(btc, wall: fixture.wall)
        case 14: _ = fixture.signed("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT")
        default: try? fixture.rest(side == "BUY" ? .buy : .sell, size, at: level)
        }
    }

    @Test(
        "After random calls of every kind, the state read back answers the same", arguments: 1...6)
    func everyCall(seed: Int) throws {
        func change(_ settings: inout FuturesSettings) {
            settings.balance = money("30000")
            settings.limits.rates.weight = [RateWindow(1_000_000, per: 1, .minute)]
            settings.limits.rates.orders = [RateWindow(1_000_000, per: 10, .second)]
        }
        let fixture = DeskFixture(change: change)
        var random = SplitMix64(seed: UInt64(seed))
        var journal = fixture.desk.startJournal()
        for round in 0..<240 {
            anything(fixture, &random)
            if round % 5 == 0 { fixture.run(milliseconds: 50) }
            journal += fixture.desk.takeJournal()
            guard round % 12 == 0 else { continue }
            let other = DeskFixture(change: change)
            _ = try FuturesVenue(other.desk).restore(journal)
            other.wall = fixture.wall
            let (mine, theirs) = (answers(fixture), answers(other))
            #expect(mine == theirs, "seed \(seed), round \(round)")
            if mine != theirs { return }
            // A crash after any line leaves a journal that can be read.
            let ends = journal.indices.filter { journal[$0] == 10 }
            let end = try #require(ends.randomElement(using: &random))
            let crashed = DeskFixture(change: change)
            let length = try FuturesVenue(crashed.desk).restore(Array(journal[...end]))
            #expect(length == end + 1, "seed \(seed), round \(round)")
        }
    }

    @Test("A journal of version 1 is read: one net position a symbol, on cross margin")
    func firstVersion() throws {
        var lines = JournalLines()
        var facts = JSONWriter()
        lines.begin(&facts)
        for fact in [
            #"{"journal":{"version":1,"seed":"1"}}"#, #"{"wallet":{"amount":"99","at":5}}"#,
            #"{"holding":{"symbol":"BTCUSDT","quantity":"0.1","cost":"6500","realised":"0","#
                + #""leverage":20,"at":7}}"#,
        ] {
            let bytes = Array(fact.utf8)
            facts.value(json: bytes.rawSpan)
        }
        lines.finish(&facts)
        let fixture = DeskFixture()
        _ = try FuturesVenue(fixture.desk).restore(lines.take())
        #expect(fixture.desk.wallet == money("99"))
        #expect(fixture.desk.positionRisk(btc)[0].entryPrice == price("65000"))
        #expect(fixture.desk.markets[0].book.position(of: fixture.desk.owner) == quantity("0.1"))
    }

    private func restored(_ journal: [UInt8]) throws -> (desk: FuturesDesk, length: Int) {
        let desk = DeskFixture(background: true).desk
        return (desk, try FuturesVenue(desk).restore(journal))
    }

    /// A busy minute of trading; returns the whole journal and the account after each line.
    private func busy(_ fixture: DeskFixture, seed: UInt64) throws -> (
        journal: [UInt8], states: [[String]]
    ) {
        var random = SplitMix64(seed: seed)
        var journal = fixture.desk.startJournal()
        var states = [account(fixture.desk)]
        func note() {
            let lines = fixture.desk.takeJournal()
            journal += lines
            for _ in 0..<lines.count(where: { $0 == 10 }) { states.append(account(fixture.desk)) }
        }
        for _ in 0..<40 {
            let side: Side = Bool.random(using: &random) ? .buy : .sell
            let best = fixture.desk.markets[0].book.best(side)?.price ?? price("65000")
            switch Int.random(in: 0..<4, using: &random) {
            case 0: _ = try? fixture.market(side, "0.02")
            case 1: _ = try? fixture.limit(side, "0.03", at: best.text)
            case 2:
                if let open = fixture.desk.openOrders().randomElement(using: &random) {
                    _ = try? fixture.desk.cancel(btc, orderID: open.orderID, wall: fixture.wall)
                }
            default: _ = try? fixture.market(side, "0.01", reduceOnly: true)
            }
            note()
            for _ in 0..<6 {
                fixture.run(milliseconds: 50)
                note()
            }
        }
        return (journal, states)
    }

    @Test("After any line the account is as it was when the line was written", arguments: 1...3)
    func everyLine(seed: Int) throws {
        let fixture = DeskFixture(background: true, seed: UInt64(seed))
        fixture.run(milliseconds: 500)
        let (journal, states) = try busy(fixture, seed: UInt64(seed))
        var ends = [0]
        for (index, byte) in journal.enumerated() where byte == 10 { ends.append(index + 1) }
        // The snapshot at the start is some lines long: the first state belongs to its last line.
        let first = ends.count - states.count
        #expect(fixture.desk.userTrades(btc).count > 8)
        for step in stride(from: 0, to: states.count, by: 7) {
            let (desk, length) = try restored(Array(journal[..<ends[first + step]]))
            #expect(length == ends[first + step])
            let now = account(desk)
            #expect(now == states[step], "seed \(seed), line \(first + step)")
            if now != states[step] { return }
        }
    }

    @Test("A line torn by a crash is cut, wherever it tore")
    func tornTail() throws {
        let fixture = DeskFixture(background: true)
        fixture.run(milliseconds: 200)
        let (journal, states) = try busy(fixture, seed: 5)
        let lastStart = journal[..<(journal.count - 1)].lastIndex(of: 10)! + 1
        for cut in stride(from: lastStart, to: journal.count, by: 5) {
            let (desk, length) = try restored(Array(journal[..<cut]))
            #expect(length == lastStart)
            #expect(account(desk) == states[states.count - 2])
        }
    }

    @Test("A file read in pieces of any size gives the same account as one read at once")
    func pieces() throws {
        let fixture = DeskFixture(background: true)
        fixture.run(milliseconds: 200)
        let (journal, states) = try busy(fixture, seed: 8)
        for size in [1, 7, 100, 4_096] {
            let desk = DeskFixture(background: true).desk
            var replay = JournalReplay(FuturesVenue(desk))
            for start in stride(from: 0, to: journal.count, by: size) {
                try replay.take(Array(journal[start..<min(start + size, journal.count)]))
            }
            #expect(try replay.finish() == journal.count)
            #expect(account(desk) == states.last)
        }
    }

    @Test("A rotten or missing line in the middle refuses the start and says which")
    func corruption() throws {
        let fixture = DeskFixture(background: true)
        fixture.run(milliseconds: 200)
        let (journal, _) = try busy(fixture, seed: 6)
        var random = SplitMix64(seed: 9)
        // What is wrong with the last line is taken as torn by a crash, and cut.
        let lastStart = try #require(journal.dropLast().lastIndex(of: 10)) + 1
        for _ in 0..<40 {
            var rotten = journal
            let index = Int.random(in: 0..<lastStart, using: &random)
            if rotten[index] == 10 { continue }
            rotten[index] ^= 1 << UInt8.random(in: 0..<7, using: &random)
            if rotten[index] == 10 { continue }
            let line = journal[..<index].count { $0 == 10 } + 1
            do {
                _ = try restored(rotten)
                Issue.record("byte \(index) was changed and nobody noticed")
            } catch let problem as JournalProblem {
                #expect(problem.line == line)
            }
        }
        let ends = journal.indices.filter { journal[$0] == 10 }
        let without = Array(journal[...ends[9]]) + Array(journal[(ends[10] + 1)...])
        #expect(throws: JournalProblem.self) { try restored(without) }
    }

    @Test(
        "After a restart ids go on growing, open orders rest again, and a snapshot replaces the past"
    )
    func restart() throws {
        let fixture = DeskFixture(background: true)
        fixture.run(milliseconds: 200)
        var (journal, _) = try busy(fixture, seed: 4)
        let open = try fixture.limit(.buy, "0.01", at: "62000", id: "stays")
        journal += fixture.desk.takeJournal()
        let lastTrade = fixture.desk.userTrades(btc).last!.tradeID

        let second = DeskFixture(background: true)
        _ = try FuturesVenue(second.desk).restore(journal)
        let snapshot = second.desk.startJournal()
        second.wall = fixture.wall
        second.run(milliseconds: 500)
        #expect(second.desk.markets[0].book.remaining(of: open.orderID) == quantity("0.01"))
        let order = try second.market(.buy, "0.01")
        #expect(order.orderID > open.orderID)
        #expect(second.desk.userTrades(btc).last!.tradeID > lastTrade)
        let again = try restored(snapshot + second.desk.takeJournal())
        #expect(account(again.desk) == account(second.desk))
    }
}

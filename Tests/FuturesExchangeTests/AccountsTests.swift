import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Several accounts on one exchange") struct AccountsTests {
    private static let alice = ExchangeKey(
        key: "alice-key", secret: "alice-secret", role: .trade, account: "alice")
    private static let second = ExchangeKey(
        key: "alice-read", secret: "alice-other", role: .read, account: "alice")

    private static func add(_ settings: inout FuturesSettings) {
        settings.keys += [alice, second]
        settings.limits.rates.weight = [RateWindow(1_000_000, per: 1, .minute)]
    }

    private func shared() -> DeskFixture { DeskFixture(change: AccountsTests.add) }

    @discardableResult private func order(
        _ fixture: DeskFixture, _ key: ExchangeKey, _ side: String, _ size: String,
        at level: String,
        id: String, more: String = ""
    ) -> ExchangeResponse {
        fixture.signed(
            "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=\(side)&type=LIMIT&timeInForce=GTC&quantity=\(size)&price=\(level)"
                + "&newClientOrderId=\(id)" + more, key: key)
    }

    private func wallet(_ fixture: DeskFixture, _ account: Int) -> Money {
        fixture.desk.serve(account) { fixture.desk.wallet }
    }

    private func position(_ fixture: DeskFixture, _ account: Int) -> Quantity {
        fixture.desk.serve(account) { fixture.desk.positionRisk(btc)[0].quantity }
    }

    @Test("A key reaches its account and no other: orders, trades and positions are its own")
    func apart() throws {
        let fixture = shared()
        #expect(order(fixture, Self.alice, "SELL", "1", at: "65000", id: "hers").status == 200)
        let mine = try fixture.signed("GET", "/fapi/v1/openOrders").json
        #expect(mine.elements?.isEmpty == true)
        for key in [Self.alice, Self.second] {
            let hers = try fixture.signed("GET", "/fapi/v1/openOrders", key: key).json
            #expect(hers.elements?.count == 1)
        }
        let name = "symbol=BTCUSDT&origClientOrderId=hers"
        #expect(try fixture.signed("GET", "/fapi/v1/order", name).code == -2013)
        #expect(try fixture.signed("DELETE", "/fapi/v1/order", name).code == -2011)
        #expect(
            try fixture.signed("DELETE", "/fapi/v1/order", name, key: Self.second).code == -2015)
        #expect(order(fixture, Self.alice, "BUY", "1", at: "64000", id: "hers").status == 400)
        #expect(
            order(fixture, DeskFixture.tradeKey, "BUY", "1", at: "64000", id: "hers").status == 200)
        #expect(
            fixture.signed("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT").status == 200)
        #expect(fixture.signed("GET", "/fapi/v1/order", name, key: Self.alice).status == 200)
        #expect(fixture.desk.serve(1) { fixture.desk.openOrders().count } == 1)
    }

    @Test(
        "Accounts trade with each other, each with its own fee; self-trade prevention keeps out of it"
    )
    func together() throws {
        let fixture = shared()
        order(fixture, Self.alice, "SELL", "1", at: "65000", id: "a1")
        order(fixture, DeskFixture.tradeKey, "BUY", "0.4", at: "65000", id: "m1")
        #expect(position(fixture, 0) == quantity("0.4") && position(fixture, 1) == quantity("-0.4"))
        #expect(wallet(fixture, 0) == money("100000") - money("13"))
        #expect(wallet(fixture, 1) == money("100000") - money("5.2"))
        let trades = try fixture.signed(
            "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT", key: Self.alice
        )
        .json
        #expect(trades[0]?["maker"]?.boolean == true && trades[0]?["side"]?.text == "SELL")
        // Her own order would trade with her own: the resting one goes.
        order(fixture, Self.alice, "BUY", "0.1", at: "65000", id: "a2")
        let gone = try fixture.signed(
            "GET", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=a1", key: Self.alice
        ).json
        #expect(gone["status"]?.text == "EXPIRED_IN_MATCH")
        #expect(fixture.desk.interest(0).longAccounts == 2)
    }

    @Test("Each account's streams carry its own events, all in order")
    func streams() throws {
        let hub = HubFixture(background: false, change: AccountsTests.add)
        var listenKeys: [String] = []
        for (id, key) in [DeskFixture.tradeKey, Self.alice].enumerated() {
            let reply = try hub.fixture.call("POST", "/fapi/v1/listenKey", apiKey: key.key).json
            listenKeys.append(try #require(reply["listenKey"]?.text))
            #expect(hub.open(id, "/private/ws/" + listenKeys[id]))
        }
        #expect(listenKeys[0] != listenKeys[1])
        order(hub.fixture, Self.alice, "SELL", "1", at: "65000", id: "a1")
        hub.publishAddressed()
        #expect(hub.sent[0] == nil && hub.sent[1]?.count == 1)
        order(hub.fixture, DeskFixture.tradeKey, "BUY", "0.4", at: "65000", id: "m1")
        hub.publishAddressed()
        #expect(hub.sent[0]?.count == 4 && hub.sent[1]?.count == 4)
        #expect(hub.sent[0]?.allSatisfy { !$0.contains("a1") } == true)
        #expect(hub.sent[1]?.allSatisfy { !$0.contains("m1") } == true)
    }

    @Test("The journal brings every account back, also one whose key is gone")
    func restored() throws {
        let fixture = shared()
        var journal = fixture.desk.startJournal()
        order(fixture, Self.alice, "SELL", "1", at: "65000", id: "a1")
        order(fixture, DeskFixture.tradeKey, "BUY", "0.4", at: "65000", id: "m1")
        order(fixture, DeskFixture.tradeKey, "BUY", "0.4", at: "64000", id: "m2")
        _ = fixture.signed(
            "POST", "/fapi/v1/leverage", "symbol=ETHUSDT&leverage=7", key: Self.alice)
        fixture.run(milliseconds: 1_100)
        journal += fixture.desk.takeJournal()
        let paths = [
            "/fapi/v1/allOrders", "/fapi/v1/userTrades", "/fapi/v1/openOrders", "/fapi/v1/income",
        ]
        func told(_ fixture: DeskFixture, _ key: ExchangeKey) -> [String] {
            paths.map { fixture.signed("GET", $0, "symbol=BTCUSDT", key: key).text }
                + [fixture.signed("GET", "/fapi/v1/symbolConfig", "symbol=ETHUSDT", key: key).text]
        }
        let other = shared()
        _ = try FuturesVenue(other.desk).restore(journal)
        let again = shared()
        _ = try FuturesVenue(again.desk).restore(other.desk.startJournal())
        for copy in [other, again] {
            copy.wall = fixture.wall
            for key in [DeskFixture.tradeKey, Self.alice] {
                #expect(told(copy, key) == told(fixture, key))
            }
            for account in 0...1 {
                #expect(wallet(copy, account) == wallet(fixture, account))
                #expect(position(copy, account) == position(fixture, account))
            }
        }
        // Without her key she keeps what she has, and comes back with it.
        let without = DeskFixture()
        _ = try FuturesVenue(without.desk).restore(journal)
        #expect(without.signed("GET", "/fapi/v1/openOrders", key: Self.alice).status == 401)
        let back = shared()
        _ = try FuturesVenue(back.desk).restore(without.desk.startJournal())
        back.wall = fixture.wall
        #expect(told(back, Self.alice) == told(fixture, Self.alice))
        // What comes after a restart is of the right account, too.
        var later = other.desk.startJournal()
        order(other, DeskFixture.tradeKey, "BUY", "0.1", at: "63000", id: "m3")
        order(other, Self.alice, "SELL", "0.1", at: "66000", id: "a3")
        later += other.desk.takeJournal()
        let last = shared()
        _ = try FuturesVenue(last.desk).restore(later)
        #expect(last.desk.openOrders().map(\.clientOrderID) == ["m2", "m3"])
        #expect(last.desk.serve(1) { last.desk.openOrders().map(\.clientOrderID) } == ["a1", "a3"])
    }

    @Test(
        "B4f one account's liquidation takes another's order, and the clearance fee goes to the fund"
    )
    func liquidated() throws {
        let fixture = DeskFixture {
            AccountsTests.add(&$0)
            $0.balance = money("40000")
        }
        try fixture.rest(.sell, "10", at: "65000")
        _ = fixture.signed(
            "POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=50", key: Self.alice)
        #expect(order(fixture, Self.alice, "BUY", "10", at: "65000", id: "long").status == 200)
        #expect(
            order(fixture, DeskFixture.tradeKey, "BUY", "3", at: "61400", id: "bid").status == 200)
        try fixture.desk.movePrice(btc, to: price("61300"), wall: fixture.wall)
        #expect(position(fixture, 1).isZero && position(fixture, 0) == quantity("3"))
        let trade = try #require(fixture.desk.userTrades(btc).last)
        #expect(trade.isMaker && trade.price == price("61400"))
        let income = try fixture.signed(
            "GET", "/fapi/v1/income", "incomeType=INSURANCE_CLEAR", key: Self.alice
        ).json
        // Three at the bid, seven with the fund at mark; 1.25 % of both, as far as it is there.
        let quote = money("184200") + money("429100")
        let due = quote.scaled(by: Ratio(text: "0.0125")!, .down)
        let taken = try #require(income[0]?["income"]?.text).dropFirst()
        #expect(income.elements?.count == 1)
        #expect(Money(text: String(taken)) ?? .zero <= due && wallet(fixture, 1) >= .zero)
        #expect(wallet(fixture, 1).isZero || Money(text: String(taken)) == due)
        #expect(fixture.desk.incomes.isEmpty)
    }

    @Test(
        "What two accounts win and lose against each other adds up to their fees", arguments: 1...4)
    func conserved(seed: Int) throws {
        let fixture = DeskFixture {
            AccountsTests.add(&$0)
            $0.limits.rates.orders = [RateWindow(1_000_000, per: 10, .second)]
        }
        var random = SplitMix64(seed: UInt64(seed))
        var fees = Money.zero
        for round in 0..<300 {
            let key = Bool.random(using: &random) ? Self.alice : DeskFixture.tradeKey
            let side = Bool.random(using: &random) ? "BUY" : "SELL"
            let level = Int.random(in: 649...651, using: &random) * 100
            order(
                fixture, key, side, "0.\(Int.random(in: 1...9, using: &random))", at: "\(level)",
                id: "r\(round)")
            if round % 10 == 0 { fixture.run(milliseconds: 50) }
        }
        var sum = Money.zero
        for account in 0...1 {
            fixture.desk.serve(account) {
                sum += fixture.desk.balance().marginBalance
                fees += fixture.desk.userTrades(btc, limit: 10_000).reduce(.zero) { $0 + $1.fee }
            }
        }
        #expect(position(fixture, 0) == -position(fixture, 1), "seed \(seed)")
        // Each trade's result is cut to 1e-8.
        let gap = (sum + fees - money("200000")).magnitude
        #expect(gap < money("0.00001"), "seed \(seed): \(gap)")
        #expect(fees.isPositive)
    }

    @Test("An amended order keeps its later turn over a restart")
    func turns() throws {
        let fixture = shared()
        var journal = fixture.desk.startJournal()
        order(fixture, DeskFixture.tradeKey, "BUY", "0.2", at: "64000", id: "first")
        order(fixture, Self.alice, "BUY", "0.2", at: "64000", id: "second")
        let amended = fixture.signed(
            "PUT", "/fapi/v1/order",
            "symbol=BTCUSDT&side=BUY&origClientOrderId=first&quantity=0.3&price=64000")
        #expect(amended.status == 200)
        order(fixture, Self.alice, "BUY", "0.2", at: "64000", id: "third")
        journal += fixture.desk.takeJournal()
        let other = shared()
        _ = try FuturesVenue(other.desk).restore(journal)
        let again = shared()
        _ = try FuturesVenue(again.desk).restore(other.desk.startJournal())
        for copy in [fixture, other, again] {
            try copy.rest(.sell, "0.4", at: "64000")
            // Hers first, then the amended one in part, then nobody.
            #expect(position(copy, 1) == quantity("0.2"))
            #expect(position(copy, 0) == quantity("0.2"))
        }
    }

    @Test("The truth names the account of each element, page by page")
    func truth() throws {
        let fixture = shared()
        order(fixture, Self.alice, "SELL", "1", at: "65000", id: "a1")
        order(fixture, DeskFixture.tradeKey, "BUY", "0.4", at: "65000", id: "m1")
        order(fixture, DeskFixture.tradeKey, "BUY", "0.4", at: "64000", id: "m2")
        let venue = FuturesVenue(fixture.desk)
        for part in TruthPart.allCases {
            func elements(_ limit: Int) throws -> [String] {
                var out = JSONWriter(capacity: 4_096)
                out.beginArray()
                var cursor: TruthCursor? = TruthCursor()
                while let from = cursor {
                    cursor = venue.writeTruth(part, from: from, limit: limit, &out)
                }
                out.endArray()
                return try JSONValue.parse(out.bytes).elements?.map(\.json) ?? []
            }
            let all = try elements(1_000)
            #expect(try elements(1) == all, "\(part)")
            let count =
                switch part {
                case .balances, .positions, .trades, .openOrders: 2
                case .orders, .arrivals: 3
                }
            #expect(all.count == count, "\(part): \(all)")
            if part == .arrivals { continue }
            #expect(all.contains { $0.contains("\"account\":\"alice\"") }, "\(part)")
        }
    }

    @Test("Orders are counted by account, and user events of one account's end stay its own")
    func limits() throws {
        let fixture = DeskFixture {
            AccountsTests.add(&$0)
            $0.limits.rates.orders = [RateWindow(2, per: 10, .second)]
        }
        for id in ["1", "2"] { order(fixture, Self.alice, "BUY", "0.1", at: "64000", id: id) }
        #expect(try order(fixture, Self.alice, "BUY", "0.1", at: "64000", id: "3").code == -1015)
        #expect(
            order(fixture, DeskFixture.tradeKey, "BUY", "0.1", at: "64000", id: "3").status == 200)
    }
}

import Bytes
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("The insurance fund, and whose positions go where it cannot pay") struct DeleverageTests {
    private static let names = ["alice", "bob", "carl"]

    private func fixture(fund: String) -> DeskFixture {
        DeskFixture { settings in
            settings.insuranceFund = money(fund)
            for name in DeleverageTests.names {
                settings.keys.append(
                    ExchangeKey(key: name, secret: name, role: .trade, account: name))
            }
        }
    }

    private func quantity(_ fixture: DeskFixture, _ account: Int) -> Quantity {
        fixture.desk.serve(account) { fixture.desk.positionRisk(btc)[0].quantity }
    }

    private func order(
        _ fixture: DeskFixture, _ key: ExchangeKey, _ side: String, _ size: String
    ) {
        let reply = fixture.signed(
            "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=\(side)&type=LIMIT&timeInForce=GTC&quantity=\(size)&price=65000",
            key: key)
        #expect(reply.status == 200, "\(reply.text)")
    }

    private func key(_ name: String) -> ExchangeKey {
        ExchangeKey(key: name, secret: name, role: .trade, account: name)
    }

    /// The main account is 10 BTC long at 65,000 against alice (3), bob (5) and the background (2); bob's
    /// leverage in effect is greater, as he has more.
    private func crowded(fund: String) -> DeskFixture {
        let fixture = fixture(fund: fund)
        order(fixture, key("alice"), "SELL", "3")
        order(fixture, key("bob"), "SELL", "5")
        try? fixture.rest(.sell, "2", at: "65000")
        order(fixture, DeskFixture.tradeKey, "BUY", "10")
        _ = fixture.desk.takeEvents()
        return fixture
    }

    private func adl(_ fixture: DeskFixture, _ key: ExchangeKey) throws -> Int64? {
        let all = try fixture.signed("GET", "/fapi/v1/adlQuantile", "symbol=BTCUSDT", key: key).json
        return (all[0] ?? all)["adlQuantile"]?["BOTH"]?.integer
    }

    @Test("A fund that can pay does, and nobody else loses a position")
    func paid() throws {
        let fixture = crowded(fund: "60000")
        try fixture.desk.movePrice(btc, to: price("50000"), wall: fixture.wall)
        #expect(fixture.desk.wallet.isZero && quantity(fixture, 0).isZero)
        #expect(quantity(fixture, 1) == Trading.Quantity(text: "-3")!)
        #expect(quantity(fixture, 2) == Trading.Quantity(text: "-5")!)
        let risk = try fixture.call("GET", "/fapi/v1/symbolAdlRisk", query: "symbol=BTCUSDT").json
        #expect(risk["adlRisk"]?.text == "medium")
        let fund = try fixture.call("GET", "/fapi/v1/insuranceBalance").json[0]?["assets"]?[0]
        // 150,000 lost and two taker fees, of which the account had 100,000.
        #expect(fund?["marginBalance"]?.text == "9425.00000000")
    }

    @Test("Where it cannot, those with most profit and leverage lose theirs at the bankruptcy price")
    func sharedOut() throws {
        let fixture = crowded(fund: "1000")
        #expect(try adl(fixture, key("bob")) == 0)
        try fixture.desk.movePrice(btc, to: price("50000"), wall: fixture.wall)
        #expect(quantity(fixture, 0).isZero && fixture.desk.wallet.isZero)
        #expect(quantity(fixture, 2).isZero, "bob is first")
        #expect(quantity(fixture, 1).isZero, "then alice, and the background for the rest")
        // What was left to lose: 100,000 less the fee of opening, over 10 BTC.
        let bankruptcy = price("55032.5")
        for account in [1, 2] {
            let trade = fixture.desk.serve(account) { fixture.desk.userTrades(btc).last }
            #expect(trade?.clientOrderID == "adl_autoclose")
            #expect(trade?.price == bankruptcy && trade?.fee.isZero == true)
        }
        let mine = fixture.desk.userTrades(btc).filter { $0.clientOrderID.hasPrefix("autoclose-") }
        #expect(mine.map(\.quantity).reduce(.zero, +) == Trading.Quantity(text: "10")!)
        #expect(mine.allSatisfy { $0.price == bankruptcy })
        let others = [1, 2].map { account in
            fixture.desk.serve(account) { fixture.desk.userTrades(btc).last?.tradeID }
        }
        #expect(Set(mine.map(\.tradeID)).isSuperset(of: others.compactMap { $0 }))
        for leg in 0...2 {
            let book = fixture.desk.markets[0].book
            #expect(book.position(of: fixture.desk.serve(leg) { fixture.desk.owner }).isZero)
        }
        let events = fixture.desk.takeAddressedEvents()
        #expect(events.contains { $0.account == 2 })
    }

    @Test("Only as much as is needed is taken, of who stands first; the quantile says who that is")
    func order() throws {
        let fixture = crowded(fund: "0")
        // The main account keeps 4 BTC: less than bob alone stands against.
        try fixture.rest(.buy, "6", at: "65000")
        _ = try fixture.market(.sell, "6")
        try fixture.desk.deposit(-money("70000"), wall: fixture.wall)
        try fixture.desk.movePrice(btc, to: price("57500"), wall: fixture.wall)
        #expect(quantity(fixture, 0).isZero)
        #expect(quantity(fixture, 2) == Trading.Quantity(text: "-1")!)
        #expect(quantity(fixture, 1) == Trading.Quantity(text: "-3")!)
        let first = try #require(try adl(fixture, key("bob")))
        let second = try #require(try adl(fixture, key("alice")))
        #expect(first >= 1 && second >= 1)
        #expect(try adl(fixture, key("carl")) == 0)
    }

    @Test("The fund and what it has paid are there after a restart; one nobody drew on is as it is set")
    func restart() throws {
        let fixture = crowded(fund: "60000")
        var journal = fixture.desk.startJournal()
        try fixture.desk.movePrice(btc, to: price("50000"), wall: fixture.wall)
        journal += fixture.desk.takeJournal()
        let other = self.fixture(fund: "5")
        _ = try FuturesVenue(other.desk).restore(journal)
        let third = self.fixture(fund: "5")
        _ = try FuturesVenue(third.desk).restore(other.desk.startJournal())
        for copy in [other, third] {
            let fund = try copy.call("GET", "/fapi/v1/insuranceBalance").json[0]?["assets"]?[0]
            #expect(fund?["marginBalance"]?.text == "9425.00000000")
        }
    }

    @Test("A transfer on futures is of USDT, and its stream tells of it")
    func transfer() throws {
        let fixture = fixture(fund: "0")
        let venue = FuturesVenue(fixture.desk)
        try venue.operate(
            .transfer(asset: "USDT", by: Trading.Quantity(text: "250")!), wall: fixture.wall)
        #expect(fixture.desk.wallet == money("100250"))
        #expect(words(fixture.desk.takeEvents()) == ["ACCOUNT DEPOSIT"])
        #expect(throws: ExchangeError.self) {
            try venue.operate(
                .transfer(asset: "BTC", by: Trading.Quantity(text: "1")!), wall: fixture.wall)
        }
        #expect(throws: ExchangeError.self) {
            try venue.operate(
                .transfer(asset: "USDT", by: Trading.Quantity(text: "-200000")!),
                wall: fixture.wall)
        }
    }
}

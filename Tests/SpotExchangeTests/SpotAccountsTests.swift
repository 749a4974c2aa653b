import Bytes
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Several accounts on a spot exchange") struct SpotAccountsTests {
    private static let alice = ExchangeKey(
        key: "alice-key", secret: "alice-secret", role: .trade, account: "alice")

    private func shared(_ flavour: SpotFlavour = .binance) -> SpotFixture {
        SpotFixture(flavour) { $0.keys.append(SpotAccountsTests.alice) }
    }

    private func order(
        _ fixture: SpotFixture, _ key: ExchangeKey, _ side: String, _ size: String, at level: String,
        id: String
    ) -> ExchangeResponse {
        let force = fixture.desk.settings.flavour == .binance ? "&timeInForce=GTC" : ""
        return fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=\(side)&type=LIMIT&quantity=\(size)&price=\(level)"
                + "&newClientOrderId=\(id)" + force, key: key)
    }

    private func total(_ fixture: SpotFixture, _ account: Int, _ asset: String) -> AssetAmount {
        fixture.desk.serve(account) { fixture.desk.balances[asset]?.total ?? .zero }
    }

    @Test(
        "A key reaches its account and no other; accounts trade with each other",
        arguments: [SpotFlavour.binance, .mexc])
    func apart(flavour: SpotFlavour) throws {
        let fixture = shared(flavour)
        #expect(order(fixture, Self.alice, "SELL", "1", at: "65000", id: "hers").status == 200)
        let name = "symbol=BTCUSDT&origClientOrderId=hers"
        #expect(fixture.signed("GET", "/api/v3/order", name).status == 400)
        #expect(fixture.signed("DELETE", "/api/v3/order", name).status == 400)
        #expect(fixture.signed("GET", "/api/v3/order", name, key: Self.alice).status == 200)
        let mine = try fixture.signed("GET", "/api/v3/openOrders", "symbol=BTCUSDT").json
        #expect(mine.elements?.isEmpty == true)
        #expect(order(fixture, SpotFixture.tradeKey, "BUY", "0.4", at: "65000", id: "m").status == 200)
        #expect(total(fixture, 0, "USDT") == amount("100000") - amount("26000"))
        #expect(total(fixture, 1, "BTC") == amount("1.6"))
        let fee = total(fixture, 0, "BTC") - amount("2.4")
        #expect(fee == -amount(flavour == .binance ? "0.0004" : "0.0002"))
        for key in [SpotFixture.tradeKey, Self.alice] {
            let trades = try fixture.signed("GET", "/api/v3/myTrades", "symbol=BTCUSDT", key: key)
                .json
            #expect(trades.elements?.count == 1)
            #expect(trades[0]?["isMaker"]?.boolean == (key == Self.alice))
        }
        let account = try fixture.signed("GET", "/api/v3/account", "", key: Self.alice).json
        let btc = account["balances"]?.elements?.first { $0["asset"]?.text == "BTC" }
        #expect(btc?["locked"]?.text.flatMap { AssetAmount(text: $0) } == amount("0.6"))
    }

    @Test("Each stream tells of its own account")
    func streams() throws {
        let fixture = shared()
        fixture.venue.step(now: fixture.now, wall: fixture.wall)
        for (id, key) in [(7, SpotFixture.tradeKey), (8, Self.alice)] {
            #expect(fixture.open(id, "/ws-api/v3"))
            let params = fixture.signedParams([], key: key)
            fixture.say(
                id,
                #"{"id":"1","method":"userDataStream.subscribe.signature","params":\#(params)}"#)
            _ = try received(fixture.venue, id)
        }
        #expect(order(fixture, Self.alice, "SELL", "1", at: "65000", id: "hers").status == 200)
        var actions: [SocketAction] = []
        fixture.venue.takeSocketActions(&actions)
        let receivers = actions.compactMap { action in
            if case .send(let id, _) = action { id } else { nil as Int? }
        }
        #expect(!receivers.isEmpty && receivers.allSatisfy { $0 == 8 })
    }

    @Test("The journal keeps both accounts, and one that is new begins with its balances")
    func restart() throws {
        for flavour in [SpotFlavour.binance, .mexc] {
            let fixture = shared(flavour)
            var journal = fixture.desk.startJournal()
            _ = order(fixture, Self.alice, "SELL", "1", at: "65000", id: "hers")
            _ = order(fixture, SpotFixture.tradeKey, "BUY", "0.4", at: "65000", id: "mine")
            _ = order(fixture, SpotFixture.tradeKey, "BUY", "0.1", at: "64000", id: "rests")
            journal += fixture.desk.takeJournal()
            let other = shared(flavour)
            _ = try other.venue.restore(journal)
            let third = shared(flavour)
            _ = try third.venue.restore(other.desk.startJournal())
            for copy in [other, third] {
                for account in 0...1 {
                    let (one, two) = copy.desk.serve(account) {
                        (copy.desk.balances.rows, fixture.desk.serve(account) { fixture.desk.balances.rows })
                    }
                    #expect(one == two, "\(flavour) \(account)")
                }
                _ = order(copy, Self.alice, "SELL", "0.1", at: "64000", id: "takes")
                #expect(copy.desk.stakes[0].orders.order(clientOrderID: "rests")?.status == .filled)
            }
        }
        let alone = SpotFixture()
        let later = shared()
        _ = try later.venue.restore(alone.desk.startJournal())
        #expect(total(later, 1, "USDT") == amount("100000"))
    }

    @Test("The truth names the account, and an operation finds it by its key")
    func truth() throws {
        let fixture = shared()
        _ = order(fixture, Self.alice, "SELL", "1", at: "65000", id: "a1")
        _ = order(fixture, SpotFixture.tradeKey, "BUY", "0.4", at: "65000", id: "m1")
        try fixture.venue.operate(
            .ofKey("alice-key", .transfer(asset: "USDT", by: quantity("7"))), wall: fixture.wall)
        #expect(total(fixture, 1, "USDT") == amount("100000") + amount("26000") - amount("26") + amount("7"))
        #expect(throws: ExchangeError.unknownKey) {
            try fixture.venue.operate(.ofKey("nobody", .expireListenKeys), wall: fixture.wall)
        }
        for part in TruthPart.allCases {
            func elements(_ limit: Int) throws -> [String] {
                var out = JSONWriter(capacity: 4_096)
                out.beginArray()
                var cursor: TruthCursor? = TruthCursor()
                while let from = cursor {
                    cursor = fixture.venue.writeTruth(part, from: from, limit: limit, &out)
                }
                out.endArray()
                return try JSONValue.parse(out.bytes).elements?.map(\.json) ?? []
            }
            let all = try elements(1_000)
            #expect(try elements(1) == all, "\(part)")
            if part == .arrivals || part == .positions { continue }
            #expect(all.contains { $0.contains("\"account\":\"alice\"") }, "\(part)")
        }
    }
}

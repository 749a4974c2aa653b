import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Prevented self-trades, changes in place, deposits, time units")
struct SpotPreventionTests {
    @Test("DECREMENT takes what would have traded off both; who has nothing left expires")
    func decrement() throws {
        let fixture = SpotFixture()
        try fixture.limit(.sell, "0.5", at: "60000", id: "maker")
        let reply = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.2&price=60000"
                + "&newClientOrderId=taker&selfTradePreventionMode=DECREMENT")
        let taker = try reply.json
        #expect(taker["status"]?.text == "EXPIRED_IN_MATCH", "\(reply.text)")
        #expect(taker["preventedQuantity"]?.text == "0.20000000")
        #expect(taker["preventedMatches"]?[0]?["makerPreventedQuantity"]?.text == "0.20000000")
        let maker = try fixture.desk.query(btc, clientOrderID: "maker")
        #expect(maker.status == .new && maker.remaining == quantity("0.3"))
        #expect(fixture.locked("BTC") == amount("0.3") && fixture.locked("USDT").isZero)
        #expect(fixture.desk.markets[0].book.quantity(.sell, at: price("60000")) == quantity("0.3"))
        #expect(
            words(fixture.desk.takeEvents()) == [
                "NEW NEW", "ENTRUST_PLACE BTC 1.5/0.5", "NEW NEW", "TRADE_PREVENTION NEW",
                "TRADE_PREVENTION EXPIRED_IN_MATCH", "ENTRUST_CANCEL BTC 1.7/0.3",
            ])
        try fixture.rest(.buy, "0.3", at: "60000")
        #expect(try fixture.desk.query(btc, clientOrderID: "maker").status == .filled)
    }

    @Test(
        "Prevented matches are on record: by their number and by either order",
        arguments: [
            ("EXPIRE_TAKER", "0.20000000", nil), ("EXPIRE_MAKER", nil, "0.50000000"),
            ("EXPIRE_BOTH", "0.20000000", "0.50000000"), ("DECREMENT", "0.20000000", "0.20000000"),
        ] as [(String, String?, String?)])
    func records(mode: String, taker: String?, maker: String?) throws {
        let fixture = SpotFixture()
        try fixture.limit(.sell, "0.5", at: "60000", id: "maker")
        let placed = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.2&price=60000"
                + "&selfTradePreventionMode=\(mode)")
        #expect(placed.status == 200, "\(placed.text)")
        let orderID = try #require(try placed.json["orderId"]?.integer)
        let maker0 = try fixture.desk.query(btc, clientOrderID: "maker").orderID
        for name in ["preventedMatchId=0", "orderId=\(orderID)", "orderId=\(maker0)"] {
            let reply = fixture.signed(
                "GET", "/api/v3/myPreventedMatches", "symbol=BTCUSDT&\(name)")
            let row = try #require(try reply.json[0], "\(reply.text)")
            #expect(row["takerOrderId"]?.integer == orderID)
            #expect(row["makerOrderId"]?.integer == maker0)
            #expect(row["selfTradePreventionMode"]?.text == mode)
            #expect(row["takerPreventedQuantity"]?.text == taker)
            #expect(row["makerPreventedQuantity"]?.text == maker)
        }
        let none = fixture.signed("GET", "/api/v3/myPreventedMatches", "symbol=BTCUSDT")
        #expect(try none.code == -1102)
    }

    @Test("A struck order that is open after a restart has what it had left")
    func restart() throws {
        let first = SpotFixture()
        var journal = first.desk.startJournal()
        try first.limit(.sell, "0.5", at: "60000", id: "maker")
        try first.limit(.buy, "0.2", at: "60000", selfTrade: .decrement)
        journal += first.desk.takeJournal()
        let second = SpotFixture()
        _ = try second.venue.restore(journal)
        #expect(second.desk.markets[0].book.quantity(.sell, at: price("60000")) == quantity("0.3"))
        #expect(second.desk.stakes[0].preventions == first.desk.stakes[0].preventions)
        try second.rest(.buy, "1", at: "60000")
        #expect(try second.desk.query(btc, clientOrderID: "maker").status == .filled)
    }

    @Test("Changes in place are listed, oldest first, and are limited in number")
    func amendments() throws {
        let fixture = SpotFixture()
        let order = try fixture.limit(.buy, "1", at: "60000", id: "first")
        let name = "symbol=BTCUSDT&orderId=\(order.orderID)"
        for turn in 1...10 {
            let reply = fixture.signed(
                "PUT", "/api/v3/order/amend/keepPriority",
                "\(name)&newQty=0.\(100 - turn)&newClientOrderId=turn-\(turn)")
            #expect(reply.status == 200, "\(reply.text)")
        }
        let more = fixture.signed(
            "PUT", "/api/v3/order/amend/keepPriority", "\(name)&newQty=0.5")
        #expect(try more.code == -2038)
        let rows = try #require(
            try fixture.signed("GET", "/api/v3/order/amendments", name).json.elements)
        #expect(rows.count == 10)
        #expect(rows[0]["origClientOrderId"]?.text == "first")
        #expect(rows[0]["origQty"]?.text == "1.00000000")
        #expect(rows[9]["newClientOrderId"]?.text == "turn-10")
        #expect(rows[9]["newQty"]?.text == "0.90000000")
        let execution = try #require(rows[8]["executionId"]?.integer)
        let last = fixture.signed(
            "GET", "/api/v3/order/amendments", "\(name)&fromExecutionId=\(execution)")
        #expect(try last.json.elements?.count == 2)
        if hasFixtures {
            let wanted = try sample("rest-api__Query_Order_Amendments_USER_DATA___1")
            #expect(keys(rows[0]) == keys(wanted[0]))
        }
    }

    @Test("A deposit is told as balanceUpdate; a withdrawal takes no more than is free")
    func transfers() throws {
        let fixture = SpotFixture()
        try fixture.venue.operate(
            .transfer(asset: "USDT", by: quantity("250.5")), wall: fixture.wall)
        #expect(
            words(fixture.desk.takeEvents()) == [
                "CHANGE USDT 250.5", "DEPOSIT USDT 100250.5/0",
            ])
        #expect(throws: ExchangeError.self) {
            try fixture.venue.operate(
                .transfer(asset: "BTC", by: quantity("-2.1")), wall: fixture.wall)
        }
        try fixture.venue.operate(
            .transfer(asset: "BTC", by: quantity("-1.5")), wall: fixture.wall)
        #expect(fixture.free("BTC") == amount("0.5"))
    }

    // MARK: time units

    private func call(
        _ fixture: SpotFixture, _ path: String, _ query: String, unit: String
    ) throws -> ExchangeResponse {
        var request = ExchangeRequest(
            method: "GET", path: path, query: Array(query.utf8), wall: fixture.wall)
        request.timeUnit = unit
        return fixture.venue.respond(request)
    }

    @Test("Who asks for microseconds gets all times in them, and only times")
    func microseconds() throws {
        let fixture = SpotFixture(background: true)
        fixture.run(milliseconds: 3_000)
        let now = fixture.wall.milliseconds
        let time = try call(fixture, "/api/v3/time", "", unit: "MICROSECOND")
        #expect(try time.json["serverTime"]?.integer == now * 1_000)
        let trades = try call(fixture, "/api/v3/trades", "symbol=BTCUSDT", unit: "MICROSECOND")
        let plain = try call(fixture, "/api/v3/trades", "symbol=BTCUSDT", unit: "MILLISECOND")
        let (fine, coarse) = (try #require(try trades.json[0]), try #require(try plain.json[0]))
        #expect(fine["time"]?.integer == coarse["time"]?.integer.map { $0 * 1_000 })
        #expect(fine["id"] == coarse["id"] && fine["price"] == coarse["price"])
        let candles = try call(
            fixture, "/api/v3/klines", "symbol=BTCUSDT&interval=1m&limit=1", unit: "microsecond")
        let candle = try #require(try candles.json[0])
        #expect(candle[0]?.integer == now / 60_000 * 60_000_000)
        #expect((candle[6]?.integer ?? 0) > now * 1_000)
        #expect((candle[8]?.integer ?? .max) < 1_000_000)
        #expect(try call(fixture, "/api/v3/time", "", unit: "HOUR").code == -1194)
    }

    @Test("A stream opened with timeUnit=MICROSECOND has its times in them; others have not")
    func streamUnits() throws {
        let fixture = SpotFixture(background: true)
        #expect(fixture.open(1, "/ws/btcusdt@trade", "timeUnit=MICROSECOND"))
        #expect(fixture.open(2, "/ws/btcusdt@trade"))
        #expect(!fixture.open(3, "/ws/btcusdt@trade", "timeUnit=HOUR"))
        var fine: [JSONValue] = []
        var coarse: [JSONValue] = []
        for _ in 0..<200 where fine.isEmpty {
            fixture.now = fixture.now + .milliseconds(50)
            fixture.wall = fixture.wall + .milliseconds(50)
            fixture.venue.step(now: fixture.now, wall: fixture.wall)
            var actions: [SocketAction] = []
            fixture.venue.takeSocketActions(&actions)
            for case .broadcast(let ids, let bytes, _) in actions {
                if ids.contains(1) { fine.append(try JSONValue.parse(bytes)) }
                if ids.contains(2) { coarse.append(try JSONValue.parse(bytes)) }
            }
        }
        let (one, two) = (try #require(fine.first), try #require(coarse.first))
        #expect(one["T"]?.integer == two["T"]?.integer.map { $0 * 1_000 })
        #expect(one["E"]?.integer == two["E"]?.integer.map { $0 * 1_000 })
        #expect(one["t"] == two["t"] && one["p"] == two["p"])
    }
}

import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

@Suite("Icebergs and orders that follow the price") struct SpotIcebergTests {
    @Test("An iceberg shows its part in the book, trades whole, and says what it is")
    func iceberg() throws {
        let fixture = SpotFixture()
        let reply = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&quantity=1&price=64000"
                + "&icebergQty=0.3&newClientOrderId=ice")
        #expect(reply.status == 200, "\(reply.text)")
        #expect(try reply.json["icebergQty"]?.text == "0.30000000")
        #expect(fixture.locked("BTC") == amount("1"))
        let depth = try fixture.call("GET", "/api/v3/depth", query: "symbol=BTCUSDT").json
        #expect(depth["asks"]?[0]?[1]?.text == "0.30000000")
        try fixture.rest(.buy, "0.8", at: "64000")
        let order = try fixture.desk.query(btc, clientOrderID: "ice")
        #expect(order.executed == quantity("0.8"))
        #expect(fixture.locked("BTC") == amount("0.2"))
        // Two parts are gone and two thirds of the third.
        #expect(fixture.desk.markets[0].book.best(.sell)?.quantity == quantity("0.1"))
        let journal = fixture.desk.startJournal()
        let other = SpotFixture()
        _ = try other.venue.restore(journal)
        #expect(try other.desk.query(btc, clientOrderID: "ice") == order)
        #expect(other.desk.markets[0].book.best(.sell)?.quantity == quantity("0.2"))
    }

    @Test(
        "An iceberg that cannot be is refused with its code",
        arguments: [
            ("&icebergQty=2", -2010), ("&icebergQty=0.05", -1013), ("&icebergQty=0.0000001", -1013),
            ("&icebergQty=0.5&timeInForce=IOC", -1115), ("&icebergQty=x", -1100),
        ])
    func refusals(more: String, code: Int64) throws {
        let fixture = SpotFixture()
        let force = more.contains("timeInForce") ? "" : "&timeInForce=GTC"
        let reply = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=SELL&type=LIMIT&quantity=1&price=64000" + force + more)
        #expect(try reply.code == code, "\(reply.text)")
        let market = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=SELL&type=MARKET&quantity=1&icebergQty=0.5")
        #expect(try market.code == -1106)
    }

    // MARK: trailing

    /// Lets the last price be this.
    private func trade(_ fixture: SpotFixture, at level: String) throws {
        try fixture.rest(.buy, "0.001", at: level)
        try fixture.rest(.sell, "0.001", at: level)
    }

    /// The venue's own scenarios (trailing-stop FAQ): the last price first, then those that follow; the
    /// order goes to its book at the last of them and not before.
    @Test(
        "A trailing order goes to its book where the price has come back far enough",
        arguments: [
            ("BUY", "STOP_LOSS_LIMIT", "44000", "500", "45000",
                ["40000", "37000", "44000", "45000", "46000", "42000", "44100"]),
            ("SELL", "STOP_LOSS_LIMIT", "39000", "1000", "38000",
                ["40000", "41500", "39000", "37000", "41000", "36900"]),
            ("BUY", "TAKE_PROFIT_LIMIT", "38000", "850", "38500",
                ["40000", "42000", "38000", "37000", "39000", "38000", "40145"]),
            ("SELL", "TAKE_PROFIT_LIMIT", "42000", "750", "41000",
                ["40000", "41500", "39000", "42000", "45000", "44000", "46500", "43012.5"]),
            ("SELL", "STOP_LOSS_LIMIT", "", "700", "39000",
                ["40000", "42000", "39500", "45500", "42315"]),
        ])
    func scenarios(
        side: String, kind: String, stop: String, delta: String, limit: String, prices: [String]
    ) throws {
        let fixture = SpotFixture {
            $0.listings[0].instrument.bandUp = .zero
            $0.listings[0].instrument.bandDown = .zero
        }
        try trade(fixture, at: prices[0])
        let reply = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=BTCUSDT&side=\(side)&type=\(kind)&timeInForce=GTC&quantity=0.5&price=\(limit)"
                + "&trailingDelta=\(delta)&newClientOrderId=trail&newOrderRespType=RESULT"
                + (stop.isEmpty ? "" : "&stopPrice=" + stop))
        #expect(reply.status == 200, "\(reply.text)")
        #expect(try reply.json["trailingDelta"]?.integer == Int64(delta))
        let began = try reply.json["trailingTime"]?.integer
        #expect(stop.isEmpty ? began == fixture.wall.milliseconds : began == -1)
        for level in prices.dropFirst() {
            let order = try fixture.desk.query(btc, clientOrderID: "trail")
            #expect(!order.isWorking, "\(level)")
            try trade(fixture, at: level)
        }
        #expect(try fixture.desk.query(btc, clientOrderID: "trail").isWorking)
    }

    @Test("How far an order trails is bounded, and what a plain stop needs is not given up")
    func trailingRefusals() throws {
        let fixture = SpotFixture()
        let order = "symbol=BTCUSDT&side=SELL&type=STOP_LOSS&quantity=0.5"
        #expect(try fixture.signed("POST", "/api/v3/order", order).code == -1102)
        for delta in ["9", "2001", "0"] {
            let reply = fixture.signed("POST", "/api/v3/order", order + "&trailingDelta=" + delta)
            #expect(try reply.code == -1013, "\(reply.text)")
        }
        let plain = "symbol=BTCUSDT&side=SELL&type=LIMIT&timeInForce=GTC&price=70000&quantity=0.5"
        #expect(try fixture.signed("POST", "/api/v3/order", plain + "&trailingDelta=50").code == -1106)
    }

    @Test("exchangeInfo says what is so")
    func announced() throws {
        let info = try SpotFixture().call("GET", "/api/v3/exchangeInfo").json["symbols"]?[0]
        for name in ["icebergAllowed", "ocoAllowed", "otoAllowed", "allowTrailingStop"] {
            #expect(info?[name]?.boolean == true, "\(name)")
        }
        let filters = info?["filters"]?.elements?.compactMap { $0["filterType"]?.text } ?? []
        #expect(filters.contains("ICEBERG_PARTS") && filters.contains("TRAILING_DELTA"))
        #expect(filters.contains("MAX_NUM_ICEBERG_ORDERS"))
    }
}

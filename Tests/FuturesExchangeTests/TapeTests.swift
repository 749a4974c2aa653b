import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Testing
import Trading

@Suite("What has traded, by REST") struct TapeTests {
    private func get(_ fixture: DeskFixture, _ path: String, _ query: String) throws -> JSONValue {
        try fixture.call("GET", "/fapi/v1/" + path, query: query).json
    }

    private func traded() throws -> DeskFixture {
        let fixture = DeskFixture()
        fixture.run(milliseconds: 100)
        try fixture.rest(.sell, "0.2", at: "65010")
        try fixture.rest(.buy, "0.3", at: "64990")
        try fixture.market(.buy, "0.2")
        try fixture.market(.sell, "0.1")
        fixture.run(milliseconds: 200)
        return fixture
    }

    @Test("Trades are listed with their ids, the newest without one, from one on with it")
    func trades() throws {
        let fixture = try traded()
        let newest = try get(fixture, "trades", "symbol=BTCUSDT&limit=2")
        #expect(newest.elements?.count == 2)
        #expect(newest[0]?["price"]?.text == "65010.00")
        #expect(newest[0]?["isBuyerMaker"]?.boolean == false)
        #expect(newest[1]?["isBuyerMaker"]?.boolean == true)
        let first = try #require(newest[1]?["id"]?.integer)
        let reply = fixture.call(
            "GET", "/fapi/v1/historicalTrades", query: "symbol=BTCUSDT&fromId=\(first)",
            apiKey: "read-key")
        #expect(try reply.json.elements?.count == 1)
        #expect(try fixture.call("GET", "/fapi/v1/historicalTrades").code == -2014)
        let aggregates = try get(fixture, "aggTrades", "symbol=BTCUSDT&limit=2")
        #expect(aggregates[1]?["f"]?.integer == first)
    }

    @Test("The candle of this minute is built of the trades; rows have twelve columns")
    func candles() throws {
        let fixture = try traded()
        let rows = try get(fixture, "klines", "symbol=BTCUSDT&interval=1m&limit=3")
        let last = try #require(rows.elements?.last?.elements)
        #expect(last.count == 12)
        #expect((last[0].integer ?? 0) % 60_000 == 0)
        #expect(last[6].integer == (last[0].integer ?? 0) + 59_999)
        #expect(last[2].text == "65010.00" && last[4].text == "64990.00")
        #expect(last[5].text == "0.300" && last[9].text == "0.200")
        #expect(last[8].integer == 2)
        for (path, name) in [
            ("continuousKlines", "contractType=PERPETUAL&pair"), ("markPriceKlines", "symbol"),
            ("indexPriceKlines", "pair"), ("premiumIndexKlines", "symbol"),
        ] {
            let rows = try get(fixture, path, "\(name)=BTCUSDT&interval=1h&limit=4")
            #expect(rows.elements?.last?.elements?.count == 12, "\(path)")
        }
        #expect(try get(fixture, "klines", "symbol=BTCUSDT&interval=7m")["code"]?.integer == -1120)
        #expect(try get(fixture, "klines", "symbol=BTCUSDT")["code"]?.integer == -1102)
    }

    @Test("The last day is told of one symbol or of all")
    func day() throws {
        let fixture = try traded()
        let one = try get(fixture, "ticker/24hr", "symbol=BTCUSDT")
        #expect(one["lastPrice"]?.text == "64990.00")
        #expect(one["lastQty"]?.text == "0.100")
        let all = try get(fixture, "ticker/24hr", "")
        #expect(all.elements?.count == fixture.desk.markets.count)
    }
}

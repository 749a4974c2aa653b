import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Testing
import Trading

@Suite("Computed prices and statistics, by REST") struct StatisticsTests {
    private func get(_ fixture: DeskFixture, _ path: String, _ query: String) throws -> JSONValue {
        try fixture.call("GET", path, query: query).json
    }

    @Test(
        "Mark and index candles follow mark and index, not what trades; premium candles their distance"
    )
    func klines() throws {
        let fixture = DeskFixture()
        fixture.run(milliseconds: 1_100)
        try fixture.rest(.sell, "0.2", at: "65010")
        try fixture.rest(.buy, "0.2", at: "65000")
        try fixture.rest(.buy, "0.2", at: "67000")
        fixture.run(milliseconds: 2_000)
        let query = "BTCUSDT&interval=1m&limit=1"
        let traded = try get(fixture, "/fapi/v1/klines", "symbol=" + query)[0]
        let mark = try get(fixture, "/fapi/v1/markPriceKlines", "symbol=" + query)[0]
        let index = try get(fixture, "/fapi/v1/indexPriceKlines", "pair=" + query)[0]
        let premium = try get(fixture, "/fapi/v1/premiumIndexKlines", "symbol=" + query)[0]
        #expect(traded?[2]?.text == "65010.00")
        let now = fixture.desk.markets[0].mark
        #expect(mark?[4]?.text.flatMap { Price(text: $0) } ?? .zero <= now)
        #expect(mark?[2]?.text != "65010.00000000" && mark?[4]?.text?.count == 14)
        // Without a background the index is mark.
        #expect(index?.json == mark?.json)
        #expect(premium?.elements?.count == 12)
        #expect(
            try fixture.call("GET", "/fapi/v1/markPriceKlines", query: "symbol=BTCUSDT").code
                == -1102)
    }

    @Test("A funding takes the mean premium, drawn to the interest by at most 0.05 %, within 2 %")
    func rate() throws {
        let fixture = DeskFixture()
        fixture.run(milliseconds: 50)
        #expect(fixture.desk.fundingRate(0) == Ratio(text: "0.0001")!)
        // Bids far above the index, which follows the book slowly: the first second is 0.5 % and more off.
        try fixture.rest(.buy, "10", at: "67000")
        try fixture.rest(.sell, "10", at: "67010")
        fixture.run(milliseconds: 1_000)
        let premium = fixture.desk.markets[0].averagePremium
        #expect(premium > Ratio(text: "0.005")!)
        let cut = (premium - Ratio(text: "0.0005")!).down(to: Ratio(text: "0.00000001")!)
        #expect(fixture.desk.fundingRate(0) == cut)
        let told = try get(fixture, "/fapi/v1/premiumIndex", "symbol=BTCUSDT")["lastFundingRate"]?
            .text
        #expect(told.flatMap { Ratio(text: $0) } == cut)
        var journal = fixture.desk.startJournal()
        journal += fixture.desk.takeJournal()
        let other = DeskFixture()
        _ = try FuturesVenue(other.desk).restore(journal)
        #expect(other.desk.fundingRate(0) == fixture.desk.fundingRate(0))
    }

    @Test("Open interest and ratios are sampled each five minutes from what is open")
    func interest() throws {
        let fixture = DeskFixture()
        fixture.run(milliseconds: 1_100)
        let query = "symbol=BTCUSDT&period=5m"
        let empty = try get(fixture, "/futures/data/openInterestHist", query).elements ?? []
        try fixture.rest(.sell, "3", at: "65000")
        try fixture.market(.buy, "3")
        fixture.wall = fixture.wall + .seconds(300)
        fixture.run(milliseconds: 1_100)
        let rows = try get(fixture, "/futures/data/openInterestHist", query).elements ?? []
        #expect(rows.count == empty.count + 1)
        let open = try #require(rows.last?["sumOpenInterest"]?.text.flatMap { Quantity(text: $0) })
        let first = fixture.desk.interest(0).quantity
        #expect(open == first)
        #expect((rows.last?["timestamp"]?.integer ?? 1) % 300_000 == 0)
        let ratio = try get(fixture, "/futures/data/globalLongShortAccountRatio", query).elements?
            .last
        #expect(
            ratio?["longShortRatio"]?.text == "2.0000" && ratio?["longAccount"]?.text == "0.6666")
        let size = try get(fixture, "/futures/data/topLongShortPositionRatio", query).elements?.last
        #expect(size?["longShortRatio"]?.text?.hasPrefix("1.0") == true)
        for (path, name) in [
            ("takerlongshortRatio", "symbol"), ("basis", "contractType=PERPETUAL&pair"),
        ] {
            let reply = fixture.call(
                "GET", "/futures/data/" + path, query: "\(name)=BTCUSDT&period=5m&limit=1")
            #expect(reply.status == 200, "\(path)")
        }
        #expect(
            try fixture.call(
                "GET", "/futures/data/openInterestHist", query: "symbol=BTCUSDT&period=7m"
            ).code == -1130)
        #expect(
            try get(fixture, "/futures/data/delivery-price", "pair=BTCUSDT").elements?.isEmpty
                == true)
        #expect(try get(fixture, "/fapi/v1/indexInfo", "").elements?.isEmpty == true)
        let fund = try get(fixture, "/fapi/v1/insuranceBalance", "symbol=BTCUSDT")[0]?["assets"]?[0]
        #expect(fund?["marginBalance"]?.text == "10000000.00000000")
    }
}

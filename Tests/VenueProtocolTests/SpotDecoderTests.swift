import Bytes
import Chronology
import Testing
import Trading

@testable import VenueProtocol

@Suite("Spot REST answers")
struct SpotDecoderTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let spotInfo = #"""
        {"timezone":"UTC","serverTime":1,"rateLimits":[
        {"interval":"MINUTE","intervalNum":1,"limit":6000,"rateLimitType":"REQUEST_WEIGHT"},
        {"interval":"MINUTE","intervalNum":5,"limit":61000,"rateLimitType":"RAW_REQUESTS"}],
        "symbols":[{"symbol":"ETHBTC","status":"TRADING","baseAsset":"ETH","quoteAsset":"BTC",
        "baseAssetPrecision":8,"quotePrecision":8,"quoteAssetPrecision":8,
        "isSpotTradingAllowed":true,"permissions":[],
        "permissionSets":[["SPOT","MARGIN"],["TRD_GRP_004"]],"filters":[
        {"filterType":"PRICE_FILTER","maxPrice":"922327.00000000","minPrice":"0.00001000",
        "tickSize":"0.00001000"},
        {"filterType":"LOT_SIZE","maxQty":"100000.00000000","minQty":"0.00010000",
        "stepSize":"0.00010000"},{"filterType":"ICEBERG_PARTS","limit":10},
        {"filterType":"MARKET_LOT_SIZE","maxQty":"1378.22417541","minQty":"0.00000000",
        "stepSize":"0.00000000"},
        {"filterType":"PERCENT_PRICE_BY_SIDE","askMultiplierDown":"0.2","askMultiplierUp":"5",
        "avgPriceMins":5,"bidMultiplierDown":"0.3","bidMultiplierUp":"4"},
        {"filterType":"NOTIONAL","minNotional":"0.00010000","applyMinToMarket":true,
        "maxNotional":"9000000.00000000","applyMaxToMarket":false,"avgPriceMins":5}]},
        {"symbol":"OLDBTC","status":"BREAK","baseAsset":"OLD","quoteAsset":"BTC",
        "baseAssetPrecision":3,"quotePrecision":8,"quoteAssetPrecision":5,"filters":[
        {"filterType":"PRICE_FILTER","maxPrice":"0","minPrice":"0","tickSize":"0"},
        {"filterType":"MIN_NOTIONAL","minNotional":"0.001","applyToMarket":true,"avgPriceMins":5}]},
        {"symbol":"MARGINBTC","status":"TRADING","baseAsset":"M","quoteAsset":"BTC",
        "baseAssetPrecision":8,"quotePrecision":8,"isSpotTradingAllowed":false,"filters":[]}]}
        """#

    @Test("spot's filters of every age are read; a grid of zero is the precision's")
    func spotExchangeInfo() throws {
        let info = try decode(bytes(Self.spotInfo), BinanceSpot.decodeExchangeInfo)
        #expect(info.skipped.isEmpty)
        #expect(info.rateLimits.map(\.kind) == [.requestWeight, .other("RAW_REQUESTS")])
        let eth = info.instruments[0]
        #expect(eth.tick == Price(text: "0.00001") && eth.step == Quantity(text: "0.0001"))
        #expect(eth.marketMaximumQuantity == Quantity(text: "1378.22417541"))
        #expect(eth.minimumNotional == Money(text: "0.0001"))
        #expect(eth.bandUp == .whole(4) && eth.bandDown == Ratio(text: "0.2"))
        let old = info.instruments[1]
        #expect(old.tick == Price(text: "0.00001") && old.step == Quantity(text: "0.001"))
        #expect(old.minimumNotional == Money(text: "0.001") && old.status == .halted)
        #expect(info.instruments[2].status == .other("NOT_SPOT"))
    }

    private static func mexcSymbol(_ status: String, _ sides: Int, isSpot: Bool) -> String {
        #"{"symbol":"QRLUSDT","status":"\#(status)","baseAsset":"QRL","baseAssetPrecision":2,"#
            + #""quoteAsset":"USDT","quotePrecision":5,"quoteAssetPrecision":5,"#
            + #""isSpotTradingAllowed":\#(isSpot),"quoteAmountPrecision":"1.000000000000000000","#
            + #""baseSizePrecision":"0.05","permissions":["SPOT"],"filters":[],"#
            + #""maxQuoteAmount":"2000000","tradeSideType":\#(sides)}"#
    }

    @Test(
        "MEXC: precisions are the grid or the minima; states are numbers or words",
        arguments: [
            ("1", 1, true, InstrumentStatus.trading), ("ENABLED", 1, true, .trading),
            ("2", 1, true, .halted), ("3", 1, true, .other("OFFLINE")), ("1", 4, true, .halted),
            ("1", 2, true, .other("BUY_ONLY")), ("1", 3, true, .other("SELL_ONLY")),
            ("1", 1, false, .other("NOT_BY_API")), ("9", 1, true, .other("9")),
        ])
    func mexcExchangeInfo(
        status: String, sides: Int, isSpot: Bool, expected: InstrumentStatus
    ) throws {
        let text =
            #"{"rateLimits":[],"symbols":[\#(Self.mexcSymbol(status, sides, isSpot: isSpot))]}"#
        let info = try decode(bytes(text), MEXCSpot.decodeExchangeInfo)
        let qrl = try #require(info.instruments.first)
        #expect(qrl.status == expected)
        #expect(qrl.tick == Price(text: "0.00001") && qrl.step == Quantity(text: "0.01"))
        #expect(qrl.minimumQuantity == Quantity(text: "0.05") && qrl.minimumNotional == .one)
    }

    @Test("an empty book's prices are zero, and all symbols come in a list")
    func bookTops() throws {
        let empty = try decode(
            bytes(#"{"symbol":"A","bidPrice":null,"bidQty":null,"askPrice":"","askQty":"0"}"#),
            MEXCSpot.decodeBookTop)
        #expect(empty.bid.isZero && empty.ask.isZero)
        let all = try decode(
            bytes(#"[{"symbol":"A","bidPrice":"1","bidQty":"2","askPrice":"3","askQty":"4"}]"#),
            BookTop.decodeAll)
        #expect(all.count == 1 && all[0].askQuantity == .whole(4))
    }

    @Test(
        "recorded exchangeInfo of spot and MEXC is read whole",
        .disabled(if: Fixtures.areAbsent, "no ../shared"))
    func recorded() throws {
        let spot = try decode(
            Fixtures.body("exchange-info/spot.json"), BinanceSpot.decodeExchangeInfo)
        #expect(spot.instruments.count == 25 && spot.skipped.isEmpty)
        for path in ["mexc", "mexc-older"] {
            let info = try decode(
                Fixtures.body("exchange-info/\(path).json"), MEXCSpot.decodeExchangeInfo)
            #expect(!info.instruments.isEmpty && info.skipped.isEmpty)
            #expect(info.instruments[0].status == .trading)
        }
    }
}

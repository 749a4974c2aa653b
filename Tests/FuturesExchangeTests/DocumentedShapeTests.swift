import Bytes
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Glibc
import Matching
import Testing
import Trading

private let fixtureRoot = "/work/shared/fixtures"

/// The bytes of a fixture, or nil where the folder is not at hand.
private func fixture(_ name: String) -> [UInt8]? {
    guard let file = unsafe fopen(fixtureRoot + "/" + name, "r") else { return nil }
    defer { unsafe fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe fread(&chunk, 1, chunk.count, file)
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}

let hasFixtures = fixture("README.md") != nil

/// The body of a documentation sample.
func sample(_ name: String) throws -> JSONValue {
    let bytes = try #require(fixture("binance-docs-usdm/" + name + ".json"))
    return try #require(try JSONValue.parse(bytes)["body"])
}

func keys(_ value: JSONValue?) -> Set<String> {
    Set((value?.members ?? []).map(\.key))
}

/// Bodies and events against the samples of the venue's documentation.
@Suite("Documented shapes", .enabled(if: hasFixtures, "the fixtures are not here"))
struct DocumentedShapeTests {
    private func traded() throws -> DeskFixture {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        try fixture.market(.buy, "0.1", id: "doc")
        let open = try fixture.limit(.buy, "0.1", at: "64000", id: "open")
        _ = try fixture.desk.amend(
            AmendParameters(
                symbol: btc, side: .buy, orderID: open.orderID, quantity: quantity("0.1"),
                price: price("64001")), wall: fixture.wall)
        try fixture.desk.fundNow(wall: fixture.wall)
        _ = fixture.signed(
            "POST", "/fapi/v1/algoOrder",
            "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=TAKE_PROFIT&quantity=0.1&price=67000"
                + "&triggerPrice=66000&clientAlgoId=algo")
        let sol = try #require(Symbol("SOLUSDT"))
        try fixture.desk.setIsolated(sol, true, wall: fixture.wall)
        try fixture.desk.movePosition(sol, by: quantity("1"), wall: fixture.wall)
        try fixture.desk.changeMargin(sol, .net, by: money("1"), wall: fixture.wall)
        fixture.run(milliseconds: 200)
        return fixture
    }

    @Test("A change is answered with the fields of the documentation")
    func changes() throws {
        let reply = try traded().signed(
            "PUT", "/fapi/v1/order",
            "symbol=BTCUSDT&side=BUY&origClientOrderId=open&quantity=0.2&price=64001")
        let sampleKeys = keys(try sample("trade__rest-api__Modify-Order__1"))
        #expect(keys(try reply.json) == sampleKeys.union(["cumQuote"]))
    }

    @Test(
        "Events of the account have the fields of the documentation",
        arguments: [
            ("user-data-streams__Event-Algo-Order-Update__1", "ALGO_UPDATE", "o"),
            (
                "user-data-streams__Event-Conditional-Order-Trigger-Reject__1",
                "CONDITIONAL_ORDER_TRIGGER_REJECT", "or"
            ),
            ("user-data-streams__Event-Margin-Call__1", "MARGIN_CALL", "p"),
        ])
    func accountEvents(name: String, type: String, part: String) throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "20", at: "65000")
        try fixture.market(.buy, "10")
        _ = fixture.signed(
            "POST", "/fapi/v1/algoOrder",
            "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP&quantity=50"
                + "&triggerPrice=56000&price=10000")
        try fixture.desk.movePrice(btc, to: price("55350"), wall: fixture.wall)
        let events = try fixture.desk.takeEvents().compactMap { event -> JSONValue? in
            guard case .user(let event) = event else { return nil }
            return try JSONValue.parse(fixture.desk.json(of: event))
        }
        let event = try #require(events.first { $0["e"]?.text == type })
        let wanted = try sample(name)
        #expect(keys(event) == keys(wanted))
        #expect(keys(event[part]?[0] ?? event[part]) == keys(wanted[part]?[0] ?? wanted[part]))
    }

    @Test(
        "Replies have the fields of the documentation",
        arguments: [
            ("account__rest-api__Account-Information-V2__2", "GET", "/fapi/v2/account", ""),
            ("account__rest-api__Futures-Account-Balance-V3__1", "GET", "/fapi/v3/balance", ""),
            ("account__rest-api__Futures-Account-Balance-V2__1", "GET", "/fapi/v2/balance", ""),
            ("account__rest-api__Account-Config__1", "GET", "/fapi/v1/accountConfig", ""),
            ("account__rest-api__Symbol-Config__1", "GET", "/fapi/v1/symbolConfig", ""),
            (
                "account__rest-api__Get-Current-Position-Mode__1", "GET",
                "/fapi/v1/positionSide/dual", ""
            ),
            (
                "account__rest-api__Get-Current-Multi-Assets-Mode__1", "GET",
                "/fapi/v1/multiAssetsMargin", ""
            ),
            (
                "account__rest-api__User-Commission-Rate__1", "GET", "/fapi/v1/commissionRate",
                "symbol=BTCUSDT"
            ),
            ("trade__rest-api__Position-Information-V3__1", "GET", "/fapi/v3/positionRisk", ""),
            ("trade__rest-api__Position-Information-V2__1", "GET", "/fapi/v2/positionRisk", ""),
            (
                "trade__rest-api__Account-Trade-List__1", "GET", "/fapi/v1/userTrades",
                "symbol=BTCUSDT"
            ),
            (
                "trade__rest-api__Change-Initial-Leverage__1", "POST", "/fapi/v1/leverage",
                "symbol=BTCUSDT&leverage=21"
            ),
            (
                "trade__rest-api__Cancel-All-Open-Orders__1", "DELETE", "/fapi/v1/allOpenOrders",
                "symbol=BTCUSDT"
            ),
            (
                "market-data__rest-api__Mark-Price__1", "GET", "/fapi/v1/premiumIndex",
                "symbol=BTCUSDT"
            ),
            ("market-data__rest-api__Order-Book__1", "GET", "/fapi/v1/depth", "symbol=BTCUSDT"),
            (
                "market-data__rest-api__Symbol-Price-Ticker__1", "GET", "/fapi/v1/ticker/price",
                "symbol=BTCUSDT"
            ),
            (
                "market-data__rest-api__24hr-Ticker-Price-Change-Statistics__1", "GET",
                "/fapi/v1/ticker/24hr", "symbol=BTCUSDT"
            ),
            (
                "market-data__rest-api__Compressed-Aggregate-Trades-List__1", "GET",
                "/fapi/v1/aggTrades", "symbol=BTCUSDT"
            ),
            (
                "market-data__rest-api__Recent-Trades-List__1", "GET", "/fapi/v1/trades",
                "symbol=BTCUSDT"
            ),
            (
                "market-data__rest-api__Recent-Trades-List__1", "GET", "/fapi/v1/historicalTrades",
                "symbol=BTCUSDT"
            ),
            (
                "market-data__rest-api__Order-Book-RPI__1", "GET", "/fapi/v1/rpiDepth",
                "symbol=BTCUSDT"
            ),
            ("market-data__rest-api__Get-Funding-Rate-Info__1", "GET", "/fapi/v1/fundingInfo", ""),
            (
                "market-data__rest-api__Get-Funding-Rate-History__1", "GET", "/fapi/v1/fundingRate",
                ""
            ),
            ("account__rest-api__Query-Rate-Limit__1", "GET", "/fapi/v1/rateLimit/order", ""),
            ("account__rest-api__Get-Income-History__1", "GET", "/fapi/v1/income", ""),
            (
                "trade__rest-api__Position-ADL-Quantile-Estimation__1", "GET",
                "/fapi/v1/adlQuantile", ""
            ),
            (
                "trade__rest-api__Auto-Cancel-All-Open-Orders__1", "POST",
                "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=100000"
            ),
            (
                "trade__rest-api__Change-Multi-Assets-Mode__1", "POST", "/fapi/v1/feeBurn",
                "feeBurn=false"
            ),
            (
                "trade__rest-api__Change-Margin-Type__1", "POST", "/fapi/v1/marginType",
                "symbol=ETHUSDT&marginType=ISOLATED"
            ),
            (
                "trade__rest-api__Get-Order-Modify-History__1", "GET", "/fapi/v1/orderAmendment",
                "symbol=BTCUSDT"
            ),
            (
                "trade__rest-api__Modify-Isolated-Position-Margin__1", "POST",
                "/fapi/v1/positionMargin", "symbol=SOLUSDT&amount=2&type=1"
            ),
            (
                "trade__rest-api__Get-Position-Margin-Change-History__1", "GET",
                "/fapi/v1/positionMargin/history", "symbol=SOLUSDT"
            ),
            (
                "trade__rest-api__New-Algo-Order__1", "POST", "/fapi/v1/algoOrder",
                "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&quantity=0.1"
                    + "&triggerPrice=60000"
            ),
            (
                "trade__rest-api__Query-Algo-Order__1", "GET", "/fapi/v1/algoOrder",
                "clientAlgoId=algo"
            ),
            (
                "trade__rest-api__Current-All-Algo-Open-Orders__1", "GET",
                "/fapi/v1/openAlgoOrders", ""
            ),
            (
                "trade__rest-api__Query-All-Algo-Orders__1", "GET", "/fapi/v1/allAlgoOrders",
                "symbol=BTCUSDT"
            ),
            (
                "trade__rest-api__Cancel-Algo-Order__1", "DELETE", "/fapi/v1/algoOrder",
                "clientAlgoId=algo"
            ),
            (
                "trade__rest-api__Cancel-All-Algo-Open-Orders__1", "DELETE",
                "/fapi/v1/algoOpenOrders", "symbol=BTCUSDT"
            ),
        ])
    func replies(name: String, method: String, path: String, parameters: String) throws {
        let reply = try traded().signed(method, path, parameters)
        #expect(reply.status == 200, "\(reply.text)")
        let wanted = try sample(name)
        let given = try reply.json
        #expect(keys(given[0] ?? given) == keys(wanted[0] ?? wanted))
        for part in ["assets", "positions"] {
            #expect(keys(given[part]?[0]) == keys(wanted[part]?[0]))
        }
    }

    /// The documented order samples are of conditional orders, which have two more fields.
    @Test("Orders have the fields of the documentation")
    func orders() throws {
        let fixture = try traded()
        let conditional: Set<String> = ["activatePrice", "priceRate"]
        let placed = fixture.signed(
            "POST", "/fapi/v1/order",
            "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01&price=64000")
        #expect(keys(try placed.json) == keys(try sample("trade__rest-api__1")))
        let open = fixture.signed("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT")
        let wanted = keys(try sample("trade__rest-api__Current-All-Open-Orders__1")[0])
        let extra: Set<String> = ["closePosition"]
        #expect(keys(try open.json[0]) == wanted.subtracting(conditional).union(extra))
        let canceled = fixture.signed(
            "DELETE", "/fapi/v1/order", "symbol=BTCUSDT&origClientOrderId=open")
        let sampleKeys = keys(try sample("trade__rest-api__Cancel-Order__1"))
        #expect(keys(try canceled.json) == sampleKeys.subtracting(conditional))
    }

    @Test("Events have the fields of the documentation")
    func events() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "1", at: "65000")
        _ = fixture.desk.takeEvents()
        try fixture.market(.buy, "0.1")
        let events = try fixture.desk.takeEvents().compactMap { event -> JSONValue? in
            guard case .user(let event) = event else { return nil }
            return try JSONValue.parse(fixture.desk.json(of: event))
        }
        let lite = try sample("user-data-streams__Event-Trade-Lite__1")
        #expect(keys(events[0]) == keys(lite))
        let order = try sample("user-data-streams__Event-Order-Update__1")
        #expect(keys(events[1]) == keys(order))
        #expect(keys(events[1]["o"]) == keys(order["o"]).subtracting(["AP", "cr"]))
        let account = try sample("user-data-streams__Event-Balance-and-Position-Update__1")
        #expect(keys(events[2]) == keys(account))
        #expect(keys(events[2]["a"]) == keys(account["a"]))
        #expect(keys(events[2]["a"]?["B"]?[0]) == keys(account["a"]?["B"]?[0]))
        #expect(
            keys(events[2]["a"]?["P"]?[0]) == keys(account["a"]?["P"]?[0]).union(["ma"]))
    }

    @Test("exchangeInfo has the fields and filters that were recorded")
    func exchangeInfo() throws {
        let bytes = try #require(fixture("exchange-info/usdm.json"))
        let recorded = try #require(try JSONValue.parse(bytes)["body"])
        let given = try DeskFixture().call("GET", "/fapi/v1/exchangeInfo").json
        #expect(keys(given) == keys(recorded))
        let theirs = try #require(
            recorded["symbols"]?.elements?.first { $0["symbol"]?.text == "BTCUSDT" })
        let mine = try #require(given["symbols"]?[0])
        #expect(keys(mine) == keys(theirs))
        // MAX_NUM_ALGO_ORDERS went away on 2025-12-29.
        let filters = (theirs["filters"]?.elements ?? [])
            .filter { $0["filterType"]?.text != "MAX_NUM_ALGO_ORDERS" }
        #expect(mine["filters"]?.elements?.count == filters.count)
        for filter in filters {
            let name = filter["filterType"]?.text
            let other = mine["filters"]?.elements?.first { $0["filterType"]?.text == name }
            for member in filter.members ?? [] {
                let value = other?[member.key]
                #expect(
                    value == member.value
                        || value?.decimalUnits == member.value.decimalUnits
                            && value?.decimalUnits != nil,
                    "\(name ?? "") \(member.key)")
            }
        }
    }

    @Test("The brackets are those that were recorded")
    func brackets() throws {
        let bytes = try #require(fixture("margin/leverageBracket_all_2024-10.json"))
        let recorded = try #require(try JSONValue.parse(bytes).elements)
        let given = try DeskFixture().signed("GET", "/fapi/v1/leverageBracket").json
        for (mine, name) in [(0, "BTCUSDT"), (1, "ETHUSDT"), (2, "SOLUSDT"), (3, "1000SHIBUSDT")] {
            let theirs = try #require(recorded.first { $0["symbol"]?.text == name })
            let rows = try #require(theirs["brackets"]?.elements)
            #expect(given[mine]?["brackets"]?.elements?.count == rows.count)
            for (index, row) in rows.enumerated() {
                let other = given[mine]?["brackets"]?[index]
                for member in row.members ?? [] {
                    #expect(
                        other?[member.key]?.decimalUnits == member.value.decimalUnits,
                        "\(name) \(index) \(member.key)")
                }
            }
        }
    }
}

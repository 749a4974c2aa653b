import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Glibc
import Matching
import SpotExchange
import Testing
import Trading

/// Beside the checkout, or beside the folder of several checkouts.
private let fixtureRoots: [String] = {
    let parts = #filePath.split(separator: "/").dropLast(4)
    return [parts, parts.dropLast()].map {
        "/" + ($0 + ["shared", "fixtures"]).joined(separator: "/")
    }
}()

/// The bytes of a fixture, or nil where the folder is not at hand.
func fixtureBytes(_ name: String) -> [UInt8]? {
    for root in fixtureRoots {
        guard let file = unsafe fopen(root + "/" + name, "r") else { continue }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
    return nil
}

let hasFixtures = fixtureBytes("README.md") != nil

/// The body of a documentation sample.
func sample(_ name: String) throws -> JSONValue {
    let bytes = try #require(fixtureBytes("binance-docs-spot/" + name + ".json"))
    return try #require(try JSONValue.parse(bytes)["body"])
}

func keys(_ value: JSONValue?) -> Set<String> {
    Set((value?.members ?? []).map(\.key))
}

/// Bodies and events against the samples of the venue's documentation.
@Suite("Documented shapes of Binance spot", .enabled(if: hasFixtures, "the fixtures are not here"))
struct BinanceShapeTests {
    private func traded() throws -> SpotFixture {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "1", at: "65000")
        try fixture.market(.buy, "0.1")
        try fixture.limit(.buy, "0.1", at: "64000", id: "open")
        return fixture
    }

    @Test(
        "Replies have the fields of the documentation",
        arguments: [
            ("rest-api__Account_information_USER_DATA___1", "GET", "/api/v3/account", ""),
            ("rest-api__All_orders_USER_DATA___1", "GET", "/api/v3/allOrders", "symbol=BTCUSDT"),
            ("rest-api__Current_open_orders_USER_DATA___1", "GET", "/api/v3/openOrders", ""),
            (
                "rest-api__Query_order_USER_DATA___1", "GET", "/api/v3/order",
                "symbol=BTCUSDT&origClientOrderId=open"
            ),
            (
                "rest-api__Cancel_order_TRADE___1", "DELETE", "/api/v3/order",
                "symbol=BTCUSDT&origClientOrderId=open"
            ),
            (
                "rest-api__Cancel_All_Open_Orders_on_a_Symbol_TRADE___1", "DELETE",
                "/api/v3/openOrders", "symbol=BTCUSDT"
            ),
            (
                "rest-api__Query_Commission_Rates_USER_DATA___1", "GET",
                "/api/v3/account/commission", "symbol=BTCUSDT"
            ),
            (
                "rest-api__Query_Unfilled_Order_Count_USER_DATA___1", "GET",
                "/api/v3/rateLimit/order", ""
            ),
            (
                "rest-api__Query_relevant_filters_USER_DATA___1", "GET", "/api/v3/myFilters",
                "symbol=BTCUSDT"
            ),
            (
                "rest-api__Test_new_order_TRADE___2", "POST", "/api/v3/order/test",
                "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&computeCommissionRates=true"
            ),
        ])
    func replies(name: String, method: String, path: String, parameters: String) throws {
        let reply = try traded().signed(method, path, parameters)
        #expect(reply.status == 200, "\(reply.text)")
        let wanted = try sample(name)
        let given = try reply.json
        #expect(keys(given[0] ?? given) == keys(wanted[0] ?? wanted))
        for part in [
            "balances", "commissionRates", "standardCommission", "discount",
            "standardCommissionForOrder",
        ] {
            let mine = given[part]?[0] ?? given[part]
            #expect(keys(mine) == keys(wanted[part]?[0] ?? wanted[part]), "\(part)")
        }
    }

    @Test(
        "Public replies have the fields of the documentation",
        arguments: [
            ("rest-api__Test_connectivity__1", "/api/v3/ping", ""),
            ("rest-api__Check_server_time__1", "/api/v3/time", ""),
            ("rest-api__Order_book__1", "/api/v3/depth", "symbol=BTCUSDT"),
            ("rest-api__Current_average_price__1", "/api/v3/avgPrice", "symbol=BTCUSDT"),
            ("rest-api__Symbol_price_ticker__1", "/api/v3/ticker/price", "symbol=BTCUSDT"),
            ("rest-api__Symbol_price_ticker__2", "/api/v3/ticker/price", ""),
            (
                "rest-api__Symbol_order_book_ticker__1", "/api/v3/ticker/bookTicker",
                "symbol=BTCUSDT"
            ),
            ("rest-api__Symbol_order_book_ticker__2", "/api/v3/ticker/bookTicker", ""),
        ])
    func publicReplies(name: String, path: String, query: String) throws {
        let reply = try traded().call("GET", path, query: query)
        #expect(reply.status == 200, "\(reply.text)")
        let wanted = try sample(name)
        let given = try reply.json
        #expect(keys(given[0] ?? given) == keys(wanted[0] ?? wanted))
        #expect((given.elements == nil) == (wanted.elements == nil))
    }

    @Test("New orders have the fields of the documentation in all three forms")
    func newOrders() throws {
        for (form, number) in [("ACK", 1), ("RESULT", 2), ("FULL", 3)] {
            let fixture = SpotFixture()
            try fixture.rest(.sell, "1", at: "65000")
            let reply = fixture.signed(
                "POST", "/api/v3/order",
                "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.1&newOrderRespType=\(form)")
            let wanted = try sample("rest-api__New_order_TRADE___\(number)")
            #expect(keys(try reply.json) == keys(wanted))
            #expect(keys(try reply.json["fills"]?[0]) == keys(wanted["fills"]?[0]))
        }
    }

    @Test("cancelReplace has the fields of the documentation")
    func cancelReplace() throws {
        let fixture = SpotFixture()
        try fixture.rest(.sell, "1", at: "65000")
        let failed = fixture.signed(
            "POST", "/api/v3/order/cancelReplace",
            "symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.1&price=65000"
                + "&cancelReplaceMode=ALLOW_FAILURE&cancelOrderId=7")
        let wanted = try sample(
            "rest-api__Cancel_an_Existing_Order_and_Send_a_New_Order_TRADE___4")
        #expect(try failed.json == wanted)
    }

    @Test("exchangeInfo has the documented fields of a symbol, and the filters that were recorded")
    func exchangeInfo() throws {
        let given = try SpotFixture().call("GET", "/api/v3/exchangeInfo").json
        let wanted = try sample("rest-api__Exchange_information__1")
        #expect(keys(given) == keys(wanted).subtracting(["sors"]))
        let mine = try #require(given["symbols"]?[0])
        #expect(keys(mine) == keys(wanted["symbols"]?[0]))
        let bytes = try #require(fixtureBytes("exchange-info/spot.json"))
        let recorded = try #require(try JSONValue.parse(bytes)["body"])
        let theirs = try #require(
            recorded["symbols"]?.elements?.first { $0["symbol"]?.text == "BTCUSDT" })
        for filter in mine["filters"]?.elements ?? [] {
            // Some filters are younger than the recording: of these the documentation tells.
            let other = try theirs["filters"]?.elements?.first {
                $0["filterType"] == filter["filterType"]
            } ?? sample("filters__\(filter["filterType"]?.text ?? "")__1")
            #expect(keys(filter) == keys(other))
            for member in filter.members ?? [] {
                let value = other[member.key]
                #expect(
                    value == member.value || value?.decimalUnits == member.value.decimalUnits,
                    "\(filter["filterType"]?.text ?? "") \(member.key)")
            }
        }
    }

    @Test("MEXC's exchangeInfo has the fields that were recorded")
    func mexcInfo() throws {
        let bytes = try #require(fixtureBytes("exchange-info/mexc.json"))
        let recorded = try #require(try JSONValue.parse(bytes)["body"])
        let given = try SpotFixture(.mexc).call("GET", "/api/v3/exchangeInfo").json
        #expect(keys(given) == keys(recorded))
        #expect(keys(given["symbols"]?[0]) == keys(recorded["symbols"]?[0]))
    }
}

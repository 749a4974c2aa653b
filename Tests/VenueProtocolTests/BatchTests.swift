import Bytes
import Testing
import Trading

@testable import VenueProtocol

@Suite("Several orders in one call, and changed orders")
struct BatchTests {
    private func intent(_ number: Int) throws -> OrderIntent {
        OrderIntent(
            clientOrderID: .derive(
                account: try #require(AccountCode("AAAA0001")), origin: .manual,
                intent: "\(number)"),
            account: try #require(AccountID("a")), symbol: try #require(Symbol("BTCUSDT")),
            side: .buy, type: .limit, timeInForce: .goodTillCancel, quantity: .one,
            price: .whole(60_000 + Int64(number)), isReduceOnly: false)
    }

    @Test("a batch is one JSON text of the single orders' parameters, and counts as five orders")
    func placing() throws {
        let intents = [try intent(1), try intent(2)]
        let request = BinanceFutures.placeOrders(intents)
        let list = try JSONValue.parse(Array((request.value(of: "batchOrders") ?? "").utf8)).elements
        #expect(list?.count == 2)
        #expect(list?[1]["newClientOrderId"]?.text == intents[1].clientOrderID.text)
        #expect(list?[1]["price"]?.text == "60002")
        #expect(request.weight == 5 && request.orderCount == 5)
        #expect(!request.isIdempotent)
    }

    @Test("cancels name their ids in one list without spaces")
    func cancelling() throws {
        let symbol = try #require(Symbol("BTCUSDT"))
        let request = BinanceFutures.cancelOrders(symbol, clientOrderIDs: ["a", "b"])
        #expect(request.value(of: "origClientOrderIdList") == "[\"a\",\"b\"]")
        #expect(request.weight == 1 && request.isOrder)
    }

    @Test("an answer holds an order or an error for each element, in order")
    func answer() throws {
        let text = """
            [{"symbol":"BTCUSDT","orderId":7,"clientOrderId":"x","side":"BUY","status":"NEW",
            "origQty":"1","executedQty":"0"},{"code":-2019,"msg":"Margin is insufficient."}]
            """
        let elements = try BinanceFutures.decodeBatch(Array(text.utf8).rawSpan)
        guard case .order(let order) = elements[0] else {
            Issue.record("no order")
            return
        }
        #expect(order.orderID == 7)
        #expect(elements[1] == .failure(VenueError(code: -2019, message: "Margin is insufficient.")))
        #expect(throws: JSONError.self) { try BinanceFutures.decodeBatch(Array("{}".utf8).rawSpan) }
    }

    @Test("an amendment names side, id, whole size and price; spot venues have none")
    func amending() throws {
        let order = try intent(1)
        let request = BinanceFutures.amendOrder(order, quantity: .whole(2), price: .whole(9))
        #expect(request.method == .put && request.orderCount == 1)
        #expect(request.value(of: "quantity") == "2" && request.value(of: "price") == "9")
        for kind in [VenueKind.binanceSpot, .mexcSpot] {
            #expect(!kind.capabilities.amends)
            #expect(throws: VenueUnsupported.self) {
                try kind.dialect.amendOrder(order, quantity: .one, price: .whole(1))
            }
        }
        #expect(throws: VenueUnsupported.self) { try BinanceSpotDialect().placeOrders([order]) }
    }

    // MARK: MEXC

    @Test("MEXC: a batch is one JSON text in upper-case percent-encoding, of weight 1")
    func placingAtMEXC() throws {
        let intents = [try intent(1), try intent(2)]
        let request = try MEXCSpotDialect().placeOrders(intents)
        let list = try JSONValue.parse(Array((request.value(of: "batchOrders") ?? "").utf8)).elements
        #expect(list?.count == 2)
        #expect(list?[0]["newClientOrderId"]?.text == intents[0].clientOrderID.text)
        #expect(list?[1]["type"]?.text == "LIMIT" && list?[1]["price"]?.text == "60002")
        #expect(request.weight == 1 && !request.isIdempotent)
        #expect(PercentEncoding.encoded("{\"") == "%7B%22")
        // Twenty of them fit a request line of 8 kB.
        let twenty = try MEXCSpotDialect().placeOrders(try (1...20).map { try intent($0) })
        #expect(PercentEncoding.encoded(twenty.value(of: "batchOrders") ?? "").utf8.count < 6_000)
    }

    @Test("MEXC: receipts are taken as intended, refusals judged by themselves, in their order")
    func receipts() throws {
        let intents = try (1...3).map { try intent($0) }
        let names = intents.map(\.clientOrderID.text)
        let text = """
            [{"symbol":"BTCUSDT","orderId":"C02__1","newClientOrderId":"\(names[0])","orderListId":-1},
            {"newClientOrderId":"\(names[1])","msg":"The minimum transaction volume","code":30002},
            {"symbol":"BTCUSDT","orderId":"C02__3","orderListId":-1,"code":200,"msg":"success"}]
            """
        let elements = try MEXCSpotDialect().decodePlacements(Array(text.utf8).rawSpan, intents)
        #expect(elements.count == 3)
        for (place, number) in [(0, 1), (2, 3)] {
            guard case .order(let order) = elements[place] else {
                Issue.record("no order at \(place)")
                continue
            }
            #expect(order.clientOrderID == names[place] && order.status == .new)
            #expect(order.venueID == "C02__\(number)" && order.quantity == .one)
        }
        #expect(
            elements[1]
                == .failure(VenueError(code: 30002, message: "The minimum transaction volume")))
    }

    @Test("MEXC: an answer about other orders, or more of them, is no answer")
    func strangeReceipts() throws {
        let intents = try (1...2).map { try intent($0) }
        let receipt = #"{"symbol":"BTCUSDT","orderId":"C02__1","orderListId":-1}"#
        let bad = [
            #"[{"symbol":"BTCUSDT","orderId":"1","newClientOrderId":"x"}]"#,
            #"[{"newClientOrderId":"\#(intents[1].clientOrderID.text)","code":30002,"msg":""}]"#,
            "[\(receipt),\(receipt),\(receipt)]", "{}", "[{}]", #"{"code":33333,"msg":"x"}"#,
        ]
        for text in bad {
            #expect(throws: JSONError.self, "\(text)") {
                try MEXCSpotDialect().decodePlacements(Array(text.utf8).rawSpan, intents)
            }
        }
        // Too few of them is for the caller to see.
        let few = try MEXCSpotDialect().decodePlacements(
            Array("[\(receipt)]".utf8).rawSpan, intents)
        #expect(few.count == 1)
    }
}

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
            #expect(throws: VenueUnsupported.self) { try kind.dialect.placeOrders([order]) }
        }
    }
}

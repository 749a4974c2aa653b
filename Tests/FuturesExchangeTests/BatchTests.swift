import Bytes
import ExchangeDoor
import FuturesExchange
import Testing
import Trading
import WebProtocol

@Suite("Batches of orders") struct BatchTests {
    private static let path = "/fapi/v1/batchOrders"

    private func leg(_ id: String, _ level: String, _ amount: String = "0.1") -> String {
        #"{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":""#
            + amount + #"","price":"# + level + #","newClientOrderId":""# + id
            + #"","reduceOnly":"False"}"#
    }

    @Test("Elements are answered one by one, in order, whether raw or percent-encoded")
    func placing() throws {
        let fixture = DeskFixture()
        let list = "[\(leg("a", "64000")),\(leg("b", "64000.05")),\(leg("c", "\"64000\""))]"
        for (round, text) in [list, PercentCoding.encoded(list)].enumerated() {
            let reply = fixture.signed("POST", BatchTests.path, "batchOrders=" + text)
            #expect(reply.status == 200, "\(reply.text)")
            let json = try reply.json
            #expect(json[0]?["clientOrderId"]?.text == "a")
            #expect(json[1]?["code"]?.integer == -4014)
            #expect(json[2]?["status"]?.text == "NEW")
            #expect(fixture.desk.openOrders().count == 2)
            #expect(
                reply.headers.contains { $0 == ("X-MBX-ORDER-COUNT-10S", "\(5 * (round + 1))") })
            #expect(reply.headers.contains { $0 == ("X-MBX-ORDER-COUNT-1M", "\(round + 1)") })
            _ = fixture.signed("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT")
        }
    }

    @Test("Changes and cancels go by lists too, with parameter names in any case")
    func changing() throws {
        let fixture = DeskFixture()
        let first = try fixture.limit(.buy, "0.1", at: "64000", id: "a")
        try fixture.limit(.buy, "0.1", at: "64001", id: "b")
        let changes =
            #"[{"symbol":"BTCUSDT","side":"BUY","orderId":\#(first.orderID),"quantity":"0.2","#
            + #""price":"64000"},{"symbol":"BTCUSDT","side":"BUY","orderId":7,"quantity":1,"price":1}]"#
        let changed = try fixture.signed("PUT", BatchTests.path, "batchOrders=" + changes).json
        #expect(changed[0]?["origQty"]?.text == "0.200")
        #expect(changed[1]?["code"]?.integer == -2013)
        let canceled = try fixture.signed(
            "DELETE", BatchTests.path,
            "symbol=BTCUSDT&origclientorderidlist=" + PercentCoding.encoded(#"["b","x"]"#)
        ).json
        #expect(canceled[0]?["status"]?.text == "CANCELED")
        #expect(canceled[1]?["code"]?.integer == -2011)
        let byNumber = fixture.signed(
            "DELETE", BatchTests.path, "symbol=BTCUSDT&orderIdList=[\(first.orderID)]")
        #expect(try byNumber.json[0]?["orderId"]?.integer == first.orderID)
        #expect(fixture.desk.openOrders().isEmpty)
    }

    @Test("A batch of more than five, or ten cancels, is refused whole")
    func sizes() throws {
        let fixture = DeskFixture()
        let six = (0..<6).map { leg("o\($0)", "64000") }.joined(separator: ",")
        #expect(try fixture.signed("POST", BatchTests.path, "batchOrders=[\(six)]").code == -4082)
        #expect(try fixture.signed("POST", BatchTests.path, "batchOrders=[]").code == -4082)
        #expect(try fixture.signed("POST", BatchTests.path, "batchOrders={").code == -1100)
        let eleven = "symbol=BTCUSDT&orderIdList=[1,2,3,4,5,6,7,8,9,10,11]"
        #expect(try fixture.signed("DELETE", BatchTests.path, eleven).code == -4032)
        #expect(fixture.desk.openOrders().isEmpty)
    }
}

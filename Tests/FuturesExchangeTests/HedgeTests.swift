import Bytes
import ExchangeDoor
import FuturesExchange
import Matching
import Testing
import Trading

@Suite("Hedge mode and isolated margin") struct HedgeTests {
    private func hedged() throws -> DeskFixture {
        let fixture = DeskFixture()
        try fixture.desk.setHedge(true, wall: fixture.wall)
        try fixture.rest(.sell, "5", at: "65000")
        try fixture.rest(.buy, "5", at: "64990")
        return fixture
    }

    @discardableResult
    private func market(
        _ fixture: DeskFixture, _ side: Side, _ leg: PositionLeg, _ amount: String
    ) throws -> FuturesOrder {
        var wanted = OrderParameters(
            symbol: btc, side: side, type: .market, quantity: quantity(amount))
        wanted.leg = leg
        return try fixture.desk.place(wanted, wall: fixture.wall)
    }

    private func code(_ body: () throws -> Void) -> Int64? {
        do {
            try body()
            return nil
        } catch {
            return (error as? ExchangeError)?.code
        }
    }

    @Test("R5 long and short stand side by side, each with its own result")
    func legs() throws {
        let fixture = try hedged()
        try market(fixture, .buy, .long, "0.3")
        try market(fixture, .sell, .short, "0.2")
        try market(fixture, .sell, .long, "0.1")
        let positions = fixture.desk.positionRisk(btc)
        #expect(positions.map(\.leg) == [.long, .short])
        #expect(positions.map(\.quantity) == [quantity("0.2"), quantity("-0.2")])
        #expect(fixture.desk.userTrades(btc).last?.realised == money("-1"))
        #expect(positions[0].liquidation == positions[1].liquidation)
        let json = try fixture.signed("GET", "/fapi/v3/positionRisk").json
        #expect(json[1]?["positionSide"]?.text == "SHORT")
        #expect(json[1]?["positionAmt"]?.text == "-0.200")
    }

    @Test("A closing order may not want more than its leg holds; the wrong mode is -4061")
    func closing() throws {
        let fixture = try hedged()
        #expect(code { try market(fixture, .sell, .long, "0.1") } == -2022)
        try market(fixture, .buy, .long, "0.1")
        #expect(code { try market(fixture, .sell, .long, "0.2") } == -2022)
        #expect(code { try market(fixture, .buy, .net, "0.1") } == -4061)
        let query = "symbol=BTCUSDT&side=SELL&positionSide=LONG&type=MARKET&quantity=0.1"
        let reply = fixture.signed("POST", "/fapi/v1/order", query + "&reduceOnly=true")
        #expect(try reply.code == -1106)
        #expect(fixture.signed("POST", "/fapi/v1/order", query).status == 200)
        #expect(fixture.desk.positionRisk(btc)[0].quantity.isZero)
    }

    @Test("The mode changes only where nothing is open")
    func mode() throws {
        let fixture = DeskFixture()
        let path = "/fapi/v1/positionSide/dual"
        #expect(try fixture.signed("POST", path, "dualSidePosition=false").code == -4059)
        let order = try fixture.limit(.buy, "0.1", at: "64000")
        #expect(try fixture.signed("POST", path, "dualSidePosition=true").code == -4067)
        _ = try fixture.desk.cancel(btc, orderID: order.orderID, wall: fixture.wall)
        try fixture.rest(.sell, "1", at: "65000")
        try fixture.market(.buy, "0.1")
        #expect(try fixture.signed("POST", path, "dualSidePosition=true").code == -4068)
        try fixture.rest(.buy, "1", at: "64990")
        try fixture.market(.sell, "0.1")
        #expect(fixture.signed("POST", path, "dualSidePosition=True").status == 200)
        let now = try fixture.signed("GET", path).json
        #expect(now["dualSidePosition"]?.boolean == true)
    }

    @Test("An isolated position has its own wallet, which closing gives back")
    func isolated() throws {
        let fixture = DeskFixture()
        try fixture.rest(.sell, "5", at: "65000")
        try fixture.rest(.buy, "5", at: "64990")
        let path = "/fapi/v1/marginType"
        #expect(try fixture.signed("POST", path, "symbol=BTCUSDT&marginType=CROSSED").code == -4046)
        _ = fixture.signed("POST", path, "symbol=BTCUSDT&marginType=ISOLATED")
        try fixture.market(.buy, "0.2")
        #expect(try fixture.signed("POST", path, "symbol=BTCUSDT&marginType=CROSSED").code == -4048)
        let balance = fixture.desk.balance()
        #expect(balance.isolatedWallet == money("650"))
        #expect(balance.crossWallet == balance.wallet - money("650"))
        #expect(balance.available == balance.crossWallet)
        try fixture.desk.changeMargin(btc, .net, by: money("100"), wall: fixture.wall)
        #expect(fixture.desk.balance().isolatedWallet == money("750"))
        #expect(
            code {
                try fixture.desk.changeMargin(btc, .net, by: money("-200"), wall: fixture.wall)
            } == -4051)
        try fixture.market(.sell, "0.1")
        #expect(fixture.desk.balance().isolatedWallet == money("375"))
        try fixture.market(.sell, "0.1")
        #expect(fixture.desk.balance().isolatedWallet.isZero)
        #expect(fixture.desk.balance().available == fixture.desk.wallet)
    }

    @Test("Settings are refused with their codes and kept as they were")
    func settings() throws {
        let fixture = DeskFixture()
        func post(_ path: String, _ text: String) throws -> Int64? {
            try fixture.signed("POST", "/fapi/v1/" + path, text).code
        }
        #expect(try post("multiAssetsMargin", "multiAssetsMargin=false") == -4171)
        #expect(try post("multiAssetsMargin", "multiAssetsMargin=TRUE") == nil)
        #expect(try post("marginType", "symbol=BTCUSDT&marginType=ISOLATED") == -4168)
        #expect(try post("multiAssetsMargin", "multiAssetsMargin=false") == nil)
        #expect(try post("positionMargin", "symbol=BTCUSDT&amount=1&type=1") == -4049)
        #expect(try post("marginType", "symbol=BTCUSDT&marginType=ISOLATED") == nil)
        #expect(try post("positionMargin", "symbol=BTCUSDT&amount=1&type=1") == -4054)
        try fixture.limit(.buy, "0.1", at: "64000")
        #expect(try post("marginType", "symbol=BTCUSDT&marginType=CROSSED") == -4047)
        #expect(try post("leverage", "symbol=BTCUSDT&leverage=126") == -4028)
    }
}

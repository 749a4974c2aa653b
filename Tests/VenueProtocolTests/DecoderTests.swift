import Bytes
import Chronology
import Quotes
import Testing
import Trading

@testable import VenueProtocol

@Suite("Decoders")
struct DecoderTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(
        "T12: exchangeInfo keeps unknown words and reports broken symbols"
    )
    func exchangeInfo() throws {
        let info = try decode(bytes(Samples.exchangeInfo), BinanceFutures.decodeExchangeInfo)
        #expect(info.instruments.map(\.symbol.name) == ["BTCUSDT", "MOONUSDT"])
        let btc = info.instruments[0]
        #expect(btc.tick == Price(text: "0.1") && btc.step == Quantity(text: "0.001"))
        #expect(btc.marketMaximumQuantity == .whole(120) && btc.minimumNotional == .whole(100))
        #expect(btc.bandUp == Ratio(text: "1.05") && btc.status == .trading)
        let moon = info.instruments[1]
        #expect(moon.tick == Price(text: "0.0000001") && moon.step == .one)
        #expect(moon.status == .other("WANING"))
        #expect(moon.marketMaximumQuantity == moon.maximumQuantity)
        #expect(info.skipped.map(\.name) == ["bad one", "NOSTEP"])
        #expect(
            info.rateLimits.map(\.window) == [.seconds(60), .seconds(10), .seconds(7200)])
        #expect(info.rateLimits[2].kind == .other("MOONS"))
    }

    @Test("an order answer is read field by field")
    func order() throws {
        let order = try decode(bytes(Samples.order), BinanceFutures.decodeOrder)
        #expect(order.orderID == 22_542_179 && order.status == .partiallyFilled)
        #expect(order.price == Price(text: "61800.2"))
        #expect(order.executedQuantity == Quantity(text: "0.004"))
        #expect(order.executedNotional == Money(text: "247.2004"))
        let list = try decode(bytes("[\(Samples.order)]"), BinanceFutures.decodeOrders)
        #expect(list == [order])
        #expect(throws: JSONError.self) {
            try decode(bytes("{\"symbol\":\"A\"}"), BinanceFutures.decodeOrder)
        }
    }

    @Test("a trade list becomes fills")
    func userTrades() throws {
        let fill = try #require(
            try decode(bytes(Samples.trades), BinanceFutures.decodeUserTrades).first)
        #expect(fill.tradeID == 698_759 && fill.side == .sell && fill.isMaker)
        #expect(fill.fee == Money(text: "0.0781901") && fill.feeAsset == "USDT")
    }

    @Test("account, balances, positions and modes are read")
    func account() throws {
        let account = try decode(bytes(Samples.account), BinanceFutures.decodeAccount)
        #expect(account.wallet == Money(text: "23.72469206"))
        #expect(account.positions[0].quantity == Quantity(text: "0.001"))
        #expect(account.positions[0].unrealized == .whole(-1))
        let balance = try decode(bytes(Samples.balances), BinanceFutures.decodeBalances)[0]
        #expect(balance.asset == "USDT" && balance.wallet == Money(text: "122607.35137903"))
        let position = try decode(bytes(Samples.positions), BinanceFutures.decodePositions)[0]
        #expect(position.quantity == .whole(-1))
        #expect(position.maintenanceMargin == Money(text: "0.49720233"))
        let isHedged = try decode(
            bytes("{\"dualSidePosition\":true}"), BinanceFutures.decodePositionMode)
        let isMulti = try decode(
            bytes("{\"multiAssetsMargin\":false}"), BinanceFutures.decodeMultiAssetsMode)
        #expect(isHedged && !isMulti)
        #expect(try decode(bytes("{}"), BinanceFutures.decodeListenKey) == nil)
        #expect(try decode(bytes("{\"listenKey\":\"k\"}"), BinanceFutures.decodeListenKey) == "k")
    }

    @Test("brackets come as an object or an array, in any order, and without an upper end (I2)")
    func brackets() throws {
        let one = try decode(bytes(Samples.brackets), BinanceFutures.decodeLeverageBrackets)
        let many = try decode(bytes("[\(Samples.brackets)]"), BinanceFutures.decodeLeverageBrackets)
        #expect(one == many)
        #expect(one[0].rows.map(\.number) == [1, 2])
        #expect(one[0].rows[1].maintenanceRatio == Ratio(text: "0.01"))
        #expect(one[0].rows[1].notionalCap > .whole(1_000_000_000_000))
    }

    @Test("time, premium index, depth and best prices are read")
    func market() throws {
        #expect(try decode(bytes("{\"serverTime\":12}"), BinanceFutures.decodeServerTime) == 12)
        let premium = try decode(bytes(Samples.premiumIndex), BinanceFutures.decodePremiumIndex)
        #expect(premium.mark == Price(text: "11793.63104562"))
        var depth = DepthFrame()
        try depth.readSnapshot(bytes(Samples.depth).rawSpan)
        #expect(depth.change.lastID == 1_027_024 && depth.change.bids[0].price == .whole(4))
        let top = try decode(bytes(Samples.bookTop), BinanceFutures.decodeBookTop)
        #expect(top.ask == Price(text: "4.000002"))
    }

    @Test("an order update carries the order and its trade")
    func orderUpdate() throws {
        guard case .order(let update) = try decode(bytes(Samples.orderUpdate), UserEvent.decode)
        else {
            Issue.record("not an order update")
            return
        }
        #expect(update.execution == .trade && update.order.status == .partiallyFilled)
        let fill = try #require(update.fill)
        #expect(fill.tradeID == 77 && fill.fee == Money(text: "0.011") && fill.isMaker)
        #expect(fill.clientOrderID == "PMSAAAA0001_m_0123456789abcdef")
        #expect(update.order.executedNotional == Money(text: "23.173"))
    }

    @Test("F6, T12: an update of an unknown kind and status is kept, and reports no trade")
    func unknownWords() throws {
        let text = Samples.orderUpdate
            .replacing("\"TRADE\"", with: "\"MELT\"").replacing("PARTIALLY_FILLED", with: "MELTED")
            .replacing("\"t\":77", with: "\"t\":0").replacing("\"l\":\"0.01\"", with: "\"l\":\"0\"")
        guard case .order(let update) = try decode(bytes(text), UserEvent.decode) else {
            Issue.record("not an order update")
            return
        }
        #expect(update.execution == .other("MELT") && update.order.status == .other("MELTED"))
        #expect(update.fill == nil)
    }

    @Test("user events are recognised bare, wrapped, and with their name last")
    func userEvents() throws {
        let bare = try decode(bytes(Samples.tradeLite), UserEvent.decode)
        let wrapped = "{\"stream\":\"key\",\"data\":\(Samples.tradeLite)}"
        #expect(try decode(bytes(wrapped), UserEvent.decode) == bare)
        let last = "{" + Samples.tradeLite.dropFirst(18).dropLast() + ",\"e\":\"TRADE_LITE\"}"
        #expect(try decode(bytes(last), UserEvent.decode) == bare)
        guard case .account(let update) = try decode(bytes(Samples.accountUpdate), UserEvent.decode)
        else {
            Issue.record("not an account update")
            return
        }
        #expect(update.reason == "ORDER" && update.positions[0].quantity == .whole(-10))
        #expect(
            try decode(bytes("{\"e\":\"listenKeyExpired\",\"listenKey\":\"k\"}"), UserEvent.decode)
                == .listenKeyExpired)
        #expect(
            try decode(bytes("{\"e\":\"ALGO_UPDATE\",\"o\":{}}"), UserEvent.decode)
                == .other("ALGO_UPDATE"))
    }

    @Test("control answers give their id back, whatever its kind, and their error")
    func controlReplies() throws {
        #expect(
            try decode(bytes("{\"result\":null,\"id\":7}"), UserEvent.decode)
                == .control(ControlReply(id: "7", error: nil)))
        #expect(
            try decode(bytes("{\"id\":\"u-1\",\"result\":null}"), ControlReply.decode)?.id == "u-1")
        let refused = try decode(
            bytes("{\"error\":{\"code\":2,\"msg\":\"bad\"},\"id\":3}"), ControlReply.decode)
        #expect(refused?.error == VenueError(code: 2, message: "bad"))
        let bare = try decode(bytes("{\"code\":0,\"msg\":\"bad\"}"), ControlReply.decode)
        #expect(bare?.error?.message == "bad")
        #expect(try decode(bytes("{\"e\":\"x\"}"), ControlReply.decode) == nil)
        #expect(
            String(decoding: BinanceFutures.subscribe(["btcusdt@bookTicker"], id: 4), as: UTF8.self)
                == "{\"method\":\"SUBSCRIBE\",\"params\":[\"btcusdt@bookTicker\"],\"id\":4}")
    }
}

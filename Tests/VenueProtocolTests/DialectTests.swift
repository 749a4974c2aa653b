import Bytes
import Chronology
import DecoderVerifier
import Testing
import Trading

@testable import VenueProtocol

@Suite("Venues behind one face")
struct DialectTests {
    private static func intent(
        _ type: OrderType = .limit, _ timeInForce: TimeInForce = .goodTillCancel,
        side: Side = .buy, isReduceOnly: Bool = false
    ) throws -> OrderIntent {
        OrderIntent(
            clientOrderID: .derive(
                account: try #require(AccountCode("AAAA0001")), origin: .manual, intent: "1"),
            account: try #require(AccountID("a")), symbol: try #require(Symbol("QRLUSDT")),
            side: side, type: type, timeInForce: timeInForce,
            quantity: try #require(Quantity(text: "2.50")),
            price: type == .market ? nil : Price(text: "0.75"),
            isReduceOnly: isReduceOnly)
    }

    private func type(_ kind: VenueKind, _ intent: OrderIntent) -> String {
        do throws(VenueUnsupported) {
            let request = try kind.dialect.placeOrder(intent)
            let word = request.value(of: "type") ?? "?"
            return request.value(of: "timeInForce").map { "\(word) \($0)" } ?? word
        } catch {
            return "no"
        }
    }

    @Test(
        "each order is told in the venue's words, or refused by name",
        arguments: [
            (OrderType.limit, TimeInForce.goodTillCancel, "LIMIT GTC", "LIMIT GTC", "LIMIT"),
            (.limit, .immediateOrCancel, "LIMIT IOC", "LIMIT IOC", "IMMEDIATE_OR_CANCEL"),
            (.limit, .fillOrKill, "LIMIT FOK", "LIMIT FOK", "FILL_OR_KILL"),
            (.limit, .postOnly, "LIMIT GTX", "LIMIT_MAKER", "LIMIT_MAKER"),
            (.limit, .goodTillDate, "no", "no", "no"),
            (.market, .goodTillCancel, "MARKET", "MARKET", "no"),
        ])
    func words(
        type: OrderType, timeInForce: TimeInForce, futures: String, spot: String, mexc: String
    ) throws {
        let intent = try Self.intent(type, timeInForce)
        #expect(self.type(.binanceFutures, intent) == futures)
        #expect(self.type(.binanceSpot, intent) == spot)
        #expect(self.type(.mexcSpot, intent) == mexc)
    }

    @Test("spot knows no reduce-only, MEXC sells at market by quantity")
    func limitsOfSpot() throws {
        let reducing = try Self.intent(isReduceOnly: true)
        #expect(type(.binanceSpot, reducing) == "no" && type(.mexcSpot, reducing) == "no")
        #expect(type(.mexcSpot, try Self.intent(.market, side: .sell)) == "MARKET")
    }

    @Test("the table says what the requests do")
    func table() throws {
        for kind in VenueKind.allCases {
            let table = kind.capabilities
            let id = try Self.intent().clientOrderID.text
            #expect(id.count <= table.clientOrderIDLength)
            #expect((try? kind.dialect.openOrders(nil)) != nil || !table.openOrdersOfAllSymbols)
            let symbol = try #require(Symbol("QRLUSDT"))
            let paged = try? kind.dialect.trades(symbol, fromID: 5, limit: 1_000)
            #expect((paged != nil) == table.tradesFromID)
            let marketBuy = try? kind.dialect.placeOrder(try Self.intent(.market))
            #expect((marketBuy != nil) == table.marketBuyByQuantity)
            let reduceOnly = try? kind.dialect.placeOrder(try Self.intent(isReduceOnly: true))
            #expect((reduceOnly != nil) == table.reduceOnly)
            let cancel = kind.dialect.cancelOrder(symbol, clientOrderID: id)
            #expect(cancel.method == .delete && cancel.value(of: "origClientOrderId") == id)
        }
    }

    @Test("MEXC's parameters travel in the query string, under its own header")
    func signing() throws {
        let credentials = try #require(VenueCredentials(key: "k", secret: "s"))
        let request = try MEXCSpotDialect().placeOrder(try Self.intent())
        let signer = RequestSigner(credentials, venue: .mexcSpot)
        let sent = signer.prepare(request, timestamp: 5)
        #expect(sent.body.isEmpty && sent.target.contains("&signature="))
        let headers = signer.headers(sent.headers)
        #expect(headers.map(\.name) == ["X-MEXC-APIKEY", "Content-Type"])
        #expect(headers.map(\.value) == ["k", "application/json"])
        let spot = RequestSigner(credentials, venue: .binanceSpot)
        let message = String(
            decoding: spot.userStreamSubscription(id: 1, timestamp: 5), as: UTF8.self)
        let payload = Array("apiKey=k&recvWindow=5000&timestamp=5".utf8)
        #expect(message.contains("\"signature\":\"\(spot.sign(payload))\""))
        #expect(
            message.hasPrefix(#"{"id":1,"method":"userDataStream.subscribe.signature","params":"#))
    }
}

@Suite("Answers of spot venues")
struct SpotAnswerTests {
    private static let full =
        #"{"symbol":"QRLUSDT","orderId":28,"orderListId":-1,"clientOrderId":"PMSx","#
        + #""transactTime":1507725176595,"price":"0.00000000","origQty":"10.00000000","#
        + #""executedQty":"10.00000000","cummulativeQuoteQty":"10.50000000","status":"FILLED","#
        + #""timeInForce":"GTC","type":"MARKET","side":"SELL","fills":[{"price":"1.1","qty":"5","#
        + #""commission":"0.1","commissionAsset":"USDT","tradeId":56},{"price":"1.0","qty":"5","#
        + #""commission":"0.2","commissionAsset":"USDT","tradeId":57}]}"#
    private static let receipt =
        #"{"symbol":"QRLUSDT","orderId":"C02__505979017439002624115","orderListId":-1,"#
        + #""price":"0.75","origQty":"2.5","type":"LIMIT","side":"BUY","transactTime":1666676533741}"#
    private static let canceled =
        #"{"symbol":"LTCBTC","origClientOrderId":"mine","orderId":4,"clientOrderId":"cancel","#
        + #""transactTime":1684804350068,"price":"2.00000000","origQty":"1.00000000","#
        + #""executedQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"CANCELED","#
        + #""timeInForce":null,"type":"LIMIT","side":"BUY"}"#
    private static let trades =
        #"[{"symbol":"QRLUSDT","id":"505979017439002624X1","orderId":"C02__5","price":"1","#
        + #""qty":"2","quoteQty":"2","commission":"0.0003998377369698171","commissionAsset":"MX","#
        + #""time":5,"isBuyer":false,"isMaker":true,"clientOrderId":"PMSx"},"#
        + #"{"symbol":"QRLUSDT","id":28457,"orderId":100234,"price":"1","qty":"2","commission":"0","#
        + #""commissionAsset":"BNB","time":5,"isBuyer":true,"isMaker":false}]"#
    private static let account =
        #"{"canTrade":true,"balances":[{"asset":"USDT","free":"21.94210356004384","locked":"1"}]}"#
    private static let report =
        #"{"subscriptionId":0,"event":{"e":"executionReport","E":9,"s":"ETHBTC","c":"cancel","#
        + #""S":"BUY","o":"LIMIT","f":"GTC","q":"1.0","p":"0.5","P":"0","F":"0","g":-1,"C":"mine","#
        + #""x":"CANCELED","X":"CANCELED","r":"NONE","i":42,"l":"0","z":"0.4","L":"0","n":"0","#
        + #""N":null,"T":8,"t":-1,"w":true,"m":false,"O":7,"Z":"0.2","Y":"0","Q":"0","V":"NONE"}}"#
    private static let position =
        #"{"e":"outboundAccountPosition","E":1,"u":1,"B":[{"a":"ETH","f":"1.5","l":"0"}]}"#
    private static let transfer = #"{"e":"balanceUpdate","E":1,"a":"BTC","d":"-3","T":1}"#

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func intent() throws -> OrderIntent {
        OrderIntent(
            clientOrderID: .derive(
                account: try #require(AccountCode("AAAA0001")), origin: .manual, intent: "1"),
            account: try #require(AccountID("a")), symbol: try #require(Symbol("QRLUSDT")),
            side: .buy, type: .limit, timeInForce: .goodTillCancel,
            quantity: try #require(Quantity(text: "2.5")), price: Price(text: "0.75"),
            isReduceOnly: false)
    }

    @Test("a full answer gives the order and its trades")
    func placement() throws {
        let intent = try intent()
        let placed = try decode(bytes(Self.full)) { bytes throws(JSONError) in
            try BinanceSpotDialect().decodePlacement(bytes, intent)
        }
        #expect(placed.order.status == .filled && placed.order.clientOrderID == "PMSx")
        #expect(placed.order.averagePrice == Price(text: "1.05"))
        #expect(
            placed.fills.map(\.tradeID) == [56, 57] && placed.fills[1].fee == Money(text: "0.2"))
        #expect(placed.fills.allSatisfy { $0.side == .sell && $0.orderID == 28 })
    }

    @Test(
        "a receipt is completed from the intent; its text id has a number of its own, always the same"
    )
    func receipt() throws {
        let intent = try intent()
        let placed = try decode(bytes(Self.receipt)) { bytes throws(JSONError) in
            try MEXCSpotDialect().decodePlacement(bytes, intent)
        }
        #expect(placed.order.status == .new && placed.fills.isEmpty)
        #expect(placed.order.clientOrderID == intent.clientOrderID.text)
        #expect(placed.order.venueID == "C02__505979017439002624115")
        #expect(placed.order.orderID == VenueNumber.of("C02__505979017439002624115"))
        // FNV-1a of "a" is 0xAF63DC4C8601EC8C (its authors' test vectors).
        #expect(VenueNumber.of("a") == 0x2F63_DC4C_8601_EC8C)
        // Without an intent a receipt is no order.
        #expect(throws: JSONError.self) {
            try decode(bytes(Self.receipt)) { bytes throws(JSONError) in
                try MEXCSpotDialect().decodeOrder(bytes)
            }
        }
    }

    @Test("C1: a cancelled order is known by the id it was placed under")
    func cancelled() throws {
        let order = try decode(bytes(Self.canceled)) { bytes throws(JSONError) in
            try BinanceSpotDialect().decodeOrder(bytes)
        }
        #expect(order.clientOrderID == "mine" && order.status == .canceled)
    }

    @Test("trades of both venues are read; a fee beyond twelve decimals is cut")
    func tradeLists() throws {
        let fills = try decode(bytes(Self.trades)) { bytes throws(JSONError) in
            try MEXCSpotDialect().decodeTrades(bytes)
        }
        #expect(fills[0].fee == Money(text: "0.000399837736") && fills[0].side == .sell)
        #expect(fills[0].tradeID == VenueNumber.of("505979017439002624X1"))
        #expect(fills[1].tradeID == 28_457 && fills[1].side == .buy && fills[0].isMaker)
        let holdings = try decode(bytes(Self.account)) { bytes throws(JSONError) in
            try MEXCSpotDialect().decodeHoldings(bytes)
        }
        #expect(
            holdings == [
                VenueHolding(asset: "USDT", free: Money(text: "21.942103560043")!, locked: .one)
            ])
    }

    @Test("news of a spot account: an order, balances, a transfer, an end")
    func userMessages() throws {
        func read(_ text: String) throws -> VenueEvent {
            try decode(bytes(text)) { bytes throws(JSONError) in
                try BinanceSpotDialect().decodeUserMessage(bytes, isText: true)
            }
        }
        guard case .order(let update) = try read(Self.report) else {
            Issue.record("not an order update")
            return
        }
        #expect(update.order.clientOrderID == "mine" && update.execution == .canceled)
        #expect(update.order.averagePrice == Price(text: "0.5") && update.fill == nil)
        let trade = Self.report.replacing("\"CANCELED\"", with: "\"TRADE\"")
            .replacing("\"t\":-1", with: "\"t\":7").replacing("\"l\":\"0\"", with: "\"l\":\"0.4\"")
            .replacing("\"L\":\"0\"", with: "\"L\":\"0.5\"").replacing(
                "\"N\":null", with: "\"N\":\"BNB\""
            )
            .replacing("\"X\":\"TRADE\"", with: "\"X\":\"PARTIALLY_FILLED\"")
        guard case .order(let traded) = try read(trade) else {
            Issue.record("not an order update")
            return
        }
        #expect(traded.fill?.tradeID == 7 && traded.fill?.feeAsset == "BNB")
        #expect(
            try read(Self.position)
                == .holdings([VenueHolding(asset: "ETH", free: Money(text: "1.5")!, locked: .zero)])
        )
        #expect(try read(Self.transfer) == .transfer(asset: "BTC", change: .whole(-3)))
        #expect(
            try read(#"{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":1}}"#)
                == .streamEnded)
        #expect(try read(#"{"e":"somethingNew"}"#) == .other("somethingNew"))
        #expect(
            try read(#"{"id":"1","status":200,"result":{"subscriptionId":0},"rateLimits":[]}"#)
                == .control(ControlReply(id: "1", error: nil)))
    }

    @Test("I3: 100,000 mutated answers and messages never trap")
    func mutations() throws {
        let intent = try intent()
        let corpus = [
            Self.full, Self.receipt, Self.canceled, Self.trades, Self.account, Self.report,
            Self.position, Self.transfer,
        ].map(bytes)
        let spot = BinanceSpotDialect()
        let findings = DecoderVerifier(seed: 61, mutations: 100_000).findings(corpus: corpus) {
            pieces in
            let message = Array(pieces.joined())
            let bytes = message.rawSpan
            let outcomes: [Bool] = [
                (try? spot.decodePlacement(bytes, intent)) != nil,
                (try? spot.decodeTrades(bytes)) != nil, (try? spot.decodeHoldings(bytes)) != nil,
                (try? spot.decodeUserMessage(bytes, isText: true)) != nil,
            ]
            return outcomes
        }
        #expect(findings == [])
    }
}

@Suite("Failures of spot venues")
struct SpotFailureTests {
    private func name(
        _ venue: VenueKind, _ status: Int, _ code: Int, _ message: String, isOrder: Bool = true
    ) -> String {
        let body = Array(#"{"code":\#(code),"msg":"\#(message)"}"#.utf8)
        let failure = venue.dialect.classify(
            httpStatus: status, body: body.rawSpan, isOrder: isOrder,
            wall: WallTime(milliseconds: 0))
        guard let failure else { return "success" }
        return String("\(failure)".prefix { $0 != "(" })
    }

    @Test(
        "S1, S7, T8: codes of Binance spot",
        arguments: [
            (400, -1013, "Filter failure: LOT_SIZE", "definiteReject"),
            (
                400, -2010, "Account has insufficient balance for requested action.",
                "definiteReject"
            ),
            (400, -2010, "Duplicate order sent.", "duplicateClientID"),
            (400, -2011, "Unknown order sent.", "orderNotFound"),
            (400, -2013, "x", "orderNotFound"),
            (400, -1021, "x", "clockSkew"), (401, -2015, "x", "unauthorized"),
            (408, -1007, "x", "unknownOutcome"), (503, -1008, "x", "retryLater"),
            (429, -1003, "x", "retryLater"), (418, -1003, "x", "banned"),
            (400, -2022, "Order cancel-replace failed.", "unknownOutcome"),
            (200, 200, "fine", "success"),
        ])
    func binance(status: Int, code: Int, message: String, expected: String) {
        #expect(name(.binanceSpot, status, code, message) == expected)
    }

    @Test(
        "S1, S7, T8: codes of MEXC, in whatever language their texts are",
        arguments: [
            (400, 30002, "definiteReject"), (400, 10007, "definiteReject"),
            (400, 10101, "definiteReject"), (400, 30005, "definiteReject"),
            (400, 700003, "clockSkew"), (400, 10073, "clockSkew"), (400, 700002, "unauthorized"),
            (400, 10072, "unauthorized"), (400, 700007, "unauthorized"), (429, 429, "retryLater"),
            (400, -2011, "orderNotFound"), (400, -2013, "orderNotFound"),
            (500, 500, "unknownOutcome"), (504, 504, "unknownOutcome"), (200, 200, "success"),
            (200, 0, "success"), (400, 987_654, "definiteReject"), (502, 987_654, "unknownOutcome"),
        ])
    func mexc(status: Int, code: Int, expected: String) {
        #expect(name(.mexcSpot, status, code, "资金不足") == expected)
    }

    @Test("a query's lost answer is never an unknown outcome")
    func queries() {
        #expect(name(.mexcSpot, 500, 500, "x", isOrder: false) == "retryLater")
        #expect(name(.binanceSpot, 408, -1007, "x", isOrder: false) == "retryLater")
    }
}

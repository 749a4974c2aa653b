import Bytes
import DecoderVerifier
import Foundation
import Quotes
import Testing
import Trading

@testable import VenueProtocol

@Suite("MEXC streams")
struct MEXCTests {
    private static func level(_ price: String, _ quantity: String) throws -> BookLevel {
        BookLevel(
            price: try #require(Price(text: price)),
            quantity: try #require(Quantity(text: quantity)))
    }

    private static func head(_ channel: String, _ symbol: String = "BTCUSDT") -> MEXCPushWriter.Head
    {
        MEXCPushWriter.Head(
            channel: channel, symbol: symbol, sendMilliseconds: 1_782_208_005_090)
    }

    private static func bookTicker(version: Int64 = 0) throws -> [UInt8] {
        var writer = MEXCPushWriter()
        writer.bookTicker(
            head("spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDT"),
            bid: try level("62383.56", "0.07956651"), ask: try level("62383.57", "0.09556"),
            version: version)
        return writer.bytes
    }

    private static func depth(isWhole: Bool) throws -> [UInt8] {
        var change = DepthChange()
        change.firstID = 74_891_313_263
        change.lastID = 74_891_313_265
        change.asks = [try level("61760", "1")]
        change.bids = [try level("61759.73", "0.0001778"), try level("61759.7", "0")]
        var writer = MEXCPushWriter()
        if isWhole {
            writer.limitDepth(head("spot@public.limit.depth.v3.api.pb@BTCUSDT@20"), change)
        } else {
            writer.depth(head("spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDT"), change)
        }
        return writer.bytes
    }

    private static func deals() throws -> [UInt8] {
        var writer = MEXCPushWriter()
        let deals = try [("62383.56", "0.00008235", Side.sell), ("62383.57", "2", .buy)].map {
            MEXCPushWriter.Deal(
                price: try #require(Price(text: $0.0)),
                quantity: try #require(Quantity(text: $0.1)),
                side: $0.2, timeMilliseconds: 1_782_208_006_167)
        }
        writer.deals(head("spot@public.aggre.deals.v3.api.pb@10ms@BTCUSDT"), deals)
        return writer.bytes
    }

    @Test("best prices go there and back, with and without a version")
    func bookTickers() throws {
        for version in [Int64(0), 7] {
            let bytes = try Self.bookTicker(version: version)
            let push = try MEXCPush(bytes.rawSpan)
            #expect(push.body == .aggregateBookTicker && push.sendMilliseconds == 1_782_208_005_090)
            let frame = try BookTickerFrame(mexc: push, bytes.rawSpan)
            #expect(String(decoding: bytes[frame.symbol], as: UTF8.self) == "BTCUSDT")
            #expect(frame.updateID == version && frame.bid == Price(text: "62383.56"))
            #expect(frame.askQuantity == Quantity(text: "0.09556"))
            var depth = DepthFrame()
            #expect(throws: FrameProblem.otherKind) { try depth.read(mexc: push, bytes.rawSpan) }
        }
    }

    @Test("depth changes and best levels go there and back")
    func depths() throws {
        for isWhole in [false, true] {
            let bytes = try Self.depth(isWhole: isWhole)
            var frame = DepthFrame()
            try frame.read(mexc: try MEXCPush(bytes.rawSpan), bytes.rawSpan)
            #expect(frame.change.lastID == 74_891_313_265)
            #expect(frame.change.firstID == (isWhole ? 74_891_313_265 : 74_891_313_263))
            #expect(frame.change.bids.count == 2 && frame.change.bids[1].quantity.isZero)
            #expect(frame.change.asks == [try Self.level("61760", "1")])
        }
    }

    @Test("deals are walked over one by one")
    func trades() throws {
        let bytes = try Self.deals()
        var deals = try MEXCDeals(try MEXCPush(bytes.rawSpan), bytes.rawSpan)
        var seen: [TradeFrame] = []
        while let deal = try deals.next() { seen.append(deal) }
        #expect(seen.map(\.isBuyerMaker) == [true, false])
        #expect(
            seen[0].quantity == Quantity(text: "0.00008235")
                && seen[1].price == Price(text: "62383.57"))
        #expect(seen[0].tradeMilliseconds == 1_782_208_006_167)
    }

    @Test("private messages go there and back; codes of a newer venue are kept (F6, T12)")
    func privateMessages() throws {
        var order = MEXCOrderPush()
        order.orderID = "C02__505979017439002624115"
        order.clientOrderID = "PMSAAAA0001_m_1"
        order.price = try #require(Price(text: "3.5121"))
        order.quantity = .one
        order.type = .immediateOrCancel
        order.side = .sell
        order.executedQuantity = try #require(Quantity(text: "0.4"))
        order.status = .partiallyCanceled
        order.createMilliseconds = 5
        var writer = MEXCPushWriter()
        writer.order(Self.head("spot@private.orders.v3.api.pb", "MXUSDT"), order)
        var bytes = writer.bytes
        let readOrder = try MEXCOrderPush(try MEXCPush(bytes.rawSpan), bytes.rawSpan)
        #expect(readOrder == order)
        #expect(order.status.status == .canceled && order.status.status.isFinal)
        #expect(!MEXCOrderState(code: 9).status.isFinal && MEXCOrderType(code: 9) == .other(9))

        var deal = MEXCDealPush()
        deal.price = .one
        deal.quantity = .one
        deal.tradeID = "505979017439002624X1"
        deal.orderID = "C02__505979017439002624115"
        deal.feeAsset = "MX"
        deal.isMaker = true
        writer.deal(Self.head("spot@private.deals.v3.api.pb", "MXUSDT"), deal)
        bytes = writer.bytes
        let readDeal = try MEXCDealPush(try MEXCPush(bytes.rawSpan), bytes.rawSpan)
        #expect(readDeal == deal)

        var account = MEXCAccountPush()
        account.asset = "USDT"
        account.freeChange = -.one
        account.frozen = .one
        account.reason = "ENTRUST_PLACE"
        writer.account(Self.head("spot@private.account.v3.api.pb", ""), account)
        bytes = writer.bytes
        let readAccount = try MEXCAccountPush(try MEXCPush(bytes.rawSpan), bytes.rawSpan)
        #expect(readAccount == account)
    }

    @Test("control answers are told from refusals by code and by word")
    func control() throws {
        let sound = try decode(
            Array(
                #"{"id":0,"code":0,"msg":"spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDT"}"#.utf8),
            MEXCSpot.decodeControl)
        #expect(sound == ControlReply(id: "0", error: nil))
        let refused = try decode(
            Array(
                #"{"id":0,"code":0,"msg":"Not Subscribed successfully! [x]. Reason: Blocked!"}"#
                    .utf8),
            MEXCSpot.decodeControl)
        #expect(refused?.error != nil)
        #expect(try decode(Array("{}".utf8), MEXCSpot.decodeControl) == nil)
        #expect(
            String(decoding: MEXCSpot.subscribe(["a"], id: 1), as: UTF8.self)
                == #"{"method":"SUBSCRIPTION","params":["a"],"id":1}"#)
    }

    @Test("I3: 100,000 mutated messages give the same outcome however split, and never trap")
    func mutations() throws {
        let corpus = [
            try Self.bookTicker(version: 3), try Self.deals(), try Self.depth(isWhole: false),
            try Self.depth(isWhole: true),
        ]
        let findings = DecoderVerifier(seed: 51).findings(corpus: corpus) { pieces in
            Self.outcome(Array(pieces.joined()))
        }
        #expect(findings == [])
    }

    private static func outcome(_ bytes: [UInt8]) -> String {
        do throws(FrameProblem) {
            let push = try MEXCPush(bytes.rawSpan)
            switch push.body {
            case .aggregateBookTicker, .bookTicker:
                return "\(try BookTickerFrame(mexc: push, bytes.rawSpan))"
            case .aggregateDepth, .limitDepth:
                var frame = DepthFrame()
                try frame.read(mexc: push, bytes.rawSpan)
                return "\(frame.change.lastID) \(frame.change.bids.count)"
            case .aggregateDeals:
                var deals = try MEXCDeals(push, bytes.rawSpan)
                var count = 0
                while try deals.next() != nil { count += 1 }
                return "\(count)"
            case .privateOrder: return "\(try MEXCOrderPush(push, bytes.rawSpan))"
            case .privateDeal: return "\(try MEXCDealPush(push, bytes.rawSpan))"
            case .privateAccount: return "\(try MEXCAccountPush(push, bytes.rawSpan))"
            case nil: return "other"
            }
        } catch {
            return "\(error)"
        }
    }
}

@Suite("MEXC's recorded messages", .disabled(if: Fixtures.areAbsent, "no ../shared"))
struct MEXCFixtureTests {
    private func push(_ name: String) throws -> (MEXCPush, [UInt8]) {
        let bytes = try Fixtures.bytes("mexc-protobuf/\(name).bin")
        return (try MEXCPush(bytes.rawSpan), bytes)
    }

    @Test("public messages read as their decoded form says, and are written byte for byte")
    func publicMessages() throws {
        let (ticker, bytes) = try push("publicAggreBookTicker")
        let frame = try BookTickerFrame(mexc: ticker, bytes.rawSpan)
        #expect(frame.bid == Price(text: "62383.56") && frame.ask == Price(text: "62383.57"))
        var writer = MEXCPushWriter()
        writer.bookTicker(
            MEXCPushWriter.Head(
                channel: "spot@public.aggre.bookTicker.v3.api.pb@10ms@BTCUSDT", symbol: "BTCUSDT",
                sendMilliseconds: 1_782_208_005_090),
            bid: BookLevel(price: frame.bid, quantity: frame.bidQuantity),
            ask: BookLevel(price: frame.ask, quantity: frame.askQuantity))
        #expect(writer.bytes == bytes)

        let (depth, depthBytes) = try push("publicAggreDepths")
        var change = DepthFrame()
        try change.read(mexc: depth, depthBytes.rawSpan)
        #expect(change.change.asks.isEmpty && change.change.lastID == 74_891_313_263)
        writer.depth(
            MEXCPushWriter.Head(
                channel: "spot@public.aggre.depth.v3.api.pb@10ms@BTCUSDT", symbol: "BTCUSDT",
                sendMilliseconds: 1_782_208_005_090), change.change)
        #expect(writer.bytes == depthBytes)

        let (trades, tradeBytes) = try push("publicAggreDeals")
        var deals = try MEXCDeals(trades, tradeBytes.rawSpan)
        var rows: [MEXCPushWriter.Deal] = []
        while let deal = try deals.next() {
            rows.append(
                MEXCPushWriter.Deal(
                    price: deal.price, quantity: deal.quantity,
                    side: deal.isBuyerMaker ? .sell : .buy,
                    timeMilliseconds: deal.tradeMilliseconds))
        }
        #expect(rows.count == 5)
        writer.deals(
            MEXCPushWriter.Head(
                channel: "spot@public.aggre.deals.v3.api.pb@10ms@BTCUSDT", symbol: "BTCUSDT",
                sendMilliseconds: 1_782_208_006_171), rows)
        #expect(writer.bytes == tradeBytes)
    }

    @Test("private messages read as their decoded form says")
    func privateMessages() throws {
        let (orderPush, orderBytes) = try push("private_orders")
        let order = try MEXCOrderPush(orderPush, orderBytes.rawSpan)
        #expect(order.orderID == "C02__505979017439002624115" && order.status == .filled)
        #expect(order.type == .market && order.side == .sell)
        #expect(order.executedAmount == Money(text: "3.6962"))
        let (dealPush, dealBytes) = try push("private_deals")
        let deal = try MEXCDealPush(dealPush, dealBytes.rawSpan)
        // MEXC gives fees with up to 18 decimals; twelve are held.
        #expect(deal.fee == Money(text: "0.000399837736") && deal.feeAsset == "MX")
        #expect(deal.tradeID == "505979017439002624X1" && deal.clientOrderID.isEmpty)
        let (accountPush, accountBytes) = try push("private_account")
        let account = try MEXCAccountPush(accountPush, accountBytes.rawSpan)
        #expect(account.free == Money(text: "21.942103560043"))
        #expect(account.reason == "CONTRACT_TRANSFER")
    }
}

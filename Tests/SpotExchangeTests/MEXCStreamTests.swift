import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import Quotes
import SpotExchange
import Testing
import Trading
import VenueProtocol

private enum Frame {
    case text(JSONValue)
    case push(MEXCPush, [UInt8])
    case close
}

@Suite("Streams of MEXC") struct MEXCStreamTests {
    private func frames(_ fixture: SpotFixture, _ id: Int) throws -> [Frame] {
        var actions: [SocketAction] = []
        fixture.venue.takeSocketActions(&actions)
        return try actions.compactMap { action in
            switch action {
            case .send(let to, let bytes):
                return to == id ? .text(try JSONValue.parse(bytes)) : nil
            case .broadcast(let ids, let bytes, let isText):
                guard ids.contains(id), !isText else { return nil }
                return .push(try MEXCPush(bytes.rawSpan), bytes)
            case .close(let to, _, _): return to == id ? .close : nil
            case .sendBinary: return nil
            }
        }
    }

    private func live(_ fixture: SpotFixture, milliseconds: Int64, _ id: Int) throws -> [Frame] {
        var all: [Frame] = []
        for _ in 0..<(milliseconds / 50) {
            fixture.now = fixture.now + .milliseconds(50)
            fixture.wall = fixture.wall + .milliseconds(50)
            fixture.venue.step(now: fixture.now, wall: fixture.wall)
            all += try frames(fixture, id)
        }
        return all
    }

    private func subscribe(_ fixture: SpotFixture, _ id: Int, _ channels: [String]) throws
        -> String?
    {
        let list = channels.map { "\"\($0)\"" }.joined(separator: ",")
        fixture.say(id, #"{"method":"SUBSCRIPTION","params":[\#(list)]}"#)
        guard case .text(let reply)? = try frames(fixture, id).last else { return nil }
        #expect(reply["id"]?.integer == 0 && reply["code"]?.integer == 0)
        return reply["msg"]?.text
    }

    private func bodies(_ frames: [Frame]) -> Set<MEXCPush.Body> {
        Set(
            frames.compactMap { frame in
                guard case .push(let push, _) = frame else { return nil }
                return push.body
            })
    }

    @Test("Public channels push protobuf frames, and depth versions have no gap")
    func publicChannels() throws {
        let fixture = SpotFixture(.mexc, background: true)
        #expect(fixture.open(1, "/ws"))
        let channels = [
            "spot@public.aggre.deals.v3.api.pb@100ms@QRLUSDT",
            "spot@public.aggre.depth.v3.api.pb@100ms@QRLUSDT",
            "spot@public.aggre.bookTicker.v3.api.pb@10ms@QRLUSDT",
            "spot@public.limit.depth.v3.api.pb@QRLUSDT@5",
            "spot@public.kline.v3.api.pb@QRLUSDT@Min1",
        ]
        #expect(try subscribe(fixture, 1, channels) == channels.joined(separator: ","))
        let all = try live(fixture, milliseconds: 10_000, 1)
        #expect(
            bodies(all) == [.aggregateDeals, .aggregateDepth, .aggregateBookTicker, .limitDepth])
        // Nobody of the stack reads candles, so their body is one that is not known.
        let candles = all.filter { frame in
            if case .push(let push, _) = frame { push.body == nil } else { false }
        }
        #expect(candles.count >= 9)
        var last: Int64?
        for case .push(let push, let bytes) in all where push.body == .aggregateDepth {
            var frame = DepthFrame()
            try frame.read(mexc: push, bytes.rawSpan)
            if let last { #expect(frame.change.firstID == last + 1) }
            last = frame.change.lastID
        }
        #expect(last != nil)
    }

    @Test("Mini tickers and batches of best prices have the venue's fields")
    func miniTickers() throws {
        let fixture = SpotFixture(.mexc, background: true)
        #expect(fixture.open(1, "/ws"))
        let channels = [
            "spot@public.miniTicker.v3.api.pb@QRLUSDT@UTC+8",
            "spot@public.miniTickers.v3.api.pb@UTC+8",
            "spot@public.bookTicker.batch.v3.api.pb@QRLUSDT",
        ]
        #expect(try subscribe(fixture, 1, channels) == channels.joined(separator: ","))
        var bodies: [Int: [UInt8]] = [:]
        for case .push(_, let bytes) in try live(fixture, milliseconds: 5_000, 1) {
            for part in try parts(bytes) where part.number > 300 {
                bodies[part.number] = part.bytes
            }
        }
        #expect(bodies.keys.sorted() == [309, 310, 311])
        let mini = try texts(try #require(bodies[309]))
        #expect(mini[1] == "QRLUSDT")
        #expect(mini.keys.sorted() == Array(1...12))
        let (high, low) = (Price(text: mini[5] ?? ""), Price(text: mini[6] ?? ""))
        #expect(try #require(high) >= #require(low))
        let batch = try texts(try parts(try #require(bodies[311]))[0].bytes)
        #expect(try price(#require(batch[1])) < price(#require(batch[3])))
        #expect(try parts(try #require(bodies[310])).count == fixture.desk.instruments.count)
    }

    /// The texts and messages within a message, by their numbers.
    private func parts(_ bytes: [UInt8]) throws -> [(number: Int, bytes: [UInt8])] {
        var parts: [(number: Int, bytes: [UInt8])] = []
        var reader = ProtobufReader(bytes.rawSpan)
        while let number = try reader.nextField() {
            if reader.isText { parts.append((number, Array(bytes[try reader.place()]))) }
        }
        return parts
    }

    private func texts(_ bytes: [UInt8]) throws -> [Int: String] {
        Dictionary(
            uniqueKeysWithValues: try parts(bytes).map {
                ($0.number, String(decoding: $0.bytes, as: UTF8.self))
            })
    }

    @Test("PING is answered; unknown and private channels without a key are refused")
    func control() throws {
        let fixture = SpotFixture(.mexc)
        #expect(fixture.open(1, "/ws"))
        fixture.say(1, #"{"method":"PING"}"#)
        guard case .text(let pong)? = try frames(fixture, 1).first else {
            Issue.record("no answer to PING")
            return
        }
        #expect(pong.json == #"{"id":0,"code":0,"msg":"PONG"}"#)
        let refused = try subscribe(fixture, 1, ["spot@private.orders.v3.api.pb"])
        #expect(refused?.hasPrefix("Not Subscribed") == true)
        let unknown = try subscribe(fixture, 1, ["spot@public.aggre.depth.v3.api.pb@100ms@NOPE"])
        #expect(unknown?.hasPrefix("Not Subscribed") == true)
        #expect(!fixture.open(2, "/ws", "listenKey=nobody"))
        #expect(!fixture.open(2, "/elsewhere"))
    }

    @Test("The account's channels tell orders, deals with fees, and balances")
    func account() throws {
        let fixture = SpotFixture(.mexc)
        let key = try #require(
            try fixture.signed("POST", "/api/v3/userDataStream").json["listenKey"]?.text)
        #expect(fixture.open(1, "/ws", "listenKey=\(key)"))
        _ = try subscribe(
            fixture, 1,
            ["deals", "orders", "account"].map { "spot@private.\($0).v3.api.pb" })
        try fixture.rest(.sell, "100", at: "0.75", in: qrl)
        let placed = fixture.signed(
            "POST", "/api/v3/order",
            "symbol=QRLUSDT&side=BUY&type=IMMEDIATE_OR_CANCEL&quantity=150&price=0.75"
                + "&newClientOrderId=mine")
        #expect(placed.status == 200)
        let all = try frames(fixture, 1)
        var states: [MEXCOrderState] = []
        var fees: [Money] = []
        var assets: [String] = []
        for case .push(let push, let bytes) in all {
            switch push.body {
            case .privateOrder:
                let order = try MEXCOrderPush(push, bytes.rawSpan)
                #expect(order.clientOrderID == "mine")
                states.append(order.status)
            case .privateDeal: fees.append(try MEXCDealPush(push, bytes.rawSpan).fee)
            case .privateAccount: assets.append(try MEXCAccountPush(push, bytes.rawSpan).asset)
            case _: Issue.record("an unwanted frame")
            }
        }
        #expect(states == [.new, .partiallyFilled, .partiallyCanceled])
        #expect(fees == [money("0.05")])
        #expect(assets.sorted() == ["QRL", "USDT"])
        _ = fixture.signed("DELETE", "/api/v3/userDataStream", "listenKey=\(key)")
        _ = fixture.signed(
            "POST", "/api/v3/order", "symbol=QRLUSDT&side=BUY&type=LIMIT&quantity=150&price=0.7")
        #expect(try frames(fixture, 1).isEmpty)
    }

    @Test("A connection without channels ends after 30 seconds, a silent one after 60")
    func idle() throws {
        let fixture = SpotFixture(.mexc)
        fixture.venue.step(now: fixture.now, wall: fixture.wall)
        #expect(fixture.open(1, "/ws"))
        #expect(fixture.open(2, "/ws"))
        _ = try subscribe(fixture, 2, ["spot@public.kline.v3.api.pb@QRLUSDT@Month1"])
        fixture.say(
            2,
            #"{"method":"UNSUBSCRIPTION","params":["spot@public.kline.v3.api.pb@QRLUSDT@Month1"]}"#)
        fixture.say(
            2,
            #"{"method":"SUBSCRIPTION","params":["spot@public.aggre.deals.v3.api.pb@100ms@QRLUSDT"]}"#
        )
        var closed: [Int: Int] = [:]
        for second in 1...61 {
            for _ in 0..<20 {
                fixture.now = fixture.now + .milliseconds(50)
                fixture.wall = fixture.wall + .milliseconds(50)
                fixture.venue.step(now: fixture.now, wall: fixture.wall)
            }
            var actions: [SocketAction] = []
            fixture.venue.takeSocketActions(&actions)
            for case .close(let id, _, _) in actions where closed[id] == nil {
                closed[id] = second
                fixture.venue.socketClosed(id)
            }
        }
        #expect(closed[1] == 30)
        #expect(closed[2] == 60)
    }

    @Test("Thirty channels a connection, and no more")
    func channelLimit() throws {
        let fixture = SpotFixture(.mexc)
        #expect(fixture.open(1, "/ws"))
        var names: [String] = []
        for symbol in ["BTCUSDT", "ETHUSDT", "QRLUSDT"] {
            for interval in [
                "Min1", "Min5", "Min15", "Min30", "Min60", "Hour4", "Hour8", "Day1", "Week1",
                "Month1",
            ] {
                names.append("spot@public.kline.v3.api.pb@\(symbol)@\(interval)")
            }
        }
        #expect(try subscribe(fixture, 1, names) == names.joined(separator: ","))
        let more = try subscribe(fixture, 1, ["spot@public.aggre.depth.v3.api.pb@100ms@QRLUSDT"])
        #expect(more?.hasPrefix("Not Subscribed") == true)
    }
}

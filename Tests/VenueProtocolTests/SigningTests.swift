import Bytes
import Chronology
import Testing
import Trading

@testable import VenueProtocol

@Suite("Signing")
struct SigningTests {
    private let credentials = VenueCredentials(
        key: "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83",
        secret: "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9")!

    @Test("invariant 1: the documented USD-M payload has the documented signature")
    func documentedVector() {
        let payload =
            "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC"
            + "&recvWindow=5000&timestamp=1591702613943"
        #expect(
            RequestSigner(credentials).sign(Array(payload.utf8))
                == "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9")
    }

    @Test("invariant 1: what is signed is what is sent, and the signature is the last pair")
    func signatureIsLast() throws {
        let signer = RequestSigner(credentials, receiveWindowMilliseconds: 4000)
        let symbol = try #require(Symbol("BTCUSDT"))
        let query = signer.prepare(
            BinanceFutures.queryOrder(symbol, clientOrderID: "a:b"), timestamp: 17)
        let text = query.target.dropFirst("/fapi/v1/order?".count)
        let parts = String(text).components(separator: "&signature=")
        #expect(
            parts[0] == "symbol=BTCUSDT&origClientOrderId=a%3Ab&recvWindow=4000&timestamp=17")
        #expect(parts[1] == signer.sign(Array(parts[0].utf8)))
        #expect(query.body.isEmpty)
        #expect(signer.headers(query.headers).map(\.name) == ["X-MBX-APIKEY"])
    }

    @Test("a placement is signed over its form body")
    func placementBody() throws {
        let intent = try Self.intent(price: "61800.20")
        let request = BinanceFutures.placeOrder(intent)
        #expect(request.isOrder && request.weight == 0 && request.orderCount == 1)
        #expect(!request.isIdempotent)
        let signer = RequestSigner(credentials)
        let sent = signer.prepare(request, timestamp: 1_591_702_613_943)
        #expect(sent.target == "/fapi/v1/order")
        let parts = String(decoding: sent.body, as: UTF8.self).components(separator: "&signature=")
        #expect(
            parts[0]
                == "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=61800.2"
                + "&quantity=0.01&reduceOnly=true&newClientOrderId=\(intent.clientOrderID)"
                + "&newOrderRespType=RESULT&recvWindow=5000&timestamp=1591702613943")
        #expect(parts[1] == signer.sign(Array(parts[0].utf8)))
        #expect(signer.headers(sent.headers).map(\.name) == ["X-MBX-APIKEY", "Content-Type"])
    }

    @Test("a market order carries neither price nor time in force")
    func marketOrder() throws {
        let request = BinanceFutures.placeOrder(try Self.intent(price: nil), response: .ack)
        #expect(
            request.parameters.map(\.name) == [
                "symbol", "side", "type", "quantity", "reduceOnly", "newClientOrderId",
                "newOrderRespType",
            ])
    }

    @Test("every ASCII sign but the unreserved of RFC 3986 is encoded, alone and within a text")
    func unreserved() {
        let unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
        for value in UInt8(0)..<128 {
            let sign = String(Unicode.Scalar(value))
            let hex = String(value, radix: 16, uppercase: true)
            let expected = unreserved.contains(sign) ? sign : "%" + (value < 16 ? "0" : "") + hex
            #expect(PercentEncoding.encoded(sign) == expected)
            #expect(PercentEncoding.encoded("a\(sign)b") == "a\(expected)b")
        }
    }

    @Test("symbols beyond ASCII are percent-encoded as UTF-8")
    func percentEncoding() throws {
        #expect(PercentEncoding.encoded("币安人生USDT") == "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT")
        #expect(PercentEncoding.encoded("[1,2] +~") == "%5B1%2C2%5D%20%2B~")
        let symbol = try #require(Symbol("币安人生USDT"))
        let open = RequestSigner.prepareOpen(BinanceFutures.bookTicker(symbol))
        #expect(
            open.target
                == "/fapi/v1/ticker/bookTicker?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT")
    }

    @Test("invariant 2: descriptions show neither key, secret nor signature")
    func descriptionsAreRedacted() throws {
        let signed = RequestSigner(credentials).prepare(BinanceFutures.account, timestamp: 1)
        for text in [
            "\(credentials)", "\(signed)", String(reflecting: credentials),
            String(reflecting: signed),
        ] {
            #expect(!text.contains("dbefbc80") && !text.contains("2b5eb11e"))
            #expect(!text.contains("signature"))
        }
        #expect(VenueCredentials(key: "a\r\nb", secret: "x") == nil)
        #expect(VenueCredentials(key: "", secret: "x") == nil)
    }

    @Test("listen-key calls carry the key and no signature")
    func listenKeyCalls() {
        let request = BinanceFutures.openListenKey
        let signer = RequestSigner(credentials)
        let sent = signer.prepare(request, timestamp: 1)
        #expect(sent.body.isEmpty && sent.target == "/fapi/v1/listenKey")
        #expect(signer.headers(sent.headers).first?.value == credentials.key)
        #expect(request.isIdempotent && !request.isOrder)
    }

    @Test("I5: a timestamp follows the monotonic clock once the venue's time is known")
    func venueClock() {
        var clock = VenueClock()
        let wall = WallTime(milliseconds: 5_000)
        let start = Instant(nanoseconds: 0)
        #expect(clock.timestamp(now: start, wall: wall) == 5_000)
        clock.timeReceived(
            serverMilliseconds: 10_000, sentAt: start, receivedAt: start + .milliseconds(20))
        let later = start + .milliseconds(1_010)
        #expect(clock.timestamp(now: later, wall: WallTime(milliseconds: 0)) == 11_000)
        clock.timeReceived(
            serverMilliseconds: 99_000, sentAt: later, receivedAt: later + .seconds(3))
        #expect(clock.timestamp(now: later, wall: wall) == 11_000)
        clock.skewReported()
        #expect(!clock.isSynchronised)
        clock.timeReceived(
            serverMilliseconds: 99_000, sentAt: later, receivedAt: later + .seconds(2))
        #expect(clock.timestamp(now: later + .seconds(1), wall: wall) == 99_000)
    }

    private static func intent(price: String?) throws -> OrderIntent {
        let code = try #require(AccountCode("AAAA0001"))
        return OrderIntent(
            clientOrderID: .derive(account: code, origin: .manual, intent: "1"),
            account: try #require(AccountID("a")), symbol: try #require(Symbol("BTCUSDT")),
            side: .buy, type: price == nil ? .market : .limit, timeInForce: .goodTillCancel,
            quantity: try #require(Quantity(text: "0.010")),
            price: try price.map { try #require(Price(text: $0)) }, isReduceOnly: true)
    }
}

extension String {
    /// The texts before and after the first `separator`.
    func components(separator: String) -> [String] {
        guard let range = firstRange(of: separator) else { return [self, ""] }
        return [String(self[..<range.lowerBound]), String(self[range.upperBound...])]
    }
}

import Bytes
import Chronology
import Foundation
import Testing
import Trading

@testable import VenueProtocol

@Suite("Recorded and documented messages", .disabled(if: Fixtures.areAbsent, "no ../shared"))
struct FixtureTests {
    /// What the evidence column of the recording says each failure means on the order path.
    private static let expected: [Int: String] = [
        -1007: "unknown", -1008: "retry", -1015: "retry", -1021: "clock", -5028: "clock",
        -1022: "unauthorized", -2014: "unauthorized", -2015: "unauthorized",
        -1125: "listen key", -2011: "not found", -2013: "not found", -4046: "done",
        -4059: "done", -5027: "done", -4116: "duplicate", -4131: "retry",
    ]

    @Test("every recorded USD-M error body is classified, the HTML ones among them (T10)")
    func errorBodies() throws {
        var count = 0
        for line in try Fixtures.bytes("error-bodies/errors.jsonl").split(separator: 0x0A) {
            let fields = try #require(
                try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            guard fields["venue"] as? String == "usdm" else { continue }
            let status = try #require(fields["http"] as? Int)
            let body: [UInt8]
            if let text = fields["body_text"] as? String {
                body = Array(text.utf8)
            } else {
                let object = try #require(fields["body"])
                body = [UInt8](try JSONSerialization.data(withJSONObject: object))
            }
            let failure = try #require(classify(status, body))
            count += 1
            check(failure, status)
        }
        #expect(count > 30)
    }

    private func classify(_ status: Int, _ body: [UInt8]) -> VenueFailure? {
        VenueFailure.classify(
            httpStatus: status, body: body.rawSpan, isOrder: true, wall: WallTime(milliseconds: 0))
    }

    private func check(_ failure: VenueFailure, _ status: Int) {
        let code = failure.error.code
        switch failure {
        case .banned: #expect(status == 418)
        case .unknownOutcome: #expect(code == -1007 || (code == 0 && status >= 500))
        case .retryLater:
            #expect([403, 429, 503].contains(status) || code == -4131, "\(failure.error)")
        case .definiteReject: #expect(Self.expected[code] == nil && status == 400)
        case .clockSkew: #expect(Self.expected[code] == "clock")
        case .duplicateClientID: #expect(Self.expected[code] == "duplicate")
        case .orderNotFound: #expect(Self.expected[code] == "not found")
        case .alreadyDone: #expect(Self.expected[code] == "done")
        case .listenKeyGone: #expect(Self.expected[code] == "listen key")
        case .unauthorized: #expect(Self.expected[code] == "unauthorized")
        }
    }

    @Test("the recorded exchangeInfo is read whole")
    func exchangeInfo() throws {
        let info = try decode(
            Fixtures.body("exchange-info/usdm.json"), BinanceFutures.decodeExchangeInfo)
        #expect(info.instruments.count == 25 && info.skipped.isEmpty)
        #expect(info.rateLimits.count == 3)
        let btc = try #require(info.instruments.first { $0.symbol.name == "BTCUSDT" })
        #expect(btc.tick == Price(text: "0.1") && btc.minimumNotional == .whole(100))
        #expect(btc.marketMaximumQuantity == .whole(120))
    }

    @Test("every recorded bracket row is read")
    func brackets() throws {
        let all = try decode(
            Fixtures.bytes("margin/leverageBracket_all_2024-10.json"),
            BinanceFutures.decodeLeverageBrackets)
        #expect(all.count == 349)
        #expect(all.reduce(0) { $0 + $1.rows.count } == 2805)
    }

    @Test("the documented samples decode")
    func documentedSamples() throws {
        let folder = "binance-docs-usdm"
        let update = try decode(
            Fixtures.body("\(folder)/user-data-streams__Event-Order-Update__1.json"),
            UserEvent.decode)
        guard case .order(let order) = update else {
            Issue.record("not an order update")
            return
        }
        #expect(order.order.type == "TRAILING_STOP_MARKET" && order.fill == nil)
        let account = try decode(
            Fixtures.body("\(folder)/user-data-streams__Event-Balance-and-Position-Update__1.json"),
            UserEvent.decode)
        guard case .account(let changes) = account else {
            Issue.record("not an account update")
            return
        }
        #expect(changes.positions.count == 3 && changes.balances.count == 2)
        for path in ["V2__1", "V2__2", "V3__1", "V3__2"] {
            let positions = try decode(
                Fixtures.body("\(folder)/trade__rest-api__Position-Information-\(path).json"),
                BinanceFutures.decodePositions)
            #expect(!positions.isEmpty)
        }
        let whole = try decode(
            Fixtures.body("\(folder)/account__rest-api__Account-Information-V2__1.json"),
            BinanceFutures.decodeAccount)
        #expect(whole.assets.count == 2)
        _ = try decode(
            Fixtures.body("\(folder)/trade__rest-api__Query-Order__1.json"),
            BinanceFutures.decodeOrder)
        _ = try decode(
            Fixtures.body("\(folder)/trade__rest-api__Cancel-Order__1.json"),
            BinanceFutures.decodeOrder)
        _ = try decode(
            Fixtures.body("\(folder)/trade__rest-api__Current-All-Open-Orders__1.json"),
            BinanceFutures.decodeOrders)
        _ = try decode(
            Fixtures.body("\(folder)/trade__rest-api__Account-Trade-List__1.json"),
            BinanceFutures.decodeUserTrades)
    }

    @Test("documented signatures are reproduced where they are right")
    func signatures() throws {
        let document = try JSONSerialization.jsonObject(
            with: Data(try Fixtures.bytes("signing/doc_vectors.json")))
        let vectors = try #require(document as? [[String: Any]])
        for vector in vectors {
            guard let key = vector["apiKey"] as? String, let secret = vector["secret"] as? String,
                let payload = vector["payload"] as? String,
                let signature = vector["computed_hmac_sha256_hex"] as? String,
                let credentials = VenueCredentials(key: key, secret: secret)
            else { continue }
            #expect(RequestSigner(credentials).sign(Array(payload.utf8)) == signature)
        }
    }
}

/// Lends bytes to a decoder.
func decode<Value>(
    _ bytes: [UInt8], _ decoder: (RawSpan) throws(JSONError) -> Value
) throws -> Value {
    try decoder(bytes.rawSpan)
}

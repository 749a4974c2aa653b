import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

let btc = Symbol("BTCUSDT")!
let qrl = Symbol("QRLUSDT")!

func price(_ text: String) -> Price { Price(text: text)! }
func quantity(_ text: String) -> Quantity { Quantity(text: text)! }
func money(_ text: String) -> Money { Money(text: text)! }
func amount(_ text: String) -> AssetAmount { AssetAmount(text: text)! }

/// A venue without background, where the test is the rest of the market, and a clock by hand.
final class SpotFixture {
    static let tradeKey = ExchangeKey(key: "trade-key", secret: "trade-secret", role: .trade)
    static let readKey = ExchangeKey(key: "read-key", secret: "read-secret", role: .read)

    let venue: any Exchange
    let desk: SpotDesk
    var now = Instant(nanoseconds: 5_000_000_000)
    var wall = WallTime(milliseconds: 1_760_000_000_000)

    init(
        _ flavour: SpotFlavour = .binance, background: Bool = false, seed: UInt64 = 1,
        change: (inout SpotSettings) -> Void = { _ in }
    ) {
        var settings = SpotSettings(flavour)
        settings.seed = seed
        settings.hasBackground = background
        // Bitcoin, ether, QRL and one more: enough, and quick.
        settings.listings = Array(settings.listings.prefix(4))
        settings.keys = [SpotFixture.tradeKey, SpotFixture.readKey]
        settings.balances = SpotSettings.balances("USDT=100000,BTC=2,QRL=100000")!
        change(&settings)
        switch flavour {
        case .binance:
            let venue = BinanceSpotVenue(settings)
            (self.venue, desk) = (venue, venue.desk)
        case .mexc:
            let venue = MEXCVenue(settings)
            (self.venue, desk) = (venue, venue.desk)
        }
    }

    /// Lets time pass in steps of 50 ms and returns what happened.
    @discardableResult func run(milliseconds: Int64) -> [SpotEvent] {
        var events: [SpotEvent] = []
        for _ in 0..<(milliseconds / 50) {
            now = now + .milliseconds(50)
            wall = wall + .milliseconds(50)
            desk.step(now: now, wall: wall)
            events += desk.takeEvents()
        }
        return events
    }

    func rest(_ side: Side, _ amount: String, at level: String, in symbol: Symbol = btc) throws {
        try desk.trade(
            asMarketIn: symbol, side, quantity(amount), at: price(level), wall: wall)
    }

    @discardableResult func limit(
        _ side: Side, _ amount: String, at level: String, _ force: TimeInForce = .goodTillCancel,
        id: String? = nil, selfTrade: SelfTradePrevention? = nil
    ) throws -> SpotOrder {
        try desk.place(
            SpotOrderRequest(
                symbol: btc, side: side, kind: .limit, timeInForce: force,
                quantity: quantity(amount), price: price(level), clientOrderID: id,
                selfTrade: selfTrade), wall: wall
        ).order
    }

    @discardableResult func market(
        _ side: Side, _ amount: String? = nil, worth: String? = nil
    ) throws -> SpotPlacement {
        try desk.place(
            SpotOrderRequest(
                symbol: btc, side: side, kind: .market, quantity: amount.map { quantity($0) },
                quoteQuantity: worth.map { money($0) }), wall: wall)
    }

    func free(_ asset: String) -> AssetAmount { desk.balances[asset]?.free ?? .zero }
    func locked(_ asset: String) -> AssetAmount { desk.balances[asset]?.locked ?? .zero }

    // MARK: requests

    func call(
        _ method: String, _ path: String, query: String = "", body: String = "",
        apiKey: String? = nil
    ) -> ExchangeResponse {
        venue.respond(
            ExchangeRequest(
                method: method, path: path, query: Array(query.utf8), body: Array(body.utf8),
                apiKey: apiKey, wall: wall))
    }

    /// A signed call with its parameters in the query string, or in the body.
    func signed(
        _ method: String, _ path: String, _ parameters: String = "",
        key: ExchangeKey = SpotFixture.tradeKey, inBody: Bool = false, timestamp: Int64? = nil
    ) -> ExchangeResponse {
        let separator = parameters.isEmpty ? "" : "&"
        let text = parameters + separator + "timestamp=\(timestamp ?? wall.milliseconds)"
        let signature = HMACSHA256(key: Array(key.secret.utf8)).hexSignature(query: text)
        let whole = text + "&signature=" + signature
        return call(
            method, path, query: inBody ? "" : whole, body: inBody ? whole : "", apiKey: key.key)
    }
}

extension ExchangeResponse {
    var json: JSONValue {
        get throws { try JSONValue.parse(body) }
    }
    /// The error code, or nil of a success.
    var code: Int64? {
        get throws { status == 200 ? nil : try json["code"]?.integer }
    }
    var message: String? {
        get throws { try json["msg"]?.text }
    }
}

/// User events as short words, in order.
func words(_ events: [SpotEvent]) -> [String] {
    events.compactMap { event in
        guard case .user(let event) = event else { return nil }
        switch event {
        case .report(let report):
            return "\(report.execution.rawValue) \(report.order.status.text)"
        case .balances(let changes, let reason, _):
            let list = changes.map { "\($0.asset) \($0.free)/\($0.locked)" }
            return "\(reason.rawValue) " + list.joined(separator: ", ")
        case .balanceChanged(let asset, let change, _): return "CHANGE \(asset) \(change)"
        case .list(let record, _):
            return "LIST " + (record.list.isDone ? "ALL_DONE" : "EXECUTING")
        case .listenKeyExpired: return "EXPIRED KEY"
        }
    }
}

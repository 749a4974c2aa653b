import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import Matching
import Testing
import Trading

let btc = Symbol("BTCUSDT")!

func price(_ text: String) -> Price { Price(text: text)! }
func quantity(_ text: String) -> Quantity { Quantity(text: text)! }
func money(_ text: String) -> Money { Money(text: text)! }

/// A desk without background, where the test is the rest of the market, and a clock by hand.
final class DeskFixture {
    static let tradeKey = ExchangeKey(key: "trade-key", secret: "trade-secret", role: .trade)
    static let readKey = ExchangeKey(key: "read-key", secret: "read-secret", role: .read)

    let desk: FuturesDesk
    var now = Instant(nanoseconds: 5_000_000_000)
    var wall = WallTime(milliseconds: 1_760_000_000_000)

    init(
        background: Bool = false, seed: UInt64 = 1,
        change: (inout FuturesSettings) -> Void = { _ in }
    ) {
        var settings = FuturesSettings()
        settings.seed = seed
        settings.hasBackground = background
        settings.keys = [DeskFixture.tradeKey, DeskFixture.readKey]
        change(&settings)
        desk = FuturesDesk(settings)
    }

    /// Lets time pass in steps of 50 ms and returns what happened.
    @discardableResult func run(milliseconds: Int64) -> [FuturesEvent] {
        var events: [FuturesEvent] = []
        for _ in 0..<(milliseconds / 50) {
            now = now + .milliseconds(50)
            wall = wall + .milliseconds(50)
            desk.step(now: now, wall: wall)
            events += desk.takeEvents()
        }
        return events
    }

    func rest(_ side: Side, _ amount: String, at level: String) throws {
        try desk.trade(asMarketIn: btc, side, quantity(amount), at: price(level), wall: wall)
    }

    @discardableResult func limit(
        _ side: Side, _ amount: String, at level: String, _ force: TimeInForce = .goodTillCancel,
        reduceOnly: Bool = false, id: String? = nil
    ) throws -> FuturesOrder {
        try desk.place(
            OrderParameters(
                symbol: btc, side: side, type: .limit, timeInForce: force,
                quantity: quantity(amount), price: price(level), isReduceOnly: reduceOnly,
                clientOrderID: id), wall: wall)
    }

    @discardableResult func market(
        _ side: Side, _ amount: String, reduceOnly: Bool = false, id: String? = nil
    ) throws -> FuturesOrder {
        try desk.place(
            OrderParameters(
                symbol: btc, side: side, type: .market, quantity: quantity(amount),
                isReduceOnly: reduceOnly, clientOrderID: id), wall: wall)
    }

    // MARK: requests

    func call(
        _ method: String, _ path: String, query: String = "", body: String = "",
        apiKey: String? = nil
    ) -> ExchangeResponse {
        desk.respond(
            ExchangeRequest(
                method: method, path: path, query: Array(query.utf8), body: Array(body.utf8),
                apiKey: apiKey, wall: wall))
    }

    /// A signed call with its parameters in the query string.
    func signed(
        _ method: String, _ path: String, _ parameters: String = "",
        key: ExchangeKey = DeskFixture.tradeKey
    ) -> ExchangeResponse {
        let separator = parameters.isEmpty ? "" : "&"
        let query = parameters + separator + "timestamp=\(wall.milliseconds)"
        let signature = HMACSHA256(key: Array(key.secret.utf8)).hexSignature(query: query)
        return call(method, path, query: query + "&signature=" + signature, apiKey: key.key)
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
}

/// User events as short words, in order.
func words(_ events: [FuturesEvent]) -> [String] {
    events.compactMap { event in
        guard case .user(let event) = event else { return nil }
        switch event {
        case .tradeLite(let trade, _): return "LITE \(trade.quantity)"
        case .orderUpdate(let order, let execution, _, _, _, _):
            return "ORDER \(execution.rawValue) \(order.status.text)"
        case .accountUpdate(let update, _):
            let reason = update.reason == .order ? "" : " " + update.reason.rawValue
            let quantities = update.positions.map { " \($0.quantity)" }.joined()
            return "ACCOUNT" + reason + quantities
        case .leverageChanged(_, let leverage, _): return "LEVERAGE \(leverage)"
        case .multiAssetsChanged(let isMulti, _): return "MULTI \(isMulti)"
        case .marginCall: return "MARGIN CALL"
        case .algoUpdate(let algo, _): return "ALGO \(algo.status.rawValue)"
        case .triggerRejected: return "TRIGGER REJECT"
        case .listenKeyExpired: return "EXPIRED KEY"
        }
    }
}

import Bounded
import BusProtocol
import Trading

/// The orders of a run: drawn from the seed, so that the same seed asks for the same things.
struct ChaosFlow {
    /// One thing asked of order-gateway.
    enum Request {
        case place(id: String, account: AccountID, body: [String: String])
        /// The same request again, under the same id: must never become a second order.
        case again(id: String, account: AccountID, body: [String: String])
        case cancel(id: String, order: String)
        /// Another size or price for a limit order that may rest, be filled, or be gone.
        case amend(id: String, body: [String: String])
    }

    private var random: SplitMix64
    private let run: String
    private var number = 0
    private var placed: [(id: String, account: AccountID, body: [String: String])] = []
    let accounts: [AccountID]
    let symbols: [(symbol: Symbol, lots: [String])]

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
        run = "chaos-\(seed)"
        accounts = ["chaos-a", "chaos-b", "chaos-c"].compactMap(AccountID.init)
        symbols = [
            ("BTCUSDT", ["0.002", "0.003", "0.005"]), ("ETHUSDT", ["0.03", "0.05", "0.1"]),
            ("SOLUSDT", ["1", "2", "3"]),
        ].compactMap { name, lots in Symbol(name).map { ($0, lots) } }
    }

    /// The next thing to ask; limit prices are set around `mid`, which may not be known.
    mutating func next(mid: (Symbol) -> Price?, tick: (Symbol) -> Price?) -> Request {
        let draw = Int.random(in: 0..<100, using: &random)
        if draw < 10, let earlier = placed.randomElement(using: &random) {
            return .again(id: earlier.id, account: earlier.account, body: earlier.body)
        }
        if draw < 25, let earlier = placed.suffix(20).randomElement(using: &random) {
            number += 1
            return .cancel(id: "\(run)-c\(number)", order: earlier.id)
        }
        let resting = placed.suffix(20).filter { $0.body["type"] == "LIMIT" }
        if draw < 35, let earlier = resting.randomElement(using: &random) {
            return amend(earlier, mid: mid, tick: tick)
        }
        return place(mid: mid, tick: tick)
    }

    private mutating func amend(
        _ earlier: (id: String, account: AccountID, body: [String: String]),
        mid: (Symbol) -> Price?, tick: (Symbol) -> Price?
    ) -> Request {
        number += 1
        var body = ["order": earlier.id]
        let known = symbols.first { $0.symbol.name == earlier.body["symbol"] }
        body["qty"] = known?.lots.randomElement(using: &random)
        let away = Int64.random(in: -2...12, using: &random)
        if let symbol = known?.symbol, let mid = mid(symbol), let tick = tick(symbol),
            mid.isPositive
        {
            let offset = tick.multiplied(byWhole: away * 5)
            let isBuy = earlier.body["side"] == Side.buy.rawValue
            body["price"] = (isBuy ? mid - offset : mid + offset).down(to: tick).text
        }
        return .amend(id: "\(run)-a\(number)", body: body)
    }

    private mutating func place(
        mid: (Symbol) -> Price?, tick: (Symbol) -> Price?
    ) -> Request {
        number += 1
        let account = accounts[Int.random(in: 0..<accounts.count, using: &random)]
        let (symbol, lots) = symbols[Int.random(in: 0..<symbols.count, using: &random)]
        let side: Side = Bool.random(using: &random) ? .buy : .sell
        var body = [
            "account": account.name, "symbol": symbol.name, "side": side.rawValue,
            "qty": lots[Int.random(in: 0..<lots.count, using: &random)], "type": "MARKET",
        ]
        let away = Int64.random(in: -3...12, using: &random)
        let isLimit = Int.random(in: 0..<100, using: &random) < 40
        if isLimit, let mid = mid(symbol), let tick = tick(symbol), mid.isPositive {
            // Some cross and fill at once, most rest close to the touch.
            let offset = tick.multiplied(byWhole: away * 5)
            let price = (side == .buy ? mid - offset : mid + offset).down(to: tick)
            body["type"] = "LIMIT"
            body["tif"] = "GTC"
            body["price"] = price.text
        }
        // A close, where the book happens to be on the other side; else it is refused.
        if Int.random(in: 0..<100, using: &random) < 20 { body["reduce_only"] = "1" }
        let id = "\(run)-o\(number)"
        placed.append((id, account, body))
        return .place(id: id, account: account, body: body)
    }

    /// Draws one of the faults.
    mutating func fault(of faults: [ChaosFault]) -> ChaosFault? {
        faults.randomElement(using: &random)
    }

    /// The faults in drawn order.
    mutating func shuffled(_ faults: [ChaosFault]) -> [ChaosFault] {
        faults.shuffled(using: &random)
    }

    /// A length of time from the seed.
    mutating func milliseconds(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &random)
    }
}

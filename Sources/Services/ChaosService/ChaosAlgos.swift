import Algorithms
import Bounded
import BusProtocol
import Trading
import VenueProtocol

/// The algorithms of a run: drawn from the seed, one every few seconds, and what must hold of them.
struct ChaosAlgos {
    /// One algorithm that was asked for.
    struct Wanted {
        let id: String
        let kind: AlgoKind
        let account: AccountID
        let symbol: Symbol
        let quantity: Quantity
        let body: [String: String]
    }

    private var random: SplitMix64
    private let run: String
    private let accounts: [AccountID]
    private let symbols: [(symbol: Symbol, quantity: String)]
    private(set) var wanted: [Wanted] = []

    init(seed: UInt64) {
        random = SplitMix64(seed: seed &* 131 &+ 3)
        run = "chaos-\(seed)"
        accounts = ["chaos-a", "chaos-b", "chaos-c"].compactMap(AccountID.init)
        symbols = [("BTCUSDT", "0.03"), ("ETHUSDT", "0.6"), ("SOLUSDT", "12")].compactMap {
            name, quantity in Symbol(name).map { ($0, quantity) }
        }
    }

    /// The next one; nil while the price it needs is not known.
    mutating func next(mid: (Symbol) -> Price?, tick: (Symbol) -> Price?) -> Wanted? {
        let kind = AlgoKind.allCases[wanted.count % AlgoKind.allCases.count]
        let account = accounts[Int.random(in: 0..<accounts.count, using: &random)]
        let (symbol, amount) = symbols[Int.random(in: 0..<symbols.count, using: &random)]
        guard let mid = mid(symbol), let tick = tick(symbol), mid.isPositive,
            let quantity = Quantity(text: amount)
        else { return nil }
        let id = "\(run)-\(kind.rawValue)-\(wanted.count)"
        var body = [
            "kind": kind.rawValue, "id": id, "account": account.name, "symbol": symbol.name,
            "qty": amount, "duration_s": "\(Int64.random(in: 5...25, using: &random))",
        ]
        let side: Side = Bool.random(using: &random) ? .buy : .sell
        switch kind {
        case .chase: body.merge(["side": side.rawValue, "finish": "market"]) { $1 }
        case .twap:
            body.merge(["side": side.rawValue, "slices": "5", "finish": "market"]) { $1 }
        case .scale:
            body.merge([
                "side": "BUY", "orders": "5", "from": (mid - tick).down(to: tick).text,
                "to": mid.scaled(by: Ratio(units: 998_000_000_000), .down).down(to: tick).text,
            ]) { $1 }
        case .scalper:
            body.merge([
                "layers": "2", "base_bps": "1", "max_bps": "5", "backoff_ms": "200",
                "finish": "flatten",
            ]) { $1 }
        }
        let next = Wanted(
            id: id, kind: kind, account: account, symbol: symbol, quantity: quantity, body: body)
        wanted.append(next)
        return next
    }

    /// What is wrong with the algorithms at the end; empty when all is right.
    /// - Parameters:
    ///   - records: what Redis holds of each that it knows of.
    ///   - orders: the exchange's own records of all orders.
    ///   - codes: of the accounts.
    func violations(
        records: [String: AlgoRecord], orders: [VenueOrder], codes: [AccountID: String]
    ) -> [String] {
        var violations: [String] = []
        for algo in wanted {
            // One whose first record Redis lost was never answered for good.
            guard let record = records[algo.id] else { continue }
            if AlgoStatus(rawValue: record.status)?.isOver != true {
                violations.append("algo \(algo.id) is not over: \(record.status) \(record.reason)")
            }
        }
        for account in accounts {
            for kind in AlgoKind.allCases {
                guard let code = codes[account] else { continue }
                let prefix = "PMS\(code)_\(kind.origin.rawValue)_"
                let mine = orders.filter { $0.clientOrderID.hasPrefix(prefix) }
                if let open = mine.first(where: { !$0.status.isFinal }) {
                    violations.append("an order of an algo was left: \(open.clientOrderID)")
                }
                let executed = mine.reduce(Quantity.zero) { $0 + $1.executedQuantity }
                if let problem = amounts(kind, account, executed, records) {
                    violations.append(problem)
                }
            }
        }
        return violations
    }

    /// What is wrong with what all algorithms of a kind and account have executed; nil where nothing is.
    private func amounts(
        _ kind: AlgoKind, _ account: AccountID, _ executed: Quantity, _ records: [String: AlgoRecord]
    ) -> String? {
        let mine = wanted.filter { $0.account == account && $0.kind == kind }
        let given = mine.reduce(Quantity.zero) { $0 + $1.quantity }
        if kind != .scalper, executed > given {
            return "\(kind) of \(account): \(executed) executed of \(given)"
        }
        // Of one whose record Redis lost nothing can be said.
        guard mine.allSatisfy({ records[$0.id] != nil }) else { return nil }
        let told = mine.reduce(Quantity.zero) { sum, algo in
            let filled = records[algo.id]?.shown.first { $0.name == "filled" }?.value
            return sum + (filled.flatMap { Quantity(text: $0) } ?? .zero)
        }
        // What was booked at mark is told of, too.
        return told < executed ? "\(kind) of \(account): \(told) told of \(executed) executed" : nil
    }
}

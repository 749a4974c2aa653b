import BusProtocol
import FuturesExchange
import Positions
import Trading

/// Funding held against the books by a slow twin: what each book held is the sum of its trades up to
/// the payment's time.
enum SimulatedFunding {
    static func violations(_ incomes: [Income], _ entries: [LedgerEntry]) -> [String] {
        var booked: [Int64: [AccountID: Money]] = [:]
        var violations: [String] = []
        for entry in entries where entry.kind == .funding {
            let number = Int64(entry.cause.dropFirst("funding:".count)) ?? 0
            if booked[number]?[entry.account] != nil {
                violations.append("funding \(number) is booked to \(entry.account) twice")
            }
            booked[number, default: [:]][entry.account] = entry.realised
        }
        for income in incomes where income.kind == .funding {
            guard let symbol = income.symbol else { continue }
            let shares = booked.removeValue(forKey: income.number) ?? [:]
            let sum = shares.values.reduce(Money.zero, +)
            if sum != income.amount {
                violations.append("funding \(income.number): \(sum) of \(income.amount) is booked")
            }
            guard let expected = expected(income, symbol, entries) else { continue }
            if shares.filter({ !$0.value.isZero }) != expected {
                violations.append(
                    "funding \(income.number) is split \(text(shares)), not \(text(expected))")
            }
        }
        for number in booked.keys.sorted() {
            violations.append("funding \(number) is booked, and the exchange knows of none")
        }
        return violations
    }

    /// Nil where a trade was made in the same millisecond: on which side of it is not known.
    private static func expected(
        _ income: Income, _ symbol: Symbol, _ entries: [LedgerEntry]
    ) -> [AccountID: Money]? {
        var holdings: [AccountID: Quantity] = [:]
        for entry in entries where entry.symbol == symbol {
            guard let side = entry.side else { continue }
            if entry.atMilliseconds == income.timeMilliseconds { return nil }
            if entry.atMilliseconds > income.timeMilliseconds { continue }
            holdings[entry.account, default: .zero] += side.signed(entry.quantity)
        }
        let parts = Attribution.funding(income.amount, over: holdings)
        return Dictionary(uniqueKeysWithValues: parts.map { ($0.account, $0.amount) })
            .filter { !$0.value.isZero }
    }

    private static func text(_ shares: [AccountID: Money]) -> String {
        shares.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

import Chronology
import Trading

/// The knobs as variables of the environment spell them.
extension AllocationKnobs {
    /// - Parameter value: what a variable holds, its default where it is not set; nil for nothing.
    /// - Returns: nil where one that is needed is missing or cannot be read.
    package init?(variables value: (String) -> String?) {
        guard let symbol = value("ALLOCATION_SYMBOL").flatMap({ Symbol($0) }),
            let account = value("ALLOCATION_ACCOUNT").flatMap({ AccountID($0) }),
            let mode = value("EXECUTION_MODE").flatMap({ ExecutionMode(rawValue: $0) })
        else { return nil }
        func decimal<Value: ExactDecimal>(_ name: String) -> Value? {
            value(name).flatMap { Value(text: $0) }
        }
        func percent(_ name: String) -> Ratio? {
            let value: Ratio? = decimal(name)
            return value.map { Ratio(units: $0.units / 100) }
        }
        func number(_ name: String) -> Int64? { value(name).flatMap { Int64($0) } }
        guard let tolerance: Money = decimal("ALLOCATION_TOLERANCE_USDT"),
            let share = percent("SLICE_PCT"), let most: Money = decimal("MAX_SLICE_NOTIONAL"),
            let jitter = percent("SIZE_JITTER_PCT"), let slippage = percent("MAX_SLIPPAGE_PCT"),
            let slices = number("MAX_SLICES"), let life = number("ORDER_TTL_SECONDS"),
            let timeout = number("TASK_TIMEOUT_SECONDS")
        else { return nil }
        self.init(symbol: symbol, account: account)
        self.mode = mode
        self.tolerance = tolerance
        sliceShare = share
        maximumSlice = most
        self.jitter = jitter
        maximumSlippage = slippage
        self.slices = Int(clamping: slices)
        timeToLive = .seconds(life)
        self.timeout = .seconds(timeout)
        minimumNotional = decimal("MIN_NOTIONAL_USDT")
        step = decimal("LOT_STEP")
    }
}

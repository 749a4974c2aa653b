package import Chronology

/// Who spends: the more a call protects, the more of a limit it may use.
package enum BudgetLane: Int, CaseIterable, Comparable, Sendable {
    /// Cancels, orders that only reduce, deleveraging: never kept waiting by the others.
    case protective
    /// New orders.
    case trading
    /// Reading.
    case query

    /// The share of a limit, in percent, that may be spent before the lane has to wait.
    package var share: Int64 {
        switch self {
        case .protective: 100
        case .trading: 85
        case .query: 70
        }
    }

    package var label: String {
        switch self {
        case .protective: "protective"
        case .trading: "trading"
        case .query: "query"
        }
    }

    package static func < (a: BudgetLane, b: BudgetLane) -> Bool { a.rawValue < b.rawValue }
}

/// One limit that a venue announces: so much in any window.
package struct BudgetLimit: Equatable, Sendable {
    /// What the venue counts.
    package enum Counted: String, Sendable {
        /// The weight of requests, by address.
        case weight
        /// Orders, by account.
        case orders
    }

    package let counted: Counted
    package let limit: Int64
    package let window: Interval

    package init(_ counted: Counted, _ limit: Int64, in window: Interval) {
        precondition((1...1_000_000_000).contains(limit), "a limit is 1 to a billion")
        precondition(window >= .seconds(1), "a limit's window is a second or more")
        self.counted = counted
        self.limit = limit
        self.window = window
    }

    package static func weight(_ limit: Int64, in window: Interval) -> BudgetLimit {
        BudgetLimit(.weight, limit, in: window)
    }
    package static func orders(_ limit: Int64, in window: Interval) -> BudgetLimit {
        BudgetLimit(.orders, limit, in: window)
    }

    /// As it stands in keys and metrics: `weight-60s`.
    package var name: String { "\(counted.rawValue)-\(window.milliseconds / 1000)s" }
}

/// What a call costs.
package struct BudgetCost: Equatable, Sendable {
    package var weight: Int64
    package var orders: Int64

    package init(weight: Int64, orders: Int64 = 0) {
        self.weight = weight
        self.orders = orders
    }

    func amount(_ counted: BudgetLimit.Counted) -> Int64 {
        switch counted {
        case .weight: weight
        case .orders: orders
        }
    }
}

/// Why a call may not be made.
package enum BudgetRefusal: Error, Equatable, Sendable {
    /// The venue has banned the address, or asked to be left alone, until then.
    case banned(until: Instant)
    /// Too many wait already.
    case full
    /// Its turn did not come within its time.
    case late
    /// It costs more than its lane may ever spend.
    case tooLarge
}

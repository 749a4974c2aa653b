package import Chronology

/// What is asked of the shared count: tokens of one limit for one lane.
package struct LeaseWish: Equatable, Sendable {
    package var lane: BudgetLane
    package var want: Int64
    /// Fewer are of no use.
    package var least: Int64
    /// For the part of the window that comes next, asked for before it begins.
    package var isAhead: Bool
    /// Tokens of an ended lease that were not spent, and the part that they were counted in.
    package var back: Int64
    package var part: Int64
    /// Spent while the shared count could not be asked, and to be counted now.
    package var spent: Int64 = 0

    package init(
        _ lane: BudgetLane, want: Int64, least: Int64, isAhead: Bool = false, back: Int64 = 0,
        part: Int64 = 0
    ) {
        self.lane = lane
        self.want = want
        self.least = least
        self.isAhead = isAhead
        self.back = back
        self.part = part
    }
}

/// Tokens that the shared count gave, to be spent between two times.
package struct BudgetLease: Equatable, Sendable {
    package var tokens: Int64
    /// The part of the window that they are counted in.
    package var part: Int64
    package var begin: Instant
    package var end: Instant

    package init(tokens: Int64, part: Int64, begin: Instant, end: Instant) {
        self.tokens = tokens
        self.part = part
        self.begin = begin
        self.end = end
    }
}

/// The leases of one limit for one lane.
struct BudgetPool: Sendable {
    /// Of the present part of the window, and at most one of the next.
    private(set) var leases: [BudgetLease] = []
    /// Of a lease that has ended: not spent, and not given back yet.
    private var left: (tokens: Int64, part: Int64) = (0, 0)
    var isAsking = false
    /// Not to be asked for again before.
    var askAt = Instant.distantPast
    /// Until when tokens are held ready: a while after they were used last.
    private(set) var keptUntil = Instant.distantPast
    /// What was asked for last to be held ready; less than a third of it left is too few.
    var stock: Int64 = 0

    private static let keep = Interval.seconds(60)
    /// Redis tells its time in milliseconds.
    private static let rounding = Interval.milliseconds(5)

    /// Tokens that may be spent now.
    func tokens(_ now: Instant) -> Int64 {
        leases.reduce(0) { $0 + ($1.begin <= now && now < $1.end ? $1.tokens : 0) }
    }

    /// Takes a lease in; one that begins when another ends, but for the clocks' rounding, joins it.
    mutating func add(_ lease: BudgetLease) {
        var lease = lease
        if let end = leases.last?.end, lease.begin > end, lease.begin - end <= BudgetPool.rounding {
            lease.begin = end
        }
        leases.append(lease)
        leases.sort { $0.end < $1.end }
    }

    mutating func clear() {
        leases = []
        left = (0, 0)
    }

    /// Leases that have ended are over; what is left of the newest of them can be given back.
    mutating func prune(_ now: Instant) {
        while let lease = leases.first, lease.end <= now {
            if lease.tokens > 0 { left = (lease.tokens, lease.part) }
            leases.removeFirst()
        }
    }

    /// What is to be given back, once.
    mutating func takeLeft() -> (tokens: Int64, part: Int64) {
        defer { left = (0, 0) }
        return left
    }

    /// Spends up to so many tokens; gives how many there were.
    mutating func spend(_ amount: Int64, _ now: Instant) -> Int64 {
        var missing = amount
        for place in leases.indices where leases[place].begin <= now && now < leases[place].end {
            let part = min(missing, leases[place].tokens)
            leases[place].tokens -= part
            missing -= part
        }
        return amount - missing
    }

    /// The lane is in use: tokens are held ready for a while.
    mutating func used(_ now: Instant) { keptUntil = now + BudgetPool.keep }

    /// When the present lease ends and the next one begins, in which something changes.
    func change(after now: Instant) -> Instant? {
        let times = leases.filter { $0.tokens > 0 }.flatMap { [$0.begin, $0.end] }
        return times.filter { $0 > now }.min()
    }
}

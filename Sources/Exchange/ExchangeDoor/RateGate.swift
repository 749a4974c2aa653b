package import Bytes
package import Chronology

/// Counts request weight by remote address and orders by account in fixed windows of wall time,
/// refuses what is too much, and bans who goes on after that (exchange-facts A3).
///
/// Refusals are `ExchangeError`s in Binance's words, with the seconds for `Retry-After`; a flavour with
/// other words tells them by their status, 429 or 418. A refused request counts too.
package struct RateGate: Sendable {
    /// Remote addresses remembered; the one that spoke least recently is forgotten, unless banned.
    private static let remoteLimit = 1_024

    private struct Count: Sendable {
        var window: Int64 = -1
        var used: Int64 = 0

        mutating func turn(_ length: Int64, _ wall: Int64) {
            let now = wall / length
            if now != window {
                window = now
                used = 0
            }
        }
    }

    private struct Remote: Sendable {
        var counts: [Count]
        var refusals = 0
        var bans = 0
        var bannedUntil: Int64 = 0
        var seenAt: Int64 = 0
    }

    package let limits: RateLimits
    private var remotes: [String: Remote] = [:]
    private var accounts: [String: [Count]] = [:]

    package init(_ limits: RateLimits) { self.limits = limits }

    // MARK: weight

    /// Counts a request of a remote address.
    ///
    /// - Throws: 429 with -1003 over a limit, 418 with -1003 while banned; a ban begins after
    ///   `refusalsBeforeBan` refusals in a window, and each request during it starts it anew.
    package mutating func spend(
        weight cost: Int64, remote name: String, wall: WallTime
    ) throws(ExchangeError) {
        let now = wall.milliseconds
        if remotes[name] == nil { makeRoom(now) }
        // Counted where it lies: a copy would copy its counts.
        try RateGate.spend(
            cost, &remotes[name, default: Remote(counts: limits.weight.map { _ in Count() })],
            name, now, limits)
    }

    private static func spend(
        _ cost: Int64, _ remote: inout Remote, _ name: String, _ now: Int64, _ limits: RateLimits
    ) throws(ExchangeError) {
        remote.seenAt = now
        if remote.bannedUntil > now {
            remote.bannedUntil = now + banLength(remote.bans, limits)
            throw banned(name, remote.bannedUntil, now)
        }
        if remote.bans > 0, now - remote.bannedUntil > limits.banMemoryMilliseconds {
            remote.bans = 0
        }
        for index in limits.weight.indices {
            let window = limits.weight[index]
            let turned = remote.counts[index].window
            remote.counts[index].turn(window.milliseconds, now)
            if remote.counts[index].window != turned { remote.refusals = 0 }
            remote.counts[index].used += cost
        }
        for (index, window) in limits.weight.enumerated()
        where remote.counts[index].used > window.limit {
            remote.refusals += 1
            guard remote.refusals > limits.refusalsBeforeBan else {
                throw .tooMuchWeight(window, remote: name, secondsLeft(window, now))
            }
            remote.refusals = 0
            remote.bans += 1
            remote.bannedUntil = now + banLength(remote.bans, limits)
            throw banned(name, remote.bannedUntil, now)
        }
    }

    /// The weight a remote address has used in the first window.
    package func usedWeight(remote name: String, wall: WallTime) -> Int64 {
        guard let window = limits.weight.first, let count = remotes[name]?.counts.first,
            count.window == wall.milliseconds / window.milliseconds
        else { return 0 }
        return count.used
    }

    /// Forgets the address that spoke least recently, where there are too many.
    private mutating func makeRoom(_ now: Int64) {
        if remotes.count >= RateGate.remoteLimit {
            let free = remotes.filter { $0.value.bannedUntil <= now }
            let oldest = free.min { ($0.value.seenAt, $0.key) < ($1.value.seenAt, $1.key) }
            if let oldest { remotes[oldest.key] = nil }
        }
    }

    private static func banLength(_ bans: Int, _ limits: RateLimits) -> Int64 {
        var length = limits.firstBanMilliseconds
        for _ in 1..<max(1, bans) where length < limits.longestBanMilliseconds { length *= 4 }
        return min(length, limits.longestBanMilliseconds)
    }

    private static func banned(_ name: String, _ until: Int64, _ now: Int64) -> ExchangeError {
        .banned(remote: name, until: until, (until - now + 999) / 1_000)
    }

    private static func secondsLeft(_ window: RateWindow, _ now: Int64) -> Int64 {
        (window.milliseconds - now % window.milliseconds + 999) / 1_000
    }

    // MARK: orders

    /// Counts new orders of an account, before they are carried out.
    ///
    /// - Parameters:
    ///   - count: in the shortest window; `longer` in the others (a futures batch: 5 and 1).
    /// - Throws: 429 with -1015 where a window is full; nothing is counted then.
    package mutating func spendOrders(
        _ count: Int64 = 1, longer: Int64 = 1, account: String, wall: WallTime
    ) throws(ExchangeError) {
        try RateGate.spend(
            count, longer, &accounts[account, default: limits.orders.map { _ in Count() }],
            wall.milliseconds, limits)
    }

    private static func spend(
        _ count: Int64, _ longer: Int64, _ counts: inout [Count], _ now: Int64,
        _ limits: RateLimits
    ) throws(ExchangeError) {
        for (index, window) in limits.orders.enumerated() {
            counts[index].turn(window.milliseconds, now)
            let cost = index == 0 ? count : longer
            if counts[index].used + cost > window.limit {
                throw .tooManyOrders(window, secondsLeft(window, now))
            }
        }
        for index in counts.indices { counts[index].used += index == 0 ? count : longer }
    }

    /// Gives back one order of an account, as spot does where an order has traded.
    package mutating func returnOrder(account: String) {
        guard var counts = accounts[account] else { return }
        for index in counts.indices { counts[index].used = max(0, counts[index].used - 1) }
        accounts[account] = counts
    }

    /// How many orders an account has used in each window of `limits.orders`.
    package func usedOrders(account: String, wall: WallTime) -> [Int64] {
        let counts = accounts[account] ?? limits.orders.map { _ in Count() }
        return zip(counts, limits.orders).map { count, window in
            count.window == wall.milliseconds / window.milliseconds ? count.used : 0
        }
    }

    // MARK: telling

    /// The headers that tell the counts: weight always, orders where an account is named.
    package func headers(
        remote: String, account: String?, wall: WallTime
    ) -> [(String, String)] {
        var headers: [(String, String)] = []
        if let window = limits.weight.first {
            let used = usedWeight(remote: remote, wall: wall)
            headers.append(("X-MBX-USED-WEIGHT-\(window.label)", String(used)))
        }
        guard let account else { return headers }
        for (window, used) in zip(limits.orders, usedOrders(account: account, wall: wall)) {
            headers.append(("X-MBX-ORDER-COUNT-\(window.label)", String(used)))
        }
        return headers
    }

    /// Writes the elements of a WebSocket API reply's `rateLimits`; orders where an account is named.
    package func write(
        remote: String, account: String?, wall: WallTime, _ out: inout JSONWriter
    ) {
        if let window = limits.weight.first {
            window.write("REQUEST_WEIGHT", used: usedWeight(remote: remote, wall: wall), &out)
        }
        guard let account else { return }
        for (window, used) in zip(limits.orders, usedOrders(account: account, wall: wall)) {
            window.write("ORDERS", used: used, &out)
        }
    }
}

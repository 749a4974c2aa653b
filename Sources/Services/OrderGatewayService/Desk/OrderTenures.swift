import BusProtocol
import Chronology
import Trading

/// The orders whose life is bounded, and what is known of the leases they live for.
///
/// 1. An owner that is gone stays gone: a lease that is taken anew has another number.
/// 2. While Redis answers, its answers decide. While it is away, or a lease cannot be read, that is held
///    no longer than it was when it was read last, or than `patience` where it was never read.
struct OrderTenures: Sendable {
    /// What bounds one order.
    struct Tenure: Equatable, Sendable {
        let owner: OrderOwner?
        let expiresAt: Instant?
    }

    /// What is known of an owner's lease.
    private enum Standing: Equatable, Sendable {
        case unread(since: Instant)
        case held(until: Instant)
        case gone
    }

    /// How long an owner that was never read is taken to be there.
    private static let patience = Interval.seconds(5)
    /// Between two readings of a lease, and two tries to cancel what refuses to go.
    static let pause = Interval.seconds(1)

    private var orders: [ClientOrderID: Tenure] = [:]
    private var standings: [OrderOwner: Standing] = [:]
    /// Leases whose last reading failed.
    private var unreadable: Set<String> = []
    /// When to look at them; nil where there is nothing to look at.
    private(set) var lookAt: Instant?

    var isEmpty: Bool { orders.isEmpty }
    /// Ascending.
    var ids: [ClientOrderID] { orders.keys.sorted() }
    /// The leases that orders live for, ascending.
    var leases: [String] { Set(standings.keys.map(\.lease)).sorted() }

    func contains(_ id: ClientOrderID) -> Bool { orders[id] != nil }

    mutating func add(_ id: ClientOrderID, _ tenure: Tenure, now: Instant) {
        orders[id] = tenure
        if let owner = tenure.owner, standings[owner] == nil { standings[owner] = .unread(since: now) }
        look(at: now + OrderTenures.pause)
        if let expiresAt = tenure.expiresAt { look(at: expiresAt) }
    }

    mutating func remove(_ id: ClientOrderID) { orders[id] = nil }

    /// What was read of a lease: the number it is held under and for how long yet; nil where nobody
    /// holds it.
    mutating func read(_ lease: String, _ holding: (fence: Int64, left: Interval)?, now: Instant) {
        unreadable.remove(lease)
        for owner in standings.keys.sorted() where owner.lease == lease {
            if standings[owner] == .gone { continue }
            if let holding, holding.fence == owner.fence {
                standings[owner] = .held(until: now + holding.left)
            } else {
                standings[owner] = .gone
            }
        }
    }

    /// A lease could not be read.
    mutating func readingFailed(_ lease: String) { unreadable.insert(lease) }

    /// Redis was read anew: what failed before it says nothing.
    mutating func forgetFailures() { unreadable = [] }

    /// Whether an owner was seen to hold its lease, and holds it for all that is known.
    func isHeld(_ owner: OrderOwner, now: Instant) -> Bool {
        if case .held(let until) = standings[owner] { return now < until }
        return false
    }

    /// Why an order's time is over; nil while it is not.
    /// - Parameter isRedisUp: whether leases can be read. A process that slept past the end of one it
    ///   knows of asks again before it takes the owner to be gone.
    func end(of id: ClientOrderID, now: Instant, isRedisUp: Bool) -> TenureEnd? {
        guard let tenure = orders[id] else { return nil }
        if let expiresAt = tenure.expiresAt, expiresAt <= now { return .expired }
        guard let owner = tenure.owner else { return nil }
        let isReadable = isRedisUp && !unreadable.contains(owner.lease)
        switch standings[owner] {
        case .unread(let since):
            return isReadable || now < since + OrderTenures.patience ? nil : .unreadable(owner)
        case .held(let until): return isReadable || now < until ? nil : .ownerGone(owner)
        case .gone, nil: return .ownerGone(owner)
        }
    }

    /// Forgets owners without orders, and sets the time of the next look.
    mutating func looked(now: Instant, isRedisUp: Bool) {
        let owners = Set(orders.values.compactMap(\.owner))
        standings = standings.filter { owners.contains($0.key) }
        if owners.isEmpty { unreadable = [] }
        lookAt = nil
        for (id, tenure) in orders {
            if tenure.owner != nil || end(of: id, now: now, isRedisUp: isRedisUp) != nil {
                look(at: now + OrderTenures.pause)
            }
            if let expiresAt = tenure.expiresAt, expiresAt > now { look(at: expiresAt) }
        }
        for case .held(let until) in standings.values where until > now { look(at: until) }
    }

    /// To be looked at by `time`.
    mutating func look(at time: Instant) { lookAt = min(lookAt ?? time, time) }
}

/// Why an order's time is over.
enum TenureEnd: Equatable, Sendable {
    case expired
    case ownerGone(OrderOwner)
    case unreadable(OrderOwner)

    var reason: String {
        switch self {
        case .expired: "cancelled: its time to live (ttl_ms) ran out"
        case .ownerGone(let owner):
            "cancelled: its owner's lease \(owner.lease), number \(owner.fence), has ended"
        case .unreadable(let owner): "cancelled: its owner's lease \(owner.lease) cannot be read"
        }
    }
}

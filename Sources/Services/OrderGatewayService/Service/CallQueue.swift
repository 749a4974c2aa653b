import Chronology

/// Which calls go first: what takes risk off is never starved by what adds it or only asks.
enum CallLane: Sendable { case protective, normal }

/// A bounded queue of calls with a limit on how many are under way, and a pause the venue asked for.
struct CallQueue<Call> {
    /// Calls under way at one time (`MAX_CONCURRENT_ORDERS`).
    let concurrency: Int
    /// Waiting calls: 100 rounds of the default concurrency, some seconds of work.
    let capacity = 1_000
    private var protective: [Call] = []
    private var normal: [Call] = []
    private(set) var underWay = 0
    /// Until when normal calls wait (429).
    private(set) var pausedUntil = Instant.distantPast
    /// Until when no call is made at all (418).
    private(set) var bannedUntil = Instant.distantPast

    init(concurrency: Int) { self.concurrency = concurrency }

    var count: Int { protective.count + normal.count }

    /// False where the queue is full, or a pause makes waiting senseless.
    mutating func add(_ call: Call, _ lane: CallLane, now: Instant) -> Bool {
        guard count < capacity, now >= bannedUntil else { return false }
        switch lane {
        case .protective: protective.append(call)
        case .normal:
            guard now >= pausedUntil else { return false }
            normal.append(call)
        }
        return true
    }

    /// The next call to make, if one may be made.
    mutating func next(now: Instant) -> Call? {
        guard underWay < concurrency, now >= bannedUntil else { return nil }
        if !protective.isEmpty {
            underWay += 1
            return protective.removeFirst()
        }
        guard !normal.isEmpty, now >= pausedUntil else { return nil }
        underWay += 1
        return normal.removeFirst()
    }

    mutating func ended() { underWay -= 1 }

    mutating func pause(until instant: Instant) { pausedUntil = max(pausedUntil, instant) }
    mutating func ban(until instant: Instant) { bannedUntil = max(bannedUntil, instant) }

    /// When a waiting call may go; nil where none waits.
    func wake(now: Instant) -> Instant? {
        guard count > 0 else { return nil }
        let until = protective.isEmpty ? max(pausedUntil, bannedUntil) : bannedUntil
        return until > now ? until : nil
    }

    /// Takes out all that wait.
    mutating func removeAll() -> [Call] {
        defer {
            protective = []
            normal = []
        }
        return protective + normal
    }
}

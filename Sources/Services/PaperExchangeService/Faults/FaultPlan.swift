internal import Bounded
package import Chronology
package import Trading

// FaultPlan: what breaks, when, and how often. It sees requests and frames as they pass and says what
// is to become of them; the server does it.
// 1. The same faults, seeds and passers-by give the same strikes.
// 2. A fault strikes only what matches its target, at most `count` times, and not after its time.
// 3. Without a fault nothing is looked at.

/// What is to become of one request.
package struct RequestFate: Equatable, Sendable {
    package enum Ending: Equatable, Sendable {
        case answer(CannedAnswer)
        case disconnect
    }

    package var delayBefore = Interval.zero
    /// In place of carrying it out.
    package var before: Ending?
    package var fill: (parts: Int, share: Ratio)?
    package var delayAfter = Interval.zero
    /// In place of the exchange's answer.
    package var after: Ending?

    package init() {}

    package static func == (a: RequestFate, b: RequestFate) -> Bool {
        a.delayBefore == b.delayBefore && a.before == b.before && a.delayAfter == b.delayAfter
            && a.after == b.after && a.fill?.parts == b.fill?.parts && a.fill?.share == b.fill?.share
    }
}

/// What is to become of one frame.
package struct FrameFate: Equatable, Sendable {
    package var isLost = false
    package var copies = 1
    package var isReordered = false
    package var delay = Interval.zero
    /// Where to corrupt or cut, as a number to be taken modulo the payload's length.
    package var corruptAt: UInt64?
    package var truncateAt: UInt64?

    package init() {}
}

/// The faults in force.
package struct FaultPlan: Sendable {
    /// Faults at once; more are refused.
    package static let limit = 1_000

    /// One fault in force, and how often it has struck.
    package struct Entry: Sendable {
        package let id: Int64
        package let spec: FaultSpec
        package let endsAt: Instant
        /// How many passers-by matched, and how many of them were struck.
        package fileprivate(set) var seen: Int64 = 0
        package fileprivate(set) var hits: Int64 = 0
        fileprivate var random: SplitMix64

        package func isOver(_ now: Instant) -> Bool {
            now >= endsAt || spec.count.map { hits >= $0 } ?? false
        }
    }

    private let seed: UInt64
    private var nextID: Int64 = 1
    package private(set) var entries: [Entry] = []
    /// The kinds that struck since `takeStrikes`.
    private var strikes: [FaultKind] = []

    package init(seed: UInt64) { self.seed = seed }

    /// Whether any fault is in force that strikes requests, frames, or new sockets.
    package private(set) var watchesRequests = false
    package private(set) var watchesFrames = false
    package private(set) var watchesSockets = false

    // MARK: faults

    /// Takes a fault in, or nil where there are too many. An immediate one gets a number and is over.
    package mutating func add(_ spec: FaultSpec, now: Instant) -> Entry? {
        guard entries.count < FaultPlan.limit else { return nil }
        let id = nextID
        nextID += 1
        let seed = spec.seed ?? self.seed &+ UInt64(id) &* 0x9E37_79B9
        let entry = Entry(
            id: id, spec: spec, endsAt: spec.duration.map { now + $0 } ?? .distantFuture,
            random: SplitMix64(seed: seed))
        if spec.action.isImmediate {
            strikes.append(spec.kind)
        } else {
            entries.append(entry)
            look()
        }
        return entry
    }

    package mutating func remove(_ id: Int64) -> Entry? {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
        defer { look() }
        return entries.remove(at: index)
    }

    package mutating func removeAll() -> [Entry] {
        defer {
            entries = []
            look()
        }
        return entries
    }

    /// Takes out and returns what is over.
    package mutating func expire(now: Instant) -> [Entry] {
        let over = entries.filter { $0.isOver(now) }
        if !over.isEmpty {
            entries.removeAll { $0.isOver(now) }
            look()
        }
        return over
    }

    /// The kinds that struck since the last call, once for each strike.
    package mutating func takeStrikes() -> [FaultKind] {
        defer { strikes.removeAll(keepingCapacity: true) }
        return strikes
    }

    private mutating func look() {
        watchesRequests = entries.contains { $0.spec.action.isOfRequests }
        watchesFrames = entries.contains { $0.spec.action.isOfFrames }
        watchesSockets = entries.contains { $0.spec.action == .refuseSockets }
    }

    /// Draws whether a matching fault strikes now.
    private mutating func strikes(_ index: Int, _ now: Instant) -> Bool {
        guard !entries[index].isOver(now) else { return false }
        entries[index].seen += 1
        let wanted = UInt64(clamping: entries[index].spec.probability.units)
        let drawn = entries[index].random.next() % 1_000_000_000_000
        guard drawn < wanted else { return false }
        entries[index].hits += 1
        strikes.append(entries[index].spec.kind)
        return true
    }

    // MARK: passers-by

    /// Decides about a request that has come.
    package mutating func requestArrived(_ request: RequestSight, now: Instant) -> RequestFate {
        var fate = RequestFate()
        for index in entries.indices where entries[index].spec.action.isOfRequests {
            let spec = entries[index].spec
            if spec.kind.isOfOrders, !request.isNewOrder { continue }
            guard spec.target.matches(request), strikes(index, now) else { continue }
            switch spec.action {
            case .delay(let time, let jitter, let moment):
                let more = entries[index].random.next() % UInt64(jitter.milliseconds + 1)
                let total = time + .milliseconds(Int64(more))
                if moment == .before { fate.delayBefore = fate.delayBefore + total }
                if moment == .after { fate.delayAfter = fate.delayAfter + total }
            case .answer(let answer, let time, let moment):
                FaultPlan.end(&fate, .answer(answer), time, moment)
            case .disconnect(let time, let moment):
                FaultPlan.end(&fate, .disconnect, time, moment)
            case .fillThenCancel(let parts, let share): fate.fill = (parts, share)
            case .duplicate, .reorder, .hold, .lose, .corrupt, .truncate, .refuseSockets,
                .closeSockets, .skew, .operate:
                break
            }
        }
        return fate
    }

    /// The first ending of a moment counts.
    private static func end(
        _ fate: inout RequestFate, _ ending: RequestFate.Ending, _ time: Interval,
        _ moment: FaultMoment
    ) {
        switch moment {
        case .before where fate.before == nil:
            fate.before = ending
            fate.delayBefore = fate.delayBefore + time
        case .after where fate.after == nil:
            fate.after = ending
            fate.delayAfter = fate.delayAfter + time
        case .before, .after: break
        }
    }

    /// Decides about a frame that is to leave.
    package mutating func frameLeaving(_ frame: FrameSight, now: Instant) -> FrameFate {
        var fate = FrameFate()
        for index in entries.indices where entries[index].spec.action.isOfFrames {
            let spec = entries[index].spec
            if spec.kind.isOfUserEvents, !frame.isUserEvent { continue }
            if frame.isReply, spec.action != .corrupt, spec.action != .truncate { continue }
            guard spec.target.matches(frame), strikes(index, now) else { continue }
            switch spec.action {
            case .lose: fate.isLost = true
            case .duplicate(let copies): fate.copies = max(fate.copies, copies)
            case .reorder: fate.isReordered = true
            case .hold(let time): fate.delay = fate.delay + time
            case .corrupt: fate.corruptAt = entries[index].random.next()
            case .truncate: fate.truncateAt = entries[index].random.next()
            case .delay, .answer, .disconnect, .fillThenCancel, .refuseSockets, .closeSockets,
                .skew, .operate:
                break
            }
        }
        return fate
    }

    /// Whether a new socket of an exchange at this path is refused.
    package mutating func socketOpening(exchange: String, path: String, now: Instant) -> Bool {
        var request = RequestSight(exchange: exchange, method: "GET", path: path)
        var isRefused = false
        for index in entries.indices where entries[index].spec.action == .refuseSockets {
            let target = entries[index].spec.target
            request.symbols = target.symbol.map { [$0] } ?? []
            if target.matches(request), strikes(index, now) { isRefused = true }
        }
        return isRefused
    }

    /// How far an exchange's clock is off.
    package func skew(of exchange: String, now: Instant) -> Interval {
        var sum = Interval.zero
        for entry in entries {
            guard case .skew(let skew) = entry.spec.action, !entry.isOver(now),
                entry.spec.target.exchange ?? exchange == exchange
            else { continue }
            sum = sum + skew
        }
        return sum
    }
}

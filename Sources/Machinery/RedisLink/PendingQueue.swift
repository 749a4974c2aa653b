import Reactor

/// A request whose reply has not come.
struct PendingRequest {
    enum Kind {
        /// Replies nobody waits for, so many in a row.
        case ignored(Int)
        case completion(@LoopActor (RedisOutcome) -> Void)
        /// A flat record, nil where there is none to be had.
        case record(@LoopActor (RedisRecord?) -> Void)
    }

    /// Where its bytes end in the stream of all bytes appended to the connection.
    let end: UInt64
    var kind: Kind
}

/// Requests in the order written; keeps its memory, drops answered ones in blocks.
struct PendingQueue {
    private var items: [PendingRequest] = []
    private var head = 0
    /// Replies still to come.
    private(set) var count = 0

    mutating func append(_ kind: PendingRequest.Kind, end: UInt64) {
        if case .ignored(let more) = kind {
            count += more
            if head < items.count, case .ignored(let known) = items[items.count - 1].kind {
                items[items.count - 1] = PendingRequest(end: end, kind: .ignored(known + more))
                return
            }
        } else {
            count += 1
        }
        items.append(PendingRequest(end: end, kind: kind))
    }

    /// Takes one expected reply off the front; nil when none is expected.
    mutating func popFirst() -> PendingRequest? {
        guard head < items.count else { return nil }
        count -= 1
        let first = items[head]
        if case .ignored(let known) = first.kind, known > 1 {
            items[head].kind = .ignored(known - 1)
            return first
        }
        // Not left behind: a closure here would keep its owner alive.
        items[head].kind = .ignored(0)
        head += 1
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 4_096 {
            items.removeFirst(head)
            head = 0
        }
        return first
    }

    mutating func removeAll() -> ArraySlice<PendingRequest> {
        let rest = items[head...]
        items = []
        head = 0
        count = 0
        return rest
    }
}

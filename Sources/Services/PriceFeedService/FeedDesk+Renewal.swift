import Chronology
import Quotes

/// Sockets are renewed before the venue cuts them, by two that overlap.
///
/// The younger subscribes everything the older carries. Once each stream has spoken on it, or the time
/// for that is over, it takes the streams, and the older is closed. What both say is taken once: it is
/// known by update id and time.
extension FeedDesk {
    mutating func renewDue(_ now: Instant, _ out: inout [FeedAction]) {
        for number in sockets.indices {
            if let takeover = sockets[number].takeover {
                continueTakeover(number, takeover, now, &out)
            } else if isRenewalDue(number, now) {
                beginRenewal(number, now, &out)
            }
        }
    }

    private func isRenewalDue(_ number: Int, _ now: Instant) -> Bool {
        let socket = sockets[number]
        guard let age = socket.age(now: now), age >= configuration.renewAfter else { return false }
        return socket.successor == nil && !socket.isRetiring && now >= socket.renewableAt
    }

    private mutating func beginRenewal(_ number: Int, _ now: Instant, _ out: inout [FeedAction]) {
        let kind = sockets[number].kind
        let heir = addSocket(kind)
        let carried = symbols.indices.filter {
            symbols[$0].streams[kind.position].socket == number
        }
        sockets[heir].takeover = FeedSocket.Takeover(from: number, missing: carried)
        sockets[number].successor = heir
        let detail = "socket \(number) by \(heir)"
        out.append(.note(FeedNote(.renewing, kind.label, detail)))
    }

    private mutating func continueTakeover(
        _ number: Int, _ takeover: FeedSocket.Takeover, _ now: Instant, _ out: inout [FeedAction]
    ) {
        guard sockets[number].isOpen, takeover.missing.isEmpty else { return }
        let isOver = takeover.since.map { now - $0 >= configuration.takeoverTime } ?? true
        guard takeover.silent.isEmpty || isOver else { return }
        endTakeover(number, now, &out)
        out.append(.note(FeedNote(.renewed, sockets[number].kind.label, "socket \(number)")))
        retire(takeover.from, &out)
    }

    /// The younger socket has the streams from now on.
    mutating func endTakeover(_ number: Int, _ now: Instant, _ out: inout [FeedAction]) {
        guard let takeover = sockets[number].takeover else { return }
        let place = sockets[number].kind.position
        let missing = Set(takeover.missing)
        for slot in symbols.indices
        where symbols[slot].streams[place].socket == takeover.from {
            let isSubscribed = takeover.since != nil && !missing.contains(slot)
            symbols[slot].streams[place].socket = number
            symbols[slot].streams[place].subscribedAt = isSubscribed ? takeover.since : nil
        }
        sockets[number].takeover = nil
        sockets[number].isDirty = true
        sockets[takeover.from].successor = nil
        tookOver = (sockets[number].kind, now)
    }

    /// A frame came on a socket that takes streams over.
    @inline(never)
    mutating func spokeOnSuccessor(_ number: Int, _ effect: FrameEffect) {
        switch effect {
        case .changed(let slot, _, _), .levels(let slot, _, _), .waiting(let slot, _),
            .duplicate(let slot):
            sockets[number].takeover?.silent.removeAll { $0 == slot }
        case .other, .refused: break
        }
    }

    /// Whether a stream comes over two sockets, or did a moment ago.
    func isBeingTakenOver(_ slot: Int, _ kind: FeedKind, _ now: Instant) -> Bool {
        if let tookOver, tookOver.kind == kind, now - tookOver.at < .seconds(5) { return true }
        guard let number = symbols[slot].streams[kind.position].socket else { return false }
        return sockets[number].successor != nil
    }
}

import Chronology
import Quotes
import Trading

/// Which stream is on which socket, and what is sent to bring it there.
extension FeedDesk {
    /// Brings sockets and their subscriptions in line with what is wanted, as far as the limits of
    /// attempts and control messages allow; the rest follows later.
    mutating func settleStreams(_ now: Instant, _ out: inout [FeedAction]) {
        keepIdleSockets()
        for kind in configuration.venue.kinds {
            releaseStreams(kind)
            assignStreams(kind, now)
        }
        retireIdle(now, &out)
        connectDue(now, &out)
        for number in sockets.indices where sockets[number].isDirty {
            synchronise(number, now, &out)
        }
        pingDue(now, &out)
    }

    /// Takes streams that nobody follows any more off their sockets.
    private mutating func releaseStreams(_ kind: FeedKind) {
        let place = kind.position
        for slot in symbols.indices
        where symbols[slot].streams[place].socket != nil && !isFollowed(slot, kind) {
            detach(slot, kind)
            symbols[slot].streams[place] = FeedStream()
        }
    }

    /// Takes a stream off its socket, and off the one that is taking it over.
    mutating func detach(_ slot: Int, _ kind: FeedKind) {
        let place = kind.position
        guard let number = symbols[slot].streams[place].socket else { return }
        let name = configuration.venue.stream(kind, symbols[slot].symbol)
        if symbols[slot].streams[place].subscribedAt != nil {
            sockets[number].departures.append(name)
            sockets[number].isDirty = true
        }
        if let heir = sockets[number].successor, var takeover = sockets[heir].takeover {
            takeover.missing.removeAll { $0 == slot }
            if takeover.silent.contains(slot) {
                takeover.silent.removeAll { $0 == slot }
                sockets[heir].departures.append(name)
                sockets[heir].isDirty = true
            }
            sockets[heir].takeover = takeover
        }
        symbols[slot].streams[place].socket = nil
        symbols[slot].streams[place].subscribedAt = nil
    }

    /// Gives each followed stream without a socket one with room.
    private mutating func assignStreams(_ kind: FeedKind, _ now: Instant) {
        let place = kind.position
        var loads: [Int]?
        for slot in symbols.indices
        where symbols[slot].streams[place].socket == nil && isFollowed(slot, kind) {
            var counted = loads ?? self.loads(kind)
            let number = roomiest(kind, counted) ?? addSocket(kind)
            while counted.count < sockets.count { counted.append(0) }
            counted[number] += 1
            loads = counted
            attach(slot, kind, number, now)
            symbols[slot].streams[place].followedAt = now
        }
    }

    mutating func attach(_ slot: Int, _ kind: FeedKind, _ number: Int, _ now: Instant) {
        symbols[slot].streams[kind.position].socket = number
        symbols[slot].streams[kind.position].subscribedAt = nil
        sockets[number].isDirty = true
        sockets[number].idleSince = nil
    }

    /// Streams by socket, those included that it takes over.
    func loads(_ kind: FeedKind) -> [Int] {
        var loads = [Int](repeating: 0, count: sockets.count)
        for symbol in symbols {
            guard let number = symbol.streams[kind.position].socket else { continue }
            loads[number] += 1
            if let heir = sockets[number].successor { loads[heir] += 1 }
        }
        return loads
    }

    /// A socket that takes further streams: an open one before others, the lowest number first.
    func roomiest(_ kind: FeedKind, _ loads: [Int], except avoided: Int? = nil) -> Int? {
        var found: Int?
        for number in sockets.indices {
            let socket = sockets[number]
            guard socket.isUsed, socket.kind == kind, !socket.isRetiring, socket.successor == nil,
                number != avoided, loads[number] < configuration.socketLimit
            else { continue }
            if socket.isOpen { return number }
            if found == nil { found = number }
        }
        return found
    }

    /// Sends what brings a socket's subscriptions in line; clears its mark once nothing is left.
    mutating func synchronise(_ number: Int, _ now: Instant, _ out: inout [FeedAction]) {
        guard sockets[number].isOpen else { return }
        let kind = sockets[number].kind
        let place = kind.position
        while !sockets[number].departures.isEmpty {
            let batch = Array(sockets[number].departures.prefix(FeedDesk.batch(configuration)))
            guard send(number, batch, isSubscribing: false, now, &out) else { return }
            sockets[number].departures.removeFirst(batch.count)
        }
        let missing = symbols.indices.filter {
            symbols[$0].streams[place].socket == number
                && symbols[$0].streams[place].subscribedAt == nil
        }
        for batch in batches(of: missing) {
            guard send(number, names(batch, kind), isSubscribing: true, now, &out) else { return }
            for slot in batch { symbols[slot].streams[place].subscribedAt = now }
        }
        while let batch = sockets[number].takeover?.missing.prefix(FeedDesk.batch(configuration)),
            !batch.isEmpty
        {
            let slots = Array(batch)
            guard send(number, names(slots, kind), isSubscribing: true, now, &out) else { return }
            sockets[number].takeover?.missing.removeFirst(slots.count)
            sockets[number].takeover?.silent += slots
            if sockets[number].takeover?.since == nil { sockets[number].takeover?.since = now }
        }
        sockets[number].isDirty = false
    }

    private static func batch(_ configuration: FeedConfiguration) -> Int {
        min(configuration.streamsPerMessage, configuration.venue.streamLimit)
    }

    private func names(_ slots: [Int], _ kind: FeedKind) -> [String] {
        slots.map { configuration.venue.stream(kind, symbols[$0].symbol) }
    }

    private func batches(of slots: [Int]) -> [[Int]] {
        let size = FeedDesk.batch(configuration)
        return stride(from: 0, to: slots.count, by: size).map {
            Array(slots[$0..<min($0 + size, slots.count)])
        }
    }

    /// False, and nothing sent, where the limit of control messages is reached.
    private mutating func send(
        _ number: Int, _ streams: [String], isSubscribing: Bool, _ now: Instant,
        _ out: inout [FeedAction]
    ) -> Bool {
        let venue = configuration.venue
        guard let id = sockets[number].admitControl(now: now, limit: venue.controlPerSecond) else {
            return false
        }
        let message =
            isSubscribing ? venue.subscribe(streams, id: id) : venue.unsubscribe(streams, id: id)
        out.append(.send(number, message))
        return true
    }

    /// Sends the pings that a venue wants besides those of the protocol.
    private mutating func pingDue(_ now: Instant, _ out: inout [FeedAction]) {
        guard let ping = configuration.venue.ping else { return }
        for number in sockets.indices
        where sockets[number].isOpen && now - sockets[number].pingedAt >= .seconds(20) {
            sockets[number].pingedAt = now
            out.append(.send(number, ping))
        }
    }
}

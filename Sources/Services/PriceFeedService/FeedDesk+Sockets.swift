package import Chronology
package import Quotes
import Throttles
import Trading
package import VenueProtocol

/// Connections.
extension FeedDesk {
    package mutating func socketOpened(
        _ number: Int, now: Instant, _ out: inout [FeedAction]
    ) {
        let kind = sockets[number].kind
        sockets[number].opened(now: now)
        heard[number] = now
        for slot in symbols.indices where symbols[slot].streams[kind.position].socket == number {
            symbols[slot].streams[kind.position].subscribedAt = nil
            symbols[slot].streams[kind.position].stepAt = now
            if let quoteKind = kind.quoteKind { symbols[slot].quote.connectionChanged(quoteKind) }
        }
        if kind == .depth { booksLost(on: number) }
        out.append(.note(FeedNote(.connected, kind.label, "socket \(number)")))
        synchronise(number, now, &out)
    }

    /// The venue may number what follows anew: ids and times may fall once.
    package mutating func sequenceRestarted(_ kind: QuoteKind) {
        for slot in symbols.indices { symbols[slot].quote.connectionChanged(kind) }
    }

    /// - Parameter reason: for the log.
    package mutating func socketClosed(
        _ number: Int, reason: String, now: Instant, _ out: inout [FeedAction]
    ) {
        let kind = sockets[number].kind
        for slot in symbols.indices where symbols[slot].streams[kind.position].socket == number {
            symbols[slot].streams[kind.position].subscribedAt = nil
        }
        if kind == .depth, sockets[number].successor == nil { booksLost(on: number) }
        if sockets[number].isRetiring {
            free(number)
            return
        }
        attempts.failed(now: now)
        out.append(.attemptFailed)
        sockets[number].closed(now: now, configuration, using: &random)
        out.append(.note(FeedNote(.disconnected, kind.label, "socket \(number): \(reason)")))
        if let heir = sockets[number].successor {
            endTakeover(heir, now, &out)
            free(number)
        } else if let takeover = sockets[number].takeover {
            // The older socket streams on; another successor is tried later.
            sockets[takeover.from].successor = nil
            sockets[takeover.from].renewableAt = now + .seconds(30)
            sockets[number].takeover = nil
            if !carriesStreams(number) { free(number) }
        }
    }

    /// An attempt was asked for that all processes together may not make yet.
    package mutating func attemptHeld(_ number: Int, until: Instant) {
        sockets[number].held(until: until)
    }

    /// Whether the attempt under way is the socket's first.
    package func isFirstAttempt(_ number: Int) -> Bool { sockets[number].isFirstAttempt }

    private mutating func free(_ number: Int) { sockets[number] = FeedSocket() }

    func carriesStreams(_ number: Int) -> Bool {
        let place = sockets[number].kind.position
        return symbols.contains { $0.streams[place].socket == number }
    }

    package mutating func controlReceived(
        _ number: Int, _ reply: ControlReply, _ out: inout [FeedAction]
    ) {
        guard let error = reply.error else { return }
        out.append(.note(FeedNote(.controlRefused, sockets[number].kind.label, "\(error)")))
    }

    /// A new socket of a kind, to be connected as soon as the host may be tried.
    mutating func addSocket(_ kind: FeedKind) -> Int {
        let socket = FeedSocket.fresh(kind)
        if let number = sockets.firstIndex(where: { !$0.isUsed }) {
            sockets[number] = socket
            return number
        }
        sockets.append(socket)
        heard.append(.distantPast)
        return sockets.count - 1
    }

    /// One socket of each kind stands open where the venue admits it, so that a new demand is
    /// streaming at once.
    mutating func keepIdleSockets() {
        guard configuration.venue.keepsIdleSockets else { return }
        for kind in configuration.venue.quoteKinds
        where !sockets.contains(where: { $0.isUsed && $0.kind == kind && !$0.isRetiring }) {
            _ = addSocket(kind)
        }
    }

    /// Makes the attempts that are due, within what the host may see.
    mutating func connectDue(_ now: Instant, _ out: inout [FeedAction]) {
        for number in sockets.indices {
            if sockets[number].isOverdue(now: now, limit: configuration.connectTime) {
                close(number, &out)
                continue
            }
            guard sockets[number].isDue(now: now) else { continue }
            if let next = attempts.attempt(now: now, isFirst: !sockets[number].isKnown) {
                sockets[number].postponed(until: next)
            } else {
                sockets[number].attemptBegun(now: now)
                out.append(.connect(number, sockets[number].kind))
            }
        }
    }

    /// Closes sockets that carry nothing and are not kept for what may come.
    mutating func retireIdle(_ now: Instant, _ out: inout [FeedAction]) {
        for number in sockets.indices where sockets[number].isUsed && !sockets[number].isRetiring {
            let isBusy =
                sockets[number].takeover != nil || sockets[number].successor != nil
                || carriesStreams(number) || isKept(number)
            if isBusy {
                sockets[number].idleSince = nil
            } else if let since = sockets[number].idleSince {
                if now - since >= .seconds(20) { retire(number, &out) }
            } else {
                sockets[number].idleSince = now
            }
        }
    }

    /// Whether a socket is the one of its kind that stands open for new demand.
    private func isKept(_ number: Int) -> Bool {
        let kind = sockets[number].kind
        guard configuration.venue.keepsIdleSockets,
            configuration.venue.quoteKinds.contains(kind)
        else { return false }
        return sockets.firstIndex { $0.isUsed && $0.kind == kind && !$0.isRetiring } == number
    }

    mutating func retire(_ number: Int, _ out: inout [FeedAction]) {
        if case .waiting = sockets[number].state { return free(number) }
        sockets[number].isRetiring = true
        close(number, &out)
    }

    /// Asks for a connection's end, once.
    mutating func close(_ number: Int, _ out: inout [FeedAction]) {
        guard !sockets[number].isClosing else { return }
        sockets[number].isClosing = true
        out.append(.close(number))
    }

    /// Whether a socket of the kind is open.
    package func isConnected(_ kind: FeedKind) -> Bool {
        sockets.contains { $0.kind == kind && $0.isOpen }
    }

    /// Sockets that are open.
    package func openCount(_ kind: FeedKind) -> Int {
        sockets.count { $0.kind == kind && $0.isOpen }
    }
}

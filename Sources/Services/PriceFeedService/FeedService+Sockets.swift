import Bytes
import Chronology
import Reactor
import Runtime
import VenueBudget
import VenueProtocol
import WebLink
import WebProtocol

/// Sockets and the frames that come on them.
extension FeedService {
    func connect(_ number: Int, _ kind: FeedKind) {
        guard !isStopping else { return }
        let link = link(number, kind)
        link.isAsking = true
        gate.attempt(isFirst: desk.isFirstAttempt(number)) { [weak self, weak link] pause in
            guard let self, let link, link.isAsking, !isStopping else { return }
            link.isAsking = false
            if let pause {
                decide { desk, now, _ in desk.attemptHeld(number, until: now + pause) }
            } else if let client = link.client {
                if client.isConnected { client.close() } else { client.connect() }
            }
        }
    }

    private func link(_ number: Int, _ kind: FeedKind) -> FeedSocketLink {
        if let known = sockets[number], known.kind == kind { return known }
        let link = FeedSocketLink(number, kind, service: self)
        socketSeed &+= 1
        link.client = WebSocketClient(
            loop: host.loop,
            url: host.environment.venueStreamURL + desk.configuration.venue.path(kind),
            seed: host.seed &+ socketSeed, handler: link)
        sockets[number] = link
        return link
    }

    func close(_ number: Int) {
        guard let link = sockets[number] else { return }
        guard link.isAsking else {
            link.client?.close()
            return
        }
        link.isAsking = false
        host.loop.soon { [weak self] in
            self?.decide { desk, now, actions in
                desk.socketClosed(number, reason: "given up", now: now, &actions)
            }
        }
    }

    func send(_ number: Int, _ message: [UInt8]) {
        guard let client = sockets[number]?.client else { return }
        // A socket that takes no control message is of no use.
        if !client.send(text: message.rawSpan) { client.close() }
    }

    /// The messages of one read, all of which came at one time.
    func framesReceived(_ number: Int, _ messages: WebSocketMessages) {
        let now = readAt(number)
        guard desk.supersedes(socket: number) else {
            for frame in 0..<messages.count {
                frameReceived(number, messages[frame], isText: messages.isText(frame), now)
            }
            return
        }
        var effects: ContiguousArray<BatchEffect> = []
        swap(&effects, &batchEffects)
        desk.framesReceived(socket: number, messages, now: now, &effects)
        for index in effects.indices {
            carryOut(effects[index].effect, number, messages[effects[index].frame], now)
        }
        if outputTimer?.isArmed == false { armOutput() }
        effects.removeAll(keepingCapacity: true)
        swap(&effects, &batchEffects)
    }

    func frameReceived(_ number: Int, _ bytes: RawSpan, isText: Bool) {
        frameReceived(number, bytes, isText: isText, readAt(number))
    }

    /// One look at the clock for all the messages of a read.
    private func readAt(_ number: Int) -> Instant {
        sockets[number]?.client?.readAt ?? host.loop.now
    }

    private func frameReceived(
        _ number: Int, _ bytes: RawSpan, isText: Bool, _ now: Instant
    ) {
        guard isText != desk.configuration.venue.isBinary else {
            return otherReceived(number, bytes, isText, now)
        }
        carryOut(desk.frameReceived(socket: number, bytes, now: now), number, bytes, now)
        if outputTimer?.isArmed == false { armOutput() }
    }

    @inline(__always)
    private func carryOut(
        _ effect: FrameEffect, _ number: Int, _ bytes: RawSpan, _ now: Instant
    ) {
        switch effect {
        case .changed(let slot, let isPublished, let isStored):
            if isPublished { publish(slot, now: now) }
            if isStored { store(slot, now: now) }
        case .levels(let slot, let isPublished, let isStored):
            levelsReceived(slot, publish: isPublished, store: isStored)
        case .waiting(_, let isNews):
            if isNews { decide { desk, now, actions in desk.booksDue(now: now, &actions) } }
        case .duplicate: return
        case .other: controlReceived(number, bytes)
        case .refused(let refusal): dropped(number, refusal, bytes, now)
        }
    }

    /// A text message on a socket of binary frames, or the other way round.
    private func otherReceived(
        _ number: Int, _ bytes: RawSpan, _ isText: Bool, _ now: Instant
    ) {
        if isText { return controlReceived(number, bytes) }
        guard case .refused(let refusal) = desk.unusableReceived(socket: number) else { return }
        dropped(number, refusal, bytes, now)
    }

    private func controlReceived(_ number: Int, _ bytes: RawSpan) {
        guard let reply = desk.configuration.venue.controlReply(bytes) else { return }
        decide { desk, _, actions in desk.controlReceived(number, reply, &actions) }
    }

    /// At most ten lines a minute, whatever the venue sends.
    private func dropped(
        _ number: Int, _ refusal: FeedRefusal, _ bytes: RawSpan, _ now: Instant
    ) {
        guard let held = dropLimit.admit(now: now) else { return }
        let start = String(bytes.extracting(first: min(bytes.byteCount, 160)))
        Log.warn(
            "frame dropped",
            ["socket": number, "reason": refusal.label, "more": held, "frame": start])
    }
}

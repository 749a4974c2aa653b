import Bytes
package import Reactor

/// The receiver of a channel's messages.
@LoopActor package protocol RedisMessageHandler: AnyObject {
    /// A message; the bytes are valid until the call returns.
    func messageReceived(channel: RawSpan, payload: RawSpan)

    /// The server confirmed the subscription (a channel's name, or the pattern): now, and again
    /// after each reconnect. Messages published before are lost: catch up from the truth.
    func subscriptionEstablished(channel: String)
}

/// Subscriptions to channels and patterns over one connection that is made again when it ends.
@LoopActor package final class RedisSubscriber {
    /// Called at each change of state; `.up` again after every reconnect.
    package var onState: (@LoopActor (RedisLinkState) -> Void)?

    private let loop: EventLoop
    private let limits: RedisLimits
    private var table = SubscriptionTable()
    private let connection: RedisConnection

    /// The parameters of `RedisClient`.
    package init(
        loop: EventLoop, endpoint: RedisEndpoint, name: String, limits: RedisLimits = .standard,
        jitterSeed: UInt64
    ) {
        self.loop = loop
        self.limits = limits
        connection = RedisConnection(
            loop: loop, endpoint: endpoint, name: name, limits: limits, jitterSeed: jitterSeed)
        connection.owner = self
    }

    isolated deinit { connection.close() }

    package var isUp: Bool { connection.isUp }

    /// Begins to connect, and keeps at it until `close`.
    package func start() { connection.start() }

    /// Ends the connection; subscriptions are kept for another `start`.
    package func close() { connection.close() }

    /// Gives the channel's messages to the handler, kept alive until `unsubscribe`; a channel may
    /// have several. False when `limits.subscriptions` is reached.
    @discardableResult
    package func subscribe(_ channel: String, _ handler: any RedisMessageHandler) -> Bool {
        add(channel, .channel, handler)
    }

    /// The same for all channels that match a glob pattern (PSUBSCRIBE).
    @discardableResult
    package func subscribe(pattern: String, _ handler: any RedisMessageHandler) -> Bool {
        add(pattern, .pattern, handler)
    }

    /// Drops all handlers of the channel.
    package func unsubscribe(_ channel: String) { drop(channel, .channel) }

    /// Drops one handler of the channel, and the channel where it was the last.
    package func unsubscribe(_ channel: String, _ handler: any RedisMessageHandler) {
        guard let entry = table.entry(channel, .channel) else { return }
        entry.handlers.removeAll { $0 === handler }
        if entry.handlers.isEmpty { drop(channel, .channel) }
    }

    /// Drops all handlers of the pattern.
    package func unsubscribe(pattern: String) { drop(pattern, .pattern) }

    private func add(
        _ name: String, _ kind: SubscriptionKind, _ handler: any RedisMessageHandler
    ) -> Bool {
        if let entry = table.entry(name, kind) {
            entry.handlers.append(handler)
            if entry.isEstablished {
                loop.soon { handler.subscriptionEstablished(channel: name) }
            }
            return true
        }
        guard table.count < limits.subscriptions else { return false }
        table.insert(name, kind).handlers.append(handler)
        if connection.isUp { command(kind == .channel ? "SUBSCRIBE" : "PSUBSCRIBE", [name]) }
        return true
    }

    private func drop(_ name: String, _ kind: SubscriptionKind) {
        guard table.remove(name, kind), connection.isUp else { return }
        command(kind == .channel ? "UNSUBSCRIBE" : "PUNSUBSCRIBE", [name])
    }

    private func command(_ verb: StaticString, _ names: [String]) {
        let isQueued = connection.append { writer in
            RESPWriter.command(names.count + 1, into: &writer)
            RESPWriter.argument(verb, into: &writer)
            for name in names { RESPWriter.argument(text: name, into: &writer) }
        }
        // A subscription that cannot be asked for would be silence taken for quiet.
        if !isQueued { connection.fail("output queue is full") }
    }
}

extension RedisSubscriber: RedisConnectionOwner {
    func attemptBegun() { onState?(.connecting) }

    func connectionOpened() {
        for (kind, verb) in [
            (SubscriptionKind.channel, "SUBSCRIBE" as StaticString),
            (.pattern, "PSUBSCRIBE"),
        ] {
            let names = table.names(kind)
            for start in stride(from: 0, to: names.count, by: 256) {
                command(verb, Array(names[start..<min(start + 256, names.count)]))
            }
        }
        onState?(.up)
    }

    func connectionClosed(reason: String) {
        table.connectionClosed()
        onState?(.down(reason: reason))
    }

    func pingDue() { command("PING", []) }

    func replyReceived(_ arena: ReplyArena) -> Bool {
        guard let first = arena.nodes.first else { return false }
        guard first.kind == .array else {
            // PONG when nothing is subscribed; an error to SUBSCRIBE (no permission) ends the link,
            // so that its reason is seen.
            if first.kind == .error {
                connection.fail("subscription refused: \(String(arena.text(0)))")
            }
            return true
        }
        if first.value == 3, arena.isText(1, "message") {
            deliver(table.entry(arena.text(2), .channel), arena.text(2), arena.text(3))
        } else if first.value == 4, arena.isText(1, "pmessage") {
            deliver(table.entry(arena.text(2), .pattern), arena.text(3), arena.text(4))
        } else if first.value == 3, arena.isText(1, "subscribe") {
            established(table.entry(arena.text(2), .channel))
        } else if first.value == 3, arena.isText(1, "psubscribe") {
            established(table.entry(arena.text(2), .pattern))
        } else {
            return arena.isText(1, "pong") || arena.isText(1, "unsubscribe")
                || arena.isText(1, "punsubscribe")
        }
        return true
    }

    private func deliver(_ entry: Subscription?, _ channel: RawSpan, _ payload: RawSpan) {
        guard let entry else { return }
        var index = 0
        while index < entry.handlers.count {
            entry.handlers[index].messageReceived(channel: channel, payload: payload)
            index += 1
        }
    }

    private func established(_ entry: Subscription?) {
        guard let entry else { return }
        entry.isEstablished = true
        for handler in entry.handlers { handler.subscriptionEstablished(channel: entry.name) }
    }
}

import Bytes
package import Chronology
package import Reactor

/// Commands to one Redis server over one pipelined connection that is made again when it ends.
///
/// Pub/sub goes through `RedisSubscriber`. Completions run on the loop, never inside the call.
@LoopActor package final class RedisClient {
    /// Called at each change of state; `.up` again after every reconnect.
    package var onState: (@LoopActor (RedisLinkState) -> Void)?
    /// Called with the text of every error reply, before whoever asked learns of it.
    package var onError: (@LoopActor (String) -> Void)?
    /// Error replies to `publish` and `write`, whose replies nobody waits for, since the start.
    package private(set) var ignoredErrors: UInt64 = 0
    /// The latest of those.
    package private(set) var latestIgnoredError: String?

    private let loop: EventLoop
    let limits: RedisLimits
    private var records = RecordReader()
    private var pending = PendingQueue()
    private var scripts: [RedisScript] = []
    private let connection: RedisConnection

    /// - Parameters:
    ///   - name: shown by CLIENT LIST.
    ///   - jitterSeed: spreads reconnects; different for every process.
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

    isolated deinit {
        connection.close()
        settle("closed")
    }

    /// Whether requests are taken now.
    package var isUp: Bool { connection.isUp }

    /// When the server was last heard of, or a connection to it begun.
    package var heardAt: Instant { connection.lastReceived }

    /// Requests written or queued and not answered.
    package var pendingCount: Int { pending.count }

    /// Begins to connect, and keeps at it until `close`.
    package func start() { connection.start() }

    /// Ends the connection; what is unanswered ends as unknown or refused. May be started again.
    package func close() { connection.close() }

    // MARK: Requests with a reply

    /// Sends one command, its name first.
    package func send(
        _ arguments: [String], _ completion: @escaping @LoopActor (RedisOutcome) -> Void
    ) {
        guard !arguments.isEmpty else {
            return refuse(RedisLinkError(.malformed, "a command without a name"), completion)
        }
        request(completion) { writer in
            RESPWriter.command(arguments.count, into: &writer)
            for argument in arguments { RESPWriter.argument(text: argument, into: &writer) }
        }
    }

    package func send(_ arguments: [String]) async -> RedisOutcome {
        await withCheckedContinuation { continuation in
            send(arguments) { continuation.resume(returning: $0) }
        }
    }

    /// Sends one encoded command whose reply matters; see `RESPWriter`.
    package func send(
        encoded command: RawSpan, _ completion: @escaping @LoopActor (RedisOutcome) -> Void
    ) {
        guard RESPWriter.commandCount(command) == 1 else {
            return refuse(RedisLinkError(.malformed, "not exactly one RESP command"), completion)
        }
        guard let error = refusal(replies: 1) else {
            guard connection.append({ $0.append(command) }) else {
                return refuse(Self.outputFull, completion)
            }
            return pending.append(.completion(completion), end: connection.appendedBytes)
        }
        refuse(error, completion)
    }

    /// Runs a script by its SHA; the server is given the source when it does not know it.
    package func evaluate(
        _ script: RedisScript, keys: [String], arguments: [String],
        _ completion: @escaping @LoopActor (RedisOutcome) -> Void
    ) {
        remember(script)
        let known: @LoopActor (RedisOutcome) -> Void = { [weak self] outcome in
            guard case .reply(.error(let text)) = outcome, text.hasPrefix("NOSCRIPT"), let self
            else { return completion(outcome) }
            // Known not to have run, so it is sent again, with the source.
            request(completion) {
                RESPWriter.script("EVAL", script.source, keys, arguments, into: &$0)
            }
        }
        request(known) { RESPWriter.script("EVALSHA", script.sha, keys, arguments, into: &$0) }
    }

    package func evaluate(
        _ script: RedisScript, keys: [String], arguments: [String]
    ) async -> RedisOutcome {
        await withCheckedContinuation { continuation in
            evaluate(script, keys: keys, arguments: arguments) {
                continuation.resume(returning: $0)
            }
        }
    }

    /// Reads a hash (`HGETALL`); the completion is called once, with nil where Redis did not answer
    /// with one. Many hashes of one form cost much less so than by `send`.
    package func readHash(_ key: String, _ completion: @escaping @LoopActor (RedisRecord?) -> Void) {
        guard refusal(replies: 1) == nil,
            connection.append({ writer in
                RESPWriter.command(2, into: &writer)
                RESPWriter.argument("HGETALL", into: &writer)
                RESPWriter.argument(text: key, into: &writer)
            })
        else { return loop.soon { completion(nil) } }
        pending.append(.record(completion), end: connection.appendedBytes)
    }

    // MARK: Without a reply and without allocation

    /// Publishes; false when refused (down or full). Its reply is ignored, an error counted.
    package func publish(_ channel: RawSpan, _ payload: RawSpan) -> Bool {
        guard refusal(replies: 1) == nil else { return false }
        let isQueued = connection.append { RESPWriter.publish(channel, payload, into: &$0) }
        if isQueued { pending.append(.ignored(1), end: connection.appendedBytes) }
        return isQueued
    }

    /// Writes encoded commands (`RESPWriter`); false when refused (down, full or not whole
    /// commands). Their replies are ignored, errors counted.
    package func write(_ commands: RawSpan) -> Bool {
        guard let count = RESPWriter.commandCount(commands), count > 0,
            refusal(replies: count) == nil, connection.append({ $0.append(commands) })
        else { return false }
        pending.append(.ignored(count), end: connection.appendedBytes)
        return true
    }

    /// Writes what is queued now instead of at the end of the event; true where all of it is on its way.
    package func flush() -> Bool {
        guard connection.isUp else { return false }
        if !connection.isWritten { connection.flush() }
        return connection.isUp && connection.isWritten
    }

    // MARK: Inside

    private static let outputFull = RedisLinkError(.full, "redis output queue is full")

    private func request(
        _ completion: @escaping @LoopActor (RedisOutcome) -> Void,
        _ body: (inout ByteWriter) -> Void
    ) {
        if let error = refusal(replies: 1) { return refuse(error, completion) }
        guard connection.append(body) else { return refuse(Self.outputFull, completion) }
        pending.append(.completion(completion), end: connection.appendedBytes)
    }

    private func refusal(replies: Int) -> RedisLinkError? {
        guard connection.isUp else { return RedisLinkError(.down, "redis is not connected") }
        guard pending.count + replies <= limits.pendingRequests else {
            return RedisLinkError(.full, "too many redis requests in flight")
        }
        return nil
    }

    private func refuse(
        _ error: RedisLinkError, _ completion: @escaping @LoopActor (RedisOutcome) -> Void
    ) {
        loop.soon { completion(.refused(error)) }
    }

    private func remember(_ script: RedisScript) {
        guard !scripts.contains(where: { $0.sha == script.sha }) else { return }
        scripts.append(script)
    }
}

extension RedisClient: RedisConnectionOwner {
    func attemptBegun() { onState?(.connecting) }

    func connectionOpened() {
        // A restarted server has forgotten its scripts: given again before anyone needs them.
        for script in scripts {
            let isQueued = connection.append { writer in
                RESPWriter.command(3, into: &writer)
                RESPWriter.argument("SCRIPT", into: &writer)
                RESPWriter.argument("LOAD", into: &writer)
                RESPWriter.argument(text: script.source, into: &writer)
            }
            if isQueued { pending.append(.ignored(1), end: connection.appendedBytes) }
        }
        onState?(.up)
    }

    func connectionClosed(reason: String) {
        settle(reason)
        onState?(.down(reason: reason))
    }

    private func settle(_ reason: String) {
        let sent = connection.sentBytes
        for request in pending.removeAll() {
            switch request.kind {
            case .ignored: break
            case .record(let completion): loop.soon { completion(nil) }
            case .completion(let completion):
                let error = RedisLinkError(.lost, "redis connection lost: \(reason)")
                let outcome = request.end <= sent ? RedisOutcome.unknown(error) : .refused(error)
                loop.soon { completion(outcome) }
            }
        }
    }

    func replyReceived(_ arena: ReplyArena) -> Bool {
        guard let request = pending.popFirst() else { return false }
        if let onError, arena.nodes.first?.kind == .error { onError(String(arena.text(0))) }
        switch request.kind {
        case .completion(let completion):
            completion(.reply(arena.value()))
        case .record(let completion): completion(records.read(arena))
        case .ignored:
            if arena.nodes[0].kind == .error {
                ignoredErrors += 1
                latestIgnoredError = String(arena.text(0))
            }
        }
        return true
    }

    func pingDue() {
        let isQueued = connection.append { writer in
            RESPWriter.command(1, into: &writer)
            RESPWriter.argument("PING", into: &writer)
        }
        if isQueued { pending.append(.ignored(1), end: connection.appendedBytes) }
    }
}

package import Bytes

// StreamBoard: which socket gets what. Connections are numbers, and sends are values.
// 1. A connection gets exactly the streams it asked for that its place carries, each event once.
// 2. Every command is answered with its own id, as it was written.
// 3. An event's bytes are written once a form and shared by all who get them.
// 4. What a connection is sent, it is sent in the order of the calls.

/// What a stream socket may ask for.
package struct StreamLimits: Sendable {
    /// Streams a connection (exchange-facts B2).
    package var streams = 1_024
    /// Messages of a client a second: 10 on futures, 5 on spot.
    package var messagesPerSecond = 10
    /// Bytes of a stream's name.
    package var nameBytes = 256

    package init() {}
}

/// The stream sockets of one exchange and their subscriptions, by what a name stands for.
package struct StreamBoard<Key: Hashable & Sendable>: ~Copyable {
    /// The stream a name stands for on a connection; nil for names that carry nothing there.
    package typealias Resolve = @Sendable (_ name: String, _ root: String?) -> Key?

    /// Who gets one form of a stream: raw, or wrapped under the name it was asked for by.
    private struct Audience: Sendable {
        /// Nil for the raw form.
        let wrapping: String?
        var ids: [Int]
    }

    package let limits: StreamLimits
    private let roots: [String]
    private let resolve: Resolve
    internal var connections: [Int: StreamConnection] = [:]
    private var audiences: [Key: [Audience]] = [:]
    /// Grows whenever a stream gains its first listener or loses its last one.
    package private(set) var revision = 0
    private var scratch = JSONWriter(capacity: 1_024)

    /// - Parameter roots: first parts of paths that stand before `/ws` and `/stream`.
    package init(
        roots: [String], limits: StreamLimits = StreamLimits(), resolve: @escaping Resolve
    ) {
        self.roots = roots
        self.limits = limits
        self.resolve = resolve
    }

    package var count: Int { connections.count }

    /// The keys that somebody listens to, in no order.
    package var keys: some Sequence<Key> { audiences.keys }

    /// Whether anybody gets this stream.
    package func hasAudience(_ key: Key) -> Bool { audiences[key] != nil }

    // MARK: connections

    /// Takes a connection that was upgraded at this target; false where nothing is served there.
    package mutating func opened(_ id: Int, path: String, query: [UInt8]) -> Bool {
        guard
            let connection = StreamConnection(id: id, path: path, query: query, roots: roots),
            connection.names.count <= limits.streams
        else { return false }
        connections[id] = connection
        for name in connection.names { index(name, connection) }
        return true
    }

    package mutating func closed(_ id: Int) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        for name in connection.names { unindex(name, connection) }
    }

    /// Adds or takes away a stream of a connection.
    package mutating func change(_ id: Int, _ name: String, isWanted: Bool) {
        guard var connection = connections[id], connection.holds(name) != isWanted else { return }
        if isWanted {
            connection.subscribe(name)
            index(name, connection)
        } else {
            connection.unsubscribe(name)
            unindex(name, connection)
        }
        connections[id] = connection
    }

    internal mutating func setCombined(_ id: Int, _ isCombined: Bool) {
        guard var connection = connections[id], connection.isCombined != isCombined else { return }
        for name in connection.names { unindex(name, connection) }
        connection.isCombined = isCombined
        connections[id] = connection
        for name in connection.names { index(name, connection) }
    }

    private mutating func index(_ name: String, _ connection: StreamConnection) {
        guard let key = resolve(name, connection.root) else { return }
        let wrapping = connection.isCombined ? name : nil
        if let place = audiences[key]?.firstIndex(where: { $0.wrapping == wrapping }) {
            audiences[key]?[place].ids.append(connection.id)
        } else {
            if audiences[key] == nil { revision += 1 }
            audiences[key, default: []].append(Audience(wrapping: wrapping, ids: [connection.id]))
        }
    }

    private mutating func unindex(_ name: String, _ connection: StreamConnection) {
        guard let key = resolve(name, connection.root), var found = audiences[key] else { return }
        let wrapping = connection.isCombined ? name : nil
        guard let place = found.firstIndex(where: { $0.wrapping == wrapping }),
            let member = found[place].ids.firstIndex(of: connection.id)
        else { return }
        audiences[key] = nil
        found[place].ids.remove(at: member)
        if found[place].ids.isEmpty { found.remove(at: place) }
        if found.isEmpty { revision += 1 } else { audiences[key] = found }
    }

    // MARK: events

    /// Sends an event to all who asked for it; `write` is called at most once.
    package mutating func publish(
        _ key: Key, _ actions: inout [SocketAction], _ write: (inout JSONWriter) -> Void
    ) {
        guard let found = audiences[key] else { return }
        scratch.removeAll()
        write(&scratch)
        let raw = scratch.bytes
        for audience in found {
            let bytes = audience.wrapping.map { wrapped(raw, as: $0) } ?? raw
            actions.append(.broadcast(audience.ids, bytes, isText: true))
        }
    }

    /// Sends bytes that are no JSON to all who asked for them.
    package func publish(_ key: Key, binary bytes: [UInt8], _ actions: inout [SocketAction]) {
        for audience in audiences[key] ?? [] {
            actions.append(.broadcast(audience.ids, bytes, isText: false))
        }
    }

    /// Sends an account's event to each who asked for it and wants it, one by one.
    package mutating func publish(
        _ key: Key, _ event: [UInt8], to isWanted: (StreamConnection) -> Bool,
        _ actions: inout [SocketAction]
    ) {
        for audience in audiences[key] ?? [] {
            let bytes = audience.wrapping.map { wrapped(event, as: $0) } ?? event
            for id in audience.ids {
                guard let connection = connections[id], isWanted(connection) else { continue }
                actions.append(.send(id, bytes))
            }
        }
    }

    private mutating func wrapped(_ raw: [UInt8], as name: String) -> [UInt8] {
        scratch.removeAll()
        scratch.beginObject()
        scratch.field("stream", name)
        scratch.key("data")
        scratch.value(json: raw.rawSpan)
        scratch.endObject()
        return scratch.bytes
    }
}

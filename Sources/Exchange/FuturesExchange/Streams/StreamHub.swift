internal import Bytes
package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

// StreamHub: which socket gets what. It sees no sockets: connections are numbers, sends are values.
// 1. A connection gets exactly the streams it asked for that its route carries, each event once a name.
// 2. Every command is answered with its own id, as it was written.
// 3. User events reach a private connection in the order in which they happened.

/// The sockets of the exchange and their subscriptions.
package struct StreamHub: ~Copyable {
    /// Streams a connection (exchange-facts B2).
    private static let streamLimit = 1_024
    /// Incoming messages a second.
    private static let messageLimit = 10

    private struct Subscriber {
        let connection: Int
        let name: String
        let isCombined: Bool
    }

    private var connections: [Int: StreamConnection] = [:]
    private var subscribers: [StreamKey: [Subscriber]] = [:]
    /// Private connections in the order they were opened.
    private var privateIDs: [Int] = []
    private var markets: [String: Int] = [:]
    private var scratch = JSONWriter(capacity: 1_024)

    package init(_ desk: FuturesDesk) {
        for (number, market) in desk.markets.enumerated() {
            markets[market.symbol.name.lowercased()] = number
        }
    }

    package var count: Int { connections.count }

    /// Takes a connection that was upgraded at this target; false where nothing is served there.
    package mutating func opened(_ id: Int, path: String, query: [UInt8]) -> Bool {
        guard let connection = StreamConnection(id: id, path: path, query: query),
            connection.names.count <= StreamHub.streamLimit
        else { return false }
        connections[id] = connection
        if connection.route == .privateData { privateIDs.append(id) }
        for name in connection.names { index(name, connection) }
        return true
    }

    package mutating func closed(_ id: Int) {
        guard let connection = connections.removeValue(forKey: id) else { return }
        for name in connection.names { unindex(name, connection) }
        privateIDs.removeAll { $0 == id }
    }

    private mutating func index(_ name: String, _ connection: StreamConnection) {
        guard let key = StreamKey(name, route: connection.route, markets: markets) else { return }
        let subscriber = Subscriber(
            connection: connection.id, name: name, isCombined: connection.isCombined)
        subscribers[key, default: []].append(subscriber)
    }

    private mutating func unindex(_ name: String, _ connection: StreamConnection) {
        guard let key = StreamKey(name, route: connection.route, markets: markets) else { return }
        subscribers[key]?.removeAll { $0.connection == connection.id && $0.name == name }
    }

    // MARK: commands

    /// Answers one message of a client.
    package mutating func received(
        _ id: Int, _ message: RawSpan, now: Instant, _ out: inout [SocketAction]
    ) {
        guard var connection = connections[id] else { return }
        let isWithinRate = connection.countMessage(now, limit: StreamHub.messageLimit)
        connections[id] = connection
        guard isWithinRate else {
            out.append(.close(id, code: 1008, reason: "too many requests"))
            return
        }
        let command: StreamCommand
        do throws(JSONError) {
            command = try StreamCommand(message)
        } catch {
            out.append(.send(id, failure(3, "Invalid JSON: \(error.description)", nil)))
            return
        }
        out.append(.send(id, carryOut(command, id)))
        if let count = connections[id]?.names.count, count > StreamHub.streamLimit {
            out.append(.close(id, code: 1008, reason: "too many streams"))
        }
    }

    private mutating func carryOut(_ command: StreamCommand, _ id: Int) -> [UInt8] {
        let names = command.params.compactMap(\.text)
        switch command.method {
        case "SUBSCRIBE", "UNSUBSCRIBE":
            guard names.count == command.params.count else {
                return failure(2, "Invalid request: stream names must be strings", command.id)
            }
            for name in names { change(id, name, isWanted: command.method == "SUBSCRIBE") }
            return success(command.id) { $0.null() }
        case "LIST_SUBSCRIPTIONS":
            let all = connections[id]?.names ?? []
            return success(command.id) { out in
                out.beginArray()
                for name in all { out.value(name) }
                out.endArray()
            }
        case "SET_PROPERTY", "GET_PROPERTY": return property(command, id)
        case nil: return failure(2, "Invalid request: missing field `method`", command.id)
        case let other?:
            return failure(
                2,
                "Invalid request: unknown variant `\(other)`, expected one of `SUBSCRIBE`, "
                    + "`UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`",
                command.id)
        }
    }

    private mutating func change(_ id: Int, _ name: String, isWanted: Bool) {
        guard var connection = connections[id], connection.names.contains(name) != isWanted else {
            return
        }
        if isWanted {
            connection.subscribe(name)
            index(name, connection)
        } else {
            connection.unsubscribe(name)
            unindex(name, connection)
        }
        connections[id] = connection
    }

    private mutating func property(_ command: StreamCommand, _ id: Int) -> [UInt8] {
        guard command.params.first?.text == "combined" else {
            return failure(0, "Unknown property", command.id)
        }
        if command.method == "GET_PROPERTY" {
            let isCombined = connections[id]?.isCombined ?? false
            return success(command.id) { $0.value(isCombined) }
        }
        guard case .boolean(let isCombined)? = command.params.dropFirst().first else {
            return failure(1, "Invalid value type: expected Boolean", command.id)
        }
        if var connection = connections[id], connection.isCombined != isCombined {
            for name in connection.names { unindex(name, connection) }
            connection.isCombined = isCombined
            connections[id] = connection
            for name in connection.names { index(name, connection) }
        }
        return success(command.id) { $0.null() }
    }

    private func success(_ id: [UInt8], _ result: (inout JSONWriter) -> Void) -> [UInt8] {
        var out = JSONWriter(capacity: 64)
        out.beginObject()
        out.key("result")
        result(&out)
        out.key("id")
        out.value(json: id.rawSpan)
        out.endObject()
        return out.bytes
    }

    private func failure(_ code: Int64, _ message: String, _ id: [UInt8]?) -> [UInt8] {
        var out = JSONWriter(capacity: 64)
        out.beginObject()
        out.field("code", code)
        out.field("msg", message)
        if let id {
            out.key("id")
            out.value(json: id.rawSpan)
        }
        out.endObject()
        return out.bytes
    }

    // MARK: events

    /// Sends an event to whoever asked for it.
    package mutating func publish(
        _ event: FuturesEvent, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        switch event {
        case .user(let event): publish(event, desk, &out)
        case .market(let event): publish(event, desk, &out)
        }
    }

    private mutating func publish(
        _ event: MarketEvent, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        switch event {
        case .bookTicker(let ticker):
            for market in [ticker.market, -1] {
                send(StreamKey(.bookTicker, market), &out) { desk.write(ticker, &$0) }
            }
        case .trade(let trade):
            send(StreamKey(.aggregateTrade, trade.market), &out) { desk.write(trade, &$0) }
        case .mark(let update): publish(update, desk, &out)
        case .depth(let update):
            let cadence = update.cadence
            send(StreamKey(.depth(cadence), update.market), &out) {
                desk.write(update, best: nil, &$0)
            }
            for levels in [5, 10, 20] {
                send(StreamKey(.partialDepth(levels, cadence), update.market), &out) {
                    desk.write(update, best: levels, &$0)
                }
            }
        }
    }

    private mutating func publish(
        _ update: MarkUpdate, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        for everySecond in [true, false] where everySecond || update.isThird {
            let kind = StreamKey.Kind.markPrice(everySecond: everySecond)
            send(StreamKey(kind, update.market), &out) { desk.write(update, &$0) }
            // All symbols speak in the same instant: the last one sends the array of all.
            guard update.market == desk.markets.count - 1 else { continue }
            send(StreamKey(kind, -1), &out) { writer in
                writer.beginArray()
                for number in desk.markets.indices {
                    desk.write(
                        desk.floor.markUpdate(
                            number, isThird: false, wall: update.timeMilliseconds), &writer)
                }
                writer.endArray()
            }
        }
    }

    private mutating func send(
        _ key: StreamKey, _ out: inout [SocketAction], _ write: (inout JSONWriter) -> Void
    ) {
        guard let found = subscribers[key], !found.isEmpty else { return }
        scratch.removeAll()
        write(&scratch)
        let raw = scratch.bytes
        for subscriber in found {
            let bytes = subscriber.isCombined ? combined(subscriber.name, raw) : raw
            out.append(.send(subscriber.connection, bytes))
        }
    }

    private mutating func combined(_ name: String, _ raw: [UInt8]) -> [UInt8] {
        scratch.removeAll()
        scratch.beginObject()
        scratch.field("stream", name)
        scratch.key("data")
        scratch.value(json: raw.rawSpan)
        scratch.endObject()
        return scratch.bytes
    }

    private mutating func publish(
        _ event: UserEvent, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        if privateIDs.isEmpty { return }
        let raw = desk.json(of: event)
        for id in privateIDs {
            guard let connection = connections[id] else { continue }
            for name in connection.names
            where isAddressed(event, name, desk) && connection.wants(event.type, of: name) {
                out.append(.send(id, connection.isCombined ? combined(name, raw) : raw))
            }
        }
    }

    private func isAddressed(_ event: UserEvent, _ name: String, _ desk: FuturesDesk) -> Bool {
        if case .listenKeyExpired(let listenKey, _) = event { return listenKey == name }
        return desk.listenKeys.isAlive(name)
    }
}

extension UserEvent {
    /// The event's `e`.
    internal var type: String {
        switch self {
        case .tradeLite: "TRADE_LITE"
        case .orderUpdate: "ORDER_TRADE_UPDATE"
        case .accountUpdate: "ACCOUNT_UPDATE"
        case .leverageChanged, .multiAssetsChanged: "ACCOUNT_CONFIG_UPDATE"
        case .marginCall: "MARGIN_CALL"
        case .algoUpdate: "ALGO_UPDATE"
        case .triggerRejected: "CONDITIONAL_ORDER_TRIGGER_REJECT"
        case .listenKeyExpired: "listenKeyExpired"
        }
    }
}

internal import Bytes
package import Chronology

extension StreamBoard where Key: Hashable & Sendable {
    /// Answers one message of a client; too many of them, or of streams, end the connection.
    package mutating func received(
        _ id: Int, _ message: RawSpan, now: Instant, _ actions: inout [SocketAction]
    ) {
        guard connections[id]?.countMessage(now, limit: limits.messagesPerSecond) ?? true else {
            actions.append(.close(id, code: 1008, reason: "too many requests"))
            return
        }
        guard connections[id] != nil else { return }
        let command: StreamCommand
        do throws(JSONError) {
            command = try StreamCommand(message)
        } catch {
            let text = "Invalid JSON: \(error.description)"
            actions.append(.send(id, StreamCommand.failure(3, text)))
            return
        }
        actions.append(.send(id, carryOut(command, id)))
        if let count = connections[id]?.names.count, count > limits.streams {
            actions.append(.close(id, code: 1008, reason: "too many streams"))
        }
    }

    private mutating func carryOut(_ command: StreamCommand, _ id: Int) -> [UInt8] {
        func refuse(_ why: String) -> [UInt8] {
            StreamCommand.failure(2, "Invalid request: " + why, id: command.id)
        }
        guard command.id.isFit else {
            return refuse("request ID must be a number, a short string or null")
        }
        switch command.method {
        case "SUBSCRIBE", "UNSUBSCRIBE":
            guard let params = command.params else { return refuse("params must be an array") }
            let names = params.compactMap(\.text)
            guard names.count == params.count else { return refuse("stream names must be strings") }
            guard names.allSatisfy({ $0.utf8.count <= limits.nameBytes }) else {
                return refuse("a stream name is too long")
            }
            for name in names { change(id, name, isWanted: command.method == "SUBSCRIBE") }
            return command.success { $0.null() }
        case "LIST_SUBSCRIPTIONS":
            let all = connections[id]?.names ?? []
            return command.success { out in
                out.beginArray()
                for name in all { out.value(name) }
                out.endArray()
            }
        case "SET_PROPERTY", "GET_PROPERTY": return property(command, id)
        case nil: return refuse("missing field `method`")
        case let other?:
            return refuse(
                "unknown variant `\(other)`, expected one of `SUBSCRIBE`, "
                    + "`UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`")
        }
    }

    private mutating func property(_ command: StreamCommand, _ id: Int) -> [UInt8] {
        guard command.params?.first?.text == "combined" else {
            return StreamCommand.failure(0, "Unknown property", id: command.id)
        }
        if command.method == "GET_PROPERTY" {
            let isCombined = connections[id]?.isCombined ?? false
            return command.success { $0.value(isCombined) }
        }
        guard case .boolean(let isCombined)? = command.params?.dropFirst().first else {
            return StreamCommand.failure(
                1, "Invalid value type: expected Boolean", id: command.id)
        }
        setCombined(id, isCombined)
        return command.success { $0.null() }
    }
}

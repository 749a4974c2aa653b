internal import Bytes
internal import Chronology
internal import ExchangeDoor

// MEXCSockets: who gets which of MEXC's channels. It sees no sockets: connections are numbers.
// 1. A connection gets the channels it was told it has, at most thirty.
// 2. Without a channel for thirty seconds, or without traffic for sixty, a connection ends.

/// One open stream socket.
internal struct MEXCSocket: Sendable {
    let listenKey: String?
    /// Channel names in the order they were asked for.
    var names: [String] = []
    var emptySince: Instant
    var heardAt: Instant
    var meter = MessageMeter()
}

/// The stream sockets of the MEXC exchange and their channels.
internal struct MEXCSockets: ~Copyable {
    private static let channelLimit = 30
    private static let messagesPerSecond = 100
    private static let socketsPerKey = 5
    private static let emptyLimit = Interval.seconds(30)
    private static let silentLimit = Interval.seconds(60)

    /// Who gets a channel under one spelling of its name.
    struct Audience: Sendable {
        let name: String
        var ids: [Int]
    }

    private let markets: [String: Int]
    private var sockets: [Int: MEXCSocket] = [:]
    private var audiences: [MEXCChannel: [Audience]] = [:]
    /// The instant of the latest step: sockets are opened between steps.
    var now = Instant.distantPast

    init(_ markets: [String: Int]) { self.markets = markets }

    var isEmpty: Bool { sockets.isEmpty }

    func audience(of channel: MEXCChannel) -> [Audience] { audiences[channel] ?? [] }

    func listenKey(of id: Int) -> String? { sockets[id]?.listenKey }

    /// Takes a connection; false where its listen key has as many as it may.
    mutating func opened(_ id: Int, listenKey: String?) -> Bool {
        if let listenKey {
            let count = sockets.values.count { $0.listenKey == listenKey }
            guard count < MEXCSockets.socketsPerKey else { return false }
        }
        sockets[id] = MEXCSocket(listenKey: listenKey, emptySince: now, heardAt: now)
        return true
    }

    mutating func closed(_ id: Int) {
        guard let socket = sockets.removeValue(forKey: id) else { return }
        for name in socket.names { leave(id, name) }
    }

    /// Counts what is sent as traffic.
    mutating func sent(_ id: Int) { sockets[id]?.heardAt = now }

    // MARK: commands

    mutating func received(
        _ id: Int, _ message: RawSpan, now: Instant, _ actions: inout [SocketAction]
    ) {
        guard sockets[id] != nil else { return }
        self.now = max(self.now, now)
        sockets[id]?.heardAt = now
        guard sockets[id]?.meter.count(now, limit: MEXCSockets.messagesPerSecond) == true else {
            actions.append(.close(id, code: 1008, reason: "too many requests"))
            return
        }
        let command: StreamCommand
        do throws(JSONError) {
            command = try StreamCommand(message)
        } catch {
            actions.append(.send(id, MEXCSockets.say("msg format invalid")))
            return
        }
        let names = (command.params ?? []).compactMap(\.text)
        switch command.method {
        // ccxt writes it small.
        case "PING", "ping": actions.append(.send(id, MEXCSockets.say("PONG")))
        case "SUBSCRIPTION": actions.append(.send(id, MEXCSockets.say(subscribe(id, names))))
        case "UNSUBSCRIPTION":
            for name in names { unsubscribe(id, name) }
            if sockets[id]?.names.isEmpty == true { sockets[id]?.emptySince = now }
            actions.append(.send(id, MEXCSockets.say(names.joined(separator: ","))))
        case _: actions.append(.send(id, MEXCSockets.say("msg format invalid")))
        }
    }

    /// Subscribes to channels and says to which ones.
    private mutating func subscribe(_ id: Int, _ names: [String]) -> String {
        var taken: [String] = []
        var refused: [String] = []
        for name in names {
            guard let socket = sockets[id], let channel = MEXCChannel(name, markets: markets),
                !channel.isPrivate || socket.listenKey != nil,
                socket.names.contains(name) || socket.names.count < MEXCSockets.channelLimit
            else {
                refused.append(name)
                continue
            }
            taken.append(name)
            if !socket.names.contains(name) { join(id, name, channel) }
        }
        if refused.isEmpty { return taken.joined(separator: ",") }
        let failure =
            "Not Subscribed successfully! [\(refused.joined(separator: ","))]. "
            + "Reason: Blocked!"
        return taken.isEmpty ? failure : taken.joined(separator: ",") + " " + failure
    }

    private mutating func join(_ id: Int, _ name: String, _ channel: MEXCChannel) {
        sockets[id]?.names.append(name)
        if let place = audiences[channel]?.firstIndex(where: { $0.name == name }) {
            audiences[channel]?[place].ids.append(id)
        } else {
            audiences[channel, default: []].append(Audience(name: name, ids: [id]))
        }
    }

    private mutating func unsubscribe(_ id: Int, _ name: String) {
        guard sockets[id]?.names.contains(name) == true else { return }
        sockets[id]?.names.removeAll { $0 == name }
        leave(id, name)
    }

    private mutating func leave(_ id: Int, _ name: String) {
        guard let channel = MEXCChannel(name, markets: markets), var found = audiences[channel]
        else { return }
        for place in found.indices where found[place].name == name {
            found[place].ids.removeAll { $0 == id }
        }
        found.removeAll { $0.ids.isEmpty }
        audiences[channel] = found.isEmpty ? nil : found
    }

    private static func say(_ text: String) -> [UInt8] {
        var out = JSONWriter(capacity: 128)
        out.beginObject()
        out.field("id", 0)
        out.field("code", 0)
        out.field("msg", text)
        out.endObject()
        return out.bytes
    }

    // MARK: time

    /// Ends the connections that have no channel, or have been silent, for too long.
    mutating func expire(_ actions: inout [SocketAction]) {
        for id in sockets.keys.sorted() {
            guard let socket = sockets[id] else { continue }
            if socket.names.isEmpty, now - socket.emptySince >= MEXCSockets.emptyLimit {
                actions.append(.close(id, code: 1000, reason: "no subscription"))
            } else if now - socket.heardAt >= MEXCSockets.silentLimit {
                actions.append(.close(id, code: 1000, reason: "no traffic"))
            }
        }
    }
}

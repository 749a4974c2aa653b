internal import Bytes
internal import Chronology
internal import WebProtocol

/// What a client asks of its socket.
internal struct StreamCommand {
    var method: String?
    var params: [JSONValue] = []
    /// The id as it was written: it is echoed verbatim, whatever it is.
    var id: [UInt8] = Array("null".utf8)

    init(_ bytes: RawSpan) throws(JSONError) {
        var limits = JSONScanner.Limits()
        limits.size = 64 << 10
        limits.depth = 4
        var scanner = JSONScanner(bytes, limits: limits)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "method" {
                method = try scanner.text()
            } else if key == "params" {
                params = try JSONValue(next: &scanner).elements ?? []
            } else if key == "id" {
                id = [UInt8](try scanner.rawValue())
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.finish()
    }
}

/// One open socket: where it was opened, and what it has asked for.
internal struct StreamConnection {
    let id: Int
    let route: StreamRoute
    var isCombined: Bool
    /// Stream names in the order they were asked for, also those that carry nothing.
    private(set) var names: [String] = []
    /// Event types a listen key was asked to be narrowed to.
    private var wantedEvents: [String: [String]] = [:]
    private var secondStart = Instant.distantPast
    private var messagesInSecond = 0

    /// Reads what the target of the upgrade says; nil where no stream is served there.
    init?(id: Int, path: String, query: [UInt8]) {
        var segments = path.split(separator: "/").map(String.init)
        guard let first = segments.first else { return nil }
        if let named = StreamRoute(rawValue: first), named != .legacy {
            route = named
            segments.removeFirst()
        } else {
            route = .legacy
        }
        guard let form = segments.first, form == "ws" || form == "stream" else { return nil }
        self.id = id
        isCombined = form == "stream"
        if form == "stream", segments.count > 1 { return nil }
        for segment in segments.dropFirst() {
            let name = PercentCoding.decoded(Array(segment.utf8)[...], plusIsSpace: false)
            subscribe(name ?? segment)
        }
        guard let fields = try? FormFields(query) else { return nil }
        var listenKey: String?
        for field in fields.fields {
            switch field.name {
            case "streams": field.value.split(separator: "/").forEach { subscribe(String($0)) }
            case "listenKey":
                listenKey = field.value
                subscribe(field.value)
            case "events":
                if let listenKey {
                    wantedEvents[listenKey] = field.value.split(separator: "/").map(String.init)
                }
            case _: break
            }
        }
    }

    mutating func subscribe(_ name: String) {
        if !names.contains(name) { names.append(name) }
    }

    mutating func unsubscribe(_ name: String) { names.removeAll { $0 == name } }

    /// Whether a listen key's event of this type is to be sent here.
    func wants(_ event: String, of listenKey: String) -> Bool {
        wantedEvents[listenKey]?.contains(event) ?? true
    }

    /// Counts an incoming message; false where it is one too many within its second.
    mutating func countMessage(_ now: Instant, limit: Int) -> Bool {
        if now - secondStart >= .seconds(1) {
            secondStart = now
            messagesInSecond = 0
        }
        messagesInSecond += 1
        return messagesInSecond <= limit
    }
}

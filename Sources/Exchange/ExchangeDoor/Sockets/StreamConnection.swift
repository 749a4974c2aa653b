package import Chronology
internal import WebProtocol

/// One open stream socket: where it was opened, and what it has asked for.
package struct StreamConnection: Sendable {
    package let id: Int
    /// The path's first part where it is one of the exchange's roots, else nil.
    package let root: String?
    /// Whether events come wrapped as `{"stream":…,"data":…}`.
    package internal(set) var isCombined: Bool
    /// Stream names in the order they were asked for, also those that carry nothing.
    package private(set) var names: [String] = []
    private var held: Set<String> = []
    /// Event types a listen key was asked to be narrowed to.
    private var wantedEvents: [String: [String]] = [:]
    private var meter = MessageMeter()

    /// Reads what the target of the upgrade says; nil where no stream is served there.
    ///
    /// - Parameter roots: first parts of paths that stand before `/ws` and `/stream`.
    package init?(id: Int, path: String, query: [UInt8], roots: [String]) {
        var segments = path.split(separator: "/").map(String.init)
        guard let first = segments.first else { return nil }
        root = roots.contains(first) ? first : nil
        if root != nil { segments.removeFirst() }
        guard let form = segments.first, form == "ws" || form == "stream" else { return nil }
        self.id = id
        isCombined = form == "stream"
        if form == "stream", segments.count > 1 { return nil }
        // A bare number is a client's own count of its sockets.
        for segment in segments.dropFirst() where !segment.utf8.allSatisfy({ 48...57 ~= $0 }) {
            let name = PercentCoding.decoded(Array(segment.utf8)[...], plusIsSpace: false)
            subscribe(name ?? segment)
        }
        guard let fields = try? FormFields(query) else { return nil }
        readFields(fields.fields)
    }

    private mutating func readFields(_ fields: [FormFields.Field]) {
        var listenKey: String?
        for field in fields {
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

    package func holds(_ name: String) -> Bool { held.contains(name) }

    mutating func subscribe(_ name: String) {
        if held.insert(name).inserted { names.append(name) }
    }

    mutating func unsubscribe(_ name: String) {
        if held.remove(name) != nil { names.removeAll { $0 == name } }
    }

    /// Whether a listen key's event of this type is to be sent here.
    package func wants(_ event: String, of listenKey: String) -> Bool {
        wantedEvents[listenKey]?.contains(event) ?? true
    }

    mutating func countMessage(_ now: Instant, limit: Int) -> Bool {
        meter.count(now, limit: limit)
    }
}

/// Counts what a client sends within its second.
package struct MessageMeter: Sendable {
    private var secondStart = Instant.distantPast
    private var inSecond = 0

    package init() {}

    /// Counts one; false where it is one too many within its second.
    package mutating func count(_ now: Instant, limit: Int) -> Bool {
        if now - secondStart >= .seconds(1) {
            secondStart = now
            inSecond = 0
        }
        inSecond += 1
        return inSecond <= limit
    }
}

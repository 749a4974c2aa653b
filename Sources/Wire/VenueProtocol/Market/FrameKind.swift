internal import Bytes

/// What a message of a Binance market stream, futures or spot, is about.
///
/// A combined message is told by its stream's name, because spot's payloads do not name
/// themselves; a raw one by its event, and spot's two nameless ones by their first key.
package enum FrameKind: Equatable, Sendable {
    case bookTicker, markPrice, trade
    /// A change of a book.
    case depth
    /// The best levels of a book, whole.
    case partialDepth
    /// The answer to a control message.
    case control
    /// The venue will close the connection.
    case shutdown
    /// Sound, but of no use here.
    case other
    case malformed

    /// Tells the kind from a message's first bytes; allocates nothing.
    package init(_ bytes: RawSpan) {
        guard bytes.byteCount >= 16 else {
            self = FrameKind.general(bytes)
            return
        }
        var scan = FrameScan(bytes)
        if scan.skip(FrameLiteral("{\"stream"), FrameLiteral("\":\"")), let name = scan.text() {
            self = FrameKind(stream: bytes.extracting(name))
        } else if scan.rewind(), scan.skip(FrameLiteral("{\"e\":\"")), let name = scan.text() {
            self = FrameKind(event: bytes.extracting(name))
        } else {
            self = FrameKind.general(bytes)
        }
    }

    /// The kind of a stream, from its name (`btcusdt@depth20@100ms`).
    package init(stream name: RawSpan) {
        var index = 0
        while index < name.byteCount, name.byte(index) != UInt8(ascii: "@") { index += 1 }
        guard index < name.byteCount, name.byte(0) != UInt8(ascii: "!") else {
            // All symbols in one message, or a user stream.
            self = name == "!bookTicker" ? .bookTicker : .other
            return
        }
        let kind = name.extracting((index + 1)..<name.byteCount)
        if kind == "bookTicker" {
            self = .bookTicker
        } else if kind == "markPrice" || kind.hasPrefix("markPrice@") {
            self = .markPrice
        } else if kind == "aggTrade" || kind == "trade" {
            self = .trade
        } else if kind == "depth" || kind.hasPrefix("depth@") {
            self = .depth
        } else if kind == "depth5" || kind == "depth10" || kind == "depth20"
            || kind.hasPrefix("depth5@") || kind.hasPrefix("depth10@") || kind.hasPrefix("depth20@")
        {
            self = .partialDepth
        } else {
            self = .other
        }
    }

    private init(event name: RawSpan) {
        switch name {
        case "bookTicker": self = .bookTicker
        case "markPriceUpdate": self = .markPrice
        case "aggTrade", "trade": self = .trade
        case "depthUpdate": self = .depth
        case "serverShutdown": self = .shutdown
        case _: self = .other
        }
    }

    /// Any layout: the stream's name decides, then the event's, then the keys there are.
    private static func general(_ bytes: RawSpan) -> FrameKind {
        do throws(JSONError) {
            var scanner = JSONScanner(bytes)
            if try scanner.nextKind() != .object {
                try scanner.skipValue()
                return .other
            }
            return try kind(in: &scanner)
        } catch {
            return .malformed
        }
    }

    private static func kind(in scanner: inout JSONScanner) throws(JSONError) -> FrameKind {
        var stream: FrameKind?
        var event: FrameKind?
        var isControl = false
        var marks = 0
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            switch key {
            case "stream" where try scanner.nextKind() == .string:
                stream = FrameKind(stream: try scanner.string())
            case "e" where try scanner.nextKind() == .string:
                event = FrameKind(event: try scanner.string())
            case "result", "error", "code":
                isControl = true
                try scanner.skipValue()
            case "u", "b", "a":
                marks += 1
                try scanner.skipValue()
            case "lastUpdateId":
                marks += 16
                try scanner.skipValue()
            case _: try scanner.skipValue()
            }
        }
        try scanner.finish()
        if let kind = stream ?? event { return kind }
        if isControl { return .control }
        return marks == 3 ? .bookTicker : marks == 16 ? .partialDepth : .other
    }
}

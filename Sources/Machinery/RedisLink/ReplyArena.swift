import Bytes

/// One decoded reply as a flat list of nodes, parents before their elements, and the bytes they
/// point into; reused from reply to reply, so that decoding allocates nothing once it has grown.
@safe final class ReplyArena {
    enum Kind {
        case null, integer, status, bytes, array, error
    }

    struct Node {
        let kind: Kind
        /// The integer, or the number of elements of an array.
        let value: Int64
        let offset: Int
        let length: Int
    }

    private(set) var nodes: [Node] = []
    private var bytes = ByteWriter(capacity: 4_096)
    private let limit: Int

    /// - Parameter limit: bytes one reply may hold, its nodes counted as 32 each.
    init(limit: Int) { self.limit = limit }

    var isOverLimit: Bool { bytes.count + nodes.count * 32 > limit }

    func removeAll() {
        nodes.removeAll(keepingCapacity: nodes.capacity <= 65_536)
        if bytes.count > 1 << 20 { bytes = ByteWriter(capacity: 4_096) }
        bytes.removeAll()
    }

    func append(_ kind: Kind, value: Int64) {
        nodes.append(Node(kind: kind, value: value, offset: 0, length: 0))
    }

    func append(_ kind: Kind, _ text: RawSpan) {
        nodes.append(Node(kind: kind, value: 0, offset: bytes.count, length: text.byteCount))
        bytes.append(text)
    }

    /// The bytes of a text node; valid until the next reply is decoded, which no handler can cause.
    @_lifetime(borrow self)
    func text(_ index: Int) -> RawSpan {
        let node = nodes[index]
        let span = bytes.rawSpan.extracting(node.offset..<(node.offset + node.length))
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Whether a node is text and reads so.
    func isText(_ index: Int, _ expected: StaticString) -> Bool {
        index < nodes.count && nodes[index].length == expected.utf8CodeUnitCount
            && text(index) == expected
    }

    /// The whole reply as a value.
    func value() -> RedisValue {
        var position = 0
        return value(at: &position)
    }

    private func value(at position: inout Int) -> RedisValue {
        let index = position
        let node = nodes[index]
        position += 1
        switch node.kind {
        case .null: return .null
        case .integer: return .integer(node.value)
        case .status: return .status(String(text(index)))
        case .error: return .error(String(text(index)))
        case .bytes: return .bytes([UInt8](text(index)))
        case .array:
            var elements: [RedisValue] = []
            elements.reserveCapacity(Int(node.value))
            for _ in 0..<node.value { elements.append(value(at: &position)) }
            return .array(elements)
        }
    }
}

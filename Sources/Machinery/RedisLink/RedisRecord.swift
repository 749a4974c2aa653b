import Bytes

/// A hash as it was read: names and values in the server's order.
///
/// Records of one form share their names, so that an index over them is made once.
package struct RedisRecord: Sendable {
    package let names: [String]
    package let values: [String]

    package var isEmpty: Bool { names.isEmpty }
}

/// Makes records of replies; knows the names of the last one.
struct RecordReader {
    private var names: [String] = []

    /// Nil where the reply is no flat array of names and values.
    mutating func read(_ arena: ReplyArena) -> RedisRecord? {
        guard let head = arena.nodes.first, head.kind == .array, head.value % 2 == 0,
            arena.nodes.count == Int(head.value) + 1
        else { return nil }
        let count = Int(head.value) / 2
        if !isSame(arena, count) {
            names = (0..<count).map { String(arena.text(1 + 2 * $0)) }
        }
        var values: [String] = []
        values.reserveCapacity(count)
        for field in 0..<count {
            let node = arena.nodes[2 + 2 * field]
            values.append(
                node.kind == .integer ? String(node.value) : String(arena.text(2 + 2 * field)))
        }
        return RedisRecord(names: names, values: values)
    }

    private func isSame(_ arena: ReplyArena, _ count: Int) -> Bool {
        guard names.count == count else { return false }
        for field in 0..<count {
            let text = arena.text(1 + 2 * field)
            let isEqual = names[field].utf8.count == text.byteCount
                && zip(names[field].utf8, 0..<text.byteCount).allSatisfy { $0 == text.byte($1) }
            if !isEqual { return false }
        }
        return true
    }
}

/// Where one message lies in the bytes of a batch.
package struct WebSocketPiece: Equatable, Sendable {
    package let start: Int32
    package let count: Int32
    /// Text, proven UTF-8; otherwise binary.
    package let isText: Bool

    package init(start: Int, count: Int, isText: Bool) {
        self.start = Int32(start)
        self.count = Int32(count)
        self.isText = isText
    }
}

/// Messages that lie one behind the other in a receive buffer, lent for a call.
package struct WebSocketMessages: ~Escapable {
    private let bytes: RawSpan
    private let pieces: Span<WebSocketPiece>

    /// - Parameters:
    ///   - bytes: the buffer that the pieces lie in.
    ///   - pieces: in the order they came.
    @_lifetime(copy bytes, copy pieces)
    package init(_ bytes: RawSpan, _ pieces: Span<WebSocketPiece>) {
        self.bytes = bytes
        self.pieces = pieces
    }

    package var count: Int { pieces.count }

    /// The bytes of a message.
    package subscript(index: Int) -> RawSpan {
        @_lifetime(copy self)
        @inline(__always) get {
            let piece = pieces[index]
            let start = Int(piece.start)
            return bytes.extracting(start..<(start &+ Int(piece.count)))
        }
    }

    /// Whether a message is text; otherwise it is binary.
    @inline(__always)
    package func isText(_ index: Int) -> Bool { pieces[index].isText }
}

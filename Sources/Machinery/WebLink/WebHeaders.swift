/// The headers of a request, checked and written once: those of many requests are alike.
package struct WebHeaders: Sendable, ExpressibleByArrayLiteral {
    let pairs: [(String, String)]
    /// The lines as they are sent.
    let lines: [UInt8]
    /// Whether nothing in them could end a line early; a request with others is refused.
    let isSound: Bool

    package init(_ pairs: [(String, String)]) {
        self.pairs = pairs
        isSound = pairs.allSatisfy { WebText.isName($0) && WebText.isValue($1) }
        lines = Array(pairs.map { "\($0): \($1)\r\n" }.joined().utf8)
    }

    package init(arrayLiteral pairs: (String, String)...) { self.init(pairs) }

    package static let none = WebHeaders([])
}

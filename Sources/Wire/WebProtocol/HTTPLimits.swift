/// How much one HTTP request may ask for.
package struct HTTPLimits: Sendable {
    /// Bytes of the request line. A signed batch of five orders in the query is under 4 KiB.
    package var requestLineBytes: Int
    /// Bytes of all header lines (and again of all trailer lines) together.
    package var headerBytes: Int
    /// Header lines, and trailer lines, of one request.
    package var headerCount: Int
    /// Bytes of the decoded body.
    package var bodyBytes: Int

    /// Limits of an API server: 16 KiB line, 16 KiB and 64 headers, 1 MiB body unless told otherwise.
    package init(
        requestLineBytes: Int = 16_384, headerBytes: Int = 16_384, headerCount: Int = 64,
        bodyBytes: Int = 1_048_576
    ) {
        self.requestLineBytes = requestLineBytes
        self.headerBytes = headerBytes
        self.headerCount = headerCount
        self.bodyBytes = bodyBytes
    }

    package static let standard = HTTPLimits()
}

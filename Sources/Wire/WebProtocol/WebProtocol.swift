// WebProtocol: HTTP/1.1 (RFC 9110, 9112) and WebSocket (RFC 6455) as machines without sockets.
// Bytes go in as they arrive, whole requests and messages come out; nothing here does I/O.
//
// Invariants
// 1. What a machine yields depends on the bytes alone, never on how they were split.
// 2. Every buffer has a limit from `HTTPLimits` or `WebSocketLimits`; past it the input is refused.
// 3. A refusal is final: the machine repeats it and takes no further input.
// 4. A message whose framing could be read in two ways is refused (request smuggling).
// 5. A WebSocket message held by one frame is lent where it lies; it costs no allocation.

extension [UInt8] {
    /// Appends borrowed bytes.
    mutating func append(bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Appends text as UTF-8.
    mutating func append(text: String) { append(contentsOf: text.utf8) }
}

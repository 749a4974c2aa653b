internal import Bytes

/// How a response body ends on the wire.
package enum HTTPBodyFraming: Equatable, Sendable {
    /// After this many bytes.
    case length(Int)
    /// After the last chunk.
    case chunked
    /// When the connection closes; for HTTP/1.0 clients that get a stream.
    case untilClose
}

/// Writes responses of HTTP/1.1 into a byte buffer the caller owns and reuses.
///
/// Framing headers (`Content-Length`, `Transfer-Encoding`, `Connection`) are written here alone;
/// given ones are dropped. Control characters in given values become spaces.
package enum HTTPResponseWriter {
    /// Status line and headers.
    package static func appendHead(
        status: Int, headers: HTTPHeaders, framing: HTTPBodyFraming, keepsAlive: Bool,
        to out: inout [UInt8]
    ) {
        appendStatusLine(status, to: &out)
        for field in headers.fields where !isFraming(field.name) { append(field, to: &out) }
        switch framing {
        case .length(let count):
            if status >= 200, status != 204 {
                out.append(text: "Content-Length: \(count)\r\n")
            }
        case .chunked:
            out.append(text: "Transfer-Encoding: chunked\r\n")
        case .untilClose:
            break
        }
        let stays = keepsAlive && framing != .untilClose
        out.append(text: stays ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n")
    }

    /// A whole response. The answer to a HEAD request keeps the length and leaves the body out.
    package static func append(
        status: Int, headers: HTTPHeaders, body: RawSpan, keepsAlive: Bool,
        answersHead: Bool = false,
        to out: inout [UInt8]
    ) {
        appendHead(
            status: status, headers: headers, framing: .length(body.byteCount),
            keepsAlive: keepsAlive, to: &out)
        let hasBody = status >= 200 && status != 204 && status != 304 && !answersHead
        if hasBody { out.append(bytes: body) }
    }

    /// The interim answer to `Expect: 100-continue`.
    package static func appendContinue(to out: inout [UInt8]) {
        out.append(text: "HTTP/1.1 100 Continue\r\n\r\n")
    }

    /// One chunk; none for no bytes, because an empty chunk would end the body.
    package static func appendChunk(_ bytes: RawSpan, to out: inout [UInt8]) {
        guard bytes.byteCount > 0 else { return }
        appendHex(bytes.byteCount, to: &out)
        out.append(text: "\r\n")
        out.append(bytes: bytes)
        out.append(text: "\r\n")
    }

    /// The end of a chunked body.
    package static func appendLastChunk(to out: inout [UInt8]) { out.append(text: "0\r\n\r\n") }

    /// One server-sent event (WHATWG HTML section 9.2); each line of the data becomes a `data:` line.
    package static func appendEvent(
        name: String?, identifier: String? = nil, data: RawSpan, to out: inout [UInt8]
    ) {
        if let name { appendEventField("event: ", name, to: &out) }
        if let identifier { appendEventField("id: ", identifier, to: &out) }
        out.append(text: "data: ")
        for index in 0..<data.byteCount {
            switch data.byte(index) {
            case 0x0D:
                let isPair = index + 1 < data.byteCount && data.byte(index + 1) == 0x0A
                if !isPair { out.append(text: "\ndata: ") }
            case 0x0A: out.append(text: "\ndata: ")
            case let byte: out.append(byte)
            }
        }
        out.append(text: "\n\n")
    }

    static func appendStatusLine(_ status: Int, to out: inout [UInt8]) {
        precondition(status >= 100 && status <= 999, "an HTTP status has three digits")
        out.append(text: "HTTP/1.1 \(status) \(HTTPStatus.reason(status))\r\n")
    }

    static func append(_ field: HTTPHeaders.Field, to out: inout [UInt8]) {
        precondition(
            !field.name.isEmpty && field.name.utf8.allSatisfy(HTTPSyntax.isTokenByte),
            "a response header name is a token")
        out.append(text: field.name)
        out.append(text: ": ")
        for byte in field.value.utf8 { out.append(HTTPSyntax.isValueByte(byte) ? byte : 0x20) }
        out.append(text: "\r\n")
    }

    private static func appendEventField(_ name: String, _ value: String, to out: inout [UInt8]) {
        out.append(text: name)
        for byte in value.utf8 { out.append(byte < 0x20 ? 0x20 : byte) }
        out.append(0x0A)
    }

    private static func appendHex(_ value: Int, to out: inout [UInt8]) {
        var shift = (Int.bitWidth - value.leadingZeroBitCount - 1) / 4 * 4
        while shift >= 0 {
            let digit = UInt8(truncatingIfNeeded: value >> shift) & 0xF
            out.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
            shift -= 4
        }
    }

    private static func isFraming(_ name: String) -> Bool {
        ["content-length", "transfer-encoding", "connection"].contains {
            HTTPSyntax.equal(name, $0)
        }
    }
}

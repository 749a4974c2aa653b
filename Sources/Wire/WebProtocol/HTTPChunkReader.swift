/// A chunked body (RFC 9112 section 7.1), read as its bytes come; trailer fields are checked and
/// dropped.
struct HTTPChunkReader: Sendable {
    private enum Place: Sendable {
        case size
        case data(remaining: Int)
        case end
        case trailer
    }

    /// Bytes of a chunk-size line, extensions included; real ones hold eight digits or fewer.
    private static let lineBytes = 256

    private var place = Place.size
    private var trailerBytes = 0
    private var trailerCount = 0

    /// Moves what has come to `body`: true when that is whole, false where more must come.
    mutating func advance(
        _ input: inout HTTPLineBuffer, to body: inout [UInt8], _ limits: HTTPLimits
    ) throws(HTTPError) -> Bool {
        while true {
            switch place {
            case .size:
                let tooLong = HTTPError.malformed("chunk size line too long")
                guard let line = try input.takeLine(limit: Self.lineBytes, tooLong) else {
                    return false
                }
                try sizeReceived(input.bytes[line], body.count, limits)
            case .data(let remaining):
                let left = remaining - input.take(remaining, to: &body)
                place = left == 0 ? .end : .data(remaining: left)
                if left > 0 { return false }
            case .end:
                let longer = HTTPError.malformed("chunk longer than its size")
                guard try input.takeLine(limit: 0, longer) != nil else { return false }
                place = .size
            case .trailer:
                let room = limits.headerBytes - trailerBytes
                guard let line = try input.takeLine(limit: room, .headersTooLarge) else {
                    return false
                }
                if line.isEmpty { return true }
                try trailerReceived(line, input, limits)
            }
        }
    }

    /// Hex digits, then optionally `;` and an extension, which is ignored.
    private mutating func sizeReceived(
        _ line: ArraySlice<UInt8>, _ held: Int, _ limits: HTTPLimits
    ) throws(HTTPError) {
        var size = 0
        var rest = line
        while let byte = rest.first, let digit = HTTPSyntax.hexDigit(byte) {
            guard size < 1 << 52 else { throw .bodyTooLarge }
            size = size * 16 + digit
            rest.removeFirst()
        }
        guard rest.count < line.count, rest.isEmpty || rest.first == UInt8(ascii: ";"),
            rest.allSatisfy(HTTPSyntax.isValueByte)
        else { throw .malformed("bad chunk size") }
        guard size <= limits.bodyBytes - held else { throw .bodyTooLarge }
        place = size == 0 ? .trailer : .data(remaining: size)
    }

    private mutating func trailerReceived(
        _ line: Range<Int>, _ input: borrowing HTTPLineBuffer, _ limits: HTTPLimits
    ) throws(HTTPError) {
        guard trailerCount < limits.headerCount else { throw .tooManyHeaders }
        trailerCount += 1
        trailerBytes += line.count
        _ = try HTTPSyntax.field(line, in: input.bytes)
    }
}

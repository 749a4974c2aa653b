import Glibc

extension Array where Element == UInt8 {
    /// The array's bytes, borrowed.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get { unsafe span.bytes }
    }

    /// A copy of borrowed bytes.
    package init(_ bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    }
}

extension String {
    /// The text of borrowed bytes; malformed UTF-8 becomes U+FFFD.
    package init(_ bytes: RawSpan) {
        self = unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// Lends the text's UTF-8 bytes.
    package func withRawSpan<Result>(_ body: (RawSpan) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { buffer in
            body(unsafe RawSpan(_unsafeElements: buffer))
        }
    }
}

extension RawSpan {
    /// Reads one byte without a bounds check in release builds' hot loops: `index` must be in range.
    @inline(__always)
    package func byte(_ index: Int) -> UInt8 {
        assert(index >= 0 && index < byteCount, "a byte is read within its span")
        return unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }

    /// Whether the bytes are those of `text`.
    package static func == (bytes: RawSpan, text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard bytes.byteCount == length else { return false }
        return unsafe bytes.withUnsafeBytes { unsafe memcmp($0.baseAddress ?? UnsafeRawPointer(text.utf8Start), text.utf8Start, length) == 0 }
    }

    package static func != (bytes: RawSpan, text: StaticString) -> Bool { !(bytes == text) }

    /// Whether two spans hold the same bytes.
    package func hasSameBytes(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        if byteCount == 0 { return true }
        return unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in
                unsafe memcmp(mine.baseAddress!, theirs.baseAddress!, mine.count) == 0
            }
        }
    }

    /// Whether the first bytes are those of `text`.
    package func hasPrefix(_ text: StaticString) -> Bool {
        byteCount >= text.utf8CodeUnitCount && extracting(first: text.utf8CodeUnitCount) == text
    }
}

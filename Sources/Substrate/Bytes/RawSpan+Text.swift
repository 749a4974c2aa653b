import Glibc

extension Array where Element == UInt8 {
    /// The array's bytes, borrowed. Name the array first: it must outlive the span.
    @inlinable package var rawSpan: RawSpan {
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
    /// Reads one byte without a bounds check in release builds' hot loops: `index` must be in
    /// range.
    @inlinable @inline(__always)
    package func byte(_ index: Int) -> UInt8 {
        assert(index >= 0 && index < byteCount, "a byte is read within its span")
        return unsafe unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
    }

    /// Reads eight bytes, the first in the lowest bits, without a bounds check in release builds.
    @inlinable @inline(__always)
    package func word(_ index: Int) -> UInt64 {
        assert(index >= 0 && index + 8 <= byteCount, "a word is read within its span")
        return unsafe UInt64(
            littleEndian: unsafeLoadUnaligned(
                fromUncheckedByteOffset: index, as: UInt64.self))
    }

    /// Whether the bytes are those of `text`.
    @inlinable package static func == (bytes: RawSpan, text: StaticString) -> Bool {
        bytes.byteCount == text.utf8CodeUnitCount && bytes.holds(text, at: 0)
    }

    @inlinable package static func != (bytes: RawSpan, text: StaticString) -> Bool {
        !(bytes == text)
    }

    /// Whether `text` stands at `index`, which must not be negative.
    @inlinable @inline(__always)
    package func holds(_ text: StaticString, at index: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard byteCount &- index >= count else { return false }
        let sought = unsafe UnsafeRawPointer(text.utf8Start)
        var place = 0
        while count &- place >= 8 {
            let expected = unsafe sought.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            if word(index &+ place) != UInt64(littleEndian: expected) { return false }
            place &+= 8
        }
        while place < count {
            let expected = unsafe sought.load(fromByteOffset: place, as: UInt8.self)
            if byte(index &+ place) != expected { return false }
            place &+= 1
        }
        return true
    }

    /// Whether two spans hold the same bytes.
    package func hasSameBytes(as other: RawSpan) -> Bool {
        guard byteCount == other.byteCount else { return false }
        return unsafe withUnsafeBytes { mine in
            unsafe other.withUnsafeBytes { theirs in
                guard let a = mine.baseAddress, let b = theirs.baseAddress else { return true }
                return unsafe memcmp(a, b, mine.count) == 0
            }
        }
    }

    /// Whether the first bytes are those of `text`.
    @inlinable package func hasPrefix(_ text: StaticString) -> Bool { holds(text, at: 0) }
}

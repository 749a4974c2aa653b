import Glibc

/// A growing byte buffer that is written at its end and reused; it keeps its memory when emptied.
///
/// The memory belongs to the writer and is freed with it; `rawSpan` is valid until the next change.
@safe package struct ByteWriter: ~Copyable {
    @usableFromInline internal var base: UnsafeMutableRawPointer
    @usableFromInline internal private(set) var capacity: Int
    /// The number of bytes written.
    package private(set) var count: Int

    /// - Parameter capacity: bytes reserved at once; at least 16 are.
    package init(capacity: Int = 256) {
        self.capacity = max(16, capacity)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
        count = 0
    }

    deinit { unsafe base.deallocate() }

    package var isEmpty: Bool { count == 0 }

    /// The bytes written so far.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Forgets the bytes and keeps the memory.
    package mutating func removeAll() { count = 0 }

    /// Forgets the bytes after the first `newCount`.
    package mutating func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= count, "a writer is truncated within its bytes")
        count = newCount
    }

    /// Drops the first `length` bytes and moves the rest to the front; costs the length of the rest.
    package mutating func removeFirst(_ length: Int) {
        precondition(length >= 0 && length <= count, "only written bytes are removed")
        if length == 0 { return }
        unsafe memmove(base, base + length, count - length)
        count -= length
    }

    /// Makes room for `extra` more bytes, so that writing them allocates nothing.
    @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if count + extra > capacity { grow(to: count + extra) }
    }

    @inline(never)
    private mutating func grow(to needed: Int) {
        let newCapacity = max(needed, capacity * 2)
        let newBase = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        unsafe memcpy(newBase, base, count)
        unsafe base.deallocate()
        unsafe base = newBase
        capacity = newCapacity
    }

    @inline(__always)
    package mutating func append(byte: UInt8) {
        reserve(1)
        unsafe base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    package mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        reserve(length)
        unsafe memcpy(base + count, text.utf8Start, length)
        count += length
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            reserve(bytes.count)
            if let source = bytes.baseAddress { unsafe memcpy(base + count, source, bytes.count) }
            count += bytes.count
        }
    }

    package mutating func append(_ bytes: RawSpan) {
        let length = bytes.byteCount
        reserve(length)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe memcpy(base + count, start, length) }
        }
        count += length
    }

    package mutating func append(_ bytes: [UInt8]) { append(bytes.rawSpan) }

    /// Writes a whole number in decimal.
    package mutating func append<Number: FixedWidthInteger>(integer: Number) {
        var magnitude = integer.magnitude
        reserve(40)
        if integer < 0 { append(byte: UInt8(ascii: "-")) }
        let first = count
        repeat {
            let (quotient, digit) = magnitude.quotientAndRemainder(dividingBy: 10)
            unsafe base.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: digit), toByteOffset: count,
                as: UInt8.self)
            count += 1
            magnitude = quotient
        } while magnitude != 0
        reverse(from: first)
    }

    private mutating func reverse(from first: Int) {
        let bytes = unsafe base.assumingMemoryBound(to: UInt8.self)
        var low = first
        var high = count - 1
        while low < high {
            let byte = unsafe bytes[low]
            unsafe bytes[low] = bytes[high]
            unsafe bytes[high] = byte
            low += 1
            high -= 1
        }
    }

    /// Replaces the byte at `index`, which must have been written.
    package mutating func overwrite(at index: Int, with byte: UInt8) {
        precondition(index >= 0 && index < count, "only a written byte is replaced")
        unsafe base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }

    /// Lets `body` fill up to `length` bytes at the end; `body` returns how many it wrote.
    package mutating func append<Failure: Error>(
        upTo length: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        reserve(length)
        let room = unsafe UnsafeMutableRawBufferPointer(start: base + count, count: length)
        let written = unsafe try body(room)
        precondition(written >= 0 && written <= length, "a filler stays within its room")
        count += written
    }
}

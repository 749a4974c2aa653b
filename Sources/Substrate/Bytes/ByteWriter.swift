import Glibc

/// A growing byte buffer that is written at its end and reused; it keeps its memory when emptied.
///
/// The memory belongs to the writer and is freed with it; `rawSpan` is valid until the next change.
@usableFromInline
@safe package struct ByteWriter: ~Copyable {
    @usableFromInline internal var base: UnsafeMutableRawPointer
    @usableFromInline internal var capacity: Int
    @usableFromInline internal var length: Int

    /// - Parameter capacity: bytes reserved at once; at least 16 are.
    package init(capacity: Int = 256) {
        self.capacity = max(16, capacity)
        unsafe base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
        length = 0
    }

    deinit { unsafe base.deallocate() }

    /// The number of bytes written.
    @inlinable package var count: Int { length }
    @inlinable package var isEmpty: Bool { length == 0 }

    /// The bytes written so far.
    @inlinable package var rawSpan: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: length)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Forgets the bytes and keeps the memory.
    @inlinable package mutating func removeAll() { length = 0 }

    /// Forgets the bytes after the first `newCount`.
    package mutating func truncate(to newCount: Int) {
        precondition(newCount >= 0 && newCount <= length, "a writer is truncated within its bytes")
        length = newCount
    }

    /// Drops the first `count` bytes and moves the rest to the front; costs the length of the rest.
    package mutating func removeFirst(_ count: Int) {
        precondition(count >= 0 && count <= length, "only written bytes are removed")
        if count == 0 { return }
        unsafe memmove(base, base + count, length - count)
        length -= count
    }

    /// Moves the bytes from `index` on `gap` bytes back; what the gap holds is for the caller to
    /// write. Costs the length of what is moved.
    package mutating func insert(gap: Int, at index: Int) {
        precondition(gap >= 0 && index >= 0 && index <= length, "a gap is made within the bytes")
        if gap == 0 { return }
        reserve(gap)
        unsafe memmove(base + index + gap, base + index, length - index)
        length += gap
    }

    /// Makes room for `extra` more bytes, so that writing them allocates nothing.
    @inlinable @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if capacity &- length < extra { grow(by: extra) }
    }

    @usableFromInline @inline(never)
    internal mutating func grow(by extra: Int) {
        precondition(extra >= 0, "room is made for a count of bytes")
        let newCapacity = max(length + extra, capacity * 2)
        let newBase = UnsafeMutableRawPointer.allocate(byteCount: newCapacity, alignment: 16)
        unsafe memcpy(newBase, base, length)
        unsafe base.deallocate()
        unsafe base = newBase
        capacity = newCapacity
    }

    /// Replaces the byte at `index`, which must have been written.
    package mutating func overwrite(at index: Int, with byte: UInt8) {
        precondition(index >= 0 && index < length, "only a written byte is replaced")
        unsafe base.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
    }

    /// Lets `body` fill up to `room` bytes at the end; `body` returns how many it wrote.
    package mutating func append<Failure: Error>(
        upTo room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        reserve(room)
        let space = unsafe UnsafeMutableRawBufferPointer(start: base + length, count: room)
        let written = unsafe try body(space)
        precondition(written >= 0 && written <= room, "a filler stays within its room")
        length += written
    }
}

internal import Bytes
package import Trading

/// Slots for symbols, found by the bytes of a name: an open-addressed table of words.
///
/// Names of up to 16 bytes, which all but a few are, are compared as two words; longer ones by their
/// bytes as well. A look-up costs a few nanoseconds and allocates nothing. Slots are handed out from
/// zero upward and taken again when a symbol has left.
package struct SymbolSlots: Sendable {
    private struct Entry: Sendable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var length: Int32 = 0
        /// -1 where the entry is empty.
        var slot: Int32 = -1
    }

    private var entries: ContiguousArray<Entry>
    private var mask: Int
    /// By slot; nil where the slot is free.
    private var symbols: ContiguousArray<Symbol?> = []
    private var free: [Int] = []
    package private(set) var count = 0

    package init() {
        entries = ContiguousArray(repeating: Entry(), count: 64)
        mask = 63
    }

    /// One more than the highest slot in use.
    package var slotCount: Int { symbols.count }

    package func symbol(at slot: Int) -> Symbol? {
        symbols.indices.contains(slot) ? symbols[slot] : nil
    }

    /// The slot of a name, or nil where it has none.
    @inline(__always)
    package func slot(of name: RawSpan) -> Int? {
        guard name.byteCount > 0, name.byteCount <= 32 else { return nil }
        let key = SymbolSlots.key(of: name)
        var index = SymbolSlots.hash(key) & mask
        while true {
            let entry = entries[index]
            if entry.slot < 0 { return nil }
            if entry.low == key.low, entry.high == key.high, entry.length == key.length,
                key.length <= 16 || isSame(Int(entry.slot), name)
            {
                return Int(entry.slot)
            }
            index = (index &+ 1) & mask
        }
    }

    package func slot(of symbol: Symbol) -> Int? { symbol.name.withRawSpan { slot(of: $0) } }

    @inline(never)
    private func isSame(_ slot: Int, _ name: RawSpan) -> Bool {
        guard let symbol = symbols[slot] else { return false }
        return symbol.name.withRawSpan { $0.hasSameBytes(as: name) }
    }

    /// Gives a symbol a slot; the one it has if it has one.
    package mutating func insert(_ symbol: Symbol) -> Int {
        if let slot = slot(of: symbol) { return slot }
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            symbols[slot] = symbol
        } else {
            slot = symbols.count
            symbols.append(symbol)
        }
        count += 1
        if count * 2 > entries.count {
            rebuild(size: entries.count * 2)
        } else {
            link(symbol, slot)
        }
        return slot
    }

    /// Takes a symbol's slot away; the slot may be given to another symbol from then on.
    @discardableResult
    package mutating func remove(_ symbol: Symbol) -> Int? {
        guard let slot = slot(of: symbol) else { return nil }
        symbols[slot] = nil
        free.append(slot)
        count -= 1
        rebuild(size: entries.count)
        return slot
    }

    private mutating func rebuild(size: Int) {
        entries = ContiguousArray(repeating: Entry(), count: size)
        mask = size - 1
        for (slot, symbol) in symbols.enumerated() {
            if let symbol { link(symbol, slot) }
        }
    }

    private mutating func link(_ symbol: Symbol, _ slot: Int) {
        var entry = symbol.name.withRawSpan { SymbolSlots.key(of: $0) }
        entry.slot = Int32(slot)
        var index = SymbolSlots.hash(entry) & mask
        while entries[index].slot >= 0 { index = (index + 1) & mask }
        entries[index] = entry
    }

    /// The first and last eight bytes of a name; short names are padded with zeros.
    @inline(__always)
    private static func key(of name: RawSpan) -> Entry {
        let length = name.byteCount
        if length >= 8 {
            return Entry(
                low: unsafe name.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: 0, as: UInt64.self),
                high: unsafe name.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: length - 8, as: UInt64.self),
                length: Int32(length))
        }
        var low: UInt64 = 0
        for index in 0..<length { low |= UInt64(name.byte(index)) << UInt64(index * 8) }
        return Entry(low: low, high: 0, length: Int32(length))
    }

    @inline(__always)
    private static func hash(_ entry: Entry) -> Int {
        let mixed = (entry.low ^ (entry.high &* 0x9E37_79B9_7F4A_7C15)) &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: mixed >> 32)
    }
}

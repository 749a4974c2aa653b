/// The id of an element in a `SlotTable` or a `BoundedHeap`: its slot, and how often that was used.
@usableFromInline
package struct SlotID: Hashable, Comparable, Sendable {
    @usableFromInline package let index: UInt32
    /// Grows with each use of the slot; never zero.
    @usableFromInline package let generation: UInt32

    @inlinable package init(index: UInt32, generation: UInt32) {
        self.index = index
        self.generation = generation
    }

    /// The id in one word (generation high, index low), as `epoll` data carries it.
    @inlinable package var word: UInt64 { UInt64(generation) << 32 | UInt64(index) }
    @inlinable package init(word: UInt64) {
        index = UInt32(truncatingIfNeeded: word)
        generation = UInt32(truncatingIfNeeded: word >> 32)
    }

    @inlinable package static func < (a: SlotID, b: SlotID) -> Bool {
        (a.index, a.generation) < (b.index, b.generation)
    }
}

/// A table of fixed capacity with stable ids: a removed element's id finds nothing, even when its
/// slot is in use again. All calls are of constant complexity but `forEach` and `removeAll`.
@usableFromInline
package struct SlotTable<Element> {
    @usableFromInline internal struct Slot {
        @usableFromInline var generation: UInt32
        @usableFromInline var element: Element?
    }

    @usableFromInline internal var slots: ContiguousArray<Slot>
    @usableFromInline internal var free: ContiguousArray<UInt32>

    /// - Parameter capacity: how many elements fit; greater than zero, below 2^32.
    package init(capacity: Int) {
        precondition(capacity > 0 && capacity < 1 << 32, "a table has between one and 2^32 slots")
        slots = ContiguousArray(repeating: Slot(generation: 0, element: nil), count: capacity)
        free = ContiguousArray((0..<UInt32(capacity)).reversed())
    }

    @inlinable package var capacity: Int { slots.count }
    @inlinable package var count: Int { slots.count - free.count }
    @inlinable package var isEmpty: Bool { count == 0 }
    @inlinable package var isFull: Bool { free.isEmpty }

    /// Puts an element into a free slot; nil where the table is full.
    package mutating func insert(_ element: Element) -> SlotID? {
        guard let index = free.popLast() else { return nil }
        let slot = Int(index)
        var generation = slots[slot].generation &+ 1
        if generation == 0 { generation = 1 }
        slots[slot] = Slot(generation: generation, element: element)
        return SlotID(index: index, generation: generation)
    }

    /// The element of an id, or nil where it was removed. Setting changes a held element only.
    @inlinable package subscript(id: SlotID) -> Element? {
        get {
            let slot = Int(id.index)
            guard slot < slots.count, slots[slot].generation == id.generation else { return nil }
            return slots[slot].element
        }
        set {
            let slot = Int(id.index)
            guard slot < slots.count, slots[slot].generation == id.generation,
                slots[slot].element != nil
            else { return }
            guard let newValue else {
                _ = remove(id)
                return
            }
            slots[slot].element = newValue
        }
    }

    /// Takes the element of an id out; nil where it was removed before.
    @inlinable @discardableResult
    package mutating func remove(_ id: SlotID) -> Element? {
        let slot = Int(id.index)
        guard slot < slots.count, slots[slot].generation == id.generation,
            let element = slots[slot].element
        else { return nil }
        slots[slot].element = nil
        free.append(id.index)
        return element
    }

    /// Visits the held elements by rising slot index.
    package func forEach(_ body: (SlotID, Element) -> Void) {
        for (index, slot) in slots.enumerated() {
            guard let element = slot.element else { continue }
            body(SlotID(index: UInt32(index), generation: slot.generation), element)
        }
    }

    /// Drops every element; their ids find nothing from then on.
    package mutating func removeAll() {
        for index in slots.indices where slots[index].element != nil {
            slots[index].element = nil
            free.append(UInt32(index))
        }
    }
}

extension SlotTable.Slot: Sendable where Element: Sendable {}
extension SlotTable: Sendable where Element: Sendable {}

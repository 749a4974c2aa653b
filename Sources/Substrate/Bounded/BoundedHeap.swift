/// A priority queue of fixed capacity: least priority first, equal ones in order of insertion,
/// and any element can be moved or removed by its id. Changes cost the logarithm of `count`.
package struct BoundedHeap<Priority: Comparable, Value> {
    internal struct Entry {
        internal var priority: Priority
        var sequence: UInt64
        var id: SlotID
        var value: Value
    }

    private var entries: ContiguousArray<Entry> = []
    /// Where in `entries` the entry of each id stands.
    private var places: SlotTable<Int>
    private var nextSequence: UInt64 = 0

    /// - Parameter capacity: how many elements fit; greater than zero.
    package init(capacity: Int) {
        places = SlotTable(capacity: capacity)
        entries.reserveCapacity(capacity)
    }

    package var capacity: Int { places.capacity }
    package var count: Int { entries.count }
    package var isEmpty: Bool { entries.isEmpty }
    package var isFull: Bool { places.isFull }

    /// The least element, left in place.
    package var first: (priority: Priority, value: Value)? {
        entries.first.map { ($0.priority, $0.value) }
    }

    /// Adds an element; nil, and nothing added, where the heap is full.
    package mutating func insert(_ value: Value, priority: Priority) -> SlotID? {
        guard let id = places.insert(entries.count) else { return nil }
        entries.append(
            Entry(priority: priority, sequence: takeSequence(), id: id, value: value))
        siftUp(entries.count - 1)
        return id
    }

    /// Takes the least element.
    package mutating func popFirst() -> (priority: Priority, value: Value)? {
        guard !entries.isEmpty else { return nil }
        let entry = takeOut(0)
        return (entry.priority, entry.value)
    }

    /// Takes the least element if its priority is not above `limit`.
    package mutating func popFirst(through limit: Priority) -> Value? {
        guard let least = entries.first, least.priority <= limit else { return nil }
        return takeOut(0).value
    }

    /// Takes an element out by its id; nil where it has left before.
    @discardableResult
    package mutating func remove(_ id: SlotID) -> Value? {
        guard let place = places[id] else { return nil }
        return takeOut(place).value
    }

    /// Gives an element another priority, behind its equals; false where it has left before.
    @discardableResult
    package mutating func move(_ id: SlotID, to priority: Priority) -> Bool {
        guard let place = places[id] else { return false }
        entries[place].priority = priority
        entries[place].sequence = takeSequence()
        siftDown(siftUp(place))
        return true
    }

    /// The value and priority of an id, or nil where it has left.
    package subscript(id: SlotID) -> (priority: Priority, value: Value)? {
        guard let place = places[id] else { return nil }
        return (entries[place].priority, entries[place].value)
    }

    package mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        places.removeAll()
    }

    private mutating func takeSequence() -> UInt64 {
        nextSequence += 1
        return nextSequence
    }

    private mutating func takeOut(_ place: Int) -> Entry {
        let last = entries.count - 1
        if place != last { swap(place, last) }
        let entry = entries.removeLast()
        places.remove(entry.id)
        if place != last { siftDown(siftUp(place)) }
        return entry
    }

    private func isBefore(_ a: Int, _ b: Int) -> Bool {
        if entries[a].priority != entries[b].priority {
            return entries[a].priority < entries[b].priority
        }
        return entries[a].sequence < entries[b].sequence
    }

    private mutating func swap(_ a: Int, _ b: Int) {
        entries.swapAt(a, b)
        places[entries[a].id] = a
        places[entries[b].id] = b
    }

    @discardableResult
    private mutating func siftUp(_ start: Int) -> Int {
        var place = start
        while place > 0 {
            let parent = (place - 1) / 2
            guard isBefore(place, parent) else { break }
            swap(place, parent)
            place = parent
        }
        return place
    }

    private mutating func siftDown(_ start: Int) {
        var place = start
        while true {
            var least = place
            let left = 2 * place + 1
            if left < entries.count, isBefore(left, least) { least = left }
            if left + 1 < entries.count, isBefore(left + 1, least) { least = left + 1 }
            if least == place { return }
            swap(place, least)
            place = least
        }
    }
}

extension BoundedHeap.Entry: Sendable where Priority: Sendable, Value: Sendable {}
extension BoundedHeap: Sendable where Priority: Sendable, Value: Sendable {}

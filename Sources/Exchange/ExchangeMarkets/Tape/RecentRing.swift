/// The newest elements of a sequence, up to a capacity; the oldest make room. It takes memory as it
/// fills, and none any more once it is full.
internal struct RecentRing<Element: Sendable>: Sendable {
    private var storage: ContiguousArray<Element> = []
    private var head = 0
    let capacity: Int

    init(capacity: Int) {
        precondition(capacity > 0, "a ring keeps at least one element")
        self.capacity = capacity
    }

    var count: Int { storage.count }
    var isEmpty: Bool { storage.isEmpty }
    var last: Element? { storage.isEmpty ? nil : self[storage.count - 1] }

    @inline(__always)
    private func place(_ position: Int) -> Int {
        let place = head + position
        return place < storage.count ? place : place - storage.count
    }

    /// The element at a position; 0 is the oldest.
    subscript(position: Int) -> Element {
        @inline(__always) get { storage[place(position)] }
        @inline(__always) _modify { yield &storage[place(position)] }
    }

    mutating func append(_ element: Element) {
        if storage.count == capacity {
            storage[head] = element
            head = head + 1 < capacity ? head + 1 : 0
            return
        }
        if storage.count == storage.capacity {
            storage.reserveCapacity(min(capacity, max(16, storage.count * 2)))
        }
        storage.append(element)
    }

    mutating func removeAll() {
        storage.removeAll(keepingCapacity: true)
        head = 0
    }

    /// The first position whose element is not before what is looked for; the ring is in its order.
    func firstPosition(where isBefore: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

import Chronology

/// What is to be looked at, by time; the earliest is found at once. When each is due, its owner knows: an
/// entry whose time is another by now counts no more, and is dropped when it comes to the top.
struct DueList<Key: Hashable & Sendable>: Sendable {
    struct Entry {
        let at: Instant
        let key: Key
    }

    /// A heap by time.
    private var heap: [Entry] = []

    /// Whether so many entries count no more that the list is to be made anew, so that it holds a few
    /// times as many as there are.
    func isStale(for count: Int) -> Bool { heap.count > 64 + 4 * count }

    mutating func replace(with entries: [Entry]) { heap = entries.sorted { $0.at < $1.at } }

    mutating func add(_ key: Key, at: Instant) { push(Entry(at: at, key: key)) }

    /// - Parameter isDue: whether an entry counts still.
    mutating func first(where isDue: (Entry) -> Bool) -> Instant? {
        while let top = heap.first, !isDue(top) { pop() }
        return heap.first?.at
    }

    /// Those that are due by now. They stay due until their owner says otherwise.
    mutating func due(by now: Instant, where isDue: (Entry) -> Bool) -> Set<Key> {
        var keys: Set<Key> = []
        var found: [Entry] = []
        while let time = first(where: isDue), time <= now, let top = heap.first {
            if keys.insert(top.key).inserted { found.append(top) }
            pop()
        }
        for entry in found { push(entry) }
        return keys
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var place = heap.count - 1
        while place > 0, heap[place].at < heap[(place - 1) / 2].at {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while true {
            let (left, right) = (2 * place + 1, 2 * place + 2)
            var least = place
            if left < heap.count, heap[left].at < heap[least].at { least = left }
            if right < heap.count, heap[right].at < heap[least].at { least = right }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}

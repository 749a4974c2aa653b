import Chronology

/// When each of many is to be looked at; the earliest is found at once.
struct DueTimes<ID: Hashable & Comparable & Sendable>: Sendable {
    private struct Entry {
        let at: Instant
        let id: ID
    }

    private var times: [ID: Instant] = [:]
    /// A heap by time; an entry whose time is another by now counts no more.
    private var heap: [Entry] = []

    mutating func set(_ id: ID, _ time: Instant?) {
        times[id] = time
        guard let time else { return }
        push(Entry(at: time, id: id))
        // Mostly entries that count no more: made anew, so that it holds a few times as many as there are.
        if heap.count > 64 + 4 * times.count {
            heap = times.map { Entry(at: $0.value, id: $0.key) }.sorted { $0.at < $1.at }
        }
    }

    var first: Instant? {
        mutating get {
            while let top = heap.first, times[top.id] != top.at { pop() }
            return heap.first?.at
        }
    }

    mutating func due(by now: Instant) -> [ID] {
        var ids: Set<ID> = []
        while let time = first, time <= now, let top = heap.first {
            ids.insert(top.id)
            pop()
        }
        // They stay due until another time is set.
        for id in ids { if let time = times[id] { push(Entry(at: time, id: id)) } }
        return ids.sorted()
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

import Chronology

/// When each of many is to be looked at; the earliest is found at once.
struct DueTimes<ID: Hashable & Comparable & Sendable>: Sendable {
    private var times: [ID: Instant] = [:]
    private var list = DueList<ID>()

    mutating func set(_ id: ID, _ time: Instant?) {
        times[id] = time
        guard let time else { return }
        list.add(id, at: time)
        guard list.isStale(for: times.count) else { return }
        list.replace(with: times.map { DueList.Entry(at: $0.value, key: $0.key) })
    }

    var first: Instant? {
        mutating get {
            let times = times
            return list.first { times[$0.key] == $0.at }
        }
    }

    mutating func due(by now: Instant) -> [ID] {
        let times = times
        return list.due(by: now) { times[$0.key] == $0.at }.sorted()
    }
}

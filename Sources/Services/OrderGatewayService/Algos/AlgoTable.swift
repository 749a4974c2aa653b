import Algorithms
import BusProtocol
import Chronology
import Trading

/// The algorithms on the desk by id, each in a place of its own, where it is read and changed without
/// being moved: they are large, and each tick looks at those of its symbol.
struct AlgoTable: Sendable {
    /// The first stays empty: it is what an unknown id leads to.
    private var slots: [HostedAlgo?] = [nil]
    private var places: [String: Int] = [:]
    private var free: [Int] = []

    var count: Int { places.count }
    var isEmpty: Bool { places.isEmpty }
    var keys: Dictionary<String, Int>.Keys { places.keys }

    /// Where an algorithm lies, until it is removed; nil where there is none.
    func place(_ id: String) -> Int? { places[id] }

    /// An algorithm that is there, to be changed where it lies.
    subscript(id: String) -> HostedAlgo? {
        @inline(__always) _read { yield slots[places[id] ?? 0] }
        @inline(__always) _modify { yield &slots[places[id] ?? 0] }
    }

    /// A price for the algorithm at a place: its id, where that leads to something. Past the subscript,
    /// each use of which allocates what it yields from.
    @inline(__always) mutating func ticked(
        _ place: Int, bid: Price, ask: Price, now: Instant, _ actions: inout [AlgoAction]
    ) -> String? {
        guard slots[place]?.ticked(bid: bid, ask: ask, now: now, &actions) == true else { return nil }
        return slots[place]?.record.id
    }

    mutating func insert(_ id: String, _ algo: HostedAlgo) {
        if let place = places[id] {
            slots[place] = algo
        } else if let place = free.popLast() {
            slots[place] = algo
            places[id] = place
        } else {
            places[id] = slots.count
            slots.append(algo)
        }
    }

    mutating func remove(_ id: String) -> HostedAlgo? {
        guard let place = places.removeValue(forKey: id) else { return nil }
        let algo = slots[place]
        slots[place] = nil
        free.append(place)
        return algo
    }
}

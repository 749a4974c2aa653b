import Chronology
import Throttles

/// A bounded queue of calls the budget has let go, with a limit on how many are under way.
///
/// What takes risk off goes first, and some places are kept for it, so that slow answers to other calls
/// do not hold it up; within a lane calls go in the order they came.
struct CallQueue<Call> {
    /// Calls under way at one time (`MAX_CONCURRENT_ORDERS`).
    let concurrency: Int
    /// Waiting calls of a lane: 100 rounds of the default concurrency, some seconds of work.
    let capacity: Int
    private var lanes = [[Call]](repeating: [], count: BudgetLane.allCases.count)
    private(set) var underWay = 0
    /// Places that only protective calls take: a fifth.
    private let kept: Int

    init(concurrency: Int, capacity: Int = 1_000) {
        self.concurrency = concurrency
        kept = concurrency > 1 ? max(1, concurrency / 5) : 0
        self.capacity = capacity
    }

    var count: Int { lanes.reduce(0) { $0 + $1.count } }

    /// False where the lane is full.
    mutating func add(_ call: Call, _ lane: BudgetLane) -> Bool {
        guard lanes[lane.rawValue].count < capacity else { return false }
        lanes[lane.rawValue].append(call)
        return true
    }

    /// The next call to make, if one may be made.
    mutating func next() -> Call? {
        for lane in lanes.indices where !lanes[lane].isEmpty {
            let places = lane == BudgetLane.protective.rawValue ? concurrency : concurrency - kept
            guard underWay < places else { continue }
            underWay += 1
            return lanes[lane].removeFirst()
        }
        return nil
    }

    mutating func ended() { underWay -= 1 }

    /// Takes out all that wait.
    mutating func removeAll() -> [Call] {
        defer { lanes = [[Call]](repeating: [], count: lanes.count) }
        return lanes.flatMap { $0 }
    }
}

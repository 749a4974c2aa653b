import Bounded
import CFloor
import Chronology
import Matching
import Trading

/// The exchange's order book: a mixed flow of requests at 1,000 resting orders on about 200 levels,
/// one core; the floor does the same in 64-bit integers.
let matchingBenchmark = Benchmark(name: "matching") {
    let flow = MatchingFlow(seed: 11)
    let swift = flow.runSwift()
    let floor = flow.runFloor()
    guard swift.check == floor.check else { throw MatchingBenchProblem() }
    let count = Double(MatchingFlow.slice)
    let counted = Double(MatchingFlow.slice * MatchingFlow.slices)
    return [
        Figure("matching.operation", swift.time / count, "ns", floor: floor.time / count),
        Figure(
            "matching.operations", 1e9 * count / swift.time, "per s",
            floor: 1e9 * count / floor.time),
        Figure(
            "matching.operation.allocations", Double(swift.allocations) / counted, "per op",
            floor: Double(floor.allocations) / counted),
    ]
}

/// The two books did not trade the same: the figures would not compare the same work.
private struct MatchingBenchProblem: Error {}

/// Requests made up beforehand by playing them, so that every cancellation meets a resting order.
private struct MatchingFlow {
    static let resting = 1_000
    /// Ticks on each side of the middle where orders come to rest.
    static let reach: Int64 = 100
    static let slice = 50_000
    static let slices = 20

    struct Run {
        var time = Double.infinity
        var allocations: UInt64 = 0
        var check: UInt64 = 0
    }

    private var operations: [floor_order_t] = []

    init(seed: UInt64) {
        var maker = FlowMaker(seed: seed)
        while operations.count < Self.resting { operations.append(maker.resting()) }
        while operations.count < Self.resting + Self.slice * (Self.slices + 1) {
            operations.append(maker.next())
        }
    }

    /// Plays what fills the book and one slice more unmeasured, then the slices one by one.
    private func measure(_ play: (Range<Int>) -> UInt64) -> Run {
        let clock = SystemTime()
        var run = Run()
        let first = Self.resting + Self.slice
        Measure.sink(play(0..<first))
        for number in 0..<Self.slices {
            let start = first + number * Self.slice
            let allocations = floor_allocations()
            let began = clock.now
            run.check = play(start..<start + Self.slice)
            run.time = min(run.time, Double((clock.now - began).nanoseconds))
            run.allocations += floor_allocations() - allocations
        }
        return run
    }

    func runSwift() -> Run {
        var desk = BookDesk()
        return measure { desk.play(operations, $0) }
    }

    func runFloor() -> Run {
        let book = unsafe floor_book_create(Int32(Self.resting * 4))
        defer { unsafe floor_book_free(book) }
        return measure { range in
            unsafe operations.withUnsafeBufferPointer { all in
                unsafe floor_book_run(book, all.baseAddress! + range.lowerBound, range.count)
            }
        }
    }
}

/// The book under measurement, with the list of events that is used again for every request.
private struct BookDesk {
    private var book = OrderBook()
    private var events: [MatchEvent] = []
    private var traded: UInt64 = 0

    @inline(never) mutating func play(_ operations: [floor_order_t], _ range: Range<Int>) -> UInt64
    {
        for index in range {
            carryOut(operations[index])
            for event in events {
                if case .traded(let trade) = event {
                    traded &+= UInt64(truncatingIfNeeded: trade.quantity.units / 1_000_000_000_000)
                }
            }
        }
        return traded + UInt64(book.nextTradeID)
    }

    @inline(__always) private mutating func carryOut(_ operation: floor_order_t) {
        events.removeAll(keepingCapacity: true)
        let quantity = Quantity.whole(operation.quantity)
        switch operation.kind {
        case 0:
            let isMarket = operation.price == 0
            let ticket = OrderTicket(
                owner: OwnerID(Int32(truncatingIfNeeded: operation.id)),
                side: operation.side == 0 ? .buy : .sell, type: isMarket ? .market : .limit,
                quantity: quantity, limit: isMarket ? nil : .whole(operation.price),
                selfTrade: .none)
            Measure.sink(book.place(ticket, &events) == .refused(.wouldTake))
        case 1: Measure.sink(book.cancel(operation.id, &events))
        case _:
            let result = book.amend(
                operation.id, price: .whole(operation.price), quantity: quantity, &events)
            Measure.sink(result == .refused(.unchanged))
        }
    }
}

/// Makes up requests by playing them on a book of its own.
private struct FlowMaker {
    private var random: SplitMix64
    private var book = OrderBook()
    private var live: [Int64] = []
    private var sides: [Int64: Side] = [:]
    private let middle: Int64 = 10_000

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    private mutating func draw(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &random)
    }

    /// A price where an order of this side comes to rest, nearer ones more often.
    private mutating func passive(_ side: Side) -> Int64 {
        let distance = min(draw(1...MatchingFlow.reach), draw(1...MatchingFlow.reach) + 20)
        return side == .buy ? middle - distance : middle + distance
    }

    /// The owner's number travels in the id of a placement.
    private mutating func placement(_ side: Side, _ price: Int64, _ quantity: Int64)
        -> floor_order_t
    {
        let owner = draw(1...8)
        var events: [MatchEvent] = []
        let ticket = OrderTicket(
            owner: OwnerID(Int32(owner)), side: side, type: price == 0 ? .market : .limit,
            quantity: .whole(quantity), limit: price == 0 ? nil : .whole(price), selfTrade: .none)
        _ = book.place(ticket, &events)
        note(events)
        return floor_order_t(
            id: owner, price: price, quantity: quantity, kind: 0, side: side == .buy ? 0 : 1)
    }

    private mutating func note(_ events: [MatchEvent]) {
        for event in events {
            if case .rested(let id, let side, _, _) = event, sides[id] == nil {
                live.append(id)
                sides[id] = side
            }
        }
    }

    mutating func resting() -> floor_order_t {
        let side: Side = draw(0...1) == 0 ? .buy : .sell
        return placement(side, passive(side), draw(1...50))
    }

    /// An order that rests; those that have ended since they were noted are dropped on the way.
    private mutating func someOrder() -> Int64? {
        while !live.isEmpty {
            let index = Int(draw(0...Int64(live.count - 1)))
            if book.remaining(of: live[index]) != nil { return live[index] }
            sides[live[index]] = nil
            live.swapAt(index, live.count - 1)
            live.removeLast()
        }
        return nil
    }

    /// Of 100 requests about 43 come to rest, 10 take, 27 cancel and 20 amend.
    mutating func next() -> floor_order_t {
        let isLow = book.count < MatchingFlow.resting
        switch draw(0...99) {
        case 0..<(isLow ? 45 : 25): return resting()
        case 80...:
            if let id = someOrder(), let side = sides[id] { return amendment(id, side) }
        case 70..<80:
            let side: Side = draw(0...1) == 0 ? .buy : .sell
            return placement(side, 0, draw(1...80))
        case _:
            if let id = someOrder() { return cancellation(id) }
        }
        return resting()
    }

    private mutating func cancellation(_ id: Int64) -> floor_order_t {
        var events: [MatchEvent] = []
        _ = book.cancel(id, &events)
        return floor_order_t(id: id, price: 0, quantity: 0, kind: 1, side: 0)
    }

    private mutating func amendment(_ id: Int64, _ side: Side) -> floor_order_t {
        let price = passive(side)
        let quantity = draw(1...50)
        var events: [MatchEvent] = []
        _ = book.amend(id, price: .whole(price), quantity: .whole(quantity), &events)
        note(events)
        return floor_order_t(
            id: id, price: price, quantity: quantity, kind: 2, side: side == .buy ? 0 : 1)
    }
}

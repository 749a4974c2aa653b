import Allocation
import AllocatorService
import BusProtocol
import Chronology
import Testing
import Trading

/// A desk, its clock and what it asked for.
struct DeskWorld {
    let desk: AllocatorDesk
    var now = Instant(nanoseconds: 5_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    var actions: [AllocatorAction] = []
    private var waiters: UInt64 = 0

    init(interval: Interval = .zero, _ change: (inout AllocationKnobs) -> Void = { _ in }) {
        desk = AllocatorDesk(
            knobs: Fixture.knobs(change), writer: "allocator:test", interval: interval, seed: 3)
    }

    mutating func tell(_ event: AllocatorEvent) {
        desk.handle(event, now: now, wall: wall, &actions)
    }

    mutating func pass(_ interval: Interval) {
        now = now + interval
        wall = wall + interval
        tell(.woken)
    }

    mutating func taken() -> [AllocatorAction] {
        defer { actions = [] }
        return actions
    }

    /// Up to where runs may begin.
    mutating func lead(_ last: [String: String] = [:]) {
        tell(.redisUp)
        tell(.leaseGained(fence: 7))
        tell(.recoveryRead(RecoveryReading(hasAccount: true, orders: [], last: last)))
    }

    /// A desk that leads, with a run that has begun and that somebody waits for.
    mutating func run() -> String {
        lead()
        trigger(waits: true)
        tell(.begun(isSaved: true))
        return desk.runningID ?? ""
    }

    @discardableResult
    mutating func trigger(key: String = "", isDry: Bool = false, waits: Bool = false) -> UInt64 {
        waiters += 1
        tell(
            .triggered(
                AllocationTrigger(
                    waiter: waiters, by: "http", key: key, isDry: isDry, waits: waits)))
        if !key.isEmpty { tell(.answerFound(waiters, nil)) }
        return waiters
    }

    /// The answers given since the last call, by who waits for them.
    mutating func answers() -> [UInt64: String] {
        var found: [UInt64: String] = [:]
        for case .answer(let waiter, let answer) in taken() {
            found[waiter] =
                switch answer {
                case .accepted(let run): "accepted \(run)"
                case .busy(let run): "busy \(run)"
                case .over(let fields): "over \(fields.first { $0.0 == "reason" }?.1 ?? "")"
                case .refused(let code, _): "refused \(code)"
                }
        }
        return found
    }
}

extension DeskWorld {
    /// What was wanted to be saved since the last call, as `run kind...` with `record` where there is one.
    mutating func saves() -> [String] {
        var found: [String] = []
        for case .save(let save, _) in taken() {
            let kinds = save.entries.compactMap { entry in
                entry.first { $0.0 == "kind" }?.1
            }
            let isRecord = !save.record.isEmpty && !save.isBehind
            found.append((kinds + (isRecord ? ["record"] : [])).joined(separator: " "))
        }
        return found
    }

    /// A run that loses its lease with an order open, which then ends.
    mutating func losing() -> String {
        let id = run()
        tell(.run(id, .factsRead(1, RunWorld.facts())))
        tell(.leaseLost)
        let ended = RunWorld.order("cancelled", isOver: true, Fixture.quantity("3"))
        tell(.run(id, .orderSeen(request: "\(id)-1", ended)))
        #expect(saves() == [])
        return id
    }

    /// A run that its time ended with an order open.
    mutating func unsettled() -> String {
        let id = run()
        tell(.run(id, .factsRead(1, RunWorld.facts())))
        _ = taken()
        pass(.seconds(20))
        #expect(saves() == ["slice", "run record"])
        #expect(desk.lastFields.contains { $0 == ("status", "unsettled") })
        return id
    }

    static func placed(_ id: String, _ executed: String) -> PlacedSlice {
        PlacedSlice(
            number: 1, request: "\(id)-1", side: .sell, quantity: .whole(20),
            price: Fixture.price("0.75"), timeInForce: .immediateOrCancel,
            report: RunWorld.order("cancelled", isOver: true, Fixture.quantity(executed)),
            isTold: false)
    }

    /// What was wanted to be saved since the last call.
    mutating func wanted() -> [AllocationSave] {
        var found: [AllocationSave] = []
        for case .save(let save, _) in taken() { found.append(save) }
        return found
    }

    /// What Redis says of the run that was last, and of its orders.
    mutating func recover(
        _ last: [String: String], orders: [String] = [], run: String? = nil,
        placed: [PlacedSlice] = []
    ) {
        tell(
            .recoveryRead(
                RecoveryReading(
                    hasAccount: true, orders: orders, last: last, run: run ?? last["run"],
                    placed: placed)))
    }
}

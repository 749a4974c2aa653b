import Algorithms
import BusProtocol
package import Chronology
import Orders
import Positions
package import Trading

/// The algorithms' events: prices, times, and what became of their orders.
extension GatewayDesk {
    /// Symbols of running algorithms, and those that their fees are valued by; ascending.
    package var algoSymbols: [Symbol] { algos.symbols }

    /// Whether algorithms may decide anything, and place orders.
    private var areAlgosAwake: Bool { phase == .ready && fence != nil && algos.fence == fence }

    /// Whether they are Redis' that is away, and nobody else's meanwhile.
    var areAlgosAlone: Bool { isAlone && algos.fence != nil }

    /// Whether algorithms are told what becomes of their orders, and may take them back.
    var mayAlgosAct: Bool {
        if areAlgosAlone { return true }
        guard fence != nil, algos.fence == fence, isRedisUp else { return false }
        return phase != .idle && phase != .loading
    }

    /// A price for the algorithms of a symbol. Where it leads to nothing, nothing is done or allocated.
    package mutating func ticked(
        _ symbol: Symbol, bid: Price, ask: Price, now: Instant, wall: WallTime,
        _ out: inout [GatewayAction]
    ) {
        if !algos.worths.isEmpty { algos.valued(symbol, bid: bid, ask: ask, now: now) }
        guard areAlgosAwake, let places = algos.places[symbol] else { return }
        for place in places {
            guard let id = algos.ticked(place, bid: bid, ask: ask, now: now) else { continue }
            take(id)
            algos.touched.insert(id)
        }
        guard !algos.touched.isEmpty else { return }
        var turn = Turn(now: now, wall: wall)
        runAlgos(&turn)
        advance(&turn)
        scheduleWake(&turn)
        out += turn.actions
    }

    /// Does what is due for the algorithms after an event, until nothing is left to do.
    mutating func runAlgos(_ turn: inout Turn) {
        reviewIfReady(&turn)
        if algos.isAwake != areAlgosAwake {
            algos.isAwake = areAlgosAwake
            if algos.isAwake { storageReturned(turn) }
        }
        defer { watchMore(&turn) }
        var index = 0
        repeat {
            takeReplies(from: &index, &turn)
            // What is new waits until there is somebody to decide.
            guard mayAlgosAct else { return }
            if !algos.moved.isEmpty {
                let moved = algos.moved.sorted()
                algos.moved = []
                for id in moved { orderMoved(id, &turn) }
            }
            if !algos.touched.isEmpty {
                let touched = algos.ordered(Array(algos.touched))
                algos.touched = []
                for id in touched { settle(id, &turn) }
            }
        } while index < turn.actions.count || !algos.moved.isEmpty || !algos.touched.isEmpty
    }

    private mutating func watchMore(_ turn: inout Turn) {
        guard algos.isWatchDue else { return }
        algos.isWatchDue = false
        turn.act(.watchTicks(algoSymbols))
    }

    /// Answers to what the algorithms asked of the desk.
    private mutating func takeReplies(from index: inout Int, _ turn: inout Turn) {
        while index < turn.actions.count {
            if case .reply(let reply, AlgoHost.sender) = turn.actions[index] {
                turn.actions.remove(at: index)
                replied(reply, &turn)
            } else {
                index += 1
            }
        }
    }

    // MARK: time

    /// Wake-ups of the algorithms that are due.
    mutating func wakeAlgos(_ turn: inout Turn) {
        // Until it acts again nothing can be done about what is due.
        guard mayAlgosAct else { return }
        cancelStranded(&turn)
        for id in algos.due(by: turn.now) {
            guard let (saveAt, lookupAt, isTimed, wakeAt) = dues(of: id) else { continue }
            if saveAt <= turn.now { algos.touched.insert(id) }
            if lookupAt <= turn.now { lookUpChildren(id, &turn) }
            if isTimed, let wakeAt, wakeAt <= turn.now {
                event(id) { $0.deadlineReached(now: turn.now, &$1) }
            }
            planWake(id)
        }
    }

    private func dues(
        of id: String
    ) -> (saveAt: Instant, lookupAt: Instant, isTimed: Bool, wakeAt: Instant?)? {
        algos.all[id].map { ($0.saveAt, $0.lookupAt, $0.isTimed, $0.machine?.wakeAt) }
    }

    mutating func planWake(_ id: String) {
        guard let due = algos.all[id]?.nextDue(isAlone: areAlgosAlone) else { return }
        algos.plan(id, due)
    }

    /// When something is due of the algorithms.
    var algosDueAt: Instant {
        mutating get {
            guard mayAlgosAct else { return .distantFuture }
            let stranded = areAlgosAlone ? algos.strandedAt : nil
            return min(algos.dues.first ?? .distantFuture, stranded ?? .distantFuture)
        }
    }

    // MARK: wishes

    /// Brings an event before a machine and takes what it wants.
    mutating func event(
        _ id: String, _ body: (inout AlgoMachine, inout [AlgoAction]) -> Void
    ) {
        algos.all[id]?.machine?.take(&algos.actions, body)
        take(id)
        algos.touched.insert(id)
    }

    /// Sorts what a machine wants: placements wait for the state, the rest is done at once.
    private mutating func take(_ id: String) {
        guard !algos.actions.isEmpty else { return }
        var wanted: [AlgoAction] = []
        swap(&wanted, &algos.actions)
        for action in wanted {
            switch action {
            case .place(let child):
                algos.all[id]?.held.append(child)
                if let name = childName(id, child.number) {
                    algos.owners[name] = (id, child.number)
                }
            case .cancel, .amend: algos.all[id]?.wishes.append(action)
            }
        }
        wanted.removeAll(keepingCapacity: true)
        swap(&wanted, &algos.actions)
    }

    // MARK: carrying out

    /// Carries out what an algorithm wants, and saves it where that is due.
    private mutating func settle(_ id: String, _ turn: inout Turn) {
        if algos.all[id]?.wishes.isEmpty == false {
            let wishes = algos.all[id]?.wishes ?? []
            algos.all[id]?.wishes = []
            for wish in wishes { carryOut(wish, id, &turn) }
        }
        saveIfDue(id, &turn)
        planWake(id)
    }
}

extension AlgoMachine {
    /// Lets an event happen to it where it lies.
    fileprivate mutating func take(
        _ actions: inout [AlgoAction], _ event: (inout AlgoMachine, inout [AlgoAction]) -> Void
    ) {
        event(&self, &actions)
    }
}

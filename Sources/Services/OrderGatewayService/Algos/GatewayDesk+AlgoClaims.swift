import Algorithms
import BusProtocol
import Chronology
import Orders
import Trading

/// Orders that an algorithm placed after the newest state of it that Redis has kept (P3).
extension GatewayDesk {
    /// An order on no record, found at the venue: the algorithm whose next numbers give its id takes
    /// it back, before anything of it is saved. One that has left the desk before is held open until
    /// Redis has again the state of its algorithm that counts it.
    /// - Returns: whether it is of nobody, and is to be cancelled.
    mutating func claim(_ name: ClientOrderID, _ now: Instant) -> Bool {
        guard algos.owners[name] == nil, let order = orders[name]?.life.intent,
            let origin = name.origin, isOfAlgo(name)
        else { return false }
        let isClosing = origin == .flatten
        for id in algos.bySymbol[order.symbol] ?? [] {
            guard let algo = algos.all[id], algo.record.account == order.account,
                let machine = algo.machine, isClosing || machine.parameters.kind.origin == origin
            else { continue }
            if let from = algo.unknownFrom {
                guard let (number, lot) = place(of: name, in: machine, from: from) else { continue }
                orders[name]?.request = AlgoHost.request(id, number, lot: lot)
                claim(name, for: id, number, lot: lot, now)
                return false
            }
            let from = max(1, machine.book.nextNumber - AlgoHost.lookAhead)
            guard algos.unconfirmed.contains(id),
                let (number, lot) = place(of: name, in: machine, from: from)
            else { continue }
            orders[name]?.request = AlgoHost.request(id, number, lot: lot)
            algos.claimed[name] = id
            // A save that is on its way may be from before.
            algos.all[id]?.machine?.saveFailed()
            algos.touched.insert(id)
            return false
        }
        return !isClosing
    }

    /// Redis was read, and may have lost states of algorithms that this process knows better: until it
    /// has them again, their orders stay listed as open, also those that are done.
    mutating func holdUnnamed() {
        guard !algos.unconfirmed.isEmpty else { return }
        for name in orders.keys where algos.claimed[name] == nil && isOfAlgo(name) {
            guard let request = orders.read(name, { $0.request }),
                let part = AlgoHost.parts(ofRequest: request), algos.unconfirmed.contains(part.algo),
                childName(part.algo, part.number, lot: part.lot) == name
            else { continue }
            algos.claimed[name] = part.algo
        }
    }

    /// From here on an order is an algorithm's. It stays listed as open until the algorithm's state
    /// names it: a crash before that finds it again.
    private mutating func claim(
        _ name: ClientOrderID, for id: String, _ number: Int64, lot: Int, _ now: Instant
    ) {
        guard let order = orders[name]?.life.intent else { return }
        algos.owners[name] = (id, number)
        algos.claimed[name] = id
        algos.moved.insert(name)
        let child = FoundOrder(
            number: number, lot: lot, side: order.side, type: order.type,
            timeInForce: order.timeInForce, quantity: order.quantity,
            price: order.price, isReduceOnly: order.isReduceOnly)
        event(id) { $0.found(child, now: now, &$1) }
    }

    /// Redis was read: orders that an algorithm took back, and whose names its state does not have, as
    /// the process was killed between.
    mutating func reclaim(_ turn: Turn) {
        for name in orders.keys.sorted() where algos.owners[name] == nil {
            guard let request = orders[name]?.request, let part = AlgoHost.parts(ofRequest: request),
                let algo = algos.all[part.algo], let from = algo.unknownFrom, part.number >= from,
                algo.machine?.book.child(part.number) == nil,
                childName(part.algo, part.number, lot: part.lot) == name
            else { continue }
            claim(name, for: part.algo, part.number, lot: part.lot, turn.now)
        }
    }

    /// The state that names them is saved: they may leave the open orders.
    mutating func releaseClaims(_ id: String, _ turn: inout Turn) {
        for name in algos.all[id]?.claimsInFlight ?? [] {
            algos.claimed[name] = nil
            guard orders[name]?.life.isDone == true else { continue }
            orders[name]?.needsSave = true
            saveIfNeeded(name, &turn)
        }
        algos.all[id]?.claimsInFlight = []
    }

    /// Orders of algorithms that cannot be taken up again are not left to themselves.
    mutating func cancelOrphans(_ turn: inout Turn) {
        let found = orphans { algo, _ in algos.all[algo]?.machine == nil }
        takeBack(
            found, "an algorithm cannot be taken up: what it has resting is cancelled", &turn)
    }

    /// Orders that no algorithm on the desk has as its own, by whose they are, ascending.
    func orphans(
        where isWanted: (String, WorkingOrder) -> Bool
    ) -> [String: [ClientOrderID]] {
        var orphans: [String: [ClientOrderID]] = [:]
        for name in orders.keys.sorted() where algos.owners[name] == nil {
            guard let order = orders[name], !order.life.isFinal, isOfAlgo(name),
                let part = AlgoHost.parts(ofRequest: order.request), isWanted(part.algo, order)
            else { continue }
            orphans[part.algo, default: []].append(name)
        }
        return orphans
    }

    mutating func takeBack(
        _ orphans: [String: [ClientOrderID]], _ why: String, _ turn: inout Turn
    ) {
        for algo in orphans.keys.sorted() {
            let names = orphans[algo] ?? []
            let known = algos.all[algo]?.record.detail ?? "it is on no record"
            turn.act(
                .alert(
                    code: "algo_orphans", why,
                    ["algo": algo, "orders": "\(names.count)", "reason": known]))
            for name in names { takeBack(name, &turn) }
        }
    }

    private func isOfAlgo(_ name: ClientOrderID) -> Bool {
        guard let origin = name.origin else { return false }
        return origin == .flatten || AlgoKind.allCases.contains { $0.origin == origin }
    }

    /// The number and lot that give a name, among those that come after an algorithm's state. Orders
    /// come in any order: those between others already taken back are among them.
    private func place(
        of name: ClientOrderID, in machine: AlgoMachine, from first: Int64
    ) -> (number: Int64, lot: Int)? {
        // One lot more: that of the orders which close what was filled.
        for number in first..<(first + AlgoHost.lookAhead) {
            for lot in 0...machine.book.lots.count
            where childName(machine.id, number, lot: lot) == name {
                return (number, lot)
            }
        }
        return nil
    }
}

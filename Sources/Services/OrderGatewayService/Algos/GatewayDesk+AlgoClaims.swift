import Algorithms
import BusProtocol
import Chronology
import Orders
import Trading

/// Orders that an algorithm placed after the newest state of it that Redis has kept (P3).
extension GatewayDesk {
    /// An order on no record, found at the venue: the algorithm whose next numbers give its id takes
    /// it back. Where there is none, the order is of nobody, and is cancelled.
    mutating func claim(_ name: ClientOrderID, _ turn: inout Turn) {
        guard algos.owners[name] == nil, let order = orders[name]?.life.intent,
            let origin = ClientOrderID.parts(of: name.text)?.origin,
            AlgoKind.allCases.contains(where: { $0.origin == origin })
        else { return }
        var isClaimable = false
        for id in algos.bySymbol[order.symbol] ?? [] {
            guard let algo = algos.all[id], algo.record.account == order.account,
                AlgoKind(rawValue: algo.record.kind)?.origin == origin
            else { continue }
            guard let machine = algo.machine else {
                isClaimable = true
                continue
            }
            guard let (number, lot) = place(of: name, in: machine) else { continue }
            algos.owners[name] = (id, number)
            algos.moved.insert(name)
            let child = FoundOrder(
                number: number, lot: lot, side: order.side, type: order.type,
                timeInForce: order.timeInForce, quantity: order.quantity,
                price: order.price, isReduceOnly: order.isReduceOnly)
            return event(id) { $0.found(child, now: turn.now, &$1) }
        }
        if !isClaimable { perform(orders[name]?.life.cancelRequested() ?? .nothing, name, &turn) }
    }

    /// The number and lot that give a name, among those that come after an algorithm's state.
    private func place(
        of name: ClientOrderID, in machine: AlgoMachine
    ) -> (number: Int64, lot: Int)? {
        let first = machine.book.nextNumber
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

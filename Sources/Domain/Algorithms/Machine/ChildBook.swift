import Chronology
package import Trading

/// A quantity that an algorithm may execute, and how much of it was.
package struct Allotment: Equatable, Sendable {
    package internal(set) var total: Quantity
    package internal(set) var filled: Quantity

    package init(total: Quantity, filled: Quantity = .zero) {
        self.total = total
        self.filled = filled
    }

    package var isFilled: Bool { filled >= total }
}

/// The orders of an algorithm that are not over, each committed to an allotment.
///
/// For every lot: filled + what its orders may still execute ≤ total. An order that would break that
/// cannot be made; so whatever becomes of orders in doubt, the total is not exceeded.
package struct ChildBook: Equatable, Sendable {
    package private(set) var children: [ChildOrder] = []
    package internal(set) var lots: [Allotment]
    package private(set) var nextNumber: Int64 = 1

    package init(lots: [Allotment]) { self.lots = lots }

    /// A book read from its saved state; what it had open is in doubt.
    init(restoring children: [ChildOrder], lots: [Allotment], nextNumber: Int64) {
        self.children = children
        self.lots = lots
        self.nextNumber = nextNumber
        for index in self.children.indices { self.children[index].phase = .unknown }
    }

    package var isEmpty: Bool { children.isEmpty }

    /// What the orders of a lot may still execute.
    package func committed(_ lot: Int) -> Quantity {
        var sum = Quantity.zero
        for child in children where child.lot == lot { sum += child.remaining }
        return sum
    }

    /// What of a lot is neither filled nor committed.
    package func free(_ lot: Int) -> Quantity {
        max(.zero, lots[lot].total - lots[lot].filled - committed(lot))
    }

    package func child(_ number: Int64) -> ChildOrder? {
        children.first { $0.number == number }
    }

    /// The oldest order of a lot.
    package func child(inLot lot: Int) -> ChildOrder? {
        children.first { $0.lot == lot }
    }

    // MARK: changes

    /// Commits an order; nil where its lot has not as much to give.
    mutating func place(
        lot: Int, side: Side, type: OrderType, timeInForce: TimeInForce, quantity: Quantity,
        price: Price?, isReduceOnly: Bool, now: Instant
    ) -> ChildOrder? {
        guard quantity.isPositive, quantity <= free(lot) else { return nil }
        let child = ChildOrder(
            number: nextNumber, lot: lot, side: side, type: type, timeInForce: timeInForce,
            quantity: quantity, price: price, isReduceOnly: isReduceOnly, movedAt: now)
        nextNumber += 1
        children.append(child)
        return child
    }

    /// Takes an order in that exists already; what it executed is reported like any other's.
    mutating func adopt(_ found: FoundOrder, now: Instant) {
        guard child(found.number) == nil else { return }
        var child = ChildOrder(
            number: found.number, lot: found.lot, side: found.side, type: found.type,
            timeInForce: found.timeInForce, quantity: found.quantity, price: found.price,
            isReduceOnly: found.isReduceOnly, movedAt: now)
        child.phase = .unknown
        nextNumber = max(nextNumber, found.number + 1)
        children.append(child)
    }

    /// Makes one lot of all, to which every order belongs from now on.
    mutating func merge(into lot: Allotment) {
        lots = [lot]
        for index in children.indices { children[index].lot = 0 }
    }

    /// A cancel of a resting order is asked for.
    /// - Returns: whether it is news.
    mutating func cancelling(_ number: Int64) -> Bool {
        guard let index = index(number) else { return false }
        switch children[index].phase {
        case .working, .amending, .placing, .unknown:
            children[index].phase = .cancelling
            return true
        case .cancelling: return false
        }
    }

    /// Another price is asked for.
    mutating func amending(_ number: Int64, to price: Price, now: Instant) {
        guard let index = index(number) else { return }
        children[index].nextPrice = price
        children[index].phase = .amending
        children[index].movedAt = now
    }

    /// Takes in what the desk says of an order.
    /// - Returns: what it says for the first time, or nil where the order is not in the book.
    mutating func reported(_ report: ChildReport) -> ChildChange? {
        guard let index = index(report.number) else { return nil }
        let before = children[index]
        let executed = max(before.executed, report.executed)
        if report.executed >= before.executed {
            children[index].executed = executed
            children[index].notional = report.notional
            children[index].fees = report.fees
            children[index].kept = report.kept
            lots[before.lot].filled += executed - before.executed
        }
        var change = ChildChange(
            child: children[index], executed: executed - before.executed,
            notional: children[index].notional - before.notional,
            fees: children[index].fees - before.fees, kept: children[index].kept - before.kept)
        if report.executed >= before.executed {
            for fee in report.others {
                // A state of an older build does not say of which asset its one amount is.
                let counted =
                    children[index].others[fee.asset]
                    ?? children[index].others.removeValue(forKey: "") ?? .zero
                let amount = fee.amount - counted
                change.count(OtherFee(asset: fee.asset, amount: amount, price: fee.price))
                children[index].others[fee.asset] = fee.amount
            }
        }
        switch report.stage {
        case .pending: break
        case .working:
            // A cancel that is on its way is not forgotten for news from before it.
            if before.phase != .cancelling { children[index].phase = .working }
        case .amending:
            if before.phase != .cancelling { children[index].phase = .amending }
        case .cancelling: children[index].phase = .cancelling
        case .unknown: if before.phase != .cancelling { children[index].phase = .unknown }
        case .over(let refusal):
            change.isOver = true
            change.refusal = refusal
            change.admitted = report.admitted
            children.remove(at: index)
            return change
        }
        if let price = report.price { children[index].price = price }
        if report.stage == .working { children[index].nextPrice = nil }
        change.child = children[index]
        return change
    }

    /// A cancel came to nothing: the order may be cancelled again.
    mutating func cancelFailed(_ number: Int64) {
        guard let index = index(number), children[index].phase == .cancelling else { return }
        children[index].phase = .working
    }

    private func index(_ number: Int64) -> Int? {
        children.firstIndex { $0.number == number }
    }
}

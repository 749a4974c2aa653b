import Chronology
import Orders
package import Trading

/// Scalper: each slot opens at its distance from the middle and closes on the other side of it.
///
/// Slot i has two lots: 2i opens, 2i + 1 closes. What may be opened is the slot's size plus what was
/// closed, what may be closed is what was opened; so a position is never above the slot's size, and
/// never closed twice. Coins that the venue keeps as its fee are neither to be closed nor held (F8).
extension AlgoMachine {
    mutating func buildSlots(_ plan: ScalperPlan) {
        let sizes = plan.sizes(at: rules) ?? [plan.quantity]
        slots = plan.legs.sides.flatMap { side in
            sizes.enumerated().map { ScalperSlot(side: side, layer: $0, size: $1) }
        }
        offsets = plan.offsets
        book.lots = slots.flatMap { [Allotment(total: $0.size), Allotment(total: .zero)] }
    }

    /// What a slot holds, above zero for short ones, too.
    package func position(_ slot: Int) -> Quantity {
        book.lots[slot * 2].filled - book.lots[slot * 2 + 1].filled - slots[slot].kept
    }

    /// Lots that follow from what was filled.
    mutating func refreshLots() {
        for index in slots.indices {
            let gone = book.lots[index * 2 + 1].filled + slots[index].kept
            book.lots[index * 2].total = slots[index].size + gone
            book.lots[index * 2 + 1].total = book.lots[index * 2].filled - slots[index].kept
        }
    }

    /// An order of a slot was filled.
    mutating func slotFilled(_ change: ChildChange, _ plan: ScalperPlan, _ now: Instant) {
        let index = change.child.lot / 2
        guard slots.indices.contains(index), change.child.lot != closingLot else { return }
        slots[index].kept += change.kept
        if change.child.lot % 2 == 0 {
            slots[index].opened(change, plan, now: now)
        } else {
            // Less than a step is nothing that could be closed: coins beside what was kept as a fee.
            let left = position(index)
            slots[index].closed(
                change, before: left + change.executed, isOver: left < rules.step, plan, now: now)
        }
        refreshLots()
    }

    mutating func scalp(_ plan: ScalperPlan, _ now: Instant, _ out: inout [AlgoAction]) {
        if plan.duration > .zero {
            let over = startedAt + plan.duration
            if now >= over {
                return end(plan.finish == .flatten ? .flatten : .cancel, "out_of_time")
            }
            wake(by: over)
        }
        guard isPriced(now) else { return }
        quotedMid = mid
        var fence = OwnFence(book.children)
        for index in slots.indices {
            close(index, plan, &fence, now, &out)
            open(index, plan, &fence, now, &out)
        }
    }

    /// Whether the middle has moved enough for orders to follow it.
    func hasMoved(_ plan: ScalperPlan) -> Bool {
        (mid - quotedMid).magnitude.units * 10_000 * Ratio.one.units
            >= quotedMid.units * plan.requote.units
    }

    // MARK: one slot

    private mutating func open(
        _ index: Int, _ plan: ScalperPlan, _ fence: inout OwnFence, _ now: Instant,
        _ out: inout [AlgoAction]
    ) {
        let slot = slots[index]
        let distance = offsets[slot.layer].scaled(by: slot.width, .nearestEven)
        let price = price(slot.side, distance)
        guard fence.admits(slot.side, price) else { return }
        if let child = book.child(inLot: index * 2) {
            if slot.isHolding || now < slot.pausedUntil { return cancel(child, &out) }
            return follow(child, price, plan, &fence, now, &out)
        }
        guard !slot.isHolding else { return }
        let opensAt = max(slot.waitUntil, slot.pausedUntil)
        if now < opensAt { return wake(by: opensAt) }
        let quantity = tradable(book.free(index * 2), .limit, at: price, isReducing: false)
        guard quantity.isPositive else { return }
        place(
            lot: index * 2, side: slot.side, type: .limit, timeInForce: .postOnly,
            quantity: quantity, price: price, isReduceOnly: false, now: now, &out)
        fence.add(slot.side, price)
    }

    private mutating func close(
        _ index: Int, _ plan: ScalperPlan, _ fence: inout OwnFence, _ now: Instant,
        _ out: inout [AlgoAction]
    ) {
        let slot = slots[index]
        let held = position(index)
        let side = slot.side.opposite
        let resting = book.child(inLot: index * 2 + 1)
        let distance =
            plan.take.isPositive
            ? Ratio(units: plan.take.units / 10_000)
            : offsets[slot.layer].scaled(by: slot.width, .nearestEven)
        let price = price(side, distance)
        slots[index].isHolding = losesTooMuch(slot, held, price, plan)
        if slots[index].isHolding {
            if let resting { cancel(resting, &out) }
            return
        }
        guard fence.admits(side, price) else { return }
        if let resting { return follow(resting, price, plan, &fence, now, &out) }
        let reduces = !slot.avoidsReduceOnly && isReducing(side, held)
        let quantity = tradable(
            book.free(index * 2 + 1), .limit, at: price, isReducing: reduces)
        guard quantity.isPositive else { return }
        place(
            lot: index * 2 + 1, side: side, type: .limit, timeInForce: .postOnly,
            quantity: quantity, price: price, isReduceOnly: reduces, now: now, &out)
        fence.add(side, price)
    }

    private mutating func follow(
        _ child: ChildOrder, _ price: Price, _ plan: ScalperPlan, _ fence: inout OwnFence,
        _ now: Instant, _ out: inout [AlgoAction]
    ) {
        let room = max(rules.tick, mid.scaled(by: Ratio(units: plan.requote.units / 10_000), .down))
        guard ((child.price ?? price) - price).magnitude >= room else { return }
        move(child, to: price, every: plan.reprice, now: now, &out)
        fence.add(child.side, price)
    }

    /// A price at a distance from the middle, never one that would take.
    private func price(_ side: Side, _ distance: Ratio) -> Price {
        let off = mid.scaled(by: distance, .nearestEven)
        let wanted = rules.quantised(
            max(rules.tick, side == .buy ? mid - off : mid + off), side: side)
        if side == .buy { return min(wanted, rules.quantised(ask - rules.tick, side: .buy)) }
        return max(wanted, rules.quantised(bid + rules.tick, side: .sell))
    }

    /// Whether closing at a price would lock in more than the set loss (B8e).
    private func losesTooMuch(
        _ slot: ScalperSlot, _ held: Quantity, _ price: Price, _ plan: ScalperPlan
    ) -> Bool {
        guard plan.maximumLoss.isPositive, held.isPositive else { return false }
        let worth = price.times(held, .nearestEven)
        let loss = slot.side == .buy ? slot.cost - worth : worth - slot.cost
        return loss > slot.cost.scaled(by: Ratio(units: plan.maximumLoss.units / 10_000), .up)
    }

    /// A closing order was refused for its flag: the other leg holds more, and it goes without it.
    mutating func closeRefused(_ lot: Int, _ code: RefusalCode, _ plan: ScalperPlan) -> Bool {
        // One leg's position may be the other's at the venue, and a book's that of another book.
        let isFlagged =
            code == .reduceOnlyRejected || plan.legs == .both && code == .reduceOnlyWouldIncrease
        guard isFlagged, lot % 2 == 1, slots.indices.contains(lot / 2) else { return false }
        slots[lot / 2].avoidsReduceOnly = true
        return true
    }

    /// Whether a close only reduces what both legs together hold.
    private func isReducing(_ side: Side, _ quantity: Quantity) -> Bool {
        let net = side == .sell ? progress.net : -progress.net
        var taken = Quantity.zero
        for child in book.children where child.side == side && child.isReduceOnly {
            taken += child.remaining
        }
        return net - taken >= quantity
    }
}

/// Where the algorithm's own orders are, so that none is put where it would trade with another.
struct OwnFence {
    private var highestBuy: Price?
    private var lowestSell: Price?

    init(_ children: [ChildOrder]) {
        for child in children {
            if let price = child.price { add(child.side, price) }
            if let price = child.nextPrice { add(child.side, price) }
        }
    }

    mutating func add(_ side: Side, _ price: Price) {
        switch side {
        case .buy: highestBuy = max(highestBuy ?? price, price)
        case .sell: lowestSell = min(lowestSell ?? price, price)
        }
    }

    func admits(_ side: Side, _ price: Price) -> Bool {
        switch side {
        case .buy: lowestSell.map { price < $0 } ?? true
        case .sell: highestBuy.map { price > $0 } ?? true
        }
    }
}

import Chronology
import Trading

/// Chase: one post-only order that follows the best price of its side, always for the remainder.
extension AlgoMachine {
    mutating func chase(_ plan: ChasePlan, _ now: Instant, _ out: inout [AlgoAction]) {
        if book.lots[0].isFilled { return end(.cancel, AlgoReason.filled.rawValue) }
        if plan.duration > .zero {
            let over = startedAt + plan.duration
            if now >= over {
                return end(plan.finish == .market ? .complete : .cancel, "out_of_time")
            }
            wake(by: over)
        }
        guard isPriced(now) else { return }
        let price = passivePrice(plan.side, offsetTicks: plan.offsetTicks)
        if isOutOfRange(price, plan) { return end(.cancel, AlgoReason.outOfRange.rawValue) }
        if let child = book.children.first {
            return move(child, to: price, every: plan.reprice, now: now, &out)
        }
        let quantity = placeable(book.free(0), .limit, at: price)
        guard quantity.isPositive else {
            return end(.cancel, AlgoReason.remainderTooSmall.rawValue)
        }
        place(
            lot: 0, side: plan.side, type: .limit, timeInForce: .postOnly, quantity: quantity,
            price: price, isReduceOnly: parameters.isReduceOnly, now: now, &out)
    }

    /// The best price of a side, or so many ticks behind it; never one that would take.
    func passivePrice(_ side: Side, offsetTicks: Int64) -> Price {
        let offset = rules.tick.multiplied(byWhole: offsetTicks)
        let wanted = side == .buy ? bid - offset : ask + offset
        let price = rules.quantised(max(rules.tick, wanted), side: side)
        if side == .buy { return min(price, rules.quantised(ask - rules.tick, side: .buy)) }
        return max(price, rules.quantised(bid + rules.tick, side: .sell))
    }

    private func isOutOfRange(_ price: Price, _ plan: ChasePlan) -> Bool {
        if let limit = plan.limit, plan.side == .buy ? price > limit : price < limit { return true }
        guard plan.maximumDistance.isPositive else { return false }
        let room = progress.arrival.scaled(
            by: Ratio(units: plan.maximumDistance.units / 10_000), .down)
        return (price - progress.arrival).magnitude > room
    }
}

import Bounded
package import Chronology
package import Trading

/// Where a TWAP is in its schedule.
struct SliceState: Equatable, Sendable {
    /// Slices that were due when the last order was placed.
    var due = 0
    /// What was filled when that number was reached.
    var filledBefore = Quantity.zero
    /// Slices that were due when the order that rests was placed.
    var placedFor = 0
}

/// TWAP: at each time of a schedule what should have been traded by then, less what was.
extension AlgoMachine {
    mutating func slice(_ plan: TwapPlan, _ now: Instant, _ out: inout [AlgoAction]) {
        if book.lots[0].isFilled { return end(.cancel, AlgoReason.filled.rawValue) }
        let over = startedAt + plan.duration
        if now >= over {
            return end(plan.finish == .market ? .complete : .cancel, "out_of_time")
        }
        wake(by: over)
        let schedule = SliceSchedule(plan, id: id, step: rules.step)
        let due = schedule.due(at: now - startedAt)
        if due < plan.slices { wake(by: startedAt + schedule.time(due)) }
        if due != slicing.due {
            slicing.due = due
            slicing.filledBefore = book.lots[0].filled
        }
        if let child = book.children.first {
            // It rested until the next was due; that one takes up what it left.
            if child.type == .limit, plan.style == .limit, slicing.placedFor < due { cancel(child, &out) }
            return
        }
        guard isPriced(now) else { return }
        placeSlice(plan, schedule, now, &out)
    }

    private mutating func placeSlice(
        _ plan: TwapPlan, _ schedule: SliceSchedule, _ now: Instant, _ out: inout [AlgoAction]
    ) {
        let filled = book.lots[0].filled
        let most = Quantity(units: plan.quantity.units / Int128(plan.slices) * Int128(plan.catchUp))
        let room = max(rules.step, most) - (filled - slicing.filledBefore)
        let wanted = min(schedule.total(after: slicing.due) - filled, room)
        let price = slicePrice(plan)
        let isAtOnce = plan.style == .market && plan.limit == nil
        let order = atOnce(plan.side)
        let type: OrderType = isAtOnce ? order.type : .limit
        if let limit = plan.limit, plan.side == .buy ? price > limit : price < limit { return }
        let quantity = placeable(wanted, type, at: price)
        guard quantity.isPositive else { return }
        slicing.placedFor = slicing.due
        place(
            lot: 0, side: plan.side, type: type,
            timeInForce: plan.style == .market ? .immediateOrCancel : .postOnly,
            quantity: min(quantity, book.free(0)), price: isAtOnce ? order.price : price,
            isReduceOnly: parameters.isReduceOnly, now: now, &out)
    }

    /// Where a slice rests, or the worst price at which it may take.
    private func slicePrice(_ plan: TwapPlan) -> Price {
        switch plan.style {
        case .limit: return passivePrice(plan.side, offsetTicks: plan.offsetTicks)
        case .market:
            guard let limit = plan.limit else { return plan.side == .buy ? ask : bid }
            let touch = plan.side == .buy ? ask : bid
            // Beyond the limit nothing is sent; within it the whole way to the limit may be taken.
            let isBeyond = plan.side == .buy ? touch > limit : touch < limit
            return isBeyond ? touch : rules.quantised(limit, side: plan.side)
        }
    }
}

/// When each slice of a TWAP is due, and how much is to have been traded after it.
///
/// Derived from the plan and the algo's id, so that a restart finds the same schedule. Sizes and times
/// differ from equal parts by at most their jitter; the sum is exactly the whole.
package struct SliceSchedule: Sendable {
    private let plan: TwapPlan
    private let seed: UInt64
    private let step: Quantity

    package init(_ plan: TwapPlan, id: String, step: Quantity) {
        self.plan = plan
        self.step = step
        // FNV-1a.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        seed = hash
    }

    /// When a slice, counted from 0, is due; the first at once.
    package func time(_ slice: Int) -> Interval {
        if slice == 0 { return .zero }
        let part = plan.duration / Int64(plan.slices)
        // Percent of half a part, by a draw in thousandths.
        let shift = part.nanoseconds / 200_000 * plan.timeJitter * draw(slice, 1)
        return part * Int64(slice) + .nanoseconds(shift)
    }

    /// Slices due a time after the start.
    package func due(at elapsed: Interval) -> Int {
        let part = plan.duration / Int64(plan.slices)
        let near = Int(max(0, elapsed.nanoseconds) / max(1, part.nanoseconds))
        // Jitter moves a slice by at most a quarter of a part.
        var due = min(plan.slices, max(0, near))
        while due < plan.slices, time(due) <= elapsed { due += 1 }
        while due > 0, time(due - 1) > elapsed { due -= 1 }
        return due
    }

    /// What is to have been traded after so many slices; grows with each, and ends with the whole.
    package func total(after slices: Int) -> Quantity {
        if slices <= 0 { return .zero }
        if slices >= plan.slices { return plan.quantity }
        let part = plan.quantity.units / Int128(plan.slices)
        let even = plan.quantity.units * Int128(slices) / Int128(plan.slices)
        let shift = part / 200_000 * Int128(plan.sizeJitter) * Int128(draw(slices, 2))
        return Quantity(units: even + shift).rounded(.floor, to: step)
    }

    /// A number in −1,000…1,000 that belongs to a slice.
    private func draw(_ slice: Int, _ purpose: UInt64) -> Int64 {
        var random = SplitMix64(seed: seed ^ (UInt64(slice) << 8 | purpose))
        return Int64.random(in: -1_000...1_000, using: &random)
    }
}

import Chronology
import Orders
package import Trading

/// One rung of a ladder; its lot has the same index.
package struct Rung: Equatable, Sendable {
    package let price: Price
    package let quantity: Quantity
    /// Refusals of its orders.
    package internal(set) var tries = 0
    /// Why it is not placed any more; empty while it may be.
    package internal(set) var code = ""
}

/// Scale: all rungs of a ladder, each an order of its own, until they are filled or given up.
extension AlgoMachine {
    /// Refusals after which a rung is given up.
    static let rungTries = 3

    /// The ladder and its lots, derived from the plan.
    mutating func buildLadder(_ plan: ScalePlan) {
        rungs = (plan.rungs(at: rules) ?? []).map { Rung(price: $0.price, quantity: $0.quantity) }
        if rungs.isEmpty { rungs = [Rung(price: plan.from, quantity: plan.quantity)] }
        book.lots = rungs.map { Allotment(total: $0.quantity) }
    }

    mutating func climb(_ plan: ScalePlan, _ now: Instant, _ out: inout [AlgoAction]) {
        if plan.duration > .zero {
            let over = startedAt + plan.duration
            if now >= over {
                return end(plan.finish == .market ? .complete : .cancel, "out_of_time")
            }
            wake(by: over)
        }
        var isFull = true
        doRungsWait = false
        for index in rungs.indices where !book.lots[index].isFilled {
            isFull = false
            guard rungs[index].code.isEmpty, book.child(inLot: index) == nil else { continue }
            if plan.isPostOnly, wouldTake(plan.side, rungs[index].price) {
                doRungsWait = true
                continue
            }
            let quantity = placeable(book.free(index), .limit, at: rungs[index].price)
            if quantity.isZero {
                rungs[index].code = AlgoReason.remainderTooSmall.rawValue
                continue
            }
            place(
                lot: index, side: plan.side, type: .limit,
                timeInForce: plan.isPostOnly ? .postOnly : .goodTillCancel, quantity: quantity,
                price: rungs[index].price, isReduceOnly: parameters.isReduceOnly, now: now, &out)
        }
        guard book.isEmpty, !doRungsWait else { return }
        if isFull {
            end(.cancel, AlgoReason.filled.rawValue)
        } else if rungs.indices.allSatisfy({ book.lots[$0].isFilled || !rungs[$0].code.isEmpty }) {
            let isNothing = progress.traded.isZero
            let code = RefusalCode.reduceOnlyWouldIncrease.description
            if rungs.contains(where: { $0.code == code }) { sayLeft() }
            if isNothing, rungs.allSatisfy({ $0.code == code }) {
                return end(.cancel, AlgoReason.nothingToReduce.rawValue)
            }
            hasFailed = isNothing
            end(.cancel, AlgoReason.partlyFilled.rawValue)
        }
    }

    /// Whether a post-only order would be refused as the market stands.
    private func wouldTake(_ side: Side, _ price: Price) -> Bool {
        side == .buy ? ask.isPositive && price >= ask : bid.isPositive && price <= bid
    }

    /// An order of a rung was refused: whether that concerns the rung alone.
    /// - Parameter admitting: as much as its book would admit, where it was too much for that.
    mutating func rungRefused(_ lot: Int, _ code: RefusalCode, _ admitting: Quantity?) -> Bool {
        guard rungs.indices.contains(lot) else { return false }
        switch RefusalResponse(code) {
        case .retry: rungs[lot].tries += 1
        case .end:
            guard parameters.isReduceOnly else { return false }
            // The others rest on: what they close is counted.
            let isLess = exceeds(admitting, .limit, at: rungs[lot].price)
            rungs[lot].tries += isLess ? 1 : AlgoMachine.rungTries
        case .fail: rungs[lot].tries = AlgoMachine.rungTries
        case .wait, .pause: return false
        }
        if rungs[lot].tries >= AlgoMachine.rungTries { rungs[lot].code = code.description }
        return true
    }
}

import Algorithms
import BusProtocol
import Chronology
import Orders
import Trading

/// Algorithms while Redis is away (B7c): they place nothing, as no state that names an order can be
/// saved. After two seconds what would open is taken back: its fills would be new risk that nobody else
/// hears of, at a price that nobody follows. What reduces rests on, stops and pauses are carried out,
/// and all go on when it returns. Of one that was still being recovered, what its saved state names is
/// taken back likewise, and nothing else is done before its recovery has ended. So is what no algorithm on
/// the desk follows, as the state of its own cannot be read, is gone, or does not name it.
extension GatewayDesk {
    /// Between two looks for orders that nobody follows, where some were not taken back yet.
    private static let strandedPause = Interval.seconds(1)

    /// Nothing can be saved any more: no orders are placed.
    mutating func storageLost(_ turn: inout Turn) {
        let heardAt = redisHeardAt ?? turn.now
        redisHeardAt = nil
        algos.strandedAt =
            min(heardAt, turn.now) + AlgoMachine.Limits.storagePatience
        for id in algos.all.keys.sorted() {
            algos.all[id]?.machine?.storageLost(since: min(heardAt, turn.now))
            guard let algo = algos.all[id], algo.savedAt != .distantPast else { continue }
            for waiter in algo.waiters {
                answer(waiter, refusing: .redisDown, "holds until a restart only", &turn)
            }
            algos.all[id]?.waiters = []
            algos.all[id]?.waitersInFlight = 0
        }
        for id in algos.all.keys { planWake(id) }
    }

    /// Takes back what would open and has no algorithm on the desk, once Redis has been away for too long.
    mutating func cancelStranded(_ turn: inout Turn) {
        guard areAlgosAlone, let due = algos.strandedAt, due <= turn.now else { return }
        let found = orphans { _, order in
            let intent = order.life.intent
            return intent.type == .limit && intent.timeInForce != .immediateOrCancel
                && !intent.isReduceOnly
        }
        algos.strandedAt = found.isEmpty ? nil : turn.now + GatewayDesk.strandedPause
        let fresh = found.mapValues { $0.filter { orders[$0]?.life.wantsCancel == false } }
        takeBack(
            fresh.filter { !$0.value.isEmpty },
            "nothing can be saved, and no algorithm follows what it has resting: it is cancelled",
            &turn)
    }

    /// All can be saved again, and the desk leads: they go on.
    mutating func storageReturned(_ turn: Turn) {
        for id in algos.all.keys.sorted() {
            guard algos.all[id]?.isRecovering == false else {
                algos.all[id]?.machine?.storageReturned()
                continue
            }
            if algos.all[id]?.machine?.isUnsaved == true {
                event(id) { $0.released(now: turn.now, &$1) }
            }
            algos.touched.insert(id)
        }
    }
}

import Algorithms
import BusProtocol
import Chronology
import Orders
import Trading

/// Algorithms while Redis is away (B7c): they place nothing, as no state that names an order can be
/// saved. After two seconds what would open is taken back: its fills would be new risk that nobody else
/// hears of, at a price that nobody follows. What reduces rests on, stops and pauses are carried out,
/// and all go on when it returns. Of one that was still being recovered, what its saved state names is
/// taken back likewise, and nothing else is done before its recovery has ended.
extension GatewayDesk {
    /// Nothing can be saved any more: no orders are placed.
    mutating func storageLost(_ turn: inout Turn) {
        let heardAt = redisHeardAt ?? turn.now
        redisHeardAt = nil
        guard !algos.all.isEmpty else { return }
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

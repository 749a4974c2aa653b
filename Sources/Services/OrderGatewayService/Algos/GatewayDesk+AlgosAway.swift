import Algorithms
import BusProtocol
import Chronology
import Orders
import Trading

/// Algorithms while Redis is away (B7c): they place nothing, as no state that names an order can be
/// saved; what rests stays, stops and pauses are carried out, and all go on when it returns.
extension GatewayDesk {
    /// Nothing can be saved any more: no orders are placed.
    mutating func storageLost(_ turn: inout Turn) {
        guard !algos.all.isEmpty else { return }
        for id in algos.all.keys.sorted() {
            algos.all[id]?.machine?.storageLost()
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
        for id in algos.all.keys.sorted() where algos.all[id]?.isRecovering == false {
            if algos.all[id]?.machine?.hold == .storage {
                event(id) { $0.released(now: turn.now, &$1) }
            }
            algos.touched.insert(id)
        }
    }
}

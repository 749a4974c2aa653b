import BusProtocol
import Chronology
import Reactor
import RedisLink

/// The leases that orders live for.
extension GatewayStore {
    /// Who holds a lease; answered before what is asked after it.
    func owner(_ lease: String, _ completion: @escaping @LoopActor (OwnerReading) -> Void) {
        redis.send(all: [["PTTL", keys.lock(lease)], ["GET", keys.fence(lease)]]) { outcomes in
            completion(GatewayStore.holder(outcomes.map { $0.value }))
        }
    }

    private static func holder(_ answers: [RedisValue?]) -> OwnerReading {
        guard answers.count == 2, case .integer(let left) = answers[0], let number = answers[1] else {
            return .failed
        }
        // -2 for none, -1 for one without an end, which no lease of ours is; 0 for less than a millisecond,
        // which nobody renews in time. Taken anew between the two answers, it has another number.
        guard left > 0, let fence = number.text.flatMap({ Int64($0) }) else { return .free }
        return .held(fence: fence, left: .milliseconds(left))
    }
}

import Reactor
import RedisLink
import RedisServerSupport
import Runtime

extension RedisServer {
    /// What a process has, with its connections to this Redis up.
    /// - Parameter venuePort: where the venue's REST interface is; 1 for nowhere.
    @LoopActor func host(_ name: String, venuePort: UInt16 = 1) async -> ServiceHost {
        let environment = Environment(
            process: "price-feed",
            variables: [
                "PMS_INSTANCE": name, "PMS_VENUE_REST_URL": "http://127.0.0.1:\(venuePort)",
                "PMS_VENUE_WS_URL": "ws://127.0.0.1:1",
            ])
        let host = ServiceHost(
            name: "price-feed", environment: environment, loop: .process,
            endpoint: RedisEndpoint(path: path), usesRedis: true)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isSettled = false
            host.redis.onState = { state in
                guard state == .up, !isSettled else { return }
                isSettled = true
                continuation.resume()
            }
            host.redis.start()
            host.subscriber.start()
        }
        return host
    }
}

import Bytes
import Chronology
import Reactor
import RedisLink
import RedisServerSupport
import Testing

/// The states of a client or subscriber, on record, with a way to wait for one. What is waited for
/// may have come already: a waiter that starts late misses nothing.
@LoopActor final class StateWatch {
    private(set) var states: [RedisLinkState] = []
    private var waiters: [(isDone: @LoopActor () -> Bool, resume: @LoopActor () -> Void)] = []

    func received(_ state: RedisLinkState) {
        states.append(state)
        let ready = waiters.filter { $0.isDone() }
        waiters.removeAll { $0.isDone() }
        for waiter in ready { waiter.resume() }
    }

    /// Waits until it is up.
    func up() async { await wait { self.states.last == .up } }

    /// Waits until it has been down since it was last up; returns the latest reason.
    func down() async -> String {
        await wait { self.latestReason != nil }
        return latestReason ?? ""
    }

    /// Waits until it has been down for a reason that begins so, at any time since the start.
    func down(because prefix: String) async {
        await wait {
            self.states.contains {
                if case .down(let reason) = $0 { return reason.hasPrefix(prefix) }
                return false
            }
        }
    }

    private var latestReason: String? {
        for state in states.reversed() {
            switch state {
            case .connecting: continue
            case .up: return nil
            case .down(let reason): return reason
            }
        }
        return nil
    }

    private func wait(_ isDone: @escaping @LoopActor () -> Bool) async {
        if isDone() { return }
        await withCheckedContinuation { continuation in
            waiters.append((isDone, { continuation.resume() }))
        }
    }
}

extension RedisClient {
    /// A client and the record of its states.
    static func make(
        _ url: String, limits: RedisLimits = .standard
    ) throws -> (client: RedisClient, watch: StateWatch) {
        let client = RedisClient(
            loop: .process, endpoint: try RedisEndpoint(url: url), name: "test client",
            limits: limits, jitterSeed: 1)
        let watch = StateWatch()
        client.onState = { watch.received($0) }
        return (client, watch)
    }

    func writes(_ commands: [UInt8]) -> Bool { write(commands.rawSpan) }

    func publishes(_ channel: String, _ payload: String) -> Bool {
        channel.withRawSpan { channel in payload.withRawSpan { publish(channel, $0) } }
    }

    /// A started client that is up.
    static func up(_ server: RedisServer, limits: RedisLimits = .standard) async throws
        -> (client: RedisClient, watch: StateWatch)
    {
        let (client, watch) = try make(server.url(), limits: limits)
        client.start()
        await watch.up()
        return (client, watch)
    }
}

/// Runs what blocks away from the loop.
func aside(_ body: @escaping @Sendable () -> Void) async {
    await Task.detached(operation: body).value
}

/// Lets time pass on the loop.
@LoopActor func pass(_ interval: Interval) async {
    await withCheckedContinuation { continuation in
        EventLoop.process.timer { continuation.resume() }.arm(after: interval)
    }
}

/// Keeps the messages of its channels.
@LoopActor final class Inlet: RedisMessageHandler {
    var messages: [String] = []
    var established: [String] = []
    private var waiter: (count: Int, established: Int, resume: () -> Void)?

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        messages.append("\(String(channel)):\(String(payload))")
        check()
    }

    func subscriptionEstablished(channel: String) {
        established.append(channel)
        check()
    }

    /// Waits until there have been so many messages and confirmations.
    func wait(messages count: Int, established confirmations: Int) async {
        await withCheckedContinuation { continuation in
            waiter = (count, confirmations, { continuation.resume() })
            check()
        }
    }

    private func check() {
        guard let waiter, messages.count >= waiter.count,
            established.count >= waiter.established
        else { return }
        self.waiter = nil
        waiter.resume()
    }
}

import Chronology
import Reactor
import Runtime
import Synchronization

/// A service that does nothing: what is left is the process around it.
@LoopActor final class IdleService: Service {
    private let host: ServiceHost

    init(host: ServiceHost) { self.host = host }

    var readiness: [String] { [] }

    func start() async throws {
        let pieces = await Pieces.run(host.loop)
        host.log.info(
            "idle", ["port": host.http.port, "pieces": pieces.count, "on_loop": pieces.onLoop])
    }

    func stop() async { host.log.info("drained") }
}

/// Work of no actor that begins on the loop's thread: how many pieces ran, and how many of them there.
final class Pieces: Sendable {
    private let counts = Mutex((count: 0, onLoop: 0))

    static let children = 100

    private func note() {
        counts.withLock {
            $0.count += 1
            if EventLoop.process.isCurrent { $0.onLoop += 1 }
        }
    }

    /// What follows an await of a continuation, before any actor is asked for.
    nonisolated private func resumed(_ loop: EventLoop) async {
        note()
        await withCheckedContinuation { continuation in
            loop.post { loop.timer { continuation.resume() }.arm(after: .milliseconds(1)) }
        }
        note()
    }

    @LoopActor static func run(_ loop: EventLoop) async -> (count: Int, onLoop: Int) {
        let pieces = Pieces()
        await pieces.resumed(loop)
        await Task.detached { pieces.note() }.value
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<children { group.addTask { pieces.note() } }
        }
        return pieces.counts.withLock { $0 }
    }
}

ProcessHost.run(
    name: "risk-engine", summary: "does nothing, for tests", required: ["PMS_API_KEY"]
) { host in
    IdleService(host: host)
}

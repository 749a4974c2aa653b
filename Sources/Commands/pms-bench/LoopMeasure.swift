import CFloor
import Reactor
import Synchronization

/// Running measurements on the loop from the main thread of the benchmark.
enum LoopMeasure {
    /// Runs the body on the loop, in the background, and waits for its result.
    static func onLoop<Result: Sendable>(
        _ body: @escaping @Sendable @LoopActor () async -> Result
    ) -> Result {
        EventLoop.process.runInBackground()
        let box = ResultBox<Result>()
        Task { @LoopActor in box.finish(await body()) }
        return box.wait()
    }

    /// The figures of a distribution in microseconds: p50 and p99, each with its floor's.
    static func distribution(
        _ name: String, _ samples: [Int64], floor: [Int64]
    ) -> [Figure] {
        var (samples, floor) = (samples, floor)
        return [("p50", 500), ("p99", 990)].map { label, perMille in
            let value = unsafe floor_percentile(&samples, samples.count, Int32(perMille))
            let base = unsafe floor_percentile(&floor, floor.count, Int32(perMille))
            return Figure(
                "\(name).\(label)", Double(value) / 1_000, "us", floor: Double(base) / 1_000)
        }
    }
}

/// A result on its way from the loop to a waiting thread.
private final class ResultBox<Result: Sendable>: Sendable {
    private let event = floor_event_create()
    private let value = Mutex<Result?>(nil)

    func finish(_ result: Result) {
        value.withLock { $0 = result }
        floor_event_notify(event)
    }

    func wait() -> Result {
        floor_event_wait(event)
        guard let result = value.withLock({ $0 }) else { preconditionFailure("no result came") }
        return result
    }
}

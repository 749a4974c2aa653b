import Reactor

extension RedisClient {
    /// Sends commands in one go; the outcomes, in the order of the commands, once all have ended.
    package func send(
        all commands: [[String]], _ completion: @escaping @LoopActor ([RedisOutcome]) -> Void
    ) {
        precondition(!commands.isEmpty, "a batch has at least one command")
        let batch = Batch(count: commands.count, completion)
        for (index, command) in commands.enumerated() {
            send(command) { batch.ended(index, $0) }
        }
    }

    /// The same, waiting; nothing is sent for no commands. However many they are, no more than a
    /// sixteenth of what may be in flight is at one time, so that none is refused for their number.
    package func send(all commands: [[String]]) async -> [RedisOutcome] {
        var outcomes: [RedisOutcome] = []
        outcomes.reserveCapacity(commands.count)
        for start in stride(from: 0, to: commands.count, by: batchLimit) {
            let part = Array(commands[start..<min(start + batchLimit, commands.count)])
            outcomes += await withCheckedContinuation { continuation in
                send(all: part) { continuation.resume(returning: $0) }
            }
        }
        return outcomes
    }

    private var batchLimit: Int { max(1, limits.pendingRequests / 16) }
}

/// Outcomes that are still coming in.
@LoopActor private final class Batch {
    private var outcomes: [RedisOutcome?]
    private var missing: Int
    private let completion: @LoopActor ([RedisOutcome]) -> Void

    init(count: Int, _ completion: @escaping @LoopActor ([RedisOutcome]) -> Void) {
        outcomes = Array(repeating: nil, count: count)
        missing = count
        self.completion = completion
    }

    func ended(_ index: Int, _ outcome: RedisOutcome) {
        outcomes[index] = outcome
        missing -= 1
        if missing == 0 { completion(outcomes.compactMap { $0 }) }
    }
}

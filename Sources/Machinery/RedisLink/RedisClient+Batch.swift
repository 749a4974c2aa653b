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

    /// The same, waiting; nothing is sent for no commands.
    package func send(all commands: [[String]]) async -> [RedisOutcome] {
        if commands.isEmpty { return [] }
        return await withCheckedContinuation { continuation in
            send(all: commands) { continuation.resume(returning: $0) }
        }
    }
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

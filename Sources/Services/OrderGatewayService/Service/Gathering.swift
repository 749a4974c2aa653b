import Reactor
import RedisLink

/// Replies that come one by one, handed over when the last has come.
@LoopActor final class Gathering {
    private var outcomes: [RedisOutcome?]
    private var left: Int
    private let completion: @LoopActor ([RedisOutcome]) -> Void

    init(_ count: Int, _ completion: @escaping @LoopActor ([RedisOutcome]) -> Void) {
        outcomes = Array(repeating: nil, count: count)
        left = count
        self.completion = completion
    }

    func ended(_ index: Int, _ outcome: RedisOutcome) {
        outcomes[index] = outcome
        left -= 1
        if left == 0 { completion(outcomes.compactMap { $0 }) }
    }
}

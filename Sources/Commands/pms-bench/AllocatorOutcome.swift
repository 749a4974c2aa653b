import Reactor

/// What a benchmark of the allocator among real processes came to.
struct AllocatorOutcome: Sendable {
    var figures: [Figure] = []
    /// What did not hold; with one of them the benchmark fails.
    var violations: [String] = []

    /// A benchmark for each venue, with a Redis of its own, that runs where it is named.
    static func benchmarks(
        _ name: String,
        _ run: @escaping @Sendable @LoopActor (AllocatorFaultsWorld.Setting, String) async ->
            AllocatorOutcome
    ) -> [Benchmark] {
        AllocatorFaultsWorld.Setting.all.map { setting in
            Benchmark(name: "\(name)-\(setting.name)", isOnlyByName: true) {
                let redis = try HopRedis()
                let path = redis.path
                let outcome = withExtendedLifetime(redis) {
                    LoopMeasure.onLoop { await run(setting, path) }
                }
                guard outcome.violations.isEmpty else {
                    throw HopProblem(
                        description: "\n  " + outcome.violations.joined(separator: "\n  "))
                }
                return outcome.figures
            }
        }
    }
}

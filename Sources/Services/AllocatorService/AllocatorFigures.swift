import Allocation
import Chronology
import Reactor
import Runtime
import Trading

/// The allocator's metrics.
@LoopActor struct AllocatorFigures {
    private let metrics: Metrics
    private let slices: Counter
    private let notional: Gauge
    private let cost: Gauge
    private let imbalance: Gauge
    private let seconds: Histogram

    init(_ metrics: Metrics) {
        self.metrics = metrics
        slices = metrics.counter("pms_allocator_slices_total", "slices ordered")
        notional = metrics.gauge(
            "pms_allocator_filled_notional", "what the last run traded, in the quote asset")
        cost = metrics.gauge(
            "pms_allocator_cost_bp", "the last run's cost against mid, in basis points")
        imbalance = metrics.gauge(
            "pms_allocator_imbalance", "base value less quote value, as it was seen last")
        seconds = metrics.histogram(
            "pms_allocator_run_seconds", "how long runs took",
            bounds: [0.01, 0.1, 0.5, 1, 2, 5, 10, 15, 20, 60, 300])
    }

    func ended(_ result: AllocationResult) {
        metrics.counter(
            "pms_allocator_runs_total", "runs that are over", ["status": result.status.rawValue]
        ).increment()
        slices.add(result.slices.count)
        notional.set(Double(result.filledNotional.units) / 1e12)
        if let basisPoints = result.costBasisPoints { cost.set(Double(basisPoints.units) / 1e12) }
        if let after = result.after { imbalance.set(Double(after.imbalance.units) / 1e12) }
        seconds.observe(Double(result.elapsed.nanoseconds) / 1e9)
    }
}

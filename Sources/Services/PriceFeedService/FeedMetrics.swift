import Chronology
import Quotes
import Reactor
import Runtime

/// The feed's metrics, kept so that using one costs nothing.
@LoopActor final class FeedMetrics {
    private let frames: Counter
    private let dropped: [(FeedRefusal, Counter)]
    private let ticks: Counter
    private let ticksRefused: Counter
    private let records: Counter
    private let recordsRefused: Counter
    private let symbols: Gauge
    private let connected: [(QuoteKind, Gauge)]
    private let stale: [(QuoteKind, Gauge)]
    private let connections: Counter
    private let resubscriptions: Counter
    private let replacements: Counter

    init(_ metrics: Metrics) {
        frames = metrics.counter("pms_feed_frames_total", "Market frames taken in.")
        dropped = FeedRefusal.allCases.map {
            (
                $0,
                metrics.counter(
                    "pms_feed_dropped_total", "Market frames dropped.", ["reason": $0.label])
            )
        }
        ticks = metrics.counter("pms_feed_ticks_total", "Ticks published.")
        ticksRefused = metrics.counter(
            "pms_feed_ticks_refused_total", "Ticks that Redis did not take.")
        records = metrics.counter("pms_feed_records_total", "Price records written.")
        recordsRefused = metrics.counter(
            "pms_feed_records_refused_total", "Price records that Redis did not take.")
        symbols = metrics.gauge("pms_feed_symbols", "Symbols followed.")
        connected = QuoteKind.allCases.map {
            ($0, metrics.gauge("pms_feed_connected", "Streams connected.", ["stream": $0.label]))
        }
        stale = QuoteKind.allCases.map {
            ($0, metrics.gauge("pms_feed_stale", "Symbols gone silent.", ["stream": $0.label]))
        }
        connections = metrics.counter("pms_feed_connections_total", "Sockets opened.")
        resubscriptions = metrics.counter(
            "pms_feed_resubscriptions_total", "Stale streams asked for anew.")
        replacements = metrics.counter(
            "pms_feed_replacements_total", "Sockets replaced for silence.")
    }

    func published(_ isSent: Bool) { isSent ? ticks.increment() : ticksRefused.increment() }

    func stored(_ isSent: Bool) { isSent ? records.increment() : recordsRefused.increment() }

    func count(_ event: FeedNote.Event) {
        switch event {
        case .connected: connections.increment()
        case .resubscribed: resubscriptions.increment()
        case .replaced: replacements.increment()
        case .disconnected, .renewed, .controlRefused, .symbolUnknown, .symbolLimit,
            .instrumentSkipped, .instrumentsLoaded, .instrumentsFailed:
            break
        }
    }

    /// Brings what the desk counts up to date; called each second.
    func update(_ desk: FeedDesk, now: Instant) {
        frames.add(Int(desk.frames &- frames.value))
        for (refusal, counter) in dropped {
            counter.add(Int(desk.count(of: refusal) &- counter.value))
        }
        symbols.set(desk.followedCount)
        for (kind, gauge) in connected { gauge.set(desk.isConnected(kind) ? 1 : 0) }
        for (kind, gauge) in stale { gauge.set(desk.staleSymbols(kind, now: now).count) }
    }
}

import Chronology
import Quotes
import Reactor
import Runtime

/// The feed's metrics, kept so that using one costs nothing.
@LoopActor final class FeedMetrics {
    private let frames: Counter
    private let duplicates: Counter
    private let superseded: Counter
    private let dropped: [(FeedRefusal, Counter)]
    private let ticks: Counter
    private let ticksRefused: Counter
    private let records: Counter
    private let recordsRefused: Counter
    private let symbols: Gauge
    private let books: Gauge
    private let liveBooks: Gauge
    private let bookLosses: Counter
    private let snapshots: Counter
    private let kinds: [Kind]
    private let steps: [(FeedNote.Event, Counter)]
    let alerts: Counter

    /// What is shown of each kind of stream.
    private struct Kind {
        let kind: FeedKind
        let connected: Gauge
        let sockets: Gauge
        let stale: Gauge
        let unknown: Gauge
        let age: Gauge
    }

    init(_ metrics: Metrics, _ venue: FeedVenue) {
        frames = metrics.counter("pms_feed_frames_total", "Market frames taken in.")
        duplicates = metrics.counter(
            "pms_feed_duplicates_total", "Market frames that said what was known.")
        superseded = metrics.counter(
            "pms_feed_superseded_total", "Market frames left unread for newer ones of their symbol.")
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
        books = metrics.gauge("pms_feed_books", "Books by levels followed.")
        liveBooks = metrics.gauge("pms_feed_books_live", "Books by levels that show levels.")
        bookLosses = metrics.counter(
            "pms_feed_book_losses_total", "Books lost to a gap or a crossing.")
        snapshots = metrics.counter("pms_feed_book_snapshots_total", "Books taken from a snapshot.")
        symbols = metrics.gauge("pms_feed_symbols", "Symbols followed.")
        alerts = metrics.counter("pms_feed_alerts_total", "Alerts raised.")
        kinds = venue.quoteKinds.map { kind in
            let gauge = { (name: String, help: String) in
                metrics.gauge(name, help, ["stream": kind.label])
            }
            return Kind(
                kind: kind,
                connected: gauge("pms_feed_connected", "Whether a socket of the kind is open."),
                sockets: gauge("pms_feed_sockets", "Sockets open."),
                stale: gauge("pms_feed_stale", "Symbols gone silent."),
                unknown: gauge(
                    "pms_feed_unknown", "Symbols whose price neither stream nor REST confirms."),
                age: gauge("pms_feed_oldest_age_seconds", "Age of the oldest price followed."))
        }
        steps = FeedNote.Event.allCases.compactMap { event in
            FeedMetrics.name(event).map { (event, metrics.counter($0.name, $0.help)) }
        }
    }

    func published(_ isSent: Bool) { isSent ? ticks.increment() : ticksRefused.increment() }

    func stored(_ isSent: Bool) { isSent ? records.increment() : recordsRefused.increment() }

    func count(_ event: FeedNote.Event) {
        for (known, counter) in steps where known == event { counter.increment() }
    }

    /// The metric that counts an event; nil for events that none counts.
    private static func name(_ event: FeedNote.Event) -> (name: String, help: String)? {
        switch event {
        case .connected: ("pms_feed_connections_total", "Sockets opened.")
        case .disconnected: ("pms_feed_disconnections_total", "Sockets lost.")
        case .resubscribed: ("pms_feed_resubscriptions_total", "Stale streams asked for anew.")
        case .moved: ("pms_feed_moves_total", "Stale streams moved to another socket.")
        case .replaced: ("pms_feed_replacements_total", "Sockets replaced for silence.")
        case .asked: ("pms_feed_rest_fallbacks_total", "Stale streams whose price came by REST.")
        case .recovered: ("pms_feed_recoveries_total", "Stale streams that spoke again.")
        case .renewed: ("pms_feed_renewals_total", "Sockets renewed before their time was up.")
        case .controlRefused:
            ("pms_feed_control_refused_total", "Control messages the venue refused.")
        case .quiet, .renewing, .symbolUnknown, .symbolLimit, .instrumentSkipped,
            .instrumentsLoaded, .instrumentsFailed, .timesRestarted, .membersChanged,
            .bookResynced, .bookSnapshotFailed:
            nil
        }
    }

    /// Brings what the desk counts up to date; called each second.
    func update(_ desk: FeedDesk, now: Instant) {
        frames.add(Int(desk.frames &- frames.value))
        duplicates.add(Int(desk.duplicates &- duplicates.value))
        superseded.add(Int(desk.superseded &- superseded.value))
        for (refusal, counter) in dropped {
            counter.add(Int(desk.count(of: refusal) &- counter.value))
        }
        symbols.set(desk.followedCount)
        books.set(desk.bookCounts.followed)
        liveBooks.set(desk.bookCounts.live)
        bookLosses.add(Int(desk.bookLosses &- bookLosses.value))
        snapshots.add(Int(desk.snapshotsTaken &- snapshots.value))
        for shown in kinds {
            shown.connected.set(desk.isConnected(shown.kind) ? 1 : 0)
            shown.sockets.set(desk.openCount(shown.kind))
            shown.stale.set(desk.staleSymbols(shown.kind, now: now).count)
            shown.unknown.set(desk.unknownSymbols(shown.kind, now: now))
            shown.age.set(Double(desk.oldestAge(shown.kind, now: now).milliseconds) / 1000)
        }
    }
}

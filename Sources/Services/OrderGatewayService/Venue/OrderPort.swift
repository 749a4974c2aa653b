import Bounded
import Chronology
import Orders
import Reactor
import Runtime
import Trading
import VenueProtocol

/// Where orders leave the process: what is ready at the end of a turn of the loop goes out together.
@LoopActor final class OrderPort {
    /// Why an order whose turn has come must not be sent any more; nil where it may be.
    var objection: (@LoopActor (ClientOrderID) -> String?) = { _ in "not started" }
    var onSent: (@LoopActor (ClientOrderID, SendOutcome) -> Void)?
    var onCancelled: (@LoopActor (ClientOrderID, CancelOutcome) -> Void)?

    private let loop: EventLoop
    private let venue: VenueLink
    private var dispatch: OrderDispatch
    private var random: SplitMix64
    private var isFlushing = false
    private var timer: LoopTimer?
    private let batches: Counter

    init(host: ServiceHost, venue: VenueLink) {
        loop = host.loop
        self.venue = venue
        var limits = OrderDispatch.Limits(
            ordersPerBatch: venue.capabilities.ordersPerBatch,
            cancelsPerBatch: venue.capabilities.cancelsPerBatch)
        if let batching = venue.capabilities.batching {
            limits.fewestPerBatch = batching.fewest
            limits.batchesOneSymbol = batching.isOfOneSymbol
            // A fifth more, as the venue's clock counts when calls arrive.
            limits.batchPause = batching.perSecond.map { .milliseconds(1_200 / Int64($0)) } ?? .zero
        }
        limits.backoff = host.environment.interval("SCALE_ORDER_BACKOFF_MS")
        limits.jitter = host.environment.interval("SCALE_ORDER_BACKOFF_JITTER_MS")
        limits.pace = host.environment.interval("SCALE_ORDER_RATE_LIMIT_MS")
        dispatch = OrderDispatch(limits: limits)
        random = SplitMix64(seed: host.seed &+ 191)
        batches = host.metrics.counter(
            "pms_gateway_batches_total", "calls that placed or cancelled several orders")
        timer = host.loop.timer { [weak self] in self?.flush() }
    }

    func send(_ intent: OrderIntent) {
        dispatch.orderWanted(intent, now: loop.now)
        soon()
    }

    func cancel(_ id: ClientOrderID, _ symbol: Symbol) {
        dispatch.cancelWanted(id, symbol)
        soon()
    }

    private func soon() {
        guard !isFlushing else { return }
        isFlushing = true
        loop.soon { [weak self] in self?.flush() }
    }

    private func flush() {
        isFlushing = false
        carryOut(dispatch.flush(now: loop.now))
    }

    private func carryOut(_ actions: [OrderDispatch.Action]) {
        for action in actions {
            switch action {
            case .call(let call): make(call)
            case .sent(let id, let outcome): onSent?(id, outcome)
            case .cancelled(let id, let outcome): onCancelled?(id, outcome)
            }
        }
        if let deadline = dispatch.nextDeadline { timer?.arm(at: deadline) }
    }

    private func make(_ call: OrderCall) {
        switch call {
        case .place(let intent):
            let id = intent.clientOrderID
            venue.place(intent, unless: { [weak self] in self?.reason([id]) ?? nil }) {
                [weak self] outcome in
                self?.ended { $0.placed(intent, outcome, now: $1, using: &$2) }
            }
        case .placeTogether(let intents):
            batches.increment()
            let ids = intents.map(\.clientOrderID)
            venue.placeTogether(intents, unless: { [weak self] in self?.reason(ids) ?? nil }) {
                [weak self] outcome in
                self?.ended { $0.placedTogether(intents, outcome, now: $1, using: &$2) }
            }
        case .cancel(let id, let symbol):
            venue.cancel(id, symbol) { [weak self] outcome in self?.onCancelled?(id, outcome) }
        case .cancelTogether(let ids, let symbol):
            batches.increment()
            venue.cancelTogether(ids, symbol) { [weak self] outcome in
                self?.ended { dispatch, _, _ in dispatch.cancelledTogether(ids, symbol, outcome) }
            }
        }
    }

    private func reason(_ ids: [ClientOrderID]) -> String? {
        for id in ids {
            if let reason = objection(id) { return reason }
        }
        return nil
    }

    private func ended(
        _ event: (inout OrderDispatch, Instant, inout SplitMix64) -> [OrderDispatch.Action]
    ) {
        carryOut(event(&dispatch, loop.now, &random))
    }
}

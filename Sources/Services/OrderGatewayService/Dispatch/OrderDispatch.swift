import Bounded
import Chronology
import Orders
import Trading

// Dispatch: how orders and cancels that are wanted become calls to the venue.
// 1. Each order wanted is answered exactly once, and is part of a second call only after the first
//    was not executed for certain; an unknown outcome is never sent again (S2).
// 2. Cancels go before orders; the orders of a symbol go in the order they were wanted.
// 3. A batch is neither atomic nor ordered: every element is judged by itself. A batch refused as a
//    whole is sent again one by one; an element that met an overload is sent again alone (B2a).
// 4. At most `retries` repeats of an order, each after a longer pause than the last; the orders of a
//    ladder go at their pace (B1c).

/// One call to the venue about orders.
enum OrderCall: Equatable, Sendable {
    case place(OrderIntent)
    /// Two or more.
    case placeTogether([OrderIntent])
    case cancel(ClientOrderID, Symbol)
    /// Two or more, of one symbol.
    case cancelTogether([ClientOrderID], Symbol)
}

/// How a call of several ended as a whole.
enum BatchOutcome<Element: Equatable & Sendable>: Equatable, Sendable {
    /// As many as were asked for, in that order.
    case elements([Element])
    /// Nothing of it was executed for certain.
    case refused(code: Int, String)
    case notSent(String)
    case unknown(String)
}

/// Groups what is ready at one time, and repeats what was certainly not executed.
struct OrderDispatch {
    struct Limits: Equatable, Sendable {
        var ordersPerBatch: Int
        var cancelsPerBatch: Int
        /// Fewest orders that are worth a batch; nil where only a full one is.
        var fewestPerBatch: Int?
        /// A batch is of one symbol.
        var batchesOneSymbol = false
        /// Least time between two batches; what comes meanwhile goes one by one.
        var batchPause = Interval.zero
        /// Repeats of an order that met an overload or a rate limit.
        var retries = 2
        /// The first pause (`SCALE_ORDER_BACKOFF_MS`); each further one is twice as long.
        var backoff = Interval.milliseconds(220)
        /// A random part on top (`SCALE_ORDER_BACKOFF_JITTER_MS`).
        var jitter = Interval.milliseconds(80)
        /// Least time between two orders of a ladder (`SCALE_ORDER_RATE_LIMIT_MS`).
        var pace = Interval.milliseconds(110)
    }

    enum Action: Equatable, Sendable {
        case call(OrderCall)
        case sent(ClientOrderID, SendOutcome)
        case cancelled(ClientOrderID, CancelOutcome)
    }

    private struct Waiting {
        var intent: OrderIntent
        var dueAt: Instant
    }

    let limits: Limits
    private var orders: [OrderIntent] = []
    private var cancels: [(id: ClientOrderID, symbol: Symbol)] = []
    /// Orders that wait for another try; how often each was tried before.
    private var waiting: [Waiting] = []
    private var tries: [ClientOrderID: Int] = [:]
    /// When the next batch may go.
    private var batchAt = Instant.distantPast
    /// When the next order of a ladder may go.
    private var paceAt = Instant.distantPast

    init(limits: Limits) { self.limits = limits }

    /// When `flush` has something to do again; nil where nothing waits.
    var nextDeadline: Instant? { waiting.map(\.dueAt).min() }

    // MARK: wishes

    mutating func orderWanted(_ intent: OrderIntent, now: Instant) {
        guard intent.clientOrderID.origin == .scale else {
            return orders.append(intent)
        }
        let dueAt = max(now, paceAt)
        paceAt = dueAt + limits.pace
        waiting.append(Waiting(intent: intent, dueAt: dueAt))
    }

    mutating func cancelWanted(_ id: ClientOrderID, _ symbol: Symbol) {
        cancels.append((id, symbol))
    }

    /// Everything ready at this time goes out.
    mutating func flush(now: Instant) -> [Action] {
        var actions = cancels.isEmpty ? [] : cancelCalls()
        if !waiting.isEmpty {
            orders += waiting.filter { $0.dueAt <= now }.map(\.intent)
            waiting.removeAll { $0.dueAt <= now }
        }
        let fewest = limits.fewestPerBatch ?? limits.ordersPerBatch
        while limits.ordersPerBatch > 1, orders.count >= fewest, now >= batchAt,
            let group = takeGroup(fewest)
        {
            actions.append(.call(.placeTogether(group)))
            if limits.batchPause > .zero { batchAt = now + limits.batchPause }
        }
        for intent in orders { actions.append(.call(.place(intent))) }
        orders.removeAll(keepingCapacity: true)
        return actions
    }

    /// The first orders that may go together, taken out; nil where too few may.
    private mutating func takeGroup(_ fewest: Int) -> [OrderIntent]? {
        guard limits.batchesOneSymbol else {
            defer { orders.removeFirst(min(limits.ordersPerBatch, orders.count)) }
            return Array(orders.prefix(limits.ordersPerBatch))
        }
        var counts: [Symbol: Int] = [:]
        for intent in orders { counts[intent.symbol, default: 0] += 1 }
        let enough = orders.first { counts[$0.symbol, default: 0] >= fewest }
        guard let symbol = enough?.symbol else { return nil }
        let group = orders.filter { $0.symbol == symbol }.prefix(limits.ordersPerBatch)
        let taken = Set(group.map(\.clientOrderID))
        orders.removeAll { taken.contains($0.clientOrderID) }
        return Array(group)
    }

    private mutating func cancelCalls() -> [Action] {
        var groups: [(symbol: Symbol, ids: [ClientOrderID])] = []
        for cancel in cancels {
            let place = groups.lastIndex {
                $0.symbol == cancel.symbol && $0.ids.count < limits.cancelsPerBatch
            }
            if let place {
                groups[place].ids.append(cancel.id)
            } else {
                groups.append((cancel.symbol, [cancel.id]))
            }
        }
        cancels = []
        return groups.map { group in
            group.ids.count == 1
                ? .call(.cancel(group.ids[0], group.symbol))
                : .call(.cancelTogether(group.ids, group.symbol))
        }
    }

    // MARK: answers

    /// A call that placed one order ended, or an element of a batch did.
    mutating func placed(
        _ intent: OrderIntent, _ outcome: SendOutcome, now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> [Action] {
        let id = intent.clientOrderID
        if case .busy = outcome, tries[id, default: 0] < limits.retries {
            again(intent, now: now, using: &random)
            return []
        }
        tries[id] = nil
        return [.sent(id, outcome)]
    }

    private mutating func again(
        _ intent: OrderIntent, now: Instant, using random: inout some RandomNumberGenerator
    ) {
        let before = tries[intent.clientOrderID, default: 0]
        tries[intent.clientOrderID] = before + 1
        let pause = limits.backoff.milliseconds << Int64(before)
        let jitter = Int64.random(in: 0...max(0, limits.jitter.milliseconds), using: &random)
        waiting.append(Waiting(intent: intent, dueAt: now + .milliseconds(pause + jitter)))
    }

    /// A batch of orders ended.
    mutating func placedTogether(
        _ intents: [OrderIntent], _ outcome: BatchOutcome<SendOutcome>, now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> [Action] {
        switch outcome {
        case .elements(let elements) where elements.count == intents.count:
            var actions: [Action] = []
            for (intent, element) in zip(intents, elements) {
                actions += placed(intent, element, now: now, using: &random)
            }
            return actions
        case .elements:
            // Which is whose cannot be told: each is looked up.
            return intents.map { .sent($0.clientOrderID, .unknown("the batch's answer is short")) }
        case .refused, .notSent: return intents.map { .call(.place($0)) }
        case .unknown(let text): return intents.map { .sent($0.clientOrderID, .unknown(text)) }
        }
    }

    /// A batch of cancels ended; refused as a whole, they are sent one by one.
    mutating func cancelledTogether(
        _ ids: [ClientOrderID], _ symbol: Symbol, _ outcome: BatchOutcome<CancelOutcome>
    ) -> [Action] {
        switch outcome {
        case .elements(let elements) where elements.count == ids.count:
            return zip(ids, elements).map { .cancelled($0, $1) }
        case .refused, .notSent: return ids.map { .call(.cancel($0, symbol)) }
        case .elements, .unknown: return ids.map { .cancelled($0, .unknown) }
        }
    }
}

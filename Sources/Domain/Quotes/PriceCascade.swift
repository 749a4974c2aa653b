package import Chronology
package import Trading

/// Where a price came from.
package enum PriceOrigin: String, Sendable, CaseIterable {
    /// Kept from an earlier answer, and still fresh.
    case cache
    /// Heard on the tick channel.
    case channel
    /// Read from the price record.
    case redis
    /// Asked of the venue.
    case rest
}

/// A price with when it was true.
package struct PriceView: Equatable, Sendable {
    package var bid = Price.zero
    package var bidQuantity = Quantity.zero
    package var ask = Price.zero
    package var askQuantity = Quantity.zero
    /// Zero where the venue has none.
    package var mark = Price.zero
    package var index = Price.zero
    /// When the older of its parts was true.
    package var at = Instant.distantPast

    package init() {}

    /// (bid + ask) / 2, or zero while one is not known.
    package var mid: Price {
        bid.isZero || ask.isZero ? .zero : Price(units: (bid.units + ask.units) / 2)
    }
}

/// What a caller gets.
package struct PriceAnswer: Equatable, Sendable {
    package let price: PriceView
    package let origin: PriceOrigin
    /// How old the price was when it was given.
    package let age: Interval

    package init(price: PriceView, origin: PriceOrigin, age: Interval) {
        self.price = price
        self.origin = origin
        self.age = age
    }
}

/// The source cascade (B3a): own cache, tick channel, Redis, REST; falls through by itself.
///
/// 1. What is given is at most `limit` old; there is no other answer than a fresh price or none.
/// 2. Callers for one symbol share one look: one Redis read, one REST call at a time.
/// 3. A call ends in an answer or a reason, once.
package struct PriceCascade: Sendable {
    /// What to do next.
    package enum Action: Equatable, Sendable {
        /// Listen to the symbol's ticks from now on, or no longer.
        case subscribe(Symbol)
        case unsubscribe(Symbol)
        case readRecord(Symbol)
        case askVenue(Symbol)
        case answer(UInt64, PriceAnswer)
        /// Nobody has a fresh price; why the last source had none.
        case fail(UInt64, String)
    }

    private enum Stage { case idle, reading, asking }

    private struct Entry {
        var price = PriceView()
        var isHeard = false
        var stage = Stage.idle
        var callers: [UInt64] = []
        var wantedAt: Instant
    }

    /// Symbols kept at once; the one that was wanted longest ago leaves first.
    private static let symbolLimit = 2_048

    private let limit: Interval
    private let idle: Interval
    private var entries: [Symbol: Entry] = [:]

    /// - Parameters:
    ///   - limit: the age from which a price is no longer given.
    ///   - idle: how long a symbol nobody asks for is still listened to.
    package init(limit: Interval = .seconds(10), idle: Interval = .seconds(60)) {
        self.limit = limit
        self.idle = idle
    }

    // MARK: events

    /// Someone wants a price.
    /// - Parameter caller: its own number, which comes back with the answer.
    package mutating func asked(_ symbol: Symbol, _ caller: UInt64, now: Instant) -> [Action] {
        var actions: [Action] = []
        if entries[symbol] == nil {
            makeRoom(&actions)
            actions.append(.subscribe(symbol))
        }
        var entry = entries[symbol] ?? Entry(wantedAt: now)
        entry.wantedAt = now
        if now - entry.price.at <= limit {
            let origin: PriceOrigin = entry.isHeard ? .channel : .cache
            actions.append(.answer(caller, answer(entry.price, origin, now)))
        } else {
            entry.callers.append(caller)
            if entry.stage == .idle {
                entry.stage = .reading
                actions.append(.readRecord(symbol))
            }
        }
        entries[symbol] = entry
        return actions
    }

    /// A tick was heard: callers that wait are answered by it.
    package mutating func heard(_ symbol: Symbol, _ price: PriceView, now: Instant) -> [Action] {
        guard var entry = entries[symbol], price.at >= entry.price.at else { return [] }
        entry.price = price
        entry.isHeard = true
        let actions = now - price.at <= limit ? take(&entry, .channel, now) : []
        entries[symbol] = entry
        return actions
    }

    /// The record was read; nil where there is none or it cannot be read.
    package mutating func recordRead(
        _ symbol: Symbol, _ price: PriceView?, now: Instant
    ) -> [Action] {
        guard var entry = entries[symbol], entry.stage == .reading else { return [] }
        if let price, now - price.at <= limit {
            entry.stage = .idle
            let actions = keep(price, in: &entry, .redis, now)
            entries[symbol] = entry
            return actions
        }
        entry.stage = entry.callers.isEmpty ? .idle : .asking
        entries[symbol] = entry
        return entry.stage == .asking ? [.askVenue(symbol)] : []
    }

    /// The venue has answered.
    package mutating func venueAnswered(
        _ symbol: Symbol, _ price: PriceView, now: Instant
    ) -> [Action] {
        guard var entry = entries[symbol], entry.stage == .asking else { return [] }
        entry.stage = .idle
        let actions = keep(price, in: &entry, .rest, now)
        entries[symbol] = entry
        return actions
    }

    /// The venue could not be asked, or had no price.
    package mutating func venueFailed(_ symbol: Symbol, _ reason: String) -> [Action] {
        guard var entry = entries[symbol], entry.stage == .asking else { return [] }
        entry.stage = .idle
        let callers = entry.callers
        entry.callers = []
        entries[symbol] = entry
        return callers.map { .fail($0, reason) }
    }

    /// Called now and then: symbols nobody asks for are no longer listened to.
    package mutating func timePassed(now: Instant) -> [Action] {
        let left = entries.filter { $0.value.callers.isEmpty && now - $0.value.wantedAt >= idle }
        for symbol in left.keys { entries[symbol] = nil }
        return left.keys.sorted().map { .unsubscribe($0) }
    }

    // MARK: answers

    private mutating func keep(
        _ price: PriceView, in entry: inout Entry, _ origin: PriceOrigin, _ now: Instant
    ) -> [Action] {
        if price.at > entry.price.at {
            entry.price = price
            entry.isHeard = false
        }
        return take(&entry, origin, now)
    }

    private func take(_ entry: inout Entry, _ origin: PriceOrigin, _ now: Instant) -> [Action] {
        let callers = entry.callers
        entry.callers = []
        let answer = answer(entry.price, origin, now)
        return callers.map { .answer($0, answer) }
    }

    private func answer(
        _ price: PriceView, _ origin: PriceOrigin, _ now: Instant
    ) -> PriceAnswer {
        PriceAnswer(price: price, origin: origin, age: max(.zero, now - price.at))
    }

    private mutating func makeRoom(_ actions: inout [Action]) {
        guard entries.count >= PriceCascade.symbolLimit else { return }
        let oldest = entries.filter { $0.value.callers.isEmpty }
            .min { ($0.value.wantedAt, $0.key) < ($1.value.wantedAt, $1.key) }
        guard let oldest else { return }
        entries[oldest.key] = nil
        actions.append(.unsubscribe(oldest.key))
    }
}

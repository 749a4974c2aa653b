package import Chronology
package import Quotes
import Throttles
package import Trading

/// Who wants what, and the desk's slow clock.
extension FeedDesk {
    /// The process has begun.
    package mutating func started(now: Instant, _ out: inout [FeedAction]) {
        connectDue(now, &out)
        out.append(.loadInstruments)
        instruments.asked(now: now)
    }

    /// The demand as Redis has it now: symbols that positions, orders and watches want.
    package mutating func demandReceived(
        _ wanted: [Symbol], now: Instant, _ out: inout [FeedAction]
    ) {
        isDemandKnown = true
        let wanted = Set(wanted.filter { isListed($0, &out) })
        for slot in symbols.indices where isUsed(slot) {
            if wanted.contains(symbols[slot].symbol) {
                symbols[slot].releasedAt = nil
                symbols[slot].isGraceOver = false
            } else {
                release(slot, now)
            }
        }
        for symbol in wanted.sorted() where slots.slot(of: symbol) == nil {
            follow(symbol, &out)
        }
        for kind in QuoteKind.allCases { synchronise(kind, now, &out) }
    }

    /// Nobody wants the slot's symbol any more. One that the venue does not list has no grace.
    private mutating func release(_ slot: Int, _ now: Instant) {
        if symbols[slot].releasedAt == nil { symbols[slot].releasedAt = now }
        if instruments.isLoaded, instruments[symbols[slot].symbol] == nil {
            symbols[slot].isGraceOver = true
        }
    }

    /// Whether the venue lists a symbol, as far as is known; one that it does not is told of once.
    private mutating func isListed(_ symbol: Symbol, _ out: inout [FeedAction]) -> Bool {
        if !instruments.isLoaded || instruments[symbol] != nil { return true }
        if instruments.tell(symbol) { out.append(.note(FeedNote(.symbolUnknown, symbol.name))) }
        return false
    }

    private mutating func follow(_ symbol: Symbol, _ out: inout [FeedAction]) {
        guard slots.count < configuration.symbolLimit else {
            if instruments.tell(symbol) { out.append(.note(FeedNote(.symbolLimit, symbol.name))) }
            return
        }
        let slot = slots.insert(symbol)
        if slot == symbols.count {
            symbols.append(FeedSymbol(symbol: symbol))
        } else {
            let published = symbols[slot].published
            symbols[slot] = FeedSymbol(symbol: symbol)
            // Sequences only rise, also where a slot changes hands.
            symbols[slot].published = published
        }
    }

    /// A second has passed: retries, staleness, releases, instruments.
    package mutating func secondPassed(now: Instant, _ out: inout [FeedAction]) {
        connectDue(now, &out)
        settleRecovered(now)
        endGrace(now)
        for kind in QuoteKind.allCases {
            synchronise(kind, now, &out)
            recoverStale(kind, now, &out)
        }
        forgetReleased(now)
        if instruments.isDue(now: now, every: configuration.instrumentsEvery) {
            instruments.asked(now: now)
            out.append(.loadInstruments)
        }
    }

    private mutating func endGrace(_ now: Instant) {
        for slot in symbols.indices {
            guard let released = symbols[slot].releasedAt else { continue }
            if now - released >= configuration.grace { symbols[slot].isGraceOver = true }
        }
    }

    /// Gives up the slots of symbols that nobody wants and that are unsubscribed.
    private mutating func forgetReleased(_ now: Instant) {
        for slot in symbols.indices where isUsed(slot) && !isFollowed(slot) {
            guard let released = symbols[slot].releasedAt,
                now - released >= configuration.grace + .seconds(5),
                symbols[slot].streams.allSatisfy({ $0.subscribedAt == nil })
            else { continue }
            slots.remove(symbols[slot].symbol)
            publishing.cancel(slot)
            storing.cancel(slot)
        }
    }

    func isUsed(_ slot: Int) -> Bool { slots.symbol(at: slot) != nil }

    /// Whether the slot's streams are to be subscribed: wanted, or released a short while ago.
    func isFollowed(_ slot: Int) -> Bool {
        isUsed(slot) && !symbols[slot].isGraceOver
    }

    // MARK: Redis

    /// Redis is back: everything known is written again.
    package mutating func redisReturned(_ out: inout [FeedAction]) {
        for instrument in instruments.all { out.append(.storeInstrument(instrument)) }
        for slot in symbols.indices where isUsed(slot) {
            let quote = symbols[slot].quote
            guard !quote.bid.isZero || !quote.mark.isZero else { continue }
            out.append(.publish(slot))
            out.append(.store(slot))
        }
    }

    // MARK: health

    /// Why the feed cannot do its work now; empty where it can.
    package func reasons(now: Instant) -> [String] {
        var reasons: [String] = []
        if !instruments.isLoaded { reasons.append("instruments: not loaded") }
        if !isDemandKnown { reasons.append("demand: not read") }
        for kind in QuoteKind.allCases where !sockets[kind.position].isOpen {
            reasons.append("\(kind.label) stream: not connected")
        }
        for kind in QuoteKind.allCases {
            let names = staleSymbols(kind, now: now).map(\.name)
            if !names.isEmpty {
                let list = names.prefix(5).joined(separator: " ")
                reasons.append("\(kind.label) stale: \(names.count) of them: \(list)")
            }
        }
        return reasons
    }

    /// Followed symbols whose stream of a kind is subscribed and silent, ascending.
    package func staleSymbols(_ kind: QuoteKind, now: Instant) -> [Symbol] {
        symbols.indices.filter { isStale($0, kind, now) }.map { symbols[$0].symbol }.sorted()
    }

    /// Symbols followed now.
    package var followedCount: Int { symbols.indices.filter { isFollowed($0) }.count }

    /// Whether the socket of a kind is open.
    package func isConnected(_ kind: QuoteKind) -> Bool { sockets[kind.position].isOpen }
}

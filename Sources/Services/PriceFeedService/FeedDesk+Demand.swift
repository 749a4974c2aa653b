package import Chronology
import Quotes
import Throttles
package import Trading

/// Who wants what, and the desk's slow clock.
extension FeedDesk {
    /// The process has begun.
    package mutating func started(now: Instant, _ out: inout [FeedAction]) {
        reachedAt = now
        keepIdleSockets()
        connectDue(now, &out)
        out.append(.loadInstruments)
        instruments.asked(now: now)
    }

    /// The demand as Redis has it now.
    /// - Parameters:
    ///   - wanted: symbols that positions, orders, algos and watches want.
    ///   - deep: symbols whose book by levels is wanted; they are wanted without being in `wanted`.
    package mutating func demandReceived(
        _ wanted: [Symbol], deep: [Symbol] = [], now: Instant, _ out: inout [FeedAction]
    ) {
        isDemandKnown = true
        let wanted = Set((wanted + deep).filter { isListed($0, &out) })
        demanded = wanted
        for slot in symbols.indices where isUsed(slot) {
            if wanted.contains(symbols[slot].symbol) {
                symbols[slot].releasedAt = nil
                if symbols[slot].isOwned { symbols[slot].isGraceOver = false }
            } else {
                release(slot, now)
            }
        }
        for symbol in wanted.sorted() where slots.slot(of: symbol) == nil && owns(symbol) {
            follow(symbol, &out)
        }
        settleDepth(Set(deep), now)
        settleBooks()
        settleStreams(now, &out)
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

    mutating func follow(_ symbol: Symbol, _ out: inout [FeedAction]) {
        guard slots.count < configuration.symbolLimit else {
            if instruments.tell(symbol) { out.append(.note(FeedNote(.symbolLimit, symbol.name))) }
            return
        }
        let slot = slots.insert(symbol)
        if slot == symbols.count {
            symbols.append(FeedSymbol(symbol: symbol, firstSequence: firstSequence))
        } else {
            // Sequences only rise, also where a slot changes hands.
            let last = symbols[slot].firstSequence + symbols[slot].published
            symbols[slot] = FeedSymbol(symbol: symbol, firstSequence: max(last, firstSequence))
        }
    }

    private mutating func settleDepth(_ deep: Set<Symbol>, _ now: Instant) {
        for slot in symbols.indices where isUsed(slot) {
            if deep.contains(symbols[slot].symbol) {
                symbols[slot].isDepthFollowed = true
                symbols[slot].depthReleasedAt = nil
            } else if symbols[slot].isDepthFollowed, symbols[slot].depthReleasedAt == nil {
                symbols[slot].depthReleasedAt = now
            }
        }
    }

    /// Time has passed: retries, staleness, releases, instruments. Called a few times a second.
    package mutating func secondPassed(now: Instant, _ out: inout [FeedAction]) {
        watchReach(now)
        endGrace(now)
        renewDue(now, &out)
        settleStreams(now, &out)
        recoverStale(now, &out)
        tellStale(now, &out)
        settleStreams(now, &out)
        settleBooks()
        watchBooks(now, &out)
        watchDrops(now, &out)
        forgetReleased(now)
        if instruments.isDue(now: now, every: configuration.instrumentsEvery) {
            instruments.asked(now: now)
            out.append(.loadInstruments)
        }
    }

    private mutating func endGrace(_ now: Instant) {
        for slot in symbols.indices {
            if let released = symbols[slot].releasedAt, now - released >= configuration.grace {
                symbols[slot].isGraceOver = true
            }
            if let lost = symbols[slot].lostAt, now - lost >= FeedDesk.handover {
                symbols[slot].isGraceOver = true
            }
            if let released = symbols[slot].depthReleasedAt, now - released >= configuration.grace {
                symbols[slot].isDepthFollowed = false
                symbols[slot].depthReleasedAt = nil
            }
        }
    }

    /// How long a symbol that another feed has taken stays subscribed, should that one be gone again.
    private static let handover = Interval.seconds(3)

    /// Gives up the slots of symbols that nobody wants and that are unsubscribed.
    private mutating func forgetReleased(_ now: Instant) {
        for slot in symbols.indices where isUsed(slot) && symbols[slot].isGraceOver {
            let released = symbols[slot].releasedAt.map { $0 + configuration.grace }
            let lost = symbols[slot].lostAt.map { $0 + FeedDesk.handover }
            guard let end = released ?? lost, now - end >= .seconds(5),
                symbols[slot].streams.allSatisfy({ $0.socket == nil })
            else { continue }
            slots.remove(symbols[slot].symbol)
            publishing.cancel(slot)
            storing.cancel(slot)
        }
    }

    func isUsed(_ slot: Int) -> Bool { slots.symbol(at: slot) != nil }

    /// Whether the slot's stream of a kind is to be subscribed: wanted, or released a short while ago.
    func isFollowed(_ slot: Int, _ kind: FeedKind) -> Bool {
        guard isUsed(slot), !symbols[slot].isGraceOver else { return false }
        return kind == .depth ? symbols[slot].isDepthFollowed : true
    }
}

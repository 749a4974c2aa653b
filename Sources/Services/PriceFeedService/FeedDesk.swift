import Bounded
import BusProtocol
import Bytes
package import Chronology
package import Quotes
import Throttles
package import Trading
import VenueProtocol

/// Decides for the price-feed: which streams, which frames, which ticks; no I/O and no clock.
///
/// Frames go in by `frameReceived` and come out as a `FrameEffect`, without an array on the way;
/// everything else goes in as a named event and comes out as actions.
package struct FeedDesk {
    package let configuration: FeedConfiguration
    let band: PriceBand
    var slots = SymbolSlots()
    /// By slot.
    var symbols: ContiguousArray<FeedSymbol> = []
    /// By number.
    var sockets: ContiguousArray<FeedSocket> = []
    /// By number: when a market frame last came, also one that was refused.
    var heard: ContiguousArray<Instant> = []
    var attempts: AttemptLog
    var instruments = InstrumentTable()
    var publishing: SlotThrottles
    var storing: SlotThrottles
    /// By slot; nil where nobody asks for the book by levels.
    var books: ContiguousArray<FeedBook?> = []
    var depthFrame = DepthFrame()
    var depthPublishing: SlotThrottles
    var depthStoring: SlotThrottles
    /// Books lost to a gap or a crossing, and the reason of the last.
    package var bookLosses: UInt64 = 0
    package var lastLoss: BookLoss?
    package var snapshotsTaken: UInt64 = 0
    var random: SplitMix64
    /// What the sequences of symbols that come from now on follow on.
    var firstSequence: Int64
    var drops = FeedDrops()
    /// Frames taken in since the start.
    package var frames: UInt64 { bookFrames &+ markFrames &+ depthFrames }
    private(set) var bookFrames: UInt64 = 0
    private(set) var markFrames: UInt64 = 0
    var depthFrames: UInt64 = 0
    /// The kind of the last socket that was renewed, and when.
    var tookOver: (kind: FeedKind, at: Instant)?
    /// Frames that said what was known, since the start.
    package private(set) var duplicates: UInt64 = 0
    /// Frames left unread for newer ones of their symbol, since the start.
    package internal(set) var superseded: UInt64 = 0
    var hold = FrameHold()
    var isDemandKnown = false
    /// What is wanted, as known last, whoever streams it.
    var demanded: Set<Symbol> = []
    /// Nil where this feed serves the venue alone.
    var shards: FeedShards?
    let shardName: String
    /// When the venue could last be reached.
    var reachedAt = Instant.distantPast

    /// - Parameters:
    ///   - seed: of the jitter between connection attempts.
    ///   - startedAt: begins the sequences, so that they rise over restarts.
    ///   - shards: how the symbols are shared with other feeds; nil for not at all.
    ///   - shardName: this feed's name among them.
    package init(
        _ configuration: FeedConfiguration, seed: UInt64, startedAt: WallTime,
        shards: FeedShards? = nil, shardName: String = ""
    ) {
        self.configuration = configuration
        self.shards = shards
        self.shardName = shardName
        band = PriceBand(
            percent: configuration.band.percent,
            isAroundMid: !configuration.venue.quoteKinds.contains(.mark))
        attempts = AttemptLog(limit: configuration.attemptsPerMinute)
        publishing = SlotThrottles(
            window: configuration.publishWindow, capacity: configuration.symbolLimit)
        storing = SlotThrottles(
            window: configuration.storeWindow, capacity: configuration.symbolLimit)
        depthPublishing = SlotThrottles(
            window: configuration.publishWindow, capacity: configuration.symbolLimit)
        depthStoring = SlotThrottles(
            window: configuration.storeWindow, capacity: configuration.symbolLimit)
        random = SplitMix64(seed: seed)
        firstSequence = startedAt.milliseconds * 1_000
    }

    // MARK: frames

    /// Takes in one frame of a socket.
    @inline(__always)
    package mutating func frameReceived(
        socket number: Int, _ bytes: RawSpan, now: Instant
    ) -> FrameEffect {
        let effect = frameReceived(sockets[number].kind, bytes, now: now)
        if case .other = effect { return effect }
        heard[number] = now
        if sockets[number].takeover != nil { spokeOnSuccessor(number, effect) }
        return effect
    }

    /// Takes in one frame of a kind.
    @inline(__always)
    package mutating func frameReceived(
        _ kind: FeedKind, _ bytes: RawSpan, now: Instant
    ) -> FrameEffect {
        switch kind {
        case .book: bookReceived(bytes, now)
        case .mark: markReceived(bytes, now)
        case .depth: depthReceived(bytes, now)
        }
    }

    @inline(__always)
    private mutating func bookReceived(_ bytes: RawSpan, _ now: Instant) -> FrameEffect {
        let frame: BookTickerFrame
        do throws(FrameProblem) { frame = try configuration.venue.bookTicker(bytes) } catch {
            return refused(error, .book, bytes)
        }
        guard let slot = slots.slot(of: bytes.extracting(frame.symbol)) else {
            return refused(.unknownSymbol, .book)
        }
        let refusal = symbols[slot].quote.bookReceived(
            updateID: frame.updateID, bid: frame.bid, bidQuantity: frame.bidQuantity,
            ask: frame.ask, askQuantity: frame.askQuantity, time: frame.transactionMilliseconds,
            band: band, now: now)
        if let refusal { return refused(refusal, slot, .book, now) }
        bookFrames &+= 1
        return changed(slot, now)
    }

    private mutating func markReceived(_ bytes: RawSpan, _ now: Instant) -> FrameEffect {
        let frame: MarkPriceFrame
        do throws(FrameProblem) { frame = try MarkPriceFrame(bytes) } catch {
            return refused(error, .mark, bytes)
        }
        guard let slot = slots.slot(of: bytes.extracting(frame.symbol)) else {
            return refused(.unknownSymbol, .mark)
        }
        let refusal = symbols[slot].quote.markReceived(
            mark: frame.mark, index: frame.index, time: frame.eventMilliseconds, band: band,
            now: now)
        if let refusal { return refused(refusal, slot, .mark, now) }
        markFrames &+= 1
        return changed(slot, now)
    }

    @inline(__always)
    mutating func changed(_ slot: Int, _ now: Instant) -> FrameEffect {
        if !symbols[slot].isOwned {
            return .changed(slot: slot, publish: false, store: false)
        }
        return .changed(
            slot: slot, publish: publishing.offered(slot, now: now),
            store: storing.offered(slot, now: now))
    }

    @inline(never)
    mutating func refused(
        _ problem: FrameProblem, _ kind: FeedKind, _ bytes: RawSpan
    ) -> FrameEffect {
        switch problem {
        case .otherKind: return .other
        case .malformed: return refused(FeedRefusal.malformed, kind)
        case .badField:
            if configuration.venue.isOther(bytes) { return .other }
            return refused(FeedRefusal.badField, kind)
        }
    }

    @inline(never)
    private mutating func refused(
        _ refusal: QuoteRefusal, _ slot: Int, _ kind: FeedKind, _ now: Instant
    ) -> FrameEffect {
        guard let reason = FeedRefusal(refusal) else {
            duplicates &+= 1
            return .duplicate(slot: slot)
        }
        if reason == .timeBack, isBeingTakenOver(slot, kind, now) {
            // The older of two sockets is behind the newer: what it says is known.
            duplicates &+= 1
            return .duplicate(slot: slot)
        }
        symbols[slot].streams[kind.position].refused(now)
        return refused(reason, kind)
    }

    @inline(never)
    mutating func refused(_ reason: FeedRefusal, _ kind: FeedKind) -> FrameEffect {
        drops.count(reason, kind)
        return .refused(reason)
    }

    /// Frames dropped for a reason since the start.
    package func count(of refusal: FeedRefusal) -> UInt64 { drops.count(of: refusal) }

    /// A message of the wrong sort (text for binary), or too large for a frame.
    package mutating func unusableReceived(socket number: Int) -> FrameEffect {
        refused(FeedRefusal.malformed, sockets[number].kind)
    }

    /// A frame broke the connection's rules, and the connection with it.
    package mutating func brokenReceived(socket number: Int, _ reason: FeedRefusal) {
        _ = refused(reason, sockets[number].kind)
    }

    // MARK: throttled output

    /// When one of the `pop…` may give something; nil where nothing is held back.
    package var nextDeadline: Instant? {
        let ticks = FeedDesk.earlier(publishing.nextDeadline, storing.nextDeadline)
        if books.isEmpty { return ticks }
        let levels = FeedDesk.earlier(depthPublishing.nextDeadline, depthStoring.nextDeadline)
        return FeedDesk.earlier(ticks, levels)
    }

    @inline(__always)
    private static func earlier(_ a: Instant?, _ b: Instant?) -> Instant? {
        guard let a else { return b }
        guard let b else { return a }
        return min(a, b)
    }

    /// The next slot whose tick was held back and is due.
    package mutating func popPublish(now: Instant) -> Int? { publishing.popDue(now: now) }

    /// The next slot whose record was held back and is due.
    package mutating func popStore(now: Instant) -> Int? { storing.popDue(now: now) }

    /// The symbol of a slot; traps for a slot that was not given.
    package func symbol(at slot: Int) -> Symbol { symbols[slot].symbol }

    /// One more than the highest slot in use.
    package var slotCount: Int { symbols.count }

    package func quote(at slot: Int) -> Quote { symbols[slot].quote }

    /// The slot of a symbol that is followed, or nil.
    package func slot(of symbol: Symbol) -> Int? { slots.slot(of: symbol) }
}

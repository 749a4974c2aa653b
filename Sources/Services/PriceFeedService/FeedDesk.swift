import Bounded
package import BusProtocol
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
    var slots = SymbolSlots()
    /// By slot.
    var symbols: ContiguousArray<FeedSymbol> = []
    /// By kind: book, mark.
    var sockets = [FeedSocket(), FeedSocket()]
    var attempts: AttemptLog
    var instruments = InstrumentTable()
    var publishing: SlotThrottles
    var storing: SlotThrottles
    var random: SplitMix64
    private let firstSequence: Int64
    /// Frames dropped since the start, by `FeedRefusal.index`.
    private var refusals = [UInt64](repeating: 0, count: FeedRefusal.allCases.count)
    /// Frames taken in since the start.
    package private(set) var frames: UInt64 = 0
    var isDemandKnown = false

    /// - Parameters:
    ///   - seed: of the jitter between connection attempts.
    ///   - startedAt: begins the sequences, so that they rise over restarts.
    package init(_ configuration: FeedConfiguration, seed: UInt64, startedAt: WallTime) {
        self.configuration = configuration
        attempts = AttemptLog(limit: configuration.attemptsPerMinute)
        publishing = SlotThrottles(
            window: configuration.publishWindow, capacity: configuration.symbolLimit)
        storing = SlotThrottles(
            window: configuration.storeWindow, capacity: configuration.symbolLimit)
        random = SplitMix64(seed: seed)
        firstSequence = startedAt.milliseconds * 1_000
    }

    // MARK: frames

    /// Takes in one frame of a socket.
    @inline(__always)
    package mutating func frameReceived(
        _ kind: QuoteKind, _ bytes: RawSpan, now: Instant
    ) -> FrameEffect {
        switch kind {
        case .book: bookReceived(bytes, now)
        case .mark: markReceived(bytes, now)
        }
    }

    @inline(__always)
    private mutating func bookReceived(_ bytes: RawSpan, _ now: Instant) -> FrameEffect {
        let frame: BookTickerFrame
        do throws(FrameProblem) { frame = try BookTickerFrame(bytes) } catch {
            return refused(error)
        }
        guard let slot = slots.slot(of: bytes.extracting(frame.symbol)) else {
            return refused(.unknownSymbol)
        }
        let refusal = symbols[slot].quote.bookReceived(
            updateID: frame.updateID, bid: frame.bid, bidQuantity: frame.bidQuantity,
            ask: frame.ask, askQuantity: frame.askQuantity, time: frame.transactionMilliseconds,
            band: configuration.band, now: now)
        if let refusal { return refused(FeedRefusal(refusal)) }
        return changed(slot, now)
    }

    private mutating func markReceived(_ bytes: RawSpan, _ now: Instant) -> FrameEffect {
        let frame: MarkPriceFrame
        do throws(FrameProblem) { frame = try MarkPriceFrame(bytes) } catch {
            return refused(error)
        }
        guard let slot = slots.slot(of: bytes.extracting(frame.symbol)) else {
            return refused(.unknownSymbol)
        }
        let refusal = symbols[slot].quote.markReceived(
            mark: frame.mark, index: frame.index, time: frame.eventMilliseconds,
            band: configuration.band, now: now)
        if let refusal { return refused(FeedRefusal(refusal)) }
        return changed(slot, now)
    }

    @inline(__always)
    private mutating func changed(_ slot: Int, _ now: Instant) -> FrameEffect {
        frames &+= 1
        return .changed(
            slot: slot, publish: publishing.offered(slot, now: now),
            store: storing.offered(slot, now: now))
    }

    @inline(never)
    private mutating func refused(_ problem: FrameProblem) -> FrameEffect {
        switch problem {
        case .otherKind: .other
        case .malformed: refused(FeedRefusal.malformed)
        case .badField: refused(FeedRefusal.badField)
        }
    }

    @inline(never)
    private mutating func refused(_ refusal: FeedRefusal) -> FrameEffect {
        refusals[refusal.index] &+= 1
        return .refused(refusal)
    }

    /// Frames dropped for a reason since the start.
    package func count(of refusal: FeedRefusal) -> UInt64 { refusals[refusal.index] }

    /// A message that is no text, or too large for a frame.
    package mutating func unusableReceived() -> FrameEffect {
        refused(FeedRefusal.malformed)
    }

    // MARK: throttled output

    /// When `popPublish` or `popStore` may give something; nil where nothing is held back.
    package var nextDeadline: Instant? {
        guard let publish = publishing.nextDeadline else { return storing.nextDeadline }
        guard let store = storing.nextDeadline else { return publish }
        return min(publish, store)
    }

    /// The next slot whose tick was held back and is due.
    package mutating func popPublish(now: Instant) -> Int? { publishing.popDue(now: now) }

    /// The next slot whose record was held back and is due.
    package mutating func popStore(now: Instant) -> Int? { storing.popDue(now: now) }

    // MARK: what goes out

    /// The symbol of a slot; traps for a slot that was not given.
    package func symbol(at slot: Int) -> Symbol { symbols[slot].symbol }

    /// One more than the highest slot in use.
    package var slotCount: Int { symbols.count }

    package func quote(at slot: Int) -> Quote { symbols[slot].quote }

    /// The slot of a symbol that is followed, or nil.
    package func slot(of symbol: Symbol) -> Int? { slots.slot(of: symbol) }

    /// The next tick of a slot.
    @inline(__always)
    package mutating func makeTick(_ slot: Int, wall: WallTime) -> Tick {
        symbols[slot].published &+= 1
        let quote = symbols[slot].quote
        return Tick(
            sequence: firstSequence &+ symbols[slot].published, bid: quote.bid,
            bidQuantity: quote.bidQuantity, ask: quote.ask, askQuantity: quote.askQuantity,
            mark: quote.mark, index: quote.index, bookTime: quote.bookTime,
            markTime: quote.markTime, publishTime: wall.milliseconds)
    }

    /// The price record of a slot; its sequence is that of the last tick.
    package func makeRecord(
        _ slot: Int, writer: String, now: Instant, wall: WallTime
    ) -> PriceRecord {
        let quote = symbols[slot].quote
        var record = PriceRecord(
            source: "stream",
            stamp: RecordStamp(
                sequence: firstSequence + symbols[slot].published, writer: writer,
                atMilliseconds: wall.milliseconds))
        record.bid = quote.bid
        record.bidQuantity = quote.bidQuantity
        record.ask = quote.ask
        record.askQuantity = quote.askQuantity
        record.mark = quote.mark
        record.index = quote.index
        record.bookMilliseconds = FeedDesk.wall(quote.bookReceived, now, wall)
        record.markMilliseconds = FeedDesk.wall(quote.markReceived, now, wall)
        return record
    }

    /// A time on the monotonic clock as wall time; 0 for never.
    private static func wall(_ instant: Instant, _ now: Instant, _ wall: WallTime) -> Int64 {
        instant == .distantPast ? 0 : (wall - (now - instant)).milliseconds
    }
}

/// What the desk knows of one symbol it follows.
struct FeedSymbol {
    var symbol: Symbol
    var quote = Quote()
    /// Ticks published.
    var published: Int64 = 0
    /// Nil while it is wanted; else since when nobody wants it.
    var releasedAt: Instant?
    /// Nobody has wanted it for the whole grace period.
    var isGraceOver = false
    /// By kind.
    var streams = [FeedStream(), FeedStream()]
}

/// One symbol's stream of one kind.
struct FeedStream {
    /// Since when it is subscribed on the present connection; nil while it is not.
    var subscribedAt: Instant?
    /// How often it was subscribed anew since its last frame.
    var recoveries = 0
    /// Whether its silence has cost the socket since its last frame: it does so once.
    var hasCostSocket = false
}

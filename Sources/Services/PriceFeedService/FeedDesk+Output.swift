package import BusProtocol
package import Chronology
import Quotes
import Trading

/// What goes out to Redis.
extension FeedDesk {
    /// The next tick of a slot.
    @inline(__always)
    package mutating func makeTick(_ slot: Int, wall: WallTime) -> Tick {
        symbols[slot].published &+= 1
        let quote = symbols[slot].quote
        return Tick(
            sequence: symbols[slot].firstSequence &+ symbols[slot].published, bid: quote.bid,
            bidQuantity: quote.bidQuantity, ask: quote.ask, askQuantity: quote.askQuantity,
            mark: quote.mark, index: quote.index, bookTime: quote.bookTime,
            markTime: quote.markTime, publishTime: wall.milliseconds)
    }

    /// The price record of a slot that is written now.
    package mutating func takeRecord(
        _ slot: Int, writer: String, now: Instant, wall: WallTime
    ) -> PriceRecord {
        let record = makeRecord(slot, writer: writer, now: now, wall: wall)
        symbols[slot].isToldFresh = record.isFresh
        return record
    }

    /// The price record of a slot; its sequence is that of the last tick.
    func makeRecord(
        _ slot: Int, writer: String, now: Instant, wall: WallTime
    ) -> PriceRecord {
        let symbol = symbols[slot]
        let quote = symbol.quote
        let kinds = configuration.venue.quoteKinds
        let isAnswered = kinds.contains { kind in
            kind.quoteKind.map { symbol.isAnswered($0, kind.position) } ?? false
        }
        var record = PriceRecord(
            source: isAnswered ? "rest" : "stream",
            stamp: RecordStamp(
                sequence: symbol.firstSequence + symbol.published, writer: writer,
                atMilliseconds: wall.milliseconds))
        record.bid = quote.bid
        record.bidQuantity = quote.bidQuantity
        record.ask = quote.ask
        record.askQuantity = quote.askQuantity
        record.mark = quote.mark
        record.index = quote.index
        record.bookMilliseconds = FeedDesk.wall(quote.bookReceived, now, wall)
        record.markMilliseconds = FeedDesk.wall(quote.markReceived, now, wall)
        record.isFresh = kinds.allSatisfy { isFresh(slot, $0, now) }
        return record
    }

    /// Whether the price of a kind is known to be of now, from the stream or by REST.
    func isFresh(_ slot: Int, _ kind: FeedKind, _ now: Instant) -> Bool {
        guard let quoteKind = kind.quoteKind else { return true }
        return symbols[slot].quote.isFresh(quoteKind, within: configuration.staleAfter, now: now)
    }

    /// A time on the monotonic clock as wall time; 0 for never.
    private static func wall(_ instant: Instant, _ now: Instant, _ wall: WallTime) -> Int64 {
        instant == .distantPast ? 0 : (wall - (now - instant)).milliseconds
    }

    /// Redis is back: everything known is written again.
    package mutating func redisReturned(_ out: inout [FeedAction]) {
        if leads {
            for instrument in instruments.all { out.append(.storeInstrument(instrument)) }
        }
        for slot in symbols.indices where isUsed(slot) { publishKnown(slot, &out) }
    }

    func publishKnown(_ slot: Int, _ out: inout [FeedAction]) {
        let quote = symbols[slot].quote
        guard symbols[slot].isOwned, !quote.bid.isZero || !quote.mark.isZero else { return }
        out.append(.publish(slot))
        out.append(.store(slot))
    }
}

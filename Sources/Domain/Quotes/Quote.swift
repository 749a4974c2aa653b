package import Chronology
package import Trading

/// What is known of one symbol's price; a price of zero is not known yet.
package struct Quote: Equatable, Sendable {
    package private(set) var bid = Price.zero
    package private(set) var bidQuantity = Quantity.zero
    package private(set) var ask = Price.zero
    package private(set) var askQuantity = Quantity.zero
    package private(set) var mark = Price.zero
    package private(set) var index = Price.zero
    /// The venue's sequence of the book, 0 before the first.
    package private(set) var updateID: Int64 = 0
    /// The venue's times, epoch milliseconds; 0 before the first.
    package private(set) var bookTime: Int64 = 0
    package private(set) var markTime: Int64 = 0
    /// When each kind last came in, also when it changed nothing.
    package private(set) var bookReceived = Instant.distantPast
    package private(set) var markReceived = Instant.distantPast
    /// Whether ids and times of the next frame must not be below those held.
    private var isBookAnchored = false
    private var isMarkAnchored = false
    private var markDispute = PriceDispute()
    /// Only where the band is around mid.
    private var bookDispute = PriceDispute()

    package init() {}

    /// (bid + ask) / 2, or zero while one is not known.
    package var mid: Price {
        bid.isZero || ask.isZero ? .zero : Price(units: (bid.units + ask.units) / 2)
    }

    /// When a kind last came in.
    package func received(_ kind: QuoteKind) -> Instant {
        switch kind {
        case .book: bookReceived
        case .mark: markReceived
        }
    }

    /// Whether a kind came in within `limit` before `now`.
    package func isFresh(_ kind: QuoteKind, within limit: Interval, now: Instant) -> Bool {
        now - received(kind) <= limit
    }

    /// Takes in a best bid and ask.
    /// - Parameter band: how far from the last mark a price may be, as a share of it; zero for any.
    /// - Returns: why it was not believed, or nil where the quote has changed.
    @inline(__always)
    package mutating func bookReceived(
        updateID: Int64, bid: Price, bidQuantity: Quantity, ask: Price, askQuantity: Quantity,
        time: Int64, band: PriceBand, now: Instant
    ) -> QuoteRefusal? {
        guard bid.isPositive, ask.isPositive, !bidQuantity.isNegative, !askQuantity.isNegative
        else { return .notPositive }
        guard bid < ask else { return .crossed }
        if isBookAnchored {
            if updateID < self.updateID || time < bookTime { return .timeBack }
            if updateID == self.updateID, updateID > 0 {
                bookReceived = now
                return .duplicate
            }
        }
        if !mark.isZero {
            if !band.admits(bid, ask, around: mark) { return .absurd }
        } else if band.isAroundMid, isFarFromMid(bid, ask, band, now) {
            return .absurd
        }
        self.updateID = updateID
        self.bid = bid
        self.bidQuantity = bidQuantity
        self.ask = ask
        self.askQuantity = askQuantity
        bookTime = time
        isBookAnchored = true
        bookReceived = now
        return nil
    }

    /// Where the venue has no mark: whether a book is far from the last, and not yet repeated.
    @inline(never)
    private mutating func isFarFromMid(
        _ bid: Price, _ ask: Price, _ band: PriceBand, _ now: Instant
    ) -> Bool {
        let held = mid
        if held.isZero || band.admits(bid, ask, around: held) {
            bookDispute = PriceDispute()
            return false
        }
        return !bookDispute.isSettled(by: Price(units: (bid.units + ask.units) / 2), band, now)
    }

    /// Takes in a best bid and ask that was asked for by REST, which carries no id and perhaps no
    /// time: what the stream gave later stays.
    package mutating func bookAnswered(
        bid: Price, bidQuantity: Quantity, ask: Price, askQuantity: Quantity, time: Int64,
        band: PriceBand, now: Instant
    ) -> QuoteRefusal? {
        let isSame =
            bid == self.bid && ask == self.ask && bidQuantity == self.bidQuantity
            && askQuantity == self.askQuantity
        if isSame {
            bookReceived = now
            return .duplicate
        }
        let anchor = isBookAnchored
        let refusal = bookReceived(
            updateID: updateID + 1, bid: bid, bidQuantity: bidQuantity, ask: ask,
            askQuantity: askQuantity, time: time > 0 ? time : bookTime, band: band, now: now)
        if refusal == nil {
            updateID -= 1
            isBookAnchored = anchor
        }
        return refusal
    }

    /// Takes in a mark and index price. A mark far from the last one is believed once the venue has
    /// repeated it: then the market has moved, and the band moves with it.
    package mutating func markReceived(
        mark: Price, index: Price, time: Int64, band: PriceBand, now: Instant
    ) -> QuoteRefusal? {
        guard mark.isPositive, !index.isNegative else { return .notPositive }
        if isMarkAnchored {
            if time < markTime { return .timeBack }
            if time == markTime, mark == self.mark, index == self.index {
                markReceived = now
                return .duplicate
            }
        }
        if !self.mark.isZero, !band.admits(mark, mark, around: self.mark) {
            guard markDispute.isSettled(by: mark, band, nil) else { return .absurd }
        }
        markDispute = PriceDispute()
        self.mark = mark
        self.index = index
        markTime = time
        isMarkAnchored = true
        markReceived = now
        return nil
    }

    /// A new connection may speak for another server: its ids and times start anew.
    package mutating func connectionChanged(_ kind: QuoteKind) {
        switch kind {
        case .book: isBookAnchored = false
        case .mark: isMarkAnchored = false
        }
    }
}

/// How far from the last mark a price may be.
package struct PriceBand: Equatable, Sendable {
    /// Marks come once a second: a move is believed when three in a row agree on it.
    package static let repeatsToBelieve = 3
    /// Half of the mark: wider than any venue's own band (5 to 15 %).
    package static let standard = PriceBand(percent: 50)

    /// In percent of the mark; 0 admits any price.
    package let percent: Int64
    /// Whether, at a venue without a mark price, the last mid stands in for it.
    package let isAroundMid: Bool

    package init(percent: Int64, isAroundMid: Bool = false) {
        precondition((0...1_000).contains(percent), "a price band is 0...1000 percent")
        self.percent = percent
        self.isAroundMid = isAroundMid
    }

    /// Whether a bid and an ask are within the band around `mark`.
    @inline(__always)
    package func admits(_ bid: Price, _ ask: Price, around mark: Price) -> Bool {
        if percent == 0 { return true }
        // |price − mark| × 100 ≤ mark × percent, in whole units: no rounding, no division.
        let room = mark.units &* Int128(percent)
        return (mark.units &- bid.units) &* 100 <= room && (ask.units &- mark.units) &* 100 <= room
            && (bid.units &- mark.units) &* 100 <= room && (mark.units &- ask.units) &* 100 <= room
    }
}

/// A price out of the band, and how often in a row the venue has repeated it.
struct PriceDispute: Equatable, Sendable {
    private var price = Price.zero
    private var repeats = 0
    private var since = Instant.distantPast

    init() {}

    /// Whether another price out of the band is to be believed: where enough in a row agree.
    /// - Parameter now: books come in thousands a second, so with a time they must also have agreed
    ///   for a second.
    mutating func isSettled(by next: Price, _ band: PriceBand, _ now: Instant?) -> Bool {
        if price.isZero || !band.admits(next, next, around: price) {
            repeats = 0
            since = now ?? .distantPast
        }
        repeats += 1
        price = next
        guard repeats >= PriceBand.repeatsToBelieve else { return false }
        return now.map { $0 - since >= .seconds(1) } ?? true
    }
}

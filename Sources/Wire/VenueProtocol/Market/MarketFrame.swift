internal import Bytes
package import Trading

/// Why a market frame was not taken.
package enum FrameProblem: Error, Equatable, Sendable {
    /// A valid message of another kind: a control answer, another event.
    case otherKind
    /// No JSON, or cut off.
    case malformed
    /// A field is missing or holds a value that is no number of ours.
    case badField
}

/// One best bid and ask as it came from the stream; values are exact and not yet judged.
package struct BookTickerFrame: Equatable, Sendable {
    /// Where the symbol's bytes lie in the frame.
    package var symbol: Range<Int>
    package var updateID: Int64
    package var bid: Price
    package var bidQuantity: Quantity
    package var ask: Price
    package var askQuantity: Quantity
    /// Zero where the venue gives none.
    package var transactionMilliseconds: Int64
    /// Zero where the venue gives none.
    package var eventMilliseconds: Int64

    /// Reads a raw or combined frame in place; allocates nothing.
    ///
    /// The recorded key order is read in one pass of eight-byte steps; any other order, white space,
    /// unknown fields and unusual numbers go the general way, with the same result.
    package init(_ bytes: RawSpan) throws(FrameProblem) {
        if let frame = BookTickerFrame.scan(bytes) {
            self = frame
        } else {
            try self.init(general: bytes, isNamed: true)
        }
    }

    /// Reads a raw or combined frame of Binance spot, which names no event and gives no times.
    package init(spot bytes: RawSpan) throws(FrameProblem) {
        if let frame = BookTickerFrame.scanSpot(bytes) {
            self = frame
        } else {
            try self.init(general: bytes, isNamed: false)
        }
    }
}

/// One mark and index price as it came from the stream.
package struct MarkPriceFrame: Equatable, Sendable {
    /// Where the symbol's bytes lie in the frame.
    package var symbol: Range<Int>
    package var mark: Price
    /// Zero where the venue gives none.
    package var index: Price
    package var eventMilliseconds: Int64

    /// Reads a raw or combined frame in place; allocates nothing.
    package init(_ bytes: RawSpan) throws(FrameProblem) {
        if let frame = MarkPriceFrame.scan(bytes) {
            self = frame
        } else {
            try self.init(general: bytes)
        }
    }
}

internal import Bytes

/// What tells a best bid and ask from the others of its symbol, found without reading its numbers.
///
/// It is for frames of which only the newest counts. The rest of the frame is not looked at: whoever
/// uses it reads it as a `BookTickerFrame`, which may still find it unsound.
package struct BookTickerSight: Equatable, Sendable {
    /// Where the symbol's bytes lie in the frame.
    package let symbol: Range<Int>
    package let updateID: Int64

    /// A frame of Binance futures in the recorded key order, raw or combined; nil for any other.
    package init?(futures bytes: RawSpan) {
        self.init(
            bytes, FrameLiteral("{\"e\":\"bo"), FrameLiteral("okTicker"),
            FrameLiteral("\",\"u\":"))
    }

    /// The same of Binance spot.
    package init?(spot bytes: RawSpan) {
        self.init(bytes, FrameLiteral("{\"u\":"), FrameLiteral(""), FrameLiteral(""))
    }

    @inline(__always)
    private init?(_ bytes: RawSpan, _ a: FrameLiteral, _ b: FrameLiteral, _ c: FrameLiteral) {
        guard bytes.byteCount >= 48 else { return nil }
        var scan = FrameScan(bytes)
        guard scan.open(a, b, c) > 0 else { return nil }
        let updateID = scan.integer()
        guard updateID > 0, scan.skip(FrameLiteral(",\"s\":\"")), let symbol = scan.text(),
            scan.byte(at: bytes.byteCount &- 1) == UInt8(ascii: "}")
        else { return nil }
        self.symbol = symbol
        self.updateID = updateID
    }
}

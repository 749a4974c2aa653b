package import Bytes
package import Quotes
internal import Trading

/// The best levels of a book, as they go over `depth:<SYM>` and stand in its key.
package struct DepthMessage: Equatable, Sendable {
    /// Levels a side that are published.
    package static let levels = 20

    package var sequence: Int64
    /// The venue's number of the last update in the book.
    package var lastID: Int64
    /// The venue's time of the book and when it was published, epoch milliseconds.
    package var bookTime: Int64
    package var publishTime: Int64
    /// Best first.
    package var bids: [BookLevel]
    package var asks: [BookLevel]

    package init(
        sequence: Int64, lastID: Int64, bookTime: Int64, publishTime: Int64, bids: [BookLevel],
        asks: [BookLevel]
    ) {
        self.sequence = sequence
        self.lastID = lastID
        self.bookTime = bookTime
        self.publishTime = publishTime
        self.bids = bids
        self.asks = asks
    }

    /// Writes the best levels of a book; allocates nothing where the writer has room.
    package static func write(
        _ book: borrowing LocalBook, symbol: RawSpan, sequence: Int64, publishTime: Int64,
        into out: inout ByteWriter
    ) {
        let bids = min(levels, book.count(.buy))
        let asks = min(levels, book.count(.sell))
        let room = symbol.byteCount + TickText.room + (bids + asks) * levelRoom
        unsafe out.append(upTo: room) { room in
            guard let start = room.baseAddress else { return 0 }
            var text = unsafe TickText(start)
            text.append("{\"s\":\"")
            text.append(symbol)
            text.append("\",\"seq\":\"")
            text.append(integer: sequence)
            text.append("\",\"u\":\"")
            text.append(integer: book.lastID)
            text.append("\",\"tb\":\"")
            text.append(integer: book.timeMilliseconds)
            text.append("\",\"t\":\"")
            text.append(integer: publishTime)
            text.append("\",\"b\":[")
            write(book, .buy, bids, &text)
            text.append("],\"a\":[")
            write(book, .sell, asks, &text)
            text.append("]}")
            return text.count
        }
    }

    /// Two decimals of up to 40 bytes, and eight bytes around them.
    private static let levelRoom = 2 * 40 + 8

    @inline(__always)
    private static func write(
        _ book: borrowing LocalBook, _ side: Side, _ count: Int, _ text: inout TickText
    ) {
        for depth in 0..<count {
            let level = book.level(side, depth)
            if depth > 0 { text.append(",") }
            text.append("[\"")
            text.append(units: level.price.units)
            text.append("\",\"")
            text.append(units: level.quantity.units)
            text.append("\"]")
        }
    }

    /// Reads a message; fields it does not know are skipped.
    package static func decode(
        _ bytes: RawSpan
    ) throws(JSONError) -> (symbol: String, depth: DepthMessage) {
        var depth = DepthMessage(
            sequence: 0, lastID: 0, bookTime: 0, publishTime: 0, bids: [], asks: [])
        var symbol = ""
        var scanner = JSONScanner(bytes)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "s" {
                symbol = try scanner.text()
            } else if key == "seq" {
                depth.sequence = try scanner.integer()
            } else if key == "u" {
                depth.lastID = try scanner.integer()
            } else if key == "tb" {
                depth.bookTime = try scanner.integer()
            } else if key == "t" {
                depth.publishTime = try scanner.integer()
            } else if key == "b" {
                depth.bids = try levels(&scanner)
            } else if key == "a" {
                depth.asks = try levels(&scanner)
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard !symbol.isEmpty else {
            throw JSONError(.missingField, offset: scanner.offset, field: "s")
        }
        return (symbol, depth)
    }

    private static func levels(_ scanner: inout JSONScanner) throws(JSONError) -> [BookLevel] {
        var levels: [BookLevel] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterArray()
            var units: [Int128] = []
            while try scanner.nextElement() { units.append(try scanner.decimalUnits()) }
            guard units.count == 2 else {
                throw JSONError(.badValue, offset: scanner.offset, field: "level")
            }
            levels.append(
                BookLevel(price: Price(units: units[0]), quantity: Quantity(units: units[1])))
        }
        return levels
    }
}

package import Bytes
package import Trading

/// One price update as it goes over `tick:<SYM>`; a price of zero is not known yet.
package struct Tick: Equatable, Sendable {
    package var sequence: Int64
    package var bid: Price
    package var bidQuantity: Quantity
    package var ask: Price
    package var askQuantity: Quantity
    package var mark: Price
    package var index: Price
    /// The venue's times of the book and the mark, epoch milliseconds; 0 where not known.
    package var bookTime: Int64
    package var markTime: Int64
    /// When it was published, epoch milliseconds.
    package var publishTime: Int64

    package init(
        sequence: Int64, bid: Price, bidQuantity: Quantity, ask: Price, askQuantity: Quantity,
        mark: Price, index: Price, bookTime: Int64, markTime: Int64, publishTime: Int64
    ) {
        self.sequence = sequence
        self.bid = bid
        self.bidQuantity = bidQuantity
        self.ask = ask
        self.askQuantity = askQuantity
        self.mark = mark
        self.index = index
        self.bookTime = bookTime
        self.markTime = markTime
        self.publishTime = publishTime
    }

    /// (bid + ask) / 2, or zero while one is not known.
    package var mid: Price {
        bid.isZero || ask.isZero ? .zero : Price(units: (bid.units + ask.units) / 2)
    }

    /// Writes the message; allocates nothing where the writer has room (`symbol` and 400 bytes).
    /// Prices and quantities are not negative.
    package func write(symbol: RawSpan, into out: inout ByteWriter) {
        unsafe out.append(upTo: symbol.byteCount + TickText.room) { room in
            guard let start = room.baseAddress else { return 0 }
            var text = unsafe TickText(start)
            text.append("{\"s\":\"")
            text.append(symbol)
            text.append("\",\"seq\":\"")
            text.append(integer: sequence)
            text.append("\",\"b\":\"")
            text.append(units: bid.units)
            text.append("\",\"B\":\"")
            text.append(units: bidQuantity.units)
            text.append("\",\"a\":\"")
            text.append(units: ask.units)
            text.append("\",\"A\":\"")
            text.append(units: askQuantity.units)
            text.append("\",\"m\":\"")
            text.append(units: mark.units)
            text.append("\",\"i\":\"")
            text.append(units: index.units)
            text.append("\",\"tb\":\"")
            text.append(integer: bookTime)
            text.append("\",\"tm\":\"")
            text.append(integer: markTime)
            text.append("\",\"t\":\"")
            text.append(integer: publishTime)
            text.append("\"}")
            return text.count
        }
    }

    /// Reads a message; fields it does not know are skipped.
    /// - Returns: the symbol's bytes as they lie, and the tick.
    package static func decode(_ bytes: RawSpan) throws(JSONError) -> (symbol: String, tick: Tick) {
        var tick = Tick(
            sequence: 0, bid: .zero, bidQuantity: .zero, ask: .zero, askQuantity: .zero,
            mark: .zero, index: .zero, bookTime: 0, markTime: 0, publishTime: 0)
        var symbol: String?
        var scanner = JSONScanner(bytes)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "s" {
                symbol = try scanner.text()
            } else {
                try tick.read(key, from: &scanner)
            }
        }
        try scanner.finish()
        guard let symbol else { throw JSONError(.missingField, offset: 0, field: "s") }
        return (symbol, tick)
    }

    @_lifetime(scanner: copy scanner)
    private mutating func read(
        _ key: RawSpan, from scanner: inout JSONScanner
    ) throws(JSONError) {
        if key == "seq" {
            sequence = try scanner.integer()
        } else if key == "b" {
            bid = Price(units: try scanner.decimalUnits())
        } else if key == "B" {
            bidQuantity = Quantity(units: try scanner.decimalUnits())
        } else if key == "a" {
            ask = Price(units: try scanner.decimalUnits())
        } else if key == "A" {
            askQuantity = Quantity(units: try scanner.decimalUnits())
        } else if key == "m" {
            mark = Price(units: try scanner.decimalUnits())
        } else if key == "i" {
            index = Price(units: try scanner.decimalUnits())
        } else if key == "tb" {
            bookTime = try scanner.integer()
        } else if key == "tm" {
            markTime = try scanner.integer()
        } else if key == "t" {
            publishTime = try scanner.integer()
        } else {
            try scanner.skipValue()
        }
    }
}

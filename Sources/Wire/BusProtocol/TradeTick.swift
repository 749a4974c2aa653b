package import Bytes
package import Trading

/// One trade of the market as it goes over `trade:<SYM>`.
package struct TradeTick: Equatable, Sendable {
    /// The venue's number; 0 where it gives none.
    package var tradeID: Int64
    package var price: Price
    package var quantity: Quantity
    /// Of the aggressor.
    package var side: Side
    /// When it traded and when it was published, epoch milliseconds.
    package var tradeTime: Int64
    package var publishTime: Int64

    package init(
        tradeID: Int64, price: Price, quantity: Quantity, side: Side, tradeTime: Int64,
        publishTime: Int64
    ) {
        self.tradeID = tradeID
        self.price = price
        self.quantity = quantity
        self.side = side
        self.tradeTime = tradeTime
        self.publishTime = publishTime
    }

    /// Writes the message; allocates nothing where the writer has room.
    package func write(symbol: RawSpan, into out: inout ByteWriter) {
        unsafe out.append(upTo: symbol.byteCount + TickText.room) { room in
            guard let start = room.baseAddress else { return 0 }
            var text = unsafe TickText(start)
            text.append("{\"s\":\"")
            text.append(symbol)
            text.append("\",\"id\":\"")
            text.append(integer: tradeID)
            text.append("\",\"p\":\"")
            text.append(units: price.units)
            text.append("\",\"q\":\"")
            text.append(units: quantity.units)
            switch side {
            case .buy: text.append("\",\"side\":\"BUY\",\"tt\":\"")
            case .sell: text.append("\",\"side\":\"SELL\",\"tt\":\"")
            }
            text.append(integer: tradeTime)
            text.append("\",\"t\":\"")
            text.append(integer: publishTime)
            text.append("\"}")
            return text.count
        }
    }

    /// Reads a message; fields it does not know are skipped.
    package static func decode(
        _ bytes: RawSpan
    ) throws(JSONError) -> (symbol: String, trade: TradeTick) {
        var trade = TradeTick(
            tradeID: 0, price: .zero, quantity: .zero, side: .buy, tradeTime: 0, publishTime: 0)
        var symbol = ""
        var scanner = JSONScanner(bytes)
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if key == "s" {
                symbol = try scanner.text()
            } else if key == "id" {
                trade.tradeID = try scanner.integer()
            } else if key == "p" {
                trade.price = Price(units: try scanner.decimalUnits())
            } else if key == "q" {
                trade.quantity = Quantity(units: try scanner.decimalUnits())
            } else if key == "side" {
                guard let side = Side(rawValue: try scanner.text()) else {
                    throw JSONError(.badValue, offset: scanner.offset, field: "side")
                }
                trade.side = side
            } else if key == "tt" {
                trade.tradeTime = try scanner.integer()
            } else if key == "t" {
                trade.publishTime = try scanner.integer()
            } else {
                try scanner.skipValue()
            }
        }
        try scanner.finish()
        guard !symbol.isEmpty, trade.price.isPositive, trade.quantity.isPositive else {
            throw JSONError(.missingField, offset: scanner.offset, field: "s, p or q")
        }
        return (symbol, trade)
    }
}

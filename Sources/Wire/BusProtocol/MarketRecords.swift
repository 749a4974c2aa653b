package import Trading

/// An instrument's record.
package enum InstrumentRecord {
    package static func fields(_ instrument: Instrument, stamp: RecordStamp) -> [(String, String)] {
        [
            ("symbol", instrument.symbol.name), ("status", instrument.status.text),
            ("base", instrument.base), ("quote", instrument.quote), ("tick", instrument.tick.text),
            ("min_price", instrument.minimumPrice.text), ("max_price", instrument.maximumPrice.text),
            ("step", instrument.step.text), ("min_qty", instrument.minimumQuantity.text),
            ("max_qty", instrument.maximumQuantity.text),
            ("market_min_qty", instrument.marketMinimumQuantity.text),
            ("market_max_qty", instrument.marketMaximumQuantity.text),
            ("min_notional", instrument.minimumNotional.text),
            ("band_up", instrument.bandUp.text), ("band_down", instrument.bandDown.text),
        ] + stamp.fields
    }

    package static func instrument(
        fields: [String: String]
    ) throws(RecordError) -> Instrument {
        let reader = RecordFields("instrument", fields)
        let instrument = Instrument(
            symbol: try reader.symbol("symbol"), status: InstrumentStatus(try reader.text("status")),
            base: try reader.text("base"), quote: try reader.text("quote"),
            tick: try reader.decimal("tick"), minimumPrice: try reader.decimal("min_price"),
            maximumPrice: try reader.decimal("max_price"), step: try reader.decimal("step"),
            minimumQuantity: try reader.decimal("min_qty"),
            maximumQuantity: try reader.decimal("max_qty"),
            marketMinimumQuantity: try reader.decimal("market_min_qty"),
            marketMaximumQuantity: try reader.decimal("market_max_qty"),
            minimumNotional: try reader.decimal("min_notional"),
            bandUp: try reader.decimal("band_up"), bandDown: try reader.decimal("band_down"))
        guard let instrument else { throw reader.error("tick", "tick or step is not above zero") }
        return instrument
    }
}

/// The last price of a symbol; a price of zero, or a time of 0, is not known yet.
package struct PriceRecord: Equatable, Sendable {
    package var bid: Price = .zero
    package var bidQuantity: Quantity = .zero
    package var ask: Price = .zero
    package var askQuantity: Quantity = .zero
    package var mark: Price = .zero
    package var index: Price = .zero
    /// When the book and the mark were last received, by the writer's wall clock.
    package var bookMilliseconds: Int64 = 0
    package var markMilliseconds: Int64 = 0
    /// `stream` or `rest`.
    package var source: String
    /// Whether the writer knew the price to be of that time: streamed or confirmed by REST a short
    /// while before.
    package var isFresh = true
    package var stamp: RecordStamp

    package init(source: String, stamp: RecordStamp) {
        self.source = source
        self.stamp = stamp
    }

    /// (bid + ask) / 2, or zero while one is not known.
    package var mid: Price {
        bid.isZero || ask.isZero ? .zero : Price(units: (bid.units + ask.units) / 2)
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("price", fields)
        bid = try reader.decimal("bid")
        bidQuantity = try reader.decimal("bid_qty")
        ask = try reader.decimal("ask")
        askQuantity = try reader.decimal("ask_qty")
        mark = try reader.decimal("mark")
        index = try reader.decimal("index")
        bookMilliseconds = try reader.integer("book_ms")
        markMilliseconds = try reader.integer("mark_ms")
        source = try reader.text("source")
        isFresh = reader.optional("state") != "stale"
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        [
            ("bid", bid.text), ("bid_qty", bidQuantity.text), ("ask", ask.text),
            ("ask_qty", askQuantity.text), ("mid", mid.text), ("mark", mark.text),
            ("index", index.text), ("book_ms", "\(bookMilliseconds)"),
            ("mark_ms", "\(markMilliseconds)"), ("source", source),
            ("state", isFresh ? "fresh" : "stale"),
        ] + stamp.fields
    }
}

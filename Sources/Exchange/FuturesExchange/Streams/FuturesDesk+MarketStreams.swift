internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

// What the market streams carry, each with the fields of exchange-facts B3 in the recorded order.
extension FuturesDesk {
    private func beginEvent(_ type: String, _ at: Int64, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("e", type)
        out.field("E", at)
    }

    internal func write(_ ticker: BookTicker, _ out: inout JSONWriter) {
        let listing = markets[ticker.market].listing
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        out.beginObject()
        out.field("e", "bookTicker")
        out.field("u", ticker.updateID)
        out.field("s", listing.symbol.name)
        out.field("b", units: ticker.bid.units, places: pricePlaces)
        out.field("B", units: ticker.bidQuantity.units, places: places)
        out.field("a", units: ticker.ask.units, places: pricePlaces)
        out.field("A", units: ticker.askQuantity.units, places: places)
        out.field("T", ticker.timeMilliseconds)
        out.field("E", ticker.timeMilliseconds)
        out.endObject()
    }

    internal func write(_ update: MarkUpdate, _ out: inout JSONWriter) {
        beginEvent("markPriceUpdate", update.timeMilliseconds, &out)
        out.field("s", markets[update.market].symbol.name)
        out.field("p", units: update.mark.units, places: 8)
        out.field("ap", units: update.average.units, places: 8)
        out.field("i", units: update.index.units, places: 8)
        out.field("P", units: update.index.units, places: 8)
        out.field("r", units: fundingRate(update.market).units, places: 8)
        out.field("T", fundingTime(after: update.timeMilliseconds))
        out.endObject()
    }

    internal func write(_ trade: AggregateTrade, _ out: inout JSONWriter) {
        let listing = markets[trade.market].listing
        beginEvent("aggTrade", trade.timeMilliseconds, &out)
        out.field("s", listing.symbol.name)
        out.field("a", trade.id)
        out.field("p", units: trade.price.units, places: listing.pricePrecision)
        out.field("q", units: trade.quantity.units, places: listing.quantityPrecision)
        out.field("nq", units: trade.quantity.units, places: listing.quantityPrecision)
        out.field("f", trade.firstTradeID)
        out.field("l", trade.lastTradeID)
        out.field("T", trade.timeMilliseconds)
        out.field("m", trade.isBuyerMaker)
        out.endObject()
    }

    /// A depth update with the levels that changed, or with the best `levels` as they are.
    internal func write(_ update: DepthUpdate, best levels: Int?, _ out: inout JSONWriter) {
        let market = markets[update.market]
        beginEvent("depthUpdate", update.timeMilliseconds, &out)
        out.field("T", update.timeMilliseconds)
        out.field("s", market.symbol.name)
        out.field("U", update.firstID)
        out.field("u", update.lastID)
        out.field("pu", update.previousLastID)
        func side(_ side: Side, _ changed: [(price: Price, quantity: Quantity)]) {
            if let levels {
                let best = market.book.depth(side, limit: levels).map { ($0.price, $0.quantity) }
                write(levels: best, market.listing, &out)
            } else {
                write(levels: changed, market.listing, &out)
            }
        }
        out.key("b")
        side(.buy, update.bids)
        out.key("a")
        side(.sell, update.asks)
        out.endObject()
    }

    /// One print; what the insurance fund takes over would say so in `X`.
    internal func write(_ trade: PublicTrade, _ out: inout JSONWriter) {
        let listing = markets[trade.market].listing
        beginEvent("trade", trade.timeMilliseconds, &out)
        out.field("T", trade.timeMilliseconds)
        out.field("s", listing.symbol.name)
        out.field("t", trade.id)
        out.field("p", units: trade.price.units, places: listing.pricePrecision)
        out.field("q", units: trade.quantity.units, places: listing.quantityPrecision)
        out.field("X", "MARKET")
        out.field("m", trade.isBuyerMaker)
        out.endObject()
    }

    /// A liquidation order as the public sees it.
    internal func write(
        forced order: FuturesOrder, _ trade: FuturesTrade, at: Int64, _ out: inout JSONWriter
    ) {
        guard let number = floor.number(of: order.symbol) else { return }
        let listing = markets[number].listing
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        beginEvent("forceOrder", at, &out)
        out.key("o")
        out.beginObject()
        out.field("s", order.symbol.name)
        out.field("S", order.side.rawValue)
        out.field("o", "LIMIT")
        out.field("f", "IOC")
        out.field("q", units: order.quantity.units, places: places)
        out.field("p", units: order.price.units, places: pricePlaces)
        out.field("ap", units: order.averagePrice.units, places: pricePlaces)
        out.field("X", order.status.text)
        out.field("l", units: trade.quantity.units, places: places)
        out.field("z", units: order.executed.units, places: places)
        out.field("T", at)
        out.endObject()
        out.endObject()
    }

    /// A symbol's contract with its brackets.
    internal func write(contract number: Int, at: Int64, _ out: inout JSONWriter) {
        let listing = markets[number].listing
        beginEvent("contractInfo", at, &out)
        out.field("s", listing.symbol.name)
        out.field("ps", listing.symbol.name)
        out.field("ct", "PERPETUAL")
        out.field("dt", 4_133_404_800_000)
        out.field("ot", listing.onboardDate)
        out.field("cs", listing.instrument.status.futuresText)
        out.key("bks")
        out.beginArray()
        for (index, row) in listing.brackets.enumerated() {
            let next = listing.brackets.dropFirst(index + 1).first
            out.beginObject()
            out.field("bs", row.number)
            out.key("bnf")
            out.value(bareUnits: row.floor.units)
            out.key("bnc")
            out.value(bareUnits: row.cap.units)
            out.key("mmr")
            out.value(bareUnits: row.rate.units)
            out.key("cf")
            out.value(bareUnits: row.deduction.units)
            out.field("mi", (next?.leverage ?? 0) + 1)
            out.field("ma", row.leverage)
            out.endObject()
        }
        out.endArray()
        out.endObject()
    }

    // MARK: candles and days

    /// A candle as a symbol's, or as its pair's perpetual contract's.
    internal func write(
        _ candle: Candle, _ number: Int, isContinuous: Bool, isClosed: Bool, at: Int64,
        _ out: inout JSONWriter
    ) {
        let listing = markets[number].listing
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        beginEvent(isContinuous ? "continuous_kline" : "kline", at, &out)
        if isContinuous {
            out.field("ps", listing.symbol.name)
            out.field("ct", "PERPETUAL")
        } else {
            out.field("s", listing.symbol.name)
        }
        out.key("k")
        out.beginObject()
        out.field("t", candle.openTime)
        out.field("T", candle.closeTime)
        if !isContinuous { out.field("s", listing.symbol.name) }
        out.field("i", candle.interval.rawValue)
        out.field("f", candle.firstTradeID)
        out.field("L", candle.lastTradeID)
        out.field("o", units: candle.open.units, places: pricePlaces)
        out.field("c", units: candle.close.units, places: pricePlaces)
        out.field("h", units: candle.high.units, places: pricePlaces)
        out.field("l", units: candle.low.units, places: pricePlaces)
        out.field("v", units: candle.volume.units, places: places)
        out.field("n", candle.tradeCount)
        out.field("x", isClosed)
        out.field("q", units: candle.quoteVolume.units, places: 5)
        out.field("V", units: candle.takerVolume.units, places: places)
        out.field("Q", units: candle.takerQuote.units, places: 5)
        out.field("B", "0")
        out.endObject()
        out.endObject()
    }

    /// A symbol's day, in full or in short.
    internal func write(
        _ day: DayStatistics, _ number: Int, isMini: Bool, at: Int64, _ out: inout JSONWriter
    ) {
        if isMini {
            write(miniTicker: day, number, at: at, &out)
        } else {
            write(ticker: day, number, at: at, &out)
        }
    }

    private func write(
        ticker day: DayStatistics, _ number: Int, at: Int64, _ out: inout JSONWriter
    ) {
        let listing = markets[number].listing
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        beginEvent("24hrTicker", at, &out)
        out.field("s", listing.symbol.name)
        out.field("p", units: day.change.units, places: pricePlaces)
        out.field("P", units: day.changePercent.units, places: 3)
        let average = day.average.down(to: listing.smallestPrice)
        out.field("w", units: average.units, places: pricePlaces)
        out.field("c", units: day.last.units, places: pricePlaces)
        out.field("Q", units: day.lastQuantity.units, places: places)
        out.field("o", units: day.open.units, places: pricePlaces)
        out.field("h", units: day.high.units, places: pricePlaces)
        out.field("l", units: day.low.units, places: pricePlaces)
        out.field("v", units: day.volume.units, places: places)
        out.field("q", units: day.quoteVolume.units, places: 2)
        out.field("O", day.openTime)
        out.field("C", day.closeTime)
        out.field("F", day.firstTradeID)
        out.field("L", day.lastTradeID)
        out.field("n", day.count)
        out.endObject()
    }

    private func write(
        miniTicker day: DayStatistics, _ number: Int, at: Int64, _ out: inout JSONWriter
    ) {
        let listing = markets[number].listing
        let (pricePlaces, places) = (listing.pricePrecision, listing.quantityPrecision)
        beginEvent("24hrMiniTicker", at, &out)
        out.field("s", listing.symbol.name)
        out.field("c", units: day.last.units, places: pricePlaces)
        out.field("o", units: day.open.units, places: pricePlaces)
        out.field("h", units: day.high.units, places: pricePlaces)
        out.field("l", units: day.low.units, places: pricePlaces)
        out.field("v", units: day.volume.units, places: places)
        out.field("q", units: day.quoteVolume.units, places: 2)
        out.endObject()
    }
}

internal import Bytes
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What Binance's market streams carry (exchange-facts C3): prices and amounts have eight decimals,
/// and best prices and partial books have no event type.
internal enum BinanceStreamBodies {
    private static let places = 8

    private static func begin(
        _ type: String, _ at: Int64, _ symbol: Symbol, _ out: inout JSONWriter
    ) {
        out.beginObject()
        out.field("e", type)
        out.field("E", at)
        out.field("s", symbol.name)
    }

    static func write(_ ticker: BookTicker, _ symbol: Symbol, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("u", ticker.updateID)
        out.field("s", symbol.name)
        out.field("b", units: ticker.bid.units, places: places)
        out.field("B", units: ticker.bidQuantity.units, places: places)
        out.field("a", units: ticker.ask.units, places: places)
        out.field("A", units: ticker.askQuantity.units, places: places)
        out.endObject()
    }

    static func write(_ trade: PublicTrade, _ symbol: Symbol, _ out: inout JSONWriter) {
        begin("trade", trade.timeMilliseconds, symbol, &out)
        out.field("t", trade.id)
        out.field("p", units: trade.price.units, places: places)
        out.field("q", units: trade.quantity.units, places: places)
        out.field("T", trade.timeMilliseconds)
        out.field("m", trade.isBuyerMaker)
        out.field("M", true)
        out.endObject()
    }

    static func write(_ trade: AggregateTrade, _ symbol: Symbol, _ out: inout JSONWriter) {
        begin("aggTrade", trade.timeMilliseconds, symbol, &out)
        out.field("a", trade.id)
        out.field("p", units: trade.price.units, places: places)
        out.field("q", units: trade.quantity.units, places: places)
        out.field("f", trade.firstTradeID)
        out.field("l", trade.lastTradeID)
        out.field("T", trade.timeMilliseconds)
        out.field("m", trade.isBuyerMaker)
        out.field("M", true)
        out.endObject()
    }

    /// The levels that changed. The first id follows the last one told: ids are shared by all
    /// symbols, and clients of spot hold `U` against the former `u`.
    static func write(_ update: DepthUpdate, _ symbol: Symbol, _ out: inout JSONWriter) {
        begin("depthUpdate", update.timeMilliseconds, symbol, &out)
        out.field("U", update.previousLastID + 1)
        out.field("u", update.lastID)
        out.key("b")
        write(update.bids, &out)
        out.key("a")
        write(update.asks, &out)
        out.endObject()
    }

    private static func write(
        _ levels: [(price: Price, quantity: Quantity)], _ out: inout JSONWriter
    ) {
        out.beginArray()
        for level in levels {
            out.beginArray()
            out.value(units: level.price.units, places: places)
            out.value(units: level.quantity.units, places: places)
            out.endArray()
        }
        out.endArray()
    }

    /// The best levels as they are.
    static func write(_ market: Market, best levels: Int, _ out: inout JSONWriter) {
        out.beginObject()
        out.field("lastUpdateId", market.lastUpdateID)
        out.key("bids")
        BinanceSpotVenue.write(levels: market.book.depth(.buy, limit: levels), &out)
        out.key("asks")
        BinanceSpotVenue.write(levels: market.book.depth(.sell, limit: levels), &out)
        out.endObject()
    }

    static func write(
        _ candle: Candle, _ symbol: Symbol, at wall: Int64, _ out: inout JSONWriter
    ) {
        begin("kline", wall, symbol, &out)
        out.key("k")
        out.beginObject()
        out.field("t", candle.openTime)
        out.field("T", candle.closeTime)
        out.field("s", symbol.name)
        out.field("i", candle.interval.rawValue)
        out.field("f", candle.firstTradeID)
        out.field("L", candle.lastTradeID)
        out.field("o", units: candle.open.units, places: places)
        out.field("c", units: candle.close.units, places: places)
        out.field("h", units: candle.high.units, places: places)
        out.field("l", units: candle.low.units, places: places)
        out.field("v", units: candle.volume.units, places: places)
        out.field("n", candle.tradeCount)
        out.field("x", candle.closeTime < wall)
        out.field("q", units: candle.quoteVolume.units, places: places)
        out.field("V", units: candle.takerVolume.units, places: places)
        out.field("Q", units: candle.takerQuote.units, places: places)
        out.field("B", "0")
        out.endObject()
        out.endObject()
    }

    static func write(
        mini day: DayStatistics, _ symbol: Symbol, at wall: Int64, _ out: inout JSONWriter
    ) {
        begin("24hrMiniTicker", wall, symbol, &out)
        out.field("c", units: day.last.units, places: places)
        out.field("o", units: day.open.units, places: places)
        out.field("h", units: day.high.units, places: places)
        out.field("l", units: day.low.units, places: places)
        out.field("v", units: day.volume.units, places: places)
        out.field("q", units: day.quoteVolume.units, places: places)
        out.endObject()
    }

    static func write(
        _ day: DayStatistics, _ market: Market, at wall: Int64, _ out: inout JSONWriter
    ) {
        begin("24hrTicker", wall, market.symbol, &out)
        out.field("p", units: day.change.units, places: places)
        out.field("P", units: day.changePercent.units, places: 3)
        out.field("w", units: day.average.units, places: places)
        out.field("x", units: day.open.units, places: places)
        out.field("c", units: day.last.units, places: places)
        out.field("Q", units: day.lastQuantity.units, places: places)
        out.field("b", units: market.ticker.bid.units, places: places)
        out.field("B", units: market.ticker.bidQuantity.units, places: places)
        out.field("a", units: market.ticker.ask.units, places: places)
        out.field("A", units: market.ticker.askQuantity.units, places: places)
        out.field("o", units: day.open.units, places: places)
        out.field("h", units: day.high.units, places: places)
        out.field("l", units: day.low.units, places: places)
        out.field("v", units: day.volume.units, places: places)
        out.field("q", units: day.quoteVolume.units, places: places)
        out.field("O", day.openTime)
        out.field("C", day.closeTime)
        out.field("F", day.firstTradeID)
        out.field("L", day.lastTradeID)
        out.field("n", day.count)
        out.endObject()
    }

    static func write(average market: Market, at wall: Int64, _ out: inout JSONWriter) {
        begin("avgPrice", wall, market.symbol, &out)
        out.field("i", "5m")
        out.field("w", units: market.averagePrice(at: wall).units, places: places)
        out.field("T", market.lastTradeAt)
        out.endObject()
    }
}

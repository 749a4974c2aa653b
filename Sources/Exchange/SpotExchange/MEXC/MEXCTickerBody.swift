internal import Bytes
internal import ExchangeMarkets
internal import Trading

/// Mini tickers and batches of best prices (mexc websocket-proto, PublicMiniTickerV3Api,
/// PublicMiniTickersV3Api, PublicBookTickerBatchV3Api).
internal enum MEXCTickerBody {
    private static let miniField = 309
    private static let minisField = 310
    private static let batchField = 311

    static func mini(_ market: Market, channel: String, at wall: Int64) -> [UInt8] {
        var out = ProtobufWriter(capacity: 256)
        out.field(1, channel)
        out.field(3, market.symbol.name)
        out.field(6, wall)
        let body = out.begin(miniField)
        write(market, at: wall, &out)
        out.end(body)
        return out.bytes
    }

    static func minis(_ markets: [Market], channel: String, at wall: Int64) -> [UInt8] {
        var out = ProtobufWriter(capacity: 4_096)
        out.field(1, channel)
        out.field(6, wall)
        let body = out.begin(minisField)
        for market in markets {
            let item = out.begin(1)
            write(market, at: wall, &out)
            out.end(item)
        }
        out.end(body)
        return out.bytes
    }

    static func batch(_ ticker: BookTicker, channel: String, symbol: String) -> [UInt8] {
        var out = ProtobufWriter(capacity: 256)
        out.field(1, channel)
        out.field(3, symbol)
        out.field(6, ticker.timeMilliseconds)
        let body = out.begin(batchField)
        let item = out.begin(1)
        out.field(1, units: ticker.bid.units)
        out.field(2, units: ticker.bidQuantity.units)
        out.field(3, units: ticker.ask.units)
        out.field(4, units: ticker.askQuantity.units)
        out.end(item)
        out.end(body)
        return out.bytes
    }

    private static func write(_ market: Market, at wall: Int64, _ out: inout ProtobufWriter) {
        let day = market.statistics(at: wall)
        let rate = day.open.isZero ? 0 : day.change.units * Int128(10_000) / day.open.units
        // A share with four decimals, as the venue has it.
        let rateUnits = rate * 100_000_000
        out.field(1, market.symbol.name)
        out.field(2, units: day.last.units)
        out.field(3, units: rateUnits)
        out.field(4, units: rateUnits)
        out.field(5, units: day.high.units)
        out.field(6, units: day.low.units)
        out.field(7, units: day.quoteVolume.units)
        out.field(8, units: day.volume.units)
        out.field(9, units: rateUnits)
        out.field(10, units: rateUnits)
        out.field(11, units: day.high.units)
        out.field(12, units: day.low.units)
    }
}

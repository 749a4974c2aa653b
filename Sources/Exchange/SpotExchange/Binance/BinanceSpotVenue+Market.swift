internal import Bytes
internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension BinanceSpotVenue {
    internal func answerMarket(
        _ endpoint: BinanceEndpoint, _ parameters: RequestParameters, _ wall: WallTime,
        _ out: inout JSONWriter
    ) throws(ExchangeError) {
        switch endpoint {
        case .ping:
            out.beginObject()
            out.endObject()
        case .time:
            out.beginObject()
            out.field("serverTime", wall.milliseconds)
            out.endObject()
        case .exchangeInfo: try writeExchangeInfo(parameters, wall, &out)
        case .depth: try writeDepth(parameters, &out)
        case .averagePrice:
            let number = try market(parameters)
            out.beginObject()
            out.field("mins", SpotDesk.averageMinutes)
            out.field(
                "price", units: desk.average(number, wall: wall.milliseconds).units, places: 8)
            out.field("closeTime", wall.milliseconds)
            out.endObject()
        case .priceTicker:
            try forEachMarket(parameters, &out) { market, out in
                out.beginObject()
                out.field("symbol", market.symbol.name)
                out.field("price", units: market.last.units, places: 8)
                out.endObject()
            }
        case .bookTicker: try forEachMarket(parameters, &out, writeTicker)
        case _: preconditionFailure("only market endpoints are answered here")
        }
    }

    /// The numbers of the markets a request names by `symbol` or `symbols`; nil where it names
    /// none.
    internal func named(_ parameters: RequestParameters) throws(ExchangeError) -> [Int]? {
        if let text = parameters["symbols"] {
            if parameters["symbol"] != nil { throw .combination }
            guard let names = try? JSONValue.parse(Array(text.utf8)).elements else {
                throw .illegal("symbols")
            }
            var numbers: [Int] = []
            for name in names {
                guard let symbol = name.text.flatMap({ Symbol($0) }),
                    let number = desk.number(of: symbol)
                else { throw .symbol }
                if !numbers.contains(number) { numbers.append(number) }
            }
            return numbers
        }
        guard try parameters.symbol() != nil else { return nil }
        return [try market(parameters)]
    }

    /// One object for the symbol asked for, or an array for several or all.
    internal func forEachMarket(
        _ parameters: RequestParameters, _ out: inout JSONWriter,
        _ write: (Market, inout JSONWriter) -> Void
    ) throws(ExchangeError) {
        let numbers = try named(parameters)
        if let number = numbers?.first, parameters["symbol"] != nil {
            write(desk.markets[number], &out)
            return
        }
        out.beginArray()
        for number in numbers ?? Array(desk.markets.indices) { write(desk.markets[number], &out) }
        out.endArray()
    }

    internal func writeTicker(_ market: Market, _ out: inout JSONWriter) {
        let bid = market.book.best(.buy)
        let ask = market.book.best(.sell)
        out.beginObject()
        out.field("symbol", market.symbol.name)
        out.field("bidPrice", units: bid?.price.units ?? 0, places: 8)
        out.field("bidQty", units: bid?.quantity.units ?? 0, places: 8)
        out.field("askPrice", units: ask?.price.units ?? 0, places: 8)
        out.field("askQty", units: ask?.quantity.units ?? 0, places: 8)
        out.endObject()
    }

    private func writeDepth(
        _ parameters: RequestParameters, _ out: inout JSONWriter
    ) throws(ExchangeError) {
        let market = desk.markets[try market(parameters)]
        let limit = try parameters.limit(100, most: 5_000)
        out.beginObject()
        out.field("lastUpdateId", market.lastUpdateID)
        for (name, side) in [("bids", Side.buy), ("asks", Side.sell)] {
            out.key(name)
            BinanceSpotVenue.write(levels: market.book.depth(side, limit: limit), &out)
        }
        out.endObject()
    }

    internal static func write(levels: [PriceLevel], _ out: inout JSONWriter) {
        out.beginArray()
        for level in levels {
            out.beginArray()
            out.value(units: level.price.units, places: 8)
            out.value(units: level.quantity.units, places: 8)
            out.endArray()
        }
        out.endArray()
    }
}

internal import Trading

/// A candle in 96 bytes; its time follows from its place.
internal struct Bar: TapeBar, Equatable {
    var open: Int64
    var high: Int64
    var low: Int64
    var close: Int64
    var volume: Int64 = 0
    var takerVolume: Int64 = 0
    var quote: Money = .zero
    var takerQuote: Money = .zero
    var count: Int64 = 0
    /// -1 where nothing traded, and in the made-up past, whose trades count back from the first real one.
    var firstID: Int64 = -1

    /// A bar in which nothing has traded.
    init(flat price: Int64) {
        open = price
        high = price
        low = price
        close = price
    }

    mutating func add(_ trade: TapeTrade, quote amount: Money) {
        if firstID < 0 { firstID = trade.id - count }
        high = max(high, trade.price)
        low = min(low, trade.price)
        close = trade.price
        volume += trade.quantity
        quote += amount
        if !trade.isBuyerMaker {
            takerVolume += trade.quantity
            takerQuote += amount
        }
        count += 1
    }

    /// Takes in the bar that follows this one.
    mutating func merge(_ next: Bar) {
        // A bar opens at its first trade, not at the close it was held at before.
        if next.count == 0 { return }
        if count == 0 {
            self = next
            return
        }
        if firstID < 0, next.firstID >= 0 { firstID = next.firstID - count }
        high = max(high, next.high)
        low = min(low, next.low)
        close = next.close
        volume += next.volume
        takerVolume += next.takerVolume
        quote += next.quote
        takerQuote += next.takerQuote
        count += next.count
    }

    func candle(_ interval: CandleInterval, openTime: Int64, _ scale: TapeScale) -> Candle {
        var candle = Candle(interval, openTime: openTime, price: scale.price(open))
        candle.high = scale.price(high)
        candle.low = scale.price(low)
        candle.close = scale.price(close)
        candle.volume = scale.quantity(volume)
        candle.quoteVolume = quote
        candle.takerVolume = scale.quantity(takerVolume)
        candle.takerQuote = takerQuote
        candle.tradeCount = count
        candle.firstTradeID = firstID
        candle.lastTradeID = firstID < 0 ? -1 : firstID + count - 1
        return candle
    }
}

/// A print in 32 bytes.
internal struct TapeTrade: Sendable {
    let id: Int64
    let price: Int64
    let quantity: Int64
    /// Epoch milliseconds times two, plus one where the buyer was the maker.
    private let stamp: Int64

    init(id: Int64, price: Int64, quantity: Int64, isBuyerMaker: Bool, at wall: Int64) {
        self.id = id
        self.price = price
        self.quantity = quantity
        stamp = wall << 1 | (isBuyerMaker ? 1 : 0)
    }

    var isBuyerMaker: Bool { stamp & 1 == 1 }
    var time: Int64 { stamp >> 1 }
}

/// An aggregate print in 48 bytes.
internal struct TapeAggregate: Sendable {
    let id: Int64
    let price: Int64
    let quantity: Int64
    let firstID: Int64
    let lastID: Int64
    private let stamp: Int64

    init(_ trade: AggregateTrade, _ scale: TapeScale) {
        id = trade.id
        price = scale.pack(trade.price)
        quantity = scale.pack(trade.quantity)
        firstID = trade.firstTradeID
        lastID = trade.lastTradeID
        stamp = trade.timeMilliseconds << 1 | (trade.isBuyerMaker ? 1 : 0)
    }

    var isBuyerMaker: Bool { stamp & 1 == 1 }
    var time: Int64 { stamp >> 1 }
}

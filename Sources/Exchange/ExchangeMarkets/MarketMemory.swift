package import Bytes
internal import Matching
package import Trading

/// What of a market must survive a restart: prices and counters.
///
/// Quotes of the background come anew. The made-up past before the market first opened is made up from
/// the same opening; candles since then are kept beside this (`CandleMemory`).
package struct MarketMemory: Equatable, Sendable {
    package var fair: Price
    package var home: Price
    package var mark: Price
    package var index: Price
    package var last: Price
    package var lastTradeAt: Int64
    package var nextOrderID: Int64
    package var nextTradeID: Int64
    package var nextAggregateID: Int64
    /// Of the mean premium: its weighted sum in 1e-12, and how many samples it is of.
    internal var premiums = PremiumMean()
    /// From what the market's past is made up; nil before it has opened.
    internal var opening: MarketOpening?
    /// The minutes being built: of trades, then of mark, index and premium where they are kept.
    internal var running: RunningBars?

    /// Writes the fields of an object; the caller begins and ends it.
    package func writeFields(_ out: inout JSONWriter) {
        out.field("fair", units: fair.units)
        out.field("home", units: home.units)
        out.field("mark", units: mark.units)
        out.field("index", units: index.units)
        out.field("last", units: last.units)
        out.field("at", lastTradeAt)
        out.field("order", nextOrderID)
        out.field("trade", nextTradeID)
        out.field("aggregate", nextAggregateID)
        if premiums.count > 0 {
            out.field("premiumSum", String(premiums.sum))
            out.field("premiumCount", premiums.count)
        }
        if let opening { out.field("opening", opening.text) }
        if let running { out.field("running", running.text) }
    }

    package init(
        fair: Price, home: Price, mark: Price, index: Price, last: Price, lastTradeAt: Int64,
        nextOrderID: Int64, nextTradeID: Int64, nextAggregateID: Int64
    ) {
        self.fair = fair
        self.home = home
        self.mark = mark
        self.index = index
        self.last = last
        self.lastTradeAt = lastTradeAt
        self.nextOrderID = nextOrderID
        self.nextTradeID = nextTradeID
        self.nextAggregateID = nextAggregateID
    }

    /// Reads the fields of an object.
    package init(_ value: JSONValue) throws(JSONError) {
        func price(_ name: String) throws(JSONError) -> Price {
            let price = Price(units: try value.field(name, \.decimalUnits))
            guard price.isPositive else { throw JSONError(.badValue, offset: 0, field: name) }
            return price
        }
        fair = try price("fair")
        home = try price("home")
        mark = try price("mark")
        index = try price("index")
        last = try price("last")
        lastTradeAt = try value.field("at", \.integer)
        nextOrderID = try value.field("order", \.integer)
        nextTradeID = try value.field("trade", \.integer)
        nextAggregateID = try value.field("aggregate", \.integer)
        if let text = value["opening"]?.text { opening = MarketOpening(text) }
        if let text = value["running"]?.text { running = RunningBars(text) }
        guard value["premiumSum"] != nil else { return }
        let sum = try value.field("premiumSum") { $0.text.flatMap { Int128($0) } }
        let count = try value.field("premiumCount", \.integer)
        guard let premiums = PremiumMean(sum: sum, count: count) else {
            throw JSONError(.badValue, offset: 0, field: "premiumSum")
        }
        self.premiums = premiums
    }
}

extension Market {
    /// What of it must survive a restart.
    package var memory: MarketMemory {
        var memory = MarketMemory(
            fair: fair, home: home, mark: mark, index: index, last: last,
            lastTradeAt: lastTradeAt, nextOrderID: book.nextOrderID,
            nextTradeID: book.nextTradeID, nextAggregateID: prints.nextID)
        memory.premiums = premiums
        memory.opening = opening
        memory.running = running
        return memory
    }

    /// Takes back what survived; counters only move forward.
    package mutating func restore(_ memory: MarketMemory) {
        fair = memory.fair
        home = memory.home
        mark = memory.mark
        index = memory.index
        average = memory.mark
        last = memory.last
        lastTradeAt = memory.lastTradeAt
        premiums = memory.premiums
        if let opening = memory.opening { reopen(opening, memory.running) }
        book.raiseCounters(orderID: memory.nextOrderID, tradeID: memory.nextTradeID)
        prints.raise(to: memory.nextAggregateID)
    }
}

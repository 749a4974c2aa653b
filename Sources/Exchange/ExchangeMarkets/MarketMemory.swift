package import Bytes
internal import Matching
package import Trading

/// What of a market must survive a restart: prices and counters.
///
/// Quotes of the background come anew. The past is made up anew, too, so that it ends at the last price:
/// candles and prints of before the restart are not what they were, trades of accounts are in the
/// exchange's own journal.
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
        book.raiseCounters(orderID: memory.nextOrderID, tradeID: memory.nextTradeID)
        prints.raise(to: memory.nextAggregateID)
    }
}

internal import Trading

/// What a market that replays a recording knows of it.
internal struct MarketReplay: Sendable {
    /// A level as the recording has it.
    struct Level: Sendable {
        /// The background's order that stands for it; 0 where nothing does.
        var orderID: Int64 = 0
        /// What that order was for in all.
        var placed: Quantity = .zero
        /// What the recording says rests here.
        var quantity: Quantity = .zero
        /// The book's id when it said so.
        var updateID: Int64 = 0
    }

    var feed: ReplayFeed
    /// Whether it begins again at its end.
    let loops: Bool
    /// The frame that is due next.
    var frame = ReplayFrame()
    var bids: [Price: Level] = [:]
    var asks: [Price: Level] = [:]
    /// The ids of the newest top of book and of the newest depth applied.
    var tickerID: Int64 = 0
    var depthID: Int64 = 0
    var bestBid = ReplayFrame.Level(price: .zero, quantity: .zero)
    var bestAsk = ReplayFrame.Level(price: .zero, quantity: .zero)
    var frames: Int64 = 0
    /// Top-of-book frames older than the depth known by then, which are not shown.
    var stale: Int64 = 0
    /// Why it ended early.
    var problem: ReplayProblem?

    init(_ feed: ReplayFeed, loops: Bool) {
        self.feed = feed
        self.loops = loops
    }

    subscript(side: Side, price: Price) -> Level? {
        get { side == .buy ? bids[price] : asks[price] }
        set { if side == .buy { bids[price] = newValue } else { asks[price] = newValue } }
    }

    /// Reads the frame that is due next; false at the end, or where the recording cannot be read on.
    mutating func advance() -> Bool {
        do {
            return try feed.next(&frame)
        } catch {
            problem = error
            return false
        }
    }

    /// Forgets what was said about levels that are gone, up to an id.
    mutating func forget(upTo id: Int64) {
        bids = bids.filter { $0.value.orderID != 0 || $0.value.updateID > id }
        asks = asks.filter { $0.value.orderID != 0 || $0.value.updateID > id }
    }
}

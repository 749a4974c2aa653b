internal import ExchangeMarkets
internal import Matching
package import Trading

/// What open orders of one position are worth, by side, where they may add to it.
package struct OpenNotional: Equatable, Sendable {
    fileprivate var exactBids = Money.zero
    fileprivate var exactAsks = Money.zero
    /// All open orders of the position, also those that only close it.
    package fileprivate(set) var count = 0

    package var bids: Money { exactBids.cents }
    package var asks: Money { exactAsks.cents }
}

/// What the account has in one symbol: its orders, its trades, its positions and how they are margined.
package struct Stake: Sendable {
    package private(set) var orders = OrderTable()
    package internal(set) var trades: [FuturesTrade] = []
    package internal(set) var leverage: Int64
    package internal(set) var isIsolated = false
    package internal(set) var holdings = PerLeg(Holding())
    package private(set) var open = PerLeg(OpenNotional())
    /// Changes of orders, oldest first.
    internal var amendments: [OrderAmendment] = []
    /// Margin added to and taken from isolated positions, oldest first.
    internal var marginChanges: [MarginChange] = []
    /// When all open orders end unless the client speaks again; epoch milliseconds.
    internal var countdownEnd: Int64?

    internal init(leverage: Int64) { self.leverage = leverage }

    /// Whether there is a position on any leg.
    internal var hasPosition: Bool {
        !holdings.net.quantity.isZero || !holdings.long.quantity.isZero
            || !holdings.short.quantity.isZero
    }

    /// The margin of one position and its open orders.
    internal func margin(_ leg: PositionLeg, mark: Price, _ listing: Listing) -> MarginFigures {
        MarginFigures(
            holding: holdings[leg], mark: mark, listing: listing, leverage: leverage,
            bids: open[leg].bids, asks: open[leg].asks)
    }

    /// Adds an order, or replaces the one with its id.
    mutating func put(_ order: FuturesOrder) {
        if let former = orders[order.orderID], former.isOpen { count(former, -1) }
        if order.isOpen { count(order, 1) }
        orders.put(order)
    }

    /// Forgets the oldest finished orders where there are too many.
    mutating func prune(kept: Int) { orders.prune(kept: kept) }

    private mutating func count(_ order: FuturesOrder, _ times: Int) {
        open[order.leg].count += times
        guard order.mayAdd else { return }
        let worth = order.price.times(order.remaining, .down)
        let change = times > 0 ? worth : -worth
        if order.side == .buy {
            open[order.leg].exactBids += change
        } else {
            open[order.leg].exactAsks += change
        }
    }
}

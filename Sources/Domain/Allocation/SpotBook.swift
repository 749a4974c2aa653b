package import Quotes
package import Trading

/// Why levels are no book (I1).
package enum BookProblem: String, Error, Sendable {
    case empty = "a side is empty"
    case unsorted = "its levels are out of order"
    case crossed = "it is crossed"
    case price = "a price is zero, negative or absurd"
    case quantity = "a quantity is zero, negative or absurd"
}

/// The best levels of both sides, checked: no later step can divide by zero, overflow or trade
/// against a crossed book.
package struct SpotBook: Equatable, Sendable {
    /// Best first.
    package let bids: [BookLevel]
    package let asks: [BookLevel]

    /// Levels a side that are looked at (A3).
    package static let levels = 20
    /// Prices outside are taken for errors; within them nothing that is computed here overflows.
    private static let lowest = Price(units: 1_000)
    private static let highest = Price.whole(1_000_000_000)
    /// What a decimal from outside may be at most.
    private static let most = Quantity.whole(10_000_000_000_000)

    package init(bids: [BookLevel], asks: [BookLevel]) throws(BookProblem) {
        let bids = Array(bids.prefix(SpotBook.levels))
        let asks = Array(asks.prefix(SpotBook.levels))
        guard let bid = bids.first, let ask = asks.first else { throw .empty }
        try SpotBook.check(bids) { $0 > $1 }
        try SpotBook.check(asks) { $0 < $1 }
        guard bid.price < ask.price else { throw .crossed }
        self.bids = bids
        self.asks = asks
    }

    private static func check(
        _ levels: [BookLevel], _ isBetter: (Price, Price) -> Bool
    ) throws(BookProblem) {
        for index in levels.indices {
            let level = levels[index]
            guard level.price >= lowest, level.price <= highest else { throw .price }
            guard level.quantity.isPositive, level.quantity <= most else { throw .quantity }
            if index > 0, !isBetter(levels[index - 1].price, level.price) { throw .unsorted }
        }
    }

    package var bid: Price { bids[0].price }
    package var ask: Price { asks[0].price }
    package var spread: Price { ask - bid }
    /// (bid + ask) / 2, rounded down to what can be held.
    package var mid: Price { Price(units: (bid.units + ask.units) / 2) }

    /// What an order of the side trades against.
    package func opposite(_ side: Side) -> [BookLevel] { side == .buy ? asks : bids }
    /// The best price an order of the side can have at once.
    package func best(_ side: Side) -> Price { side == .buy ? ask : bid }

    /// What a quantity would trade at: levels from the best on, as far as they are needed.
    package func walk(_ side: Side, _ quantity: Quantity) -> DepthWalk {
        let levels = opposite(side)
        var walk = DepthWalk(best: levels[0].price)
        var left = quantity
        for level in levels {
            let taken = min(left, level.quantity)
            walk.quantity += taken
            walk.notional += level.price.times(taken, side == .buy ? .up : .down)
            walk.worst = level.price
            left -= taken
            if left.isZero { break }
        }
        return walk
    }
}

/// What a quantity would trade at.
package struct DepthWalk: Equatable, Sendable {
    /// As much of it as the levels hold.
    package var quantity: Quantity = .zero
    package var notional: Money = .zero
    package let best: Price
    package var worst: Price

    init(best: Price) {
        self.best = best
        worst = best
    }

    /// The mean price, or the best one where there is nothing to trade.
    package var weighted: Price {
        quantity.isZero ? best : notional.divided(by: quantity, .nearestEven)
    }
    /// How far the mean price is from the best one, as a share of that; never negative.
    package var slippage: Ratio { slippage(of: weighted) }

    /// The same of a mean price that is known already.
    func slippage(of weighted: Price) -> Ratio { (weighted - best).magnitude.ratio(to: best, .up) }
}

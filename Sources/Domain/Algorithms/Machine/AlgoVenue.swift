import Trading

/// What of a venue's table makes a difference to an algorithm.
package struct AlgoVenue: Equatable, Sendable {
    /// Resting orders can be moved; else they are cancelled and placed anew.
    package var amends: Bool
    /// Positions have margin: they may be short, and an order that reduces may be of any worth.
    package var isMargined: Bool
    /// A market order to buy may name its quantity; else a limit order that reaches through the book
    /// and does not rest stands in for it.
    package var takesMarketBuys: Bool

    package init(amends: Bool = true, isMargined: Bool = true, takesMarketBuys: Bool = true) {
        self.amends = amends
        self.isMargined = isMargined
        self.takesMarketBuys = takesMarketBuys
    }
}

extension AlgoMachine {
    /// How far beyond the best price an order reaches that stands in for a market order.
    static let reach = Ratio(units: 5_000_000_000)

    /// An order that trades at once: its type, what it does with what does not trade, and its price.
    func atOnce(_ side: Side) -> (type: OrderType, timeInForce: TimeInForce, price: Price?) {
        guard side == .buy, !venue.takesMarketBuys else { return (.market, .goodTillCancel, nil) }
        let worst = ask + ask.scaled(by: AlgoMachine.reach, .down)
        return (.limit, .immediateOrCancel, rules.quantised(worst, side: .buy))
    }
}

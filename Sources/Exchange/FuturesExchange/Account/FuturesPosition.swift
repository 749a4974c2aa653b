package import Matching
package import Trading

/// One position with what the exchange computes about it.
package struct FuturesPosition: Equatable, Sendable {
    package var symbol: Symbol
    package var leg: PositionLeg
    package var holding: Holding
    package var mark: Price
    package var margin: MarginFigures
    /// Nil where the account cannot be liquidated by this symbol alone.
    package var liquidation: Price?
    package var hasOpenOrders: Bool
    package var leverage: Int64
    package var isIsolated: Bool

    package var quantity: Quantity { holding.quantity }
    package var entryPrice: Price { holding.entryPrice }
    /// The wallet set aside and what is won or lost on it so far.
    package var isolatedMargin: Money {
        isIsolated && !quantity.isZero ? holding.isolatedWallet + margin.unrealised : .zero
    }
}

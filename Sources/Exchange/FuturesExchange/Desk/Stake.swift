internal import ExchangeMarkets
internal import Trading

/// What the account has in one symbol: its orders, its trades and its position.
package struct Stake: Sendable {
    package internal(set) var orders = OrderTable()
    package internal(set) var trades: [FuturesTrade] = []
    package internal(set) var holding: Holding

    internal init(leverage: Int64) { holding = Holding(leverage: leverage) }

    /// What the account's open orders that may add to its position are worth, by side.
    internal var openNotional: (bids: Money, asks: Money) {
        var bids = Money.zero
        var asks = Money.zero
        for order in orders.open where !order.isReduceOnly {
            let worth = order.price.times(order.remaining, .down)
            if order.side == .buy { bids += worth } else { asks += worth }
        }
        return (bids.cents, asks.cents)
    }

    /// The margin that position and open orders take up in this market.
    internal func margin(in market: Market) -> MarginFigures {
        let (bids, asks) = openNotional
        return MarginFigures(
            holding: holding, mark: market.mark, listing: market.listing, bids: bids, asks: asks)
    }
}

internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What an incoming order would meet in a book, without sending it.
internal struct BookWalk {
    private let levels: [(price: Price, quantity: Quantity)]

    /// - Parameter skipped: the account's own orders, where they would end rather than trade.
    init(_ market: Market, _ side: Side, skipped: [SpotOrder]) {
        levels = market.book.depth(side.opposite).compactMap { level in
            var quantity = level.quantity
            for order in skipped where order.side != side && order.price == level.price {
                quantity -= order.remaining
            }
            return quantity.isPositive ? (level.price, quantity) : nil
        }
    }

    /// What trading up to a quantity comes to.
    func quote(of quantity: Quantity) -> Money {
        var left = quantity
        var quote = Money.zero
        for level in levels {
            let traded = min(left, level.quantity)
            quote += level.price.times(traded, .down)
            left -= traded
            if left.isZero { break }
        }
        return quote
    }

    /// The largest quantity in whole steps that an amount pays for, within the book.
    func quantity(for amount: Money, step: Quantity) -> Quantity {
        var left = amount
        var quantity = Quantity.zero
        for level in levels {
            let worth = level.price.times(level.quantity, .up)
            if worth <= left {
                left -= worth
                quantity += level.quantity
                continue
            }
            quantity += left.divided(by: level.price, .down)
            break
        }
        return quantity.down(to: step)
    }
}

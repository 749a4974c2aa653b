package import Chronology
package import Trading

/// Whether a symbol's orders are taken.
package enum ListingState: String, CaseIterable, Sendable {
    case trading
    /// Neither orders nor cancels are taken.
    case halted
    /// Only cancels are taken.
    case cancelOnly = "cancel-only"
    /// Positions are settled at the mark in the exchange's own name, orders end, no more are taken.
    case delisted
}

/// What an operator or a test does to an exchange from inside, past its door.
///
/// What it changes is told on the streams as the venue would, unless the case says otherwise, and is
/// in the journal like everything else.
package indirect enum ExchangeOperation: Equatable, Sendable {
    /// A trade by hand: an order of the account that no client sent; at market without a price.
    case trade(Symbol, Side, Quantity, price: Price?)
    /// An order of a stranger, to make the market trade; at market without a price.
    case strangerOrder(Symbol, Side, Quantity, price: Price?)
    /// The position (spot: the base asset) changes by this much at the mark, without order, trade,
    /// or event.
    case shift(Symbol, by: Quantity)
    /// A deposit, or a withdrawal where it is negative, told as the venue tells of them.
    case transfer(asset: String, by: Quantity)
    /// Fills an open order in equal parts up to a share of its quantity, then cancels the rest.
    case fillThenCancel(Symbol, clientOrderID: String, parts: Int, share: Ratio)
    case setState(Symbol, ListingState)
    /// The lot step becomes another.
    case setStep(Symbol, Quantity)
    /// The price moves by this share of itself (−0.3: falls by 30 %) in equal steps over a time.
    case move(Symbol, by: Ratio, over: Interval)
    /// Funding now: of one symbol, or of all.
    case fund(Symbol?)
    /// The account is liquidated as if its margin had run out.
    case liquidate
    /// Auto-deleveraging closes a position.
    case deleverage(Symbol)
    /// Listen keys end, and their streams say so.
    case expireListenKeys
    /// The operation at the account that a key reaches; without it, at the main account.
    case ofKey(String, ExchangeOperation)
}

extension ExchangeError {
    /// No account is reached with the key that a target names.
    package static let unknownKey = ExchangeError(
        -2015, "no account has this key", status: 401)
    /// The exchange has nothing like this (spot has no funding).
    package static let noSuchOperation = ExchangeError(
        -5000, "this exchange has no such operation", status: 400)
}

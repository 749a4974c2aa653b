package import Trading

/// The filters of a symbol, as Binance names them.
package enum SpotFilter: String, Sendable {
    case price = "PRICE_FILTER"
    case percentPrice = "PERCENT_PRICE_BY_SIDE"
    case lotSize = "LOT_SIZE"
    case marketLotSize = "MARKET_LOT_SIZE"
    case notional = "NOTIONAL"
    case openOrders = "MAX_NUM_ORDERS"
    case conditionalOrders = "MAX_NUM_ALGO_ORDERS"
    case orderLists = "MAX_NUM_ORDER_LISTS"
    case icebergParts = "ICEBERG_PARTS"
    case icebergOrders = "MAX_NUM_ICEBERG_ORDERS"
    case trailingDelta = "TRAILING_DELTA"
}

/// Why the desk did not do what it was asked; each flavour has its own words for it.
package enum SpotRefusal: Error, Equatable, Sendable {
    case unknownSymbol
    /// The symbol does not trade now.
    case closed
    case missing(String)
    case missingEither(String, String)
    case notRequired(String)
    /// An iceberg shows more than there is of it.
    case icebergTooLarge
    /// An iceberg is good till cancelled.
    case icebergForce
    /// No account is reached with the key that an operation names.
    case unknownKey
    /// Both a quantity and an amount.
    case combination
    case clientOrderID
    case filter(SpotFilter)
    /// Worth less than this.
    case tooSmall(Money)
    /// Worth more than this.
    case tooLarge(Money)
    case insufficientBalance(Side)
    case duplicateClientOrderID
    /// Maker only, and it would take.
    case wouldTake
    /// Its condition is met already.
    case wouldTrigger
    /// Nothing open to cancel under this name.
    case unknownOrder
    /// Nothing on record under this name.
    case noSuchOrder
    /// The order is not in the state in which it was to be cancelled.
    case cancelRestricted
    /// Changed in place as often as an order may be.
    case tooManyAmendments
    /// The orders of a list are not on both sides of the last price.
    case listPrices
    /// No list that is open under this name.
    case unknownList
    /// No list on record under this name.
    case noSuchList
    /// An amendment that is not a lower quantity above what is filled.
    case amendment
}

package import Trading

/// Why the wallet changed.
package enum IncomeKind: String, CaseIterable, Sendable {
    case transfer = "TRANSFER"
    case realised = "REALIZED_PNL"
    case commission = "COMMISSION"
    case funding = "FUNDING_FEE"
    case insurance = "INSURANCE_CLEAR"
}

/// One change of the wallet other than by a trade; those are told from the trades.
package struct Income: Equatable, Sendable {
    package var symbol: Symbol?
    package var kind: IncomeKind
    package var amount: Money
    package var timeMilliseconds: Int64
    /// Unique within its kind.
    package var number: Int64
    package var tradeID: Int64?
}

/// Margin added to an isolated position, or taken back.
package struct MarginChange: Equatable, Sendable {
    package var leg: String
    /// Negative where it was taken back.
    package var amount: Money
    package var timeMilliseconds: Int64
}

/// A funding that took place.
package struct FundingRecord: Equatable, Sendable {
    package var symbol: Symbol
    package var rate: Ratio
    package var mark: Price
    package var timeMilliseconds: Int64
}

/// A change of an order's price and quantity.
package struct OrderAmendment: Equatable, Sendable {
    package var number: Int64
    package var orderID: Int64
    package var clientOrderID: String
    package var timeMilliseconds: Int64
    package var priceBefore: Price
    package var priceAfter: Price
    package var quantityBefore: Quantity
    package var quantityAfter: Quantity
    /// The how manyth change of this order it was.
    package var count: Int64
}

extension Array {
    /// Adds an element, and forgets the oldest where there are a fifth more than `kept`.
    internal mutating func keep(_ element: Element, _ kept: Int) {
        append(element)
        if count > kept + kept / 5 { removeFirst(count - kept) }
    }
}

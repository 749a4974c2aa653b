/// Whether an instrument trades; a status from a newer venue is kept, and counts as not trading.
package enum InstrumentStatus: Equatable, Sendable {
    case trading
    case cancelOnly
    case halted
    case other(String)

    package init(_ text: String) {
        switch text {
        case "TRADING": self = .trading
        case "TRADING_CANCEL_ONLY", "CANCEL_ONLY": self = .cancelOnly
        case "TRADING_HALT", "HALT", "BREAK": self = .halted
        case _: self = .other(text)
        }
    }

    package var text: String {
        switch self {
        case .trading: "TRADING"
        case .cancelOnly: "CANCEL_ONLY"
        case .halted: "HALT"
        case .other(let text): text
        }
    }
}

/// One tradable instrument with the rules its venue sets; zero disables a bound, as venues do.
package struct Instrument: Equatable, Sendable {
    package var symbol: Symbol
    package var status: InstrumentStatus
    package var base: String
    package var quote: String
    /// Smallest price change; greater than zero.
    package var tick: Price
    package var minimumPrice: Price
    package var maximumPrice: Price
    /// Smallest quantity change of limit orders; greater than zero.
    package var step: Quantity
    package var minimumQuantity: Quantity
    package var maximumQuantity: Quantity
    package var marketMinimumQuantity: Quantity
    package var marketMaximumQuantity: Quantity
    /// Smallest price × quantity, except for reduce-only orders.
    package var minimumNotional: Money
    /// A buy may be priced at most at mark × this; zero disables.
    package var bandUp: Ratio
    /// A sell may be priced at least at mark × this; zero disables.
    package var bandDown: Ratio

    /// Nil where tick or step is not greater than zero, or a bound is negative.
    package init?(
        symbol: Symbol, status: InstrumentStatus, base: String, quote: String, tick: Price,
        minimumPrice: Price = .zero, maximumPrice: Price = .zero, step: Quantity,
        minimumQuantity: Quantity = .zero, maximumQuantity: Quantity = .zero,
        marketMinimumQuantity: Quantity = .zero, marketMaximumQuantity: Quantity = .zero,
        minimumNotional: Money = .zero, bandUp: Ratio = .zero, bandDown: Ratio = .zero
    ) {
        guard tick.isPositive, step.isPositive, !minimumPrice.isNegative, !maximumPrice.isNegative,
            !minimumQuantity.isNegative, !maximumQuantity.isNegative,
            !marketMinimumQuantity.isNegative, !marketMaximumQuantity.isNegative,
            !minimumNotional.isNegative, !bandUp.isNegative, !bandDown.isNegative
        else { return nil }
        self.symbol = symbol
        self.status = status
        self.base = base
        self.quote = quote
        self.tick = tick
        self.minimumPrice = minimumPrice
        self.maximumPrice = maximumPrice
        self.step = step
        self.minimumQuantity = minimumQuantity
        self.maximumQuantity = maximumQuantity
        self.marketMinimumQuantity = marketMinimumQuantity
        self.marketMaximumQuantity = marketMaximumQuantity
        self.minimumNotional = minimumNotional
        self.bandUp = bandUp
        self.bandDown = bandDown
    }

    /// Whether a price is a multiple of the tick above the minimum, within the bounds.
    package func admits(price: Price) -> Bool {
        price.isPositive && price >= minimumPrice
            && (maximumPrice.isZero || price <= maximumPrice)
            && (price - minimumPrice).isMultiple(of: tick)
    }

    /// Whether a quantity is on the step and within the bounds of its order type.
    package func admits(quantity: Quantity, type: OrderType) -> Bool {
        let low = type == .market ? marketMinimumQuantity : minimumQuantity
        let high = type == .market ? marketMaximumQuantity : maximumQuantity
        return quantity.isPositive && quantity >= low && (high.isZero || quantity <= high)
            && (quantity - low).isMultiple(of: step)
    }

    /// The largest admissible quantity not above `quantity`, or zero where there is none.
    package func quantised(_ quantity: Quantity, type: OrderType) -> Quantity {
        let low = type == .market ? marketMinimumQuantity : minimumQuantity
        let high = type == .market ? marketMaximumQuantity : maximumQuantity
        let capped = high.isZero ? quantity : min(quantity, high)
        guard capped.isPositive, capped >= low else { return .zero }
        return low + (capped - low).down(to: step)
    }

    /// The price moved onto the tick grid: away from trading for a passive price, so a buy rounds
    /// down.
    package func quantised(_ price: Price, side: Side) -> Price {
        let offset = price - minimumPrice
        return minimumPrice + offset.rounded(side == .buy ? .floor : .ceiling, to: tick)
    }
}

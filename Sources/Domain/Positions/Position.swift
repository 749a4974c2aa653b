package import Trading

/// What one entry of the journal says that a change did.
package enum LedgerLegKind: Equatable, Sendable {
    case fill, flipClose, flipOpen, virtualClose, deposit, transfer, funding, adjustment
    /// Coins that the venue kept for a trade's fee.
    case feeInKind
}

/// One entry of the journal, before it has a number: a change is one, two for a flip, and those
/// of a fee in kind.
package struct LedgerLeg: Equatable, Sendable {
    package var kind: LedgerLegKind
    /// Never negative; zero for changes of the balance alone.
    package var quantity: Quantity = .zero
    package var fee: Money = .zero
    package var realised: Money = .zero
    /// The signed position and its entry price after this leg.
    package var position: Quantity = .zero
    package var entryPrice: Price = .zero
    /// The account's wallet after this leg.
    package var wallet: Money = .zero

    package init(kind: LedgerLegKind) { self.kind = kind }
}

/// What one book holds of one symbol, at mean entry price.
package struct Position: Equatable, Sendable {
    /// Signed: negative is short.
    package var quantity: Quantity
    /// Zero when flat.
    package var entryPrice: Price
    /// Before fees.
    package var realised: Money
    package var fees: Money
    /// Counts the changes.
    package var version: Int64

    package init(
        quantity: Quantity = .zero, entryPrice: Price = .zero, realised: Money = .zero,
        fees: Money = .zero, version: Int64 = 0
    ) {
        self.quantity = quantity
        self.entryPrice = entryPrice
        self.realised = realised
        self.fees = fees
        self.version = version
    }

    /// Trades a signed quantity at a price; gives one leg, or the closing and the opening of a flip.
    ///
    /// The entry price is the mean weighted by quantity, and realised PnL (price − entry) × closed,
    /// both rounded to 1e-12, halves to even. A flip's fee is shared by quantity, its sum exact.
    package mutating func trade(_ delta: Quantity, at price: Price, fee: Money) -> [LedgerLeg] {
        version += 1
        fees += fee
        if quantity.signum * delta.signum >= 0 { return [increase(delta, at: price, fee: fee)] }
        let closing = min(delta.magnitude, quantity.magnitude)
        let opening = delta.magnitude - closing
        if opening.isZero { return [close(closing, at: price, fee: fee, .fill)] }
        let closingFee = fee.scaled(
            by: closing.ratio(to: delta.magnitude, .nearestEven), .nearestEven)
        let closed = close(closing, at: price, fee: closingFee, .flipClose)
        let rest = delta.isNegative ? -opening : opening
        var opened = increase(rest, at: price, fee: fee - closingFee)
        opened.kind = .flipOpen
        return [closed, opened]
    }

    private mutating func increase(_ delta: Quantity, at price: Price, fee: Money) -> LedgerLeg {
        if quantity.isZero {
            entryPrice = price
        } else if entryPrice != price {
            let cost =
                entryPrice.times(quantity.magnitude, .nearestEven)
                + price.times(delta.magnitude, .nearestEven)
            entryPrice = cost.divided(by: quantity.magnitude + delta.magnitude, .nearestEven)
        }
        quantity += delta
        return leg(.fill, delta.magnitude, fee, .zero)
    }

    private mutating func close(
        _ closing: Quantity, at price: Price, fee: Money, _ kind: LedgerLegKind
    ) -> LedgerLeg {
        let signed = quantity.isNegative ? -closing : closing
        let gained = (price - entryPrice).times(signed, .nearestEven)
        realised += gained
        quantity -= signed
        if quantity.isZero { entryPrice = .zero }
        return leg(kind, closing, fee, gained)
    }

    private func leg(
        _ kind: LedgerLegKind, _ traded: Quantity, _ fee: Money, _ gained: Money
    ) -> LedgerLeg {
        var leg = LedgerLeg(kind: kind)
        leg.quantity = traded
        leg.fee = fee
        leg.realised = gained
        leg.position = quantity
        leg.entryPrice = entryPrice
        return leg
    }
}

/// A book's money.
package struct BookBalance: Equatable, Sendable {
    package var deposits: Money
    package var realised: Money
    package var fees: Money
    package var funding: Money
    package var version: Int64

    package init(
        deposits: Money = .zero, realised: Money = .zero, fees: Money = .zero,
        funding: Money = .zero, version: Int64 = 0
    ) {
        self.deposits = deposits
        self.realised = realised
        self.fees = fees
        self.funding = funding
        self.version = version
    }

    package var wallet: Money { deposits + realised - fees + funding }
}

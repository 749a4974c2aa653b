package import Trading

/// Who made a trade that no order of ours did.
package enum TradeOrigin: Equatable, Sendable {
    /// The exchange itself: liquidation, auto-deleveraging, settlement.
    case exchange
    /// Somebody at the exchange's own page or another program.
    case manual

    /// By the client order id, as the venue marks the orders it makes itself.
    package init(clientOrderID: String) {
        let marks = ["autoclose-", "adl_autoclose", "settlement_autoclose-"]
        self = marks.contains { clientOrderID.hasPrefix($0) } ? .exchange : .manual
    }
}

/// One book's part of a trade.
package struct TradeShare: Equatable, Sendable {
    package let account: AccountID
    /// Greater than zero.
    package let quantity: Quantity
    package let fee: Money

    package init(account: AccountID, quantity: Quantity, fee: Money) {
        self.account = account
        self.quantity = quantity
        self.fee = fee
    }
}

/// How a trade of nobody's order is split over the books (B4f).
///
/// 1. What closes goes to the books that hold the side it closes, in proportion to what they hold,
///    to no book more than it holds. Of a manual trade the `external` book, where earlier manual
///    trades are, closes first.
/// 2. What closes no book's position opens one, and that is nobody's but the `external` book's.
/// 3. Quantities and fees sum to the trade's, exactly. Shares are whole steps; the steps that
///    proportion leaves over go by largest remainder, then by name. A rest below one step follows
///    them as it is.
package enum Attribution {
    /// The shares of a trade, ascending by account; at least one.
    /// - Parameters:
    ///   - books: what each book holds of the trade's symbol, signed.
    ///   - step: the exchange's quantity step; zero where it is not known, for shares to 1e-12.
    package static func shares(
        of fill: Fill, origin: TradeOrigin, books: [AccountID: Quantity], step: Quantity = .zero
    ) -> [TradeShare] {
        shares(
            of: fill.quantity, side: fill.side, fee: fill.fee, origin: origin, books: books,
            step: step)
    }

    /// The shares of a quantity on one side, ascending by account; at least one.
    static func shares(
        of quantity: Quantity, side: Side, fee: Money, origin: TradeOrigin,
        books: [AccountID: Quantity], step: Quantity
    ) -> [TradeShare] {
        let closing = side == .sell ? 1 : -1
        var holdings = books.filter { $0.value.signum == closing }.mapValues(\.magnitude)
        var quantities: [AccountID: Quantity] = [:]
        var rest = quantity
        if origin == .manual, let held = holdings.removeValue(forKey: .external) {
            let own = min(rest, held)
            quantities[.external] = own
            rest -= own
        }
        for (account, part) in split(rest, over: holdings, step: step) {
            quantities[account, default: .zero] += part
            rest -= part
        }
        if rest.isPositive { quantities[.external, default: .zero] += rest }
        return priced(quantities.filter { $0.value.isPositive }, quantity, fee)
    }

    /// Splits at most the sum of `holdings`, in proportion, to none more than it holds.
    package static func split(
        _ quantity: Quantity, over holdings: [AccountID: Quantity], step: Quantity
    ) -> [AccountID: Quantity] {
        let held = holdings.values.reduce(Quantity.zero, +)
        if held <= quantity { return holdings }
        if !quantity.isPositive { return [:] }
        var parts: [AccountID: Quantity] = [:]
        var remainders: [(account: AccountID, rest: Quantity)] = []
        var left = quantity
        for account in holdings.keys.sorted() {
            guard let own = holdings[account] else { continue }
            let exact = Attribution.proportion(quantity, own, of: held)
            let part = exact.down(to: step)
            parts[account] = part
            remainders.append((account, exact - part))
            left -= part
        }
        remainders.sort { ($1.rest, $0.account) < ($0.rest, $1.account) }
        // Rounding leaves less than a step a book; a book that is full passes its turn on.
        let unit = step.isZero ? Quantity(units: 1) : step
        while left.isPositive {
            let before = left
            for (account, _) in remainders where left.isPositive {
                let room = (holdings[account] ?? .zero) - (parts[account] ?? .zero)
                let more = min(unit, min(room, left))
                parts[account, default: .zero] += more
                left -= more
            }
            precondition(left < before, "books that hold more than a trade have room for it")
        }
        return parts.filter { $0.value.isPositive }
    }

    /// quantity × own / held, rounded down to 1e-12, without the rounding of a ratio between.
    private static func proportion(
        _ quantity: Quantity, _ own: Quantity, of held: Quantity
    ) -> Quantity {
        let product = quantity.units.magnitude.multipliedFullWidth(by: own.units.magnitude)
        let (whole, _) = held.units.magnitude.dividingFullWidth(product)
        return Quantity(units: Int128(whole))
    }

    /// A book that held this many times the net or more makes a payment nobody's: the venue rounds
    /// payments to 1e-8, and a rounding made larger by that much is money; nor are books that all but
    /// cancel out while the exchange pays evidence of what it pays for.
    package static let fundingLeverage: Int128 = 10_000

    /// Funding by what each book held, signed: books on the other side of the exchange's net take
    /// what they would pay. Ascending by account; the last takes what rounding leaves. What nobody
    /// held is the `external` book's, and so is what cannot be split (`fundingLeverage`).
    package static func funding(
        _ amount: Money, over holdings: [AccountID: Quantity]
    ) -> [(account: AccountID, amount: Money)] {
        let net = holdings.values.reduce(Quantity.zero, +)
        let held = holdings.keys.sorted().filter { holdings[$0]?.isZero == false }
        let most = holdings.values.map(\.magnitude).max() ?? .zero
        guard !net.isZero, let last = held.last,
            most.units / fundingLeverage < net.magnitude.units
        else { return [(.external, amount)] }
        var left = amount
        return held.map { account in
            let own = holdings[account] ?? .zero
            let isOpposed = own.signum != net.signum
            let size = share(of: amount, own.magnitude, of: net.magnitude)
            let part = account == last ? left : isOpposed ? -size : size
            left -= part
            return (account, part)
        }
    }

    /// fee × part / whole, to the nearest 1e-12, without the rounding of a ratio between; a part may
    /// be larger than the whole.
    private static func share(of fee: Money, _ part: Quantity, of whole: Quantity) -> Money {
        let product = fee.units.magnitude.multipliedFullWidth(by: part.units.magnitude)
        let (quotient, rest) = whole.units.magnitude.dividingFullWidth(product)
        let isUp = rest >= whole.units.magnitude - rest
        let units = Int128(quotient) + (isUp ? 1 : 0)
        return Money(units: fee.isNegative ? -units : units)
    }

    /// The fee by quantity, the last book taking what rounding leaves.
    private static func priced(
        _ parts: [AccountID: Quantity], _ quantity: Quantity, _ fee: Money
    ) -> [TradeShare] {
        var fee = fee
        var left = quantity
        return parts.keys.sorted().compactMap { account in
            guard let part = parts[account] else { return nil }
            let own = part == left ? fee : Attribution.share(of: fee, part, of: left)
            fee -= own
            left -= part
            return TradeShare(account: account, quantity: part, fee: own)
        }
    }
}

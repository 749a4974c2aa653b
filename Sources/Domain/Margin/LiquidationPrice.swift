package import Trading

/// Where one position's mark liquidates its account, all other marks standing still.
package enum LiquidationPrice: Equatable, Sendable {
    /// No price above zero and below 1e13 does.
    case never
    /// This price and every one beyond it, away from the mark, do.
    case at(Price)
    /// Every price does: what the rest of the account lost is more than this position can give.
    case always

    /// The price truncated to the tick, for display; zero where there is none, as the venue prints.
    package func shown(tick: Price) -> Price {
        switch self {
        case .never, .always: .zero
        case .at(let price): price.down(to: tick)
        }
    }

    /// The price; zero where there is none.
    package var price: Price {
        switch self {
        case .never, .always: .zero
        case .at(let price): price
        }
    }
}

extension MarginAssessment {
    /// The cross liquidation price of the position at `index`, with the bracket that holds there.
    ///
    /// With n = |quantity| × price, margin left is `K + side × n − (n × rate − cum)`, where K is the
    /// account without this position's value at mark. It is continuous and monotone in n, so that
    /// exactly one row can hold its zero. The price is rounded toward the mark; the error is below
    /// 2e-12 / |quantity|, which matters for no quantity a venue knows.
    package func liquidationPrice(at index: Int) -> LiquidationPrice {
        let position = positions[index]
        let cost = position.entryPrice.times(position.quantity, .nearestEven)
        let rest = equity - position.unrealised - (maintenance - position.maintenance) - cost
        let isLong = position.quantity.isPositive
        if isLong, !rest.isNegative { return .never }
        if !isLong, !rest.isPositive { return .always }
        let row = isLong ? longRow(position, rest) : shortRow(position, rest)
        let slope = isLong ? row.rate - .one : row.rate + .one
        guard
            let notional = MarginLimits.quotient(
                (rest + row.cum).units, slope.units, isLong ? .up : .down),
            let price = MarginLimits.quotient(
                notional, position.quantity.magnitude.units, isLong ? .up : .down),
            price > 0
        else { return .never }
        return .at(Price(units: price))
    }

    /// The first row at whose cap a long position is safe again; the last where none is.
    private func longRow(_ position: MarginPosition, _ rest: Money) -> MaintenanceBrackets.Row {
        let rows = position.brackets.rows
        for row in rows where !(rest + row.cap - margin(row)).isNegative { return row }
        return rows[rows.count - 1]
    }

    /// The first row by whose cap a short position is gone; the last where none is.
    private func shortRow(_ position: MarginPosition, _ rest: Money) -> MaintenanceBrackets.Row {
        let rows = position.brackets.rows
        for row in rows where !(rest - row.cap - margin(row)).isPositive { return row }
        return rows[rows.count - 1]
    }

    private func margin(_ row: MaintenanceBrackets.Row) -> Money {
        row.cap.scaled(by: row.rate, .up) - row.cum
    }
}

package import Trading

/// The maintenance brackets of one instrument: `maintenance = notional × rate − cum`, with the rate
/// and cum of the row that holds the notional.
package struct MaintenanceBrackets: Equatable, Sendable {
    /// One row; it holds notionals above `floor` up to and including `cap`.
    package struct Row: Equatable, Sendable {
        package let floor: Money
        package let cap: Money
        /// Above zero and below one.
        package let rate: Ratio
        /// What makes maintenance continuous at the floor; the venue's `cum`.
        package let cum: Money
        /// The venue's largest leverage within the row; 0 where it is not known.
        package let maximumLeverage: Int64

        package init(
            floor: Money, cap: Money, rate: Ratio, cum: Money, maximumLeverage: Int64 = 0
        ) {
            self.floor = floor
            self.cap = cap
            self.rate = rate
            self.cum = cum
            self.maximumLeverage = maximumLeverage
        }
    }

    /// What is wrong with a set of rows, and in which row (from 1).
    package struct Problem: Error, Equatable, Sendable, CustomStringConvertible {
        package enum Code: String, Sendable {
            case noRows = "no rows"
            case notContiguous = "floor is not the cap before it"
            case emptyRow = "cap is not above floor"
            case badRate = "rate is not between 0 and 1, or falls"
            case badCum = "cum does not make maintenance continuous"
            case unreadable = "not a list of brackets"
        }

        package let code: Code
        package let row: Int

        package init(_ code: Code, row: Int = 0) {
            self.code = code
            self.row = row
        }

        package var description: String {
            "maintenance brackets refused: \(code.rawValue), row: \(row)"
        }
    }

    /// Ascending, at least one; the last one also holds everything above its cap.
    package let rows: [Row]

    /// Takes rows in ascending order; throws where they leave a gap, fall in rate, or where
    /// cum(n) is not cum(n−1) + floor(n) × (rate(n) − rate(n−1)), exactly.
    package init(_ rows: [Row]) throws(Problem) {
        guard let first = rows.first else { throw Problem(.noRows) }
        guard first.floor.isZero else { throw Problem(.notContiguous, row: 1) }
        guard first.cum.isZero else { throw Problem(.badCum, row: 1) }
        for (index, row) in rows.enumerated() {
            guard row.cap > row.floor else { throw Problem(.emptyRow, row: index + 1) }
            guard row.rate.isPositive, row.rate < .one else {
                throw Problem(.badRate, row: index + 1)
            }
            if index > 0 { try MaintenanceBrackets.check(row, after: rows[index - 1], index + 1) }
        }
        self.rows = rows
    }

    private static func check(_ row: Row, after previous: Row, _ number: Int) throws(Problem) {
        guard row.floor == previous.cap else { throw Problem(.notContiguous, row: number) }
        guard row.rate >= previous.rate else { throw Problem(.badRate, row: number) }
        let step = row.floor.scaled(by: row.rate - previous.rate, .nearestEven)
        guard row.cum == previous.cum + step else { throw Problem(.badCum, row: number) }
    }

    private init(trusted rows: [Row]) { self.rows = rows }

    /// The row that holds a notional; the last one where it is above every cap.
    package func row(at notional: Money) -> Row {
        for row in rows where notional <= row.cap { return row }
        return rows[rows.count - 1]
    }

    /// notional × rate − cum, rounded up to 1e-12; never negative.
    package func maintenance(of notional: Money) -> Money {
        let row = row(at: notional)
        return notional.scaled(by: row.rate, .up) - row.cum
    }

    /// What is used while an instrument's own brackets are not known: at or above what the venue
    /// asked in 2024-10 for all but a handful of thin contracts, so that an account looks worse
    /// than it is rather than better.
    package static let conservative = MaintenanceBrackets(trusted: [
        Row(
            floor: .zero, cap: .whole(5_000), rate: Ratio(units: 25_000_000_000), cum: .zero,
            maximumLeverage: 20),
        Row(
            floor: .whole(5_000), cap: .whole(50_000), rate: Ratio(units: 50_000_000_000),
            cum: .whole(125), maximumLeverage: 10),
        Row(
            floor: .whole(50_000), cap: .whole(250_000), rate: Ratio(units: 100_000_000_000),
            cum: .whole(2_625), maximumLeverage: 5),
        Row(
            floor: .whole(250_000), cap: .whole(1_000_000), rate: Ratio(units: 125_000_000_000),
            cum: .whole(8_875), maximumLeverage: 4),
        Row(
            floor: .whole(1_000_000), cap: .whole(5_000_000), rate: Ratio(units: 250_000_000_000),
            cum: .whole(133_875), maximumLeverage: 2),
        Row(
            floor: .whole(5_000_000), cap: .whole(10_000_000), rate: Ratio(units: 500_000_000_000),
            cum: .whole(1_383_875), maximumLeverage: 1),
    ])
}

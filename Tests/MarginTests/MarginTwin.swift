import Margin
import Trading

/// The slow, obviously right twin: margin left, summed anew at every price asked for, and searched by
/// halving.
struct MarginTwin {
    private let wallet: Money
    private let positions: [MarginPosition]

    init(_ assessment: MarginAssessment) {
        wallet = assessment.wallet
        positions = assessment.positions
    }

    /// Equity − maintenance with the marks given.
    private func marginLeft(_ marks: [Price]) -> Money {
        var left = wallet
        for (position, mark) in zip(positions, marks) {
            let notional = mark.times(position.quantity.magnitude, .nearestEven)
            var row = position.brackets.rows[0]
            for next in position.brackets.rows where notional > next.floor { row = next }
            left += (mark - position.entryPrice).times(position.quantity, .nearestEven)
            left -= notional.scaled(by: row.rate, .nearestEven) - row.cum
        }
        return left
    }

    /// Equity − maintenance with one mark moved.
    func marginLeft(_ index: Int, at price: Price) -> Money {
        var marks = positions.map(\.mark)
        marks[index] = price
        return marginLeft(marks)
    }

    /// Equity − maintenance with all marks moved.
    func marginLeft(at scale: Ratio) -> Money {
        marginLeft(positions.map { $0.mark.scaled(by: scale, .nearestEven) })
    }

    /// The least value in `low...high` for which `holds` is true, which must be so from there on.
    private func first(
        _ low: Int128, _ high: Int128, where holds: (Int128) -> Bool
    ) -> Int128 {
        var low = low
        var high = high
        while low < high {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// What is wrong with a liquidation price; nil where it is right to 1e-12 of money each way.
    func disagreement(with found: LiquidationPrice, at index: Int) -> String? {
        let position = positions[index]
        let isLong = position.quantity.isPositive
        let least = Price(units: 1)
        switch found {
        case .always:
            return marginLeft(index, at: least) <= .zero && !isLong
                ? nil : "not always: \(position)"
        case .never:
            let far = Price(units: position.mark.units * 10_000)
            let worst = marginLeft(index, at: isLong ? least : far)
            return worst.isNegative ? "not never: \(position)" : nil
        case .at(let price):
            let searched =
                isLong
                ? first(1, price.units * 4) { !marginLeft(index, at: Price(units: $0)).isNegative }
                : first(1, price.units * 4) { marginLeft(index, at: Price(units: $0)).isNegative }
            let error = (searched - price.units).magnitude
            let tolerance = 8 * 1_000_000_000_000 / position.quantity.units.magnitude + 8
            return error <= tolerance ? nil : "searched \(Price(units: searched)), found \(price)"
        }
    }

    /// What is wrong with a move, against a walk in steps of 1/64 and halving within the step.
    func disagreement(with move: LiquidationMove) -> String? {
        if !marginLeft(at: .one).isPositive { return nil }
        let fall = firstBreach(stride(from: 63, through: 0, by: -1).map { $0 }, 64, down: true)
        let rise = firstBreach(Array(65...640), 64, down: false)
        if let problem = compare("fall", move.fall, fall) { return problem }
        if rise == nil, let found = move.rise, found > .whole(8) { return nil }
        return compare("rise", move.rise, rise)
    }

    private func compare(_ name: String, _ found: Ratio?, _ searched: Int128?) -> String? {
        let searched = searched.map { Ratio(units: $0) - .one }
        switch (found, searched) {
        case (nil, nil): return nil
        case (let found?, let searched?):
            let isNear = (found - searched).magnitude < Ratio(units: 1_000_000)
            return isNear ? nil : "\(name): found \(found), searched \(searched)"
        case (let found, let searched):
            return "\(name): found \(found?.text ?? "none"), searched \(searched?.text ?? "none")"
        }
    }

    private func firstBreach(_ steps: [Int], _ parts: Int, down: Bool) -> Int128? {
        for step in steps {
            let scale = Ratio(units: Int128(step) * 1_000_000_000_000 / Int128(parts))
            let left = marginLeft(at: step == 0 ? Ratio(units: 1_000) : scale)
            guard !left.isPositive else { continue }
            let width: Int128 = 1_000_000_000_000 / Int128(parts) + 1
            if down {
                return first(scale.units, scale.units + width) {
                    marginLeft(at: Ratio(units: $0)).isPositive
                }
            }
            return first(scale.units - width, scale.units) {
                !marginLeft(at: Ratio(units: $0)).isPositive
            }
        }
        return nil
    }
}

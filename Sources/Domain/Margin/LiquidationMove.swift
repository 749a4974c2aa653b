package import Trading

/// The common relative moves of all marks that liquidate an account.
package struct LiquidationMove: Equatable, Sendable {
    /// Negative: −0.12 is a fall of 12 %. Nil where no fall to above zero does.
    package let fall: Ratio?
    /// Positive. Nil where no rise below a million times does.
    package let rise: Ratio?

    package init(fall: Ratio?, rise: Ratio?) {
        self.fall = fall
        self.rise = rise
    }

    /// The one that is nearer; zero where neither exists, as the risk record has it.
    package var nearest: Ratio {
        switch (fall, rise) {
        case (nil, nil): .zero
        case (let fall?, nil): fall
        case (nil, let rise?): rise
        case (let fall?, let rise?): -fall <= rise ? fall : rise
        }
    }
}

extension MarginAssessment {
    /// The nearest common moves, up and down, at which maintenance reaches equity; both zero where
    /// it has already.
    ///
    /// With all marks times s, margin left is `constant + s × slope`, between the scales at which a
    /// position changes bracket; it is concave in s, so that it has at most one zero on each side.
    /// Rounded toward 1 (no move). O(r log r) for r rows over all positions.
    package func liquidationMove() -> LiquidationMove {
        if positions.isEmpty { return LiquidationMove(fall: nil, rise: nil) }
        if isBreached { return LiquidationMove(fall: .zero, rise: .zero) }
        let line = MarginLine(self)
        return LiquidationMove(
            fall: line.zeroBelow(positions).map { $0 - .one },
            rise: line.zeroAbove(positions).map { $0 - .one })
    }
}

/// The straight piece that margin left follows around the present scale.
private struct MarginLine {
    private var constant: Money
    private var slope: Money

    init(_ assessment: MarginAssessment) {
        constant = assessment.wallet
        slope = .zero
        for position in assessment.positions {
            let row = position.brackets.row(at: position.notional)
            constant += row.cum - position.entryPrice.times(position.quantity, .ceiling)
            slope += position.mark.times(position.quantity, .floor)
            slope -= position.notional.scaled(by: row.rate, .up)
        }
    }

    /// A scale at which one position goes over from one row into its neighbour.
    private struct Crossing {
        let scale: Ratio
        let constant: Money
        let slope: Money
    }

    /// The first scale above 1 at which margin left is zero.
    func zeroAbove(_ positions: [MarginPosition]) -> Ratio? {
        var line = self
        for crossing in MarginLine.crossings(positions, above: true) {
            if !line.value(at: crossing.scale).isPositive {
                return line.zero(.down, within: .one...crossing.scale)
            }
            line.cross(crossing)
        }
        guard line.slope.isNegative, !line.value(at: MarginLine.top).isPositive else { return nil }
        return line.zero(.down, within: .one...MarginLine.top)
    }

    /// The first scale below 1 at which margin left is zero.
    func zeroBelow(_ positions: [MarginPosition]) -> Ratio? {
        var line = self
        for crossing in MarginLine.crossings(positions, above: false) {
            if !line.value(at: crossing.scale).isPositive {
                return line.zero(.up, within: crossing.scale ... .one)
            }
            line.cross(crossing)
        }
        return line.constant.isNegative ? line.zero(.up, within: .zero ... .one) : nil
    }

    /// Farther than any mark goes, and near enough that `value(at:)` stays in range.
    private static let top = Ratio.whole(1_000_000)

    private mutating func cross(_ crossing: Crossing) {
        constant += crossing.constant
        slope += crossing.slope
    }

    private func value(at scale: Ratio) -> Money {
        constant + slope.scaled(by: scale, .nearestEven)
    }

    /// Where the line is zero, moved into the piece it belongs to.
    private func zero(_ rounding: Rounding, within piece: ClosedRange<Ratio>) -> Ratio? {
        guard let units = MarginLimits.quotient(-constant.units, slope.units, rounding) else {
            return nil
        }
        return min(max(Ratio(units: units), piece.lowerBound), piece.upperBound)
    }

    /// The crossings on one side of 1, in the order they are met on the way from it.
    private static func crossings(_ positions: [MarginPosition], above: Bool) -> [Crossing] {
        var crossings: [Crossing] = []
        for position in positions {
            let rows = position.brackets.rows
            for (lower, upper) in zip(rows, rows.dropFirst()) {
                let isAhead = upper.floor >= position.notional
                guard isAhead == above,
                    let scale = MarginLimits.quotient(
                        upper.floor.units, position.notional.units, .nearestEven),
                    scale < top.units
                else { continue }
                let cum = upper.cum - lower.cum
                let rate = position.notional.scaled(by: upper.rate - lower.rate, .nearestEven)
                crossings.append(
                    Crossing(
                        scale: Ratio(units: scale), constant: above ? cum : -cum,
                        slope: above ? -rate : rate))
            }
        }
        return crossings.sorted { above ? $0.scale < $1.scale : $1.scale < $0.scale }
    }
}

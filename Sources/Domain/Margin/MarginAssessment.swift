package import Trading

/// What an account is worth and must keep, all positions at their marks.
package struct MarginAssessment: Equatable, Sendable {
    package let wallet: Money
    /// Sum of quantity × (mark − entry).
    package let unrealised: Money
    package let maintenance: Money
    package let initial: Money
    package let positions: [MarginPosition]

    /// - Parameter leverage: what initial margin is taken at; at least 1.
    package init(wallet: Money, positions: [MarginPosition], leverage: Int64) {
        self.wallet = wallet
        self.positions = positions
        var unrealised = Money.zero
        var maintenance = Money.zero
        var initial = Money.zero
        for position in positions {
            unrealised += position.unrealised
            maintenance += position.maintenance
            initial += position.initialMargin(leverage: leverage)
        }
        self.unrealised = unrealised
        self.maintenance = maintenance
        self.initial = initial
    }

    /// wallet + unrealised; the venue's margin balance.
    package var equity: Money { wallet + unrealised }

    /// equity − initial margin, not below zero; what open orders hold is not deducted here.
    package var available: Money { max(.zero, equity - initial) }

    /// Whether the venue would liquidate: maintenance at or above equity, with something to keep.
    package var isBreached: Bool { maintenance.isPositive && maintenance >= equity }

    /// maintenance / equity, rounded up: 0 with nothing to keep, at most 1 (also where equity is
    /// not above zero).
    package var marginRatio: Ratio {
        if maintenance.isZero { return .zero }
        return isBreached ? .one : maintenance.ratio(to: equity, .up)
    }

    package var tier: MarginTier { MarginTier(marginRatio: marginRatio) }
}

/// How near an account is to liquidation (B5b): what a deleverage desk acts on.
package enum MarginTier: Int64, Comparable, Sendable, CaseIterable {
    case calm = 0
    /// Ratio 0.90 and above.
    case first = 1
    /// Ratio 0.925 and above.
    case second = 2
    /// Ratio 0.95 and above.
    case third = 3

    package init(marginRatio: Ratio) {
        self = MarginTier.allCases.last { marginRatio >= $0.threshold } ?? .calm
    }

    /// The margin ratio the tier begins at.
    package var threshold: Ratio {
        switch self {
        case .calm: .zero
        case .first: Ratio(units: 900_000_000_000)
        case .second: Ratio(units: 925_000_000_000)
        case .third: Ratio(units: 950_000_000_000)
        }
    }

    package static func < (a: MarginTier, b: MarginTier) -> Bool { a.rawValue < b.rawValue }
}

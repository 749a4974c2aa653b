import Bounded
import Margin
import Testing
import Trading

/// Ten thousand random portfolios: margin left is summed anew on both sides of every price found.
@Suite struct PortfolioGridTests {
    /// About five digits of the mark, as venues price.
    private func tick(of mark: Price) -> Price {
        var units: Int128 = 1
        while units * 1_000_000 <= mark.units { units *= 10 }
        return Price(units: units)
    }

    /// Nil where the price is right to one tick; else what is wrong.
    private func problem(
        _ account: MarginAssessment, _ twin: MarginTwin, at index: Int
    ) -> String? {
        let position = account.positions[index]
        let isLong = position.quantity.isPositive
        let tick = tick(of: position.mark)
        switch account.liquidationPrice(at: index) {
        case .never:
            let far = isLong ? Price(units: 1) : Price(units: position.mark.units * 10_000)
            return twin.marginLeft(index, at: far).isNegative ? "not never" : nil
        case .always:
            let best = isLong ? Price(units: position.mark.units * 10_000) : Price(units: 1)
            return twin.marginLeft(index, at: best).isPositive ? "not always" : nil
        case .at(let price):
            let safe = isLong ? price + tick : price - tick
            let gone = isLong ? price - tick : price + tick
            if safe.isPositive, twin.marginLeft(index, at: safe).isNegative {
                return "\(price) is liquidated a tick (\(tick)) before"
            }
            if gone.isPositive, !twin.marginLeft(index, at: gone).isNegative {
                return "\(price) is not liquidated a tick (\(tick)) behind"
            }
            return nil
        }
    }

    /// Nil where a common move breaches at its scale and at none of eight between it and 1.
    private func problem(
        _ account: MarginAssessment, _ twin: MarginTwin, move: Ratio?, _ name: String
    ) -> String? {
        guard let move, !account.isBreached else { return nil }
        let slack = Ratio(units: 1_000_000)
        let scale = Ratio.one + move
        let outward = move.isNegative ? scale - slack : scale + slack
        if outward.isPositive, twin.marginLeft(at: outward).isPositive {
            return "\(name) \(move): not breached behind it"
        }
        for eighth in 0..<8 {
            let inward = move.isNegative ? move + slack : move - slack
            let between = Ratio.one + Ratio(units: inward.units * Int128(eighth) / 8)
            if twin.marginLeft(at: between).isNegative { return "\(name) \(move): at \(between)" }
        }
        return nil
    }

    @Test("B5c: 10,000 random portfolios agree with brute force to one tick, price and move")
    func grid() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = PortfolioGenerator(seed: seed)
        var found = 0
        for round in 0..<10_000 {
            let account = generator.portfolio()
            let twin = MarginTwin(account)
            let move = account.liquidationMove()
            var problems = account.positions.indices.map { problem(account, twin, at: $0) }
            problems.append(problem(account, twin, move: move.fall, "fall"))
            problems.append(problem(account, twin, move: move.rise, "rise"))
            for index in account.positions.indices {
                if case .at = account.liquidationPrice(at: index) { found += 1 }
            }
            if let first = problems.compactMap(\.self).first {
                Issue.record("seed \(seed), round \(round): \(first)")
                return
            }
        }
        // A generator that gave no prices would prove nothing.
        #expect(found > 10_000, "seed \(seed)")
    }
}

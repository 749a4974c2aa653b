import Bounded
import Positions
import Testing
import Trading

private func q(_ text: String) -> Quantity { Quantity(text: text)! }
private func p(_ text: String) -> Price { Price(text: text)! }
private func m(_ text: String) -> Money { Money(text: text)! }

@Suite struct PositionTests {
    @Test("an increase moves the entry price to the weighted mean, rounded half to even")
    func increase() {
        var position = Position()
        _ = position.trade(q("1"), at: p("100"), fee: m("0.05"))
        _ = position.trade(q("2"), at: p("101"), fee: m("0.1"))
        #expect(position.entryPrice == p("100.666666666667"))
        #expect(position.quantity == q("3"))
        #expect(position.fees == m("0.15"))
        #expect(position.realised.isZero)
        #expect(position.version == 2)
    }

    @Test("a part closed realises its PnL and leaves the entry price")
    func reduce() {
        var position = Position()
        _ = position.trade(q("-3"), at: p("100"), fee: .zero)
        let legs = position.trade(q("1"), at: p("90"), fee: m("1"))
        #expect(legs.map(\.kind) == [.fill])
        #expect(legs[0].realised == m("10"))
        #expect(position.quantity == q("-2"))
        #expect(position.entryPrice == p("100"))
    }

    @Test("a whole close leaves entry zero")
    func close() {
        var position = Position()
        _ = position.trade(q("3"), at: p("100"), fee: .zero)
        _ = position.trade(q("-3"), at: p("99"), fee: .zero)
        #expect(position.quantity.isZero)
        #expect(position.entryPrice.isZero)
        #expect(position.realised == m("-3"))
    }

    @Test("F5: a flip closes and opens in one change, PnL on the closed part, the fee shared out")
    func flip() {
        var position = Position()
        _ = position.trade(q("2"), at: p("100"), fee: .zero)
        let legs = position.trade(q("-5"), at: p("110"), fee: m("1"))
        #expect(legs.map(\.kind) == [.flipClose, .flipOpen])
        #expect(legs.map(\.quantity) == [q("2"), q("3")])
        #expect(legs.map(\.fee) == [m("0.4"), m("0.6")])
        #expect(legs.map(\.realised) == [m("20"), .zero])
        #expect(legs.map(\.position) == [.zero, q("-3")])
        #expect(position.quantity == q("-3"))
        #expect(position.entryPrice == p("110"))
        #expect(position.realised == m("20"))
        #expect(position.version == 2)
    }

    @Test("the fee of a flip is shared without loss")
    func flipFee() {
        var position = Position()
        _ = position.trade(q("1"), at: p("7"), fee: .zero)
        let legs = position.trade(q("-3"), at: p("7"), fee: m("0.000000000001"))
        #expect(legs[0].fee + legs[1].fee == m("0.000000000001"))
    }

    @Test("realised PnL and cost agree with the cash that flowed, for any sequence of trades")
    func cashFlow() {
        for seed in UInt64(1)...200 {
            var random = SplitMix64(seed: seed)
            var position = Position()
            var cash = Money.zero
            var net = Quantity.zero
            for _ in 0..<40 {
                let size = Int64.random(in: 1...50, using: &random)
                let delta = Quantity(
                    units: Int128(Bool.random(using: &random) ? size : -size) * 1_000_000_000)
                let price = Price(
                    units: Int128(Int64.random(in: 1...9_000_000, using: &random)) * 10_000_000)
                _ = position.trade(delta, at: price, fee: .zero)
                cash -= price.times(delta, .nearestEven)
                net += delta
            }
            let cost = position.entryPrice.times(position.quantity, .nearestEven)
            let difference = (position.realised - cost - cash).magnitude
            #expect(position.quantity == net, "seed \(seed)")
            #expect(difference < m("0.00000001"), "seed \(seed)")
        }
    }
}

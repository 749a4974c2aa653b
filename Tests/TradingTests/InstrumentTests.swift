import Bounded
import Testing
import Trading

@Suite("An instrument admits what its venue's filters admit, and quantises onto them")
struct InstrumentTests {
    static func decimal<D: ExactDecimal>(_ text: String) -> D {
        guard let value = D(text: text) else { preconditionFailure("\(text) is a decimal") }
        return value
    }

    static func instrument(
        tick: String, lowest: String, highest: String, step: String, least: String, most: String
    ) throws -> Instrument {
        let symbol = try #require(Symbol("BTCUSDT"))
        return try #require(
            Instrument(
                symbol: symbol, status: .trading, base: "BTC", quote: "USDT",
                tick: decimal(tick), minimumPrice: decimal(lowest), maximumPrice: decimal(highest),
                step: decimal(step), minimumQuantity: decimal(least),
                maximumQuantity: decimal(most), marketMinimumQuantity: decimal(least),
                marketMaximumQuantity: decimal("120"), minimumNotional: decimal("100"),
                bandUp: decimal("1.05"), bandDown: decimal("0.95")))
    }

    @Test("prices and quantities on the grid and within bounds are admitted, others not")
    func admission() throws {
        let btc = try Self.instrument(
            tick: "0.10", lowest: "556.80", highest: "4529764", step: "0.001", least: "0.001",
            most: "1000")
        for (price, isFit) in [
            ("556.80", true), ("556.70", false), ("61800.20", true), ("61800.25", false),
            ("4529764", true), ("4529764.1", false), ("0", false), ("-1", false),
        ] {
            #expect(btc.admits(price: Self.decimal(price)) == isFit, "\(price)")
        }
        for (quantity, type, isFit) in [
            ("0.001", OrderType.limit, true), ("0.0005", .limit, false), ("0", .limit, false),
            ("1000", .limit, true), ("1000.001", .limit, false), ("120.001", .market, false),
            ("120", .market, true), ("-1", .limit, false), ("2.5075", .limit, false),
        ] {
            #expect(btc.admits(quantity: Self.decimal(quantity), type: type) == isFit)
        }
    }

    @Test("what is quantised is admitted, nearest, and on the safe side, seed 31")
    func quantising() throws {
        var random = SplitMix64(seed: 31)
        let kinds = [
            ("0.10", "556.80", "0", "0.001", "0.001"), ("0.00000001", "0", "0", "1", "1"),
            ("0.01", "0.03", "0", "0.5", "0.25"), ("5", "0", "0", "3", "0"),
        ]
        for (tick, lowest, highest, step, least) in kinds {
            let item = try Self.instrument(
                tick: tick, lowest: lowest, highest: highest, step: step, least: least, most: "900")
            for _ in 0..<2_000 {
                let raw = Quantity(
                    units: Int128.random(in: 0...1_000_000_000_000_000, using: &random))
                let type: OrderType = Bool.random(using: &random) ? .limit : .market
                let fit = item.quantised(raw, type: type)
                #expect(fit <= raw)
                let cap = type == .market ? item.marketMaximumQuantity : item.maximumQuantity
                if fit.isZero {
                    #expect(raw < max(item.minimumQuantity, item.step))
                } else {
                    #expect(item.admits(quantity: fit, type: type))
                    #expect(min(raw, cap) - fit < item.step)
                }
                let price =
                    item.minimumPrice
                    + Price(units: Int128.random(in: 1...90_000_000_000_000_000, using: &random))
                let bid = item.quantised(price, side: .buy)
                let ask = item.quantised(price, side: .sell)
                #expect(bid <= price && price <= ask)
                #expect(price - bid < item.tick && ask - price < item.tick)
                #expect(item.admits(price: ask))
                #expect(bid.isZero || item.admits(price: bid))
            }
        }
    }

    @Test("an instrument without tick or step, or with a negative bound, cannot be made")
    func nonsense() throws {
        let symbol = try #require(Symbol("X"))
        func make(tick: Price, step: Quantity, least: Quantity) -> Instrument? {
            Instrument(
                symbol: symbol, status: .trading, base: "X", quote: "Y", tick: tick, step: step,
                minimumQuantity: least)
        }
        #expect(make(tick: .one, step: .one, least: .zero) != nil)
        #expect(make(tick: .zero, step: .one, least: .zero) == nil)
        #expect(make(tick: .one, step: .zero, least: .zero) == nil)
        #expect(make(tick: .one, step: .one, least: -.one) == nil)
    }

    @Test("rounding to a step moves in the named direction, seed 32", arguments: roundings)
    func steps(rounding: Rounding) {
        var random = SplitMix64(seed: 32)
        for _ in 0..<2_000 {
            let value = Price(units: Twin.units(&random, digits: 0...24))
            let step = Price(units: Twin.units(&random, digits: 1...24).magnitude == 0 ? 1 : 7)
            let found = value.rounded(rounding, to: step)
            #expect(found.isMultiple(of: step))
            #expect((found - value).magnitude < step)
            switch rounding {
            case .down: #expect(found.magnitude <= value.magnitude)
            case .up: #expect(found.magnitude >= value.magnitude)
            case .floor: #expect(found <= value)
            case .ceiling: #expect(found >= value)
            case .nearestEven: #expect((found - value).magnitude.units * 2 <= step.units)
            }
            #expect(value.rounded(rounding, to: .zero) == value)
            #expect(value.isMultiple(of: .zero))
        }
    }
}

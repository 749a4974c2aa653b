package import Trading

/// One row of a symbol's maintenance table (exchange-facts E).
package struct MarginBracket: Equatable, Sendable {
    package let number: Int64
    /// Highest leverage a position of this size may use.
    package let leverage: Int64
    package let floor: Money
    package let cap: Money
    package let rate: Ratio
    /// What is taken off `notional × rate`, so that the margin has no jump between rows.
    package let deduction: Money

    /// Builds the table from (leverage, cap in whole quote units, rate in millionths).
    package static func table(_ rows: [(Int64, Int64, Int64)]) -> [MarginBracket] {
        var brackets: [MarginBracket] = []
        var floor = Money.zero
        var deduction = Money.zero
        var previous = Ratio.zero
        for (index, row) in rows.enumerated() {
            let rate = Ratio(units: Int128(row.2) * 1_000_000)
            if index > 0 {
                deduction += floor.scaled(by: Ratio(units: rate.units - previous.units), .down)
            }
            brackets.append(
                MarginBracket(
                    number: Int64(index + 1), leverage: row.0, floor: floor, cap: .whole(row.1),
                    rate: rate, deduction: deduction))
            floor = .whole(row.1)
            previous = rate
        }
        return brackets
    }
}

/// A symbol the exchange trades: its filters as published, its margin table, and how its price moves.
package struct Listing: Sendable {
    package var instrument: Instrument
    /// Decimals prices are padded to; not the tick.
    package let pricePrecision: Int
    /// Decimals quantities are padded to; not the step.
    package let quantityPrecision: Int
    package let brackets: [MarginBracket]
    /// How far from mark a market order may trade.
    package let takeBound: Ratio
    /// Where the price starts and what it is drawn back to.
    package let anchor: Price
    /// Size of one step of the walk (every 100 ms), in millionths of the price.
    package let stepMillionths: Int128
    package let subType: String
    package let onboardDate: Int64

    /// How often its makers and takers act.
    package var pace = MarketPace.busy
    /// What one unit of the quote asset is worth in USDT, roughly: how large the background trades.
    package var quoteValue = Money.one

    package var symbol: Symbol { instrument.symbol }

    /// One in the last decimal that prices are padded to.
    package var smallestPrice: Price {
        var units: Int128 = 1_000_000_000_000
        for _ in 0..<pricePrecision { units /= 10 }
        return Price(units: units)
    }

    /// The largest notional allowed at a leverage, or nil where no row allows it.
    package func notionalCap(leverage: Int64) -> Money? {
        brackets.last { $0.leverage >= leverage }?.cap
    }
}

extension Listing {
    /// The symbols of the exchange: filters of 2025-08 and brackets of 2024-10, as recorded;
    /// SHIBUSDT is made up, to have a price near 0.00001.
    package static let standard: [Listing] = [bitcoin, ether, solana, shiba]

    private static func decimal<Value: ExactDecimal>(_ text: String) -> Value {
        guard let value = Value(text: text) else {
            preconditionFailure("a listing's figure is a decimal: \(text)")
        }
        return value
    }

    private static func instrument(
        _ name: String, base: String, tick: String, price: (String, String), step: String,
        quantity: (String, String), marketMaximum: String, notional: Int64, band: (String, String)
    ) -> Instrument {
        let built = Symbol(name).flatMap { symbol in
            Instrument(
                symbol: symbol, status: .trading, base: base, quote: "USDT", tick: decimal(tick),
                minimumPrice: decimal(price.0), maximumPrice: decimal(price.1),
                step: decimal(step), minimumQuantity: decimal(quantity.0),
                maximumQuantity: decimal(quantity.1), marketMinimumQuantity: decimal(quantity.0),
                marketMaximumQuantity: decimal(marketMaximum), minimumNotional: .whole(notional),
                bandUp: decimal(band.0), bandDown: decimal(band.1))
        }
        guard let built else { preconditionFailure("a listing's filters make sense: \(name)") }
        return built
    }

    private static let bitcoin = Listing(
        instrument: instrument(
            "BTCUSDT", base: "BTC", tick: "0.1", price: ("556.8", "4529764"), step: "0.001",
            quantity: ("0.001", "1000"), marketMaximum: "120", notional: 100,
            band: ("1.05", "0.95")),
        pricePrecision: 2, quantityPrecision: 3,
        brackets: MarginBracket.table([
            (125, 50_000, 4_000), (100, 600_000, 5_000), (75, 3_000_000, 6_500),
            (50, 12_000_000, 10_000), (25, 70_000_000, 20_000), (20, 100_000_000, 25_000),
            (10, 230_000_000, 50_000), (5, 480_000_000, 100_000), (4, 600_000_000, 125_000),
            (3, 800_000_000, 150_000), (2, 1_200_000_000, 250_000), (1, 1_800_000_000, 500_000),
        ]),
        takeBound: decimal("0.05"), anchor: .whole(65_000), stepMillionths: 20, subType: "PoW",
        onboardDate: 1_569_398_400_000)

    private static let ether = Listing(
        instrument: instrument(
            "ETHUSDT", base: "ETH", tick: "0.01", price: ("39.86", "306177"), step: "0.001",
            quantity: ("0.001", "10000"), marketMaximum: "2000", notional: 20,
            band: ("1.05", "0.95")),
        pricePrecision: 2, quantityPrecision: 3,
        brackets: MarginBracket.table([
            (125, 50_000, 4_000), (100, 600_000, 5_000), (75, 3_000_000, 6_500),
            (50, 12_000_000, 10_000), (25, 50_000_000, 20_000), (20, 65_000_000, 25_000),
            (10, 150_000_000, 50_000), (5, 320_000_000, 100_000), (4, 400_000_000, 125_000),
            (3, 530_000_000, 150_000), (2, 800_000_000, 250_000), (1, 1_200_000_000, 500_000),
        ]),
        takeBound: decimal("0.05"), anchor: .whole(3_200), stepMillionths: 25, subType: "Layer-1",
        onboardDate: 1_574_841_600_000)

    private static let solana = Listing(
        instrument: instrument(
            "SOLUSDT", base: "SOL", tick: "0.01", price: ("0.42", "6857"), step: "0.01",
            quantity: ("0.01", "1000000"), marketMaximum: "5000", notional: 5,
            band: ("1.05", "0.95")),
        pricePrecision: 4, quantityPrecision: 2,
        brackets: MarginBracket.table([
            (100, 20_000, 5_000), (75, 100_000, 6_500), (50, 800_000, 10_000),
            (25, 4_000_000, 20_000), (20, 8_000_000, 25_000), (10, 40_000_000, 50_000),
            (5, 80_000_000, 100_000), (4, 100_000_000, 125_000), (2, 200_000_000, 250_000),
            (1, 400_000_000, 500_000),
        ]),
        takeBound: decimal("0.05"), anchor: .whole(170), stepMillionths: 30, subType: "Layer-1",
        onboardDate: 1_600_066_800_000)

    private static let shiba = Listing(
        instrument: instrument(
            "SHIBUSDT", base: "SHIB", tick: "0.00000001", price: ("0.00000001", "2"), step: "1",
            quantity: ("1", "50000000000"), marketMaximum: "20000000000", notional: 5,
            band: ("1.10", "0.90")),
        pricePrecision: 8, quantityPrecision: 0,
        brackets: MarginBracket.table([
            (75, 10_000, 6_500), (50, 25_000, 7_500), (40, 150_000, 10_000),
            (25, 300_000, 20_000), (20, 600_000, 25_000), (10, 3_000_000, 50_000),
            (5, 6_000_000, 100_000), (4, 7_500_000, 125_000), (2, 15_000_000, 250_000),
            (1, 30_000_000, 500_000),
        ]),
        takeBound: decimal("0.10"), anchor: decimal("0.00001250"), stepMillionths: 120,
        subType: "Meme", onboardDate: 1_620_630_000_000)
}

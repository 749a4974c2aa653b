internal import Trading

extension Listing {
    /// The symbols of the spot exchange: filters of 2025-08 as recorded for the pairs with BTC and ETH and
    /// for BTCUSDT and ETHUSDT; the others are made up to look like theirs.
    package static let spot: [Listing] = ListingRow.table(spotTable) { row in
        let symbol = row.symbol()
        let (base, quote) = (String(row.word()), String(row.word()))
        let tick: Price = row.decimal()
        let most: Price = row.decimal()
        let step: Quantity = row.decimal()
        let (largest, marketLargest): (Quantity, Quantity) = (row.decimal(), row.decimal())
        let notional: Money = row.decimal()
        let instrument = row.built(
            Instrument(
                symbol: symbol, status: .trading, base: base, quote: quote, tick: tick,
                minimumPrice: tick, maximumPrice: most, step: step, minimumQuantity: step,
                maximumQuantity: largest, marketMinimumQuantity: .zero,
                marketMaximumQuantity: marketLargest, minimumNotional: notional,
                bandUp: .whole(5), bandDown: Ratio(units: 200_000_000_000)))
        return spotListing(instrument, places: (8, 8), &row)
    }

    /// The symbols of MEXC: the decimals are tick and step, as its exchangeInfo has no filters.
    package static let mexc: [Listing] = ListingRow.table(mexcTable) { row in
        let symbol = row.symbol()
        let (base, quote) = (String(row.word()), String(row.word()))
        let places = (price: row.integer(), quantity: row.integer())
        func unit(_ places: Int) -> Int128 {
            (0..<places).reduce(1_000_000_000_000) { units, _ in units / 10 }
        }
        let notional: Money = row.decimal()
        let tick = Price(units: unit(places.price))
        let instrument = row.built(
            Instrument(
                symbol: symbol, status: .trading, base: base, quote: quote, tick: tick,
                minimumPrice: tick, maximumPrice: .whole(1_000_000),
                step: Quantity(units: unit(places.quantity)), minimumNotional: notional))
        return spotListing(instrument, places: places, &row)
    }

    private static func spotListing(
        _ instrument: Instrument, places: (price: Int, quantity: Int), _ row: inout ListingRow
    ) -> Listing {
        let anchor: Price = row.decimal()
        let walk = Int128(row.integer())
        let pace = row.pace()
        return Listing(
            instrument: instrument, pricePrecision: places.price,
            quantityPrecision: places.quantity, brackets: [], takeBound: .one, anchor: anchor,
            stepMillionths: walk, subType: "", onboardDate: 1_502_942_400_000, pace: pace,
            quoteValue: row.decimal())
    }

    // Symbol, base, quote; tick and highest price; step, largest quantity, of market orders; least
    // notional; opening price; step of the walk in millionths; pace; what the quote asset is worth.
    private static let spotTable = """
        BTCUSDT  BTC  USDT  0.01       1000000 0.00001 9000        97.09521512     5      65000      20 busy   1
        ETHUSDT  ETH  USDT  0.01       1000000 0.0001  9000        2357.34408702   5      3200       25 busy   1
        QRLUSDT  QRL  USDT  0.0001     1000    0.1     9000000     120000          5      0.75       30 steady 1
        ETHBTC   ETH  BTC   0.00001    922327  0.0001  100000      1378.22417541   0.0001 0.04923    18 steady 65000
        LTCBTC   LTC  BTC   0.000001   100000  0.001   100000      1887.97569874   0.0001 0.001846   20 quiet  65000
        BNBBTC   BNB  BTC   0.000001   100000  0.001   100000      1507.76687866   0.0001 0.011692   18 quiet  65000
        NEOBTC   NEO  BTC   0.0000001  100000  0.01    100000      2191.75154811   0.0001 0.0000923  25 quiet  65000
        GASBTC   GAS  BTC   0.0000001  1000    0.1     90000000    3457.87791666   0.0001 0.000048   30 quiet  65000
        LRCBTC   LRC  BTC   0.00000001 1000    1       90000000    218118.79079497 0.0001 0.00000135 30 quiet  65000
        QTUMBTC  QTUM BTC   0.00000001 1000    0.1     90000000    24610.85541666  0.0001 0.0000323  28 quiet  65000
        BNBETH   BNB  ETH   0.0001     1000    0.001   9000000     709.32798333    0.001  0.2375     18 quiet  3200
        QTUMETH  QTUM ETH   0.000001   1000    0.1     90000000    23719.63041666  0.001  0.000656   28 quiet  3200
        LRCETH   LRC  ETH   0.00000001 1000    1       90000000    62817.77083333  0.001  0.0000274  30 quiet  3200
        BTCUSDC  BTC  USDC  0.01       1000000 0.00001 9000        62.18540512     5      65003      20 steady 1
        ETHUSDC  ETH  USDC  0.01       1000000 0.0001  9000        1211.06330204   5      3200.1     25 quiet  1
        BNBUSDT  BNB  USDT  0.01       100000  0.001   900000      4014.22116733   5      760        20 steady 1
        SOLUSDT  SOL  USDT  0.01       10000   0.001   90000       33019.41187416  5      170        28 steady 1
        XRPUSDT  XRP  USDT  0.0001     10000   0.1     9222449     1250122.0918    5      3          25 steady 1
        DOGEUSDT DOGE USDT  0.00001    1000    1       9000000     9814226.4125    1      0.22       30 steady 1
        ADAUSDT  ADA  USDT  0.0001     1000    0.1     900000      612011.5283     5      0.8        28 quiet  1
        LTCUSDT  LTC  USDT  0.01       100000  0.001   90000       8812.02214583   5      120        25 quiet  1
        TRXUSDT  TRX  USDT  0.0001     1000    0.1     9000000     2210551.0208    5      0.33       20 quiet  1
        SHIBUSDT SHIB USDT  0.00000001 1       1       92141578000 24015772331.625 1      0.0000125  35 quiet  1
        PEPEUSDT PEPE USDT  0.00000001 1       1       92141578000 61201447210.291 1      0.0000115  40 quiet  1
        """

    // Symbol, base, quote; decimals of price and quantity; least notional; the rest as above.
    private static let mexcTable = """
        BTCUSDT   BTC   USDT 2  8 1       65000        20 busy   1
        ETHUSDT   ETH   USDT 2  5 1       3200         25 steady 1
        QRLUSDT   QRL   USDT 5  2 1       0.75         30 steady 1
        MXUSDT    MX    USDT 4  2 1       2.45         25 quiet  1
        SOLUSDT   SOL   USDT 2  4 1       170          28 quiet  1
        XRPUSDT   XRP   USDT 4  2 1       3            25 quiet  1
        DOGEUSDT  DOGE  USDT 5  2 1       0.22         30 quiet  1
        KASUSDT   KAS   USDT 6  2 1       0.084        30 quiet  1
        BROCKUSDT BROCK USDT 5  2 1       0.0304       40 quiet  1
        PEPEUSDT  PEPE  USDT 10 0 1       0.0000115    40 quiet  1
        BONEUSDT  BONE  USDT 4  2 5       0.26         35 quiet  1
        SATSUSDT  SATS  USDT 11 0 1       0.0000000412 45 quiet  1
        BTCUSDC   BTC   USDC 2  6 1       65003        20 quiet  1
        ETHBTC    ETH   BTC  6  4 0.00005 0.04923      18 quiet  65000
        """
}

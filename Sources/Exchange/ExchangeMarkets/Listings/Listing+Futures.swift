internal import Trading

extension Listing {
    /// All symbols of the futures exchange, the four of `standard` first.
    ///
    /// Filters of 25 symbols are of 2025-08 as recorded, the others are made up to look like theirs;
    /// KILOUSDT is made up altogether, to have a step of 1,000 and a tick of 0.00000001.
    package static let futures: [Listing] = standard + ListingRow.table(futuresTable, futuresListing)

    private static func futuresListing(_ row: inout ListingRow) -> Listing {
        let symbol = row.symbol()
        let places = (price: row.integer(), quantity: row.integer())
        let tick: Price = row.decimal()
        let (least, most): (Price, Price) = (row.decimal(), row.decimal())
        let step: Quantity = row.decimal()
        let (largest, marketLargest): (Quantity, Quantity) = (row.decimal(), row.decimal())
        let notional: Money = row.decimal()
        let band = Ratio(units: Int128(row.integer()) * 10_000_000_000)
        let brackets = row.brackets()
        let anchor: Price = row.decimal()
        let walk = Int128(row.integer())
        let pace = row.pace()
        let instrument = row.built(
            Instrument(
                symbol: symbol, status: .trading, base: String(symbol.name.dropLast(4)),
                quote: "USDT", tick: tick, minimumPrice: least, maximumPrice: most, step: step,
                minimumQuantity: step, maximumQuantity: largest, marketMinimumQuantity: step,
                marketMaximumQuantity: marketLargest, minimumNotional: notional,
                bandUp: .one + band, bandDown: .one - band))
        return Listing(
            instrument: instrument, pricePrecision: places.price,
            quantityPrecision: places.quantity, brackets: brackets, takeBound: band,
            anchor: anchor, stepMillionths: walk, subType: String(row.word()),
            onboardDate: 1_609_459_200_000, pace: pace)
    }

    // Symbol; decimals of price and quantity; tick, lowest and highest price; step, largest quantity, of
    // market orders; least notional; band in per cent; margin table; opening price; step of the walk in
    // millionths; pace; kind.
    private static let futuresTable = """
        BCHUSDT       2 3 0.01       13.93      100000  0.001 10000       850        20 5  middle 560        25 steady Payment
        XRPUSDT       4 1 0.0001     0.0143     100000  0.1   10000000    2000000    5  5  large  3          25 steady Payment
        LTCUSDT       2 3 0.01       3.61       100000  0.001 10000       5000       20 5  middle 120        25 steady Payment
        TRXUSDT       5 0 0.00001    0.00132    20000   1     10000000    5000000    5  5  middle 0.33       20 steady Layer-1
        ETCUSDT       3 2 0.001      1.051      100000  0.01  100000      10000      20 10 middle 21         25 quiet  PoW
        LINKUSDT      3 2 0.001      0.464      100000  0.01  200000      20000      20 10 middle 18         28 steady Infrastructure
        XLMUSDT       5 0 0.00001    0.00648    20000   1     10000000    1000000    5  5  old    0.42       28 quiet  Layer-2
        ADAUSDT       5 0 0.0001     0.0174     20000   1     6000000     1300000    5  5  middle 0.8        28 steady Layer-1
        XMRUSDT       2 3 0.01       4.36       100000  0.001 10000       1200       5  5  old    260        22 quiet  PoW
        DASHUSDT      2 3 0.01       3.82       100000  0.001 10000       3000       5  10 tiny   22         28 quiet  PoW
        ZECUSDT       2 3 0.01       2.85       100000  0.001 6000        2000       5  10 old    38         30 quiet  PoW
        XTZUSDT       3 1 0.001      0.064      100000  0.1   1000000     100000     5  10 old    0.8        28 quiet  Layer-1
        BNBUSDT       3 2 0.01       6.6        100000  0.01  100000      2000       5  5  bnb    760        20 steady Layer-1
        ATOMUSDT      3 2 0.001      0.251      100000  0.01  100000      20000      5  10 small  4.5        28 quiet  Layer-1
        ONTUSDT       4 1 0.0001     0.0241     100000  0.1   1000000     450000     5  15 old    0.13       30 quiet  PoW
        IOTAUSDT      4 1 0.0001     0.0205     100000  0.1   1000000     400000     5  10 tiny   0.19       30 quiet  PoW
        BATUSDT       4 1 0.0001     0.0134     100000  0.1   1000000     600000     5  10 tiny   0.15       28 quiet  Infrastructure
        VETUSDT       6 0 0.000001   0.00208    2000    1     10000000    2500000    5  5  old    0.024      28 quiet  Layer-1
        NEOUSDT       3 2 0.001      1.093      100000  0.01  100000      10000      5  5  old    6          28 quiet  Layer-1
        QTUMUSDT      3 1 0.001      0.246      100000  0.1   500000      50000      5  10 tiny   2.1        28 quiet  Layer-1
        IOSTUSDT      6 0 0.000001   0.000587   2000    1     80000000    16000000   5  20 tiny   0.0034     35 quiet  Layer-1
        THETAUSDT     4 1 0.0001     0.107      1000    0.1   1000000     100000     5  10 old    0.75       30 quiet  AI
        ALGOUSDT      4 1 0.0001     0.0141     1000    0.1   5000000     1000000    5  5  old    0.25       28 quiet  Layer-1
        DOGEUSDT      6 0 0.00001    0.00244    30      1     50000000    30000000   5  5  large  0.22       30 steady Meme
        AVAXUSDT      4 0 0.001      0.225      100000  1     75000       40000      5  5  middle 24         28 steady Layer-1
        DOTUSDT       3 1 0.001      0.142      100000  0.1   1000000     50000      5  5  middle 3.9        28 steady Layer-1
        SUIUSDT       6 1 0.0001     0.03       1000    0.1   1000000     200000     5  5  wide   3.7        30 steady Layer-1
        1000PEPEUSDT  7 0 0.0000001  0.000021   200     1     200000000   30000000   5  5  wide   0.0115     40 steady Meme
        1000SHIBUSDT  6 0 0.000001   0.000184   1000    1     50000000    10000000   5  5  shib   0.013      35 steady Meme
        1000BONKUSDT  7 0 0.000001   0.00006    200     1     50000000    8000000    5  10 small  0.025      45 quiet  Meme
        1000FLOKIUSDT 5 0 0.00001    0.0002     200     1     10000000    1500000    5  10 small  0.1        45 quiet  Meme
        1000SATSUSDT  7 0 0.0000001  0.0000005  200     1     1000000000  200000000  5  10 small  0.00004    45 quiet  BRC-20
        WIFUSDT       4 1 0.0001     0.01       2000    0.1   1000000     300000     5  10 wide   0.95       45 quiet  Meme
        APTUSDT       5 1 0.001      0.085      10000   0.1   1000000     100000     5  5  middle 4.6        28 quiet  Layer-1
        ARBUSDT       6 1 0.0001     0.01       2000    0.1   10000000    1000000    5  5  small  0.42       30 quiet  Layer-2
        OPUSDT        7 1 0.0001     0.016      2000    0.1   5000000     500000     5  5  small  0.72       30 quiet  Layer-2
        NEARUSDT      4 0 0.001      0.056      100000  1     500000      100000     5  5  middle 2.6        28 quiet  Layer-1
        FILUSDT       3 1 0.001      0.26       100000  0.1   1000000     100000     5  5  middle 2.5        28 quiet  Storage
        UNIUSDT       4 0 0.001      0.121      100000  1     100000      50000      5  5  middle 10         28 quiet  DeFi
        AAVEUSDT      3 1 0.01       1.31       100000  0.1   100000      5000       5  5  small  290        28 quiet  DeFi
        INJUSDT       6 1 0.001      0.05       10000   0.1   100000      50000      5  5  small  13         30 quiet  DeFi
        TIAUSDT       7 0 0.0001     0.03       2000    1     1000000     200000     5  5  small  1.75       35 quiet  Modular
        SEIUSDT       7 0 0.0001     0.001      1000    1     10000000    2000000    5  5  small  0.31       35 quiet  Layer-1
        TONUSDT       7 1 0.0001     0.02       2000    0.1   1000000     150000     5  5  small  3.4        25 quiet  Layer-1
        ICPUSDT       3 0 0.001      0.05       100000  1     1000000     50000      5  5  old    5.3        28 quiet  Layer-1
        HBARUSDT      5 0 0.00001    0.0012     1000    1     10000000    2000000    5  5  old    0.25       30 quiet  Layer-1
        CRVUSDT       3 1 0.001      0.01       1000    0.1   10000000    500000     5  5  small  0.98       35 quiet  DeFi
        LDOUSDT       6 0 0.0001     0.02       2000    1     5000000     500000     5  5  small  1.2        35 quiet  DeFi
        MKRUSDT       2 3 0.1        20         1000000 0.001 500         200        5  5  small  1850       25 quiet  DeFi
        RUNEUSDT      4 0 0.001      0.03       1000    1     1000000     150000     5  5  small  1.3        30 quiet  Layer-1
        FETUSDT       7 0 0.0001     0.003      1000    1     5000000     500000     5  5  small  0.68       35 quiet  AI
        GALAUSDT      5 0 0.00001    0.0002     100     1     50000000    10000000   5  5  small  0.016      35 quiet  Metaverse
        SANDUSDT      5 0 0.00001    0.0038     1000    1     5000000     500000     5  5  small  0.28       30 quiet  Metaverse
        SPELLUSDT     7 0 0.0000001  0.0000127  100     1     100000000   80000000   5  10 tiny   0.0005     40 quiet  DeFi
        BTCDOMUSDT    1 3 0.1        5          100000  0.001 10000       100        5  5  index  5200       8  quiet  Index
        DEFIUSDT      1 3 0.1        10         100000  0.001 10000       100        5  5  index  690        20 quiet  Index
        KILOUSDT      8 0 0.00000001 0.00000001 1       1000  50000000000 5000000000 5  20 tiny   0.00000725 60 quiet  Test
        """
}

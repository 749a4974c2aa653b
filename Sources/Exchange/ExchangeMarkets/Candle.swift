package import Trading

/// How long a candle lasts, as venues name it.
package enum CandleInterval: String, CaseIterable, Hashable, Sendable {
    case oneMinute = "1m"
    case threeMinutes = "3m"
    case fiveMinutes = "5m"
    case fifteenMinutes = "15m"
    case thirtyMinutes = "30m"
    case oneHour = "1h"
    case twoHours = "2h"
    case fourHours = "4h"
    case sixHours = "6h"
    case eightHours = "8h"
    case twelveHours = "12h"
    case oneDay = "1d"
    case threeDays = "3d"
    case oneWeek = "1w"
    case oneMonth = "1M"

    private static let minute: Int64 = 60_000
    private static let day: Int64 = 86_400_000

    /// Epoch milliseconds of the opening of the candle that is being built at `wall`; weeks begin on
    /// Monday, everything else at midnight UTC.
    package func opening(at wall: Int64) -> Int64 {
        if self == .oneMonth { return CandleInterval.monthStart(of: wall / CandleInterval.day, plus: 0) }
        let first = self == .oneWeek ? 4 * CandleInterval.day : 0
        return (wall - first) / length * length + first
    }

    /// Epoch milliseconds of the opening of the candle after the one that opens at `opening`.
    package func next(after opening: Int64) -> Int64 {
        guard self == .oneMonth else { return opening + length }
        return CandleInterval.monthStart(of: opening / CandleInterval.day, plus: 1)
    }

    /// Milliseconds; of a month, its shortest.
    package var length: Int64 {
        switch self {
        case .oneMinute: CandleInterval.minute
        case .threeMinutes: 3 * CandleInterval.minute
        case .fiveMinutes: 5 * CandleInterval.minute
        case .fifteenMinutes: 15 * CandleInterval.minute
        case .thirtyMinutes: 30 * CandleInterval.minute
        case .oneHour: 60 * CandleInterval.minute
        case .twoHours: 120 * CandleInterval.minute
        case .fourHours: 240 * CandleInterval.minute
        case .sixHours: 360 * CandleInterval.minute
        case .eightHours: 480 * CandleInterval.minute
        case .twelveHours: 720 * CandleInterval.minute
        case .oneDay: CandleInterval.day
        case .threeDays: 3 * CandleInterval.day
        case .oneWeek: 7 * CandleInterval.day
        case .oneMonth: 28 * CandleInterval.day
        }
    }

    /// The start of the month `months` after the one that holds a day since 1970, by the civil
    /// calendar counted in years that begin in March.
    private static func monthStart(of days: Int64, plus months: Int64) -> Int64 {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let year = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let count = (era * 400 + year) * 12 + month + months
        return (marchDays(count / 12) + (153 * (count % 12) + 2) / 5 - 719_468) * day
    }

    /// Days from the calendar's start to the first of March of a year.
    private static func marchDays(_ year: Int64) -> Int64 {
        365 * year + year / 4 - year / 100 + year / 400
    }
}

/// What traded in one interval.
package struct Candle: Equatable, Sendable {
    package let interval: CandleInterval
    /// Epoch milliseconds.
    package let openTime: Int64
    package var open: Price
    package var high: Price
    package var low: Price
    package var close: Price
    package var volume: Quantity = .zero
    package var quoteVolume: Money = .zero
    /// What incoming buy orders took.
    package var takerVolume: Quantity = .zero
    package var takerQuote: Money = .zero
    package var tradeCount: Int64 = 0
    /// -1 where nothing traded, as venues have it.
    package var firstTradeID: Int64 = -1
    package var lastTradeID: Int64 = -1

    /// A candle in which nothing has traded yet.
    package init(_ interval: CandleInterval, openTime: Int64, price: Price) {
        self.interval = interval
        self.openTime = openTime
        open = price
        high = price
        low = price
        close = price
    }

    /// Epoch milliseconds of its last instant.
    package var closeTime: Int64 { interval.next(after: openTime) - 1 }
}

/// What traded in the last 24 hours.
package struct DayStatistics: Equatable, Sendable {
    package var open: Price
    package var high: Price
    package var low: Price
    package var last: Price
    package var lastQuantity: Quantity = .zero
    package var volume: Quantity = .zero
    package var quoteVolume: Money = .zero
    /// -1 where nothing traded.
    package var firstTradeID: Int64 = -1
    package var lastTradeID: Int64 = -1
    package var count: Int64 = 0
    package var openTime: Int64
    package var closeTime: Int64

    /// Statistics of a day without trades.
    package init(price: Price, openTime: Int64, closeTime: Int64) {
        open = price
        high = price
        low = price
        last = price
        self.openTime = openTime
        self.closeTime = closeTime
    }

    package var change: Price { last - open }
    /// In per cent, cut to three decimals.
    package var changePercent: Ratio {
        if open.isZero { return .zero }
        return Ratio(units: change.units * 100_000 / open.units * 1_000_000_000)
    }
    /// The volume-weighted average, or the last price where nothing traded.
    package var average: Price {
        volume.isZero ? last : quoteVolume.divided(by: volume, .nearestEven)
    }
}

/// One print of the public tape.
package struct PublicTrade: Equatable, Sendable {
    package var market: Int
    package var id: Int64
    package var price: Price
    package var quantity: Quantity
    package var isBuyerMaker: Bool
    package var timeMilliseconds: Int64
}

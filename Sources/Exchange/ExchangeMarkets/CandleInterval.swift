/// How long a candle lasts, as venues name it.
package enum CandleInterval: String, CaseIterable, Hashable, Sendable {
    /// Of spot venues only.
    case oneSecond = "1s"
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

    /// Those of a futures venue.
    package static let futures = allCases.filter { $0 != .oneSecond }

    private static let minute: Int64 = 60_000
    private static let day: Int64 = 86_400_000

    /// Epoch milliseconds of the opening of the candle that is being built at `wall`; weeks begin on
    /// Monday, everything else at midnight UTC.
    package func opening(at wall: Int64) -> Int64 {
        if self == .oneMonth {
            return CandleInterval.monthStart(of: wall / CandleInterval.day, plus: 0)
        }
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
        case .oneSecond: 1_000
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

extension CandleInterval {
    /// The kept series it is built from.
    internal var base: CandleInterval {
        switch self {
        case .oneSecond: .oneSecond
        case .oneMinute, .threeMinutes, .fiveMinutes: .oneMinute
        case .fifteenMinutes, .thirtyMinutes, .oneHour: .fifteenMinutes
        case .twoHours, .fourHours, .sixHours, .eightHours, .twelveHours: .twoHours
        case .oneDay, .threeDays, .oneWeek, .oneMonth: .oneDay
        }
    }
}

internal import Chronology
internal import ExchangeDoor

/// The times a history is asked for: both ends inclusive.
internal struct TimeWindow {
    let start: Int64
    let end: Int64
    /// Whether rows are given from the start of the window on, rather than the newest.
    let isFromStart: Bool

    /// Reads `startTime` and `endTime`; what is missing is `days` away from the other, or now.
    init(
        _ parameters: RequestParameters, days: Int64, _ wall: WallTime
    ) throws(ExchangeError) {
        let length = days * 86_400_000
        let first = try parameters.integer("startTime")
        let last = try parameters.integer("endTime")
        isFromStart = first != nil
        switch (first, last) {
        case (let first?, let last?):
            guard first >= 0, last >= first else { throw .invalid("startTime") }
            if last - first > length { throw .windowTooLong(days) }
            (start, end) = (first, last)
        case (let first?, nil):
            guard first >= 0, first < Int64.max / 2 else { throw .invalid("startTime") }
            (start, end) = (first, first + length)
        case (nil, let last?):
            guard last >= 0 else { throw .invalid("endTime") }
            (start, end) = (max(0, last - length), last)
        case (nil, nil):
            (start, end) = (wall.milliseconds - length, .max)
        }
    }

    func contains(_ time: Int64) -> Bool { time >= start && time <= end }

    /// The rows to show of those within the window: the first ones of it, or the newest.
    func page<Element>(
        _ rows: [Element], _ limit: Int, fromStart: Bool = false
    ) -> ArraySlice<Element> {
        isFromStart || fromStart ? rows.prefix(limit) : rows.suffix(limit)
    }
}

internal import Trading

/// The rolling 24 hours.
extension Tape {
    private static let minute: Int64 = 60_000
    private static let dayLength: Int64 = 86_400_000

    /// When the first minute of the day before `wall` opened.
    private static func dayStart(_ wall: Int64) -> Int64 {
        (wall - dayLength) / minute * minute + minute
    }

    /// What traded in the 24 hours before `wall`, to the minute.
    func statistics(at wall: Int64) -> DayStatistics? {
        guard let last = minutes.bars.last else { return nil }
        let bar = dayBar(from: Tape.dayStart(wall)) ?? Bar(flat: last.close)
        return statistics(bar, at: wall)
    }

    /// Everything from a minute on, with the sums of the rolling day where they help.
    private func dayBar(from start: Int64) -> Bar? {
        guard let day, start < day.pivot else { return slowBar(from: start, to: .max) }
        let border = max(start, day.blockStart(notBefore: start))
        var whole = slowBar(from: start, to: border)
        merge(day.sum(from: border), into: &whole)
        merge(slowBar(from: day.through, to: .max), into: &whole)
        return whole
    }

    private func merge(_ bar: Bar?, into whole: inout Bar?) {
        guard let bar else { return }
        if whole == nil { whole = bar } else { whole?.merge(bar) }
    }

    /// Minutes of a time added up one by one, made-up ones included; nil where there are none.
    private func slowBar(from start: Int64, to end: Int64) -> Bar? {
        guard start < end else { return nil }
        var whole: Bar?
        if start < minutes.firstTime, !minutes.hasDropped {
            whole = history?.bar(from: start, to: min(end, minutes.firstTime))
        }
        var place = max(0, Int((start - minutes.firstTime) / Tape.minute))
        let behind = end == .max ? Int.max : Int((end - minutes.firstTime) / Tape.minute)
        while place < min(minutes.bars.count, behind) {
            merge(minutes.bars[place], into: &whole)
            place += 1
        }
        return whole
    }

    // MARK: keeping the sums

    /// Adds up the rolling day where that has not been done, or where it has moved past what was; else
    /// counts in the minutes that have closed. To be called now and then: what is not counted in yet is
    /// added up at each question.
    mutating func rollDay(at wall: Int64) {
        guard hasBegun, !minutes.bars.isEmpty else { return }
        let start = Tape.dayStart(wall)
        guard let day, start < day.pivot || day.pivot == minutes.openTime,
            day.through >= minutes.firstTime
        else { return addUpDay(from: start) }
        while let through = self.day?.through, through < minutes.openTime,
            let bar = minutes.bar(openingAt: through)
        {
            self.day?.closed(bar)
        }
    }

    private mutating func addUpDay(from start: Int64) {
        var bars: [Bar] = []
        var first = minutes.firstTime
        if start < first, !minutes.hasDropped, let history {
            first = start
            let past = (start / Tape.minute)..<(minutes.firstTime / Tape.minute)
            bars.reserveCapacity(past.count)
            history.visit(past, by: 1) { bars.append($0) }
        }
        first = max(first, min(start, minutes.openTime))
        var time = max(first, minutes.firstTime)
        while time < minutes.openTime, let bar = minutes.bar(openingAt: time) {
            bars.append(bar)
            time += Tape.minute
        }
        day = DayWindow(bars, from: first)
    }

    private func statistics(_ bar: Bar, at wall: Int64) -> DayStatistics {
        var day = DayStatistics(
            price: scale.price(bar.open), openTime: wall - 86_400_000, closeTime: wall)
        day.high = scale.price(bar.high)
        day.low = scale.price(bar.low)
        day.last = scale.price(bar.close)
        day.lastQuantity = scale.quantity(trades.last?.quantity ?? 0)
        day.volume = scale.quantity(bar.volume)
        day.quoteVolume = bar.quote
        day.count = bar.count
        if bar.count > 0 {
            let id = bar.firstID >= 0 ? bar.firstID : (history?.nextID ?? 0) - bar.count
            day.firstTradeID = id
            day.lastTradeID = id + bar.count - 1
        }
        return day
    }
}

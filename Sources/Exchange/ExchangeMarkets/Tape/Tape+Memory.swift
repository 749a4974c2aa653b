internal import Trading

/// A bar with its time, as a journal keeps it.
internal struct KeptBar<Element: TapeBar & Equatable>: Equatable, Sendable {
    /// Epoch milliseconds.
    let openTime: Int64
    let bar: Element
}

/// Bringing a tape back after a restart: bars that had closed come one by one, longer ones before the
/// minutes; prints are made up from the last minutes, with their true ids and sums.
extension Tape {
    /// Takes back a bar of one of the lengths that are kept, which had closed.
    mutating func take(_ bar: Bar, openingAt time: Int64, length: Int64) {
        guard hasBegun else { return }
        switch length {
        case minutes.length:
            // A minute may be on file twice, where the file was begun anew as it closed.
            guard time > keptMinute ?? .min else { return }
            keptMinute = time
            minutes.take(bar, openingAt: time)
            foldMinute(bar, openingAt: time)
        case quarters.length:
            quarters.take(bar, openingAt: time)
            whole[0] = time + length
        case pairs.length:
            pairs.take(bar, openingAt: time)
            whole[1] = time + length
        case days.length:
            days.take(bar, openingAt: time)
            whole[2] = time + length
        case _: break
        }
    }

    private mutating func foldMinute(_ bar: Bar, openingAt time: Int64) {
        quarters.fold(bar, openingAt: time, behind: whole[0])
        pairs.fold(bar, openingAt: time, behind: whole[1])
        days.fold(bar, openingAt: time, behind: whole[2])
    }

    /// Goes on after a restart: what had begun of a minute counts, nothing traded since.
    mutating func resume(at wall: Int64) {
        if let unfinished {
            if unfinished.openTime >= minutes.openTime {
                take(unfinished.bar, openingAt: unfinished.openTime, length: minutes.length)
            }
            self.unfinished = nil
        }
        for series in [\Tape.minutes, \.quarters, \.pairs, \.days] {
            self[keyPath: series].advance(to: wall)
        }
        if let length = seconds?.length, let last = minutes.bars.last {
            seconds = BarSeries(length: length, capacity: Limits.seconds)
            seconds?.append(Bar(flat: last.close), openTime: wall / length * length)
        }
        for place in max(0, minutes.bars.count - Int(Limits.openingMinutes))..<minutes.bars.count {
            let bar = minutes.bars[place]
            guard bar.count > 0, bar.firstID >= 0 else { continue }
            let opening = minutes.firstTime + Int64(place) * minutes.length
            putPrints(of: bar, firstID: bar.firstID, opening)
        }
    }
}

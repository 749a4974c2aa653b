/// The bars of a rolling day's minutes, added up so that the sum from any minute on is cheap.
///
/// Up to the pivot there is a sum for every block of minutes: of all from its beginning to the pivot. Behind
/// it there is one sum of the minutes that have closed since. It holds what adding up the bars one by
/// one gives, because merging bars does not hang on how they are grouped.
internal struct DayWindow: Sendable {
    /// Milliseconds of a minute, and the minutes of a block: as few as its own minutes are added up at
    /// each question, as many as 1,440 minutes have few sums.
    private static let minute: Int64 = 60_000
    private static let block = 16

    /// Epoch milliseconds: where the first sum begins, and where all of them end.
    let first: Int64
    let pivot: Int64
    /// Up to where minutes are counted in, which have all closed.
    private(set) var through: Int64
    private var sums: ContiguousArray<Bar> = []
    private var since: Bar?

    /// Takes the bars of the minutes from `first` on, oldest first, without gaps.
    init(_ bars: [Bar], from first: Int64) {
        self.first = first
        pivot = first + Int64(bars.count) * DayWindow.minute
        through = pivot
        sums.reserveCapacity(bars.count / DayWindow.block + 1)
        var sum: Bar?
        for place in bars.indices.reversed() {
            var next = bars[place]
            if let sum { next.merge(sum) }
            sum = next
            if place % DayWindow.block == 0 { sums.append(next) }
        }
        sums.reverse()
    }

    /// Counts in the minute that follows those it has.
    mutating func closed(_ bar: Bar) {
        if since == nil { since = bar } else { since?.merge(bar) }
        through += DayWindow.minute
    }

    /// The beginning of the first block that lies behind a time; the pivot where none does.
    func blockStart(notBefore time: Int64) -> Int64 {
        let length = DayWindow.minute * Int64(DayWindow.block)
        let blocks = (max(0, time - first) + length - 1) / length
        return min(pivot, first + blocks * length)
    }

    /// All that is counted in from a block's beginning or the pivot on; nil where nothing is.
    func sum(from start: Int64) -> Bar? {
        guard start < pivot else { return since }
        var sum = sums[Int((start - first) / (DayWindow.minute * Int64(DayWindow.block)))]
        if let since { sum.merge(since) }
        return sum
    }
}

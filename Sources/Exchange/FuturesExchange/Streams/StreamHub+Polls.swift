internal import Bytes
package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

/// What is made when it is time, for those who listen: candles and days.
internal struct StreamPolls: Sendable {
    /// Candles come every 250 ms, days every second, as far as they changed (exchange-facts B3).
    static let interval = Interval.milliseconds(250)
    static let beatsOfDay = 4

    /// What a candle stream said last.
    struct Said: Equatable, Sendable {
        let openTime: Int64
        let tradeCount: Int64
    }

    var due = Instant.distantPast
    var beats = 0
    /// The polled streams that somebody listens to, by market and kind.
    private(set) var keys: [StreamKey] = []
    private var revision = -1
    var candles: [StreamKey: Said] = [:]
    /// The last trade each market's day counted, in what an array of all said last.
    var days: [StreamKey: [Int64]] = [:]
    /// Each market's status as it was last seen; empty while nobody listens for it.
    var statuses: [InstrumentStatus] = []

    /// Takes over who listens, if that has changed.
    mutating func refresh(_ board: borrowing StreamBoard<StreamKey>) {
        guard board.revision != revision else { return }
        revision = board.revision
        keys = board.keys.filter(\.kind.isPolled).sorted {
            ($0.market, "\($0.kind)") < ($1.market, "\($1.kind)")
        }
        let wanted = Set(keys)
        candles = candles.filter { wanted.contains($0.key) }
        days = days.filter { wanted.contains($0.key) }
        if !wanted.contains(StreamKey(.contract, -1)) { statuses = [] }
    }
}

extension StreamHub {
    /// When something is to be made next.
    package var nextDue: Instant { polls.keys.isEmpty ? .distantFuture : polls.due }

    /// Makes what is due.
    package mutating func step(
        now: Instant, wall: WallTime, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        polls.refresh(board)
        guard !polls.keys.isEmpty, polls.due <= now else { return }
        polls.due = now + StreamPolls.interval
        polls.beats += 1
        let isDay = polls.beats % StreamPolls.beatsOfDay == 0
        for key in polls.keys {
            switch key.kind {
            case .candle(let interval): tell(key, interval, desk, wall.milliseconds, &out)
            case .continuousCandle(let interval): tell(key, interval, desk, wall.milliseconds, &out)
            case .ticker, .miniTicker:
                if isDay { tellDay(key, desk, wall.milliseconds, &out) }
            case .contract: if isDay { tellContracts(key, desk, wall.milliseconds, &out) }
            case .bookTicker, .depth, .partialDepth, .retailDepth, .aggregateTrade, .trade,
                .markPrice, .forcedOrder, .account:
                break
            }
        }
    }

    /// Tells a candle where it has changed, and once more as closed when its time is over.
    private mutating func tell(
        _ key: StreamKey, _ interval: CandleInterval, _ desk: FuturesDesk, _ at: Int64,
        _ out: inout [SocketAction]
    ) {
        let isContinuous = key.kind == .continuousCandle(interval)
        guard let candle = desk.floor.candle(key.market, interval, at: at) else { return }
        let before = polls.candles[key]
        if let before, before.openTime < candle.openTime,
            let closed = desk.floor.candle(key.market, interval, openingAt: before.openTime)
        {
            board.publish(key, &out) {
                desk.write(
                    closed, key.market, isContinuous: isContinuous, isClosed: true, at: at, &$0)
            }
        }
        let said = StreamPolls.Said(openTime: candle.openTime, tradeCount: candle.tradeCount)
        guard said != before else { return }
        polls.candles[key] = said
        board.publish(key, &out) {
            desk.write(candle, key.market, isContinuous: isContinuous, isClosed: false, at: at, &$0)
        }
    }

    private mutating func tellDay(
        _ key: StreamKey, _ desk: FuturesDesk, _ at: Int64, _ out: inout [SocketAction]
    ) {
        let isMini = key.kind == .miniTicker
        if key.market >= 0 {
            let day = desk.floor.statistics(key.market, at: at)
            board.publish(key, &out) { desk.write(day, key.market, isMini: isMini, at: at, &$0) }
            return
        }
        // An array of those that traded since the last one.
        var said = polls.days[key] ?? []
        let days = desk.markets.indices.map { desk.floor.statistics($0, at: at) }
        let changed = days.indices.filter {
            !said.indices.contains($0) || said[$0] != days[$0].lastTradeID
        }
        guard !changed.isEmpty else { return }
        said = days.map(\.lastTradeID)
        polls.days[key] = said
        board.publish(key, &out) { writer in
            writer.beginArray()
            for number in changed {
                desk.write(days[number], number, isMini: isMini, at: at, &writer)
            }
            writer.endArray()
        }
    }

    /// Tells contracts whose status has changed.
    private mutating func tellContracts(
        _ key: StreamKey, _ desk: FuturesDesk, _ at: Int64, _ out: inout [SocketAction]
    ) {
        let now = desk.markets.map(\.listing.instrument.status)
        let before = polls.statuses
        polls.statuses = now
        for (number, status) in now.enumerated()
        where before.indices.contains(number) && before[number] != status {
            board.publish(key, &out) { desk.write(contract: number, at: at, &$0) }
        }
    }
}

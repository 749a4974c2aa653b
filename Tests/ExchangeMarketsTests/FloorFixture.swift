import Chronology
import ExchangeMarkets
import Matching
import Trading

/// A floor driven through time, with everything it told.
struct FloorFixture {
    /// 2026-11-20 12:34:56.789 UTC.
    static let startMilliseconds: Int64 = 1_795_178_096_789

    var floor: MarketFloor
    var now = Instant(nanoseconds: 0)
    var told: [MarketEvent] = []
    var matched: [MatchEvent] = []

    init(_ listings: [Listing] = [Listing.standard[0]], _ change: (inout FloorSettings) -> Void = { _ in }) {
        var settings = FloorSettings()
        change(&settings)
        floor = MarketFloor(listings, settings)
    }

    var wall: Int64 {
        Self.startMilliseconds + (now - Instant(nanoseconds: 0)).nanoseconds / 1_000_000
    }

    /// Lives through a stretch of time, one action after the other.
    mutating func run(_ length: Interval) {
        _ = floor.catchUp(now: now)
        let end = now + length
        while floor.nextDue <= end {
            now = max(now, floor.nextDue)
            matched.removeAll(keepingCapacity: true)
            _ = floor.act(floor.nextDue, wall: WallTime(milliseconds: wall), &matched)
            told += floor.takeTold()
        }
        now = end
    }

    /// Trades once in an empty book: a seller rests and a buyer takes, or the other way round.
    mutating func trade(_ quantity: Quantity, at price: Price, taker: Side, _ number: Int = 0) {
        var events: [MatchEvent] = []
        for side in [taker.opposite, taker] {
            let ticket = OrderTicket(
                owner: .market, side: side, type: .limit, quantity: quantity, limit: price)
            _ = floor.place(ticket, number, wall: wall, &events)
        }
        told += floor.takeTold()
    }

    var prints: [PublicTrade] {
        told.compactMap { if case .print(let trade) = $0 { trade } else { nil } }
    }
}

func decimal<Value: ExactDecimal>(_ text: String) -> Value { Value(text: text)! }

import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Runtime
import Trading
import VenueProtocol

/// Keeps the venue's maintenance brackets in Redis, for the risk-engine, which has no venue key.
@LoopActor final class BracketKeeper {
    private let host: ServiceHost
    private let venue: VenueLink
    private var timer: LoopTimer?
    /// Brackets change some times a year.
    private static let period = Interval.seconds(3600)

    init(host: ServiceHost, venue: VenueLink) {
        self.host = host
        self.venue = venue
        timer = host.loop.timer { [weak self] in self?.fetch() }
    }

    func fetch() {
        timer?.arm(after: .seconds(5))
        guard host.redis.isUp else { return }
        venue.call(BinanceFutures.leverageBracket()) { [weak self] answer in
            guard let self, case .success(let body) = answer,
                let all = try? BinanceFutures.decodeLeverageBrackets(body.rawSpan)
            else { return }
            save(all)
        }
    }

    func stop() { timer?.disarm() }

    private func save(_ all: [LeverageBrackets]) {
        var left = all.count
        var isSaved = true
        for brackets in all {
            host.redis.send(
                ["SET", host.keys.brackets(brackets.symbol), BracketKeeper.json(brackets)]
            ) { [weak self] outcome in
                left -= 1
                if outcome.value == nil { isSaved = false }
                if left == 0, isSaved { self?.timer?.arm(after: BracketKeeper.period) }
            }
        }
    }

    /// The brackets as the venue writes them, numbers as strings.
    static func json(_ brackets: LeverageBrackets) -> String {
        var writer = JSONWriter(capacity: 2048)
        writer.beginObject()
        writer.field("symbol", brackets.symbol.name)
        writer.key("brackets" as StaticString)
        writer.beginArray()
        for row in brackets.rows {
            writer.beginObject()
            writer.field("bracket", row.number)
            writer.field("initialLeverage", row.initialLeverage)
            writer.field("notionalFloor", units: row.notionalFloor.units)
            writer.field("notionalCap", units: row.notionalCap.units)
            writer.field("maintMarginRatio", units: row.maintenanceRatio.units)
            writer.field("cum", units: row.cumulative.units)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}

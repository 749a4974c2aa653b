import BusProtocol
import Chronology
import Reactor
import RedisLink
import Runtime
import Trading

/// `pms positions`, `risk` and `price`.
@LoopActor enum ReadingCommands {
    static func positions(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let positions = try await Books.positions(session)
        session.show(positions.map(\.fields), empty: "no open positions") { Books.table(positions) }
    }

    static func risk(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        if let name = arguments.word(0) {
            let account = try arguments.account(name)
            guard let risk = try await Books.risk(session, account) else {
                throw CommandFailure(
                    .notFound, "no risk snapshot of \(account): is risk-engine running?")
            }
            return session.show(risk.fields)
        }
        let risks = try await all(session)
        session.show(risks.map(\.fields), empty: "no risk snapshots: is risk-engine running?") {
            Books.table(risks, now: session.nowMilliseconds)
        }
    }

    /// The snapshots of all accounts that have one, by name.
    static func all(_ session: Session) async throws(CommandFailure) -> [RiskRecord] {
        var risks: [RiskRecord] = []
        for name in try await session.members(session.keys.accounts) {
            guard let account = AccountID(name), let risk = try await Books.risk(session, account)
            else { continue }
            risks.append(risk)
        }
        return risks
    }

    /// Asks price-feed to watch the symbol for this long.
    private static let watchMilliseconds: Int64 = 60_000
    /// How long the first price of a symbol nobody watched may take.
    private static let patience = Interval.seconds(5)

    static func price(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let symbol = try arguments.symbol(0)
        let keys = session.keys
        let until = "\(session.nowMilliseconds + watchMilliseconds)"
        try await session.send(["ZADD", keys.demand, "GT", until, symbol.name])
        let told = try await session.send(["PUBLISH", keys.demandChannel, symbol.name])
        let end = session.loop.now + patience
        while true {
            if let price = try await Books.price(session, symbol) {
                return show(session, symbol, price)
            }
            guard told != .integer(0) else {
                throw CommandFailure(
                    .notRunning, "no price of \(symbol): price-feed is not running")
            }
            guard session.loop.now < end else {
                throw CommandFailure(.notFound, "no price of \(symbol) within 5 s: is it traded?")
            }
            await session.wait(.milliseconds(50))
        }
    }

    /// In words, whether the price is of now and where it comes from.
    private static func freshness(_ price: PriceRecord, _ now: Int64) -> String {
        let parts = [price.bookMilliseconds, price.markMilliseconds].filter { $0 > 0 }
        guard let oldest = parts.min() else { return "not known yet" }
        let age = Age.text(since: oldest, now: now)
        let isFresh = price.isFresh && now - oldest <= 10_000
        return isFresh
            ? "fresh, from \(price.source), \(age) old"
            : "stale, \(age) old: nothing newer by stream or REST"
    }

    private static func show(_ session: Session, _ symbol: Symbol, _ price: PriceRecord) {
        var fields = [("symbol", symbol.name)] + price.fields
        if !session.isJSON {
            let now = session.nowMilliseconds
            fields.append(("book age", Age.text(since: price.bookMilliseconds, now: now)))
            if price.markMilliseconds > 0 {
                fields.append(("mark age", Age.text(since: price.markMilliseconds, now: now)))
            }
            fields.append(("price", freshness(price, now)))
        }
        session.show(fields)
    }
}

import BusProtocol
import Chronology
import PriceSource
import Quotes
import Reactor
import RedisLink
import Runtime
import Trading

/// `pms positions`, `risk` and `price`.
@LoopActor enum ReadingCommands {
    static func positions(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let positions = try await Books.positions(session)
        session.show(positions.map(\.fields), empty: "no open positions") {
            Books.table(positions, now: session.nowMilliseconds)
        }
        let expired = Set(
            positions.filter { !$0.isFromSnapshot && !$0.isSpot }.map(\.account)
        ).sorted()
        if !expired.isEmpty {
            session.note(
                "no fresh risk snapshot of \(expired.map(\.name).joined(separator: ", ")): "
                    + "ledger and last price are shown; is risk-engine running?")
        }
    }

    static func risk(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        if let name = arguments.word(0) {
            let account = try arguments.account(name)
            guard let risk = try await Books.risk(session, account) else {
                return try await expired(session, account)
            }
            var fields = risk.fields
            if !session.isJSON {
                let age = Age.text(
                    since: risk.stamp.atMilliseconds, now: session.nowMilliseconds)
                fields.append(("snapshot age", age))
            }
            return session.show(fields)
        }
        let risks = try await all(session)
        session.show(risks.map(\.fields), empty: "no risk snapshots: is risk-engine running?") {
            Books.table(risks, now: session.nowMilliseconds)
        }
        try await tellExpired(session, risks)
    }

    /// Which accounts a list of snapshots leaves out, and which of them are old.
    private static func tellExpired(
        _ session: Session, _ risks: [RiskRecord]
    ) async throws(CommandFailure) {
        let shown = Set(risks.map(\.account.name))
        let missing = try await session.members(session.keys.accounts).filter {
            !shown.contains($0)
        }
        if !missing.isEmpty, !risks.isEmpty {
            session.note(
                "the risk snapshots of \(missing.sorted().joined(separator: ", ")) have expired: "
                    + "pms risk ACCOUNT shows ledger and last price")
        }
        let old = risks.filter { session.nowMilliseconds - $0.stamp.atMilliseconds > 10_000 }
        if !old.isEmpty {
            session.note(
                "the risk snapshots of \(old.map(\.account.name).joined(separator: ", ")) are older "
                    + "than 10 s: new risk is refused; is risk-engine running?")
        }
    }

    /// What there is of an account whose snapshot has expired: its money, its positions at the last
    /// price, and how old that is.
    private static func expired(
        _ session: Session, _ account: AccountID
    ) async throws(CommandFailure) {
        let keys = session.keys
        guard
            let balance = try await session.read(
                keys.balance(account),
                { fields throws(RecordError) in try BalanceRecord(fields: fields) })
        else { throw CommandFailure(.notFound, "no account \(account): see pms account list") }
        session.note(
            "the risk snapshot of \(account) has expired: ledger and last price are shown; "
                + "is risk-engine running?")
        var fields = [
            ("account", account.name), ("expired", "1"), ("wallet", balance.wallet.text),
        ]
        let now = session.nowMilliseconds
        for position in try await Books.positions(session) where position.account == account {
            let symbol = position.symbol.name
            fields += [
                ("\(symbol):qty", position.record.quantity.text),
                ("\(symbol):entry", position.record.entryPrice.text),
                ("\(symbol):mark", position.mark?.text ?? ""),
                ("\(symbol):pnl", position.unrealised?.text ?? ""),
                ("\(symbol):price_ms", "\(position.valuedMilliseconds)"),
            ]
            if !session.isJSON, position.valuedMilliseconds > 0 {
                let age = Age.text(since: position.valuedMilliseconds, now: now)
                fields.append(("\(symbol) price age", age))
            }
        }
        session.show(fields)
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
        while told != .integer(0), session.loop.now < end {
            if let price = try await Books.price(session, symbol), isFresh(price, session) {
                return show(session, symbol, price)
            }
            await session.wait(.milliseconds(50))
        }
        try await askVenue(session, symbol, isFeedRunning: told != .integer(0))
    }

    /// Without a feed, or with one that knows no price, the venue is asked, as any process would.
    private static func askVenue(
        _ session: Session, _ symbol: Symbol, isFeedRunning: Bool
    ) async throws(CommandFailure) {
        let known = try await Books.price(session, symbol)
        if !isFeedRunning { session.note("price-feed is not running") }
        let source = try await session.priceSource()
        do throws(PriceUnavailable) {
            let answer = try await source.price(of: symbol)
            show(session, symbol, answer)
        } catch {
            if let known { return show(session, symbol, known) }
            throw CommandFailure(isFeedRunning ? .notFound : .notRunning, "\(error)")
        }
    }

    /// Whether the parts of a price that the venue has are known and of now.
    private static func isFresh(_ price: PriceRecord, _ session: Session) -> Bool {
        let parts = [price.bookMilliseconds, price.markMilliseconds].filter { $0 > 0 }
        guard price.isFresh, let oldest = parts.min() else { return false }
        return session.nowMilliseconds - oldest <= 10_000
    }

    /// In words, whether the price is of now and where it comes from.
    private static func freshness(_ price: PriceRecord, _ now: Int64) -> String {
        let parts = [price.bookMilliseconds, price.markMilliseconds].filter { $0 > 0 }
        guard let oldest = parts.min() else { return "not known yet" }
        let age = Age.text(since: oldest, now: now)
        return price.isFresh && now - oldest <= 10_000
            ? "fresh, from \(price.source), \(age) old"
            : "stale, \(age) old: nothing newer by stream or REST"
    }

    /// A price that no feed has written, with where it comes from and how old it is.
    private static func show(_ session: Session, _ symbol: Symbol, _ answer: PriceAnswer) {
        let price = answer.price
        let age = "\(max(0, answer.age.milliseconds)) ms"
        var fields = [
            ("symbol", symbol.name), ("bid", price.bid.text), ("bid_qty", price.bidQuantity.text),
            ("ask", price.ask.text), ("ask_qty", price.askQuantity.text), ("mid", price.mid.text),
        ]
        if !price.mark.isZero {
            fields += [("mark", price.mark.text), ("index", price.index.text)]
        }
        fields += [
            ("source", answer.origin.rawValue), ("age_ms", "\(max(0, answer.age.milliseconds))"),
        ]
        if !session.isJSON {
            fields.append(("price", "fresh, from \(answer.origin.rawValue), \(age) old"))
        }
        session.show(fields)
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

import BusProtocol
import Chronology
import Reactor
import Runtime
import Trading

/// `pms status`: the stack on one page.
@LoopActor enum StatusCommand {
    private struct Page {
        var heartbeats: [HeartbeatRecord] = []
        var prices: [(symbol: Symbol, price: PriceRecord)] = []
        var positions: [HeldPosition] = []
        var risks: [RiskRecord] = []
        var orders: [OrderRecord] = []
        var states: [(name: String, state: StateRecord)] = []
    }

    static func run(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        guard arguments.has("--watch") else { return show(session, try await load(session)) }
        var isOver = false
        for signal in [2, 15] as [Int32] { session.loop.onSignal(signal) { isOver = true } }
        while !isOver {
            let frame: String
            do throws(CommandFailure) {
                frame = text(session, try await load(session))
            } catch {
                frame = "pms: \(error.message)\n"
            }
            // Home, the page with each line's rest cleared, then all below it: no flicker.
            let lines = frame.split(separator: "\n", omittingEmptySubsequences: false)
            let now = CivilTime(session.loop.wallNow).text
            let isTerminal = StandardStream.output.isTerminal
            let home = isTerminal ? "\u{1B}[H" : ""
            let clear = isTerminal ? "\u{1B}[K" : ""
            session.print(
                home + "pms \(session.keys.venue)  \(now)  Ctrl-C ends\(clear)\n\(clear)\n"
                    + lines.map { $0 + clear }.joined(separator: "\n")
                    + (isTerminal ? "\u{1B}[J" : "\n"))
            var waited = 0
            while !isOver, waited < 10 {
                await session.wait(.milliseconds(100))
                waited += 1
            }
        }
        session.print("\n")
    }

    private static func load(_ session: Session) async throws(CommandFailure) -> Page {
        let keys = session.keys
        var page = Page()
        for key in try await session.scan(keys.heartbeatPattern) {
            if let record = try await session.read(
                key, { fields throws(RecordError) in try HeartbeatRecord(fields: fields) })
            {
                page.heartbeats.append(record)
            }
        }
        page.positions = try await Books.positions(session)
        page.orders = try await Books.openOrders(session)
        page.risks = try await ReadingCommands.all(session)
        for key in try await session.scan(keys.prefix + "price:*") {
            guard let symbol = Symbol(String(key.dropFirst(keys.prefix.count + "price:".count))),
                let price = try await Books.price(session, symbol)
            else { continue }
            page.prices.append((symbol, price))
        }
        let accounts = try await session.members(keys.accounts).compactMap { AccountID($0) }
        for (name, key) in [("venue", keys.state)] + accounts.map({ ($0.name, keys.state($0)) }) {
            if let state = try await session.read(
                key, { fields throws(RecordError) in try StateRecord(fields: fields) }),
                state.state != .active
            {
                page.states.append((name, state))
            }
        }
        return page
    }

    // MARK: showing

    private static func show(_ session: Session, _ page: Page) {
        guard session.isJSON else { return session.print(text(session, page)) }
        session.print(
            JSONOutput.page([
                ("processes", page.heartbeats.map(\.fields)),
                ("states", page.states.map { [("name", $0.name)] + $0.state.fields }),
                ("prices", page.prices.map { [("symbol", $0.symbol.name)] + $0.price.fields }),
                ("positions", page.positions.map(\.fields)),
                ("risk", page.risks.map(\.fields)),
                ("orders", page.orders.map(\.fields)),
            ]))
    }

    private static func text(_ session: Session, _ page: Page) -> String {
        let now = session.nowMilliseconds
        var text = section("processes", processes(page.heartbeats, now), none: "none is running")
        for (name, state) in page.states {
            text += "\n\(name) is \(state.state.rawValue): \(state.why) (by \(state.by))\n"
        }
        text += "\n" + section("prices", prices(page.prices, now), none: "none watched")
        text += "\n" + section("positions", Books.table(page.positions, now: now), none: "none open")
        text += "\n" + section("risk", Books.table(page.risks, now: now), none: "no snapshots")
        return text + "\n"
            + section("open orders", Books.table(page.orders, now: now), none: "none")
    }

    private static func section(_ title: String, _ table: TextTable, none: String) -> String {
        table.isEmpty ? "\(title): \(none)\n" : "\(title)\n\(table.text)"
    }

    private static func processes(_ heartbeats: [HeartbeatRecord], _ now: Int64) -> TextTable {
        var table = TextTable(["PROCESS", "INSTANCE", "PID", "UPTIME", "BEAT", "READY"])
        for beat in heartbeats {
            table.append([
                beat.service, beat.instance, "\(beat.processID)",
                Age.text(since: beat.startedMilliseconds, now: now),
                Age.text(since: beat.stamp.atMilliseconds, now: now),
                beat.isReady ? "yes" : "no: \(beat.reasons)",
            ])
        }
        return table
    }

    private static func prices(
        _ prices: [(symbol: Symbol, price: PriceRecord)], _ now: Int64
    ) -> TextTable {
        var table = TextTable([
            "SYMBOL", "BID", "ASK", "MARK", "INDEX", "BOOK AGE", "MARK AGE", "SOURCE",
        ])
        for (symbol, price) in prices {
            table.append([
                symbol.name, price.bid.text, price.ask.text, price.mark.text, price.index.text,
                Age.text(since: price.bookMilliseconds, now: now),
                Age.text(since: price.markMilliseconds, now: now), price.source,
            ])
        }
        return table
    }
}

import BusProtocol
import Bytes
package import Chronology
import ExchangeMarkets
import FuturesExchange
import Margin
package import Trading

/// What a crash did to the books and to the exchange account behind them.
package struct CascadeReport: Sendable {
    package var accounts = 0
    /// Positions before the crash and after it.
    package var positionsBefore = 0
    package var positionsAfter = 0
    /// Closes that deleveraging decided on, accounts it touched, and orders they became.
    package var steps = 0
    package var accountsDeleveraged = 0
    package var commandsRepeated = 0
    /// Trades of orders the exchange made itself.
    package var liquidations = 0
    /// Accounts that ended with nothing, or less.
    package var ruined = 0
    package var lowestEquity = Money.zero
    /// The lowest equity of an account when a close of its was decided.
    package var lowestDecided = Money.zero
    /// Accounts that an exchange of their own would have liquidated while they held something, by the
    /// exchange's own marks, and how long the longest of them was so.
    package var overdue = 0
    package var longestOverdue = Interval.zero
    package var highestRatio = Ratio.zero

    /// One paragraph for a person.
    package var text: String {
        let margin =
            ", lowest equity when a close was decided \(lowestDecided), \(overdue) accounts under "
            + "their maintenance margin for \(longestOverdue.milliseconds) ms at most"
        let crash =
            "\(accounts) accounts, \(positionsBefore) positions, a crash of 30 % in 60 s: \(steps) closes "
            + "over \(accountsDeleveraged) accounts, \(positionsAfter) positions left, "
            + "\(liquidations) trades of liquidations by the exchange, \(ruined) accounts at or "
            + "below nothing, lowest equity \(lowestEquity), highest margin ratio "
            + "\(highestRatio.down(to: Ratio(units: 1_000_000_000)))"
        return crash + margin
    }
}

extension SimulatedWorld {
    /// Maintenance brackets and rules as the venue has them, where risk-engine reads them.
    func writeBrackets() {
        for market in venue.desk.markets {
            let rows = market.listing.brackets.map { row in
                "{\"notionalFloor\":\(row.floor),\"notionalCap\":\(row.cap),"
                    + "\"maintMarginRatio\":\(row.rate),\"cum\":\(row.deduction),"
                    + "\"initialLeverage\":\(row.leverage)}"
            }
            server.data.strings[keys.brackets(market.symbol)] = "[\(rows.joined(separator: ","))]"
        }
    }

    /// Books on one exchange account, long between twice and eighteen times what they own; then every
    /// price falls by 30 % in a minute.
    /// - Parameter shorts: every how manyth book is short; nil for none.
    package func runCascade(
        faults: SimulationFaults = SimulationFaults(), shorts: Int? = nil
    ) -> CascadeReport {
        var report = CascadeReport()
        report.accounts = accounts.count
        openBooks(shorts: shorts)
        report.positionsBefore = server.data.sets[keys.books]?.count ?? 0
        time.faults = faults
        isBreaking = true
        keepBreaking()
        crash(&report)
        isBreaking = false
        time.faults.heal()
        time.run(until: time.now + .seconds(45))
        read(&report)
        return report
    }

    /// The stack comes up, and every account gets its money and its position.
    package func openBooks(shorts: Int? = nil) {
        time.run(until: time.now + .seconds(3))
        for (place, account) in accounts.enumerated() {
            let body = AccountBody(account: account, deposit: .whole(1_000)).body
            ask("create-\(account)", .accountCreate, body)
            if place % 10 == 9 { time.run(until: time.now + .milliseconds(300)) }
        }
        time.run(until: time.now + .seconds(2))
        for (place, account) in accounts.enumerated() {
            openPosition(account, place, isShort: shorts.map { place % $0 == $0 - 1 } ?? false)
            time.run(until: time.now + .milliseconds(120))
        }
        time.run(until: time.now + .seconds(10))
    }

    private func openPosition(_ account: AccountID, _ place: Int, isShort: Bool) {
        let market = venue.desk.markets[place % venue.desk.markets.count]
        let notional = Money.whole(1_000 * Int64(2 + place % 17))
        let quantity = notional.divided(by: market.mark, .down)
            .down(to: market.listing.instrument.step)
        let body = OrderPlaceBody(
            account: account, symbol: market.symbol, side: isShort ? .sell : .buy,
            type: .market, quantity: quantity)
        ask("open-\(account)", .orderPlace, body.body)
    }

    private func crash(_ report: inout CascadeReport) {
        let steps = 240
        let starts = venue.desk.markets.map(\.mark)
        var since: [AccountID: Instant] = [:]
        for step in 1...Int64(steps) {
            let left = Ratio.one - Ratio(units: 300_000_000_000 * Int128(step) / Int128(steps))
            movePrices(by: left, from: starts)
            for _ in 0..<5 {
                time.run(until: time.now + .milliseconds(50))
                note(&report, &since)
            }
        }
        while !since.isEmpty, time.now - (since.values.min() ?? time.now) < .seconds(30) {
            time.run(until: time.now + .milliseconds(50))
            note(&report, &since)
        }
    }

    /// Which accounts have less than their maintenance margin at the exchange's marks, and since when.
    private func note(_ report: inout CascadeReport, _ since: inout [AccountID: Instant]) {
        for account in accounts {
            guard let assessment = assessment(account), assessment.isBreached else {
                since[account] = nil
                continue
            }
            if since[account] == nil { report.overdue += 1 }
            let start = since[account] ?? time.now
            since[account] = start
            report.longestOverdue = max(report.longestOverdue, time.now - start)
        }
    }

    /// An account as the books have it, at the exchange's marks; nil where it holds nothing.
    private func assessment(_ account: AccountID) -> MarginAssessment? {
        let data = server.data
        let positions = venue.desk.markets.compactMap { market -> MarginPosition? in
            guard let fields = data.hashes[keys.position(account, market.symbol)],
                let record = try? PositionRecord(fields: fields), !record.quantity.isZero,
                let json = data.strings[keys.brackets(market.symbol)],
                let brackets = try? MaintenanceBrackets(json: Array(json.utf8).rawSpan)
            else { return nil }
            return MarginPosition(
                quantity: record.quantity, entryPrice: record.entryPrice, mark: market.mark,
                brackets: brackets)
        }
        guard !positions.isEmpty, let fields = data.hashes[keys.balance(account)],
            let balance = try? BalanceRecord(fields: fields)
        else { return nil }
        return MarginAssessment(wallet: balance.wallet, positions: positions, leverage: 20)
    }

    /// Lets every price jump to a share of what it was, or is.
    package func movePrices(by share: Ratio, from starts: [Price]? = nil) {
        for (place, market) in venue.desk.markets.enumerated() {
            let target = (starts?[place] ?? market.mark).scaled(by: share, .nearestEven)
                .down(to: market.listing.instrument.tick)
            _ = try? venue.desk.movePrice(market.symbol, to: target, wall: time.wallNow)
        }
    }

    private func read(_ report: inout CascadeReport) {
        let data = server.data
        report.positionsAfter = data.sets[keys.books]?.count ?? 0
        var touched: Set<String> = []
        report.lowestDecided = .whole(1_000_000)
        var commands: Set<String> = []
        for entry in data.streams[keys.decisions] ?? [] {
            let fields = Dictionary(entry.fields, uniquingKeysWith: { first, _ in first })
            guard fields["kind"] == DecisionKind.deleverage.rawValue else { continue }
            commands.insert(fields["command"] ?? "")
            if let equity = fields["equity"].flatMap({ Money(text: $0) }) {
                report.lowestDecided = min(report.lowestDecided, equity)
            }
            touched.insert(fields["account"] ?? "")
        }
        report.steps = commands.count
        report.accountsDeleveraged = touched.count
        report.commandsRepeated = venue.acceptances.values.count { $0 > 1 }
        for symbol in symbols {
            for trade in venue.desk.userTrades(symbol, fromID: 0, limit: .max)
            where trade.clientOrderID.hasPrefix("autoclose-") {
                report.liquidations += 1
            }
        }
        report.lowestEquity = .whole(1_000_000)
        for account in accounts {
            guard let fields = data.hashes[keys.risk(account)],
                let risk = try? RiskRecord(fields: fields)
            else { continue }
            if !risk.equity.isPositive { report.ruined += 1 }
            report.lowestEquity = min(report.lowestEquity, risk.equity)
            report.highestRatio = max(report.highestRatio, risk.marginRatio)
        }
    }
}

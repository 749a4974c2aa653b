import BusProtocol
import Chronology
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
    package var highestRatio = Ratio.zero

    /// One paragraph for a person.
    package var text: String {
        "\(accounts) accounts, \(positionsBefore) positions, a crash of 30 % in 60 s: \(steps) closes "
            + "over \(accountsDeleveraged) accounts, \(positionsAfter) positions left, "
            + "\(liquidations) trades of liquidations by the exchange, \(ruined) accounts at or "
            + "below nothing, lowest equity \(lowestEquity), highest margin ratio "
            + "\(highestRatio.down(to: Ratio(units: 1_000_000_000)))"
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
        crash()
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

    private func crash() {
        let steps = 240
        let starts = venue.desk.markets.map(\.mark)
        for step in 1...Int64(steps) {
            let left = Ratio.one - Ratio(units: 300_000_000_000 * Int128(step) / Int128(steps))
            movePrices(by: left, from: starts)
            time.run(until: time.now + .milliseconds(250))
        }
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
        var commands: Set<String> = []
        for entry in data.streams[keys.decisions] ?? [] {
            let fields = Dictionary(entry.fields, uniquingKeysWith: { first, _ in first })
            guard fields["kind"] == DecisionKind.deleverage.rawValue else { continue }
            commands.insert(fields["command"] ?? "")
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

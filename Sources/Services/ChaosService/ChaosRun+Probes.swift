import BusProtocol
import Chronology
import Reactor
import RedisLink
import Trading

/// What must hold while a process stays away.
extension ChaosRun {
    /// How long each stays away: until after the last look.
    static let riskAway = Interval.seconds(36)
    static let syncAway = Interval.seconds(25)

    /// risk-engine is gone: ten seconds later new risk is refused and what reduces passes, and thirty
    /// seconds later no snapshot is left (B5d, B2f).
    func watchDeadRisk(_ stage: ChaosStage, _ bus: ChaosBus) {
        look(after: .milliseconds(11_500), stage) { [self] isAway in
            await askForRisk(bus, isAway)
            await askForLess(bus)
        }
        look(after: .milliseconds(31_500), stage) { [self] isAway in
            for account in flow.accounts {
                let key = bus.keys.risk(account)
                let isThere = await bus.value(["EXISTS", key]) == .integer(1)
                guard isThere, isAway() else { continue }
                report.violations.append("a risk snapshot outlived its engine by 30 s: \(account)")
            }
            await askForRisk(bus, isAway)
        }
    }

    /// Looks once the time has passed, where risk-engine has been away all the while: it comes back early
    /// where it was struck again when it was away already.
    private func look(
        after pause: Interval, _ stage: ChaosStage,
        _ body: @escaping @LoopActor (@escaping @LoopActor () -> Bool) async -> Void
    ) {
        let starts = stage.starts(of: "risk-engine")
        let isAway = { @LoopActor in
            stage.pid(of: "risk-engine") == nil && stage.starts(of: "risk-engine") == starts
        }
        let timer = loop.timer {
            guard isAway() else { return }
            Task { @LoopActor in await body(isAway) }
        }
        timer.arm(after: pause)
        probes.append(timer)
    }

    /// Asks each account for a larger position. Answers take their time: one counts only where the engine
    /// is away still when it comes.
    private func askForRisk(_ bus: ChaosBus, _ isAway: @LoopActor () -> Bool) async {
        for account in flow.accounts {
            let (symbol, lots) = flow.symbols[0]
            let held = await held(account, symbol, bus)
            let body = [
                "account": account.name, "symbol": symbol.name, "type": "MARKET", "qty": lots[0],
                "side": (held.isNegative ? Side.sell : .buy).rawValue,
            ]
            let code = await probe(body, bus)
            guard isAway() else { return }
            if code == "ok" {
                report.violations.append("new risk was taken though risk-engine is away: \(account)")
            } else if ChaosRun.isRefusedForRisk(code) {
                report.refusedForRisk += 1
            }
        }
    }

    /// Asks for the close of a position, where there is one.
    private func askForLess(_ bus: ChaosBus) async {
        for member in await bus.texts(["SMEMBERS", bus.keys.books]).sorted() {
            guard let (account, symbol) = BusKeys.book(of: member), flow.accounts.contains(account)
            else { continue }
            let held = await held(account, symbol, bus)
            let body = [
                "account": account.name, "symbol": symbol.name, "type": "MARKET",
                "qty": held.magnitude.text, "reduce_only": "1",
                "side": (held.isNegative ? Side.buy : .sell).rawValue,
            ]
            let code = await probe(body, bus)
            if ChaosRun.isRefusedForRisk(code) {
                report.violations.append("a close was refused as new risk: \(member)")
            }
            return
        }
    }

    private func probe(_ body: [String: String], _ bus: ChaosBus) async -> String {
        probeNumber += 1
        return await bus.ask("probe-\(options.seed)-\(probeNumber)", .orderPlace, body).0
    }

    private func held(
        _ account: AccountID, _ symbol: Symbol, _ bus: ChaosBus
    ) async -> Quantity {
        let fields = await bus.fields(bus.keys.position(account, symbol))
        return fields["qty"].flatMap { Quantity(text: $0) } ?? .zero
    }

    private static func isRefusedForRisk(_ code: String) -> Bool {
        code == "risk_stale" || code == "risk_unknown"
    }
}

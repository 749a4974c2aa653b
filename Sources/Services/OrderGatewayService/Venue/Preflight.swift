import Bytes
import Chronology
import Reactor
import Runtime
import Throttles
import Trading
import VenueBudget
import VenueProtocol

/// Why this process must not start against this account; the text says how to mend it.
struct PreflightFailure: Error, CustomStringConvertible {
    let description: String
}

/// What must be true of the account before an order is sent (T9).
@LoopActor struct Preflight {
    let venue: VenueLink
    /// The leverage margin is computed with (`PMS_LEVERAGE`).
    let leverage: Int64
    /// Protective at the start: without a gateway nothing is cancelled or closed, so it comes back
    /// also in a minute in which the rest of the limits is spent.
    var lane = BudgetLane.protective

    /// A host whose clock is off by more tells times to people that are wrong by more.
    private static let mostOffset: Int64 = 60_000

    /// Returns nil when all is well, or why it is not known yet; throws what only a person can mend.
    func run() async throws(PreflightFailure) -> String? {
        guard await venue.synchronise() else { return "venue does not answer" }
        try checkClock()
        switch await venue.call(venue.dialect.exchangeInfo, lane) {
        case .success(let body):
            guard let info = try? venue.dialect.decodeExchangeInfo(body.rawSpan) else {
                return "exchangeInfo unreadable"
            }
            venue.budget.announced(info.rateLimits)
        case let answer: return try problem(answer, "exchangeInfo")
        }
        switch venue.kind {
        case .binanceFutures:
            if let problem = try await checkAccount() { return problem }
            return try await checkSymbols()
        case .binanceSpot, .mexcSpot: return try await checkSpot()
        }
    }

    /// What people may change at the venue while this runs: modes, leverage, margin type, the key's
    /// rights. Nil when all is well, or why it is not known; throws what only a person can mend.
    func recheck() async throws(PreflightFailure) -> String? {
        switch venue.kind {
        case .binanceFutures:
            if let problem = try await checkAccount() { return problem }
            return try await checkSymbols()
        case .binanceSpot, .mexcSpot: return try await checkSpot()
        }
    }

    private func checkClock() throws(PreflightFailure) {
        let offset = venue.timestamp - venue.wallNow.milliseconds
        guard abs(offset) > Preflight.mostOffset else { return }
        throw PreflightFailure(
            description: "this host's clock is \(offset) ms behind the venue's (negative: ahead); "
                + "set it (chronyc makestep, or timedatectl set-ntp true) and start again")
    }

    private func checkAccount() async throws(PreflightFailure) -> String? {
        let answer = await venue.call(BinanceFutures.accountConfig, lane)
        guard case .success(let body) = answer else { return try problem(answer, "account") }
        guard let config = try? BinanceFutures.decodeAccountConfig(body.rawSpan) else {
            return "account configuration unreadable"
        }
        try Preflight.check(config)
        return nil
    }

    /// Throws where the account is in a mode that the books cannot follow.
    static func check(_ config: FuturesAccountConfig) throws(PreflightFailure) {
        if config.isHedge {
            throw PreflightFailure(
                description: "the account is in hedge mode; switch it to one-way mode "
                    + "(POST /fapi/v1/positionSide/dual dualSidePosition=false) and start again")
        }
        if config.isMultiAssets {
            throw PreflightFailure(
                description: "the account is in multi-assets mode; switch it to single-asset "
                    + "mode (POST /fapi/v1/multiAssetsMargin multiAssetsMargin=false) and "
                    + "start again")
        }
        if !config.canTrade {
            throw PreflightFailure(
                description: "the account may not trade; enable futures trading for it at the "
                    + "venue and start again")
        }
    }

    private func checkSymbols() async throws(PreflightFailure) -> String? {
        let answer = await venue.call(BinanceFutures.symbolConfig, lane)
        guard case .success(let body) = answer else { return try problem(answer, "symbols") }
        guard let configs = try? BinanceFutures.decodeSymbolConfig(body.rawSpan) else {
            return "symbol configuration unreadable"
        }
        try Preflight.check(configs, leverage: leverage)
        return nil
    }

    /// Throws where the venue would ask for more margin than the books set aside, or set a position's
    /// margin apart from the account's.
    static func check(
        _ configs: [FuturesSymbolConfig], leverage: Int64
    ) throws(PreflightFailure) {
        let isolated = configs.filter(\.isIsolated).map(\.symbol)
        if !isolated.isEmpty {
            throw PreflightFailure(
                description: "isolated margin is set for \(list(isolated)); switch to cross margin "
                    + "(POST /fapi/v1/marginType symbol=\(isolated[0]) marginType=CROSSED) and "
                    + "start again")
        }
        let low = configs.filter { $0.leverage < leverage }
        if let first = low.first {
            throw PreflightFailure(
                description: "PMS_LEVERAGE is \(leverage), and the venue's leverage is lower for "
                    + "\(list(low.map(\.symbol))) (\(first.symbol): \(first.leverage)); raise it "
                    + "(POST /fapi/v1/leverage symbol=\(first.symbol) leverage=\(leverage)) or "
                    + "set PMS_LEVERAGE=\(low.map(\.leverage).min() ?? 1), and start again")
        }
    }

    /// The first few of some symbols.
    private static func list(_ symbols: [Symbol]) -> String {
        let names = symbols.sorted().map(\.name)
        let shown = names.prefix(5).joined(separator: ", ")
        return names.count > 5 ? "\(shown) and \(names.count - 5) more" : shown
    }

    private func checkSpot() async throws(PreflightFailure) -> String? {
        let answer = await venue.call(venue.dialect.account, lane)
        guard case .success(let body) = answer else { return try problem(answer, "account") }
        guard (try? venue.dialect.decodeHoldings(body.rawSpan)) != nil else {
            return "account unreadable"
        }
        return nil
    }

    private func problem(
        _ answer: VenueAnswer, _ what: String
    ) throws(PreflightFailure) -> String {
        if case .failure(.unauthorized(let error)) = answer {
            throw PreflightFailure(
                description: "the venue refuses the key (\(error)); set PMS_API_KEY and "
                    + "PMS_API_SECRET to a key that may trade")
        }
        return "\(what): \(answer.text)"
    }
}

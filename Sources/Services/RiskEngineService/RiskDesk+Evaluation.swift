import BusProtocol
import Chronology
import Margin
import Throttles
package import Trading

/// How an account is valued.
extension RiskDesk {
    func tickReceived(
        _ symbol: Symbol, _ tick: Tick, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard symbols[symbol] != nil else { return }
        symbols[symbol]?.markReceived(
            tick.mark, timeMilliseconds: tick.markTime, now: now, wall: wall)
        followMark(index.contract(of: symbol), symbols[symbol]?.mark ?? .zero, now)
        guard case .following(isLive: true) = phase else { return }
        evaluateDue(now, wall, &out)
    }

    /// Values an account and writes its snapshot; one whose records could not be read gets none.
    /// - Parameter isTick: nothing but a mark, or time, has changed since the last time.
    func evaluate(
        _ account: AccountID, isTick: Bool = false, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard case .following(isLive: true) = phase, let mirror = accounts[account] else { return }
        var isHeldBack = false
        defer { gridEvaluated(account, now, isHeldBack: isHeldBack) }
        if mirror.problem != nil { return }
        var valuation = Valuation(room: mirror.heldSymbols.count)
        for symbol in mirror.heldSymbols {
            guard let held = mirror.positions[symbol] else { continue }
            let known = symbols[symbol] ?? SymbolMirror()
            guard valuation.add(symbol, held, known, isStale: known.isStale(now: now)) else {
                let problem = "position cannot be valued: \(symbol)"
                accounts[account]?.problem = problem
                alert("account_unreadable", problem, ["account": account.name], wall, &out)
                return
            }
        }
        let assessment = MarginAssessment(
            wallet: mirror.wallet, positions: valuation.positions, leverage: leverage)
        let tier = settleTier(
            account, mirror.tier, assessment, isStale: valuation.isStale, wall, &out)
        if !isTick || tier != mirror.tier || isWritingDue(mirror, now) {
            let whole = isTick ? RiskLimits.wholeSnapshot : RiskLimits.wholeChange
            save(
                record(account, tier, assessment, valuation, wall), mirror, wholeAfter: whole, now,
                &out)
        } else {
            isHeldBack = true
        }
        if !valuation.isStale, !valuation.isBracketDefault {
            judge(account, assessment, valuation.symbols, now, wall, &out)
        }
    }

    /// Whether a snapshot that a tick alone made is written.
    private func isWritingDue(_ mirror: AccountMirror, _ now: Instant) -> Bool {
        if now - mirror.savedAt >= RiskLimits.snapshotAge { return true }
        var bucket =
            allowance
            ?? TokenBucket(
                capacity: RiskLimits.snapshotsPerSecond, refillTime: .seconds(1), now: now)
        defer { allowance = bucket }
        return bucket.take(1, now: now)
    }

    private func save(
        _ record: RiskRecord, _ mirror: AccountMirror, wholeAfter: Interval, _ now: Instant,
        _ out: inout [RiskAction]
    ) {
        var earlier: RiskRecord?
        if let written = mirror.written, now - mirror.wholeAt < wholeAfter,
            record.hasSymbols(of: written)
        {
            earlier = written
        }
        // Two that write over each other would leave half of each.
        let isWritten = fence != nil
        accounts[record.account]?.saved(record, now, isWhole: isWritten && earlier == nil)
        guard isWritten else { return }
        out.append(.save(record, changedFrom: earlier))
    }

    /// A snapshot could not be given to Redis: the next one is written as a whole.
    package func snapshotRefused(_ account: AccountID) {
        accounts[account]?.wholeAt = .distantPast
    }

    /// The tier after an evaluation: that of the margin ratio, unless a mark is stale. The `external`
    /// book has no money of its own, so its ratio says nothing.
    private func settleTier(
        _ account: AccountID, _ before: MarginTier, _ assessment: MarginAssessment, isStale: Bool,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) -> MarginTier {
        let tier = account == .external ? .calm : isStale ? before : assessment.tier
        if tier == before { return tier }
        accounts[account]?.tier = tier
        let ratio = assessment.marginRatio
        tierChanged(account, assessment, wall, &out)
        alert(
            "margin_tier", "margin tier of \(account): \(before.rawValue) to \(tier.rawValue)",
            [
                "account": account.name, "tier": "\(tier.rawValue)",
                "before": "\(before.rawValue)", "margin_ratio": ratio.text,
            ], wall, &out)
        return tier
    }

    private func record(
        _ account: AccountID, _ tier: MarginTier, _ assessment: MarginAssessment,
        _ valuation: Valuation, _ wall: WallTime
    ) -> RiskRecord {
        var record = RiskRecord(
            account: account, wallet: assessment.wallet, equity: assessment.equity,
            unrealised: assessment.unrealised, maintenance: assessment.maintenance,
            initial: assessment.initial, available: assessment.available,
            marginRatio: assessment.marginRatio, tier: tier.rawValue,
            accountMove: assessment.liquidationMove().nearest, isPriceStale: valuation.isStale,
            ledgerSequence: ledgerSequence, positions: [], stamp: stamp(wall))
        record.isBracketDefault = valuation.isBracketDefault
        record.positions = valuation.symbols.indices.map { index in
            let position = assessment.positions[index]
            return RiskPosition(
                symbol: valuation.symbols[index], quantity: position.quantity,
                entryPrice: position.entryPrice, mark: valuation.marks[index],
                unrealised: position.unrealised, maintenance: position.maintenance,
                liquidationPrice: assessment.liquidationPrice(at: index).price)
        }
        return record
    }
}

/// The positions of one account as they are gathered for an assessment.
private struct Valuation {
    var symbols: [Symbol] = []
    var positions: [MarginPosition] = []
    /// As known: zero where there is none, and the entry price stands in for it.
    var marks: [Price] = []
    var isStale = false
    var isBracketDefault = false

    init(room: Int) {
        symbols.reserveCapacity(room)
        positions.reserveCapacity(room)
        marks.reserveCapacity(room)
    }

    /// False where the position is out of the range of money.
    mutating func add(
        _ symbol: Symbol, _ held: AccountMirror.Position, _ known: SymbolMirror, isStale: Bool
    ) -> Bool {
        let mark = known.mark.isZero ? held.entryPrice : known.mark
        let position = MarginPosition(
            quantity: held.quantity, entryPrice: held.entryPrice, mark: mark,
            brackets: known.brackets ?? .conservative)
        guard let position else { return false }
        symbols.append(symbol)
        positions.append(position)
        marks.append(known.mark)
        if isStale { self.isStale = true }
        if known.brackets == nil { isBracketDefault = true }
        return true
    }
}

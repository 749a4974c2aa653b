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
        guard let contract = mirror.contract(of: symbol), mirror.symbols[contract].isWatched else {
            return
        }
        mirror.symbols[contract].markReceived(
            tick.mark, timeMilliseconds: tick.markTime, now: now, wall: wall)
        followMark(contract, mirror.symbols[contract].mark, now)
        guard case .following(isLive: true) = phase else { return }
        evaluateDue(now, wall, &out)
    }

    /// Values an account and writes its snapshot; one whose records could not be read gets none.
    /// - Parameter isTick: nothing but a mark, or time, has changed since the last time.
    func evaluate(
        _ number: Int, isTick: Bool = false, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard case .following(isLive: true) = phase, mirror.accounts[number].isKnown else { return }
        var isHeldBack = false
        defer { gridEvaluated(number, now, isHeldBack: isHeldBack) }
        mirror.accounts[number].isChanged = false
        if mirror.accounts[number].problem != nil { return }
        guard let valuation = valued(number, now, wall, &out) else { return }
        let assessment = MarginAssessment(
            wallet: mirror.accounts[number].wallet, positions: valuation.positions,
            leverage: leverage)
        let before = mirror.accounts[number].tier
        let tier = settleTier(number, before, assessment, isStale: valuation.isStale, wall, &out)
        if !isTick || tier != before || isWritingDue(number, now) {
            let whole = isTick ? RiskLimits.wholeSnapshot : RiskLimits.wholeChange
            save(
                record(number, tier, assessment, valuation, wall), number, wholeAfter: whole, now,
                &out)
        } else {
            isHeldBack = true
        }
        if !valuation.isStale, !valuation.isBracketDefault {
            judge(number, assessment, valuation.contracts, now, wall, &out)
        }
    }

    /// An account's positions at their marks; nil where one is out of the range of money.
    private func valued(
        _ number: Int, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) -> Valuation? {
        let positions = mirror.accounts[number].positions
        var valuation = Valuation(room: positions.count)
        for held in positions {
            let contract = Int(held.contract)
            guard
                valuation.add(
                    held, mark: mirror.symbols[contract].mark,
                    mirror.symbols[contract].brackets,
                    isStale: mirror.symbols[contract].isStale(now: now))
            else {
                let problem = "position cannot be valued: \(mirror.symbols[contract].symbol)"
                mirror.accounts[number].problem = problem
                problemCount += 1
                alert(
                    "account_unreadable", problem, ["account": mirror.accounts[number].name.name],
                    wall, &out)
                return nil
            }
        }
        return valuation
    }

    /// Whether a snapshot that a tick alone made is written.
    private func isWritingDue(_ number: Int, _ now: Instant) -> Bool {
        if now - mirror.accounts[number].savedAt >= RiskLimits.snapshotAge { return true }
        var bucket =
            allowance
            ?? TokenBucket(
                capacity: RiskLimits.snapshotsPerSecond, refillTime: .seconds(1), now: now)
        defer { allowance = bucket }
        return bucket.take(1, now: now)
    }

    private func save(
        _ record: RiskRecord, _ number: Int, wholeAfter: Interval, _ now: Instant,
        _ out: inout [RiskAction]
    ) {
        var earlier: RiskRecord?
        if let written = mirror.accounts[number].written,
            now - mirror.accounts[number].wholeAt < wholeAfter, record.hasSymbols(of: written)
        {
            earlier = written
        }
        // Two that write over each other would leave half of each.
        let isWritten = fence != nil
        mirror.accounts[number].saved(record, now, isWhole: isWritten && earlier == nil)
        guard isWritten else { return }
        out.append(.save(record, changedFrom: earlier))
    }

    /// A snapshot could not be given to Redis: the next one is written as a whole.
    package func snapshotRefused(_ account: AccountID) {
        guard let number = mirror.number(of: account) else { return }
        mirror.accounts[number].wholeAt = .distantPast
    }

    /// The tier after an evaluation: that of the margin ratio, unless a mark is stale. The `external`
    /// book has no money of its own, so its ratio says nothing.
    private func settleTier(
        _ number: Int, _ before: MarginTier, _ assessment: MarginAssessment, isStale: Bool,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) -> MarginTier {
        let account = mirror.accounts[number].name
        let tier = account == .external ? .calm : isStale ? before : assessment.tier
        if tier == before { return tier }
        mirror.accounts[number].tier = tier
        let ratio = assessment.marginRatio
        tierChanged(number, assessment, wall, &out)
        alert(
            "margin_tier", "margin tier of \(account): \(before.rawValue) to \(tier.rawValue)",
            [
                "account": account.name, "tier": "\(tier.rawValue)",
                "before": "\(before.rawValue)", "margin_ratio": ratio.text,
            ], wall, &out)
        return tier
    }

    private func record(
        _ number: Int, _ tier: MarginTier, _ assessment: MarginAssessment,
        _ valuation: Valuation, _ wall: WallTime
    ) -> RiskRecord {
        var record = RiskRecord(
            account: mirror.accounts[number].name, wallet: assessment.wallet,
            equity: assessment.equity, unrealised: assessment.unrealised,
            maintenance: assessment.maintenance, initial: assessment.initial,
            available: assessment.available, marginRatio: assessment.marginRatio,
            tier: tier.rawValue, accountMove: assessment.liquidationMove().nearest,
            isPriceStale: valuation.isStale, ledgerSequence: ledgerSequence, positions: [],
            stamp: stamp(wall))
        record.isBracketDefault = valuation.isBracketDefault
        // Without money of its own it is beyond every such price, which says nothing.
        let isExternal = record.account == .external
        if isExternal { record.accountMove = .zero }
        record.positions = valuation.positions.indices.map { index in
            let position = assessment.positions[index]
            return RiskPosition(
                symbol: mirror.symbols[valuation.contracts[index]].symbol,
                quantity: position.quantity, entryPrice: position.entryPrice,
                mark: valuation.marks[index], unrealised: position.unrealised,
                maintenance: position.maintenance,
                liquidationPrice: isExternal
                    ? .zero : assessment.liquidationPrice(at: index).price)
        }
        return record
    }
}

/// The positions of one account as they are gathered for an assessment.
private struct Valuation {
    var contracts: [Int] = []
    var positions: [MarginPosition] = []
    /// As known: zero where there is none, and the entry price stands in for it.
    var marks: [Price] = []
    var isStale = false
    var isBracketDefault = false

    init(room: Int) {
        contracts.reserveCapacity(room)
        positions.reserveCapacity(room)
        marks.reserveCapacity(room)
    }

    /// False where the position is out of the range of money.
    mutating func add(
        _ held: AccountMirror.Position, mark: Price, _ brackets: MaintenanceBrackets?,
        isStale: Bool
    ) -> Bool {
        let position = MarginPosition(
            quantity: held.quantity, entryPrice: held.entryPrice,
            mark: mark.isZero ? held.entryPrice : mark, brackets: brackets ?? .conservative)
        guard let position else { return false }
        contracts.append(Int(held.contract))
        positions.append(position)
        marks.append(mark)
        if isStale { self.isStale = true }
        if brackets == nil { isBracketDefault = true }
        return true
    }
}

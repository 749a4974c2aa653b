import BusProtocol
import Chronology
import Margin
import Orders
import Trading

/// How a decision of the machines becomes a record, a command, and an answer.
extension RiskDesk {
    /// The state of the machines of an account just read; what is known already is newer.
    func restore(_ account: inout AccountMirror, _ known: AccountMirror?, _ record: TierRecord?) {
        account.written = known?.written
        if let known, known.problem == nil, fence != nil, !isTakingOver {
            account.deleverage = known.deleverage
            account.breakers = known.breakers
            account.notice = known.notice
            account.decision = known.decision
        } else if let record {
            account.deleverage = Deleverage(
                restoring: record.step, phase: record.phase, closesAll: record.closesAll)
            account.breakers = Breakers(record.breakers)
            account.notice = record.notice
            account.decision = record.decision
        }
    }

    /// Lets the machines judge an account that was valued on fresh marks with its own brackets.
    func judge(
        _ account: AccountID, _ assessment: MarginAssessment, _ symbolsHeld: [Symbol],
        _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard fence != nil, !isTakingOver, account != .external, accounts[account] != nil else { return }
        accounts[account]?.assessed(assessment)
        var view = DeleverageView(
            marginRatio: assessment.marginRatio, positions: [], atMilliseconds: wall.milliseconds)
        // Of an account that is well, and was, the machine looks at the ratio alone.
        let isQuiet = accounts[account]?.deleverage.isQuiet == true && assessment.tier == .calm
        for (symbol, position) in zip(symbolsHeld, assessment.positions) where !isQuiet {
            let rules = symbols[symbol]?.instrument
            view.positions.append(
                DeleveragePosition(
                    symbol: symbol, quantity: position.quantity, maintenance: position.maintenance,
                    step: rules?.step ?? .zero, minimum: rules?.marketMinimumQuantity ?? .zero,
                    maximum: rules?.marketMaximumQuantity ?? .zero))
        }
        let action = accounts[account]?.deleverage.evaluated(view, now: now) ?? .nothing
        carryOut(action, account, result: "", now, wall, &out)
        guard let deposits = accounts[account]?.deposits else { return }
        let before = accounts[account]?.breakers.state
        let trips =
            accounts[account]?.breakers.evaluated(
                equity: assessment.equity, deposits: deposits, limits: breakerLimits, wall: wall)
            ?? []
        for trip in trips { tripped(trip, account, now, wall, &out) }
        // A new day or a new high is kept, so that a restart counts from it too.
        if trips.isEmpty, let state = accounts[account]?.breakers.state, state != before,
            breakerLimits != BreakerLimits()
        {
            save(account, [], wall, &out)
        }
    }

    func orderRejected(
        _ account: AccountID, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard fence != nil, !isTakingOver,
            let trip = accounts[account]?.breakers.orderRejected(limits: breakerLimits, now: now)
        else { return }
        tripped(trip, account, now, wall, &out)
    }

    /// What waits for an answer is asked again.
    func repeatUnanswered(
        _ account: AccountID, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard fence != nil, !isTakingOver else { return }
        let action = accounts[account]?.deleverage.timePassed(now: now) ?? .nothing
        carryOut(action, account, result: "", now, wall, &out)
        if let mirror = accounts[account], mirror.notice != nil,
            now - mirror.noticeSentAt > RiskLimits.commandRetry
        {
            sendNotice(account, now, wall, &out)
        }
    }

    // MARK: answers

    func tierSaved(
        _ account: AccountID, _ token: UInt64, _ outcome: TierSaveOutcome, _ now: Instant,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard fence != nil, !isTakingOver, let mirror = accounts[account] else { return }
        switch outcome {
        case .saved:
            guard mirror.savingToken == token else { return }
            let action = accounts[account]?.deleverage.saved(now: now) ?? .nothing
            carryOut(action, account, result: "", now, wall, &out)
            if mirror.notice != nil, mirror.noticeSentAt == .distantPast {
                sendNotice(account, now, wall, &out)
            }
        // A newer engine writes; the lease says when it is ours again.
        case .fenced: fence = nil
        case .failed(let reason):
            alert("risk_unsaved", reason, ["account": account.name], wall, &out)
        }
    }

    func replied(
        _ reply: Reply, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard fence != nil, !isTakingOver else { return }
        for account in accounts.keys.sorted() {
            guard let mirror = accounts[account] else { continue }
            if let notice = mirror.notice, notice.command(account) == reply.id {
                noticeAnswered(account, reply, wall, &out)
            }
            if let step = mirror.deleverage.step,
                TierRecord.command(account, step) == reply.id
            {
                let outcome = RiskDesk.outcome(of: reply)
                let action =
                    accounts[account]?.deleverage.answered(step.number, outcome, now: now)
                    ?? .nothing
                carryOut(action, account, result: RiskDesk.text(outcome), now, wall, &out)
                // Another may be due at once.
                if action != .nothing { evaluate(account, now, wall, &out) }
            }
        }
    }

    /// What a reply says of a step. Only what is certain ends it: the gateway's order is over, or
    /// was refused for a reason that will not pass by itself.
    static func outcome(of reply: Reply) -> DeleverageOutcome {
        let order = try? OrderRecord(fields: reply.body)
        if let order, OrderStateName(rawValue: order.status)?.isFinal == true {
            let isRefused = order.executed.isZero && !reply.isOK
            return isRefused ? .rejected(code: reply.code) : .ended(executed: order.executed)
        }
        if reply.isOK || order != nil { return .unknown }
        let code = RefusalCode.allCases.first { $0.description == reply.code }
        switch code {
        case .notReady, .deadlinePassed, .redisDown, .leaseLost, .queueFull, .outcomeUnknown,
            .venueBusy, .orderUnsettled, .orderRateLimit, .orderCountLimit, nil:
            return .unknown
        case _: return .rejected(code: reply.code)
        }
    }

    private static func text(_ outcome: DeleverageOutcome) -> String {
        switch outcome {
        case .ended(let executed): "executed \(executed)"
        case .rejected(let code): "refused: \(code)"
        case .unknown: "unknown"
        }
    }

    private func noticeAnswered(
        _ account: AccountID, _ reply: Reply, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        let isGone = reply.code == RefusalCode.accountUnknown.description
        guard reply.isOK || isGone else { return }
        accounts[account]?.notice = nil
        save(account, [], wall, &out)
    }

    // MARK: carrying out

    private func carryOut(
        _ action: Deleverage.Action, _ account: AccountID, result: String, _ now: Instant,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let mirror = accounts[account] else { return }
        switch action {
        case .nothing: return
        case .save:
            let isNew = mirror.deleverage.phase == .saving
            guard let step = mirror.deleverage.step, isNew || !result.isEmpty else {
                return save(account, [], wall, &out)
            }
            accounts[account]?.decision = "\(step.number):\(isNew ? "decided" : "ended")"
            var entry = decision(isNew ? .deleverage : .outcome, account, wall)
            entry.step = step
            entry.command = TierRecord.command(account, step)
            entry.result = result
            save(account, [entry], wall, &out)
        case .send(let step):
            out.append(
                .command(
                    TierRecord.command(account, step), .orderPlace,
                    OrderPlaceBody(
                        account: account, symbol: step.symbol, side: step.side, type: .market,
                        quantity: step.quantity, isReduceOnly: true, origin: .risk
                    ).body))
        case .stuck(let tier):
            alert(
                "deleverage_stuck",
                "\(account) is in margin tier \(tier.rawValue), and no position can be closed now",
                ["account": account.name, "tier": "\(tier.rawValue)"], wall, &out)
        }
    }

    private func tripped(
        _ trip: Breakers.Trip, _ account: AccountID, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        let notice = TierRecord.Notice(
            breaker: trip.breaker, value: trip.value, limit: trip.limit,
            atMilliseconds: wall.milliseconds)
        accounts[account]?.notice = notice
        accounts[account]?.noticeSentAt = .distantPast
        accounts[account]?.decision = "\(trip.breaker.rawValue):\(wall.milliseconds)"
        var entry = decision(.breaker, account, wall)
        entry.command = notice.command(account)
        entry.result = "\(trip.breaker.rawValue) \(trip.value), limit \(trip.limit)"
        alert("breaker", "\(account): \(entry.result)", ["account": account.name], wall, &out)
        save(account, [entry], wall, &out)
    }

    private func sendNotice(
        _ account: AccountID, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let notice = accounts[account]?.notice else { return }
        accounts[account]?.noticeSentAt = now
        let why = "breaker \(notice.breaker.rawValue): \(notice.value), limit \(notice.limit)"
        out.append(
            .command(
                notice.command(account), .stateSet,
                StateSetBody(state: .reducing, account: account, why: why, isTightening: true)
                    .body))
    }

    private func decision(
        _ kind: DecisionKind, _ account: AccountID, _ wall: WallTime
    ) -> DecisionEntry {
        let mirror = accounts[account] ?? AccountMirror()
        var entry = DecisionEntry(
            kind: kind, account: account, tier: mirror.tier, marginRatio: mirror.lastRatio,
            atMilliseconds: wall.milliseconds, writer: writer)
        entry.equity = mirror.lastEquity
        entry.maintenance = mirror.lastMaintenance
        entry.ledgerSequence = ledgerSequence
        entry.marks = mirror.heldSymbols.map { symbol in
            let known = symbols[symbol] ?? SymbolMirror()
            return "\(symbol)=\(known.mark)@\(known.markTime)"
        }.joined(separator: " ")
        return entry
    }

    /// Saves an account's tier record under the fence, with what is to be journalled.
    func save(
        _ account: AccountID, _ decisions: [DecisionEntry], _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        guard let fence, let mirror = accounts[account] else { return }
        var record = TierRecord(
            account: account, tier: mirror.tier, marginRatio: mirror.lastRatio, stamp: stamp(wall))
        record.step = mirror.deleverage.step
        record.phase = mirror.deleverage.phase
        record.closesAll = mirror.deleverage.closesAll
        record.breakers = mirror.breakers.state
        record.notice = mirror.notice
        record.decision = mirror.decision
        saveToken += 1
        accounts[account]?.savingToken = saveToken
        out.append(.saveTier(record, decisions, token: saveToken, fence: fence))
    }

    /// Journals a change of tier; the machines' own decisions follow it.
    func tierChanged(
        _ account: AccountID, _ assessment: MarginAssessment, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        accounts[account]?.assessed(assessment)
        guard let tier = accounts[account]?.tier else { return }
        accounts[account]?.decision = "tier \(tier.rawValue):\(wall.milliseconds)"
        save(account, [decision(.tier, account, wall)], wall, &out)
    }
}

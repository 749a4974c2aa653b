import BusProtocol
import Chronology
import Margin
import Orders
import Trading

/// How a decision of the machines becomes a record, a command, and an answer.
extension RiskDesk {
    /// The state of the machines of an account just read; what is known already is newer.
    func restore(_ load: RiskLoad.Account) {
        if let known = mirror.number(of: load.id), mirror.accounts[known].problem == nil, decides {
            mirror.accounts[known].measures?.noticeSentAt = .distantPast
            return
        }
        let place = mirror.taken(load.id)
        mirror.accounts[place].measures = load.tierRecord.flatMap { Measures($0) }
        mirror.accounts[place].breakers = Breakers(load.tierRecord?.breakers ?? Breakers.State())
    }

    /// Whether decisions are this engine's to make.
    private var decides: Bool { fence != nil && !isTakingOver }

    /// Lets the machines judge an account that was valued on fresh marks with its own brackets.
    func judge(
        _ number: Int, _ assessment: MarginAssessment, _ contracts: [Int], _ now: Instant,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard decides, mirror.accounts[number].name != .external else { return }
        mirror.accounts[number].assessed(assessment)
        judgeMargin(number, assessment, contracts, now, wall, &out)
        let before = mirror.accounts[number].breakers.state
        let deposits = mirror.accounts[number].deposits
        let trips = mirror.accounts[number].breakers.evaluated(
            equity: assessment.equity, deposits: deposits, limits: breakerLimits, wall: wall)
        for trip in trips { tripped(trip, number, now, wall, &out) }
        // A new day or a new high is kept, so that a restart counts from it too.
        if trips.isEmpty, mirror.accounts[number].breakers.state != before,
            breakerLimits != BreakerLimits()
        {
            save(number, [], wall, &out)
        }
    }

    private func judgeMargin(
        _ number: Int, _ assessment: MarginAssessment, _ contracts: [Int], _ now: Instant,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        let isCalm = assessment.tier == .calm
        // Of an account that is well, and was, there is nothing to be done.
        if isCalm, mirror.accounts[number].measures == nil { return }
        let measures = mirror.accounts[number].takeMeasures()
        var view = DeleverageView(
            marginRatio: assessment.marginRatio, positions: [], atMilliseconds: wall.milliseconds)
        if !isCalm || !measures.deleverage.isQuiet {
            view.positions = zip(contracts, assessment.positions).map { contract, position in
                let rules = mirror.symbols[contract].instrument
                return DeleveragePosition(
                    symbol: mirror.symbols[contract].symbol, quantity: position.quantity,
                    maintenance: position.maintenance, step: rules?.step ?? .zero,
                    minimum: rules?.marketMinimumQuantity ?? .zero,
                    maximum: rules?.marketMaximumQuantity ?? .zero)
            }
        }
        let action = measures.deleverage.evaluated(view, now: now)
        carryOut(action, number, result: "", now, wall, &out)
    }

    func orderRejected(
        _ account: AccountID, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard decides, let number = mirror.number(of: account),
            let trip = mirror.accounts[number].breakers.orderRejected(
                limits: breakerLimits, now: now)
        else { return }
        tripped(trip, number, now, wall, &out)
    }

    /// What waits for an answer is asked again.
    func repeatUnanswered(_ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]) {
        guard decides else { return }
        for number in mirror.accounts.indices {
            guard let measures = mirror.accounts[number].measures else { continue }
            let action = measures.deleverage.timePassed(now: now)
            carryOut(action, number, result: "", now, wall, &out)
            if measures.notice != nil, now - measures.noticeSentAt > RiskLimits.commandRetry {
                sendNotice(number, now, wall, &out)
            }
        }
    }

    // MARK: answers

    func tierSaved(
        _ account: AccountID, _ token: UInt64, _ outcome: TierSaveOutcome, _ now: Instant,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard decides, let number = mirror.number(of: account) else { return }
        switch outcome {
        case .saved:
            guard let measures = mirror.accounts[number].measures, measures.savingToken == token
            else { return }
            let action = measures.deleverage.saved(now: now)
            carryOut(action, number, result: "", now, wall, &out)
            if measures.notice != nil, measures.noticeSentAt == .distantPast {
                sendNotice(number, now, wall, &out)
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
        guard decides, let account = TierRecord.account(ofCommand: reply.id),
            let number = mirror.number(of: account),
            let measures = mirror.accounts[number].measures
        else { return }
        if let notice = measures.notice, notice.command(account) == reply.id {
            noticeAnswered(number, reply, wall, &out)
        }
        guard let step = measures.deleverage.step, TierRecord.command(account, step) == reply.id
        else { return }
        let outcome = RiskDesk.outcome(of: reply)
        let action = measures.deleverage.answered(step.number, outcome, now: now)
        carryOut(action, number, result: RiskDesk.text(outcome), now, wall, &out)
        // Another may be due at once.
        if action != .nothing { evaluate(number, now, wall, &out) }
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
        _ number: Int, _ reply: Reply, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        let isGone = reply.code == RefusalCode.accountUnknown.description
        guard reply.isOK || isGone else { return }
        mirror.accounts[number].measures?.notice = nil
        save(number, [], wall, &out)
    }

    // MARK: carrying out

    private func carryOut(
        _ action: Deleverage.Action, _ number: Int, result: String, _ now: Instant,
        _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let measures = mirror.accounts[number].measures else { return }
        let account = mirror.accounts[number].name
        switch action {
        case .nothing: return
        case .save:
            let isNew = measures.deleverage.phase == .saving
            guard let step = measures.deleverage.step, isNew || !result.isEmpty else {
                return save(number, [], wall, &out)
            }
            measures.decision = "\(step.number):\(isNew ? "decided" : "ended")"
            var entry = decision(isNew ? .deleverage : .outcome, number, wall)
            entry.step = step
            entry.command = TierRecord.command(account, step)
            entry.result = result
            save(number, [entry], wall, &out)
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
        _ trip: Breakers.Trip, _ number: Int, _ now: Instant, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        let account = mirror.accounts[number].name
        let measures = mirror.accounts[number].takeMeasures()
        let notice = TierRecord.Notice(
            breaker: trip.breaker, value: trip.value, limit: trip.limit,
            atMilliseconds: wall.milliseconds)
        measures.notice = notice
        measures.noticeSentAt = .distantPast
        measures.decision = "\(trip.breaker.rawValue):\(wall.milliseconds)"
        var entry = decision(.breaker, number, wall)
        entry.command = notice.command(account)
        entry.result = "\(trip.breaker.rawValue) \(trip.value), limit \(trip.limit)"
        alert("breaker", "\(account): \(entry.result)", ["account": account.name], wall, &out)
        save(number, [entry], wall, &out)
    }

    private func sendNotice(
        _ number: Int, _ now: Instant, _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let measures = mirror.accounts[number].measures, let notice = measures.notice else {
            return
        }
        let account = mirror.accounts[number].name
        measures.noticeSentAt = now
        let why = "breaker \(notice.breaker.rawValue): \(notice.value), limit \(notice.limit)"
        out.append(
            .command(
                notice.command(account), .stateSet,
                StateSetBody(state: .reducing, account: account, why: why, isTightening: true)
                    .body))
    }

    private func decision(
        _ kind: DecisionKind, _ number: Int, _ wall: WallTime
    ) -> DecisionEntry {
        let account = mirror.accounts[number]
        var entry = DecisionEntry(
            kind: kind, account: account.name, tier: account.tier, marginRatio: account.lastRatio,
            atMilliseconds: wall.milliseconds, writer: writer)
        entry.equity = account.lastEquity
        entry.maintenance = account.lastMaintenance
        entry.ledgerSequence = ledgerSequence
        entry.marks = account.positions.map { held in
            let known = mirror.symbols[Int(held.contract)]
            return "\(known.symbol)=\(known.mark)@\(known.markTime)"
        }.joined(separator: " ")
        return entry
    }

    /// Saves an account's tier record under the fence, with what is to be journalled.
    func save(
        _ number: Int, _ decisions: [DecisionEntry], _ wall: WallTime, _ out: inout [RiskAction]
    ) {
        guard let fence else { return }
        let account = mirror.accounts[number]
        var record = TierRecord(
            account: account.name, tier: account.tier, marginRatio: account.lastRatio,
            stamp: stamp(wall))
        record.breakers = account.breakers.state
        saveToken += 1
        if let measures = account.measures {
            record.step = measures.deleverage.step
            record.phase = measures.deleverage.phase
            record.closesAll = measures.deleverage.closesAll
            record.notice = measures.notice
            record.decision = measures.decision
            measures.savingToken = saveToken
        }
        out.append(.saveTier(record, decisions, token: saveToken, fence: fence))
    }

    /// Journals a change of tier; the machines' own decisions follow it.
    func tierChanged(
        _ number: Int, _ assessment: MarginAssessment, _ wall: WallTime,
        _ out: inout [RiskAction]
    ) {
        mirror.accounts[number].assessed(assessment)
        let tier = mirror.accounts[number].tier.rawValue
        mirror.accounts[number].takeMeasures().decision = "tier \(tier):\(wall.milliseconds)"
        save(number, [decision(.tier, number, wall)], wall, &out)
    }
}

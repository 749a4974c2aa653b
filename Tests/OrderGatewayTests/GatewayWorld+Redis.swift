import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Redis: the scripts as plain code.
extension GatewayWorld {
    /// - Parameter isSilent: done, and the answer is lost.
    mutating func redis(_ action: GatewayAction, isDown: Bool, isSilent: Bool) -> GatewayEvent? {
        switch action {
        case .load(let generation, let known):
            if isDown || isSilent { return .loadFailed(generation: generation, "away") }
            return .loaded(generation: generation, snapshot(known))
        case .saveIntent(let record, let fence):
            let id = record.intent.clientOrderID
            if isDown { return .intentReplied(id, .refused) }
            let reply = saveIntent(record, fence)
            return .intentReplied(id, isSilent ? .unknown : reply)
        case .saveOrder(let record, let isDone, let fence, let token):
            let id = record.intent.clientOrderID
            if isDown { return .orderSaved(id, token: token, .refused) }
            let reply = saveOrder(record, isDone, fence)
            return .orderSaved(id, token: token, isSilent ? .unknown : reply)
        case .applyLedger(let command, let fence):
            if isDown { return .ledgerReplied(token: command.token, .refused) }
            let reply = apply(command, fence)
            return .ledgerReplied(token: command.token, isSilent ? .unknown : reply)
        case .applyShared(let command, _):
            // No stranger trades in this world.
            return .sharedReplied(token: command.token, .refused)
        case .saveAccount(let record, _, let request):
            if isDown { return .accountSaved(request: request, .refused) }
            accountRecords.append(record)
            return .accountSaved(request: request, .saved)
        case .saveState(let record, let account, _, let request):
            if isDown { return .stateSaved(request: request, .refused) }
            states[account?.name ?? ""] = record
            return .stateSaved(request: request, .saved)
        case .saveAlgo(let record, let isOver, let fence, let token):
            if isDown || refusesAlgos { return .algoSaved(record.id, token: token, .refused) }
            let reply = saveAlgo(record, isOver, fence)
            return .algoSaved(record.id, token: token, isSilent ? .unknown : reply)
        case .readFacts(let id, _, _):
            return .factsRead(id, isDown ? nil : facts)
        case .readOrder(let id):
            if isDown { return .orderRead(id, .failed) }
            return .orderRead(id, records[id].map { .found($0) } ?? .missing)
        case .readIDs(let number):
            if isDown || isSilent { return .idsRead(number, nil) }
            return .idsRead(number, IDPage(records.keys.sorted(), isLast: true))
        case .readOwner(let lease):
            guard !isDown, !isSilent else { return .ownerRead(lease: lease, .failed) }
            guard let owner, owner.until > now else { return .ownerRead(lease: lease, .free) }
            let left = owner.until - now
            return .ownerRead(lease: lease, .held(fence: owner.fence, left: left))
        case .readBooks(let symbol, _):
            return .booksRead(symbol, askedAt: now, isDown ? nil : positions)
        case .reply, .alert, .send, .cancel, .cancelStranger, .amend, .queryOrder, .queryOpenOrders,
            .queryTrades, .queryRecentOrders, .verifyHalt, .queryHoldings, .queryPositions,
            .openStream, .surrenderLease, .wake, .journal, .journalSettled, .saveHoldings, .watchTicks:
            return nil
        }
    }

    /// What the desk is told of a write of which nothing is known; nil for anything else.
    func unknown(_ action: GatewayAction) -> GatewayEvent? {
        switch action {
        case .saveIntent(let record, _): .intentReplied(record.intent.clientOrderID, .unknown)
        case .saveOrder(let record, _, _, let token):
            .orderSaved(record.intent.clientOrderID, token: token, .unknown)
        case .applyLedger(let command, _): .ledgerReplied(token: command.token, .unknown)
        case .saveAlgo(let record, _, _, let token):
            .algoSaved(record.id, token: token, .unknown)
        case _: nil
        }
    }

    var facts: MarketFacts {
        MarketFacts(
            price: PriceFacts(bid: .whole(99), ask: .whole(101), mark: .whole(100), at: wall),
            risk: RiskFacts(available: .whole(1_000_000), at: wall), riskSequence: .max,
            instrument: Instrument(
                symbol: GatewayWorld.symbol, status: .trading, base: "BTC", quote: "USDT",
                tick: .one, step: .one))
    }

    private func snapshot(_ known: [ClientOrderID]) -> GatewaySnapshot {
        var snapshot = GatewaySnapshot()
        snapshot.accounts = accountRecords
        if knowsInstrument { snapshot.instruments = [facts.instrument].compactMap { $0 } }
        snapshot.damagedAlgos = damaged
        snapshot.balances = balances
        snapshot.positions = positions.mapValues { [GatewayWorld.symbol: $0] }
        snapshot.venueState = states[""]
        snapshot.openOrders = open.sorted().compactMap { records[$0] }
        snapshot.closedOrders = known.filter { !open.contains($0) }.compactMap { records[$0] }
        snapshot.newestMilliseconds = newestMilliseconds
        snapshot.algos = running.sorted().compactMap { algoRecords[$0] }
        snapshot.appliedTrades = [GatewayWorld.symbol: Array(applied.suffix(500))]
        return snapshot
    }

    private mutating func saveAlgo(
        _ record: AlgoRecord, _ isOver: Bool, _ fence: Int64
    ) -> SaveReply {
        if fence < newestFence { return .fenced }
        if let kept = algoRecords[record.id] {
            if kept.startedMilliseconds != record.startedMilliseconds { return .exists(nil) }
            if !isOver, ["done", "failed"].contains(kept.status) { return .exists(nil) }
            if kept.revision > record.revision { return .saved }
        }
        algoRecords[record.id] = record
        if isOver { running.remove(record.id) } else { running.insert(record.id) }
        return .saved
    }

    private mutating func saveIntent(_ record: OrderRecord, _ fence: Int64) -> SaveReply {
        if fence < newestFence { return .fenced }
        let id = record.intent.clientOrderID
        if let found = records[id] { return .exists(found) }
        if remains[id] != nil { return .wrong("it holds what was booked, and nothing else") }
        records[id] = record
        newestMilliseconds = record.stamp.atMilliseconds
        open.insert(id)
        return .saved
    }

    private mutating func saveOrder(
        _ record: OrderRecord, _ isDone: Bool, _ fence: Int64
    ) -> SaveReply {
        if fence < newestFence { return .fenced }
        let id = record.intent.clientOrderID
        var saved = record
        if let found = records[id] {
            if found.revision > record.revision { return .saved }
            saved.executed = found.executed
            saved.executedNotional = found.executedNotional
            saved.fees = found.fees
            saved.feeAsset = found.feeAsset
            saved.otherFees = found.otherFees
            saved.tradeIDs = found.tradeIDs
            saved.bookedAtMark = found.bookedAtMark
        } else if let booked = remains.removeValue(forKey: id) {
            book(booked, in: &saved)
        }
        records[id] = saved
        newestMilliseconds = record.stamp.atMilliseconds
        if isDone { open.remove(id) } else { open.insert(id) }
        return .saved
    }

    private mutating func apply(_ command: LedgerCommand, _ fence: Int64) -> LedgerReply {
        if fence < newestFence { return .fenced }
        let change = command.change
        let found = command.order.flatMap {
            records[$0.id].map { OrderTotals($0) } ?? remains[$0.id]
        }
        let snapshot = LedgerSnapshot(
            position: change.symbol == nil ? nil : positions[change.account] ?? Position(),
            balance: balances[change.account] ?? BookBalance(), order: found)
        if appliedIdentities.contains(change.identity) { return .duplicate(snapshot) }
        if struckOut.contains(change.identity) { return .conflict(snapshot) }
        if command.positionBefore == LedgerCommand.question { struckOut.insert(change.identity) }
        let isCurrent =
            (snapshot.position?.version ?? 0) == command.positionBefore
            && snapshot.balance.version == command.balanceBefore
            && (found == nil || found?.executed == command.order?.before.executed)
        guard isCurrent else { return .conflict(snapshot) }
        appliedIdentities.insert(change.identity)
        if case .fill(let fill, _) = change.subject { applied.append(fill.leg) }
        balances[change.account] = command.balance
        if change.symbol != nil { positions[change.account] = command.position }
        if let part = command.order, var record = records[part.id] {
            book(part.after, in: &record)
            records[part.id] = record
        } else if let part = command.order {
            remains[part.id] = part.after
        }
        return .applied(sequence: Int64(appliedIdentities.count))
    }

    private func book(_ totals: OrderTotals, in record: inout OrderRecord) {
        record.executed = totals.executed
        record.executedNotional = totals.notional
        record.fees = totals.fees
        record.feeAsset = totals.feeAsset
        record.otherFees = totals.otherFees
        record.tradeIDs = totals.tradeIDs
        record.bookedAtMark = totals.bookedAtMark
    }
}

import Algorithms
import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// What algorithms want of the desk, and what becomes of their orders.
extension GatewayDesk {
    mutating func carryOut(_ wish: AlgoAction, _ id: String, _ turn: inout Turn) {
        switch wish {
        case .place: break
        case .cancel(let number): cancelChild(id, number, &turn)
        case .amend(let number, let price):
            guard let name = childName(id, number) else { return }
            guard orders[name] != nil else {
                algos.moved.insert(name)
                return
            }
            let moves = algos.all[id]?.machine?.progress.moved ?? 0
            ask(
                .orderAmend, "\(id):\(number):\(moves)",
                OrderAmendBody(order: name.text, quantity: nil, price: price).body, &turn)
        }
    }

    private mutating func cancelChild(_ id: String, _ number: Int64, _ turn: inout Turn) {
        if let index = algos.all[id]?.held.firstIndex(where: { $0.number == number }) {
            // It waits for its save: nobody has heard of it.
            if let count = algos.all[id]?.heldInFlight, index < count {
                algos.all[id]?.heldInFlight -= 1
            }
            algos.all[id]?.held.remove(at: index)
            return report(
                id, ChildReport(number: number, stage: .over(.cancelledBeforeSending)), turn.now)
        }
        guard let name = childName(id, number) else { return }
        guard orders[name] != nil else {
            algos.moved.insert(name)
            return
        }
        orders[name]?.replacement = nil
        takeBack(name, &turn)
    }

    /// Asks the desk itself for something, as from outside.
    private mutating func ask(
        _ kind: CommandKind, _ id: String, _ body: [String: String], _ turn: inout Turn
    ) {
        commandReceived(ownCommand(kind, id, body, turn), &turn)
    }

    private func ownCommand(
        _ kind: CommandKind, _ id: String, _ body: [String: String], _ turn: Turn
    ) -> Command {
        Command(
            id: id, from: AlgoHost.sender,
            deadlineMilliseconds: turn.wall.milliseconds + AlgoHost.patience.milliseconds,
            kind: kind.rawValue, body: body)
    }

    /// The client order id of an order in an algorithm's book.
    func childName(_ id: String, _ number: Int64) -> ClientOrderID? {
        guard let lot = algos.all[id]?.machine?.book.child(number)?.lot else { return nil }
        return childName(id, number, lot: lot)
    }

    /// The client order id that an algorithm's order has, or would have.
    func childName(_ id: String, _ number: Int64, lot: Int) -> ClientOrderID? {
        guard let account = algos.all[id]?.record.account, let code = accounts[account]?.code,
            let origin = childOrigin(id, lot: lot)
        else { return nil }
        return ClientOrderID.derive(
            account: code, origin: origin, intent: AlgoHost.request(id, number, lot: lot))
    }

    /// What closes is told apart by its name: it passes a halt (P7).
    private func childOrigin(_ id: String, lot: Int) -> OrderOrigin? {
        guard let name = algos.all[id]?.record.kind, let kind = AlgoKind(rawValue: name) else {
            return nil
        }
        return lot == algos.all[id]?.closingLot ? .flatten : kind.origin
    }

    /// The state is saved: the orders it names are placed.
    mutating func release(_ id: String, _ turn: inout Turn) {
        guard algos.all[id]?.heldInFlight ?? 0 > 0, let algo = algos.all[id] else { return }
        let ready = algo.held.prefix(algo.heldInFlight)
        algos.all[id]?.held.removeFirst(ready.count)
        algos.all[id]?.heldInFlight = 0
        for child in ready {
            let body = OrderPlaceBody(
                account: algo.record.account, symbol: algo.record.symbol, side: child.side,
                type: child.type, timeInForce: child.timeInForce, quantity: child.quantity,
                price: child.price, isReduceOnly: child.isReduceOnly,
                origin: childOrigin(id, lot: child.lot) ?? .flatten)
            let request = AlgoHost.request(id, child.number, lot: child.lot)
            orderWanted(body, ownCommand(.orderPlace, request, [:], turn), &turn)
        }
    }

    // MARK: reports

    /// An answer to what was asked of the desk: what matters is how the order stands now.
    mutating func replied(_ reply: Reply, _ turn: inout Turn) {
        let parts = reply.id.split(separator: ":")
        guard parts.count >= 2, let digits = parts[1].split(separator: ".").first,
            let number = Int64(digits)
        else { return }
        let id = String(parts[0])
        guard let name = childName(id, number) else { return }
        let code = RefusalCode.allCases.first { $0.description == reply.code }
        let isRefusal = !reply.isOK && parts.count == 2 && code != .outcomeUnknown
        guard mayAlgosAct, isRefusal, orders[name] == nil else {
            algos.moved.insert(name)
            return
        }
        // Refused before it was on record.
        let known = try? OrderRecord(fields: reply.body)
        report(id, overReport(number, code ?? .venueRejected, known), turn.now)
    }

    /// How an order ended that is not on the desk.
    func overReport(_ number: Int64, _ code: RefusalCode?, _ record: OrderRecord?) -> ChildReport {
        childReport(
            number, .over(code), price: nil, record?.intent.symbol,
            record.map { OrderTotals($0) } ?? OrderTotals())
    }

    mutating func orderMoved(_ name: ClientOrderID, _ turn: inout Turn) {
        guard let (id, number) = algos.owners[name] else { return }
        if let order = orders[name] { return tell(id, number, order, turn.now) }
        // It has left the desk untold, unless it has not come there yet: Redis says what became of it.
        guard let algo = algos.all[id], !algo.held.contains(where: { $0.number == number }) else {
            return
        }
        algos.all[id]?.lookups.insert(number)
        if !algo.isRecovering { lookUpChildren(id, &turn) }
    }

    /// Tells an algorithm how one of its orders stands.
    mutating func tell(_ id: String, _ number: Int64, _ order: WorkingOrder, _ now: Instant) {
        let report = childReport(number, order)
        let phase = algos.all[id]?.machine?.book.child(number)?.phase
        if report.stage == .working, phase == .cancelling {
            event(id) { $0.cancelRefused(number, now: now, &$1) }
        }
        self.report(id, report, now)
    }

    mutating func report(_ id: String, _ report: ChildReport, _ now: Instant) {
        var report = report
        if case .over(let code) = report.stage, let name = childName(id, report.number) {
            algos.owners[name] = nil
            if code == .reduceOnlyWouldIncrease {
                report.admitted = admitted(id, report.number, name)
            }
        }
        for index in report.others.indices {
            report.others[index].price = worth(of: report.others[index].asset, now)
        }
        event(id) { $0.reported(report, now: now, &$1) }
    }

    /// How much of the book's position an order of an algorithm would only reduce, beside all others that
    /// do.
    private func admitted(_ id: String, _ number: Int64, _ name: ClientOrderID) -> Quantity? {
        guard let algo = algos.all[id], let child = algo.machine?.book.child(number) else {
            return nil
        }
        let (account, symbol) = (algo.record.account, algo.record.symbol)
        let held = ledger.position(account, symbol).quantity
        guard held.signum == -child.side.signed(.one).signum else { return .zero }
        return held.magnitude - orders.reducing(account, symbol, child.side, but: name)
    }

    /// What one of another asset is worth in money. Its price is followed from the first fee in it on.
    private mutating func worth(of asset: String, _ now: Instant) -> Price? {
        guard let symbol = Symbol(asset + settings.settlementAsset), instruments[symbol] != nil
        else { return nil }
        return algos.worth(symbol, now)
    }

    /// How an order on the desk stands, as its algorithm is told.
    func childReport(_ number: Int64, _ order: WorkingOrder) -> ChildReport {
        let stage: ChildReport.Stage =
            switch order.life.name {
            case .intent, .sent: .pending
            case .unknown: .unknown
            case .pendingCancel: .cancelling
            case .pendingAmend: .amending
            case .open, .partiallyFilled:
                order.isAmending || order.nextAmend != nil ? .amending : .working
            case .filled, .cancelled, .rejected, .expired:
                order.life.isDone
                    ? .over(RefusalCode.allCases.first { $0.description == order.code })
                    : .cancelling
            }
        return childReport(
            number, stage, price: order.life.intent.price, order.symbol, order.totals)
    }

    /// What was booked at mark is closed as well as what was traded.
    private func childReport(
        _ number: Int64, _ stage: ChildReport.Stage, price: Price?, _ symbol: Symbol?,
        _ totals: OrderTotals
    ) -> ChildReport {
        let booked = totals.bookedAtMark ?? BookedAtMark()
        let fee = fee(of: totals, symbol)
        return ChildReport(
            number: number, stage: stage, price: price,
            executed: totals.executed + booked.quantity, notional: totals.notional + booked.value,
            fees: fee.money, kept: fee.kept, others: fee.others)
    }

    /// What an order's fees are in money, and the coins of its own that the venue kept for them (F8), as
    /// the ledger takes them out of the book; and what they are in any other asset.
    private func fee(
        of totals: OrderTotals, _ symbol: Symbol?
    ) -> (money: Money, kept: Quantity, others: [OtherFee]) {
        var sum = (money: Money.zero, kept: Quantity.zero, others: [OtherFee]())
        count(totals.fees, totals.feeAsset, of: totals, symbol, &sum)
        if totals.otherFees.isEmpty { return sum }
        for (asset, fee) in totals.otherFees.sorted(by: { $0.key < $1.key }) {
            count(fee, asset, of: totals, symbol, &sum)
        }
        return sum
    }

    private func count(
        _ fee: Money, _ asset: String, of totals: OrderTotals, _ symbol: Symbol?,
        _ sum: inout (money: Money, kept: Quantity, others: [OtherFee])
    ) {
        if asset.isEmpty || asset == settings.settlementAsset {
            sum.money += fee
            return
        }
        let amount = Quantity(units: fee.units)
        guard let symbol, !settings.capabilities.isMargined, totals.executed.isPositive,
            symbol.name == asset + settings.settlementAsset
        else { return sum.others.append(OtherFee(asset: asset, amount: amount)) }
        let average = totals.notional.divided(by: totals.executed, .nearestEven)
        sum.kept += amount
        sum.money += average.times(amount, .nearestEven)
    }

    /// What the venue's table says that makes a difference to an algorithm.
    var algoVenue: AlgoVenue {
        AlgoVenue(
            amends: settings.capabilities.amends, isMargined: settings.capabilities.isMargined,
            takesMarketBuys: settings.capabilities.marketBuyByQuantity)
    }
}

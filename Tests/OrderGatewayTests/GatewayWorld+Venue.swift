import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// The venue: rests, fills and reports, with lost answers and a reading side that lags.
extension GatewayWorld {
    mutating func venue(_ action: GatewayAction) -> [GatewayEvent] {
        switch action {
        case .send(let intent):
            return send(intent).map { [.sendAnswered(intent.clientOrderID, $0)] } ?? []
        case .cancel(let id, _): return [.cancelAnswered(id, cancel(id))]
        case .amend(let intent, let wanted):
            return [.amendAnswered(intent.clientOrderID, amend(intent.clientOrderID, wanted))]
        case .queryOrder(let id, _): return [.orderAnswered(id, askedAt: now, query(id))]
        case .cancelStranger(let name, _):
            if let id = ClientOrderID(name) { _ = cancel(id) }
            return []
        case .verifyHalt(let request):
            return [.haltVerified(request: request, chance(loss) ? nil : resting)]
        case .queryPositions:
            let list = [GatewayWorld.symbol: net]
            return [.positionsAnswered(askedAt: now, chance(loss) ? nil : list)]
        case .queryHoldings(let generation):
            let much = ["BTC", "USDT"].map {
                VenueHolding(asset: $0, free: .whole(1_000_000_000), locked: .zero)
            }
            return [.holdingsAnswered(generation: generation, much)]
        case .queryOpenOrders(let generation):
            let list = resting
            return [.openOrdersAnswered(generation: generation, chance(loss) ? nil : list)]
        case .queryTrades(let symbol, let fromID, let generation):
            let list = trades.filter { $0.tradeID >= fromID ?? 0 }.map { fill in
                var fill = fill
                fill.clientOrderID = ""
                return fill
            }
            return [.tradesAnswered(symbol, generation: generation, chance(loss) ? nil : list)]
        case .queryRecentOrders(let symbol, let since, let generation):
            let list = book.values.map(\.order).filter { $0.createdMilliseconds >= since }
                .sorted { $0.orderID < $1.orderID }
            return [
                .recentOrdersAnswered(symbol, generation: generation, chance(loss) ? nil : list)
            ]
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readOwner, .readIDs, .reply, .alert, .openStream,
            .surrenderLease, .wake, .journal, .journalSettled, .saveAlgo, .saveHoldings,
            .watchTicks:
            return []
        }
    }

    /// What all trades sum to.
    var net: Quantity { trades.reduce(.zero) { $0 + $1.side.signed($1.quantity) } }

    /// Open orders, oldest first.
    var resting: [VenueOrder] {
        book.values.filter { !$0.order.status.isFinal }.map(\.order)
            .sorted { $0.orderID < $1.orderID }
    }

    private mutating func send(_ intent: OrderIntent) -> SendOutcome? {
        let id = intent.clientOrderID
        if chance(loss) { return .unknown("lost on the way") }
        if let resting = book[id], !resting.order.status.isFinal { return .duplicate }
        if chance(5) { return .rejected(code: -2019, "Margin is insufficient.") }
        let delta = intent.side.signed(intent.quantity)
        if intent.isReduceOnly,
            net.signum != -delta.signum || delta.magnitude > net.magnitude
        {
            return .rejected(code: -2022, "ReduceOnly Order is rejected.")
        }
        made[id, default: 0] += 1
        nextOrderID += 1
        var order = VenueOrder(
            symbol: intent.symbol, orderID: nextOrderID, clientOrderID: id.text, side: intent.side,
            status: .new)
        order.quantity = intent.quantity
        order.type = intent.type.rawValue
        order.timeInForce = intent.timeInForce.rawValue
        order.price = intent.price ?? .zero
        order.isReduceOnly = intent.isReduceOnly
        order.createdMilliseconds = wall.milliseconds
        book[id] = Resting(order: order, createdAt: now)
        report(order, .new)
        if intent.type == .market {
            while book[id]?.order.status.isFinal == false { fill(id) }
        }
        if chance(loss) { return .unknown("answer lost") }
        return book[id].map { .accepted($0.order) }
    }

    private mutating func cancel(_ id: ClientOrderID) -> CancelOutcome {
        if chance(loss) { return .unknown }
        guard var resting = book[id], !resting.order.status.isFinal else { return .notFound }
        resting.order.status = .canceled
        book[id] = resting
        report(resting.order, .canceled)
        return chance(loss) ? .unknown : .accepted(resting.order)
    }

    private mutating func amend(_ id: ClientOrderID, _ wanted: Amendment) -> AmendOutcome {
        if chance(loss) { return .unknown }
        guard var resting = book[id], !resting.order.status.isFinal else { return .unknown }
        if chance(5) { return .rejected(code: -5024, "Symbol is not in trading status.") }
        if resting.order.executedQuantity >= wanted.quantity {
            // C7: the venue's own rule.
            resting.order.status = .canceled
            book[id] = resting
            report(resting.order, .canceled)
        } else {
            resting.order.quantity = wanted.quantity
            resting.order.price = wanted.price
            resting.order.updatedMilliseconds = wall.milliseconds
            book[id] = resting
            report(resting.order, .amendment)
        }
        return chance(loss) ? .unknown : .accepted(book[id]?.order ?? resting.order)
    }

    private mutating func query(_ id: ClientOrderID) -> QueryOutcome {
        if chance(loss) { return .failed }
        guard let resting = book[id] else { return .notFound }
        // S7, F4: the reading side may not know a young order yet.
        if now - resting.createdAt < .seconds(10), chance(30) { return .notFound }
        return .found(resting.order)
    }

    /// One trade of a resting order.
    mutating func fill(_ id: ClientOrderID) {
        guard var resting = book[id], !resting.order.status.isFinal else { return }
        let left = resting.order.quantity - resting.order.executedQuantity
        let most = Int64(left.units / Quantity.one.units)
        let quantity = Quantity.whole(Int64.random(in: 1...most, using: &random))
        resting.order.executedQuantity += quantity
        let isWhole = resting.order.executedQuantity == resting.order.quantity
        resting.order.status = isWhole ? .filled : .partiallyFilled
        resting.order.updatedMilliseconds = wall.milliseconds
        book[id] = resting
        let fill = Fill(
            symbol: resting.order.symbol, tradeID: Int64(trades.count + 1),
            orderID: resting.order.orderID, clientOrderID: id.text, side: resting.order.side,
            price: .whole(Int64.random(in: 90...110, using: &random)), quantity: quantity,
            fee: .one, feeAsset: feeAsset, isMaker: false, timeMilliseconds: wall.milliseconds)
        trades.append(fill)
        report(resting.order, .trade, fill)
    }

    /// One event of the user stream; events of a session keep their order, some come twice.
    private mutating func report(
        _ order: VenueOrder, _ kind: ExecutionKind, _ fill: Fill? = nil
    ) {
        guard isStreamOpen else { return }
        var update = OrderUpdate(order: order, execution: kind)
        update.order.updatedMilliseconds = wall.milliseconds
        // MEXC tells of an order and of its trades by themselves.
        if let fill, self.kind != .mexcSpot {
            update.tradeID = fill.tradeID
            update.lastQuantity = fill.quantity
            update.lastPrice = fill.price
            update.commission = fill.fee
            update.commissionAsset = fill.feeAsset
        }
        lastStreamAt = max(lastStreamAt, now + delay(20))
        if fill != nil, self.kind == .binanceFutures {
            var account = AccountUpdate()
            account.positions = [AccountUpdate.Position(symbol: order.symbol, quantity: net)]
            number += 1
            queue.append(
                (lastStreamAt, number, life, .stream(.futures(.account(account)), session: session)))
        }
        if let fill, self.kind == .mexcSpot {
            number += 1
            queue.append((lastStreamAt, number, life, .stream(.fill(fill), session: session)))
        }
        if let fill, self.kind == .binanceFutures, chance(50) {
            // Told ahead, without the fee; some come without their full event for a while.
            number += 1
            let lite = TradeLite(
                symbol: order.symbol, clientOrderID: order.clientOrderID, orderID: order.orderID,
                tradeID: fill.tradeID, side: fill.side, lastPrice: fill.price,
                lastQuantity: fill.quantity, isMaker: fill.isMaker,
                transactionMilliseconds: fill.timeMilliseconds)
            queue.append(
                (lastStreamAt, number, life, .stream(.futures(.tradeLite(lite)), session: session)))
        }
        for _ in 0..<(chance(10) ? 2 : 1) {
            number += 1
            queue.append((lastStreamAt, number, life, .stream(.order(update), session: session)))
        }
    }
}

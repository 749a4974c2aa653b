package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

/// What an operator or a test does to the exchange.
extension SpotDesk {
    /// Carries out an operation; false where a spot exchange has none like it.
    package func operate(
        _ operation: ExchangeOperation, wall: WallTime
    ) throws(SpotRefusal) -> Bool {
        switch operation {
        case .trade(let symbol, let side, let quantity, let price):
            _ = try place(
                SpotOrderRequest(
                    symbol: symbol, side: side, kind: price == nil ? .market : .limit,
                    timeInForce: price == nil ? nil : .goodTillCancel, quantity: quantity,
                    price: price, clientOrderID: "web_\(generatedNumber())"), wall: wall)
        case .strangerOrder(let symbol, let side, let quantity, let price):
            guard quantity.isPositive else { throw .filter(.lotSize) }
            try trade(asMarketIn: symbol, side, quantity, at: price, wall: wall)
        case .shift(let symbol, let change):
            let number = try market(symbol)
            try deposit(
                instruments[number].base, AssetAmount(change), isTold: false, wall: wall)
        case .transfer(let asset, let change):
            try deposit(asset, AssetAmount(change), wall: wall)
        case .fillThenCancel(let symbol, let id, let parts, let share):
            try fillThenCancel(symbol, id, parts: parts, share: share, wall: wall)
        case .setState(let symbol, let state):
            try setStatus(symbol, SpotDesk.status(of: state), wall: wall)
        case .setStep(let symbol, let step): try setStep(symbol, step, wall: wall)
        case .expireListenKeys:
            expireListenKeys(wall: .max)
        case .move(let symbol, let share, let length):
            floor.move(try market(symbol), by: share, over: length)
        case .ofKey(let key, let operation):
            guard let account = account(ofKey: key) else { throw .unknownKey }
            return try serve(account) { () throws(SpotRefusal) in
                try operate(operation, wall: wall)
            }
        case .fund, .liquidate, .deleverage: return false
        }
        return true
    }

    private func generatedNumber() -> Int64 {
        defer { nextGeneratedID += 1 }
        return nextGeneratedID
    }

    private static func status(of state: ListingState) -> InstrumentStatus {
        switch state {
        case .trading: .trading
        case .halted: .halted
        case .cancelOnly: .cancelOnly
        case .delisted: .other("BREAK")
        }
    }

    /// Ends listen keys whose time is up, and says so on their streams.
    internal func expireListenKeys(wall: Int64) {
        for key in listenKeys.expire(wall: wall) { emit(.listenKeyExpired(key, at: wall)) }
    }

    /// Sends an order of somebody else: a limit order that rests where it does not trade, or a
    /// market order where there is no price.
    package func trade(
        asMarketIn symbol: Symbol, _ side: Side, _ quantity: Quantity, at price: Price?,
        wall: WallTime
    ) throws(SpotRefusal) {
        let number = try market(symbol)
        send(
            OrderTicket(
                owner: .market, side: side, type: price == nil ? .market : .limit,
                quantity: quantity, limit: price), number, wall)
        finishCall(wall)
    }

    private func send(_ ticket: OrderTicket, _ number: Int, _ wall: WallTime) {
        reason = .traded
        matchEvents.removeAll(keepingCapacity: true)
        _ = floor.place(ticket, number, wall: wall.milliseconds, &matchEvents)
        settle(number, wall: wall.milliseconds)
    }

    private func finishCall(_ wall: WallTime) {
        triggerWaiting(wall: wall.milliseconds)
        tellBalances(wall: wall.milliseconds)
        commit()
    }

    /// Fills an open order in equal parts up to a share of it, each told on its own, and cancels
    /// it.
    private func fillThenCancel(
        _ symbol: Symbol, _ id: String, parts: Int, share: Ratio, wall: WallTime
    ) throws(SpotRefusal) {
        let order = try query(symbol, clientOrderID: id)
        guard order.isOpen, order.isWorking, order.kind.hasPrice, parts > 0,
            share.isPositive, share <= .one
        else { throw .unknownOrder }
        let step = instruments[order.market].step
        let part = order.remaining.scaled(
            by: Ratio(units: share.units / Int128(parts)), .down
        ).down(to: step)
        if part.isZero { throw .filter(.lotSize) }
        for _ in 0..<parts {
            fill(order, by: part, wall)
            tellBalances(wall: wall.milliseconds)
            commit()
        }
        if stakes[order.market].orders[order.orderID]?.isOpen == true {
            _ = try cancel(symbol, orderID: order.orderID, wall: wall)
        }
        finishCall(wall)
    }

    /// Sends strangers until the order has traded this much more: what is better goes first, then
    /// what came to rest before it.
    private func fill(_ order: SpotOrder, by part: Quantity, _ wall: WallTime) {
        let target = (stakes[order.market].orders[order.orderID]?.executed ?? .zero) + part
        let better = floor.markets[order.market].book.depth(order.side).prefix {
            order.side == .buy ? $0.price > order.price : $0.price < order.price
        }
        let ahead = better.reduce(Quantity.zero) { $0 + $1.quantity }
        var quantity = ahead.isPositive ? ahead : part
        while let now = stakes[order.market].orders[order.orderID], now.isOpen,
            now.executed < target, floor.markets[order.market].book.count > 0
        {
            send(
                OrderTicket(
                    owner: .market, side: order.side.opposite, type: .limit,
                    timeInForce: .immediateOrCancel, quantity: quantity, limit: order.price),
                order.market, wall)
            quantity = target - (stakes[order.market].orders[order.orderID]?.executed ?? target)
            if !quantity.isPositive { return }
        }
    }

    /// Opens or closes a symbol; a symbol that is delisted (`BREAK`) loses its open orders.
    package func setStatus(
        _ symbol: Symbol, _ status: InstrumentStatus, wall: WallTime
    ) throws(SpotRefusal) {
        let number = try market(symbol)
        instruments[number].status = status
        floor.setStatus(number, status)
        journal.noteInstrument(number)
        if status == .other("BREAK") {
            for account in accounts.indices {
                try serve(account) { () throws(SpotRefusal) in
                    _ = try cancelAll(symbol, wall: wall)
                }
            }
        }
        commit()
    }

    /// Changes the step of a symbol's quantities.
    package func setStep(_ symbol: Symbol, _ step: Quantity, wall: WallTime) throws(SpotRefusal) {
        let number = try market(symbol)
        guard step.isPositive else { throw .filter(.lotSize) }
        instruments[number].step = step
        journal.noteInstrument(number)
        commit()
    }

    /// Adds to a balance, or takes off it where the amount is negative, as a deposit or withdrawal
    /// does; silently where the account's stream is not to tell of it.
    package func deposit(
        _ asset: String, _ amount: AssetAmount, isTold: Bool = true, wall: WallTime
    ) throws(SpotRefusal) {
        let number = balances.number(of: asset)
        guard !(balances[number].free + amount).isNegative else {
            throw .insufficientBalance(.sell)
        }
        balances.credit(number, amount)
        reason = amount.isNegative ? .withdrawn : .deposited
        if isTold {
            emit(.balanceChanged(asset: asset, by: amount, at: wall.milliseconds))
            tellBalances(wall: wall.milliseconds)
        } else {
            for change in balances.takeChanges() { noteBalance(change.asset) }
        }
        commit()
    }
}

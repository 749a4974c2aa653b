package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

/// Where the desk is in time.
internal struct DeskClock: Sendable {
    var hasStarted = false
    var secondly = Instant.distantFuture
}

extension FuturesDesk {
    /// When something is due next; before the first step, at once.
    package var nextDue: Instant { min(clock.secondly, floor.nextDue) }

    /// Lets everything happen that is due up to `now`: the walk, makers, takers, mark prices, streams.
    package func step(now: Instant, wall: WallTime) {
        let lag = floor.catchUp(now: now)
        if !clock.hasStarted {
            clock.hasStarted = true
            clock.secondly = now + .seconds(1)
        }
        clock.secondly = clock.secondly + lag
        while nextDue <= now { act(nextDue, wall: wall) }
        commit()
    }

    private func act(_ due: Instant, wall: WallTime) {
        if clock.secondly == due {
            clock.secondly = due + .seconds(1)
            everySecond(wall: wall.milliseconds)
            return
        }
        matchEvents.removeAll(keepingCapacity: true)
        guard let number = floor.act(due, wall: wall, &matchEvents) else { return }
        settle(number, wall: wall.milliseconds, incoming: nil)
    }

    private func everySecond(wall: Int64) {
        expireDatedOrders(wall: wall)
        for key in listenKeys.expire(wall: wall) { emit(.listenKeyExpired(key, at: wall)) }
        for number in stakes.indices {
            stakes[number].orders.prune(kept: settings.limits.keptOrders)
            journal.noteMarket(number)
        }
    }

    /// Sends an order of somebody else, as a test or an operator does to make the market trade: a
    /// limit order that rests where it does not trade, or a market order where there is no price.
    package func trade(
        asMarketIn symbol: Symbol, _ side: Side, _ quantity: Quantity, at price: Price?,
        wall: WallTime
    ) throws(ExchangeError) {
        let number = try market(symbol)
        let ticket = OrderTicket(
            owner: .market, side: side, type: price == nil ? .market : .limit,
            quantity: quantity, limit: price)
        matchEvents.removeAll(keepingCapacity: true)
        _ = floor.place(ticket, number, wall: wall.milliseconds, &matchEvents)
        settle(number, wall: wall.milliseconds, incoming: nil)
        commit()
    }
}

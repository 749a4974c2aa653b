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
        if nextFundingAt == nil { nextFundingAt = fundingTime(after: wall.milliseconds) }
        serveAll {
            if walletUpdatedAt == 0 {
                walletUpdatedAt = wall.milliseconds
                note(.wallet)
            }
        }
        if nextCountdown <= wall.milliseconds { runCountdowns(wall: wall.milliseconds) }
        while nextDue <= now { act(nextDue, wall: wall) }
        afterMoves(wall: wall)
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
        serveAll { runTriggers(number, wall: wall) }
    }

    /// Prices may have moved: conditional orders and the margin are looked at, where there are any.
    internal func afterMoves(wall: WallTime) {
        serveAll {
            for number in algos.openMarkets { runTriggers(number, wall: wall) }
            checkLiquidation(wall: wall)
        }
    }

    private func everySecond(wall: Int64) {
        seconds += 1
        serveAll {
            expireDatedOrders(wall: wall)
            expireDatedAlgos(wall: wall)
        }
        runFunding(wall: wall)
        sampleInterest(wall: wall)
        if let closed = floor.closedMinutes(at: wall) {
            for number in markets.indices { note(.candles(number, closed)) }
        }
        for key in listenKeys.expire(wall: wall) { emit(.listenKeyExpired(key, at: wall)) }
        serveAll {
            algos.prune(kept: settings.limits.keptAlgos)
            for number in active { stakes[number].prune(kept: settings.limits.keptOrders) }
            for number in active { note(.prices(number)) }
        }
        notePrices()
    }

    /// Writes the prices of markets in turn, so that each is on file every ten seconds; those that matter
    /// to an account are every second.
    private func notePrices() {
        if seconds == 1 {
            // From what their past is made up, before anything hangs on it.
            for number in markets.indices { note(.prices(number)) }
        }
        for number in stride(from: seconds % 10, to: markets.count, by: 10) {
            note(.prices(number))
        }
        note(.counters)
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
        afterMoves(wall: wall)
        commit()
    }
}

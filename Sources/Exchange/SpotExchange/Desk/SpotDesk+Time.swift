package import Chronology
internal import ExchangeMarkets
internal import Matching
internal import Trading

/// Where the desk is in time.
internal struct SpotClock: Sendable {
    var hasStarted = false
    var secondly = Instant.distantFuture
    /// Whether something has traded since waiting orders were looked at.
    var hasTraded = false
    /// Seconds since the start.
    var seconds: Int64 = 0

    /// How often prices go into the journal: trades of the background in between are not kept.
    static let secondsBetweenMemories: Int64 = 10
}

extension SpotDesk {
    /// When something is due next; before the first step, at once.
    package var nextDue: Instant { min(clock.secondly, floor.nextDue) }

    /// Lets everything happen that is due up to `now`: the walk, makers, takers, streams.
    package func step(now: Instant, wall: WallTime) {
        let lag = floor.catchUp(now: now)
        if !clock.hasStarted {
            clock.hasStarted = true
            clock.secondly = now + .seconds(1)
        }
        clock.secondly = clock.secondly + lag
        reason = .traded
        while nextDue <= now { act(nextDue, wall: wall) }
        triggerWaiting(wall: wall.milliseconds)
        tellBalances(wall: wall.milliseconds)
        commit()
    }

    /// Counters are noted every second, as ids jump by less than they move in one; prices now and
    /// then.
    private func everySecond(wall: Int64) {
        expireListenKeys(wall: wall)
        journal.noteCounters()
        clock.seconds += 1
        serveAll {
            for number in stakes.indices {
                stakes[number].orders.prune(kept: settings.limits.keptOrders)
            }
        }
        for number in floor.markets.indices {
            // At once, as their past hangs on it; then now and then.
            if clock.seconds % SpotClock.secondsBetweenMemories == 1 { journal.noteMarket(number) }
        }
        if let closed = floor.closedMinutes(at: wall) {
            for number in floor.markets.indices { journal.noteCandles(number, closed) }
        }
    }

    private func act(_ due: Instant, wall: WallTime) {
        if clock.secondly == due {
            clock.secondly = due + .seconds(1)
            everySecond(wall: wall.milliseconds)
            return
        }
        matchEvents.removeAll(keepingCapacity: true)
        guard let number = floor.act(due, wall: wall, &matchEvents) else { return }
        settle(number, wall: wall.milliseconds)
    }
}

package import Chronology
internal import Matching
package import Trading

/// Where the desk is in time.
internal struct DeskClock: Sendable {
    var hasStarted = false
    var secondly = Instant.distantFuture
}

extension PaperDesk {
    /// Makers' rungs a side.
    private static let rungs = 24
    /// The market stands still while the process did: longer gaps are not lived through afterwards.
    private static let longestGap = Interval.seconds(1)

    /// When something is due next; before the first step, at once.
    package var nextDue: Instant {
        guard clock.hasStarted else { return .distantPast }
        return markets.reduce(clock.secondly) { min($0, $1.schedule.next) }
    }

    /// Lets everything happen that is due up to `now`: the walk, makers, takers, mark prices, streams.
    package func step(now: Instant, wall: WallTime) {
        if !clock.hasStarted { start(now, wall) }
        let lag = now - nextDue
        if lag > PaperDesk.longestGap {
            clock.secondly = clock.secondly + lag
            for number in markets.indices { markets[number].schedule.shift(by: lag) }
        }
        while nextDue <= now { act(nextDue, wall: wall.milliseconds) }
        commit()
    }

    private func start(_ now: Instant, _ wall: WallTime) {
        clock.hasStarted = true
        clock.secondly = now + .seconds(1)
        for number in markets.indices {
            markets[number].schedule.beat = now + .milliseconds(50)
            markets[number].schedule.markPrice = now + .seconds(1)
            guard settings.hasBackground else { continue }
            markets[number].schedule.walk = now + .milliseconds(100)
            markets[number].schedule.taker = now + .milliseconds(700)
            makerTurn(number, wall: wall.milliseconds)
            markets[number].schedule.maker = now + .milliseconds(80)
        }
    }

    /// Does the one thing that is due first; of equal ones, the first market's, in a fixed order.
    private func act(_ due: Instant, wall: Int64) {
        if clock.secondly == due {
            clock.secondly = due + .seconds(1)
            everySecond(wall: wall)
            return
        }
        guard let number = markets.firstIndex(where: { $0.schedule.next == due }) else { return }
        let schedule = markets[number].schedule
        if schedule.walk == due {
            markets[number].schedule.walk = due + .milliseconds(100)
            markets[number].walk()
        } else if schedule.maker == due {
            markets[number].schedule.maker = due + .milliseconds(draw(number, 70, 240))
            makerTurn(number, wall: wall)
        } else if schedule.taker == due {
            markets[number].schedule.taker = due + .milliseconds(draw(number, 200, 1_500))
            takerTurn(number, wall: wall)
        } else if schedule.beat == due {
            markets[number].schedule.beat = due + .milliseconds(50)
            beat(number, wall: wall)
        } else {
            markets[number].schedule.markPrice = due + .seconds(1)
            publishMark(number, wall: wall)
        }
    }

    private func draw(_ number: Int, _ low: Int64, _ high: Int64) -> Int64 {
        Int64.random(in: low...high, using: &markets[number].random)
    }

    // MARK: streams

    private func beat(_ number: Int, wall: Int64) {
        markets[number].schedule.beats += 1
        let beats = markets[number].schedule.beats
        markets[number].smoothMark()
        for (index, cadence) in DepthCadence.allCases.enumerated()
        where beats % (cadence.rawValue / 50) == 0 {
            let book = markets[number].book
            if let update = markets[number].depth[index].take(book, wall: wall) {
                pendingEvents.append(.depth(update))
            }
        }
        if beats % 2 == 0 {
            for trade in markets[number].prints.take() { pendingEvents.append(.trade(trade)) }
        }
    }

    private func publishMark(_ number: Int, wall: Int64) {
        markets[number].schedule.seconds += 1
        let market = markets[number]
        pendingEvents.append(
            .mark(
                MarkUpdate(
                    market: number, mark: market.mark, average: market.average,
                    index: market.index, isThird: market.schedule.seconds % 3 == 0,
                    timeMilliseconds: wall)))
    }

    private func everySecond(wall: Int64) {
        expireDatedOrders(wall: wall)
        for key in listenKeys.expire(wall: wall) { emit(.listenKeyExpired(key, at: wall)) }
        for number in markets.indices {
            markets[number].orders.prune(kept: settings.limits.keptOrders)
            journal.noteMarket(number)
        }
    }

    // MARK: makers and takers

    /// One turn of a market's makers: quotes that the walk has left behind go, new ones come.
    private func makerTurn(_ number: Int, wall: Int64) {
        let tick = markets[number].listing.instrument.tick
        let half = max(
            tick.units / 2, markets[number].fair.units * 4 / 1_000_000)
        let fair = markets[number].fair
        let bid = Price(units: fair.units - half).rounded(.floor, to: tick)
        let ask = max(Price(units: fair.units + half).rounded(.ceiling, to: tick), bid + tick)
        withdraw(number, .buy, beyond: bid, wall: wall)
        withdraw(number, .sell, beyond: ask, wall: wall)
        quote(number, .buy, at: bid, wall: wall)
        quote(number, .sell, at: ask, wall: wall)
        refresh(number, .buy, wall: wall)
        refresh(number, .sell, wall: wall)
    }

    /// Takes back quotes better than `price`, and the farthest ones where there are too many.
    private func withdraw(_ number: Int, _ side: Side, beyond price: Price, wall: Int64) {
        while let rung = markets[number].ladders[side].rungs.first,
            markets[number].ladders[side].isBetter(rung.price, than: price)
        {
            cancelRung(number, side, 0, wall: wall)
        }
        while markets[number].ladders[side].rungs.count > PaperDesk.rungs + 6 {
            cancelRung(number, side, markets[number].ladders[side].rungs.count - 1, wall: wall)
        }
    }

    /// Quotes the best price where nobody does, and fills the far end of the ladder.
    private func quote(_ number: Int, _ side: Side, at price: Price, wall: Int64) {
        if markets[number].ladders[side].rungs.first?.price != price {
            addRung(number, side, price, depth: 0, wall: wall)
        }
        let gap = markets[number].rungGap
        while markets[number].ladders[side].rungs.count < PaperDesk.rungs {
            let count = markets[number].ladders[side].rungs.count
            let worst = markets[number].ladders[side].rungs.last?.price ?? price
            let next = side == .buy ? worst - gap : worst + gap
            guard next >= markets[number].listing.instrument.minimumPrice else { return }
            addRung(number, side, next, depth: count, wall: wall)
        }
    }

    /// Changes the size of one of the best quotes.
    private func refresh(_ number: Int, _ side: Side, wall: Int64) {
        let index = Int(draw(number, 0, 4))
        guard index < markets[number].ladders[side].rungs.count else { return }
        let price = markets[number].ladders[side].rungs[index].price
        cancelRung(number, side, index, wall: wall)
        addRung(number, side, price, depth: index, wall: wall)
    }

    private func cancelRung(_ number: Int, _ side: Side, _ index: Int, wall: Int64) {
        let rung = markets[number].ladders[side].remove(at: index)
        matchEvents.removeAll(keepingCapacity: true)
        _ = markets[number].book.cancel(rung.orderID, &matchEvents)
        settle(number, wall: wall, incoming: nil)
    }

    private func addRung(_ number: Int, _ side: Side, _ price: Price, depth: Int, wall: Int64) {
        let worth = Money.whole(draw(number, 3_000, 6_000) + 2_000 * Int64(depth))
        let quantity = markets[number].quantity(worth: worth, at: price)
        let ticket = OrderTicket(
            owner: .market, side: side, type: .limit, quantity: quantity, limit: price)
        send(ticket, number, wall: wall)
        for event in matchEvents {
            if case .rested(let orderID, _, let price, _) = event {
                markets[number].ladders[side].insert(.init(orderID: orderID, price: price))
            }
        }
    }

    /// One taker: mostly small, now and then large enough to take several levels.
    private func takerTurn(_ number: Int, wall: Int64) {
        let side: Side = draw(number, 0, 1) == 0 ? .buy : .sell
        let isLarge = draw(number, 0, 6) == 0
        let worth = Money.whole(isLarge ? draw(number, 5_000, 25_000) : draw(number, 300, 4_000))
        let quantity = markets[number].quantity(worth: worth, at: markets[number].fair)
        let ticket = OrderTicket(
            owner: .market, side: side, type: .market, quantity: quantity, limit: nil)
        send(ticket, number, wall: wall)
    }

    /// Sends an order of somebody else, as a test or an operator does to make the market trade: a
    /// limit order that rests where it does not trade, or a market order where there is no price.
    package func trade(
        asMarketIn symbol: Symbol, _ side: Side, _ quantity: Quantity, at price: Price?,
        wall: WallTime
    ) throws(PaperError) {
        let number = try market(symbol)
        let ticket = OrderTicket(
            owner: .market, side: side, type: price == nil ? .market : .limit,
            quantity: quantity, limit: price)
        send(ticket, number, wall: wall.milliseconds)
        commit()
    }

    private func send(_ ticket: OrderTicket, _ number: Int, wall: Int64) {
        matchEvents.removeAll(keepingCapacity: true)
        _ = markets[number].book.place(ticket, &matchEvents)
        settle(number, wall: wall, incoming: nil)
    }
}

extension MarketState {
    /// One step of the walk: near normal, and drawn back to the anchor over about half an hour.
    internal mutating func walk() {
        var sum: Int128 = 0
        for _ in 0..<4 { sum += Int128(Int.random(in: -500...500, using: &random)) }
        let move = fair.units * listing.stepMillionths * sum / (577 * 1_000_000)
        let pull = (listing.anchor.units - fair.units) / 20_000
        let least = listing.instrument.tick.units * 10
        fair = Price(units: max(least, fair.units + move + pull))
    }

    /// Moves mark and index a little way to where the market is.
    internal mutating func smoothMark() {
        let step = Price(units: 10_000)
        if let middle {
            mark = Price(units: mark.units + (middle.units - mark.units) / 16).down(to: step)
        }
        if schedule.walk != .distantFuture {
            index = Price(units: index.units + (fair.units - index.units) / 16).down(to: step)
        } else {
            index = mark
        }
        average = Price(units: average.units + (mark.units - average.units) / 1_200).down(to: step)
    }

    /// The distance between two quotes of the makers.
    internal var rungGap: Price {
        let tick = listing.instrument.tick
        return max(tick, Price(units: fair.units * 8 / 1_000_000).down(to: tick))
    }

    /// The tradable quantity that is worth about this much, at least the smallest.
    internal func quantity(worth: Money, at price: Price) -> Quantity {
        let rules = listing.instrument
        return max(rules.minimumQuantity, worth.divided(by: price, .down).down(to: rules.step))
    }
}

internal import Chronology
internal import Matching
internal import Trading

extension MarketFloor {
    /// Opens the market: the first quotes, and the schedule of what follows.
    private mutating func open(
        _ number: Int, _ now: Instant, wall: Int64, _ events: inout [MatchEvent]
    ) {
        markets[number].schedule.isOpen = true
        beginTape(number, wall: wall)
        if markets[number].replay != nil {
            markets[number].schedule.replay = now
            return
        }
        guard hasBackground else { return }
        markets[number].schedule.walk = now + .milliseconds(100)
        markets[number].schedule.taker = now + .milliseconds(700)
        makerTurn(number, wall: wall, &events)
        markets[number].schedule.maker = now + .milliseconds(80)
    }

    /// Does the one thing of a market that is due.
    internal mutating func act(
        _ number: Int, _ due: Instant, wall: Int64, _ events: inout [MatchEvent]
    ) {
        let schedule = markets[number].schedule
        let pace = markets[number].pace
        let isTrading = markets[number].listing.instrument.status == .trading
        if !schedule.isOpen {
            open(number, due, wall: wall, &events)
        } else if schedule.replay == due {
            let wait = replayFrame(number, wall: wall, &events)
            markets[number].schedule.replay = wait.map { due + $0 } ?? .distantFuture
        } else if schedule.walk == due {
            markets[number].schedule.walk = due + .milliseconds(pace.walk)
            if isTrading { markets[number].walk(due, settings.conditions) }
        } else if schedule.maker == due {
            let wait = draw(number, pace.maker.lowerBound, pace.maker.upperBound)
            markets[number].schedule.maker = due + .milliseconds(wait)
            if isTrading { makerTurn(number, wall: wall, &events) }
        } else {
            let wait = draw(number, pace.taker.lowerBound, pace.taker.upperBound)
            markets[number].schedule.taker = due + .milliseconds(wait)
            if isTrading { takerTurn(number, wall: wall, &events) }
        }
    }

    private mutating func draw(_ number: Int, _ low: Int64, _ high: Int64) -> Int64 {
        Int64.random(in: low...high, using: &markets[number].random)
    }

    // MARK: streams

    /// Each 50 ms: marks follow their books, and what a cadence is due for is told.
    internal mutating func beat(wall: Int64) {
        schedule.beats += 1
        if !markets.isEmpty {
            // One market a beat: each is done every few seconds.
            markets[schedule.beats % markets.count].tape.rollDay(at: wall)
        }
        for number in markets.indices {
            markets[number].smoothMark(follows: hasBackground)
            for cadence in settings.cadences where schedule.beats % (cadence.rawValue / 50) == 0 {
                let book = markets[number].book
                if let update = markets[number].depth.take(cadence, book, wall: wall) {
                    told.append(.depth(update))
                }
            }
            if schedule.beats % 2 == 0 { tellPrints(number) }
        }
    }

    private mutating func tellPrints(_ number: Int) {
        for index in 0..<markets[number].prints.count {
            let trade = markets[number].prints[index]
            markets[number].tape.add(trade)
            told.append(.trade(trade))
        }
        markets[number].prints.removeAll()
    }

    internal mutating func publishMarks(wall: Int64) {
        schedule.seconds += 1
        let isThird = schedule.seconds % 3 == 0
        for number in markets.indices {
            markets[number].sampleMarks(wall: wall)
            told.append(.mark(markUpdate(number, isThird: isThird, wall: wall)))
        }
    }

    // MARK: makers and takers

    /// One turn of a market's makers: quotes that the walk has left behind go, new ones come.
    private mutating func makerTurn(_ number: Int, wall: Int64, _ events: inout [MatchEvent]) {
        let tick = markets[number].listing.instrument.tick
        let half = max(
            tick.units / 2, markets[number].fair.units * 4 / 1_000_000)
        let fair = markets[number].fair
        let bid = Price(units: fair.units - half).rounded(.floor, to: tick)
        let ask = max(Price(units: fair.units + half).rounded(.ceiling, to: tick), bid + tick)
        withdraw(number, .buy, beyond: bid, wall: wall, &events)
        withdraw(number, .sell, beyond: ask, wall: wall, &events)
        quote(number, .buy, at: bid, wall: wall, &events)
        quote(number, .sell, at: ask, wall: wall, &events)
        refresh(number, .buy, wall: wall, &events)
        refresh(number, .sell, wall: wall, &events)
    }

    /// Takes back quotes better than `price`, and the farthest ones where there are too many.
    private mutating func withdraw(
        _ number: Int, _ side: Side, beyond price: Price, wall: Int64, _ events: inout [MatchEvent]
    ) {
        while let rung = markets[number].ladders[side].rungs.first,
            markets[number].ladders[side].isBetter(rung.price, than: price)
        {
            cancelRung(number, side, 0, wall: wall, &events)
        }
        while markets[number].ladders[side].rungs.count > settings.conditions.depth.rungs + 6 {
            cancelRung(
                number, side, markets[number].ladders[side].rungs.count - 1, wall: wall, &events)
        }
    }

    /// Quotes the best price where nobody does, and fills the far end of the ladder.
    private mutating func quote(
        _ number: Int, _ side: Side, at price: Price, wall: Int64, _ events: inout [MatchEvent]
    ) {
        if markets[number].ladders[side].rungs.first?.price != price {
            addRung(number, side, price, depth: 0, wall: wall, &events)
        }
        let gap = markets[number].rungGap
        while markets[number].ladders[side].rungs.count < settings.conditions.depth.rungs {
            let count = markets[number].ladders[side].rungs.count
            let worst = markets[number].ladders[side].rungs.last?.price ?? price
            let next = side == .buy ? worst - gap : worst + gap
            guard next >= markets[number].listing.instrument.minimumPrice else { return }
            addRung(number, side, next, depth: count, wall: wall, &events)
        }
    }

    /// Changes the size of one of the best quotes.
    private mutating func refresh(
        _ number: Int, _ side: Side, wall: Int64, _ events: inout [MatchEvent]
    ) {
        let index = Int(draw(number, 0, 4))
        guard index < markets[number].ladders[side].rungs.count else { return }
        let price = markets[number].ladders[side].rungs[index].price
        cancelRung(number, side, index, wall: wall, &events)
        addRung(number, side, price, depth: index, wall: wall, &events)
    }

    private mutating func cancelRung(
        _ number: Int, _ side: Side, _ index: Int, wall: Int64, _ events: inout [MatchEvent]
    ) {
        let rung = markets[number].ladders[side].remove(at: index)
        _ = cancel(rung.orderID, number, wall: wall, &events)
    }

    private mutating func addRung(
        _ number: Int, _ side: Side, _ price: Price, depth: Int, wall: Int64,
        _ events: inout [MatchEvent]
    ) {
        let size = draw(number, 3_000, 6_000) + 2_000 * Int64(depth)
        let worth = Money.whole(size * settings.conditions.depth.sizePercent / 100)
        let quantity = markets[number].quantity(worth: worth, at: price)
        let ticket = OrderTicket(
            owner: .market, side: side, type: .limit, quantity: quantity, limit: price)
        let first = events.count
        _ = place(ticket, number, wall: wall, &events)
        for event in events[first...] {
            if case .rested(let orderID, _, let price, _) = event {
                markets[number].ladders[side].insert(.init(orderID: orderID, price: price))
            }
        }
    }

    /// One taker: mostly small, now and then large enough to take several levels.
    private mutating func takerTurn(_ number: Int, wall: Int64, _ events: inout [MatchEvent]) {
        let side: Side = draw(number, 0, 1) == 0 ? .buy : .sell
        let isLarge = draw(number, 0, 6) == 0
        let worth = Money.whole(isLarge ? draw(number, 5_000, 25_000) : draw(number, 300, 4_000))
        let quantity = markets[number].quantity(worth: worth, at: markets[number].fair)
        let ticket = OrderTicket(
            owner: .market, side: side, type: .market, quantity: quantity, limit: nil)
        _ = place(ticket, number, wall: wall, &events)
    }
}

extension Market {
    /// How often its background acts: a market that is led somewhere is a busy one.
    internal var pace: MarketPace { script == nil ? listing.pace : .busy }

    /// The lowest price the walk goes to.
    internal var leastPrice: Price {
        max(
            listing.instrument.minimumPrice,
            Price(units: listing.instrument.tick.units * 10))
    }

    /// One step of the walk: near normal, and drawn back to where it is at home over about half an hour;
    /// or along the way an operator wants.
    internal mutating func walk(_ now: Instant, _ conditions: MarketConditions) {
        var sum: Int128 = 0
        for _ in 0..<4 { sum += Int128(Int.random(in: -500...500, using: &random)) }
        let size = listing.stepMillionths * Int128(conditions.volatilityPercent)
        let move = fair.units * size * sum / (577 * 100_000_000)
        let pull = (home.units - fair.units) / 20_000
        if follow(now) {
            fair = max(leastPrice, Price(units: fair.units + move / 4))
        } else {
            fair = max(leastPrice, Price(units: fair.units + move + pull))
        }
    }

    /// Takes the price to where the script is; false where there is none.
    private mutating func follow(_ now: Instant) -> Bool {
        guard var way = script else { return false }
        if way.startedAt == nil { way.startedAt = now }
        fair = way.price(at: now)
        home = fair
        script = way.isOver(at: now) ? nil : way
        return true
    }

    /// Moves mark and index a little way to where the market is.
    internal mutating func smoothMark(follows hasBackground: Bool) {
        let step = Price(units: 10_000)
        if let middle {
            mark = Price(units: mark.units + (middle.units - mark.units) / 16).down(to: step)
        }
        if hasBackground {
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
        let least = max(rules.minimumQuantity, rules.step)
        let worth =
            listing.quoteValue == .one
            ? worth
            : Money(units: worth.units * 1_000_000_000_000 / max(1, listing.quoteValue.units))
        return max(least, worth.divided(by: price, .down).down(to: rules.step))
    }
}

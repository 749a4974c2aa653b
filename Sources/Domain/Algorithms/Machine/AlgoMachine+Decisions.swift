import Chronology
import Orders
import Trading

/// What an algorithm does next, as things stand.
extension AlgoMachine {
    /// Decides anew; everything that may have changed comes here.
    mutating func decide(_ now: Instant, _ out: inout [AlgoAction]) {
        wakeAt = .distantFuture
        switch hold {
        case .recovery(nil): return
        case .recovery(let since?): return takeBackOpening(since, now, &out)
        case .storage(let since): return holdOut(since, now, &out)
        case .nothing: break
        }
        switch status {
        case .starting: begin(now, &out)
        case .running: work(now, &out)
        case .paused: cancelAll(now, &out)
        case .ending: carryOutEnd(now, &out)
        case .done, .failed: return
        }
    }

    /// While nothing can be saved: what would open is not left resting for long, as nobody could follow
    /// its fills and it could not follow the price; a pause or an end takes everything back.
    private mutating func holdOut(_ since: Instant, _ now: Instant, _ out: inout [AlgoAction]) {
        switch status {
        case .done, .failed: return
        case .starting, .running: takeBackOpening(since, now, &out)
        case .paused: cancelAll(now, &out)
        case .ending: carryOutEnd(now, &out)
        }
    }

    private mutating func takeBackOpening(
        _ since: Instant, _ now: Instant, _ out: inout [AlgoAction]
    ) {
        let due = max(since + Limits.storagePatience, cancelsAt)
        if now < due { return wake(by: due) }
        for child in book.children where child.rests && !child.isReduceOnly {
            cancel(child, &out)
        }
    }

    /// The first fresh price begins it.
    private mutating func begin(_ now: Instant, _ out: inout [AlgoAction]) {
        guard isPriced(now) else { return }
        progress.arrival = mid
        startedAt = now
        status = .running
        needsSave(.now)
        work(now, &out)
    }

    private mutating func work(_ now: Instant, _ out: inout [AlgoAction]) {
        switch parameters.plan {
        case .chase(let plan): chase(plan, now, &out)
        case .twap(let plan): slice(plan, now, &out)
        case .scale(let plan): climb(plan, now, &out)
        case .scalper(let plan): scalp(plan, now, &out)
        }
        if status == .ending { carryOutEnd(now, &out) }
        if status == .paused { cancelAll(now, &out) }
    }

    /// Whether there is a price that may be acted on.
    func isPriced(_ now: Instant) -> Bool {
        bid.isPositive && now - pricedAt <= Limits.priceAge
    }

    // MARK: orders

    /// What of a quantity can be one order at a price; zero where it is too small for one.
    func tradable(_ quantity: Quantity, _ type: OrderType, at price: Price, isReducing: Bool)
        -> Quantity
    {
        let fit = rules.quantised(quantity, type: type)
        guard fit.isPositive, !(isReducing && venue.isMargined) else { return fit }
        return price.times(fit, .down) < rules.minimumNotional ? .zero : fit
    }

    /// The same of an order that is not to close what was filled: of a reduce-only one no more than its book
    /// admits. Once that is traded the rest is tried, as it may admit more by then.
    mutating func placeable(_ quantity: Quantity, _ type: OrderType, at price: Price) -> Quantity {
        let isReducing = parameters.isReduceOnly
        if let most = reducingMost {
            let part = tradable(min(quantity, most), type, at: price, isReducing: isReducing)
            if part.isPositive { return part }
            reducingMost = nil
        }
        return tradable(quantity, type, at: price, isReducing: isReducing)
    }

    /// Places an order of a lot, where the lot and the pause after a refusal allow it.
    mutating func place(
        lot: Int, side: Side, type: OrderType, timeInForce: TimeInForce = .goodTillCancel,
        quantity: Quantity, price: Price?, isReduceOnly: Bool, now: Instant,
        _ out: inout [AlgoAction]
    ) {
        guard hold == .nothing else { return }
        if now < retryAt { return wake(by: retryAt) }
        let child = book.place(
            lot: lot, side: side, type: type, timeInForce: timeInForce, quantity: quantity,
            price: price, isReduceOnly: isReduceOnly, now: now)
        guard let child else { return }
        progress.placed += 1
        needsSave(.now)
        out.append(.place(child))
    }

    /// Moves a resting order to a price: amended where that is possible, else cancelled, so that it
    /// is placed anew once it is over.
    mutating func move(
        _ child: ChildOrder, to price: Price, every pause: Interval, now: Instant,
        _ out: inout [AlgoAction]
    ) {
        guard child.phase == .working, child.price != price else { return }
        let allowedAt = child.movedAt + pause
        if now < allowedAt { return wake(by: allowedAt) }
        progress.moved += 1
        if venue.amends {
            book.amending(child.number, to: price, now: now)
            out.append(.amend(child.number, price: price))
        } else {
            cancel(child, &out)
        }
    }

    mutating func cancel(_ child: ChildOrder, _ out: inout [AlgoAction]) {
        if book.cancelling(child.number) { out.append(.cancel(child.number)) }
    }

    /// Takes back everything that rests.
    mutating func cancelAll(_ now: Instant, _ out: inout [AlgoAction]) {
        if now < cancelsAt { return wake(by: cancelsAt) }
        for child in book.children where child.rests { cancel(child, &out) }
    }

    // MARK: the end

    private mutating func carryOutEnd(_ now: Instant, _ out: inout [AlgoAction]) {
        guard let ending else { return finish() }
        cancelAll(now, &out)
        guard book.isEmpty else { return }
        switch ending.mode {
        case .cancel: finish()
        case .complete: complete(now, &out)
        case .flatten: flatten(now, &out)
        }
    }

    /// Trades the rest at once.
    private mutating func complete(_ now: Instant, _ out: inout [AlgoAction]) {
        // What can be an order depends on the price: after a restart the first one brings it here again.
        guard bid.isPositive else { return }
        let goal = parameters.goal
        let order = atOnce(goal.side)
        if order.price != nil, !isPriced(now) { return }
        if book.lots.count > 1 { mergeLots() }
        let rest = book.free(0)
        let quantity = placeable(rest, order.type, at: bid)
        guard quantity.isPositive else {
            if rest.isZero { self.ending?.reason = AlgoReason.filled.rawValue }
            return finish()
        }
        place(
            lot: 0, side: goal.side, type: order.type, timeInForce: order.timeInForce,
            quantity: quantity, price: order.price, isReduceOnly: parameters.isReduceOnly, now: now,
            &out)
    }

    /// The rungs are over: what is left of them is one thing.
    mutating func mergeLots() {
        book.merge(
            into: Allotment(total: parameters.goal.quantity, filled: progress.traded))
        rungs = []
    }

    /// Closes what it has opened, or as much of it as the book admits: then the rest is tried once more, and
    /// told of as left where none of it is admitted.
    private mutating func flatten(_ now: Instant, _ out: inout [AlgoAction]) {
        let net = progress.net
        if parameters.isReduceOnly || net.isZero { return finish() }
        // What can be an order depends on the price where there is no margin.
        guard bid.isPositive || venue.isMargined else { return }
        let order = atOnce(net.isPositive ? .sell : .buy)
        let most = min(net.magnitude, closingMost ?? net.magnitude)
        let quantity = tradable(most, order.type, at: bid, isReducing: true)
        guard quantity.isPositive else {
            // What the book admitted may have become too small to be an order meanwhile.
            hasFailed = most < net.magnitude
            detail =
                "\(net) is left: "
                + (hasFailed
                    ? "to close more would not reduce the book's position"
                    : "too small to be an order")
            return finish()
        }
        let lot = closingLot ?? book.lots.count
        if closingLot == nil {
            // A lot of its own: closing is not part of what was asked for.
            book.lots.append(Allotment(total: net.magnitude))
            closingLot = lot
        }
        place(
            lot: lot, side: net.isPositive ? .sell : .buy, type: order.type,
            timeInForce: order.timeInForce, quantity: min(quantity, book.free(lot)),
            price: order.price, isReduceOnly: !closesFreely, now: now, &out)
    }

    /// Whether so much can be one order that closes.
    func isClosable(_ quantity: Quantity) -> Bool {
        let order = atOnce(progress.net.isPositive ? .sell : .buy)
        return tradable(quantity, order.type, at: bid, isReducing: true).isPositive
    }
}

import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// A closing order that waits until it is known what the exchange holds.
struct CloseHold: Equatable, Sendable {
    /// Since when it waits.
    var since: Instant
    /// What was told before this counts no more: the venue has said otherwise.
    var evidenceAfter: Instant
    /// When the exchange, the trades and the books were last asked.
    var askedAt = Instant.distantPast
    var hasCollected = false
    /// The mark as it was read for this close; when Redis was asked for it, and when it answered.
    var mark: Price?
    var markAt = Instant.distantPast
    var markCameAt = Instant.distantPast
    /// Since when one is wanted, and when it was last asked for; nil where none is.
    var markWantedAt: Instant?
    var markAskedAt: Instant?
    /// On its way into the ledger: until it is known what became of it, nothing else is done.
    var booking: Booking?

    /// A part that is booked at mark.
    struct Booking: Equatable, Sendable {
        /// Signed.
        var part: Quantity
        /// What was booked of the order before.
        var before: Quantity
        /// What exchange and books held when it was planned.
        var net: Quantity
        var books: Quantity
    }
}

/// Desync protection before every closing order, and what becomes of one that the venue refuses
/// (B4c, B7c).
///
/// What the exchange holds of a symbol is compared with what all books hold. Where both are equal,
/// which is nearly always, the order goes at once; with the venue's own reduce-only flag where it
/// reduces the exchange's net whatever becomes of our other orders. Where they differ, that is looked
/// into, and of a difference that is proven the closing rule decides: as much is sent as brings the
/// exchange nearer to the books, and the rest is booked at mark. What is booked comes first, into the
/// book and onto the order's record in one step of the ledger, or not at all where the book has changed;
/// then what is to be sent is planned by how things stand by now.
extension GatewayDesk {
    /// A difference that stands this long is asked about; shorter ones are halves of trades.
    private static let grace = Interval.milliseconds(200)
    /// Until a close that waits is looked at again.
    static let closePause = Interval.milliseconds(25)
    /// How long a close waits for what the exchange holds, at most.
    static let closePatience = Interval.milliseconds(2_500)
    /// Times a close that the venue refused is planned anew.
    private static let replans = 3
    /// "ReduceOnly Order is rejected."
    private static let reduceOnlyRejected = -2022

    /// What all books hold of a symbol, with what is on its way into them.
    func booksNet(_ symbol: Symbol) -> Quantity {
        ledger.net(symbol) + ledger.waitingAdjustments(symbol) + orders.unbooked(symbol)
    }

    /// Sends an order that only reduces, or as much of it as the exchange needs.
    mutating func sendClose(
        _ id: ClientOrderID, evidenceAfter: Instant = .distantPast, _ turn: inout Turn
    ) {
        orders[id]?.hold = CloseHold(since: turn.now, evidenceAfter: evidenceAfter)
        heldCloses.insert(id)
        checkClose(id, &turn)
    }

    /// Looks whether a close that waits can go.
    mutating func checkClose(_ id: ClientOrderID, _ turn: inout Turn) {
        guard let order = orders[id], let hold = order.hold, hold.booking == nil else { return }
        if let (code, reason) = obstacle(order, turn) {
            return withdraw(id, code, reason, &turn)
        }
        let books = booksNet(order.symbol)
        let reading = nets.reading(
            order.symbol, books: books, after: hold.evidenceAfter, since: hold.since,
            isStreamOpen: isStreamOpen, now: turn.now)
        switch reading {
        case .settled(let net): return carryOut(id, books, net, &turn)
        case .standing, .unknown: break
        }
        if isLate(order, since: hold.since, turn) { return decide(id, books, reading, &turn) }
        switch reading {
        case .standing(_, let since) where turn.now - since < GatewayDesk.grace: break
        case .settled, .standing, .unknown: askExchange(id, reading, &turn)
        }
        check(id, by: turn.now + GatewayDesk.closePause)
    }

    /// Whether a close has waited as long as it may.
    func isLate(_ order: WorkingOrder, since start: Instant, _ turn: Turn) -> Bool {
        turn.now - start >= GatewayDesk.closePatience
            || turn.now + GatewayDesk.closePause > order.sendBy
    }

    /// Why a close that waits must not be sent any more.
    private func obstacle(_ order: WorkingOrder, _ turn: Turn) -> (RefusalCode, String)? {
        if order.life.wantsCancel {
            return (.cancelledBeforeSending, "cancelled before it was sent")
        }
        if !isRedisUp { return (.redisDown, "redis went away before it was sent") }
        if fence == nil { return (.leaseLost, "the lease was lost before it was sent") }
        // The venue was asked for it meanwhile, as for any order on its way: it is not sent after that.
        if order.life.isUnknown { return (.redisDown, "redis was away before it was sent") }
        if turn.now > order.sendBy {
            return (.deadlinePassed, "what the exchange holds was not known in time")
        }
        return nil
    }

    /// Asks the exchange for its positions; where it differs, for trades that may explain it, and
    /// Redis for what others have done to the books.
    private mutating func askExchange(
        _ id: ClientOrderID, _ reading: ExchangeNets.Reading, _ turn: inout Turn
    ) {
        guard let order = orders[id], let hold = order.hold,
            turn.now - hold.askedAt >= ExchangeNets.apart
        else { return }
        orders[id]?.hold?.askedAt = turn.now
        askPositions(&turn)
        guard case .standing = reading else { return }
        if !hold.hasCollected, phase == .ready {
            orders[id]?.hold?.hasCollected = true
            collect(order.symbol, &turn)
        }
        let holders = ledger.holdings(order.symbol).keys.sorted()
        turn.act(.readBooks(order.symbol, holders))
    }

    mutating func askPositions(_ turn: inout Turn) {
        let isOut = nets.askedAt.map { turn.now - $0 < .seconds(2) } ?? false
        guard settings.capabilities.isMargined, !isOut else { return }
        nets.askedAt = turn.now
        turn.act(.queryPositions)
    }

    // MARK: answers

    /// The exchange has listed its positions, or has not.
    mutating func positionsAnswered(
        _ askedAt: Instant, _ list: [Symbol: Quantity]?, _ turn: inout Turn
    ) {
        nets.askedAt = nil
        guard let list, askedAt >= streamChangedAt else { return checkCloses(&turn) }
        nets.listed(list, askedAt: askedAt)
        for symbol in Set(heldCloses.compactMap { orders[$0]?.symbol }).sorted() {
            nets.look(
                symbol, books: booksNet(symbol), isDoubtful: isDoubtful(symbol), askedAt: askedAt,
                now: turn.now)
        }
        checkCloses(&turn)
    }

    /// Redis has told how the books of a symbol stand, or has not.
    mutating func booksRead(
        _ symbol: Symbol, _ askedAt: Instant, _ positions: [AccountID: Position]?,
        _ turn: inout Turn
    ) {
        guard let positions, fence != nil, isRedisUp, phase != .idle, phase != .loading else {
            return
        }
        ledger.refresh(symbol, positions)
        nets.booksRead(symbol, askedAt: askedAt)
        checkCloses(&turn)
    }

    private mutating func checkCloses(_ turn: inout Turn) {
        heldCloses = heldCloses.filter { orders[$0]?.hold != nil }
        for id in heldCloses.sorted() { checkClose(id, &turn) }
    }

    /// Whether something of a symbol is on its way that may explain a difference.
    private func isDoubtful(_ symbol: Symbol) -> Bool {
        // Until all trades are collected, the books may lack some.
        if phase != .ready || collectAt[symbol] != nil || shared.pendingCount > 0 { return true }
        if unowned[symbol]?.isEmpty == false { return true }
        if parked.values.contains(where: { $0.contains { $0.symbol == symbol } }) { return true }
        return orders.ids(of: symbol).contains { id in
            guard let order = orders[id], order.hold == nil else { return false }
            return order.life.isUnknown || order.life.name == .sent
        }
    }

    // MARK: deciding

    /// What the exchange holds is known.
    private mutating func carryOut(
        _ id: ClientOrderID, _ books: Quantity, _ net: Quantity, _ turn: inout Turn
    ) {
        guard let order = orders[id] else { return }
        let plan: ClosingPlan
        do throws(ClosingRefusal) {
            plan = try self.plan(order, books, net)
        } catch {
            return withdraw(
                id, .reduceOnlyWouldIncrease, "the book has changed meanwhile", &turn)
        }
        if plan.booked.isZero {
            return go(id, plan.sent.magnitude, isFlagged(plan, order, net), &turn)
        }
        guard let mark = freshMark(id, plan, net, &turn) else { return }
        if isMet(order.life.intent, at: mark) {
            bookAtMark(id, plan.booked, at: mark, books, net, &turn)
        } else if plan.sent.isZero {
            withdraw(
                id, .reduceOnlyRejected,
                "the exchange holds \(net), and at \(mark) its price is not met", &turn)
        } else {
            go(id, plan.sent.magnitude, isFlagged(plan, order, net), &turn)
        }
    }

    /// Whether an order would trade at a price: one that would rest has no claim to it.
    private func isMet(_ intent: OrderIntent, at mark: Price) -> Bool {
        guard let price = intent.price else { return true }
        return intent.side == .buy ? price >= mark : price <= mark
    }

    private func plan(
        _ order: WorkingOrder, _ books: Quantity, _ net: Quantity
    ) throws(ClosingRefusal) -> ClosingPlan {
        let book =
            ledger.position(order.account, order.symbol).quantity
            + orders.unbooked(order.account, order.symbol)
        return try ClosingRule.plan(
            order.life.intent.side.signed(order.life.intent.quantity), book: book, books: books,
            exchange: .known(net), step: instruments[order.symbol]?.step ?? .zero)
    }

    /// The venue judges the flag by what it holds when the order comes: our other orders of this side
    /// may all have been executed by then.
    func isFlagged(_ plan: ClosingPlan, _ order: WorkingOrder, _ net: Quantity) -> Bool {
        let before = orders.working(order.symbol, order.life.intent.side, but: order.id)
        return settings.capabilities.reduceOnly && plan.isReduceOnly
            && plan.sent.magnitude + before <= net.magnitude
    }

    /// Time is up, and whether the exchange holds what the books say is not proven: what is right
    /// either way is sent, and nothing is booked.
    private mutating func decide(
        _ id: ClientOrderID, _ books: Quantity, _ reading: ExchangeNets.Reading,
        _ turn: inout Turn
    ) {
        guard let order = orders[id], let equal = try? plan(order, books, books) else {
            return withdraw(
                id, .reduceOnlyWouldIncrease, "the book has changed meanwhile", &turn)
        }
        switch reading {
        case .standing(let difference, _):
            let net = books + difference
            // The exchange holds what it would close: with the flag nothing is opened.
            if net.signum == books.signum, isFlagged(equal, order, net),
                equal.sent.magnitude <= net.magnitude
            {
                return go(id, equal.sent.magnitude, true, &turn)
            }
            if let other = try? plan(order, books, net), !other.sent.isZero {
                let size = min(other.sent.magnitude, equal.sent.magnitude)
                return go(id, size, isFlagged(other, order, net), &turn)
            }
        case .settled, .unknown:
            // With the flag nothing is opened, whatever the exchange holds.
            if isFlagged(equal, order, books) {
                return go(id, equal.sent.magnitude, true, &turn)
            }
        }
        withdraw(
            id, .orderUnsettled, "the books hold \(books); what the exchange holds is not known",
            &turn)
    }

    mutating func leaveHold(_ id: ClientOrderID) {
        orders[id]?.hold = nil
        orders[id]?.checkAt = nil
        heldCloses.remove(id)
    }

    /// The order leaves, with the size and the flag that it has now.
    mutating func go(
        _ id: ClientOrderID, _ size: Quantity, _ isFlagged: Bool, _ turn: inout Turn
    ) {
        leaveHold(id)
        orders[id]?.life.cut(to: size)
        orders[id]?.closeTries += 1
        dispatch(id, isReduceOnly: isFlagged, &turn)
    }

    /// Nothing of it is sent.
    mutating func withdraw(
        _ id: ClientOrderID, _ code: RefusalCode, _ reason: String, _ turn: inout Turn
    ) {
        leaveHold(id)
        orders[id]?.code = code.description
        orders[id]?.reason = reason
        perform(orders[id]?.life.definiteReject() ?? .nothing, id, &turn)
    }

    /// Whether a close that the venue refused is looked into instead of given up: the exchange holds
    /// less than was thought, or another order was quicker.
    mutating func isReplanned(_ id: ClientOrderID, code: Int, _ turn: inout Turn) -> Bool {
        guard code == GatewayDesk.reduceOnlyRejected, let order = orders[id],
            order.life.intent.isReduceOnly, order.life.name == .sent,
            settings.capabilities.isMargined, isRedisUp, fence != nil,
            order.closeTries < GatewayDesk.replans
        else { return false }
        sendClose(id, evidenceAfter: turn.now, &turn)
        return true
    }
}

import BusProtocol
import Chronology
import Orders
import Positions
import Trading

/// What of a close is booked at mark, as the exchange does not hold it (B4c, B7c): into the book and onto
/// the order's record in one step, at a mark that is read anew just before.
extension GatewayDesk {
    /// A mark that was asked for longer ago is read anew before it is used later than when it came.
    private static let markLife = Interval.milliseconds(100)
    /// An answer that has not come by then is asked for again, and is too old where it comes yet.
    private static let markPause = Interval.milliseconds(500)

    // MARK: the mark

    /// The mark to book at; nil while it is being read, and where the close has ended for want of one.
    mutating func freshMark(
        _ id: ClientOrderID, _ plan: ClosingPlan, _ net: Quantity, _ turn: inout Turn
    ) -> Price? {
        guard let order = orders[id], let hold = order.hold else { return nil }
        let life = hold.markCameAt == turn.now ? GatewayDesk.markPause : GatewayDesk.markLife
        if let mark = hold.mark, turn.now - hold.markAt <= life { return mark }
        if isLate(order, since: hold.markWantedAt ?? turn.now, turn) {
            endUnmarked(id, plan, net, &turn)
            return nil
        }
        check(id, by: turn.now + GatewayDesk.closePause)
        if let askedAt = hold.markAskedAt, turn.now - askedAt < GatewayDesk.markPause { return nil }
        orders.change(id) {
            $0.hold?.markAskedAt = turn.now
            $0.hold?.markWantedAt = hold.markWantedAt ?? turn.now
        }
        turn.act(.readFacts(id, order.account, order.symbol))
        return nil
    }

    /// No fresh mark is to be had: what the exchange holds is closed all the same, and nothing is booked.
    private mutating func endUnmarked(
        _ id: ClientOrderID, _ plan: ClosingPlan, _ net: Quantity, _ turn: inout Turn
    ) {
        guard let order = orders[id] else { return }
        if plan.sent.isZero {
            withdraw(id, .priceUnknown, "no fresh mark to book the close at", &turn)
        } else {
            go(id, plan.sent.magnitude, isFlagged(plan, order, net), &turn)
        }
    }

    /// Price and risk were read for a close that waits for the mark.
    /// - Returns: whether one does.
    mutating func markRead(
        _ id: ClientOrderID, _ facts: MarketFacts?, _ turn: inout Turn
    ) -> Bool {
        guard orders[id]?.hold?.markAskedAt != nil else { return false }
        let askedAt = facts?.readAt ?? turn.now
        let isLate = turn.now - askedAt > GatewayDesk.markPause
        let fresh = facts?.price.flatMap { price in
            !isLate && turn.wall - price.at <= settings.limits.priceAge ? price.mark : nil
        }
        orders.change(id) {
            $0.hold?.mark = fresh
            $0.hold?.markAt = askedAt
            $0.hold?.markCameAt = turn.now
            // One that is too old is not asked for again at once.
            guard fresh != nil else { return }
            $0.hold?.markAskedAt = nil
            $0.hold?.markWantedAt = nil
        }
        if fresh != nil { checkClose(id, &turn) }
        return true
    }

    // MARK: booking

    /// A part goes into the ledger, on which everything that is on its way for the book has come there.
    mutating func bookAtMark(
        _ id: ClientOrderID, _ part: Quantity, at mark: Price, _ books: Quantity, _ net: Quantity,
        _ turn: inout Turn
    ) {
        guard let order = orders[id], ledger.isSettled(order.account),
            orders.unbooked(order.account, order.symbol).isZero
        else { return check(id, by: turn.now + GatewayDesk.closePause) }
        // A close that is planned anew books another part.
        let name = order.closeParts == 0 ? "" : ":\(order.closeParts)"
        orders.change(id) {
            $0.closeParts += 1
            $0.checkAt = nil
            $0.hold?.booking = CloseHold.Booking(
                part: part, before: order.totals.bookedAtMark?.quantity ?? .zero, net: net,
                books: books)
        }
        nets.booked(order.symbol, part)
        submit(
            LedgerChange(
                account: order.account, symbol: order.symbol,
                subject: .adjustment(part, at: mark, isVirtualClose: true),
                identity: "close:\(order.id.text)\(name)", cause: "command:\(order.request)",
                atMilliseconds: turn.wall.milliseconds,
                closing: LedgerChange.Closing(
                    order: order.id,
                    positionVersion: ledger.position(order.account, order.symbol).version)),
            &turn)
    }

    /// A part of a close is in the book and on the order's record: the rest is planned anew.
    mutating func closeBooked(
        _ change: LedgerChange, _ totals: OrderTotals?, _ turn: inout Turn
    ) {
        guard let id = change.closing?.order, let order = orders[id],
            let booking = order.hold?.booking, case .adjustment(_, let mark, _) = change.subject
        else { return }
        if algos.owners[id] != nil { algos.moved.insert(id) }
        let sum = totals?.bookedAtMark ?? order.totals.bookedAtMark ?? BookedAtMark()
        let booked = max(.zero, sum.quantity - booking.before)
        let rest = order.life.intent.quantity - booked
        orders.change(id) {
            $0.hold?.booking = nil
            $0.totals.bookedAtMark = sum
            $0.needsSave = true
            $0.life.cut(to: rest)
        }
        turn.act(
            .alert(
                code: "close_unbacked",
                "a close was booked at mark as far as the exchange does not hold it",
                [
                    "account": order.account.name, "symbol": order.symbol.name,
                    "order": order.id.text, "qty": booked.text, "mark": mark.text,
                    "exchange": booking.net.text,
                ]))
        guard !rest.isPositive else { return checkClose(id, &turn) }
        orders[id]?.reason =
            "booked at mark: the exchange holds \(booking.net), the books held \(booking.books)"
        leaveHold(id)
        let isUnsent = order.life.name == .sent
        let action = orders.change(id) {
            isUnsent ? $0.life.closedAtMark() : $0.life.definiteReject()
        }
        perform(action ?? .nothing, id, &turn)
    }

    /// A part was not booked, as its book has changed since it was planned or its answer was lost: it is
    /// planned anew. A call that came late after all is on the order's record.
    mutating func closeOutdated(
        _ change: LedgerChange, _ totals: OrderTotals?, _ turn: inout Turn
    ) {
        guard let id = change.closing?.order, let order = orders[id],
            let booking = order.hold?.booking
        else { return }
        if let sum = totals?.bookedAtMark, sum.quantity > booking.before {
            return closeBooked(change, totals, &turn)
        }
        nets.booked(order.symbol, -booking.part)
        orders[id]?.hold?.booking = nil
        checkClose(id, &turn)
    }
}

import BusProtocol
import Chronology
import Orders
import Trading

/// Orders that outlive nobody: cancelled once their owner's lease or their time has ended.
///
/// The terms are in the order's record before its bytes leave, so that whoever takes over after a
/// crash, however late, cancels what is overdue. Without Redis the times go on in memory. Of orders that
/// have no terms, nothing is kept and nothing is asked.
extension GatewayDesk {
    // MARK: placing

    /// Gives a new order the terms that its command names; a refusal where they are over already.
    mutating func grantTerms(
        to order: inout WorkingOrder, _ body: OrderPlaceBody, _ turn: inout Turn
    ) -> Refusal? {
        guard body.owner != nil || body.timeToLiveMilliseconds != nil else { return nil }
        let expires = body.timeToLiveMilliseconds.map { turn.wall.milliseconds + $0 }
        order.terms = OrderTerms(owner: body.owner, expiresMilliseconds: expires)
        guard isRedisUp || body.owner == nil else {
            return Refusal(.ownerGone, "without redis its owner's lease cannot be read")
        }
        let expiresAt = body.timeToLiveMilliseconds.map { turn.now + .milliseconds($0) }
        if let expiresAt { order.sendBy = min(order.sendBy, expiresAt) }
        tenures.add(
            order.id, OrderTenures.Tenure(owner: body.owner, expiresAt: expiresAt), now: turn.now)
        // Answered before the facts are, so that they find it known.
        if let owner = body.owner { turn.act(.readOwner(owner.lease)) }
        return nil
    }

    /// Why an order that is about to be saved may not be sent; nil where its owner is there, or it has
    /// none.
    func refusalOfTerms(_ order: WorkingOrder, _ turn: Turn) -> Refusal? {
        guard let owner = order.terms?.owner, !tenures.isHeld(owner, now: turn.now) else { return nil }
        return Refusal(.ownerGone, "lock:\(owner.lease) is not held under number \(owner.fence)")
    }

    /// The terms of an order as those of one that takes its place.
    func passTerms(of order: WorkingOrder, to body: inout OrderPlaceBody, _ turn: Turn) {
        guard let terms = order.terms else { return }
        body.owner = terms.owner
        body.timeToLiveMilliseconds = terms.expiresMilliseconds.map {
            max(1, $0 - turn.wall.milliseconds)
        }
    }

    // MARK: taking over

    /// Orders were read from Redis or the disk: those with terms are watched from here on.
    mutating func watchTerms(_ turn: inout Turn) {
        tenures.forgetFailures()
        for order in orders.values where order.terms != nil && !tenures.contains(order.id) {
            watchTerms(of: order.id, turn)
        }
    }

    /// The same of one order that was found.
    mutating func watchTerms(of id: ClientOrderID, _ turn: Turn) {
        guard let order = orders[id], let terms = order.terms else { return }
        let expiresAt = terms.expiresMilliseconds.map { expires in
            // Of a clock that was set back: never longer than it was given.
            turn.now
                + .milliseconds(
                    min(expires - turn.wall.milliseconds, expires - order.intentMilliseconds))
        }
        tenures.add(
            order.id, OrderTenures.Tenure(owner: terms.owner, expiresAt: expiresAt), now: turn.now)
        tenures.look(at: turn.now)
    }

    /// The record of an order was lost, and its terms with it unless they are still known here. One of
    /// the allocator's had some: what they were nobody knows, so they are over.
    mutating func adoptTerms(_ id: ClientOrderID, _ known: OrderTerms?, _ turn: Turn) {
        let isOwned = id.origin == .allocator
        orders[id]?.terms =
            known
            ?? (isOwned
                ? OrderTerms(owner: nil, expiresMilliseconds: turn.wall.milliseconds) : nil)
        watchTerms(of: id, turn)
    }

    // MARK: ending

    /// What Redis said of a lease.
    mutating func ownerRead(_ lease: String, _ reading: OwnerReading, _ turn: inout Turn) {
        switch reading {
        case .held(let fence, let left): tenures.read(lease, (fence, left), now: turn.now)
        case .free: tenures.read(lease, nil, now: turn.now)
        case .failed: tenures.readingFailed(lease)
        }
        endOverdue(&turn)
        tenures.looked(now: turn.now, isRedisUp: isRedisUp)
    }

    mutating func checkTenures(_ turn: inout Turn) {
        guard let due = tenures.lookAt, due <= turn.now else { return }
        endOverdue(&turn)
        tenures.looked(now: turn.now, isRedisUp: isRedisUp)
        guard isRedisUp, fence != nil, phase != .idle, phase != .loading else { return }
        for lease in tenures.leases { turn.act(.readOwner(lease)) }
    }

    /// Whether this desk is the one to cancel: it leads and has read all orders, or Redis is away.
    private var mayEnd: Bool {
        !isRedisUp || (fence != nil && phase != .idle && phase != .loading)
    }

    private mutating func endOverdue(_ turn: inout Turn) {
        for id in tenures.ids {
            guard let order = orders[id], !order.life.isFinal else {
                tenures.remove(id)
                continue
            }
            let end = tenures.end(of: id, now: turn.now, isRedisUp: isRedisUp)
            if mayEnd, let end { self.end(order, end, &turn) }
        }
    }

    private mutating func end(_ order: WorkingOrder, _ end: TenureEnd, _ turn: inout Turn) {
        let id = order.id
        if order.awaitsFacts || order.awaitsVerdict || order.awaitsVenue {
            let code: RefusalCode = end == .expired ? .deadlinePassed : .ownerGone
            return drop(id, code, end.reason, &turn)
        }
        if end != .expired, order.reason != end.reason {
            turn.act(
                .alert(
                    code: "owner_gone", end.reason,
                    ["order": id.text, "account": order.account.name, "symbol": order.symbol.name]))
        }
        orders[id]?.reason = end.reason
        orders[id]?.replacement = nil
        takeBack(id, &turn)
        answerWaiters(id, &turn)
    }
}

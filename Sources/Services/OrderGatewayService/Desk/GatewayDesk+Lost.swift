import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// What Redis may have lost: orders that were sent and have no record any more (S3, S8, P3).
///
/// Redis that is killed or fails over forgets its last second or more. If this process was restarted
/// too, nobody here remembers those orders; and as a filled order frees its client id, the venue would
/// take a repeat of the same request. So after each taking over, the first new order of a symbol waits
/// until the venue has listed the symbol's orders since the newest that Redis remembers; those of ours
/// that have no record are taken over, so that a repeat finds them.
extension GatewayDesk {
    /// How far the newest remembered order may lie before the oldest forgotten one: Redis' journal is
    /// ordered, so this covers clocks that differ only.
    private static let overlap: Int64 = 60_000
    /// Of an empty Redis: the venue lists a week at most.
    private static let longest: Int64 = 6 * 86_400_000

    /// Redis was read anew: no symbol is taken to be known.
    mutating func startDoubting(newest: Int64, wall: WallTime) {
        let earliest = wall.milliseconds - GatewayDesk.longest
        memoryEndsAt = max(newest - GatewayDesk.overlap, earliest)
        verified = []
        verifyAt = [:]
    }

    /// Whether all orders of a symbol that may be ours are on the desk or on record.
    func isKnown(_ symbol: Symbol) -> Bool {
        verified.contains(symbol) && !strays.values.contains { $0.symbol == symbol }
    }

    /// The symbol's orders are asked for anew at `time`.
    mutating func doubt(_ symbol: Symbol, _ time: Instant) {
        verified.remove(symbol)
        if verifyAt[symbol] == nil { verifyAt[symbol] = time }
    }

    /// Asks for a symbol's recent orders, unless they are known or the question is out.
    mutating func verify(_ symbol: Symbol, _ turn: inout Turn) {
        guard !verified.contains(symbol), verifyAt[symbol] == nil else { return }
        verifyAt[symbol] = .distantFuture
        turn.act(
            .queryRecentOrders(
                symbol, sinceMilliseconds: memoryEndsAt, generation: generation))
    }

    mutating func recentOrdersAnswered(
        _ symbol: Symbol, _ number: Int64, _ list: [VenueOrder]?, _ turn: inout Turn
    ) {
        guard number == generation else {
            // Of an earlier taking over: whoever waits is asked for by the present one.
            if verifyAt[symbol] == .distantFuture { verifyAt[symbol] = turn.now }
            return
        }
        guard let list else {
            verifyAt[symbol] = turn.now + .milliseconds(500)
            return
        }
        verifyAt[symbol] = nil
        verified.insert(symbol)
        for order in list {
            guard let id = ClientOrderID(order.clientOrderID) else { continue }
            namesByVenueID[VenueOrderKey(symbol: symbol, orderID: order.orderID)] = id.text
            if let life = orders[id]?.life, life.name != .intent { continue }
            adopted(order, id, &turn)
        }
        release(symbol, &turn)
        releaseUnowned(symbol, &turn)
    }

    /// An order of the venue's list that is not on the desk: its record is looked at. A new order of
    /// the same id was sent before: it is dropped here, and answered from the one that lives.
    private mutating func adopted(
        _ order: VenueOrder, _ id: ClientOrderID, _ turn: inout Turn
    ) {
        if orders[id] == nil {
            strays[id] = order
            lookUp(id, &turn)
            return
        }
        guard let found = orders[id], found.awaitsVerdict || found.awaitsFacts else { return }
        adopt(order, id, found.account, &turn)
        orders[id]?.waiters = found.waiters
        answerWaiters(id, &turn)
    }

    /// The symbol is known: what waited for that goes on, or is too late.
    private mutating func release(_ symbol: Symbol, _ turn: inout Turn) {
        for id in orders.keys.sorted() {
            guard let order = orders[id], order.symbol == symbol, order.awaitsVerdict else {
                continue
            }
            orders[id]?.awaitsVerdict = false
            if let fence, isRedisUp, turn.now <= order.sendBy {
                saveIntent(id, fence, &turn)
            } else {
                dropUnsent(id, order, &turn)
            }
        }
    }

    private mutating func dropUnsent(
        _ id: ClientOrderID, _ order: WorkingOrder, _ turn: inout Turn
    ) {
        let code: RefusalCode =
            turn.now > order.sendBy ? .deadlinePassed : isRedisUp ? .leaseLost : .redisDown
        drop(id, code, "the venue did not list the symbol's orders in time", &turn)
    }

    /// Asks again where an answer failed, and drops what has become too old meanwhile.
    mutating func verifyAgain(_ turn: inout Turn) {
        for symbol in verifyAt.keys.sorted() {
            guard let due = verifyAt[symbol], due <= turn.now else { continue }
            verifyAt[symbol] = nil
            let waiting = orders.values.filter { $0.symbol == symbol && $0.awaitsVerdict }
            for order in waiting.sorted(by: { $0.id < $1.id })
            where turn.now > order.sendBy || fence == nil {
                dropUnsent(order.id, order, &turn)
            }
            if fence != nil, phase != .idle, phase != .loading { verify(symbol, &turn) }
        }
    }

    // MARK: taking over

    /// An order spelt like ours has no record: it goes to the account its id names.
    mutating func recordMissing(
        _ id: ClientOrderID, _ stray: VenueOrder?, _ fills: [Fill], _ turn: inout Turn
    ) {
        guard orders[id] == nil else {
            for fill in fills { listedTrade(fill, &turn) }
            return
        }
        guard let account = owner(of: id) else {
            for fill in fills { bookExternal(fill, &turn) }
            if let stray {
                turn.act(
                    .alert(
                        code: "order_unknown", "an order spelt like ours names no account here",
                        ["order": id.text, "symbol": stray.symbol.name]))
            }
            return
        }
        if let stray {
            adopt(stray, id, account, &turn)
            for fill in fills { listedTrade(fill, &turn) }
        } else if let symbol = fills.first?.symbol {
            parked[id] = fills
            turn.act(.queryOrder(id, symbol))
        }
    }

    /// The venue's record of an order whose trades came and which is not on the desk.
    mutating func strayAnswered(
        _ id: ClientOrderID, _ outcome: QueryOutcome, _ turn: inout Turn
    ) {
        guard lookups[id] == nil, let fills = parked.removeValue(forKey: id),
            let account = owner(of: id)
        else { return }
        switch outcome {
        case .found(let order):
            adopt(order, id, account, &turn)
            for fill in fills { listedTrade(fill, &turn) }
        case .notFound, .failed:
            // The trades are the venue's own: they come again with its list.
            if let symbol = fills.first?.symbol, collectAt[symbol] == nil {
                collectAt[symbol] = turn.now + .seconds(1)
            }
        }
    }

    mutating func adopt(
        _ order: VenueOrder, _ id: ClientOrderID, _ account: AccountID, _ turn: inout Turn
    ) {
        let terms = orders[id]?.terms
        orders[id] = WorkingOrder(adopting: order, of: account, id: id, now: turn.now)
        adoptTerms(id, terms, turn)
        orders[id]?.needsSave = true
        orders[id]?.isLost = true
        turn.act(
            .alert(
                code: "order_adopted", "an order of ours was on no record, and is again",
                ["order": id.text, "account": account.name, "symbol": order.symbol.name]))
        // Whose it is, is known before it may be saved as done.
        let isOfNobody = claim(id, turn.now)
        reported(id, order, &turn)
        if isOfNobody { takeBack(id, &turn) }
        saveIfNeeded(id, &turn)
    }

    /// The ledger may have booked trades of an order before its record was lost, or while there was
    /// none: its record, saved anew, tells. Trades that are remembered come with no list again.
    mutating func reread(_ id: ClientOrderID, _ turn: inout Turn) {
        guard orders[id]?.isLost == true else { return }
        orders[id]?.isLost = false
        lookUp(id, &turn)
    }

    mutating func recordRead(_ id: ClientOrderID, _ record: OrderRecord, _ turn: inout Turn) {
        guard let known = orders[id]?.life.bookedTrades else { return }
        let trades = Set(record.tradeIDs)
        // An answer from before the last change says nothing new.
        guard trades.isStrictSuperset(of: known) else { return }
        reload(id, OrderTotals(record))
        ledger.load(id, OrderTotals(record))
        // Whether that was all of it the venue knows: the terms may have been amended.
        if orders[id]?.life.isDone == true { foundAgain(id, &turn) } else { query(id, &turn) }
    }

    private func owner(of id: ClientOrderID) -> AccountID? {
        guard let code = ClientOrderID.parts(of: id.text)?.account else { return nil }
        return accounts.values.first { $0.code == code }?.id
    }
}

import Chronology
import Orders
import Trading

/// The orders on the desk, by id, with what is asked of all of them held as sums: one order's event
/// costs the same among ten and among ten thousand.
///
/// 1. The sums are those of the orders held, after every change of one.
struct WorkingOrders: Sendable {
    /// What one order adds to the sums of its book, as long as it stands there.
    fileprivate struct Share: Equatable {
        var reserved = Money.zero
        var reducing = Quantity.zero
        var isDoubtful = false
        var isWorking = false
        var dueAt: Instant?
    }

    /// Whose sums hold an order, and who asked for it.
    fileprivate struct Owner {
        let book: SideBook
        let request: String
    }

    private struct Slot {
        /// Whose order it is, or whose was last asked for here.
        var id: ClientOrderID
        var order: WorkingOrder?
        /// In whose sums it stands; nil where in none.
        var owner: Owner?
        /// What those sums hold of it.
        var share = Share()
    }

    fileprivate struct Book: Hashable {
        let account: AccountID
        let symbol: Symbol
    }

    fileprivate struct SideBook: Hashable {
        let account: AccountID
        let symbol: Symbol
        let side: Side

        var book: Book { Book(account: account, symbol: symbol) }
    }

    private var slots: [Slot] = []
    /// Where each order stands in `slots`; a free slot holds none.
    private var places = PlaceTable()
    private var free: [Int] = []
    private var requests: [String: ClientOrderID] = [:]
    private var symbols: [Symbol: Set<ClientOrderID>] = [:]
    private var reserved: [AccountID: Money] = [:]
    private var working: [AccountID: Int] = [:]
    private var reducing: [SideBook: Quantity] = [:]
    private var doubtful: [Book: Int] = [:]
    private var dues = DueList<Int>()

    /// The ids of all orders, in no order.
    var keys: [ClientOrderID] { slots.compactMap { $0.order == nil ? nil : $0.id } }
    var values: some Sequence<WorkingOrder> { slots.lazy.compactMap(\.order) }
    var count: Int { places.count }

    func holds(_ id: ClientOrderID) -> Bool { place(id) != nil }

    private func place(_ id: ClientOrderID) -> Int? {
        places.first(id.spread) { slots[$0].id == id }
    }

    /// Reads an order where it stands; nil where it is not here.
    @inline(__always) func read<Result>(
        _ id: ClientOrderID, _ body: (WorkingOrder) -> Result
    ) -> Result? {
        guard let place = place(id), let order = slots[place].order else { return nil }
        return body(order)
    }

    /// Changes an order where it stands; nil where it is not here. The sums follow once, however many of
    /// its fields are changed.
    @inline(__always) @discardableResult mutating func change<Result>(
        _ id: ClientOrderID, _ body: (inout WorkingOrder) -> Result
    ) -> Result? {
        guard let place = place(id) else { return nil }
        let result = body(&slots[place].order!)
        settle(id, place)
        return result
    }

    /// An order is changed where it stands, not taken out and put back.
    subscript(id: ClientOrderID) -> WorkingOrder? {
        @inline(__always) _read {
            if let place = place(id) {
                yield slots[place].order
            } else {
                yield nil
            }
        }
        @inline(__always) _modify {
            let place = place(id) ?? vacancy(id)
            defer { settle(id, place) }
            yield &slots[place].order
        }
    }

    /// What follows a change of the order in a slot, whether the change ended well or threw.
    @inline(never) private mutating func settle(_ id: ClientOrderID, _ place: Int) {
        guard let order = slots[place].order else {
            leave(id, place)
            free.append(place)
            return
        }
        if slots[place].owner?.has(order) != true {
            leave(id, place)
            enter(id, place, order)
        }
        let share = Share(order)
        if share != slots[place].share { shift(place, to: share) }
    }

    private mutating func vacancy(_ id: ClientOrderID) -> Int {
        if let place = free.popLast() {
            slots[place].id = id
            return place
        }
        slots.append(Slot(id: id))
        return slots.count - 1
    }

    mutating func removeValue(forKey id: ClientOrderID) -> WorkingOrder? {
        guard let order = self[id] else { return nil }
        self[id] = nil
        return order
    }

    private mutating func enter(_ id: ClientOrderID, _ place: Int, _ order: WorkingOrder) {
        index(id, place)
        slots[place].owner = Owner(order)
        symbols[order.symbol, default: []].insert(id)
        requests[order.request] = id
    }

    private mutating func index(_ id: ClientOrderID, _ place: Int) {
        let slots = slots
        places.insert(place, id.spread) { slots[$0].id.spread }
    }

    private mutating func unindex(_ id: ClientOrderID, _ place: Int) {
        let slots = slots
        places.remove(place, id.spread) { slots[$0].id.spread }
    }

    private mutating func leave(_ id: ClientOrderID, _ place: Int) {
        guard let owner = slots[place].owner else { return }
        shift(place, to: Share())
        unindex(id, place)
        slots[place].owner = nil
        symbols[owner.book.symbol]?.remove(id)
        if requests[owner.request] == id { requests[owner.request] = nil }
    }

    /// The sums follow what changed of an order in its book.
    private mutating func shift(_ place: Int, to after: Share) {
        guard let book = slots[place].owner?.book else { return }
        let before = slots[place].share
        slots[place].share = after
        if before.reserved != after.reserved {
            reserved[book.account, default: .zero] += after.reserved - before.reserved
        }
        if before.reducing != after.reducing {
            reducing[book, default: .zero] += after.reducing - before.reducing
        }
        if before.isWorking != after.isWorking {
            working[book.account, default: 0] += after.isWorking ? 1 : -1
        }
        if before.isDoubtful != after.isDoubtful {
            doubtful[book.book, default: 0] += after.isDoubtful ? 1 : -1
        }
        if before.dueAt != after.dueAt { plan(place, after.dueAt) }
    }

    private mutating func plan(_ place: Int, _ time: Instant?) {
        guard let time else { return }
        dues.add(place, at: time)
        guard dues.isStale(for: count) else { return }
        dues.replace(
            with: slots.indices.compactMap { index in
                slots[index].share.dueAt.map { DueList.Entry(at: $0, key: index) }
            })
    }

    // MARK: what is asked of all

    /// The order that a request placed.
    func id(ofRequest request: String) -> ClientOrderID? { requests[request] }

    /// The orders of a symbol, ascending by id.
    func ids(of symbol: Symbol) -> [ClientOrderID] { symbols[symbol, default: []].sorted() }

    /// Margin set aside for all orders of an account.
    func reserved(_ account: AccountID) -> Money { reserved[account, default: .zero] }

    /// Margin set aside for all orders of an account but one.
    func reserved(_ account: AccountID, but id: ClientOrderID) -> Money {
        let all = reserved[account, default: .zero]
        guard let place = place(id), slots[place].owner?.book.account == account else { return all }
        return all - slots[place].share.reserved
    }

    /// What the orders of a book and side that only reduce may still take off, but for one of them.
    func reducing(
        _ account: AccountID, _ symbol: Symbol, _ side: Side, but id: ClientOrderID
    ) -> Quantity {
        let book = SideBook(account: account, symbol: symbol, side: side)
        let all = reducing[book, default: .zero]
        guard let place = place(id), slots[place].owner?.book == book else { return all }
        return all - slots[place].share.reducing
    }

    /// Signed: what a symbol's orders have executed, and the ledger does not hold yet. Like the sums that
    /// only closes ask for, it is made when asked for: a venue lets a symbol have a few hundred.
    func unbooked(_ symbol: Symbol) -> Quantity { sum(symbol) { $0.unbooked } }

    /// The same of the orders of one book.
    func unbooked(_ account: AccountID, _ symbol: Symbol) -> Quantity {
        sum(symbol) { $0.account == account ? $0.unbooked : .zero }
    }

    /// What a symbol's orders of one side may still take off the exchange's position at once, but for
    /// one of them: those that only reduce, and those that do not rest.
    func working(_ symbol: Symbol, _ side: Side, but id: ClientOrderID) -> Quantity {
        sum(symbol) { order in
            guard order.life.intent.side == side, order.id != id, !order.awaitsFacts,
                !order.awaitsVerdict,
                order.life.intent.isReduceOnly || order.life.intent.type == .market
            else { return .zero }
            return order.life.remaining
        }
    }

    private func sum(_ symbol: Symbol, _ part: (WorkingOrder) -> Quantity) -> Quantity {
        var sum = Quantity.zero
        for id in symbols[symbol, default: []] {
            if let order = self[id] { sum += part(order) }
        }
        return sum
    }

    /// Whether an order of a book has an outcome that is not known.
    func hasDoubt(_ account: AccountID, _ symbol: Symbol) -> Bool {
        doubtful[Book(account: account, symbol: symbol), default: 0] > 0
    }

    /// Whether an order of an account, or of any, rests or is on its way.
    func hasWorking(_ account: AccountID?) -> Bool {
        if let account { return working[account, default: 0] > 0 }
        return working.values.contains { $0 > 0 }
    }

    /// When the first order is to be looked at.
    var firstDue: Instant? {
        mutating get {
            let slots = slots
            return dues.first { slots[$0.key].share.dueAt == $0.at }
        }
    }

    /// Orders that are to be looked at by now, ascending by id.
    mutating func due(by now: Instant) -> [ClientOrderID] {
        let slots = slots
        return dues.due(by: now) { slots[$0.key].share.dueAt == $0.at }
            .map { slots[$0].id }.sorted()
    }
}

extension WorkingOrders.Owner {
    init(_ order: WorkingOrder) {
        book = WorkingOrders.SideBook(
            account: order.account, symbol: order.symbol, side: order.life.intent.side)
        request = order.request
    }

    func has(_ order: WorkingOrder) -> Bool {
        book.account == order.account && book.symbol == order.symbol
            && book.side == order.life.intent.side && request == order.request
    }
}

extension WorkingOrders.Share {
    init(_ order: WorkingOrder) {
        let name = order.life.name
        reserved = order.reserved
        reducing = order.reducing
        isDoubtful = name == .unknown
        isWorking = !name.isFinal && !order.awaitsFacts && !order.awaitsVerdict
        dueAt = order.dueAt
    }
}

extension WorkingOrder {
    /// When it is to be looked at, or the first who waits for it is to be answered.
    fileprivate var dueAt: Instant? {
        var due = self.checkAt
        for waiter in self.waiters { due = min(due ?? waiter.answerAt, waiter.answerAt) }
        return due
    }
}

import Chronology
import Orders
import Trading

/// The orders on the desk, by id, with what is asked of all of them held as sums: one order's event
/// costs the same among ten and among ten thousand.
///
/// 1. The sums are those of the orders held, after every change of one.
struct WorkingOrders: Sendable {
    /// What one order adds to the sums.
    fileprivate struct Share: Equatable {
        let book: SideBook
        let reserved: Money
        let reducing: Quantity
        let isDoubtful: Bool
        let isWorking: Bool
        let dueAt: Instant?
        let request: String

        init(_ order: borrowing WorkingOrder) {
            book = SideBook(
                account: order.account, symbol: order.symbol, side: order.life.intent.side)
            reserved = order.reserved
            reducing = order.reducing
            isDoubtful = order.life.isUnknown
            isWorking = !order.life.isFinal && !order.awaitsFacts && !order.awaitsVerdict
            dueAt = order.dueAt
            request = order.request
        }
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

    /// Where each order stands in `slots`; a free slot holds none.
    private var places: [ClientOrderID: Int] = [:]
    private var slots: [WorkingOrder?] = []
    private var free: [Int] = []
    private var requests: [String: ClientOrderID] = [:]
    private var symbols: [Symbol: Set<ClientOrderID>] = [:]
    private var reserved: [AccountID: Money] = [:]
    private var working: [AccountID: Int] = [:]
    private var reducing: [SideBook: Quantity] = [:]
    private var doubtful: [Book: Int] = [:]
    private var dues = DueList()

    var keys: Dictionary<ClientOrderID, Int>.Keys { places.keys }
    var values: some Sequence<WorkingOrder> { slots.lazy.compactMap { $0 } }
    var count: Int { places.count }

    /// An order is changed where it stands, not taken out and put back.
    subscript(id: ClientOrderID) -> WorkingOrder? {
        _read {
            if let place = places[id] {
                yield slots[place]
            } else {
                yield nil
            }
        }
        _modify {
            let known = places[id]
            let place = known ?? vacancy()
            let before = slots[place]?.share
            defer { settle(id, place, isKnown: known != nil, before) }
            yield &slots[place]
        }
    }

    /// What follows a change of the order in a slot, whether the change ended well or threw.
    private mutating func settle(
        _ id: ClientOrderID, _ place: Int, isKnown: Bool, _ before: Share?
    ) {
        let after = slots[place]?.share
        if !isKnown, after != nil { places[id] = place }
        if after == nil {
            if isKnown { places[id] = nil }
            free.append(place)
        }
        if before != after { exchange(before, for: after, id) }
    }

    private mutating func vacancy() -> Int {
        if let place = free.popLast() { return place }
        slots.append(nil)
        return slots.count - 1
    }

    mutating func removeValue(forKey id: ClientOrderID) -> WorkingOrder? {
        guard let order = self[id] else { return nil }
        self[id] = nil
        return order
    }

    private mutating func exchange(_ before: Share?, for after: Share?, _ id: ClientOrderID) {
        if let before, let after, before.book == after.book {
            shift(before, to: after)
        } else {
            if let before { add(before, -1) }
            if let after { add(after, 1) }
        }
        if before?.book.symbol != after?.book.symbol {
            if let symbol = before?.book.symbol { symbols[symbol]?.remove(id) }
            if let symbol = after?.book.symbol { symbols[symbol, default: []].insert(id) }
        }
        if before?.request != after?.request {
            if let request = before?.request, requests[request] == id { requests[request] = nil }
            if let request = after?.request { requests[request] = id }
        }
        if before?.dueAt != after?.dueAt { dues.set(id, after?.dueAt) }
    }

    /// The sums follow what changed of an order that stays in its book.
    private mutating func shift(_ before: Share, to after: Share) {
        let book = after.book
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
    }

    private mutating func add(_ share: Share, _ sign: Int) {
        let (book, isMore) = (share.book, sign > 0)
        reserved[book.account, default: .zero] += isMore ? share.reserved : -share.reserved
        reducing[book, default: .zero] += isMore ? share.reducing : -share.reducing
        working[book.account, default: 0] += share.isWorking ? sign : 0
        doubtful[book.book, default: 0] += share.isDoubtful ? sign : 0
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
        guard self[id]?.account == account, let own = self[id]?.reserved else { return all }
        return all - own
    }

    /// What the orders of a book and side that only reduce may still take off, but for one of them.
    func reducing(
        _ account: AccountID, _ symbol: Symbol, _ side: Side, but id: ClientOrderID
    ) -> Quantity {
        let book = SideBook(account: account, symbol: symbol, side: side)
        let all = reducing[book, default: .zero]
        guard let own = self[id]?.share, own.book == book else { return all }
        return all - own.reducing
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

    private func sum(_ symbol: Symbol, _ part: (borrowing WorkingOrder) -> Quantity) -> Quantity {
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
    var firstDue: Instant? { mutating get { dues.first } }

    /// Orders that are to be looked at by now, ascending by id.
    mutating func due(by now: Instant) -> [ClientOrderID] { dues.due(by: now) }
}

extension WorkingOrder {
    fileprivate var share: WorkingOrders.Share { WorkingOrders.Share(self) }

    /// When it is to be looked at, or the first who waits for it is to be answered.
    fileprivate var dueAt: Instant? {
        var due = checkAt
        for waiter in waiters { due = min(due ?? waiter.answerAt, waiter.answerAt) }
        return due
    }
}

/// When each order is to be looked at; the earliest is found at once.
private struct DueList: Sendable {
    private struct Entry {
        let at: Instant
        let id: ClientOrderID
    }

    private var times: [ClientOrderID: Instant] = [:]
    /// A heap by time; an entry whose order has another time by now counts no more.
    private var heap: [Entry] = []

    mutating func set(_ id: ClientOrderID, _ time: Instant?) {
        times[id] = time
        guard let time else { return }
        push(Entry(at: time, id: id))
        // Mostly entries that count no more: made anew, so that it holds a few times the orders.
        if heap.count > 64 + 4 * times.count {
            heap = times.map { Entry(at: $0.value, id: $0.key) }.sorted { $0.at < $1.at }
        }
    }

    var first: Instant? {
        mutating get {
            while let top = heap.first, times[top.id] != top.at { pop() }
            return heap.first?.at
        }
    }

    mutating func due(by now: Instant) -> [ClientOrderID] {
        var ids: Set<ClientOrderID> = []
        while let time = first, time <= now, let top = heap.first {
            ids.insert(top.id)
            pop()
        }
        // They stay due until their orders say otherwise.
        for id in ids { if let time = times[id] { push(Entry(at: time, id: id)) } }
        return ids.sorted()
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var place = heap.count - 1
        while place > 0, heap[place].at < heap[(place - 1) / 2].at {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while true {
            let (left, right) = (2 * place + 1, 2 * place + 2)
            var least = place
            if left < heap.count, heap[left].at < heap[least].at { least = left }
            if right < heap.count, heap[right].at < heap[least].at { least = right }
            if least == place { return }
            heap.swapAt(place, least)
            place = least
        }
    }
}

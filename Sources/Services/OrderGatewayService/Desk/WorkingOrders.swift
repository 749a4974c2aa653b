import Chronology
import Orders
import Trading

/// The orders on the desk, by id, with what is asked of all of them held as sums: one order's event
/// costs the same among ten and among ten thousand.
///
/// 1. The sums are those of the orders held, after every change of one.
struct WorkingOrders: Sendable {
    /// What one order adds to the sums.
    private struct Share: Equatable {
        let account: AccountID
        let symbol: Symbol
        let side: Side
        let request: String
        let reserved: Money
        let reducing: Quantity
        let isDoubtful: Bool
        let isWorking: Bool
        let dueAt: Instant?

        init(_ order: WorkingOrder) {
            account = order.account
            symbol = order.symbol
            side = order.life.intent.side
            request = order.request
            reserved = order.reserved
            reducing = order.reducing
            isDoubtful = order.life.isUnknown
            isWorking = !order.life.isFinal && !order.awaitsFacts && !order.awaitsVerdict
            dueAt = order.waiters.reduce(order.checkAt) { due, waiter in
                min(due ?? waiter.answerAt, waiter.answerAt)
            }
        }

        var book: Book { Book(account: account, symbol: symbol, side: nil) }
        var reducingBook: Book { Book(account: account, symbol: symbol, side: side) }
    }

    private struct Book: Hashable {
        let account: AccountID
        let symbol: Symbol
        let side: Side?
    }

    private var byID: [ClientOrderID: WorkingOrder] = [:]
    private var requests: [String: ClientOrderID] = [:]
    private var symbols: [Symbol: Set<ClientOrderID>] = [:]
    private var reserved: [AccountID: Money] = [:]
    private var working: [AccountID: Int] = [:]
    private var reducing: [Book: Quantity] = [:]
    private var doubtful: [Book: Int] = [:]
    private var dues = DueList()

    var keys: Dictionary<ClientOrderID, WorkingOrder>.Keys { byID.keys }
    var values: Dictionary<ClientOrderID, WorkingOrder>.Values { byID.values }
    var count: Int { byID.count }

    subscript(id: ClientOrderID) -> WorkingOrder? {
        get { byID[id] }
        _modify {
            let before = byID[id].map(Share.init)
            yield &byID[id]
            let after = byID[id].map(Share.init)
            if before != after { exchange(before, for: after, id) }
        }
    }

    mutating func removeValue(forKey id: ClientOrderID) -> WorkingOrder? {
        guard let order = byID.removeValue(forKey: id) else { return nil }
        exchange(Share(order), for: nil, id)
        return order
    }

    private mutating func exchange(_ before: Share?, for after: Share?, _ id: ClientOrderID) {
        if let before { add(before, -1) }
        if let after { add(after, 1) }
        if before?.symbol != after?.symbol {
            if let symbol = before?.symbol { symbols[symbol]?.remove(id) }
            if let symbol = after?.symbol { symbols[symbol, default: []].insert(id) }
        }
        if before?.request != after?.request {
            if let request = before?.request, requests[request] == id { requests[request] = nil }
            if let request = after?.request { requests[request] = id }
        }
        if before?.dueAt != after?.dueAt { dues.set(id, after?.dueAt) }
    }

    private mutating func add(_ share: Share, _ sign: Int) {
        let isMore = sign > 0
        reserved[share.account, default: .zero] += isMore ? share.reserved : -share.reserved
        reducing[share.reducingBook, default: .zero] += isMore ? share.reducing : -share.reducing
        working[share.account, default: 0] += share.isWorking ? sign : 0
        doubtful[share.book, default: 0] += share.isDoubtful ? sign : 0
    }

    // MARK: what is asked of all

    /// The order that a request placed.
    func id(ofRequest request: String) -> ClientOrderID? { requests[request] }

    /// The orders of a symbol, ascending by id.
    func ids(of symbol: Symbol) -> [ClientOrderID] { symbols[symbol, default: []].sorted() }

    /// Margin set aside for all orders of an account but one.
    func reserved(_ account: AccountID, but id: ClientOrderID) -> Money {
        let own = byID[id].map { $0.account == account ? $0.reserved : .zero } ?? .zero
        return reserved[account, default: .zero] - own
    }

    /// What the orders of a book and side that only reduce may still take off, but for one of them.
    func reducing(
        _ account: AccountID, _ symbol: Symbol, _ side: Side, but id: ClientOrderID
    ) -> Quantity {
        let book = Book(account: account, symbol: symbol, side: side)
        let own = byID[id].map { Share($0) }
        return reducing[book, default: .zero] - (own?.reducingBook == book ? own?.reducing ?? .zero : .zero)
    }

    /// Whether an order of a book has an outcome that is not known.
    func hasDoubt(_ account: AccountID, _ symbol: Symbol) -> Bool {
        doubtful[Book(account: account, symbol: symbol, side: nil), default: 0] > 0
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

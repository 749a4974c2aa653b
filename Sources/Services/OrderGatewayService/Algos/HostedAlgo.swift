import Algorithms
import BusProtocol
import Chronology
import Trading

// Algos: the algorithms that run on the desk.
// 1. An order is placed only after Redis has confirmed the state that names it, so that after a
//    crash every order is found by its number.
// 2. An algorithm that was read from Redis decides nothing before the fate of each of its orders is
//    known.
// 3. Nothing is decided without the lease, or before the desk has taken the venue over; but while
//    Redis is away, the desk that led carries out stops and pauses.
// 4. An order that a saved state does not name stays listed as open until one does, also where Redis
//    has lost the state that did.

/// One algorithm on the desk, with what is on its way for it.
struct HostedAlgo: Sendable {
    /// Nil where its saved state cannot be read by this build.
    var machine: AlgoMachine?
    /// As it was last written or read.
    var record: AlgoRecord
    /// As it was read, where it cannot be taken up before its instrument is known.
    var unread: AlgoRecord?
    let isReduceOnly: Bool
    /// The command that started it, where that was in this process.
    var request = ""
    /// Cancels and moves that are to be carried out.
    var wishes: [AlgoAction] = []
    /// Orders that wait for the state that names them.
    var held: [ChildOrder] = []
    /// How many of them the save in flight names.
    var heldInFlight = 0
    /// The token of the save that is in flight.
    var saving: Int64?
    var savedAt = Instant.distantPast
    /// When a save that may wait, or has failed, is made.
    var saveAt = Instant.distantFuture
    var hasFailedSave = false
    /// Commands that are answered once the state is saved; those the save in flight covers come first.
    var waiters: [Command] = []
    var waitersInFlight = 0
    /// Orders whose records are being read after a restart.
    var lookups: Set<Int64> = []
    /// When something is due of it, as it stands in the list of all.
    var dueAt = Instant.distantFuture
    /// When a failed look-up is repeated.
    var lookupAt = Instant.distantFuture
    /// From this number on its orders may exist without its saved state naming them; nil where this
    /// process has known them all.
    var unknownFrom: Int64?
    /// How long it was away; nil once what its restart policy asks for is done.
    var downtime: Interval?

    /// Orders that were claimed for it by the save in flight.
    var claimsInFlight: [ClientOrderID] = []

    var isRecovering: Bool { downtime != nil }

    /// Whether its time is looked at: one that is being recovered decides nothing, but takes back what would
    /// open where nothing can be saved meanwhile.
    var isTimed: Bool { downtime == nil || machine?.isUnsaved == true }

    /// The lot of the orders that close what was filled, or the one that would be theirs.
    var closingLot: Int? {
        guard let count = machine?.book.lots.count else { return nil }
        return machine?.closingLot ?? count
    }

    /// When its state is written again though nothing has changed, so that how long it was away is
    /// known after a crash to within half of what it may be.
    var refreshInterval: Interval {
        let most = machine?.parameters.maximumDowntime ?? .seconds(600)
        return max(.seconds(1), min(.seconds(60), most / 2))
    }

    /// A price; says whether the algorithm wants anything, or to be looked at at another time.
    mutating func ticked(
        bid: Price, ask: Price, now: Instant, _ actions: inout [AlgoAction]
    ) -> Bool {
        guard downtime == nil, machine != nil else { return false }
        machine?.ticked(bid: bid, ask: ask, now: now, &actions)
        // What is due later than it is listed for is looked at then, and listed anew.
        return !actions.isEmpty || machine?.urgency != .unchanged || nextDue(isAlone: false) < dueAt
    }

    /// Whether its state is to be saved now; where that may wait, until when is noted.
    mutating func isSaveDue(now: Instant, throttle: Interval) -> Bool {
        guard downtime == nil, saving == nil, let urgency = machine?.urgency else { return false }
        switch urgency {
        case .unchanged: return !waiters.isEmpty || saveAt <= now
        case .soon:
            let due = savedAt + throttle
            if waiters.isEmpty, now < due {
                saveAt = due
                return false
            }
            return true
        case .now: return saveAt == .distantFuture || now >= saveAt || !hasFailedSave
        }
    }

    /// When something is due of it.
    /// - Parameter isAlone: Redis is away, and what is asked of it waits.
    func nextDue(isAlone: Bool) -> Instant {
        var due = isAlone ? .distantFuture : min(saveAt, lookupAt)
        if isTimed, let own = machine?.wakeAt { due = min(due, own) }
        return due
    }
}

/// All algorithms on the desk.
struct AlgoHost: Sendable {
    /// The name under which the desk asks itself.
    static let sender = "algos"
    /// More than the venue allows orders for.
    static let limit = 2_000
    /// How far beyond the newest number of a saved state its orders are looked for: what a ladder
    /// places in some seconds, as Redis may have lost that much.
    static let lookAhead: Int64 = 128
    /// How long an order may take until it is sent.
    static let patience = Interval.seconds(10)

    var all = AlgoTable()
    /// Ids by symbol, ascending.
    private(set) var bySymbol: [Symbol: [String]] = [:]
    /// The same, where they lie in the table.
    private(set) var places: [Symbol: [Int]] = [:]
    /// The algorithm and number behind a client order id.
    var owners: [ClientOrderID: (algo: String, number: Int64)] = [:]
    /// The algorithms that took orders back which no saved state names yet.
    var claimed: [ClientOrderID: String] = [:]
    /// Those known from before Redis was read, until it has their newest state: it may have lost some.
    var unconfirmed: Set<String> = []
    /// Starts that wait for the rules of their instrument, by the question's name.
    var awaitingRules: [ClientOrderID: Command] = [:]
    /// Orders of which something is new.
    var moved: Set<ClientOrderID> = []
    /// Algorithms of which something is to be saved, placed or looked at.
    var touched: Set<String> = []
    /// The middle of the markets of assets that fees are paid in, and when it was told.
    private(set) var worths: [Symbol: (price: Price, at: Instant)] = [:]
    /// Whether other symbols are to be followed than were.
    var isWatchDue = false
    /// The fence under which they were read or made.
    var fence: Int64?
    /// Whether their orders are compared with the desk when it is ready.
    var needsReview = false
    /// When orders that none of them follows are looked for, where Redis is still away by then.
    var strandedAt: Instant?
    /// Whether they could decide anything after the last event.
    var isAwake = false
    /// When something is due of each.
    var dues = DueTimes<String>()
    var actions: [AlgoAction] = []

    mutating func add(_ id: String, _ algo: HostedAlgo) {
        all.insert(id, algo)
        let symbol = algo.record.symbol
        list((bySymbol[symbol] ?? []).filter { $0 != id } + [id], symbol)
        touched.insert(id)
    }

    private mutating func list(_ ids: [String], _ symbol: Symbol) {
        bySymbol[symbol] = ids.isEmpty ? nil : ids.sorted()
        places[symbol] = bySymbol[symbol]?.compactMap { all.place($0) }
    }

    /// What symbols are followed, ascending.
    var symbols: [Symbol] { Set(bySymbol.keys).union(worths.keys).sorted() }

    /// What a symbol's asset is worth, where that was told just now; from here on it is followed.
    mutating func worth(_ symbol: Symbol, _ now: Instant) -> Price? {
        guard let worth = worths[symbol] else {
            worths[symbol] = (.zero, .distantPast)
            isWatchDue = true
            return nil
        }
        return now - worth.at <= AlgoMachine.Limits.priceAge ? worth.price : nil
    }

    /// A price of an asset that fees are paid in.
    mutating func valued(_ symbol: Symbol, bid: Price, ask: Price, now: Instant) {
        guard bid.isPositive, ask > bid, worths[symbol] != nil else { return }
        worths[symbol] = (Price(units: (bid.units + ask.units) / 2), now)
    }

    /// A price for the algorithm at a place: its id, where that leads to something.
    mutating func ticked(_ place: Int, bid: Price, ask: Price, now: Instant) -> String? {
        all.ticked(place, bid: bid, ask: ask, now: now, &actions)
    }

    /// Something is due of an algorithm at this time, and nothing before.
    mutating func plan(_ id: String, _ due: Instant) {
        guard let known = all[id]?.dueAt, known != due else { return }
        all[id]?.dueAt = due
        dues.set(id, due == .distantFuture ? nil : due)
    }

    mutating func remove(_ id: String) {
        dues.set(id, nil)
        guard let algo = all.remove(id) else { return }
        unconfirmed.remove(id)
        let symbol = algo.record.symbol
        list((bySymbol[symbol] ?? []).filter { $0 != id }, symbol)
        if bySymbol.isEmpty { worths = [:] }
        for (name, owner) in owners where owner.algo == id { owners[name] = nil }
        for (name, owner) in claimed where owner == id { claimed[name] = nil }
    }

    /// Protective ones first, then by id.
    var inOrder: [String] { ordered(Array(all.keys)) }

    /// Those of which something is due, in the same order.
    mutating func due(by now: Instant) -> [String] { ordered(dues.due(by: now)) }

    func ordered(_ ids: [String]) -> [String] {
        let sorted = ids.sorted()
        let others = sorted.filter { all[$0]?.isReduceOnly != true }
        if others.count == sorted.count { return others }
        return sorted.filter { all[$0]?.isReduceOnly == true } + others
    }
}

package import Chronology
import Orders
package import Trading

/// One algorithm from its start to its end (B8).
///
/// Events are methods; each appends what it wants done. After an event `urgency` says whether the
/// state is to be saved, and `wakeAt` when to call `deadlineReached`.
package struct AlgoMachine: Sendable {
    /// Bounds that hold for every algorithm.
    package enum Limits {
        /// A price older than this is not acted on (B2f refuses orders on it, too).
        package static let priceAge = Interval.seconds(3)
        /// The first pause after a refusal; doubled each time.
        package static let firstPause = Interval.milliseconds(250)
        package static let longestPause = Interval.seconds(8)
        /// About two minutes of being refused, then a person has to look.
        package static let refusals = 20
        /// Without a place to save to, no new risk after this long (B7c).
        package static let storagePatience = Interval.seconds(2)
    }

    /// How soon the state has to be saved.
    package enum Urgency: Int, Comparable, Sendable {
        case unchanged
        /// Within the throttle: recovery could work it out.
        case soon
        /// At once: recovery could not.
        case now

        package static func < (a: Urgency, b: Urgency) -> Bool { a.rawValue < b.rawValue }
    }

    /// What its host has it wait for.
    package enum Hold: Equatable, Sendable {
        case nothing
        /// What became of its orders is not known yet: it decides nothing. Where nothing can be saved
        /// meanwhile, it takes back what would open all the same, as one that is held by `storage` does.
        case recovery(unsavedSince: Instant? = nil)
        /// Nothing can be saved since then: it places nothing, and takes back what would open once its
        /// patience is over. What reduces rests on, unless it is told to end or pause.
        case storage(since: Instant)
    }

    /// What is done before it is over.
    struct Ending: Equatable, Sendable {
        enum Mode: String, Sendable {
            /// Take back what rests.
            case cancel
            /// And trade the rest at once.
            case complete
            /// And close what was filled.
            case flatten
        }
        var mode: Mode
        var reason: String
    }

    package let id: String
    package let parameters: AlgoParameters
    /// What the instrument asks of orders; the newest is kept.
    package var rules: Instrument
    package let venue: AlgoVenue

    package internal(set) var status = AlgoStatus.starting
    /// Why it is paused or over, a stable code; empty while it runs.
    package internal(set) var reason = ""
    package internal(set) var detail = ""
    package internal(set) var progress = AlgoProgress()
    package internal(set) var book: ChildBook
    package internal(set) var startedAt: Instant
    var ending: Ending?
    /// The lot of the orders that close what was filled; nil before there is one.
    package internal(set) var closingLot: Int?
    /// Whether what was filled is closed without the reduce-only flag, once that was refused: at the
    /// venue the positions of several books are one, and theirs may outweigh this one.
    var closesFreely = false
    /// As much of what was filled as the book admits to be closed; nil where it has not refused any.
    var closingMost: Quantity?
    /// As much as the book of a reduce-only one admits yet; nil where it has not refused any.
    var reducingMost: Quantity?
    /// Whether it fails when its end is reached.
    var hasFailed = false
    /// Pauses after refusals in a row: all orders refused within one pause count once.
    var refusals = 0
    /// The same of refusals that say nothing about the order: the desk could not take it.
    var waits = 0
    /// No order is placed before.
    var retryAt = Instant.distantPast
    /// No cancel is asked for before: the last was refused.
    var cancelsAt = Instant.distantPast

    package internal(set) var hold = Hold.nothing

    package internal(set) var bid = Price.zero
    package internal(set) var ask = Price.zero
    var pricedAt = Instant.distantPast

    package internal(set) var urgency = Urgency.now
    package internal(set) var wakeAt = Instant.distantFuture

    // What is peculiar to a kind.
    var slicing = SliceState()
    package internal(set) var rungs: [Rung] = []
    /// Whether a rung waits until it would not take any more.
    var doRungsWait = false
    package internal(set) var slots: [ScalperSlot] = []
    /// Distances of a scalper's layers from the middle, as shares of it.
    var offsets: [Ratio] = []
    /// The middle that a scalper's orders were last put around.
    var quotedMid = Price.zero

    /// A new algorithm; `ticked` begins it.
    package init(
        id: String, parameters: AlgoParameters, rules: Instrument, venue: AlgoVenue, now: Instant
    ) {
        self.id = id
        self.parameters = parameters
        self.rules = rules
        self.venue = venue
        startedAt = now
        book = ChildBook(lots: [Allotment(total: parameters.goal.quantity)])
        switch parameters.plan {
        case .chase, .twap: break
        case .scale(let plan): buildLadder(plan)
        case .scalper(let plan): buildSlots(plan)
        }
    }

    /// The state is on its way to where it is kept.
    package mutating func saved() { urgency = .unchanged }

    /// It did not arrive there.
    package mutating func saveFailed() { urgency = .now }

    /// The middle of the market, zero before the first price.
    package var mid: Price {
        bid.isZero || ask.isZero ? .zero : Price(units: (bid.units + ask.units) / 2)
    }

    // MARK: events

    /// A new best bid and ask.
    package mutating func ticked(
        bid: Price, ask: Price, now: Instant, _ out: inout [AlgoAction]
    ) {
        guard bid.isPositive, ask > bid else { return }
        let isNews = bid != self.bid || ask != self.ask
        let wasStale = now - pricedAt > Limits.priceAge
        pricedAt = now
        self.bid = bid
        self.ask = ask
        guard isNews && concernsPrice || wasStale || now >= wakeAt else { return }
        decide(now, &out)
    }

    /// Whether the price that has just changed may lead to something.
    private var concernsPrice: Bool {
        guard status == .running else { return status == .starting }
        return switch parameters.plan {
        case .chase: true
        // What rests waits for its time alone.
        case .twap: book.isEmpty
        case .scale: doRungsWait
        case .scalper(let plan): hasMoved(plan)
        }
    }

    /// The time of `wakeAt` has come, or something else is to be looked at anew.
    package mutating func deadlineReached(now: Instant, _ out: inout [AlgoAction]) {
        decide(now, &out)
    }

    /// The desk says how an order stands.
    package mutating func reported(
        _ report: ChildReport, now: Instant, _ out: inout [AlgoAction]
    ) {
        let before = book.child(report.number)?.phase
        guard let change = book.reported(report) else { return }
        let isNews =
            change.isOver || change.executed.isPositive || before != change.child.phase
        progress.add(change)
        if let most = reducingMost { reducingMost = max(.zero, most - change.executed) }
        if isNews { needsSave(.soon) }
        if change.executed.isPositive || report.stage == .working {
            refusals = 0
            waits = 0
            if status == .running { detail = "" }
            if rungs.indices.contains(change.child.lot) { rungs[change.child.lot].tries = 0 }
        }
        if change.executed.isPositive {
            if case .scalper(let plan) = parameters.plan { slotFilled(change, plan, now) }
        }
        if change.isOver { ended(change, before, now) }
        decide(now, &out)
    }

    /// An order it placed after the state it was restored from was saved. It counts as if the state
    /// named it; what led to it is decided again if need be.
    package mutating func found(_ order: FoundOrder, now: Instant, _ out: inout [AlgoAction]) {
        if order.lot >= book.lots.count {
            closingLot = book.lots.count
            book.lots.append(Allotment(total: order.quantity))
            if !status.isOver { end(.flatten, AlgoReason.flattened.rawValue) }
        } else if order.isAtOnce, book.lots.count > 1, parameters.kind == .scale {
            // Its time was over, and the rungs had become one lot.
            end(.complete, AlgoReason.outOfTime.rawValue)
            mergeLots()
        }
        book.adopt(order, now: now)
        progress.placed += 1
        needsSave(.now)
    }

    /// Nothing can be saved: from here on it places nothing.
    package mutating func storageLost(since: Instant) {
        switch hold {
        case .nothing: hold = .storage(since: since)
        case .recovery(nil): hold = .recovery(unsavedSince: since)
        case .recovery, .storage: return
        }
        wake(by: since + Limits.storagePatience)
    }

    /// All can be saved again: one that is still being recovered waits for the fate of its orders alone.
    package mutating func storageReturned() {
        if case .recovery = hold { hold = .recovery() }
    }

    /// Whether it waits for a place to save to.
    package var isUnsaved: Bool {
        switch hold {
        case .storage, .recovery(.some): true
        case .nothing, .recovery(nil): false
        }
    }

    /// What it had to wait for is there: it goes on.
    package mutating func released(now: Instant, _ out: inout [AlgoAction]) {
        hold = .nothing
        decide(now, &out)
    }

    /// The desk would not cancel an order; it is tried again.
    package mutating func cancelRefused(
        _ number: Int64, now: Instant, _ out: inout [AlgoAction]
    ) {
        book.cancelFailed(number)
        cancelsAt = now + Limits.firstPause
        retryAt = max(retryAt, cancelsAt)
        wake(by: cancelsAt)
    }

    /// Takes back what rests and waits.
    package mutating func pauseRequested(
        _ reason: String, detail: String = "", now: Instant, _ out: inout [AlgoAction]
    ) {
        guard status == .running || status == .starting else { return }
        pause(reason, detail)
        decide(now, &out)
    }

    /// Goes on.
    package mutating func resumeRequested(now: Instant, _ out: inout [AlgoAction]) {
        guard status == .paused else { return }
        status = progress.arrival.isZero ? .starting : .running
        reason = ""
        detail = ""
        refusals = 0
        waits = 0
        retryAt = .distantPast
        needsSave(.now)
        decide(now, &out)
    }

    /// Takes back what rests and ends.
    /// - Parameter isFlattening: and closes what was filled.
    package mutating func stopRequested(
        _ reason: AlgoReason, isFlattening: Bool, now: Instant, _ out: inout [AlgoAction]
    ) {
        guard !status.isOver else { return }
        end(isFlattening ? .flatten : .cancel, reason.rawValue)
        decide(now, &out)
    }

    // MARK: lifecycle

    mutating func pause(_ reason: String, _ detail: String) {
        guard status == .running || status == .starting else { return }
        status = .paused
        self.reason = reason
        self.detail = detail
        needsSave(.now)
    }

    /// Begins the end; a later wish replaces an earlier one.
    mutating func end(_ mode: Ending.Mode, _ reason: String) {
        guard !status.isOver else { return }
        ending = Ending(mode: mode, reason: reason)
        status = .ending
        refusals = 0
        waits = 0
        retryAt = .distantPast
        needsSave(.now)
    }

    mutating func finish() {
        status = hasFailed ? .failed : .done
        reason = ending?.reason ?? ""
        wakeAt = .distantFuture
        needsSave(.now)
    }

    mutating func needsSave(_ wanted: Urgency) { urgency = max(urgency, wanted) }

    /// Asks to be woken at a time, or before.
    mutating func wake(by time: Instant) { wakeAt = min(wakeAt, time) }
}

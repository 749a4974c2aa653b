import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// One order that is not done, with all that the desk keeps of it (`Fields`).
///
/// A value that is handed on as one reference: its fields are copied only where it is changed while
/// another copy of it is held.
@dynamicMemberLookup struct WorkingOrder: Equatable, Sendable {
    /// A command that waits for what becomes of the order.
    struct Waiter: Equatable, Sendable {
        /// What is waited for.
        enum Aim: Equatable, Sendable {
            case placed
            case cancelled
            case amended(Amendment)
            /// As placed, or on its way with an estimate of the fill.
            case sent
        }

        var request: String
        var from: String
        var aim: Aim
        /// When to answer with what is known.
        var answerAt: Instant

        var isCancel: Bool { aim == .cancelled }
        var isPlacing: Bool { aim == .placed || aim == .sent }
        var isAmend: Bool {
            if case .amended = aim { true } else { false }
        }
    }

    /// A wish for another size or price.
    struct AmendRequest: Equatable, Sendable {
        var command: Command
        var body: OrderAmendBody
        /// When the command is too old to be carried out.
        var sendBy: Instant
    }

    /// What is kept of one order.
    struct Fields: Equatable, Sendable {
        var life: OrderLifecycle
        var request: String
        /// What bounds its life; nil for most.
        var terms: OrderTerms?
        var totals = OrderTotals()
        var code = ""
        var reason = ""
        var intentMilliseconds: Int64
        var sentMilliseconds: Int64 = 0
        /// Margin set aside while it may execute.
        var reserved: Money = .zero
        var waiters: [Waiter] = []
        /// Price and risk are being read, nothing is saved yet.
        var awaitsFacts = false
        /// Redis is away: the venue is asked whether it knows the id, before anything is checked.
        var awaitsVenue = false
        /// Checked, and waiting until the venue has said that the id is new on its symbol.
        var awaitsVerdict = false
        /// Saves made so far.
        var revision: Int64 = 0
        /// What a fill at once would cost, for those who do not wait for it.
        var estimate: Price?
        /// Set while a close waits until it is known what the exchange holds.
        var hold: CloseHold?
        /// Times a close left for the venue.
        var closeTries = 0
        /// Times a part of a close was given to the ledger to be booked at mark.
        var closeParts = 0
        /// When the command that placed it is too old to be sent.
        var sendBy: Instant = .distantFuture

        /// The token of the save that is in flight.
        var saving: Int64?
        var needsSave = false
        /// Its record was lost: what the ledger has booked of it is read when it is saved again.
        var isLost = false
        /// Whether the save in flight marks it done.
        var savingDone = false
        /// A question failed, and is asked again whatever the order's state.
        var mustAsk = false
        /// When the question that is out was put.
        var askedAt: Instant?
        var isCancelling = false
        /// A question found an order that was to be cancelled still there.
        var needsCancel = false
        /// The amendment that is being checked, sent or turned into another order.
        var amending: AmendRequest?
        /// Price and risk are being read for `amending`.
        var amendAwaitsFacts = false
        /// The amendment that comes after it; the newest wins.
        var nextAmend: AmendRequest?
        /// When the last amendment was begun.
        var amendedAt: Instant?
        /// Cancelled because the venue cannot amend: what is left is placed anew, with this.
        var replacement: Amendment?
        /// When it is to be asked for again.
        var checkAt: Instant?
        var checks: Int64 = 0

        fileprivate init(_ life: OrderLifecycle, request: String, intentMilliseconds: Int64) {
            self.life = life
            self.request = request
            self.intentMilliseconds = intentMilliseconds
        }
    }

    /// One element: an array is what is shared by its copies and still a value.
    private var held: [Fields]

    subscript<Value>(dynamicMember path: WritableKeyPath<Fields, Value>) -> Value {
        @inline(__always) _read { yield held[0][keyPath: path] }
        @inline(__always) _modify { yield &held[0][keyPath: path] }
    }

    init(_ life: OrderLifecycle, request: String, intentMilliseconds: Int64) {
        held = [Fields(life, request: request, intentMilliseconds: intentMilliseconds)]
    }

    /// An order read from its record.
    init(restoring record: OrderRecord, now: Instant) {
        let name = OrderStateName(rawValue: record.status) ?? .unknown
        let life = OrderLifecycle(
            restoring: record.intent, as: name, orderID: record.venueOrderID,
            booked: record.executed, trades: record.tradeIDs, now: now)
        var fields = Fields(
            life, request: record.request, intentMilliseconds: record.intentMilliseconds)
        fields.totals = OrderTotals(record)
        fields.code = record.code
        fields.reason = record.reason
        fields.sentMilliseconds = record.sentMilliseconds
        fields.revision = record.revision
        fields.terms = record.terms
        held = [fields]
    }

    /// An order that the venue has and Redis has lost.
    init(adopting order: VenueOrder, of account: AccountID, id: ClientOrderID, now: Instant) {
        let intent = OrderIntent(
            clientOrderID: id, account: account, symbol: order.symbol, side: order.side,
            type: OrderType(rawValue: order.type) ?? .limit,
            timeInForce: TimeInForce(rawValue: order.timeInForce) ?? .goodTillCancel,
            quantity: order.quantity, price: order.price.isZero ? nil : order.price,
            isReduceOnly: order.isReduceOnly)
        let life = OrderLifecycle(
            restoring: intent, as: .sent, orderID: order.orderID, booked: .zero, trades: [],
            now: now)
        var fields = Fields(
            life, request: "adopted", intentMilliseconds: order.createdMilliseconds)
        fields.reason = "its record was lost; taken over from the venue"
        fields.sentMilliseconds = order.createdMilliseconds
        held = [fields]
    }
}

extension WorkingOrder {
    /// Passed, and not known to the venue's balances yet.
    var isOnItsWay: Bool {
        switch self.life.name {
        case .intent, .sent, .unknown: !self.awaitsFacts
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend, .filled, .cancelled,
            .rejected, .expired:
            false
        }
    }

    /// What it may still take off its position, and the ledger does not hold yet; zero of one that does
    /// not only reduce, or is not taken on yet.
    var reducing: Quantity {
        guard self.life.intent.isReduceOnly, !self.awaitsFacts, !self.awaitsVerdict else { return .zero }
        return self.life.remaining + max(.zero, self.life.executed - self.life.booked)
    }

    /// Signed: what it has executed, and the ledger does not hold yet.
    var unbooked: Quantity {
        self.life.intent.side.signed(max(.zero, self.life.executed - self.life.booked))
    }

    /// The algorithm's slot whose fills are counted; nil for orders by hand, of risk and of flattening.
    var burstSlot: FillBurst.Slot? {
        guard let origin = id.origin else { return nil }
        switch origin {
        case .chase, .twap, .scale, .scalper:
            return FillBurst.Slot(
                account: account, symbol: symbol, origin: origin, side: self.life.intent.side)
        case .manual, .risk, .flatten, .allocator: return nil
        }
    }

    var id: ClientOrderID { self.life.intent.clientOrderID }
    var symbol: Symbol { self.life.intent.symbol }
    var account: AccountID { self.life.intent.account }

    func record(writer: String, wall: WallTime) -> OrderRecord {
        var record = OrderRecord(
            intent: self.life.intent, request: self.request, status: self.life.name.rawValue,
            intentMilliseconds: self.intentMilliseconds,
            stamp: RecordStamp(sequence: 0, writer: writer, atMilliseconds: wall.milliseconds))
        record.executed = self.totals.executed
        record.executedNotional = self.totals.notional
        record.fees = self.totals.fees
        record.feeAsset = self.totals.feeAsset
        record.otherFees = self.totals.otherFees
        record.tradeIDs = self.totals.tradeIDs
        record.venueOrderID = self.life.orderID
        record.code = self.code
        record.reason = self.reason
        record.sentMilliseconds = self.sentMilliseconds
        record.revision = self.revision
        record.terms = self.terms
        record.bookedAtMark = self.totals.bookedAtMark
        return record
    }
}

extension OrderTotals {
    init(_ record: OrderRecord) {
        self.init(
            executed: record.executed, notional: record.executedNotional, fees: record.fees,
            feeAsset: record.feeAsset, otherFees: record.otherFees, tradeIDs: record.tradeIDs,
            bookedAtMark: record.bookedAtMark)
    }
}

extension VenueOrderReport {
    init(_ order: VenueOrder) {
        self.init(
            orderID: order.orderID, status: order.status, executed: order.executedQuantity,
            quantity: order.quantity, price: order.price,
            atMilliseconds: order.updatedMilliseconds)
    }
}

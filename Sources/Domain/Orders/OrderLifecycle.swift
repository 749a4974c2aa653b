package import Chronology
package import Trading

/// What the venue says of an order: the answer to a send, a query or a cancel, or a stream event.
package struct VenueOrderReport: Equatable, Sendable {
    /// The venue's id, unique within the symbol; 0 where the report carries none.
    package var orderID: Int64
    package var status: VenueOrderStatus
    /// Executed so far in all.
    package var executed: Quantity
    /// What the venue holds of the order's size and price; zero where the report does not say.
    package var quantity: Quantity
    package var price: Price
    /// When the order stood like this, by the venue's clock; 0 where the report does not say.
    package var atMilliseconds: Int64

    package init(
        orderID: Int64, status: VenueOrderStatus, executed: Quantity, quantity: Quantity = .zero,
        price: Price = .zero, atMilliseconds: Int64 = 0
    ) {
        self.orderID = orderID
        self.status = status
        self.executed = executed
        self.quantity = quantity
        self.price = price
        self.atMilliseconds = atMilliseconds
    }
}

/// Why a venue would not cancel.
package enum CancelRefusal: Equatable, Sendable {
    /// Not there to be cancelled (-2011): filled, cancelled, or never arrived.
    case unknownOrder
    /// Refused for another reason, by code; the order works on.
    case other(Int)
}

/// What is to be done after an event; all but `nothing` include saving the order.
package enum LifecycleAction: Equatable, Sendable {
    case nothing
    case save
    /// Send the order to the venue, once.
    case send
    /// Ask the venue to cancel it.
    case cancel
    /// Ask the venue to amend it to the pending amendment.
    case amend
    /// Ask the venue for its record of the order.
    case query
    /// Final, but trades the venue executed are not booked yet: fetch them if they do not come.
    case awaitFills
    /// Final and all booked: the order is done.
    case finish
}

/// A change of a resting order that was asked for.
package struct Amendment: Equatable, Sendable {
    package var quantity: Quantity
    package var price: Price

    package init(quantity: Quantity, price: Price) {
        self.quantity = quantity
        self.price = price
    }
}

/// The lifecycle of one order (B2e).
package struct OrderLifecycle: Equatable, Sendable {
    /// Not-found answers that settle an unknown order.
    package static let answersNeeded = 3
    /// Questions put within this time of sending prove nothing: the venue's reading side may lag.
    package static let settlingTime = Interval.seconds(16)

    /// What an order that rests at the venue is when nothing is pending.
    package enum Resting: Equatable, Sendable { case open, partiallyFilled }

    /// What makes an order unknown, and what is known against its existence.
    package struct Doubt: Equatable, Sendable {
        /// When its bytes may have left for the last time.
        package var sentAt: Instant
        package var notFoundAnswers = 0
    }

    package enum State: Equatable, Sendable {
        case intent
        case sent(at: Instant)
        case open
        case partiallyFilled
        case pendingCancel(of: Resting)
        case pendingAmend(of: Resting, to: Amendment)
        case unknown(Doubt)
        case filled
        case cancelled
        case rejected
        case expired

        package var name: OrderStateName {
            switch self {
            case .intent: .intent
            case .sent: .sent
            case .open: .open
            case .partiallyFilled: .partiallyFilled
            case .pendingCancel: .pendingCancel
            case .pendingAmend: .pendingAmend
            case .unknown: .unknown
            case .filled: .filled
            case .cancelled: .cancelled
            case .rejected: .rejected
            case .expired: .expired
            }
        }
    }

    package internal(set) var intent: OrderIntent
    package internal(set) var state: State { didSet { name = state.name } }
    /// The state's name, at hand without a look into what it carries.
    package private(set) var name: OrderStateName
    /// The venue's order id, 0 while it is not known.
    package internal(set) var orderID: Int64 = 0
    /// Greatest executed quantity a report stated.
    package internal(set) var reported: Quantity = .zero
    /// What the ledger has booked.
    package internal(set) var booked: Quantity = .zero
    /// Trades received and not yet booked.
    package internal(set) var unbooked: [Int64: Quantity] = [:]
    /// Trades told ahead of their full report, which brings the fee and is what is booked.
    package internal(set) var early: [Int64: Quantity] = [:]
    /// Trades booked, by trade id.
    package internal(set) var bookedTrades: Set<Int64> = []
    /// Whether a cancel was asked for and has to go out as soon as the order is known to rest.
    package internal(set) var wantsCancel = false
    /// When an amendment's bytes may have left for the last time.
    package internal(set) var amendSentAt = Instant.distantPast
    /// The venue's time of the newest report whose quantity and price were taken over.
    var termsAtMilliseconds: Int64 = 0
    /// Whether an amendment nobody remembers may have changed quantity and price at the venue.
    var areTermsDoubtful = false
    /// Times the venue contradicted itself or us; for a metric.
    package internal(set) var contradictions = 0

    package init(_ intent: OrderIntent) {
        self.intent = intent
        state = .intent
        name = .intent
    }

    /// An order read from its record after a start.
    ///
    /// What was on its way when the process died counts as unknown from `now` on, so that its
    /// questions are late enough whenever it was sent.
    package init(
        restoring intent: OrderIntent, as name: OrderStateName, orderID: Int64, booked: Quantity,
        trades: [Int64], now: Instant
    ) {
        self.intent = intent
        self.orderID = orderID
        self.booked = booked
        bookedTrades = Set(trades)
        let resting: Resting = booked.isZero ? .open : .partiallyFilled
        switch name {
        case .intent, .sent, .unknown: state = .unknown(Doubt(sentAt: now))
        case .open, .pendingAmend: state = booked.isZero ? .open : .partiallyFilled
        case .partiallyFilled: state = .partiallyFilled
        case .pendingCancel:
            state = .pendingCancel(of: resting)
            wantsCancel = true
        case .filled: state = .filled
        case .cancelled: state = .cancelled
        case .rejected: state = .rejected
        case .expired: state = .expired
        }
        self.name = state.name
        if state == .filled { reported = intent.quantity }
        // An amendment may have left just before the process died, and its save not.
        switch name {
        case .open, .partiallyFilled, .pendingCancel, .pendingAmend:
            areTermsDoubtful = intent.type == .limit
        case .intent, .sent, .unknown, .filled, .cancelled, .rejected, .expired: break
        }
    }

    /// What has been executed by all that is known: reports and trades.
    package var executed: Quantity {
        max(reported, executedByTrades)
    }
    /// What may still execute; zero when final.
    package var remaining: Quantity {
        isFinal ? .zero : max(.zero, intent.quantity - executed)
    }
    package var isFinal: Bool { name.isFinal }
    package var isUnknown: Bool { name == .unknown }
    /// Whether it is final and the ledger has booked all of it.
    package var isDone: Bool { isFinal && unbooked.isEmpty && early.isEmpty && booked >= reported }
}

extension OrderLifecycle {
    /// Whether the venue may hold another quantity and price than `intent`: trades alone do not show
    /// then that it is filled.
    package var hasDoubtfulTerms: Bool {
        if case .pendingAmend = state { true } else { areTermsDoubtful }
    }

    /// What is executed by the trades that are known, booked or not.
    package var executedByTrades: Quantity {
        var traded = booked
        for quantity in unbooked.values { traded += quantity }
        for quantity in early.values { traded += quantity }
        return traded
    }

    /// Redis was read anew: what it holds of the order's trades replaces what was remembered.
    package mutating func reloaded(booked total: Quantity, trades: [Int64]) {
        booked = total
        bookedTrades = Set(trades)
        for trade in trades {
            unbooked[trade] = nil
            early[trade] = nil
        }
        guard !isFinal, booked.isPositive else { return }
        if !hasDoubtfulTerms, booked >= intent.quantity {
            state = .filled
            reported = max(reported, booked)
        } else if resting == nil {
            state = .partiallyFilled
        }
    }
}

package import BusProtocol
package import Chronology
package import Orders
package import Positions
package import Trading
package import VenueProtocol

/// All that the desk is told; what is large is held behind a reference.
package enum GatewayEvent: Equatable, Sendable {
    // Lease and Redis.
    case leaseGained(fence: Int64)
    /// It lapsed without being renewed.
    case leaseLost
    /// It is not ours any more: another may have led since.
    case leaseTaken
    case redisUp
    case redisDown
    /// The answer to `load`.
    indirect case loaded(generation: Int64, GatewaySnapshot)
    case loadFailed(generation: Int64, String)
    indirect case intentReplied(ClientOrderID, SaveReply)
    /// Nil where Redis did not give all of them.
    indirect case idsRead(Int64, IDPage?)
    indirect case orderSaved(ClientOrderID, token: Int64, SaveReply)
    indirect case ledgerReplied(token: Int64, LedgerReply)
    indirect case sharedReplied(token: Int64, SharedReply)
    indirect case accountSaved(request: String, SaveReply)
    indirect case stateSaved(request: String, SaveReply)
    indirect case algoSaved(String, token: Int64, SaveReply)
    indirect case factsRead(ClientOrderID, MarketFacts?)
    indirect case orderRead(ClientOrderID, OrderReading)
    /// Nil where Redis did not answer; `askedAt` is when the question left.
    case booksRead(Symbol, askedAt: Instant, [AccountID: Position]?)
    /// What Redis holds of a lease that orders live for.
    case ownerRead(lease: String, OwnerReading)
    indirect case instrumentChanged(Instrument)
    indirect case command(Command)
    /// An order that this process itself wants; the command's own body is empty.
    indirect case order(OrderPlaceBody, Command)
    /// What an earlier life of the process had written down and not saved to Redis.
    case journalRead([JournalEntry])
    /// The answer to `journal`: whether the entry of this key is on the disk.
    case journalled(key: String, isKept: Bool)

    // Venue.
    case streamOpened
    case streamClosed
    indirect case user(VenueEvent)
    indirect case sendAnswered(ClientOrderID, SendOutcome)
    indirect case cancelAnswered(ClientOrderID, CancelOutcome)
    indirect case amendAnswered(ClientOrderID, AmendOutcome)
    /// `askedAt` is when the question left, not when the answer came.
    indirect case orderAnswered(ClientOrderID, askedAt: Instant, QueryOutcome)
    /// Nil where the query failed.
    case openOrdersAnswered(generation: Int64, [VenueOrder]?)
    /// All trades from the asked id on, pages joined; nil where the query failed.
    case tradesAnswered(Symbol, generation: Int64, [Fill]?)
    /// Nil where the query failed.
    case haltVerified(request: String, [VenueOrder]?)
    case holdingsAnswered(generation: Int64, [VenueHolding]?)
    /// Signed, flat ones left out; nil where the query failed. `askedAt` is when it left.
    case positionsAnswered(askedAt: Instant, [Symbol: Quantity]?)
    /// Nil where the query failed.
    case recentOrdersAnswered(Symbol, generation: Int64, [VenueOrder]?)

    /// Why the account is none that the books can follow; nil where it is one (T9).
    case accountChecked(String?)

    /// The time of a `wake` has come.
    case woke
}

/// What became of a guarded write.
package enum SaveReply: Equatable, Sendable {
    case saved
    /// Something with this identity is there already: an order's record, where it is one.
    case exists(OrderRecord?)
    case fenced
    case wrong(String)
    /// Written, and no answer came.
    case unknown
    /// Never written.
    case refused

    /// Whether Redis has something with this identity now.
    var isKept: Bool {
        switch self {
        case .saved, .exists: true
        case .fenced, .wrong, .unknown, .refused: false
        }
    }
}

/// Ids of orders that have a record, some of them.
package struct IDPage: Equatable, Sendable {
    package var ids: [ClientOrderID]
    /// Whether no other page follows.
    package var isLast: Bool

    package init(_ ids: [ClientOrderID], isLast: Bool) {
        self.ids = ids
        self.isLast = isLast
    }
}

/// What became of a look-up of an order's record.
package enum OrderReading: Equatable, Sendable {
    case found(OrderRecord)
    case missing
    case failed
}

/// What became of looking up a lease that orders live for.
package enum OwnerReading: Equatable, Sendable {
    /// By a holder of this number, for so long yet unless it is renewed.
    case held(fence: Int64, left: Interval)
    case free
    case failed
}

/// What became of sending an order.
package enum SendOutcome: Equatable, Sendable {
    case accepted(VenueOrder)
    /// Refused for certain.
    case rejected(code: Int, String)
    /// Not executed for certain, and may be sent again a little later: too many calls, an overload.
    case busy(code: Int, String)
    /// Never left this process.
    case notSent(String)
    /// The venue has an open order of this id (S1).
    case duplicate
    case unknown(String)
}

/// What became of cancelling an order.
package enum CancelOutcome: Equatable, Sendable {
    case accepted(VenueOrder)
    case notFound
    case rejected(code: Int, String)
    case unknown
}

/// What became of amending an order.
package enum AmendOutcome: Equatable, Sendable {
    case accepted(VenueOrder)
    /// Refused for certain: the order is as it was.
    case rejected(code: Int, String)
    /// Never left this process.
    case notSent(String)
    /// No answer, or one that leaves open how the order stands now.
    case unknown
}

/// What became of asking for an order.
package enum QueryOutcome: Equatable, Sendable {
    case found(VenueOrder)
    case notFound
    /// An error is not evidence.
    case failed
}

/// What Redis said of the market and the account's risk when an order came in.
package struct MarketFacts: Equatable, Sendable {
    package var price: PriceFacts?
    package var risk: RiskFacts?
    /// Up to which journal entry the risk snapshot counts.
    package var riskSequence: Int64
    /// Nil where there is no record of the instrument.
    package var instrument: Instrument?
    /// Why the symbol takes no new risk; nil where it does.
    package var reducing: String?
    /// When Redis was asked; nil for just now.
    package var readAt: Instant?

    package init(
        price: PriceFacts?, risk: RiskFacts?, riskSequence: Int64, instrument: Instrument?
    ) {
        self.price = price
        self.risk = risk
        self.riskSequence = riskSequence
        self.instrument = instrument
    }
}

/// What Redis holds of the venue when the desk takes over.
package struct GatewaySnapshot: Equatable, Sendable {
    package var accounts: [AccountRecord] = []
    package var balances: [AccountID: BookBalance] = [:]
    package var positions: [AccountID: [Symbol: Position]] = [:]
    package var venueState: StateRecord?
    package var accountStates: [AccountID: StateRecord] = [:]
    package var instruments: [Instrument] = []
    /// The orders of `orders:open`.
    package var openOrders: [OrderRecord] = []
    /// Records of known orders that are not among the open ones.
    package var closedOrders: [OrderRecord] = []
    /// The newest applied sides of trades of each symbol that has any (500 are enough).
    package var appliedTrades: [Symbol: [TradeLeg]] = [:]
    /// The time of the newest entry of the orders stream; 0 where it has none.
    package var newestMilliseconds: Int64 = 0
    /// The running algorithms.
    package var algos: [AlgoRecord] = []
    /// What is wrong with the records of running algorithms that cannot be read, by id.
    package var damagedAlgos: [String: String] = [:]
    /// When Redis was asked; nil for just now.
    package var readAt: Instant?

    package init() {}
}

package import ExchangeDoor
package import ExchangeMarkets
package import Matching
package import Trading

// FuturesDesk: a whole futures exchange for one account, without sockets, files or clock.
// 1. The same settings and the same calls at the same times give the same answers and events.
// 2. The position is the sum of the account's trades, and the wallet is the starting balance plus
//    realised results minus fees plus all other income, to the last digit.
// 3. A refused request changes nothing but the rate counters.
// 4. What a call changed is in the journal before the call's reply can be sent.
// 5. Order and trade ids grow within a symbol and never repeat, also across restarts.

/// The exchange as a desk: drive it with typed calls or whole requests, step it through time, and
/// take its events and journal lines after each call.
package final class FuturesDesk {
    package let settings: FuturesSettings
    internal var floor: MarketFloor
    /// What the account has in each market, by the market's number.
    package internal(set) var stakes: [Stake]
    /// The account's wallet in USDT.
    package internal(set) var wallet: Money
    /// When the wallet changed last; its first change is the deposit the account starts with.
    internal var walletUpdatedAt: Int64 = 0
    /// Numbers of markets with a position or open orders, ascending.
    internal var active: [Int] = []
    package internal(set) var mode = AccountMode()
    internal var algos = AlgoTable()
    /// Changes of the wallet other than by trades, oldest first.
    package internal(set) var incomes: [Income] = []
    /// Fundings that took place, by market.
    internal var fundings: [[FundingRecord]]
    /// What was open at the beginning of each five minutes lived through, by market.
    internal var interests: [[Interest]]
    internal var interestPeriod: Int64 = 0
    internal var nextGeneratedID: Int64 = 1
    internal var nextIncome: Int64 = 1
    internal var nextAmendment: Int64 = 1
    /// When the next of the dead man's switches ends; none: never.
    internal var nextCountdown = Int64.max
    /// Nil before the first step.
    internal var nextFundingAt: Int64?
    /// Whether the account was told that its margin runs out.
    internal var isWarned = false
    internal var listenKeys: ListenKeys
    /// Client order ids at the door, for the truth.
    internal var arrivals = ArrivalLog()
    internal var gate: RateGate
    internal var clock = DeskClock()
    /// Seconds lived through.
    internal var seconds = 0
    internal var pendingEvents: [FuturesEvent] = []
    internal var journal = JournalWriter()
    /// Reused for every call into a book.
    internal var matchEvents: [MatchEvent] = []

    /// The account's orders and trades belong to this owner in every book.
    package static let owner = OwnerID(1)

    package init(_ settings: FuturesSettings) {
        self.settings = settings
        wallet = settings.balance
        floor = MarketFloor(
            settings.listings, seed: settings.seed, hasBackground: settings.hasBackground)
        stakes = settings.listings.map { listing in
            // A symbol may not allow the usual leverage.
            Stake(leverage: min(settings.leverage, listing.brackets.first?.leverage ?? 1))
        }
        fundings = settings.listings.map { _ in [] }
        interests = settings.listings.map { _ in [] }
        listenKeys = ListenKeys(seed: settings.seed)
        gate = RateGate(settings.limits.rates)
    }

    /// The markets by number.
    package var markets: [Market] { floor.markets }

    /// What happened since the last call, in order; the desk forgets it.
    package func takeEvents() -> [FuturesEvent] {
        defer { pendingEvents.removeAll(keepingCapacity: true) }
        return pendingEvents
    }

    /// Journal lines since the last call; they must be on file before a reply or event leaves.
    package func takeJournal() -> [UInt8] { journal.take() }

    // MARK: reading

    internal func market(_ symbol: Symbol) throws(ExchangeError) -> Int {
        guard let number = floor.number(of: symbol) else { throw .symbol }
        return number
    }

    /// The account's order under its number or its client id; the number wins where both are given.
    package func query(
        _ symbol: Symbol, orderID: Int64? = nil, clientOrderID: String? = nil
    ) throws(ExchangeError) -> FuturesOrder {
        guard let found = find(try market(symbol), orderID, clientOrderID) else {
            throw .noSuchOrder
        }
        return found
    }

    /// Open orders of one symbol or of all, oldest first within a symbol.
    package func openOrders(_ symbol: Symbol? = nil) -> [FuturesOrder] {
        selected(symbol).flatMap { stakes[$0].orders.open }
    }

    /// Orders of one symbol taken at `since` or later, ended ones included, oldest first.
    package func orders(_ symbol: Symbol, since milliseconds: Int64) -> [FuturesOrder] {
        guard let number = floor.number(of: symbol) else { return [] }
        return stakes[number].orders.all.filter { $0.createdAtMilliseconds >= milliseconds }
    }

    /// Trades of the account with ids from `fromID` on, or the newest ones without it; oldest first.
    package func userTrades(_ symbol: Symbol, fromID: Int64? = nil, limit: Int = 500)
        -> [FuturesTrade]
    {
        guard let number = floor.number(of: symbol) else { return [] }
        let trades = stakes[number].trades
        guard let fromID else { return Array(trades.suffix(limit)) }
        return Array(trades.drop { $0.tradeID < fromID }.prefix(limit))
    }

    internal func selected(_ symbol: Symbol?) -> [Int] {
        guard let symbol else { return Array(markets.indices) }
        return floor.number(of: symbol).map { [$0] } ?? []
    }

    // MARK: events

    internal func emit(_ event: UserEvent) { pendingEvents.append(.user(event)) }

    /// Takes over what the public is told, behind what the account was told before.
    internal func gatherTold() {
        for event in floor.takeTold() { pendingEvents.append(.market(event)) }
    }
}

internal import Bytes
package import ExchangeDoor
package import ExchangeMarkets
internal import Matching
package import Trading

// FuturesDesk: a whole futures exchange, without sockets, files or clock.
// 1. The same settings and the same calls at the same times give the same answers and events.
// 2. A position is the sum of its account's trades, and a wallet is the starting balance plus realised
//    results minus fees plus all other income, to the last digit.
// 3. A refused request changes nothing but the rate counters.
// 4. What a call changed is in the journal before the call's reply can be sent.
// 5. Order and trade ids grow within a symbol and never repeat, also across restarts.
// 6. A call serves one account and changes no other, but where their orders trade with each other.

/// A key with the number of its account, and what signatures are checked with.
internal struct KnownKey {
    let key: ExchangeKey
    let account: Int
    let code: HMACSHA256
}

/// The exchange as a desk: drive it with typed calls or whole requests, step it through time, and
/// take its events and journal lines after each call.
package final class FuturesDesk {
    package let settings: FuturesSettings
    internal var floor: MarketFloor
    /// Everyone who trades here; the first is the main account.
    internal var accounts: [FuturesAccount]
    /// The number of the account that is being served; the main one between calls.
    internal var serving = 0
    /// Which account a key reaches.
    internal let keys: [String: KnownKey]
    /// Fundings that took place, by market.
    internal var fundings: [[FundingRecord]]
    /// What was open at the beginning of each five minutes lived through, by market.
    internal var interests: [[Interest]]
    internal var interestPeriod: Int64 = 0
    internal var insurance: InsuranceFund
    /// Counters of the whole exchange.
    internal var nextGeneratedID: Int64 = 1
    internal var nextIncome: Int64 = 1
    internal var nextAmendment: Int64 = 1
    /// Turns given out to orders that wait anew.
    internal var nextTurn: Int64 = 0
    /// When the next of the dead man's switches ends; none: never.
    internal var nextCountdown = Int64.max
    /// Nil before the first step.
    internal var nextFundingAt: Int64?
    internal var listenKeys: ListenKeys
    internal var gate: RateGate
    internal var clock = DeskClock()
    /// Seconds lived through.
    internal var seconds = 0
    /// With the number of the account that each is for.
    internal var pendingEvents: [(event: FuturesEvent, account: Int)] = []
    internal var journal = JournalWriter()
    /// Reused for every call into a book.
    internal var matchEvents: [MatchEvent] = []

    package init(_ settings: FuturesSettings) {
        self.settings = settings
        var names = [ExchangeKey.mainAccount]
        for key in settings.keys where !names.contains(key.account) { names.append(key.account) }
        accounts = names.map { FuturesAccount($0, settings) }
        keys = settings.keys.reduce(into: [:]) { known, key in
            if known[key.key] == nil {
                known[key.key] = KnownKey(
                    key: key, account: names.firstIndex(of: key.account) ?? 0,
                    code: HMACSHA256(key: Array(key.secret.utf8)))
            }
        }
        floor = MarketFloor(
            settings.listings, seed: settings.seed, hasBackground: settings.hasBackground)
        fundings = settings.listings.map { _ in [] }
        interests = settings.listings.map { _ in [] }
        insurance = InsuranceFund(balance: settings.insuranceFund)
        listenKeys = ListenKeys(seed: settings.seed)
        gate = RateGate(settings.limits.rates)
    }

    /// The markets by number.
    package var markets: [Market] { floor.markets }

    /// What happened since the last call, in order; the desk forgets it.
    package func takeEvents() -> [FuturesEvent] { takeAddressedEvents().map(\.event) }

    /// The same, with the number of the account that each user event is for.
    package func takeAddressedEvents() -> [(event: FuturesEvent, account: Int)] {
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

    internal func emit(_ event: UserEvent) { pendingEvents.append((.user(event), serving)) }

    /// Takes over what the public is told, behind what the account was told before.
    internal func gatherTold() {
        for event in floor.takeTold() { pendingEvents.append((.market(event), 0)) }
    }
}

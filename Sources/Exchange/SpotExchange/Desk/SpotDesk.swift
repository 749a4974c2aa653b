internal import ExchangeDoor
package import ExchangeMarkets
internal import Matching
package import Trading

// SpotDesk: a whole spot exchange, without sockets, files or clock.
// 1. The same settings and the same calls at the same times give the same answers and events.
// 2. Of every asset, free plus locked is what the account started with, plus what its trades
//    brought,
//    minus what they cost and their fees, to the last digit; neither is ever negative.
// 3. What is locked is what open orders hold, and nothing else.
// 4. A refused request changes nothing.
// 5. What a call changed is in the journal before the call's reply can be sent.
// 6. Order and trade ids grow within a symbol and never repeat, also across restarts.
// 7. A call serves one account and changes no other, but where their orders trade with each other.

/// The exchange as a desk: drive it with typed calls, step it through time, and take its events and
/// journal lines after each call. How its answers are worded is its flavour's business.
package final class SpotDesk {
    package let settings: SpotSettings
    internal var listenKeys: ListenKeys
    internal var floor: MarketFloor
    /// Everyone who trades here; the first is the main account.
    internal var accounts: [SpotAccount]
    /// The number of the account that is being served; the main one between calls.
    internal var serving = 0
    /// Lists whose working order is filled: what it was to bring about is next.
    internal var released: [(account: Int, listID: Int64)] = []
    internal var nextListID: Int64 = 0
    /// The rules of each market: its listing's, until they are changed.
    package internal(set) var instruments: [Instrument]
    /// The numbers of each market's base and quote asset.
    internal let assets: [(base: Int, quote: Int)]
    internal var nextGeneratedID: Int64 = 1
    internal var nextExecutionID: Int64 = 1
    internal var clock = SpotClock()
    /// With the number of the account that each is for.
    internal var pendingEvents: [(event: SpotEvent, account: Int)] = []
    internal var journal = SpotJournalWriter()
    /// Why balances are changing in the call at hand.
    internal var reason = SpotBalanceReason.placed
    /// Reused for every call into a book.
    internal var matchEvents: [MatchEvent] = []

    package init(_ settings: SpotSettings) {
        self.settings = settings
        var conditions = FloorSettings()
        conditions.seed = settings.seed
        conditions.hasBackground = settings.hasBackground
        conditions.hasHistory = settings.hasBackground
        conditions.keepsPositions = false
        conditions.keepsSeconds = settings.flavour == .binance
        conditions.cadences = settings.flavour == .binance ? [.fast, .second] : [.fast]
        floor = MarketFloor(settings.listings, conditions)
        listenKeys = ListenKeys(seed: settings.seed)
        instruments = settings.listings.map(\.instrument)
        var balances = Balances(
            assets: settings.listings.flatMap { [$0.instrument.base, $0.instrument.quote] },
            start: settings.balances)
        assets = settings.listings.map {
            (balances.number(of: $0.instrument.base), balances.number(of: $0.instrument.quote))
        }
        var names = [ExchangeKey.mainAccount]
        for key in settings.keys where !names.contains(key.account) { names.append(key.account) }
        accounts = names.map { SpotAccount($0, settings, balances) }
    }

    /// The markets by number.
    package var markets: [Market] { floor.markets }

    /// The number of a symbol's market, or nil where it is not traded here.
    package func number(of symbol: Symbol) -> Int? { floor.number(of: symbol) }

    /// What happened since the last call, in order; the desk forgets it.
    package func takeEvents() -> [SpotEvent] { takeAddressedEvents().map(\.event) }

    /// The same, with the number of the account that each user event is for.
    package func takeAddressedEvents() -> [(event: SpotEvent, account: Int)] {
        defer { pendingEvents.removeAll(keepingCapacity: true) }
        return pendingEvents
    }

    /// Journal lines since the last call; they must be on file before a reply or event leaves.
    package func takeJournal() -> [UInt8] { journal.take() }

    // MARK: reading

    internal func market(_ symbol: Symbol) throws(SpotRefusal) -> Int {
        guard let number = floor.number(of: symbol) else { throw .unknownSymbol }
        return number
    }

    /// Over how many minutes prices are averaged.
    internal static let averageMinutes: Int64 = 5

    /// The price that market orders and price bands are measured by.
    package func average(_ number: Int, wall: Int64) -> Price {
        floor.markets[number].averagePrice(minutes: Int(SpotDesk.averageMinutes), at: wall)
    }

    /// The account's order under its number or its client id; the number wins where both are given.
    package func query(
        _ symbol: Symbol, orderID: Int64? = nil, clientOrderID: String? = nil
    ) throws(SpotRefusal) -> SpotOrder {
        let table = stakes[try market(symbol)].orders
        let found =
            orderID.map { table[$0] } ?? clientOrderID.flatMap { table.order(clientOrderID: $0) }
        guard let found else { throw .noSuchOrder }
        return found
    }

    /// Open orders of one symbol or of all, oldest first within a symbol.
    package func openOrders(_ symbol: Symbol? = nil) throws(SpotRefusal) -> [SpotOrder] {
        guard let symbol else { return stakes.flatMap(\.orders.open) }
        return stakes[try market(symbol)].orders.open
    }

    /// The number of the latest report.
    package var lastExecutionID: Int64 { nextExecutionID - 1 }

    // MARK: events

    internal func emit(_ event: SpotUserEvent) { pendingEvents.append((.user(event), serving)) }

    internal func report(
        _ order: SpotOrder, _ execution: SpotExecution, _ trade: SpotTrade? = nil,
        requestID: String? = nil, formerID: String? = nil, prevention: SpotPrevention? = nil,
        wall: Int64
    ) {
        emit(
            .report(
                SpotReport(
                    order: order, execution: execution, trade: trade, requestID: requestID,
                    formerID: formerID, executionID: nextExecutionID, prevention: prevention,
                    timeMilliseconds: wall)))
        nextExecutionID += 1
    }

    /// Tells of balances that changed since the last call, and notes them for the journal.
    internal func tellBalances(wall: Int64) {
        for account in accounts.indices where accounts[account].balances.hasChanged {
            serve(account) { tellOwnBalances(wall: wall) }
        }
    }

    private func tellOwnBalances(wall: Int64) {
        let changes = balances.takeChanges()
        if changes.isEmpty { return }
        updatedAt = wall
        for change in changes { noteBalance(change.asset) }
        emit(.balances(changes, reason: reason, at: wall))
    }

    /// Takes over what the public is told, behind what the account was told before.
    internal func gatherTold() {
        for event in floor.takeTold() { pendingEvents.append((.market(event), 0)) }
    }
}

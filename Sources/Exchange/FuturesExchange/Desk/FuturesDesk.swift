package import ExchangeDoor
package import ExchangeMarkets
package import Matching
package import Trading

// FuturesDesk: a whole futures exchange for one account, without sockets, files or clock.
// 1. The same settings and the same calls at the same times give the same answers and events.
// 2. The position is the sum of the account's trades, and the wallet is the starting balance plus
//    realised results minus fees, to the last digit.
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
    internal var walletUpdatedAt: Int64 = 0
    internal var nextGeneratedID: Int64 = 1
    internal var listenKeys: ListenKeys
    /// Client order ids at the door, for the truth.
    internal var arrivals = ArrivalLog()
    internal var gate: RateGate
    internal var clock = DeskClock()
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
        stakes = settings.listings.map { _ in Stake(leverage: settings.leverage) }
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
        let table = stakes[try market(symbol)].orders
        let found =
            orderID.map { table[$0] } ?? clientOrderID.flatMap { table.order(clientOrderID: $0) }
        guard let found else { throw .noSuchOrder }
        return found
    }

    /// Open orders of one symbol or of all, oldest first within a symbol.
    package func openOrders(_ symbol: Symbol? = nil) -> [FuturesOrder] {
        selected(symbol).flatMap { stakes[$0].orders.open }
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

    /// Every symbol's position, or one symbol's, flat ones included.
    package func positionRisk(_ symbol: Symbol? = nil) -> [FuturesPosition] {
        let figures = self.figures
        return selected(symbol).map { position($0, figures) }
    }

    private func selected(_ symbol: Symbol?) -> [Int] {
        guard let symbol else { return Array(markets.indices) }
        return floor.number(of: symbol).map { [$0] } ?? []
    }

    /// The margin of one market.
    internal func margin(_ number: Int) -> MarginFigures {
        stakes[number].margin(in: markets[number])
    }

    /// The margin of every market.
    internal var figures: [MarginFigures] { markets.indices.map { margin($0) } }

    internal func position(_ number: Int, _ figures: [MarginFigures]) -> FuturesPosition {
        let market = markets[number]
        let holding = stakes[number].holding
        var maintenance = Money.zero
        var unrealised = Money.zero
        for (other, margin) in figures.enumerated() where other != number {
            maintenance += margin.maintenance
            unrealised += margin.unrealised
        }
        return FuturesPosition(
            symbol: market.symbol, holding: holding, mark: market.mark,
            margin: figures[number],
            liquidation: MarginFigures.liquidationPrice(
                of: holding, wallet: wallet, otherMaintenance: maintenance,
                otherUnrealised: unrealised, brackets: market.listing.brackets),
            hasOpenOrders: stakes[number].orders.openCount > 0)
    }

    /// The account's balance and margin sums.
    package func balance() -> FuturesBalance {
        var balance = FuturesBalance(wallet: wallet)
        for margin in figures {
            balance.unrealised += margin.unrealised
            balance.maintenance += margin.maintenance
            balance.positionInitial += margin.positionInitial
            balance.openOrderInitial += margin.openOrderInitial
        }
        return balance
    }

    // MARK: events

    internal func emit(_ event: UserEvent) { pendingEvents.append(.user(event)) }

    /// Takes over what the public is told, behind what the account was told before.
    internal func gatherTold() {
        for event in floor.takeTold() { pendingEvents.append(.market(event)) }
    }
}

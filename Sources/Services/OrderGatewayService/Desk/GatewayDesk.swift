import BusProtocol
package import Chronology
package import Orders
package import Positions
package import Trading
package import VenueProtocol

/// What the desk is told once.
package struct GatewaySettings: Equatable, Sendable {
    /// `order-gateway:<instance>`.
    package var writer: String
    package var settlementAsset = "USDT"
    package var limits = PreTrade.Limits()
    /// Orders not done at one time; the venue allows 200 for each symbol.
    package var maximumOrders = 2_000
    /// What the venue can do with orders.
    package var capabilities = VenueKind.binanceFutures.capabilities
    /// Least time between two amendments of one order (`REPRICE_THROTTLE_MS`).
    package var repriceThrottle = Interval.milliseconds(500)
    /// Between two saves of an algorithm that recovery could do without (`REDIS_SAVE_THROTTLE_MS`).
    package var algoSaveThrottle = Interval.seconds(1)
    /// Fills a minute of one side of an algorithm's slot (`MAX_FILLS_PER_MINUTE`); 0 admits any.
    package var maximumFillsPerMinute = 0
    package var fillCooldown = Interval.seconds(60)
    /// Whether every order waits until Redis has its intent (`PMS_CONFIRM_INTENTS`).
    package var confirmsIntents = false
    /// The user stream tells of an order within this time of its acknowledgement, or is dead (T2).
    package var streamPatience = Interval.seconds(5)

    package init(writer: String) { self.writer = writer }
}

/// The whole logic of order-gateway, without I/O, clock or randomness.
///
/// Events go in one at a time, actions come out; late, lost and doubled answers are harmless.
package struct GatewayDesk: Sendable {
    /// How far the desk is in taking the venue over.
    package enum Phase: Equatable, Sendable {
        /// No lease, or no Redis.
        case idle
        case loading
        case openingStream
        /// Waiting for open orders.
        case listing
        /// Waiting for the orders that the list did not settle.
        case asking(Set<ClientOrderID>)
        /// Waiting for the trades of these symbols.
        case collecting(Set<Symbol>)
        case ready
    }

    package let settings: GatewaySettings
    package internal(set) var phase = Phase.idle
    package internal(set) var fence: Int64?
    package internal(set) var isRedisUp = false
    package internal(set) var isStreamOpen = false
    /// Numbers the takings-over, so that answers to an earlier one are known as such.
    var generation: Int64 = 0
    var nextToken: Int64 = 1
    /// The number of the last record of an account, a balance or a state that was stamped.
    var lastStamp: Int64 = 0

    var accounts: [AccountID: AccountRecord] = [:]
    var venueState: StateRecord?
    var accountStates: [AccountID: StateRecord] = [:]
    var instruments: [Symbol: Instrument] = [:]
    /// When each was told anew by itself: what was read before that says nothing newer of it.
    var instrumentsAt: [Symbol: Instant] = [:]
    package internal(set) var ledger: LedgerMachine
    /// Trades of nobody's order on their way into the books (B4f), and those that were when the desk
    /// stopped writing.
    var shared = SharedTrades()
    var withheld: [Fill] = []
    var retrySharedAt: Instant?
    var orders = WorkingOrders()
    /// The order behind a venue id, also of orders done lately: trade lists name no client ids.
    var namesByVenueID: [VenueOrderKey: String] = [:]
    /// Sides of trades known to be in the ledger.
    var applied: [Symbol: Set<TradeLeg>] = [:]
    /// Trades whose order is being looked up, or may be one that is still unknown.
    var parked: [ClientOrderID: [Fill]] = [:]
    var unowned: [Symbol: [Fill]] = [:]
    /// Margin of what was executed, until the risk snapshot counts it.
    var lingering: [AccountID: [(sequence: Int64, amount: Money)]] = [:]
    var recentOrders: [AccountID: RecentTimes] = [:]
    /// Commands other than order.place that wait for an answer, by request id.
    var pendingCommands: [String: Command] = [:]
    var lookups: [ClientOrderID: [Command]] = [:]
    var answered = AnswerMemory()
    /// Whether nobody else has led since Redis was read last.
    var memoryIsOurs = false
    var leaseLostAt: Instant?
    /// When Redis was last heard of, where it was silent for a while before it was found to be away.
    package var redisHeardAt: Instant?
    /// Keys of the entries that are on this host's disk, and not in Redis yet.
    var journalled: Set<String> = []
    /// States set while Redis was away, by their entry's key.
    var unsavedStates: [String: JournalEntry] = [:]
    /// Commands that are answered when an entry is on the disk, by its key.
    var awaitingJournal: [String: [Command]] = [:]
    /// When states are tried to be saved again.
    var statesAt: Instant?
    /// What the venue said of orders spelt like ours that are on no list here.
    var strays: [ClientOrderID: VenueOrder] = [:]
    /// Since when orders may have been lost by Redis, and the symbols where none was, or all are back.
    var memoryEndsAt: Int64 = 0
    var verified: Set<Symbol> = []
    /// When a symbol's recent orders are asked for again; the far future while a question is out.
    var verifyAt: [Symbol: Instant] = [:]
    /// When trades of a symbol are to be fetched because fills are missing.
    var collectAt: [Symbol: Instant] = [:]
    /// Since when a question for the trades of a symbol is out.
    var tradesAskedAt: [Symbol: Instant] = [:]
    var retryLedgerAt: [AccountID: Instant] = [:]
    /// Halts that are being carried out, by request id.
    var halts: [String: HaltWatch] = [:]
    var burst = FillBurst(maximum: 0, cooldown: .seconds(60))
    /// What the exchange holds, by symbol.
    var nets = ExchangeNets()
    /// Closes that wait until that is known.
    var heldCloses: Set<ClientOrderID> = []
    /// When the user stream was last opened or closed.
    var streamChangedAt = Instant.distantPast
    /// What a spot account holds, by asset.
    var holdings: [String: VenueHolding] = [:]
    /// Orders the venue has taken and the user stream has not told of, and until when it may.
    var unheard = DueTimes<ClientOrderID>()
    /// Intents whose orders did not wait for Redis, and the ids that it has.
    var ahead = IntentsAhead()
    /// What somebody changed at the venue, so that no new risk is taken.
    var unfit: String?
    var algos = AlgoHost()
    /// Orders whose life is bounded by their owner's lease or a time.
    var tenures = OrderTenures()
    /// When a failed step of taking over is tried again.
    var retryAt: Instant?
    var wakeAt: Instant?

    package init(settings: GatewaySettings) {
        self.settings = settings
        ledger = LedgerMachine(
            settlementAsset: settings.settlementAsset,
            takesFeesInKind: !settings.capabilities.isMargined)
        burst = FillBurst(
            maximum: settings.maximumFillsPerMinute, cooldown: settings.fillCooldown)
    }

    /// Whether new risk is taken.
    package var isReady: Bool {
        phase == .ready && isStreamOpen && isRedisUp && fence != nil && unfit == nil
    }

    /// Why it is not ready; empty when it is.
    package var reasons: [String] {
        if isReady { return [] }
        var reasons: [String] = []
        if !isRedisUp { reasons.append("redis is away") }
        if fence == nil { reasons.append("no lease") }
        switch phase {
        case .idle, .ready: break
        case .loading: reasons.append("loading state")
        case .openingStream: break
        case .listing, .asking, .collecting: reasons.append("reconciling with the venue")
        }
        if !isStreamOpen { reasons.append("user stream is closed") }
        if let unfit { reasons.append(unfit) }
        return reasons
    }

    /// Orders that are not done, ascending by id.
    package var workingOrders: [OrderLifecycle] {
        orders.keys.sorted().compactMap { orders[$0]?.life }
    }

    /// Takes one event in; what is to be done is appended to `out`, in order.
    package mutating func handle(
        _ event: GatewayEvent, now: Instant, wall: WallTime, _ out: inout [GatewayAction]
    ) {
        var turn = Turn(now: now, wall: wall)
        swap(&turn.actions, &out)
        switch event {
        case .leaseGained(let number): leaseGained(number, &turn)
        case .leaseLost: leaseLost(&turn)
        case .leaseTaken: leaseTaken(&turn)
        case .redisUp: redisReturned(&turn)
        case .redisDown: redisLost(&turn)
        case .loaded(let number, let snapshot): loaded(number, snapshot, &turn)
        case .loadFailed(let number, let reason): loadFailed(number, reason, &turn)
        case .intentReplied(let id, let reply): intentReplied(id, reply, &turn)
        case .idsRead(let number, let page): idsRead(number, page, turn)
        case .orderSaved(let id, let token, let reply): orderSaved(id, token, reply, &turn)
        case .ledgerReplied(let token, let reply):
            perform(ledger.replied(token, reply), &turn)
        case .sharedReplied(let token, let reply):
            performShared(shared.replied(token, reply, &ledger), &turn)
        case .accountSaved(let request, let reply): accountSaved(request, reply, &turn)
        case .stateSaved(let request, let reply): stateSaved(request, reply, &turn)
        case .algoSaved(let id, let token, let reply): algoSaved(id, token, reply, &turn)
        case .factsRead(let id, let facts):
            factsRead(id, facts, &turn)
            rulesRead(id, facts, &turn)
        case .orderRead(let id, let reading):
            orderRead(id, reading, &turn)
            algoOrderRead(id, reading, &turn)
        case .ownerRead(let lease, let reading): ownerRead(lease, reading, &turn)
        case .instrumentChanged(let instrument): instrumentChanged(instrument, &turn)
        case .holdingsAnswered(let number, let list): holdingsAnswered(number, list, &turn)
        case .positionsAnswered(let askedAt, let list): positionsAnswered(askedAt, list, &turn)
        case .booksRead(let symbol, let askedAt, let positions):
            booksRead(symbol, askedAt, positions, &turn)
        case .haltVerified(let request, let list): haltVerified(request, list, &turn)
        case .command(let command): commandReceived(command, &turn)
        case .order(let body, let command): orderWanted(body, command, &turn)
        case .journalRead(let entries): journalRead(entries, &turn)
        case .journalled(let key, let isKept): entryJournalled(key, isKept: isKept, &turn)
        case .streamOpened: streamOpened(&turn)
        case .streamClosed: streamClosed(&turn)
        case .user(let event): userEventReceived(event, &turn)
        case .sendAnswered(let id, let outcome): sendAnswered(id, outcome, &turn)
        case .cancelAnswered(let id, let outcome): cancelAnswered(id, outcome, &turn)
        case .amendAnswered(let id, let outcome): amendAnswered(id, outcome, &turn)
        case .orderAnswered(let id, let askedAt, let outcome):
            orderAnswered(id, askedAt, outcome, &turn)
        case .openOrdersAnswered(let number, let list): openOrdersAnswered(number, list, &turn)
        case .tradesAnswered(let symbol, let number, let fills):
            tradesAnswered(symbol, number, fills, &turn)
        case .recentOrdersAnswered(let symbol, let number, let list):
            recentOrdersAnswered(symbol, number, list, &turn)
        case .accountChecked(let problem): accountChecked(problem, &turn)
        case .woke: woke(&turn)
        }
        advance(&turn)
        runAlgos(&turn)
        scheduleWake(&turn)
        swap(&turn.actions, &out)
    }
}

/// One event's turn at the desk: when it is, and what it leads to, behind what was to be done before.
struct Turn {
    let now: Instant
    let wall: WallTime
    var actions: [GatewayAction] = []

    init(now: Instant, wall: WallTime) {
        self.now = now
        self.wall = wall
    }

    mutating func act(_ action: GatewayAction) { actions.append(action) }
}

/// When something happened lately, oldest first; what is too old is dropped at the cost of its own
/// number.
struct RecentTimes: Sendable {
    private var times: [Instant] = []
    private var dropped = 0

    var count: Int { times.count - dropped }

    mutating func append(_ time: Instant) { times.append(time) }

    mutating func drop(before oldest: Instant) {
        while dropped < times.count, times[dropped] < oldest { dropped += 1 }
        guard dropped > 32, dropped * 2 > times.count else { return }
        times.removeFirst(dropped)
        dropped = 0
    }
}

/// A venue's order id with the symbol it is unique within.
struct VenueOrderKey: Hashable, Sendable {
    let symbol: Symbol
    let orderID: Int64
}

/// The last answers given, so that a repeated request is answered and not executed again.
struct AnswerMemory: Sendable {
    /// More than an hour of commands by hand, some seconds of the fastest algo.
    static let limit = 4_096
    private var replies: [String: Reply] = [:]
    /// The ids of all that are kept; where it is full, the oldest stands at `oldest`.
    private var ids: [String] = []
    private var oldest = 0

    subscript(id: String) -> Reply? { replies[id] }

    mutating func keep(_ reply: Reply) {
        guard replies.updateValue(reply, forKey: reply.id) == nil else { return }
        guard ids.count == AnswerMemory.limit else { return ids.append(reply.id) }
        replies[ids[oldest]] = nil
        ids[oldest] = reply.id
        oldest = (oldest + 1) % AnswerMemory.limit
    }
}

extension GatewayDesk {
    /// Symbols with a working order, a position or trades that are remembered.
    var knownSymbols: [Symbol] {
        var symbols = Set(ledger.openSymbols)
        for order in orders.values { symbols.insert(order.symbol) }
        symbols.formUnion(applied.keys)
        return symbols.sorted()
    }

    /// Whether an order on the desk only reduces.
    func isReducing(_ id: ClientOrderID) -> Bool {
        orders.read(id) { $0.life.intent.isReduceOnly } ?? false
    }

    /// Whether an order may leave without a lease, as Redis is away: it only reduces, and its intent is
    /// on this host's disk.
    func isSendableAway(_ id: ClientOrderID) -> Bool {
        isAlone && isReducing(id) && journalled.contains(id.text)
    }

    /// Until when an amendment of an order may be sent.
    func amendBy(_ id: ClientOrderID) -> Instant { orders[id]?.amending?.sendBy ?? .distantPast }

    /// Until when an order may be sent; never, where it is not on the desk.
    func sendBy(_ id: ClientOrderID) -> Instant { orders.read(id) { $0.sendBy } ?? .distantPast }
}

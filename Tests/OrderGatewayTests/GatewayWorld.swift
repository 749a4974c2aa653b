import Bounded
import BusProtocol
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// A venue and a Redis in memory around one desk, with seeded delays, losses and crashes.
struct GatewayWorld {
    /// An order as the venue holds it.
    struct Resting {
        var order: VenueOrder
        var createdAt: Instant
    }

    /// What happens later: something reaches Redis or the venue, or the desk.
    enum Later {
        case effect(GatewayAction)
        case event(GatewayEvent)
        case stream(VenueEvent, session: Int)
        /// A write that Redis carries out late: its connection was given up, and nobody hears of it.
        case late(GatewayAction)
    }

    static let symbol = Symbol("BTCUSDT")!
    static let accounts = ["alpha", "beta"].map { AccountID($0)! }

    var random: SplitMix64
    /// Chances out of 100 that an answer is lost, or a message never arrives.
    var loss = 10
    /// Percentage of the writes to Redis that are carried out late, when nothing is known of them.
    var lateness = 0
    var now = Instant(nanoseconds: 1_000_000_000_000)
    var wall = WallTime(milliseconds: 1_700_000_000_000)
    var desk: GatewayDesk
    /// Numbers the lives of the desk: answers to an earlier one go nowhere.
    var life = 0
    var queue: [(at: Instant, number: Int, life: Int, what: Later)] = []
    var number = 0
    var wakeAt: Instant?
    var replies: [Reply] = []
    var alerts: [String] = []

    // Redis.
    var isRedisUp = true
    var newestFence: Int64 = 0
    var newestMilliseconds: Int64 = 0
    /// What Redis held at times past, oldest first: what it may wake up with.
    var images: [RedisImage] = []
    /// Messages up to this number went to a Redis that died before they came.
    var lostNumber = 0
    var records: [ClientOrderID: OrderRecord] = [:]
    /// What the ledger booked of orders that have no record.
    var remains: [ClientOrderID: OrderTotals] = [:]
    var open: Set<ClientOrderID> = []
    var balances: [AccountID: BookBalance] = [:]
    var positions: [AccountID: Position] = [:]
    var applied: [TradeLeg] = []
    var appliedIdentities: Set<String> = []
    /// Changes that were asked about and not found: they are not made any more.
    var struckOut: Set<String> = []
    var accountRecords: [AccountRecord] = []
    var states: [String: StateRecord] = [:]
    var algoRecords: [String: AlgoRecord] = [:]
    var running: Set<String> = []
    /// What fills of resting orders are charged in.
    var feeAsset = "USDT"
    /// Whether states of algorithms do not arrive, while all else does.
    var refusesAlgos = false
    /// Algorithms in the order in which the desk has saved them.
    var algoSaves: [String] = []
    /// Who holds the lease `owner`, and until when.
    var owner: (fence: Int64, until: Instant)?
    /// Records of algorithms that cannot be read, and what is wrong with them.
    var damaged: [String: String] = [:]
    /// Whether price-feed has listed the instrument.
    var knowsInstrument = true

    /// Orders sent before Redis had a record of them.
    var sentAhead = 0
    /// When Redis has carried out what it was asked for last.
    var redisAt = Instant.distantPast

    /// The process's own disk.
    var journal: [(key: String, entry: JournalEntry)] = []

    // Venue.
    var book: [ClientOrderID: Resting] = [:]
    var made: [ClientOrderID: Int] = [:]
    var trades: [Fill] = []
    var nextOrderID: Int64 = 500
    var session = 0
    var isStreamOpen = false
    var lastStreamAt = Instant.distantPast

    let kind: VenueKind

    init(seed: UInt64, _ kind: VenueKind = .binanceFutures) {
        self.kind = kind
        random = SplitMix64(seed: seed)
        desk = GatewayDesk(settings: GatewayWorld.settings(kind, life: 0))
        for (index, id) in GatewayWorld.accounts.enumerated() {
            accountRecords.append(
                AccountRecord(
                    id: id, code: AccountCode("BOOK000\(index)")!, isEnabled: true,
                    stamp: RecordStamp(sequence: 1, writer: "test", atMilliseconds: 1)))
        }
    }

    private static func settings(_ kind: VenueKind, life: Int) -> GatewaySettings {
        var settings = GatewaySettings(writer: "order-gateway:test\(life)")
        settings.capabilities = kind.capabilities
        return settings
    }

    // MARK: time

    mutating func later(_ delay: Interval, _ what: Later) {
        number += 1
        queue.append((now + delay, number, life, what))
    }

    mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }
    mutating func delay(_ most: Int64 = 40) -> Interval {
        .milliseconds(Int64.random(in: 1...most, using: &random))
    }

    mutating func tell(_ event: GatewayEvent) {
        var actions: [GatewayAction] = []
        desk.handle(event, now: now, wall: wall, &actions)
        for action in actions { act(action) }
    }

    /// The best prices reach the desk's algorithms.
    mutating func tick(_ bid: Int64, _ ask: Int64) {
        var actions: [GatewayAction] = []
        desk.ticked(
            GatewayWorld.symbol, bid: .whole(bid), ask: .whole(ask), now: now, wall: wall,
            &actions)
        for action in actions { act(action) }
    }

    /// Lets time pass; everything due happens in order.
    mutating func advance(by interval: Interval) {
        let end = now + interval
        images.removeAll { now - $0.at > .milliseconds(1_500) }
        if isRedisUp { images.append(RedisImage(self)) }
        while true {
            let due = queue.indices.min {
                (queue[$0].at, queue[$0].number) < (queue[$1].at, queue[$1].number)
            }
            let next = due.map { queue[$0].at } ?? .distantFuture
            if let wake = wakeAt, wake <= next, wake <= end {
                move(to: max(now, wake))
                wakeAt = nil
                tell(.woke)
            } else if let due, next <= end {
                let item = queue.remove(at: due)
                move(to: item.at)
                happen(item.what, life: item.life, number: item.number)
            } else {
                break
            }
        }
        move(to: end)
    }

    private mutating func move(to instant: Instant) {
        wall = wall + .milliseconds((instant - now).milliseconds)
        now = instant
    }

    private mutating func happen(_ what: Later, life past: Int, number: Int) {
        switch what {
        case .effect(let action): carryOut(action, past, isLost: number <= lostNumber)
        case .event(let event): if past == life { tell(event) }
        case .stream(let event, let opened):
            if isStreamOpen, opened == session, past == life { tell(.user(event)) }
        case .late(let action):
            if isRedisUp { _ = redis(action, isDown: false, isSilent: true) }
        }
    }

    // MARK: what the desk wants

    private mutating func act(_ action: GatewayAction) {
        if case .saveAlgo(let record, _, _, _) = action { algoSaves.append(record.id) }
        if case .send(let intent) = action, desk.isAhead(intent.clientOrderID) { sentAhead += 1 }
        switch action {
        case .reply(let reply, _): replies.append(reply)
        case .alert(let code, _, _): alerts.append(code)
        case .wake(let at): wakeAt = at
        case .surrenderLease:
            newestFence += 1
            later(delay(500), .event(.leaseGained(fence: newestFence)))
        case .journal(let entry):
            journal.removeAll { $0.key == entry.key }
            journal.append((entry.key, entry))
            later(.milliseconds(1), .event(.journalled(key: entry.key, isKept: true)))
        case .journalSettled(let key): journal.removeAll { $0.key == key }
        case .openStream:
            isStreamOpen = false
            later(delay(), .effect(action))
        case .watchTicks, .saveHoldings: break
        case .readOwner: later(.zero, .effect(action))
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readIDs, .saveAlgo:
            // One connection: Redis carries out what it is asked in this order.
            redisAt = max(redisAt, now + delay())
            later(redisAt - now, .effect(action))
        case .send, .cancel, .cancelStranger, .amend, .queryOrder, .queryOpenOrders, .queryTrades,
            .queryRecentOrders, .verifyHalt, .queryHoldings, .queryPositions:
            later(delay(), .effect(action))
        }
    }

    mutating func carryOut(_ action: GatewayAction, _ past: Int, isLost: Bool = false) {
        switch action {
        case .reply, .alert, .wake, .surrenderLease, .journal, .journalSettled, .watchTicks,
            .saveHoldings:
            break
        case .openStream:
            guard past == life else { return }
            session += 1
            isStreamOpen = true
            later(delay(), .event(.streamOpened))
        case .send, .cancel, .cancelStranger, .amend, .queryOrder, .queryOpenOrders, .queryTrades,
            .queryRecentOrders, .verifyHalt, .queryHoldings, .queryPositions:
            for event in venue(action) { answer(event, past) }
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readOwner, .readIDs, .saveAlgo:
            if lateness > 0, isRedisUp, !isLost, let event = unknown(action), chance(lateness) {
                later(.milliseconds(Int64.random(in: 1...3_000, using: &random)), .late(action))
                return answer(event, past)
            }
            let isSilent = chance(loss / 2)
            guard let event = redis(action, isDown: !isRedisUp || isLost, isSilent: isSilent) else {
                return
            }
            // On one connection it is answered before the facts that are asked for after it.
            if case .ownerRead = event {
                queue.append((now, number, past, .event(event)))
            } else {
                answer(event, past)
            }
        }
    }

    private mutating func answer(_ event: GatewayEvent, _ past: Int) {
        number += 1
        queue.append((now + delay(), number, past, .event(event)))
    }

    // MARK: faults

    /// The process dies; another takes the lease a while later.
    mutating func crash() {
        life += 1
        wakeAt = nil
        isStreamOpen = false
        desk = GatewayDesk(settings: GatewayWorld.settings(kind, life: life))
        if !journal.isEmpty { tell(.journalRead(journal.map(\.entry))) }
        newestFence += 1
        // A lease outlives its holder by seconds: longer than anything is on its way.
        later(.milliseconds(100) + delay(2000), .event(.leaseGained(fence: newestFence)))
    }

    /// Redis dies and wakes up with what it held up to 1.5 s ago; the process lives on or dies too.
    mutating func loseMemory(withProcess: Bool) {
        images.removeAll { now - $0.at > .milliseconds(1_500) }
        guard isRedisUp, let image = images.randomElement(using: &random) else { return }
        if withProcess { crash() } else { tell(.redisDown) }
        image.restore(&self)
        images = []
        lostNumber = number
        if !withProcess { tell(.redisUp) }
    }

    mutating func cutStream() {
        guard isStreamOpen else { return }
        isStreamOpen = false
        tell(.streamClosed)
        later(delay(1500), .effect(.openStream))
    }

    mutating func cutRedis(for interval: Interval) {
        guard isRedisUp else { return }
        isRedisUp = false
        tell(.redisDown)
        number += 1
        queue.append((now + interval, number, life, .effect(.wake(at: now))))
    }

    mutating func restoreRedis() {
        guard !isRedisUp else { return }
        isRedisUp = true
        tell(.redisUp)
    }
}

/// All that Redis held at one time; fences are kept apart, as their numbers come from its clock.
struct RedisImage {
    let at: Instant
    private let records: [ClientOrderID: OrderRecord]
    private let remains: [ClientOrderID: OrderTotals]
    private let open: Set<ClientOrderID>
    private let balances: [AccountID: BookBalance]
    private let positions: [AccountID: Position]
    private let applied: [TradeLeg]
    private let appliedIdentities: Set<String>
    private let newestMilliseconds: Int64
    private let algoRecords: [String: AlgoRecord]
    private let running: Set<String>

    init(_ world: GatewayWorld) {
        at = world.now
        records = world.records
        remains = world.remains
        open = world.open
        balances = world.balances
        positions = world.positions
        applied = world.applied
        appliedIdentities = world.appliedIdentities
        newestMilliseconds = world.newestMilliseconds
        algoRecords = world.algoRecords
        running = world.running
    }

    func restore(_ world: inout GatewayWorld) {
        world.records = records
        world.remains = remains
        world.open = open
        world.balances = balances
        world.positions = positions
        world.applied = applied
        world.appliedIdentities = appliedIdentities
        world.newestMilliseconds = newestMilliseconds
        world.algoRecords = algoRecords
        world.running = running
    }
}

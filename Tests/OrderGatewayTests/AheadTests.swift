import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Orders that leave while their intents are on their way to Redis (B2e).
@Suite("Orders ahead of their intents")
struct AheadTests {
    /// A desk that knows the ids Redis has, and has had an intent kept.
    static func bench(used: [String] = [], for venue: VenueKind = .binanceFutures) -> DeskBench {
        var bench = DeskBench.traded(for: venue)
        bench.read(used, isLast: true)
        bench.send("first")
        return bench
    }

    @Test("S4: the intent goes first, the order follows at once, and is sent once")
    func leaves() {
        var bench = AheadTests.bench()
        #expect(bench.place("r1") == ["intent intent under 3", "send BUY 2"])
        let id = DeskBench.id("r1")
        #expect(bench.desk.isAhead(id))
        #expect(bench.give(.intentReplied(id, .saved)).isEmpty)
        #expect(!bench.desk.isAhead(id))
        #expect(bench.give(.intentReplied(id, .saved)).isEmpty)
        let answer = GatewayEvent.sendAnswered(id, .accepted(DeskBench.order("r1", .new)))
        #expect(bench.give(answer) == ["save open", "reply r1 ok"])
    }

    @Test("the venue's answer is not saved before Redis has answered for the intent")
    func savesInOrder() {
        var bench = AheadTests.bench()
        bench.place("r1")
        let id = DeskBench.id("r1")
        let answer = GatewayEvent.sendAnswered(id, .accepted(DeskBench.order("r1", .new)))
        #expect(bench.give(answer) == ["reply r1 ok"])
        #expect(bench.give(.intentReplied(id, .saved)) == ["save open"])
    }

    @Test("an order waits until all ids are read, and an intent was kept")
    func waits() {
        var bench = DeskBench.traded()
        #expect(bench.place("r0") == ["intent intent under 3"])
        bench.give(.intentReplied(DeskBench.id("r0"), .saved))
        #expect(bench.place("r1") == ["intent intent under 3"])
        bench.give(.intentReplied(DeskBench.id("r1"), .saved))
        bench.read(["old"], isLast: false)
        #expect(bench.place("r2") == ["intent intent under 3"])
        bench.give(.intentReplied(DeskBench.id("r2"), .saved))
        bench.read([], isLast: true)
        #expect(bench.place("r3") == ["intent intent under 3", "send BUY 2"])
    }

    @Test("an id that Redis has had waits for its answer: read at the start, saved since, and done since")
    func usedIDs() {
        var bench = AheadTests.bench(used: ["old"])
        #expect(bench.place("old") == ["intent intent under 3"])
        bench.place("r1")
        let id = DeskBench.id("r1")
        bench.give(.intentReplied(id, .saved))
        bench.give(.sendAnswered(id, .rejected(code: -2010, "no")))
        bench.saveThrough()
        #expect(bench.desk.orders[id] == nil)
        // A repeat is answered from memory, and where that has forgotten it, by Redis.
        #expect(!bench.desk.ahead.admits(id, now: bench.now))
    }

    @Test(
        "what hangs on its record waits: algorithms' and risk's orders, closes, and orders with terms",
        arguments: 0..<4)
    func kinds(_ kind: Int) {
        var bench = AheadTests.bench()
        var body = OrderPlaceBody(
            account: DeskBench.account, symbol: DeskBench.symbol, side: .buy, type: .limit,
            quantity: .whole(2), price: .whole(100))
        switch kind {
        case 0: body.origin = .risk
        case 1: body.origin = .allocator
        case 2: body.isReduceOnly = true
        case _: body.timeToLiveMilliseconds = 60_000
        }
        if body.isReduceOnly {
            let position = Position(quantity: .whole(-5), entryPrice: .whole(100))
            bench.desk.ledger.load(
                DeskBench.account, balance: BookBalance(),
                positions: [DeskBench.symbol: position])
        }
        #expect(bench.give(bench.command("k", .orderPlace, body.body)) == ["facts"])
        let id = ClientOrderID.derive(
            account: DeskBench.code, origin: body.origin, intent: "k")
        #expect(bench.give(.factsRead(id, bench.facts)) == ["intent intent under 3"])
    }

    @Test("P3: an intent that Redis may have lost is written down here, saved anew, and the next order waits")
    func lostIntent() {
        for reply in [SaveReply.unknown, .refused, .wrong("a list")] {
            var bench = AheadTests.bench()
            bench.place("r1")
            let id = DeskBench.id("r1")
            let lines = bench.give(.intentReplied(id, reply))
            #expect(lines.first == "write intent", "\(reply): \(lines)")
            #expect(bench.desk.hasLostIntent(id))
            bench.give(.journalled(key: id.text, isKept: true))
            #expect(bench.place("r2") == ["intent intent under 3"], "\(reply)")
            bench.give(.intentReplied(DeskBench.id("r2"), .refused))
            #expect(bench.wait(.seconds(5)).contains("save sent"), "\(reply)")
            #expect(bench.saveAll() == ["strike intent"])
            #expect(!bench.desk.hasLostIntent(id))
        }
    }

    @Test("P2: fenced after the order has left: it is not forgotten, and saved when this process leads again")
    func fenced() {
        var bench = AheadTests.bench()
        bench.place("r1")
        let id = DeskBench.id("r1")
        let lines = bench.give(.intentReplied(id, .fenced))
        #expect(lines == ["write intent", "surrender"])
        bench.give(.journalled(key: id.text, isKept: true))
        bench.give(.leaseGained(fence: 9))
        let loaded = bench.give(.loaded(generation: bench.desk.generation, DeskBench.snapshot))
        #expect(loaded.contains("save sent"), "\(loaded)")
    }

    @Test("while Redis is slow, or many intents are out, orders wait")
    func bounds() {
        var bench = AheadTests.bench()
        bench.place("slow")
        bench.pass(.milliseconds(101))
        #expect(bench.place("r0") == ["intent intent under 3"])
        bench.give(.intentReplied(DeskBench.id("slow"), .saved))
        bench.give(.intentReplied(DeskBench.id("r0"), .saved))
        for number in 0..<IntentsAhead.maximum {
            #expect(bench.place("a\(number)").contains("send BUY 2"))
        }
        #expect(bench.place("over") == ["intent intent under 3"])
    }

    @Test("an id with a record that nobody here knew of is told, and all ids are read anew")
    func exists() {
        var bench = AheadTests.bench()
        bench.place("r1")
        guard case .saveIntent(var record, _)? = bench.actions.first else {
            Issue.record("no intent")
            return
        }
        record.intentMilliseconds -= 1
        let lines = bench.give(.intentReplied(DeskBench.id("r1"), .exists(record)))
        #expect(lines.contains("alert intent_exists"))
        #expect(bench.actions.contains { if case .readIDs = $0 { true } else { false } })
        #expect(bench.place("r2") == ["intent intent under 3"])
    }

    @Test("an order waits where Redis has no trades of its symbol: the next to lead may not list its orders")
    func untraded() {
        var bench = AheadTests.bench()
        bench.desk.applied = [:]
        #expect(bench.place("r1") == ["intent intent under 3"])
    }

    @Test("S3: an id that the venue lists while its repeat reads its facts, or is looked up, is not sent again")
    func listedMeanwhile() {
        var bench = AheadTests.bench()
        bench.desk.verified = []
        bench.give(bench.placing("r1"))
        bench.give(bench.placing("r2"))
        bench.give(.factsRead(DeskBench.id("r2"), bench.facts))
        let list = GatewayEvent.recentOrdersAnswered(
            DeskBench.symbol, generation: bench.desk.generation,
            [
                DeskBench.order("r1", .filled, executed: 2, orderID: 21),
                DeskBench.order("r3", .filled, executed: 2, orderID: 23),
            ])
        #expect(bench.give(list).contains("alert order_adopted"))
        let late = bench.give(.factsRead(DeskBench.id("r1"), bench.facts))
        #expect(!late.contains { $0.hasPrefix("intent") || $0.hasPrefix("send") }, "\(late)")
        #expect(bench.give(bench.placing("r3")) == ["reply r3 not_ready"])
        #expect(bench.give(.orderRead(DeskBench.id("r3"), .missing)).contains("alert order_adopted"))
    }

    @Test("F9: an order whose trades position-sync booked while it was on no record comes to its end")
    func bookedMeanwhile() {
        var bench = AheadTests.bench()
        bench.place("r1")
        let id = DeskBench.id("r1")
        bench.give(.intentReplied(id, .saved))
        bench.give(.sendAnswered(id, .accepted(DeskBench.order("r1", .filled, executed: 2))))
        bench.saveThrough()
        bench.desk.applied[DeskBench.symbol] = [TradeLeg(71, .buy), TradeLeg(72, .buy)]
        #expect(bench.wait(.seconds(1)).contains("ask trades from start"))
        let fills = [71, 72].map {
            DeskBench.listed($0, orderID: 9, at: bench.wall.milliseconds)
        }
        var lines = bench.give(
            .tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, fills))
        lines += bench.bookAgain()
        #expect(lines.contains("ledger demo 71:BUY") && lines.contains("ledger demo 72:BUY"))
        #expect(bench.desk.orders[id] == nil, "\(lines)")
    }

    @Test("ids that cannot be read are asked for again; pages of an earlier reading say nothing")
    func readingAgain() {
        var bench = DeskBench.traded()
        let number = bench.reading
        bench.give(.idsRead(number, nil))
        bench.pass(.seconds(1))
        bench.give(.woke)
        #expect(bench.reading == number + 1)
        bench.give(.idsRead(number, IDPage([], isLast: true)))
        bench.send("first")
        #expect(bench.place("r1") == ["intent intent under 3"])
    }

    @Test("with PMS_CONFIRM_INTENTS no id is read, and every order waits")
    func confirmed() {
        var bench = DeskBench()
        var settings = GatewaySettings(writer: "order-gateway:bench")
        settings.confirmsIntents = true
        bench.desk = GatewayDesk(settings: settings)
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 3))
        bench.give(.loaded(generation: bench.desk.generation, DeskBench.snapshot))
        #expect(!bench.actions.contains { if case .readIDs = $0 { true } else { false } })
    }

    @Test("more ids than are remembered: they are read anew, and orders wait meanwhile")
    func capacity() {
        var ahead = IntentsAhead()
        let now = Instant(nanoseconds: 1_000_000_000)
        let number = ahead.startReading()
        ahead.read(number, [], isLast: true)
        _ = ahead.answered(DeskBench.id("x"), isKept: true)
        for index in 0..<IntentsAhead.capacity - 1 { ahead.use(DeskBench.id("\(index)"), now: now) }
        #expect(ahead.admits(DeskBench.id("new"), now: now) && ahead.readAt == nil)
        ahead.use(DeskBench.id("last"), now: now)
        #expect(!ahead.admits(DeskBench.id("new"), now: now) && ahead.readAt == now)
        let next = ahead.startReading()
        _ = ahead.answered(DeskBench.id("x"), isKept: true)
        ahead.read(next, [DeskBench.id("kept")], isLast: true)
        #expect(ahead.admits(DeskBench.id("0"), now: now))
        #expect(!ahead.admits(DeskBench.id("kept"), now: now))
    }
}

extension DeskBench {
    /// A desk whose symbol has trades in Redis.
    fileprivate static func traded(for venue: VenueKind = .binanceFutures) -> DeskBench {
        var bench = DeskBench.ready(for: venue)
        bench.desk.applied[DeskBench.symbol] = [TradeLeg(1, .buy)]
        return bench
    }

    /// The number of the reading of ids that is out.
    fileprivate var reading: Int64 {
        desk.ahead.reading
    }

    fileprivate mutating func read(_ requests: [String], isLast: Bool) {
        give(.idsRead(reading, IDPage(requests.map { DeskBench.id($0) }, isLast: isLast)))
    }

    /// Redis saves what it is asked to, and has booked before what it is to book, until nothing is asked.
    fileprivate mutating func bookAgain() -> [String] {
        let standing = LedgerSnapshot(
            position: Position(), balance: BookBalance(), order: OrderTotals())
        var lines: [String] = []
        var due = actions
        while !due.isEmpty {
            switch due.removeFirst() {
            case .applyLedger(let command, _):
                lines += give(.ledgerReplied(token: command.token, .duplicate(standing)))
            case .saveOrder(let record, _, _, let token):
                lines += give(.orderSaved(record.intent.clientOrderID, token: token, .saved))
            case _: continue
            }
            due += actions
        }
        return lines
    }

    /// Places an order up to what follows from its price and risk.
    @discardableResult
    fileprivate mutating func place(_ request: String) -> [String] {
        give(placing(request))
        return give(.factsRead(DeskBench.id(request), facts))
    }
}

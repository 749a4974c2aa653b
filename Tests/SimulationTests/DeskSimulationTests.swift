import BusProtocol
import Chronology
import Simulation
import Testing
import Trading

/// A few seeds here; `pms-simulation`, built for speed, runs two hundred (see scripts/test).
@Suite("All desks in one simulation")
struct DeskSimulationTests {
    @Test(
        "crashes, lost and doubled messages, unknown outcomes: the books equal the venue (S1-S7, C1-C5, F1-F9, R1-R4, P2-P4)"
    )
    func faults() {
        var report = SimulationReport()
        for seed in UInt64(1)...6 { report.run(seed: seed) }
        #expect(report.failures.isEmpty)
        // A simulation in which nothing happens would prove nothing.
        #expect(report.isTelling, "\(report.text)")
    }

    @Test("a crash of 30 % in 60 s: the books close before the exchange does (B5b)")
    func cascade() {
        let world = SimulatedWorld(seed: 5, accounts: (100...199).map { "book\($0)" })
        let report = world.runCascade()
        print(report.text)
        #expect(report.positionsBefore == 100, "\(world.condition)")
        #expect(report.steps > 50 && report.accountsDeleveraged > 30, "\(report.text)")
        #expect(report.liquidations == 0, "\(report.text)")
        // Marks come once a second: nobody is under the maintenance margin for longer than one.
        #expect(report.longestOverdue < .milliseconds(1_500), "\(report.text)")
        // A mark comes each second, half a percent lower: that much may be lost to it, and no more.
        #expect(report.lowestEquity > .whole(-200), "\(report.text)")
        #expect(report.highestRatio < .one, "\(report.text)")
        #expect(report.commandsRepeated == 0)
        #expect(world.violations() == [])
    }

    @Test("the crash with every third book short: the longs close, the shorts stay, the exchange makes nothing (B5b, B4c)")
    func cascadeOfBoth() {
        let world = SimulatedWorld(seed: 6, accounts: (100...159).map { "book\($0)" })
        let report = world.runCascade(shorts: 3)
        print(report.text)
        #expect(report.positionsBefore == 60, "\(world.condition)")
        #expect(report.steps > 18 && report.accountsDeleveraged > 12, "\(report.text)")
        // A short gains by a crash: none of them is closed.
        #expect(report.positionsAfter >= 20, "\(report.text)")
        #expect(report.liquidations == 0, "\(report.text)")
        // Marks come once a second: nobody is under the maintenance margin for longer than one.
        #expect(report.longestOverdue < .milliseconds(1_500), "\(report.text)")
        #expect(report.lowestEquity > .whole(-200), "\(report.text)")
        #expect(report.highestRatio < .one, "\(report.text)")
        #expect(report.commandsRepeated == 0)
        #expect(world.violations() == [])
    }

    @Test("the same with every fifth book short: closes cross zero, and none waits for a refusal (B4c)")
    func cascadeWithFewShorts() {
        let world = SimulatedWorld(seed: 5, accounts: (100...199).map { "book\($0)" })
        let report = world.runCascade(shorts: 5)
        print(report.text)
        #expect(report.positionsBefore == 100, "\(world.condition)")
        #expect(report.steps > 50, "\(report.text)")
        #expect(report.liquidations == 0, "\(report.text)")
        // Marks come once a second: nobody is under the maintenance margin for longer than one.
        #expect(report.longestOverdue < .milliseconds(1_500), "\(report.text)")
        #expect(report.lowestEquity > .whole(-60), "\(report.text)")
        #expect(report.commandsRepeated == 0)
        #expect(world.violations() == [])
    }

    @Test("deleverage during outages: Redis away, every process killed in turn; no close twice (B5b, S2)")
    func outages() {
        var (steps, crashes, outages) = (0, 0, 0)
        for seed in UInt64(1)...2 {
            let world = SimulatedWorld(seed: seed, accounts: (100...119).map { "book\($0)" })
            var faults = SimulationFaults()
            faults.redisOutages = 200
            faults.gatewayCrashes = 60
            faults.riskCrashes = 100
            faults.syncCrashes = 60
            faults.lostAnswers = 20
            faults.lostMessages = 20
            let report = world.runCascade(faults: faults)
            print("seed \(seed): \(report.text)")
            steps += report.steps
            #expect(report.commandsRepeated == 0, "seed \(seed): \(report.text)")
            #expect(world.violations() == [], "seed \(seed)")
            crashes += world.faultCounts["risk crash"] ?? 0
            outages += world.faultCounts["redis outage"] ?? 0
        }
        #expect(steps > 10 && crashes > 2 && outages > 2)
    }

    @Test("two risk-engines: the newer one's fence ends the older, and no close is asked for twice")
    func twoEngines() {
        let world = SimulatedWorld(seed: 11, accounts: (100...119).map { "book\($0)" })
        let second = RiskActor(time: world.time, server: world.server, keys: world.keys)
        let report = world.runCascade()
        #expect(report.steps > 5 && report.commandsRepeated == 0, "\(report.text)")
        #expect(world.violations() == [])
        #expect(second !== world.risk)
    }

    @Test("risk-engine dead: within 10 s new risk is refused, and what reduces passes (B5d, B2f)")
    func deadEngine() throws {
        let world = SimulatedWorld(seed: 21)
        world.start()
        let symbol = world.symbols[0]
        let alpha = try #require(AccountID("alpha"))
        func place(_ id: String, _ side: Side, isReduceOnly: Bool) {
            let body = OrderPlaceBody(
                account: alpha, symbol: symbol, side: side, type: .market,
                quantity: Quantity(text: "0.01")!, isReduceOnly: isReduceOnly)
            world.ask(id, .orderPlace, body.body)
            world.time.run(until: world.time.now + .seconds(4))
        }
        place("open", .buy, isReduceOnly: false)
        let book = world.keys.position(alpha, symbol)
        #expect(world.server.data.hashes[book]?["qty"] == "0.01", "\(world.condition)")
        world.risk.kill()
        world.time.run(until: world.time.now + .seconds(10))
        place("more", .buy, isReduceOnly: false)
        #expect(world.answers["risk_stale"] == 1, "\(world.condition)")
        #expect(world.server.data.hashes[book]?["qty"] == "0.01")
        place("close", .sell, isReduceOnly: true)
        #expect(world.server.data.hashes[book]?["qty"] == "0", "\(world.condition)")
    }

    @Test("the snapshot of a dead risk-engine is gone within 30 s, and new risk stays refused (B5d)")
    func expired() throws {
        let world = SimulatedWorld(seed: 22)
        world.start()
        let alpha = try #require(AccountID("alpha"))
        let key = world.keys.risk(alpha)
        #expect(world.server.data.hashes[key] != nil)
        world.risk.kill()
        world.time.run(until: world.time.now + .seconds(31))
        #expect(world.server.data.hashes[key] == nil)
        let body = OrderPlaceBody(
            account: alpha, symbol: world.symbols[0], side: .buy, type: .market,
            quantity: Quantity(text: "0.01")!)
        world.ask("more", .orderPlace, body.body)
        world.time.run(until: world.time.now + .seconds(4))
        #expect(world.tradeCount == 0, "\(world.condition)")
        world.startRisk()
        world.time.run(until: world.time.now + .seconds(5))
        world.ask("again", .orderPlace, body.body)
        world.time.run(until: world.time.now + .seconds(4))
        #expect(world.tradeCount > 0, "\(world.condition)")
    }

    @Test("position-sync dead: trading goes on, and the books equal the exchange without it and after it (R6)")
    func deadSync() throws {
        let world = SimulatedWorld(seed: 31)
        world.start()
        let symbol = world.symbols[0]
        func place(_ id: String, _ name: String, _ size: String) throws {
            let body = OrderPlaceBody(
                account: try #require(AccountID(name)), symbol: symbol, side: .buy, type: .market,
                quantity: Quantity(text: size)!)
            world.ask(id, .orderPlace, body.body)
            world.time.run(until: world.time.now + .seconds(3))
        }
        func held(_ name: String) -> Quantity {
            AccountID(name).flatMap {
                world.server.data.hashes[world.keys.position($0, symbol)]?["qty"]
            }.flatMap { Quantity(text: $0) } ?? .zero
        }
        try place("a", "alpha", "0.03")
        world.sync.kill()
        try place("b", "beta", "0.01")
        #expect(held("beta") == Quantity(text: "0.01"), "\(world.condition)")
        // By hand, while the gateway is away too: it is found at its start, and split.
        world.gateway.kill()
        #expect(world.venue.tradeByHand(symbol, .sell, Quantity(text: "0.02")!))
        world.startGateway()
        world.time.run(until: world.time.now + .seconds(10))
        try place("c", "beta", "0.01")
        #expect(held("alpha") + held("beta") == Quantity(text: "0.03"), "\(world.condition)")
        #expect(held("alpha") == Quantity(text: "0.015"), "\(world.condition)")
        world.startSync()
        world.time.run(until: world.time.now + .seconds(60))
        #expect(world.violations() == [])
        #expect(world.alerts.keys.allSatisfy { !$0.hasPrefix("sync") }, "\(world.condition)")
    }

    @Test("stale prices: no decision on a price older than 10 s, an alert, and on with the next one (B5b, I1)")
    func stalePrices() throws {
        let world = SimulatedWorld(seed: 41, accounts: (100...119).map { "book\($0)" })
        world.openBooks()
        func decisions() -> Int { world.server.data.streams[world.keys.decisions]?.count ?? 0 }
        #expect(decisions() == 0)
        world.feed.kill()
        world.time.run(until: world.time.now + .seconds(12))
        world.movePrices(by: Ratio(text: "0.93")!)
        world.time.run(until: world.time.now + .seconds(20))
        #expect(decisions() == 0)
        #expect((world.alerts["risk price_stale"] ?? 0) > 0, "\(world.condition)")
        let key = world.keys.risk(try #require(AccountID("book116")))
        #expect(world.server.data.hashes[key]?["price_stale"] == "1")
        world.startFeed()
        world.time.run(until: world.time.now + .seconds(30))
        #expect(decisions() > 0, "\(world.condition)")
    }

    @Test("a difference nothing explains: after 60 s only what reduces passes, with an alert, until it is equal (B4f)")
    func unexplained() throws {
        let world = SimulatedWorld(seed: 51)
        world.hasUnexplained = true
        world.start()
        let (keys, symbol) = (world.keys, world.symbols[0])
        let alpha = try #require(AccountID("alpha"))
        func place(_ id: String, _ side: Side, _ size: String, isReduceOnly: Bool = false) {
            let body = OrderPlaceBody(
                account: alpha, symbol: symbol, side: side, type: .market,
                quantity: Quantity(text: size)!, isReduceOnly: isReduceOnly)
            world.ask(id, .orderPlace, body.body)
            world.time.run(until: world.time.now + .seconds(4))
        }
        func held() -> String? { world.server.data.hashes[keys.position(alpha, symbol)]?["qty"] }
        place("open", .buy, "0.02")
        #expect(held() == "0.02", "\(world.condition)")
        // An order in doubt forbids every correction.
        let id = ClientOrderID.derive(
            account: AccountCode("ZZZZZZZZ")!, origin: .manual, intent: "doubt")
        let doubt = OrderRecord(
            intent: OrderIntent(
                clientOrderID: id, account: alpha, symbol: symbol, side: .buy, type: .limit,
                timeInForce: .goodTillCancel, quantity: .one, price: .one, isReduceOnly: false),
            request: "doubt", status: "unknown", intentMilliseconds: 0,
            stamp: RecordStamp(sequence: 1, writer: "order-gateway:gone", atMilliseconds: 0))
        world.server.data.hashes[keys.order(id.text)] = Dictionary(
            doubt.fields, uniquingKeysWith: { first, _ in first })
        world.server.data.sets[keys.openOrders, default: []].insert(id.text)
        world.venue.shift(symbol, by: Quantity(text: "-0.01")!)
        world.time.run(until: world.time.now + .seconds(45))
        #expect(world.server.data.hashes[keys.reducing]?[symbol.name] == nil)
        world.time.run(until: world.time.now + .seconds(40))
        #expect(world.server.data.hashes[keys.reducing]?[symbol.name] != nil, "\(world.condition)")
        #expect(world.alerts["sync symbol_reducing"] == 1)
        place("more", .buy, "0.01")
        #expect(world.answers["instrument_reducing"] == 1, "\(world.condition)")
        place("less", .sell, "0.005", isReduceOnly: true)
        #expect(held() == "0.015", "\(world.condition)")
        // The doubt is settled: the books are made equal, and the symbol is free again.
        world.server.data.sets[keys.openOrders]?.remove(id.text)
        world.time.run(until: world.time.now + .seconds(60))
        #expect(held() == "0.005", "\(world.condition)")
        #expect(world.server.data.hashes[keys.reducing]?[symbol.name] == nil)
        #expect(world.alerts["sync position_corrected"] == 1)
        place("again", .buy, "0.01")
        #expect(held() == "0.015", "\(world.condition)")
        #expect(world.violations() == [])
    }

    @Test("the same seed gives the same run")
    func repeats() {
        let runs = (0..<2).map { _ in
            let world = SimulatedWorld(seed: 77)
            let drawn = SimulationFaults.drawn(world.time)
            world.run(faults: drawn, asking: .seconds(15), settling: .seconds(20))
            return world.server.data.streams[world.keys.ledger]?.map(\.fields.description) ?? []
        }
        #expect(runs[0] == runs[1])
        #expect(!runs[0].isEmpty)
    }
}

import BusProtocol
import Chronology
import Glibc
package import Reactor
import RedisLink
import Trading

/// One run: brings the stack up, lets orders flow while faults fall, and audits what is left.
@LoopActor package final class ChaosRun {
    /// Longest wait for the stack to come up, or back to quiet at the end: an unknown order is
    /// settled 16 s after sending at the earliest, and its questions go on until it is.
    static let patience = Interval.seconds(90)

    let loop: EventLoop
    let options: ChaosOptions
    var report: ChaosReport
    private(set) var flow: ChaosFlow
    /// Looks at what must hold while a process stays away, and how many orders they asked for.
    var probes: [LoopTimer] = []
    var probeNumber = 0
    private var faultDraw: ChaosFlow
    private var algos: ChaosAlgos
    private var answers: [String: Int] = [:]
    private var faults: [ChaosFault: Int] = [:]
    /// The faults still to come, last first; nil where they are drawn until time is up.
    private var planned: [ChaosFault]?
    private var returns: [String: Interval] = [:]
    private var expected: Set<String> = []
    private var prices: [Symbol: Price] = [:]
    private var ticks: [Symbol: Price] = [:]
    private let say: @LoopActor (String) -> Void

    /// - Parameter say: takes progress, a line at a time.
    package init(
        loop: EventLoop, options: ChaosOptions, say: @escaping @LoopActor (String) -> Void
    ) {
        self.loop = loop
        self.options = options
        self.say = say
        report = ChaosReport(seed: options.seed)
        flow = ChaosFlow(seed: options.seed)
        algos = ChaosAlgos(seed: options.seed)
        faultDraw = ChaosFlow(seed: options.seed &* 31 &+ 7)
        if options.times > 0 {
            planned = faultDraw.shuffled(
                options.faults.flatMap { Array(repeating: $0, count: Int(options.times)) })
        }
    }

    package func run() async -> ChaosReport {
        guard let directory = options.directory ?? ChaosPlaces.scratchDirectory(),
            let port = ChaosPlaces.freePort(), let adminPort = ChaosPlaces.freePort()
        else { return failed("no scratch directory or no free port") }
        unsafe mkdir(directory, 0o700)
        let stage = ChaosStage(
            loop: loop, binaries: options.binaries, directory: directory, port: port,
            adminPort: adminPort, seed: options.seed)
        guard let venueID = VenueID("usdm"),
            let venue = ChaosVenue(
                loop: loop, base: stage.exchangeURL, key: stage.tradeKey,
                secret: stage.tradeSecret)
        else { return failed("no venue") }
        let bus = ChaosBus(
            loop: loop, endpoint: RedisEndpoint(path: "\(directory)/redis.sock"),
            keys: BusKeys(venue: venueID), seed: options.seed)
        await perform(stage, bus, venue)
        bus.close()
        await stage.stop()
        if report.violations.isEmpty, options.directory == nil { remove(directory) }
        if !report.violations.isEmpty { say("logs and data are in \(directory)") }
        return report
    }

    private func perform(_ stage: ChaosStage, _ bus: ChaosBus, _ venue: ChaosVenue) async {
        guard await bringUp(stage, bus) else { return }
        await letOrdersFlow(stage, bus, venue)
        guard await quieten(stage, bus) else { return }
        await audit(stage, bus, venue)
    }

    private func failed(_ reason: String) -> ChaosReport {
        report.violations.append(reason)
        return report
    }

    // MARK: coming up

    private func bringUp(_ stage: ChaosStage, _ bus: ChaosBus) async -> Bool {
        for name in ["redis"] + ChaosStage.services where !stage.start(name) {
            report.violations.append("\(name) cannot be started")
            return false
        }
        bus.start()
        guard await allReady(stage, bus) else {
            report.violations.append("the stack did not come up")
            return false
        }
        for account in flow.accounts {
            let body = AccountBody(account: account, deposit: .whole(20_000)).body
            let (code, _) = await bus.ask("create-\(account)", .accountCreate, body)
            guard code == "ok" else {
                report.violations.append("account \(account) was not created: \(code)")
                return false
            }
        }
        let later = "\((loop.wallNow + .seconds(86_400)).milliseconds)"
        for (symbol, _) in flow.symbols {
            _ = await bus.value(["ZADD", bus.keys.demand, later, symbol.name])
            ticks[symbol] = await bus.instrument(symbol)?.tick
        }
        _ = await bus.value(["PUBLISH", bus.keys.demandChannel, "{}"])
        await stage.pause(.seconds(3))
        say("the stack is up")
        return true
    }

    private func allReady(_ stage: ChaosStage, _ bus: ChaosBus) async -> Bool {
        let start = loop.now
        while loop.now - start < ChaosRun.patience {
            if await readiness(stage, bus).isEmpty { return true }
            await stage.pause(.milliseconds(100))
        }
        return false
    }

    /// The services that are not ready under their present process; times the way back of the others.
    private func readiness(_ stage: ChaosStage, _ bus: ChaosBus) async -> [String] {
        var missing: [String] = []
        for name in ChaosStage.services where name != "paper-exchange" {
            if let pid = stage.pid(of: name), await bus.isReady(name, pid: pid) {
                noteReturn(stage, name)
            } else {
                missing.append(name)
            }
        }
        if await bus.value(["PING"]) == nil {
            missing.append("redis")
        } else if missing.allSatisfy({ stage.isStruck($0) }) {
            // Redis and the exchange are back when everyone who needs them is, but for those that are
            // on their own way back.
            noteReturn(stage, "redis")
            noteReturn(stage, "paper-exchange")
        }
        return missing
    }

    private func noteReturn(_ stage: ChaosStage, _ name: String) {
        guard let time = stage.takeReturn(of: name) else { return }
        returns[name] = max(returns[name] ?? .zero, time)
    }

    // MARK: orders and faults

    private func letOrdersFlow(
        _ stage: ChaosStage, _ bus: ChaosBus, _ venue: ChaosVenue
    ) async {
        let start = loop.now
        let end = start + .seconds(options.seconds)
        let gap = Interval.milliseconds(1_000 / options.rate)
        var nextOrder = start
        var nextFault = start + .seconds(2)
        var nextLook = start
        var nextAlgo = start + .seconds(1)
        while planned.map({ !$0.isEmpty }) ?? (loop.now < end) {
            if loop.now >= nextOrder {
                nextOrder = nextOrder + gap
                ask(flow.next(mid: { prices[$0] }, tick: { ticks[$0] }), bus)
            }
            if loop.now >= nextFault {
                nextFault = loop.now + .seconds(options.faultSeconds)
                strike(stage, bus, venue)
            }
            if loop.now >= nextAlgo {
                nextAlgo = loop.now + .seconds(3)
                startAlgo(bus)
            }
            if loop.now >= nextLook {
                nextLook = loop.now + .milliseconds(200)
                for (symbol, _) in flow.symbols { look(symbol, bus) }
                loop.soon { Task { _ = await self.readiness(stage, bus) } }
            }
            await stage.pause(.milliseconds(5))
        }
        report.seconds = (loop.now - start).milliseconds / 1_000
    }

    private func look(_ symbol: Symbol, _ bus: ChaosBus) {
        Task {
            if let price = await bus.price(symbol) { prices[symbol] = price.mid }
            if ticks[symbol] == nil { ticks[symbol] = await bus.instrument(symbol)?.tick }
        }
    }

    private func ask(_ request: ChaosFlow.Request, _ bus: ChaosBus) {
        switch request {
        case .place(let id, _, let body):
            report.orders += 1
            bus.ask(id, .orderPlace, body) { [weak self] code, reply in
                self?.answered(code, reply)
            }
        case .again(let id, _, let body):
            report.repeats += 1
            bus.ask(id, .orderPlace, body) { [weak self] code, reply in
                self?.answered(code, reply)
            }
        case .amend(let id, let body): bus.ask(id, .orderAmend, body) { _, _ in }
        case .cancel(let id, let order):
            bus.ask(id, .orderCancel, OrderCancelBody(order: order).body) { _, _ in }
        }
    }

    private func startAlgo(_ bus: ChaosBus) {
        guard let algo = algos.next(mid: { prices[$0] }, tick: { ticks[$0] }) else { return }
        bus.ask("start-\(algo.id)", .algoStart, algo.body) { [weak self] code, _ in
            if code == "ok" { self?.report.algos += 1 }
        }
    }

    private func answered(_ code: String, _ reply: Reply?) {
        answers[code, default: 0] += 1
        if let id = reply?.body["id"] { expected.insert(id) }
    }

    private func strike(_ stage: ChaosStage, _ bus: ChaosBus, _ venue: ChaosVenue) {
        let drawn = planned == nil ? faultDraw.fault(of: options.faults) : planned?.popLast()
        guard let fault = drawn else { return }
        faults[fault, default: 0] += 1
        say("fault: \(fault.rawValue)")
        switch fault {
        case .killPriceFeed, .killOrderGateway, .killRiskEngine, .killPositionSync,
            .killPaperExchange:
            stage.strike(fault.service ?? "", SIGKILL)
        case .downRiskEngine:
            stage.hold("risk-engine", for: ChaosRun.riskAway)
            watchDeadRisk(stage, bus)
        case .downPositionSync: stage.hold("position-sync", for: ChaosRun.syncAway)
        case .killRedis: stage.strike("redis", SIGKILL)
        case .killRedisAndGateway:
            stage.strike("redis", SIGKILL)
            stage.strike("order-gateway", SIGKILL)
        case .freezeRedis: freeze(stage, "redis", faultDraw.milliseconds(1_000...4_000))
        case .freezeOrderGateway:
            freeze(stage, "order-gateway", faultDraw.milliseconds(500...4_000))
        case .cutSockets, .loseRequests, .loseAnswers, .unavailable, .tooManyRequests, .dropEvents,
            .scrambleEvents, .freezeStreams, .expireListenKeys:
            venue.misbehave(fault.order ?? "", at: stage.adminURL) { [weak self] isTaken in
                if !isTaken { self?.say("the exchange was not there for \(fault.rawValue)") }
            }
        }
    }

    private func freeze(_ stage: ChaosStage, _ name: String, _ milliseconds: Int64) {
        stage.strike(name, SIGSTOP)
        loop.timer { stage.strike(name, SIGCONT) }.arm(after: .milliseconds(milliseconds))
    }

    // MARK: the end

    /// Stops asking, cancels what rests, and waits until every order is settled.
    private func quieten(_ stage: ChaosStage, _ bus: ChaosBus) async -> Bool {
        say("orders stop; waiting for the stack to settle")
        await stage.pause(.seconds(5))
        guard await allReady(stage, bus) else {
            report.violations.append("not ready after the faults: \(await readiness(stage, bus))")
            return false
        }
        await stopAlgos(stage, bus)
        let start = loop.now
        var round = 0
        while loop.now - start < ChaosRun.patience {
            let open = await bus.texts(["SMEMBERS", bus.keys.openOrders]).sorted()
            if open.isEmpty { break }
            round += 1
            for id in open {
                let body = OrderCancelBody(order: id).body
                _ = await bus.ask("quiet-\(round)-\(id)", .orderCancel, body)
            }
            await stage.pause(.seconds(1))
        }
        await stage.pause(.seconds(2))
        return true
    }

    /// Stops the algorithms that still run, and waits until they have taken back what rests.
    private func stopAlgos(_ stage: ChaosStage, _ bus: ChaosBus) async {
        let start = loop.now
        var round = 0
        while loop.now - start < ChaosRun.patience {
            let running = await bus.texts(["SMEMBERS", bus.keys.algos]).sorted()
            if running.isEmpty { return }
            round += 1
            for id in running {
                _ = await bus.ask("stop-\(round)-\(id)", .algoStop, AlgoNameBody(algo: id).body)
            }
            await stage.pause(.seconds(1))
        }
    }

    /// Whether the algorithms did what they were given, and no more.
    private func auditAlgos(_ bus: ChaosBus, _ venue: ChaosVenue) async {
        guard let orders = await venue.orders(of: flow.symbols.map(\.symbol)) else {
            report.violations.append("the exchange does not answer the audit")
            return
        }
        var records: [String: AlgoRecord] = [:]
        for algo in algos.wanted {
            records[algo.id] = try? AlgoRecord(fields: await bus.fields(bus.keys.algo(algo.id)))
        }
        var codes: [AccountID: String] = [:]
        for account in flow.accounts {
            codes[account] = await bus.fields(bus.keys.account(account))["code"]
        }
        report.violations += algos.violations(records: records, orders: orders, codes: codes)
    }

    private func audit(_ stage: ChaosStage, _ bus: ChaosBus, _ venue: ChaosVenue) async {
        await auditAlgos(bus, venue)
        let books = await bus.books()
        guard let truth = await venue.truth(of: flow.symbols.map(\.symbol)) else {
            report.violations.append("the exchange does not answer the audit")
            return
        }
        if let known = await venue.operatorsTruth(at: stage.adminURL) {
            report.violations += ChaosAudit.violations(venue: truth, operatorsTruth: known)
        } else {
            report.violations.append("the exchange's operator does not answer the audit")
        }
        for id in await recordedOrders(bus) { expected.insert(id) }
        report.trades = truth.trades.values.reduce(0) { $0 + $1.count }
        report.violations += ChaosAudit.violations(
            venue: truth, books: books, expectedOrders: expected)
        report.answers = answers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        report.faults = ChaosFault.allCases.compactMap { fault in
            faults[fault].map { (fault, $0) }
        }
        report.slowestReturns = returns.sorted { $0.key < $1.key }.map {
            ($0.key, $0.value.milliseconds)
        }
    }

    /// Client ids of all orders on record: an order may have been placed though its answer was lost.
    private func recordedOrders(_ bus: ChaosBus) async -> [String] {
        var ids: [String] = []
        var cursor = "0"
        repeat {
            let pattern = bus.keys.order("*")
            guard
                let page = await bus.value(["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"])?
                    .elements, page.count == 2
            else { return ids }
            cursor = page[0].text ?? "0"
            for key in page[1].texts?.compactMap({ $0 }) ?? [] {
                ids.append(String(key.dropFirst(bus.keys.order("").count)))
            }
        } while cursor != "0"
        return ids
    }

    private func remove(_ directory: String) {
        _ = try? ChildProcess(
            loop: loop, ChildProcess.Command("/bin/rm", ["-rf", directory]), onExit: { _ in })
    }
}

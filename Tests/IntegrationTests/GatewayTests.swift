import BusProtocol
import Bytes
import Foundation
import Testing
import Trading

/// A real gateway on a real Redis and the paper exchange.
@Suite("order-gateway, real processes", .serialized)
struct GatewayTests {
    /// Places a limit buy far below the market and gives the order's id.
    private func rest(
        _ stage: GatewayStage, _ request: String, _ symbol: String = "BTCUSDT",
        _ quantity: String = "0.01", digits: Int = 0
    ) -> String {
        _ = stage.pms("price", symbol)
        _ = stage.wait(seconds: 5) { stage.bid(symbol) != nil }
        let price = String(format: "%.\(digits)f", (stage.bid(symbol) ?? 0) * 0.97)
        let placed = stage.pms(
            "order", "place", symbol, "buy", quantity, "--limit", price, "--request-id", request)
        #expect(placed.code == 0, "\(placed.text)\n\(stage.log())")
        return stage.order(request)?["id"]?.text ?? ""
    }

    /// How many orders the exchange took under each client id.
    private func counts(_ stage: GatewayStage) -> [String: Int] {
        var counts: [String: Int] = [:]
        let exchanges = stage.truth()?["exchanges"]?.elements ?? []
        for exchange in exchanges {
            for order in exchange["orders"]?.elements ?? [] {
                counts[order["clientOrderId"]?.text ?? "?", default: 0] += 1
            }
        }
        return counts
    }

    @Test("an order is amended where the venue can, and a halt leaves nothing within its time (B2a, B2g)")
    func amendAndHalt() throws {
        let stage = try GatewayStage()
        try stage.startStack()
        let id = rest(stage, "r1")
        let amended = stage.pms("order", "amend", "r1", "--qty", "0.02")
        #expect(amended.code == 0, "\(amended.text)")
        let order = stage.order(id)
        #expect(order?["qty"]?.text == "0.02")
        #expect(order?["status"]?.text == "open")
        #expect(stage.pms("order", "amend", "r1", "--qty", "0.0000001").code == 7)
        for number in 2...13 { _ = rest(stage, "r\(number)") }
        let halted = stage.pms("halt", "--why", "test")
        #expect(halted.code == 0, "\(halted.text)\n\(stage.log())")
        #expect(stage.redis("SCARD", "pms:{usdm}:orders:open") == "0")
        #expect(stage.pms("order", "place", "BTCUSDT", "buy", "0.01").code == 7)
    }

    @Test("Binance spot: orders rest, are replaced, cancelled and filled through one gateway")
    func spot() throws {
        let stage = try GatewayStage(kind: "binance-spot")
        try stage.startStack()
        _ = rest(stage, "r1", "BTCUSDT", "0.001")
        let amended = stage.pms("order", "amend", "r1", "--qty", "0.002")
        #expect(amended.code == 0, "\(amended.text)\n\(stage.log())")
        #expect(stage.order("r1")?["status"]?.text == "cancelled")
        let orders = stage.pms("orders", "--json").text
        #expect(orders.contains("\"0.002\""))
        #expect(stage.pms("halt", "--why", "test").code == 0)
        #expect(stage.pms("resume").code == 0)
        #expect(stage.redis("SCARD", "pms:{binance-spot}:orders:open") == "0")
        let bought = stage.pms(
            "order", "place", "BTCUSDT", "buy", "0.001", "--request-id", "m1", "--wait")
        #expect(bought.code == 0, "\(bought.text)\n\(stage.log())")
        #expect(stage.order("m1")?["executed"]?.text == "0.001")
        #expect(stage.pms("positions", "--json").text.contains("BTCUSDT"))
    }

    @Test("MEXC spot: orders rest, are cancelled and filled through one gateway")
    func mexc() throws {
        let stage = try GatewayStage(kind: "mexc-spot")
        try stage.startStack()
        _ = rest(stage, "r1", "QRLUSDT", "100", digits: 4)
        #expect(stage.order("r1")?["status"]?.text == "open")
        #expect(stage.pms("order", "cancel", "r1").code == 0, "\(stage.log())")
        #expect(stage.order("r1")?["status"]?.text == "cancelled")
        let ask = Double(stage.redis("HGET", "pms:{mexc-spot}:price:QRLUSDT", "ask")) ?? 0
        let bought = stage.pms(
            "order", "place", "QRLUSDT", "buy", "100", "--limit",
            String(format: "%.4f", ask * 1.01), "--tif", "IOC", "--request-id", "m1", "--wait")
        #expect(bought.code == 0, "\(bought.text)\n\(stage.log())")
        #expect(stage.order("m1")?["executed"]?.text == "100")
    }

    @Test("orders go over the WebSocket API, fall back to REST while it is down, and never twice (S1, S2)")
    func socket() throws {
        let stage = try GatewayStage()
        let port = FreePort.take()
        try stage.startStack(["PMS_ORDER_PATH": "websocket", "PMS_HTTP_PORT": "\(port)"])
        func overSocket() -> Int {
            let line = stage.web("http://127.0.0.1:\(port)/metrics").split(separator: "\n")
                .first { $0.hasPrefix("pms_gateway_socket_calls_total ") }
            return line.flatMap { Int($0.split(separator: " ")[1]) } ?? 0
        }
        _ = rest(stage, "r1")
        #expect(stage.pms("order", "amend", "r1", "--qty", "0.02").code == 0)
        #expect(stage.pms("order", "cancel", "r1").code == 0)
        #expect(overSocket() == 3)
        // The answer is lost with the socket, after the order was executed.
        _ = stage.fault(
            "{\"kind\":\"disconnect\",\"moment\":\"after\",\"count\":1,"
                + "\"target\":{\"method\":\"WS\",\"path\":\"order.place\"}}")
        _ = rest(stage, "r2")
        #expect(stage.order("r2")?["status"]?.text == "open")
        _ = stage.fault("{\"kind\":\"refuse-sockets\",\"duration_ms\":20000}")
        #expect(stage.fault("{\"kind\":\"close-sockets\"}").contains("close-sockets"))
        let before = overSocket()
        for number in 3...5 {
            _ = stage.wait(seconds: 10) { stage.isReady("one") }
            _ = stage.pms("order", "cancel", "r\(number - 1)")
        }
        #expect(overSocket() >= before)
        let counts = counts(stage)
        #expect(counts.values.allSatisfy { $0 == 1 }, "\(counts)")
        #expect(counts.count == 2, "\(counts)")
    }

    /// Runs processes that call the venue as often as they may, and sums what came of it.
    private func hammer(
        _ stage: GatewayStage, _ names: [String], seconds: Int
    ) throws -> [String: Int64] {
        // Asked on another port: a call to the venue would be one that the budget does not know of.
        let health = "http://127.0.0.1:\(stage.adminPort)/readyz"
        #expect(stage.wait(seconds: 20) { stage.web(health).contains("\"ready\":true") })
        let first = stage.programs.count
        let processes = try names.map {
            try stage.start(
                "budget-hammer", [], ["PMS_INSTANCE": $0, "PMS_LOG_FORMAT": "json"])
        }
        stage.pass(seconds: seconds)
        for process in processes { process.terminate() }
        for process in processes { process.waitUntilExit() }
        var sums: [String: Int64] = [:]
        for (index, name) in names.enumerated() {
            let line = stage.logged(first + index, "hammered")
            for field in ["answered", "budget", "venue"] {
                let value = line?[field]?.integer ?? -1_000_000
                sums[field, default: 0] += value
                sums["\(name).\(field)"] = value
            }
            sums["\(name).slowest_us"] = line?["slowest_us"]?.integer ?? -1
            if let text = line?["failure"]?.text, !text.isEmpty {
                stage.note("\(name) failed at last with: \(text)")
            }
        }
        return sums
    }

    @Test("B1a T7: five processes use the whole budget of one venue and are never refused by it")
    func budget() throws {
        let stage = try GatewayStage(
            kind: "mexc-spot", paper: ["PMS_PAPER_MEXC_WEIGHT_LIMIT_10S": "300"])
        let names = (1...5).map { "protective-\($0)" }
        // A minute, or what PMS_HAMMER_SECONDS says; the venue begins a window every ten seconds.
        let asked = ProcessInfo.processInfo.environment["PMS_HAMMER_SECONDS"] ?? ""
        let seconds = max(21, Int(asked) ?? 21)
        let sums = try hammer(stage, names, seconds: seconds)
        #expect(sums["venue"] == 0, "\(sums)")
        let answered = sums["answered"] ?? 0
        let used = Double(answered) / (Double(seconds / 10) * 300)
        #expect(used >= 0.9, "\(sums)")
        stage.note(
            "five processes in \(seconds) s: \(answered) calls answered, \(used) of the budget, "
                + "\(sums["venue"] ?? -1) refused by the venue")
    }

    @Test("B1a: a protective call is let through while four processes hammer for new orders")
    func protection() throws {
        let stage = try GatewayStage(
            kind: "mexc-spot", paper: ["PMS_PAPER_MEXC_WEIGHT_LIMIT_10S": "300"])
        let names = (1...4).map { "trading-\($0)" } + ["protective-lone"]
        let sums = try hammer(stage, names, seconds: 12)
        #expect(sums["venue"] == 0, "\(sums)")
        #expect(sums["protective-lone.budget"] == 0, "\(sums)")
        #expect((sums["protective-lone.answered"] ?? 0) >= 20, "\(sums)")
        let slowest = Double(sums["protective-lone.slowest_us"] ?? -1) / 1_000
        stage.note("a protective call among four hammers waited \(slowest) ms at most")
    }

    @Test("B1a B1b: a cancel passes a full queue of new orders, whose answers take their time")
    func cancelBehindQueue() throws {
        let stage = try GatewayStage(paper: [
            "PMS_PAPER_ORDER_LIMIT_10S": "1000000", "PMS_PAPER_ORDER_LIMIT_1M": "1000000",
            "PMS_PAPER_WEIGHT_LIMIT_1M": "10000000",
        ])
        let port = FreePort.take()
        try stage.startStack(["PMS_HTTP_PORT": "\(port)"])
        let lines = thousand(stage)
        _ = rest(stage, "r1")
        for path in ["order", "batchOrders"] {
            let slow = stage.fault(
                "{\"kind\":\"delay\",\"ms\":1000,\"moment\":\"after\",\"duration_ms\":120000,"
                    + "\"target\":{\"method\":\"POST\",\"path\":\"/fapi/v1/\(path)\"}}")
            #expect(slow.contains("delay"))
        }
        stage.redis(lines: lines)
        func metric(_ name: String) -> Int {
            let line = stage.web("http://127.0.0.1:\(port)/metrics").split(separator: "\n")
                .first { $0.hasPrefix(name + " ") }
            return line.flatMap { Int($0.split(separator: " ")[1]) } ?? -1
        }
        #expect(stage.wait(seconds: 10) { metric("pms_gateway_rest_queue") > 30 })
        let waiting = metric("pms_gateway_rest_queue")
        let begun = Date()
        let cancelled = stage.pms("order", "cancel", "r1")
        let took = Date().timeIntervalSince(begun) * 1_000
        let placed = placed(stage).count
        #expect(cancelled.code == 0, "\(cancelled.text)\n\(stage.log())")
        #expect(placed < 1_001, "all orders were placed before the cancel: \(placed)")
        let bucket = "pms_gateway_turn_seconds_bucket{lane=\"protective\",le="
        let most = ["0.0001", "0.0005", "0.001", "0.005", "0.02", "0.1", "1"].first {
            metric("\(bucket)\"\($0)\"}")
                == metric("pms_gateway_turn_seconds_count{lane=\"protective\"}")
        }
        stage.note(
            "a cancel behind \(waiting) calls waited \(most ?? "more than 1") s at most for its "
                + "turn; the whole command took \(Int(took)) ms, \(placed) orders placed by then")
    }

    /// Commands that place a thousand resting orders, no more than 125 a symbol.
    private func thousand(_ stage: GatewayStage) -> [String] {
        let isListed = stage.wait(seconds: 60) {
            (Int(stage.redis("SCARD", "pms:{usdm}:instruments")) ?? 0) >= 8
        }
        #expect(isListed, "\(stage.log())")
        let names = stage.redis("SMEMBERS", "pms:{usdm}:instruments").split(separator: "\n")
            .map(String.init).sorted().prefix(8)
        for name in names { _ = stage.pms("price", name) }
        var lines: [String] = []
        for name in names {
            #expect(stage.wait(seconds: 30) { stage.bid(name) != nil }, "\(name) \(stage.log())")
            let fields = stage.redis("HMGET", "pms:{usdm}:instrument:\(name)", "step", "tick")
                .split(separator: "\n").map(String.init)
            guard fields.count == 2, let step = Quantity(text: fields[0]),
                let tick = Price(text: fields[1]), let symbol = Symbol(name),
                let bid = Price(text: stage.redis("HGET", "pms:{usdm}:price:\(name)", "bid")),
                let account = AccountID("demo")
            else { continue }
            let price = Price(units: bid.units * 97 / 100).rounded(.floor, to: tick)
            let quantity = Money.whole(150).divided(by: price, .up).up(to: step)
            let body = OrderPlaceBody(
                account: account, symbol: symbol, side: .buy, type: .limit, quantity: quantity,
                price: price)
            for number in 0..<125 {
                // All of them may take minutes on a busy machine.
                let deadline = Int64(Date().timeIntervalSince1970 * 1000) + 600_000
                let command = Command(
                    id: "\(name)-\(number)", from: "test", deadlineMilliseconds: deadline,
                    kind: CommandKind.orderPlace.rawValue, body: body.body)
                let text = String(decoding: command.encoded(), as: UTF8.self)
                lines.append("PUBLISH pms:{usdm}:command:order-gateway '\(text)'")
            }
        }
        return lines
    }

    /// The client ids of all futures orders the exchange took, each as often as it did.
    private func placed(_ stage: GatewayStage) -> [String] {
        let truth = stage.web(
            "http://127.0.0.1:\(stage.adminPort)/paper/truth?exchange=futures&part=orders")
        return truth.components(separatedBy: "\"clientOrderId\":\"").dropFirst().map {
            String($0.prefix(30))
        }
    }

    @Test("a thousand open orders are taken over after kill -9, none lost, none sent again (S4)")
    func recovery() throws {
        let stage = try GatewayStage(paper: [
            "PMS_PAPER_ORDER_LIMIT_10S": "1000000", "PMS_PAPER_ORDER_LIMIT_1M": "1000000",
            "PMS_PAPER_WEIGHT_LIMIT_1M": "10000000",
        ])
        let first = try stage.startStack()
        let lines = thousand(stage)
        #expect(lines.count == 1_000)
        for start in stride(from: 0, to: lines.count, by: 200) {
            stage.redis(lines: Array(lines[start..<min(start + 200, lines.count)]))
            let wanted = "\(min(start + 200, lines.count))"
            #expect(
                stage.wait(seconds: 30) {
                    stage.redis("SCARD", "pms:{usdm}:orders:open") == wanted
                }, "\(stage.redis("SCARD", "pms:{usdm}:orders:open")) \(stage.log())")
        }
        // Each is at rest at the venue: none is left in doubt by the kill.
        #expect(stage.wait(seconds: 60) { placed(stage).count == 1_000 }, "\(placed(stage).count)")
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
        try stage.start("order-gateway", [], ["PMS_INSTANCE": "next"])
        let begun = Date()
        #expect(stage.wait(seconds: 30) { stage.isReady("next") }, "\(stage.log())")
        let took = Date().timeIntervalSince(begun)
        #expect(stage.redis("SCARD", "pms:{usdm}:orders:open") == "1000", "ready in \(took) s")
        let names = placed(stage)
        #expect(names.count == 1_000 && Set(names).count == 1_000, "\(names.count)")
        let halted = stage.pms("halt", "--timeout", "120")
        #expect(halted.code == 0, "ready in \(took) s; \(halted.text)")
        let recovered = stage.between("lease gained", "ready").map { "\($0)" } ?? "?"
        stage.note(
            "recovery of 1000 orders: ready in \(took) s, of them \(recovered) ms with the lease; "
                + halted.text)
    }

    @Test("S4 B1a: a gateway comes back in a minute whose limit is spent but for what protects")
    func spentMinute() throws {
        let stage = try GatewayStage(paper: ["PMS_PAPER_WEIGHT_LIMIT_1M": "2400"])
        let first = try stage.startStack()
        _ = rest(stage, "r1")
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
        // What the lanes of trading and reading may spend in a minute, counted in its next part.
        let part = Int(stage.redis("TIME").split(separator: "\n")[0]).map { $0 / 3 + 1 } ?? 0
        _ = stage.redis("HSET", "pms:{usdm}:budget:weight-60s", "n:\(part)", "2040")
        try stage.start("order-gateway", [], ["PMS_INSTANCE": "next"])
        #expect(stage.wait(seconds: 40) { stage.isReady("next") }, "\(stage.log())")
        #expect(stage.pms("order", "cancel", "r1").code == 0)
        let spent = stage.redis("HGET", "pms:{usdm}:budget:weight-60s", "n:\(part)")
        #expect(Int(spent) ?? 0 >= 2040, "the limit was spent all that time: \(spent)")
    }

    /// The paper exchange's net position in a symbol.
    private func position(_ stage: GatewayStage, _ book: String = "demo") -> String {
        stage.redis("HGET", "pms:{usdm}:position:\(book):BTCUSDT", "qty")
    }

    @Test("B7c: with Redis frozen, cancels, reduce-only orders and a halt pass, and are saved when it is back")
    func redisAway() throws {
        let stage = try GatewayStage()
        let port = FreePort.take()
        let own = [
            "PMS_COMMAND_TOKEN": "secret", "PMS_GATEWAY_DATA": "\(stage.folder)/data",
            "PMS_GATEWAY_URL": "http://127.0.0.1:\(port)", "PMS_HTTP_PORT": "\(port)",
        ]
        stage.more = ["PMS_COMMAND_TOKEN": "secret", "PMS_GATEWAY_URL": own["PMS_GATEWAY_URL"]!]
        let first = try stage.startStack(own)
        _ = rest(stage, "r1")
        let opened = stage.pms("order", "place", "BTCUSDT", "buy", "0.03", "--request-id", "b1")
        #expect(opened.code == 0 && stage.wait(seconds: 5) { position(stage) == "0.03" })
        let server = stage.programs[0]
        kill(server.processIdentifier, SIGSTOP)
        #expect(
            stage.wait(seconds: 10) {
                stage.web("http://127.0.0.1:\(port)/readyz").contains("redis")
            })
        // New risk is refused, by the command line and by the gateway.
        let risky = stage.pms(
            "order", "place", "BTCUSDT", "buy", "0.01", "--account", "demo", "--timeout", "5")
        #expect(risky.code != 0, "\(risky.text)")
        #expect(stage.post(port, "wrong", "order.cancel", ["order": "r1"]).contains("token"))
        let place = [
            "account": "demo", "symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "qty": "0.01",
        ]
        #expect(stage.post(port, "secret", "order.place", place).contains("reduce-only"))
        let reduced = stage.pms(
            "order", "place", "BTCUSDT", "sell", "0.01", "--reduce-only", "--account", "demo",
            "--request-id", "s1", "--timeout", "5")
        #expect(reduced.code == 0 || reduced.text.contains("outcome_unknown"), "\(reduced.text)")
        let cancelled = stage.pms("order", "cancel", "r1", "--timeout", "5")
        #expect(cancelled.code == 0, "\(cancelled.text)\n\(stage.log())")
        // Killed with all of it on no record but its own.
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
        Waiting.pause(seconds: 2)
        let next = try stage.start(
            "order-gateway", [], own.merging(["PMS_INSTANCE": "next"]) { $1 })
        #expect(
            stage.wait(seconds: 10) {
                stage.web("http://127.0.0.1:\(port)/readyz").contains("redis")
            })
        let halted = stage.pms("halt", "--why", "test")
        #expect(halted.code == 0, "\(halted.text)\n\(stage.log())")
        kill(server.processIdentifier, SIGCONT)
        #expect(
            stage.wait(seconds: 20) {
                stage.isReady("next") && position(stage) == "0.02"
                    && stage.redis("HGET", "pms:{usdm}:state", "state") == "HALTED"
                    && stage.redis("SCARD", "pms:{usdm}:orders:open") == "0"
            }, "\(position(stage)) \(stage.log())")
        #expect(stage.order("s1")?["status"]?.text == "filled")
        #expect(stage.order("r1")?["status"]?.text == "cancelled")
        let counts = counts(stage)
        #expect(counts.count == 3 && counts.values.allSatisfy { $0 == 1 }, "\(counts)")
        let left = (try? String(contentsOfFile: "\(stage.folder)/data/usdm.intents", encoding: .utf8))
        #expect(stage.wait(seconds: 5) { left == "" || self.journal(stage) == "" }, "\(left ?? "?")")
        next.terminate()
        next.waitUntilExit()
    }

    private func journal(_ stage: GatewayStage) -> String? {
        try? String(contentsOfFile: "\(stage.folder)/data/usdm.intents", encoding: .utf8)
    }

    @Test("T9: leverage lowered at the venue while it runs stops new risk; cancels pass; raised, all does")
    func changedAccount() throws {
        let stage = try GatewayStage()
        try stage.startStack()
        _ = rest(stage, "r1")
        stage.leverage("BTCUSDT", 5)
        #expect(stage.wait(seconds: 10) { !stage.isReady("one") }, "\(stage.log())")
        let refused = stage.pms("order", "place", "BTCUSDT", "buy", "0.01")
        #expect(refused.code == 7 && refused.text.contains("PMS_LEVERAGE"), "\(refused.text)")
        #expect(stage.pms("order", "cancel", "r1").code == 0)
        stage.leverage("BTCUSDT", 50)
        #expect(stage.wait(seconds: 10) { stage.isReady("one") }, "\(stage.log())")
    }

    @Test("a standby takes over within 10 s; the frozen one wakes, is fenced and sends nothing (P2)")
    func standby() throws {
        let stage = try GatewayStage()
        let first = try stage.startStack()
        let second = try stage.start("order-gateway", [], ["PMS_INSTANCE": "two"])
        _ = rest(stage, "r1")
        #expect(!stage.isReady("two"))
        kill(first.processIdentifier, SIGSTOP)
        #expect(stage.wait(seconds: 10) { stage.isReady("two") }, "\(stage.log())")
        for number in 2...4 { _ = rest(stage, "r\(number)") }
        #expect(stage.pms("order", "cancel", "r1").code == 0)
        kill(first.processIdentifier, SIGCONT)
        for number in 5...7 { _ = rest(stage, "r\(number)") }
        #expect(stage.wait(seconds: 5) { !stage.isReady("one") })
        #expect(stage.wait(seconds: 5) { stage.isReady("two") })
        let counts = counts(stage)
        #expect(counts.values.allSatisfy { $0 == 1 }, "\(counts)")
        #expect(counts.count == 7, "\(counts)")
        // The other way round: the first one takes over again.
        kill(second.processIdentifier, SIGKILL)
        #expect(stage.wait(seconds: 10) { stage.isReady("one") }, "\(stage.log())")
        #expect(stage.pms("order", "cancel", "r7").code == 0)
        #expect(stage.redis("SCARD", "pms:{usdm}:orders:open") == "5")
    }
}

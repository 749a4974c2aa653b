import Bytes
import Foundation
import Testing
import Trading

/// A real allocator with a real gateway, feed, Redis and the paper exchange.
@Suite("allocator, real processes", .serialized)
struct AllocatorTests {
    /// Maker orders that the market does not fill within their time.
    private static let large = [
        "EXECUTION_MODE": "SHORT_LIVED_MAKER", "SLICE_PCT": "50", "MAX_SLICE_NOTIONAL": "150000",
    ]

    /// Runs until the account is balanced, or as many times as are enough.
    private func balance(_ world: AllocationStage, runs: Int) -> [[String: String]] {
        var results: [[String: String]] = []
        for _ in 0..<runs {
            let result = world.allocate()
            results.append(result)
            if ["balanced", "dust"].contains(result["reason"] ?? "") { break }
        }
        return results
    }

    private func checkResults(_ world: AllocationStage, _ results: [[String: String]]) {
        let told = results.map { "\($0["status"] ?? "?") \($0["reason"] ?? "?")" }
        #expect(
            ["balanced", "dust"].contains(results.last?["reason"] ?? ""),
            "\(told)\n\(world.stage.log())")
        for result in results {
            #expect((Int(result["elapsed_ms"] ?? "") ?? 99_999) <= 20_000)
            #expect((Int(result["slices"] ?? "") ?? 9) <= 3)
        }
        #expect(world.counts.values.allSatisfy { $0 == 1 }, "\(world.counts)")
    }

    @Test("MEXC: from 70/30 to balanced, balances exact, nothing left; string ids (F8, R8)")
    func mexc() throws {
        let world = try AllocationStage()
        let results = balance(world, runs: 12)
        checkResults(world, results)
        // Dust at the end: less than two orders of a USDT.
        #expect(world.imbalance(results.last ?? [:]) < .whole(3))
        world.checkClean()
        #expect(world.part("orders").allSatisfy { ($0["orderId"]?.text ?? "").hasPrefix("C02__") })
        // Each slice is in the history, with what the exchange executed of it.
        let slices = try? JSONValue.parse(
            Array(world.stage.run(["allocations", "--slices", "--limit", "200", "--json"]).text.utf8))
        let executed = (slices?.elements ?? []).reduce(Quantity.zero) {
            $0 + ($1["executed"]?.text.flatMap { Quantity(text: $0) } ?? .zero)
        }
        let traded = world.part("trades").reduce(Quantity.zero) {
            $0 + ($1["quantity"]?.text.flatMap { Quantity(text: $0) } ?? .zero)
        }
        #expect(executed == traded)
        let last = results.first ?? [:]
        world.stage.note(
            "MEXC: balanced after \(results.count) runs, first cost \(last["cost_bp"] ?? "?") bp")
    }

    @Test("MEXC: buys where the quote is heavier, fees in what is bought taken into account (F8)")
    func buys() throws {
        let world = try AllocationStage(base: "400", quote: "700")
        let results = balance(world, runs: 12)
        checkResults(world, results)
        #expect(results.first?["action"] == "BUY")
        world.checkClean()
        world.checkBook()
    }

    @Test("Binance spot: from 70/30 to balanced, fees in the base asset, balances exact (F8)")
    func binance() throws {
        let world = try AllocationStage(
            kind: "binance-spot", base: "400", quote: "700", knobs: ["SLICE_PCT": "40"])
        let results = balance(world, runs: 12)
        checkResults(world, results)
        #expect(world.imbalance(results.last ?? [:]) < .whole(12))
        world.checkClean()
        world.checkBook()
        // What has no place on spot says so.
        let refused = world.stage.program("\(GatewayStage.binaries)/position-sync", ["--check"])
        #expect(refused.code == 2)
        #expect(refused.text.contains("leave position-sync out"), "\(refused.text)")
    }

    @Test("makers rest for seconds, nothing is left of them; MEXC's status 5 is the end of one (F6)")
    func makers() throws {
        let world = try AllocationStage(knobs: [
            "EXECUTION_MODE": "SHORT_LIVED_MAKER", "ORDER_TTL_SECONDS": "5",
            "TASK_TIMEOUT_SECONDS": "12",
        ])
        // The first order fills in part and is cancelled by the exchange.
        _ = world.stage.fault(
            "{\"kind\":\"fill-then-cancel\",\"parts\":1,\"share\":0.5,\"count\":1,"
                + "\"target\":{\"exchange\":\"mexc\"}}")
        let result = world.allocate()
        #expect((Int(result["slices"] ?? "") ?? 0) > 0, "\(result)\n\(world.stage.log())")
        // Where it is told over the wire: 5 in the stream, PARTIALLY_CANCELED in answers.
        let isPartial = world.part("orders").contains {
            $0["status"]?.text == "CANCELED"
                && $0["executed"]?.text.flatMap { Quantity(text: $0) }?.isPositive == true
        }
        #expect(isPartial, "\(world.part("orders"))")
        let executed = world.part("orders").reduce(Quantity.zero) {
            $0 + ($1["executed"]?.text.flatMap { Quantity(text: $0) } ?? .zero)
        }
        #expect(result["filled"].flatMap { Quantity(text: $0) } == executed)
        #expect((Int(result["elapsed_ms"] ?? "") ?? 99_999) <= 12_000)
        #expect(world.part("orders").allSatisfy { $0["type"]?.text == "LIMIT_MAKER" })
        world.checkClean("\(result)")
    }

    @Test("a dry run plans and orders nothing, and saves nothing")
    func dry() throws {
        let world = try AllocationStage()
        let plan = world.allocate("--dry-run")
        #expect(plan["status"] == "planned", "\(plan)")
        #expect(plan["side"] == "SELL")
        #expect(plan["qty"].flatMap { Quantity(text: $0) }?.isPositive == true)
        #expect(world.part("orders").isEmpty)
        #expect(world.stage.redis("EXISTS", "pms:{mexc-spot}:allocations") == "0")
    }

    @Test("HTTP: token, 202, wait, 409 with the run that goes on, the same key is the same run")
    func http() throws {
        // An order too large to be filled within its few seconds.
        let world = try AllocationStage(
            base: "933000", quote: "300000",
            knobs: AllocatorTests.large.merging([
                "ORDER_TTL_SECONDS": "5", "TASK_TIMEOUT_SECONDS": "10", "MAX_SLICES": "1",
            ]) { _, new in new })
        let path = "/tasks/allocation"
        #expect(world.http("POST", path).status == 401)
        #expect(world.http("POST", path, token: "wrong").status == 401)
        #expect(world.http("POST", "\(path)?wiat=1", token: world.token).status == 400)
        // What cannot be read begins nothing; a dry run asked for in the body is one.
        #expect(world.http("POST", path, token: world.token, body: "{bad").status == 400)
        let dry = world.http("POST", path, token: world.token, body: "{\"dry_run\":true}")
        #expect(dry.status == 200 && dry.fields["status"] == "planned", "\(dry)")
        let first = world.http("POST", path, token: world.token, key: "k1")
        #expect(first.status == 202, "\(first)\n\(world.stage.log())")
        let run = first.fields["run"] ?? ""
        #expect(!run.isEmpty)
        let second = world.http("POST", path, token: world.token)
        #expect(second.status == 409)
        #expect(second.fields["run"] == run)
        #expect(world.stage.run(["allocate"]).code == 7)
        // The same key joins the run and gets its result; a dry run disturbs nobody.
        #expect(world.http("POST", "\(path)?dry_run=1", token: world.token).status == 200)
        let joined = world.http("POST", "\(path)?wait=1", token: world.token, key: "k1")
        #expect(joined.status == 200)
        #expect(joined.fields["run"] == run)
        let again = world.http("POST", path, token: world.token, key: "k1")
        #expect(again.status == 200)
        #expect(again.fields["run"] == run)
        #expect(again.fields["filled"] == joined.fields["filled"])
        #expect(world.http("GET", path, token: world.token).fields["run"] == run)
        #expect(world.part("orders").count <= 1)
        world.checkClean()
    }

    @Test("kill -9 of the allocator in the middle leaves nothing resting (P5, P6)")
    func allocatorKilled() throws {
        let world = try AllocationStage(
            base: "933000", quote: "300000",
            knobs: AllocatorTests.large.merging([
                "ORDER_TTL_SECONDS": "15", "TASK_TIMEOUT_SECONDS": "40",
            ]) { _, new in new })
        #expect(
            world.http("POST", "/tasks/allocation", token: world.token).status == 202)
        #expect(
            world.stage.wait(seconds: 10) { !world.openOrders.isEmpty }, "\(world.stage.log())")
        kill(world.allocator.processIdentifier, SIGKILL)
        let killed = Date()
        // Nobody is there to ask for it: the gateway sees that the lease has lapsed.
        #expect(world.stage.wait(seconds: 20) { world.openOrders.isEmpty }, "\(world.stage.log())")
        let took = Date().timeIntervalSince(killed)
        world.stage.note("allocator killed: its order was gone after \(Int(took * 1_000)) ms")
        try world.restartAllocator()
        #expect(world.waitReady(), "\(world.stage.log())")
        let ours = world.part("orders").filter {
            AllocationStage.isOurs($0["clientOrderId"]?.text ?? "")
        }
        let cancelled = ours.first { $0["status"]?.text == "CANCELED" }?["clientOrderId"]?.text
        #expect(cancelled != nil, "it was filled: \(ours)")
        // Not because its own time was up.
        let reason = world.stage.order(cancelled ?? "")?["reason"]?.text ?? ""
        #expect(reason.contains("lease"), "\(reason)")
        // The run that died is told as what it was, and another one works.
        #expect(
            world.stage.run(["allocations", "--json"]).text.contains("\"status\":\"failed\""))
        #expect(world.stage.wait(seconds: 5) { world.part("openOrders").isEmpty })
        world.checkClean()
        // What its order executed is in the history, though the process that ran it told nobody.
        world.checkHistory()
    }

    @Test("kill -9 of the gateway in the middle leaves nothing resting, no order twice (S2, S4)")
    func gatewayKilled() throws {
        let world = try AllocationStage(
            base: "933000", quote: "300000",
            knobs: AllocatorTests.large.merging([
                "ORDER_TTL_SECONDS": "15", "TASK_TIMEOUT_SECONDS": "22",
            ]) { _, new in new })
        #expect(
            world.http("POST", "/tasks/allocation", token: world.token).status == 202)
        #expect(world.stage.wait(seconds: 10) { !world.openOrders.isEmpty })
        kill(world.gateway.processIdentifier, SIGKILL)
        try world.restartGateway()
        #expect(world.stage.wait(seconds: 40) { world.openOrders.isEmpty }, "\(world.stage.log())")
        #expect(world.stage.wait(seconds: 30) { world.isReady })
        #expect(
            world.stage.wait(seconds: 30) {
                world.http("GET", "/tasks/allocation", token: world.token)
                    .fields["status"] != "running"
            })
        #expect(world.counts.values.allSatisfy { $0 == 1 }, "\(world.counts)")
        world.checkClean()
    }
}

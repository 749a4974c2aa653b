import Bytes
import Foundation
import Testing
import Trading

/// Deleveraging by the real processes, some of them away while it is due.
@Suite("deleverage during outages, real processes", .serialized)
struct RiskOutageTests {
    /// The book `thin` holds 0.28 BTC and 1 ETH against 1,000; demo 0.05 BTC beside it.
    private func stage() throws -> (GatewayStage, gateway: Process) {
        let stage = try GatewayStage()
        let gateway = try stage.startStack()
        #expect(stage.pms("account", "create", "thin", "--deposit", "1000").code == 0)
        _ = stage.pms("price", "BTCUSDT")
        _ = stage.pms("price", "ETHUSDT")
        buy(stage, "demo", "BTCUSDT", "0.05")
        buy(stage, "thin", "BTCUSDT", "0.28")
        buy(stage, "thin", "ETHUSDT", "0.2")
        return (stage, gateway)
    }

    private func buy(_ stage: GatewayStage, _ account: String, _ symbol: String, _ size: String) {
        let id = "open-\(account)-\(symbol)"
        // The risk snapshot of an account that was just made may take a moment.
        let isDone = stage.wait(seconds: 15) {
            stage.pms(
                "order", "place", symbol, "buy", size, "--account", account, "--request-id", id,
                "--wait"
            ).code == 0 || stage.order(id)?["status"]?.text == "filled"
        }
        #expect(isDone, "\(id): \(stage.log())")
    }

    private func move(_ stage: GatewayStage, percent: Int, milliseconds: Int) {
        let told = stage.fault(
            "{\"kind\":\"move-price\",\"symbol\":\"BTCUSDT\",\"percent\":\"\(percent)\","
                + "\"ms\":\(milliseconds)}")
        #expect(told.contains("move-price"), "\(told)")
    }

    private func held(_ stage: GatewayStage, _ symbol: String) -> String {
        stage.redis("HGET", "pms:{usdm}:position:thin:\(symbol)", "qty")
    }

    /// The number of the step in hand, or of the last one.
    private func step(_ stage: GatewayStage) -> Int {
        Int(stage.redis("HGET", "pms:{usdm}:tier:thin", "step")) ?? 0
    }

    /// What the exchange holds of a symbol, and the orders it took for risk's sake.
    private func exchange(_ stage: GatewayStage) -> (net: [String: String], closes: [String]) {
        let futures = stage.truth()?["exchanges"]?.elements?.first { $0["positions"] != nil }
        var net: [String: String] = [:]
        for row in futures?["positions"]?.elements ?? [] {
            net[row["symbol"]?.text ?? ""] = row["positionAmt"]?.text ?? row["quantity"]?.text
        }
        let orders = futures?["orders"]?.elements ?? []
        let ids = orders.compactMap { $0["clientOrderId"]?.text }
        return (net, ids.filter { $0.dropFirst(11).hasPrefix("_r_") }.sorted())
    }

    @Test("order-gateway killed while a book is to be closed, then risk-engine: the next ones go on, nothing is closed twice, no other book is touched (B5b, S2, S4)")
    func killed() throws {
        let (stage, gateway) = try stage()
        kill(gateway.processIdentifier, SIGKILL)
        move(stage, percent: -8, milliseconds: 500)
        // Decided, and nobody to carry it out.
        #expect(stage.wait(seconds: 20) { step(stage) == 1 }, "\(stage.log())")
        let engine = try #require(
            stage.programs.first { $0.executableURL?.lastPathComponent == "risk-engine" })
        kill(engine.processIdentifier, SIGKILL)
        #expect(held(stage, "BTCUSDT") == "0.28")
        try stage.start("order-gateway", [], ["PMS_INSTANCE": "two"])
        try stage.start("risk-engine", [], ["PMS_INSTANCE": "next"])
        #expect(
            stage.wait(seconds: 40) {
                held(stage, "BTCUSDT") == "0" && held(stage, "ETHUSDT") == "0"
            }, "\(stage.log())")
        #expect(
            stage.wait(seconds: 20) {
                stage.redis("HGET", "pms:{usdm}:tier:thin", "phase") == "idle"
            })
        let (net, closes) = exchange(stage)
        #expect(net["BTCUSDT"] == "0.05" || net["BTCUSDT"] == "0.050", "\(net)")
        #expect(Set(closes).count == closes.count)
        #expect(closes.count == step(stage), "\(closes), \(step(stage)) steps")
        #expect(stage.redis("HGET", "pms:{usdm}:position:demo:BTCUSDT", "qty") == "0.05")
        // What was decided before the kill is what was carried out after it.
        let why = stage.pms("why", "thin:BTCUSDT")
        #expect(why.text.contains("request=dlv:thin:1:") && why.text.contains("decision tier="))
    }

    @Test("stale prices: no decision on a price older than 10 s, an alert, and on as soon as prices are back (B5b, I1)")
    func stale() throws {
        let (stage, _) = try stage()
        let feed = try #require(
            stage.programs.first { $0.executableURL?.lastPathComponent == "price-feed" })
        _ = stage.fault(
            "{\"kind\":\"unavailable\",\"count\":100000,\"target\":{\"path\":\"/fapi/v1/premiumIndex\"}}")
        kill(feed.processIdentifier, SIGKILL)
        let snapshot = "pms:{usdm}:risk:thin"
        #expect(
            stage.wait(seconds: 30) { stage.redis("HGET", snapshot, "price_stale") == "1" },
            "\(stage.log())")
        move(stage, percent: -8, milliseconds: 0)
        #expect(stage.wait(seconds: 20) { stage.log().contains("price_stale") }, "\(stage.log())")
        stage.pass(seconds: 3)
        #expect(step(stage) == 0 && held(stage, "BTCUSDT") == "0.28")
        _ = stage.program(
            "/usr/bin/env",
            ["curl", "-s", "-X", "DELETE", "http://127.0.0.1:\(stage.adminPort)/paper/faults"])
        try stage.start("price-feed", [], ["PMS_INSTANCE": "again"])
        #expect(
            stage.wait(seconds: 40) { held(stage, "BTCUSDT") == "0" }, "\(stage.log())")
        #expect(step(stage) > 0)
    }
}

import BusProtocol
import Bytes
import Foundation
import Testing

/// Orders that live for an owner or a time, with real processes killed by kill -9.
@Suite("orders that outlive nobody, real processes", .serialized)
struct TenureTests {
    /// Places a limit buy far below the market.
    private func rest(_ stage: GatewayStage, _ request: String, _ terms: String...) {
        _ = stage.pms("price", "BTCUSDT")
        _ = stage.wait(seconds: 5) { stage.bid("BTCUSDT") != nil }
        let price = String(format: "%.0f", (stage.bid("BTCUSDT") ?? 0) * 0.97)
        let placed = stage.run(
            [
                "order", "place", "BTCUSDT", "buy", "0.01", "--limit", price, "--request-id",
                request,
            ] + terms)
        #expect(placed.code == 0, "\(placed.text)\n\(stage.log())")
    }

    /// How the exchange holds the orders of these requests, by client order id.
    private func atVenue(_ stage: GatewayStage, _ ids: [String]) -> [String] {
        let orders = (stage.truth()?["exchanges"]?.elements ?? []).flatMap {
            $0["orders"]?.elements ?? []
        }
        return ids.map { id in
            let found = orders.filter { $0["clientOrderId"]?.text == id }
            return found.count == 1 ? found[0]["status"]?.text ?? "?" : "\(found.count) of them"
        }
    }

    private func risk(_ stage: GatewayStage) -> Process? {
        stage.programs.first { $0.executableURL?.lastPathComponent == "risk-engine" }
    }

    private func id(_ stage: GatewayStage, _ request: String) -> String {
        stage.order(request)?["id"]?.text ?? request
    }

    @Test("kill -9 of the owner: what rests for it is cancelled, what is nobody's stays")
    func ownerKilled() throws {
        let stage = try GatewayStage()
        try stage.startStack()
        // A process that holds a lease of its own, as any owner does.
        let owner = try #require(risk(stage))
        let fence = stage.redis("GET", "pms:{usdm}:fence:risk")
        rest(stage, "r1", "--owner", "risk:\(fence)")
        rest(stage, "r2", "--owner", "risk:\(fence)", "--ttl", "3600")
        rest(stage, "r3")
        let ids = ["r1", "r2", "r3"].map { id(stage, $0) }
        let wrong = stage.pms(
            "order", "place", "BTCUSDT", "buy", "0.01", "--limit", "10000", "--owner", "risk:1",
            "--request-id", "r4")
        #expect(wrong.code == 7 && wrong.text.contains("owner_gone"), "\(wrong.text)")
        stage.pass(seconds: 5)
        #expect(atVenue(stage, ids) == ["NEW", "NEW", "NEW"])
        kill(owner.processIdentifier, SIGKILL)
        let start = Date()
        let gone = stage.wait(seconds: 15) {
            atVenue(stage, ids) == ["CANCELED", "CANCELED", "NEW"]
        }
        #expect(gone, "\(atVenue(stage, ids))\n\(stage.log())")
        stage.note("owner killed to cancelled: \(Int(Date().timeIntervalSince(start) * 1000)) ms")
        #expect(stage.order("r1")?["reason"]?.text?.contains("lease risk") == true)
        #expect(atVenue(stage, [id(stage, "r4")]) == ["0 of them"])
    }

    @Test("kill -9 of gateway and owner together: the next gateway finds the terms in Redis")
    func gatewayKilled() throws {
        let stage = try GatewayStage()
        let gateway = try stage.startStack()
        let owner = try #require(risk(stage))
        let fence = stage.redis("GET", "pms:{usdm}:fence:risk")
        rest(stage, "r1", "--owner", "risk:\(fence)")
        rest(stage, "r3", "--ttl", "3600")
        // More than a busy machine takes to come to the kill.
        rest(stage, "r2", "--ttl", "15")
        let ids = ["r1", "r2", "r3"].map { id(stage, $0) }
        kill(gateway.processIdentifier, SIGKILL)
        kill(owner.processIdentifier, SIGKILL)
        stage.pass(seconds: 5)
        #expect(atVenue(stage, ids) == ["NEW", "NEW", "NEW"], "nobody is there to cancel")
        let start = Date()
        try stage.start("order-gateway", [], ["PMS_INSTANCE": "two"])
        let gone = stage.wait(seconds: 20) {
            atVenue(stage, ids) == ["CANCELED", "CANCELED", "NEW"]
        }
        #expect(gone, "\(atVenue(stage, ids))\n\(stage.log())")
        stage.note("gateway started to cancelled: \(Int(Date().timeIntervalSince(start) * 1000)) ms")
        let open = stage.wait(seconds: 5) {
            stage.redis("SMEMBERS", "pms:{usdm}:orders:open") == ids[2]
        }
        #expect(open, "\(stage.redis("SMEMBERS", "pms:{usdm}:orders:open"))")
    }

    @Test("B7c: kill -9 of Redis: the gateway cancels from memory what has lost its owner or its time")
    func redisKilled() throws {
        let stage = try GatewayStage()
        try stage.startStack()
        let fence = stage.redis("GET", "pms:{usdm}:fence:risk")
        rest(stage, "r1", "--owner", "risk:\(fence)")
        rest(stage, "r3")
        let lasting = ["r1", "r3"].map { id(stage, $0) }
        // The last before the kill: its time is running.
        rest(stage, "r2", "--ttl", "15")
        let ids = [lasting[0], id(stage, "r2"), lasting[1]]
        #expect(atVenue(stage, ids) == ["NEW", "NEW", "NEW"])
        kill(stage.programs[0].processIdentifier, SIGKILL)
        let gone = stage.wait(seconds: 15) {
            atVenue(stage, ids) == ["CANCELED", "CANCELED", "NEW"]
        }
        #expect(gone, "\(atVenue(stage, ids))\n\(stage.log())")
    }
}

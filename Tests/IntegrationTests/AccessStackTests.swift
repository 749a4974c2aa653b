import Foundation
import Testing

/// The whole stack as compose runs it: each process logs in to Redis as its own user of
/// `compose/users.acl`, and may do what its work needs, and no more.
@Suite("The stack under the access list", .serialized)
struct AccessStackTests {
    private static let services = ["price-feed", "order-gateway", "risk-engine", "position-sync"]
    private let stage: ProcessStage
    private let venue: [String: String]

    init() throws {
        let top = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        stage = try ProcessStage(accessList: top + "/compose/users.acl")
        let port = try stage.startExchange().port
        venue = [
            "PMS_VENUE_REST_URL": "http://127.0.0.1:\(port)",
            "PMS_VENUE_WS_URL": "ws://127.0.0.1:\(port)", "PMS_API_KEY": "k", "PMS_API_SECRET": "s",
        ]
        for service in AccessStackTests.services { try stage.start(service, [], venue) }
    }

    /// Runs the command line once.
    private func pms(_ arguments: String...) throws -> Bool {
        let program = try stage.start("pms", arguments, venue)
        program.waitUntilExit()
        return program.terminationStatus == 0
    }

    private func isReady(_ service: String) -> Bool {
        let keys = stage.redis("SCAN", "0", "COUNT", "1000", "MATCH", "pms:*:heartbeat:\(service):*")
            .split(separator: "\n").dropFirst()
        return keys.contains { stage.redis("HGET", String($0), "ready") == "1" }
    }

    @Test("every process is ready, an order is filled, booked and seen by risk, nothing is refused")
    func trades() throws {
        for service in AccessStackTests.services {
            #expect(stage.wait { isReady(service) }, "\(service) is not ready")
        }
        #expect(try pms("account", "create", "demo", "--deposit", "10000"))
        #expect(
            stage.wait {
                (try? pms(
                    "order", "place", "BTCUSDT", "buy", "0.01", "--account", "demo",
                    "--request-id", "first", "--wait")) == true
            })
        #expect(stage.redis("HGET", "pms:{usdm}:position:demo:BTCUSDT", "qty") == "0.01")
        #expect(stage.wait { stage.redis("HGET", "pms:{usdm}:risk:demo", "symbols") == "BTCUSDT" })
        let refusals = stage.logs.flatMap { $0.split(separator: "\n") }.filter {
            $0.contains("redis refuses") || $0.contains("NOPERM") || $0.contains("subscription refused")
        }
        #expect(refusals.isEmpty)
    }
}

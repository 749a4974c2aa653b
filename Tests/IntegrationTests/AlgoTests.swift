import Bytes
import Foundation
import Testing

/// Algorithms on a real gateway, a real Redis and the paper exchange.
@Suite("algorithms, real processes", .serialized)
struct AlgoTests {
    private func field(_ stage: GatewayStage, _ algo: String, _ name: String) -> String {
        stage.redis("HGET", "pms:{usdm}:algo:\(algo)", name)
    }

    /// Orders of the exchange by the letter of their kind.
    private func taken(_ stage: GatewayStage, _ letter: String) -> [JSONValue] {
        let exchanges = stage.truth()?["exchanges"]?.elements ?? []
        return exchanges.flatMap { $0["orders"]?.elements ?? [] }.filter { order in
            let id = order["clientOrderId"]?.text ?? ""
            return id.hasPrefix("PMS") && id.dropFirst(12).hasPrefix("\(letter)_")
        }
    }

    private func executed(_ orders: [JSONValue], _ side: String) -> Decimal {
        orders.filter { $0["side"]?.text == side }.reduce(0) {
            $0 + (Decimal(string: $1["executed"]?.text ?? "0") ?? 0)
        }
    }

    /// Instants at which the gateway is killed: few for every change, `PMS_TEST_KILLS` for a long run.
    private static let kills =
        ProcessInfo.processInfo.environment["PMS_TEST_KILLS"].flatMap(Int.init) ?? 4

    @Test(
        "B7a: all four kinds go on after kill -9 of the gateway: nothing overfilled, nothing left resting"
    )
    func kills() throws {
        let stage = try GatewayStage()
        var gateway = try stage.startStack()
        for symbol in ["BTCUSDT", "ETHUSDT"] {
            _ = stage.pms("price", symbol)
            #expect(stage.wait(seconds: 10) { (stage.bid(symbol) ?? 0) > 0 })
        }
        let bid = Int(stage.bid("BTCUSDT") ?? 0)
        // Each kill costs some three seconds until the next has the lease and is ready.
        let kills = Self.kills
        let common = ["--duration-s", "\(30 + kills * 4)"]
        let starts = [
            ["chase", "BTCUSDT", "buy", "0.2", "--id", "c1", "--offset-ticks", "3"]
                + ["--finish", "market"],
            ["twap", "BTCUSDT", "sell", "0.2", "--id", "t1", "--slices", "10"]
                + ["--finish", "market"],
            ["scale", "BTCUSDT", "buy", "0.2", "--id", "s1", "--orders", "6"]
                + ["--from", "\(bid - 2)", "--to", "\(bid - 60)", "--finish", "market"],
            ["scalper", "ETHUSDT", "1", "--id", "x1", "--layers", "3", "--base-bps", "0.5"]
                + ["--max-bps", "5", "--backoff-ms", "200", "--finish", "flatten"],
        ]
        for start in starts {
            #expect(stage.pms("account", "create", start[0], "--deposit", "50000").code == 0)
            let answer = stage.run(["algo", "start"] + start + common + ["--account", start[0]])
            #expect(answer.code == 0, "\(start[0]): \(answer.text)\n\(stage.log())")
        }
        let list = stage.pms("algos")
        // The chase may be done by now, and on the list no longer.
        for id in ["t1", "x1"] { #expect(list.text.contains(id), "\(list.text)") }
        for id in ["c1", "s1"] {
            let shown = stage.pms("algo", "show", id)
            #expect(shown.code == 0, "\(shown.text)")
        }
        var random = SystemRandomNumberGenerator()
        for round in 0..<kills {
            Waiting.pause(
                seconds: kills > 4
                    ? Double.random(in: 0.05...2, using: &random) : Double(round) * 0.7 + 1.5)
            kill(gateway.processIdentifier, SIGKILL)
            gateway.waitUntilExit()
            gateway = try stage.start("order-gateway", [], ["PMS_INSTANCE": "one"])
            #expect(stage.wait(seconds: 20) { stage.isReady("one") }, "\(stage.log())")
        }
        let areOver = stage.wait(seconds: 90 + Double(kills) * 2) {
            stage.redis("SCARD", "pms:{usdm}:algos") == "0"
        }
        #expect(areOver, "\(stage.pms("algos").text)\n\(stage.log())")
        for (id, letter, side) in [("c1", "c", "BUY"), ("t1", "t", "SELL"), ("s1", "s", "BUY")] {
            let orders = taken(stage, letter)
            #expect(field(stage, id, "status") == "done", "\(stage.pms("algo", "show", id).text)")
            #expect(executed(orders, side) == Decimal(string: "0.2"), "\(id)")
            #expect(field(stage, id, "filled") == "0.2", "\(id)")
            #expect(Set(orders.map { $0["clientOrderId"]?.text }).count == orders.count, "\(id)")
        }
        let scalper = taken(stage, "x") + taken(stage, "f")
        #expect(field(stage, "x1", "status") == "done")
        #expect(executed(scalper, "BUY") == executed(scalper, "SELL"))
        let open = ["c", "t", "s", "x", "f"].flatMap { taken(stage, $0) }.filter {
            ["NEW", "PARTIALLY_FILLED"].contains($0["status"]?.text ?? "")
        }
        #expect(open.isEmpty, "orphans: \(open.map(\.json))")
        #expect(stage.redis("SCARD", "pms:{usdm}:orders:open") == "0")
    }

    @Test(
        "F8: on spot, with fees kept in coins, a scalper closes its rounds, and flattened holds none; a chase ends at market",
        arguments: ["binance-spot", "mexc-spot"])
    func spot(kind: String) throws {
        let stage = try GatewayStage(kind: kind)
        try stage.startStack()
        func field(_ algo: String, _ name: String) -> String {
            stage.redis("HGET", "pms:{\(stage.name)}:algo:\(algo)", name)
        }
        let started = stage.pms(
            "algo", "start", "scalper", "BTCUSDT", "0.02", "--legs", "long", "--layers", "2",
            "--base-bps", "0.3", "--max-bps", "2", "--backoff-ms", "200", "--id", "x1")
        #expect(started.code == 0, "\(started.text)\n\(stage.log())")
        #expect(stage.wait(seconds: 90) { Double(field("x1", "filled")) ?? 0 > 0.02 }, "\(stage.log())")
        #expect(field("x1", "status") == "running", "\(stage.pms("algo", "show", "x1").text)")
        #expect(stage.pms("algo", "stop", "x1", "--flatten").code == 0)
        #expect(stage.wait(seconds: 20) { field("x1", "status") == "done" })
        let key = "pms:{\(stage.name)}:position:demo:BTCUSDT"
        let left = Double(stage.redis("HGET", key, "qty")) ?? 0
        #expect(left >= 0 && left < 0.00001, "\(left)")
        // Too far away to be filled: what is left when its time is over trades at once.
        let chase = stage.pms(
            "algo", "start", "chase", "BTCUSDT", "buy", "0.01", "--offset-ticks", "9000",
            "--duration-s", "2", "--finish", "market", "--id", "c1")
        #expect(chase.code == 0, "\(chase.text)")
        #expect(stage.wait(seconds: 20) { field("c1", "status") == "done" })
        #expect(field("c1", "reason") == "filled" && field("c1", "filled") == "0.01")
    }

    @Test(
        "an algorithm is shown, paused, resumed and stopped from the command line; what is wrong is told at once"
    )
    func commands() throws {
        let stage = try GatewayStage()
        try stage.startStack()
        let wrong = stage.pms(
            "algo", "start", "chase", "BTCUSDT", "up", "-1", "--reprice-ms", "1")
        #expect(wrong.code == 2)
        for word in ["side: malformed", "qty: out_of_limits", "reprice_ms: out_of_limits"] {
            #expect(wrong.text.contains(word), "\(wrong.text)")
        }
        let small = stage.pms("algo", "start", "chase", "BTCUSDT", "buy", "0.00001")
        #expect(small.code == 2 && small.text.contains("algo_invalid"), "\(small.text)")
        let started = stage.pms(
            "algo", "start", "chase", "BTCUSDT", "buy", "0.5", "--offset-ticks", "5000",
            "--id", "slow")
        #expect(started.code == 0, "\(started.text)\n\(stage.log())")
        #expect(stage.wait(seconds: 10) { field(stage, "slow", "open") == "0.5" })
        let shown = stage.pms("algo", "show", "slow")
        #expect(shown.text.contains("0 %") && shown.text.contains("running"), "\(shown.text)")
        #expect(stage.pms("algo", "pause", "slow").code == 0)
        #expect(stage.wait(seconds: 10) { field(stage, "slow", "open") == "0" })
        #expect(field(stage, "slow", "reason") == "paused_by_request")
        #expect(stage.pms("algo", "resume", "slow").code == 0)
        #expect(stage.wait(seconds: 10) { field(stage, "slow", "open") == "0.5" })
        #expect(stage.pms("halt", "--why", "test").code == 0)
        #expect(stage.wait(seconds: 10) { field(stage, "slow", "reason") == "venue_halted" })
        #expect(stage.pms("resume").code == 0)
        #expect(stage.pms("algo", "stop", "slow").code == 0)
        #expect(stage.wait(seconds: 10) { field(stage, "slow", "status") == "done" })
        #expect(stage.redis("SCARD", "pms:{usdm}:orders:open") == "0")
        #expect(stage.pms("algo", "stop", "slow").code == 3)
        #expect(stage.pms("algo", "show", "nobody").code == 3)
        #expect(stage.pms("algo", "start", "twap", "--help").text.contains("catch"))
    }
}

import Bytes
import Foundation
import Testing
import Trading

/// The books of several accounts over one real paper exchange, with everything that changes them.
@Suite("books, real processes", .serialized)
struct BooksTests {
    /// A stack with two accounts, demo long 0.03 and beta short 0.01, without position-sync.
    private func stage() throws -> GatewayStage {
        let stage = try GatewayStage()
        stage.more["PMS_ARCHIVE_DIR"] = "\(stage.folder)/archive"
        try stage.startStack()
        #expect(stage.pms("account", "create", "beta", "--deposit", "20000").code == 0)
        _ = stage.pms("price", "BTCUSDT")
        trade(stage, "demo", "buy", "0.03", "open-demo")
        trade(stage, "beta", "sell", "0.01", "open-beta")
        return stage
    }

    private func startSync(_ stage: GatewayStage) throws {
        try stage.start(
            "position-sync", [], ["PMS_INSTANCE": "sync", "PMS_SYNC_INTERVAL_MS": "5000"])
    }

    private func trade(
        _ stage: GatewayStage, _ account: String, _ side: String, _ size: String, _ id: String
    ) {
        // The risk snapshot of an account that was just made may take a moment.
        let isDone = stage.wait(seconds: 15) {
            stage.pms(
                "order", "place", "BTCUSDT", side, size, "--account", account, "--request-id", id,
                "--wait"
            ).code == 0 || stage.order(id)?["status"]?.text == "filled"
        }
        #expect(isDone, "\(id): \(stage.log())")
    }

    private func held(_ stage: GatewayStage, _ account: String) -> Quantity {
        Quantity(text: stage.redis("HGET", "pms:{usdm}:position:\(account):BTCUSDT", "qty")) ?? .zero
    }

    private func money(_ stage: GatewayStage, _ account: String, _ field: String) -> Money {
        Money(text: stage.redis("HGET", "pms:{usdm}:balance:\(account)", field)) ?? .zero
    }

    /// What the exchange holds.
    private func net(_ stage: GatewayStage) -> Quantity {
        let exchange = stage.truth()?["exchanges"]?.elements?.first { $0["positions"] != nil }
        let row = exchange?["positions"]?.elements?.first { $0["symbol"]?.text == "BTCUSDT" }
        let text = row?["positionAmt"]?.text ?? row?["quantity"]?.text ?? "0"
        return Quantity(text: text) ?? .zero
    }

    private func verified(_ stage: GatewayStage) -> (code: Int32, text: String) {
        let last = stage.redis("GET", "pms:{usdm}:seq:ledger")
        #expect(
            stage.wait(seconds: 15) { stage.redis("HGET", "pms:{usdm}:archive", "seq") == last },
            "\(stage.log())")
        return stage.pms("ledger", "verify", "--json")
    }

    @Test("B4d-B4f: a difference is told by a dry run, corrected in proportion, and its cause kept")
    func reconcile() throws {
        let stage = try stage()
        try startSync(stage)
        #expect(
            stage.wait(seconds: 20) {
                stage.redis("HGET", "pms:{usdm}:sync", "result") == "equal"
            }, "\(stage.log())")
        #expect(net(stage) == Quantity(text: "0.02"))
        _ = stage.fault("{\"kind\":\"shift-position\",\"symbol\":\"BTCUSDT\",\"quantity\":\"-0.012\"}")
        let dry = stage.pms("reconcile", "--dry-run")
        #expect(dry.code == 0, "\(dry.text)\n\(stage.log())")
        #expect(
            dry.text.contains("venue 0.008, books 0.02, difference -0.012"), "\(dry.text)")
        #expect(dry.text.contains("demo closes 0.012 at"), "\(dry.text)")
        #expect(held(stage, "demo") == Quantity(text: "0.03"))
        #expect(
            stage.wait(seconds: 45) { held(stage, "demo") == Quantity(text: "0.018") },
            "\(stage.redis("HGETALL", "pms:{usdm}:sync"))\n\(stage.log())")
        #expect(held(stage, "beta") == Quantity(text: "-0.01"))
        // Made once: the round after it finds nothing.
        let after = stage.pms("reconcile")
        #expect(after.code == 0 && after.text.contains("equal"), "\(after.text)")
        let why = stage.pms("why", "demo:BTCUSDT")
        #expect(why.text.contains("cause=reconcile:"), "\(why.text)")
        #expect(why.text.contains("request=open-demo"), "\(why.text)")
        let checked = verified(stage)
        #expect(checked.code == 0 && checked.text.contains("\"problems\":\"0\""), "\(checked.text)")
    }

    @Test("B4a, B4f: transfers, funding, a trade by hand and an auto-deleveraging, over two books")
    func everything() throws {
        let stage = try stage()
        // Funding from before position-sync was there.
        _ = stage.fault("{\"kind\":\"fund\",\"symbol\":\"BTCUSDT\"}")
        try startSync(stage)
        let paid = stage.wait(seconds: 30) { !money(stage, "demo", "funding").isZero }
        #expect(paid, "\(stage.log())")
        let (demo, beta) = (money(stage, "demo", "funding"), money(stage, "beta", "funding"))
        // 0.03 long and 0.01 short of a net of 0.02: three to minus one.
        #expect((demo + beta.times3).magnitude <= Money(text: "0.00000001")!, "\(demo) \(beta)")

        let wallet = money(stage, "beta", "wallet")
        for _ in 0..<2 {
            let moved = stage.pms(
                "account", "transfer", "demo", "beta", "1000", "--request-id", "move-1")
            #expect(moved.code == 0, "\(moved.text)\n\(stage.log())")
        }
        #expect(money(stage, "beta", "wallet") == wallet + .whole(1_000))
        let tooMuch = stage.pms("account", "transfer", "demo", "beta", "60000")
        #expect(tooMuch.code == 7 && tooMuch.text.contains("free"), "\(tooMuch.text)")

        _ = stage.fault(
            "{\"kind\":\"trade\",\"symbol\":\"BTCUSDT\",\"side\":\"SELL\",\"quantity\":\"0.006\"}")
        #expect(
            stage.wait(seconds: 30) { held(stage, "demo") == Quantity(text: "0.024") },
            "\(stage.log())")
        #expect(held(stage, "beta") == Quantity(text: "-0.01"))
        _ = stage.fault("{\"kind\":\"deleverage\",\"symbol\":\"BTCUSDT\"}")
        #expect(
            stage.wait(seconds: 30) { held(stage, "demo") == Quantity(text: "0.01") },
            "\(held(stage, "demo")) \(stage.log())")
        #expect(held(stage, "beta") == Quantity(text: "-0.01"))
        #expect(net(stage).isZero)

        let why = stage.pms("why", "demo:BTCUSDT")
        #expect(why.text.contains("cause=funding:"), "\(why.text)")
        let checked = verified(stage)
        #expect(checked.code == 0 && checked.text.contains("\"problems\":\"0\""), "\(checked.text)")
    }
}

extension Money {
    /// Three times as much.
    fileprivate var times3: Money { self + self + self }
}

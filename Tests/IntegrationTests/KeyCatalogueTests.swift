import BusProtocol
import Bytes
import Foundation
import Testing

/// What real processes leave in Redis, beside what `pms keys` says of it.
@Suite("the key catalogue, real processes", .serialized)
struct KeyCatalogueTests {
    /// Every key there is has a line of its type that names all its fields.
    /// - Returns: the patterns of the keys found.
    private func check(_ stage: GatewayStage) -> Set<String> {
        let prefix = "pms:{\(stage.name)}:"
        var found: Set<String> = []
        for key in stage.redis("--scan").split(whereSeparator: \.isNewline).map(String.init) {
            let name = String(key.dropFirst(prefix.count))
            let kind = stage.redis("TYPE", key)
            // Gone by now.
            if kind == "none" { continue }
            let lines = KeyDescription.catalogue.filter { $0.kind == kind && $0.covers(name) }
            #expect(key.hasPrefix(prefix) && !lines.isEmpty, "\(key), a \(kind), is not named")
            for field in fields(stage, key, kind) {
                #expect(lines.contains { $0.names(field: field) }, "\(key): \(field) is not named")
            }
            found.formUnion(lines.map(\.pattern))
        }
        return found
    }

    private func fields(_ stage: GatewayStage, _ key: String, _ kind: String) -> [String] {
        if kind == "hash" {
            return stage.redis("HKEYS", key).split(whereSeparator: \.isNewline).map(String.init)
        }
        guard kind == "stream" else { return [] }
        // The entry's number, then names and values in turn.
        let lines = stage.redis("XREVRANGE", key, "+", "-", "COUNT", "1")
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return stride(from: 1, to: lines.count, by: 2).map { lines[$0] }
    }

    @Test("futures: orders, books, states, risk, algorithms, the archive and the venue's budget")
    func futures() throws {
        let stage = try GatewayStage()
        stage.more["PMS_ARCHIVE_DIR"] = "\(stage.folder)/archive"
        try stage.startStack()
        try stage.start(
            "position-sync", [], ["PMS_INSTANCE": "sync", "PMS_SYNC_INTERVAL_MS": "1000"])
        _ = stage.pms("price", "BTCUSDT")
        #expect(
            stage.wait(seconds: 15) {
                stage.pms("order", "place", "BTCUSDT", "buy", "0.02", "--request-id", "o1", "--wait")
                    .code == 0 || stage.order("o1")?["status"]?.text == "filled"
            }, "\(stage.log())")
        let bid = Int(stage.bid("BTCUSDT") ?? 0)
        let ladder = ["--orders", "2", "--from", "\(bid - 500)", "--to", "\(bid - 600)"]
        let algo = stage.run(
            ["algo", "start", "scale", "BTCUSDT", "buy", "0.02", "--id", "s1"] + ladder)
        #expect(algo.code == 0, "\(algo.text)")
        #expect(stage.pms("halt", "--account", "demo").code == 0, "\(stage.log())")
        #expect(stage.pms("reduce").code == 0)
        #expect(
            stage.wait(seconds: 20) {
                stage.redis("HGET", "pms:{usdm}:sync", "result") == "equal"
                    && stage.redis("EXISTS", "pms:{usdm}:archive", "pms:{usdm}:risk:demo") == "2"
            }, "\(stage.log())")
        let found = check(stage)
        let wanted: Set = [
            "state", "state:<A>", "order:<ID>", "orders", "balance:<A>", "position:<A>:<SYM>", "ledger",
            "risk:<A>", "sync", "archive", "instrument:<SYM>", "price:<SYM>", "budget:<BUCKET>",
            "budget:limits", "heartbeat:<SERVICE>:<INSTANCE>", "trades:<SYM>", "trades:transfers",
            "algo:<ID>", "request:<ID>", "account:<A>", "account-codes", "lock:<NAME>", "fence:<NAME>",
        ]
        #expect(found.isSuperset(of: wanted), "\(wanted.subtracting(found))")
        let shown = stage.pms("keys", "state").text
        #expect(shown.contains("pms:{usdm}:state:<A>") && shown.contains(" fence "), "\(shown)")
        #expect(stage.pms("keys", "nothing").code == 3)
    }

    @Test("spot: holdings, the allocator's run, its history and its answers")
    func spot() throws {
        let world = try AllocationStage()
        _ = world.allocate("--request-id", "run-1")
        let found = check(world.stage)
        let wanted: Set = [
            "holdings", "allocation", "allocations", "seq:allocations", "request:allocation:<ID>",
            "depth:<SYM>", "demand:depth",
        ]
        #expect(found.isSuperset(of: wanted), "\(wanted.subtracting(found))")
    }
}

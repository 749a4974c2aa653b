import Bytes
import Foundation
import Testing

/// Accounts and positions over risk-engine's port, and by the command line.
@Suite("risk-engine, real processes", .serialized)
struct RiskReadingTests {
    private func get(_ stage: GatewayStage, _ port: Int, _ path: String, token: String?) -> String {
        let program = Process()
        program.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        var arguments = ["curl", "-s", "-w", " %{http_code}", "http://127.0.0.1:\(port)\(path)"]
        if let token { arguments += ["-H", "Authorization: Bearer \(token)"] }
        program.arguments = arguments
        let output = Pipe()
        program.standardOutput = output
        guard (try? program.run()) != nil else { return "" }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        program.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("B5d: positions are read with the token alone, and an expired snapshot is said to be")
    func positions() throws {
        let stage = try GatewayStage()
        let port = FreePort.take()
        let risk = try stage.start(
            "risk-engine", [],
            [
                "PMS_INSTANCE": "reader", "PMS_HTTP_PORT": "\(port)", "PMS_HTTP_TOKEN": "secret",
            ])
        try stage.startStack()
        _ = stage.pms("price", "BTCUSDT")
        let bought = stage.pms(
            "order", "place", "BTCUSDT", "buy", "0.01", "--account", "demo", "--wait")
        #expect(bought.code == 0, "\(bought.text)\n\(stage.log())")
        #expect(get(stage, port, "/accounts", token: nil).hasSuffix(" 401"))
        #expect(get(stage, port, "/accounts", token: "wrong").hasSuffix(" 401"))
        #expect(
            stage.wait(seconds: 10) {
                let text = get(stage, port, "/positions?account=demo", token: "secret")
                return text.contains("\"symbol\":\"BTCUSDT\"") && text.contains("\"qty\":\"0.01\"")
                    && text.contains("\"age_ms\":") && text.contains("\"expired\":false")
            }, "\(get(stage, port, "/positions?account=demo", token: "secret"))\n\(stage.log())")
        #expect(get(stage, port, "/positions?account=nobody", token: "secret").hasSuffix(" 404"))
        #expect(get(stage, port, "/accounts", token: "secret").contains("\"account\":\"demo\""))
        #expect(stage.pms("positions").text.contains("snapshot "))
        #expect(stage.pms("account", "create", "beta", "--deposit", "5").code == 0)
        #expect(
            stage.wait(seconds: 10) { stage.redis("EXISTS", "pms:{usdm}:risk:beta") == "1" },
            "\(stage.log())")
        // Without any engine the snapshot is gone: the ledger and the last price are shown.
        risk.terminate()
        for program in stage.programs
        where program.executableURL?.lastPathComponent == "risk-engine" {
            program.terminate()
            program.waitUntilExit()
        }
        _ = stage.redis("DEL", "pms:{usdm}:risk:demo")
        let positions = stage.pms("positions")
        #expect(positions.text.contains("expired; price"))
        #expect(positions.text.contains("no fresh risk snapshot of demo"))
        let all = stage.pms("risk")
        // Perhaps beta's, too, by now.
        let line = all.text.split(separator: "\n").first { $0.contains("have expired") } ?? ""
        #expect(line.contains("risk snapshots of") && line.contains("demo"), "\(all.text)")
        let shown = stage.pms("risk", "demo")
        #expect(shown.code == 0 && shown.text.contains("has expired"), "\(shown.text)")
    }

    @Test("B5d: five hundred accounts are told by pages, each once and in order")
    func many() throws {
        let stage = try GatewayStage()
        let names = (100..<600).map { "a\($0)" }
        let stamp = "seq 1 writer test:1 at_ms 1"
        stage.redis(
            lines: names.flatMap { name in
                [
                    "SADD pms:{usdm}:accounts \(name)", "SADD pms:{usdm}:books \(name):BTCUSDT",
                    "HSET pms:{usdm}:balance:\(name) deposits 100 realised 0 fees 0 funding 0 wallet 100 "
                        + "version 1 \(stamp)",
                    "HSET pms:{usdm}:position:\(name):BTCUSDT qty 0.5 entry 100 realised 0 fees 0 "
                        + "version 1 \(stamp)",
                ]
            })
        let port = FreePort.take()
        try stage.start(
            "risk-engine", [], ["PMS_HTTP_PORT": "\(port)", "PMS_HTTP_TOKEN": "secret"])
        for path in ["/accounts", "/positions"] {
            var told: [String] = []
            let isWhole = stage.wait(seconds: 20) {
                let text = get(stage, port, path, token: "secret")
                guard text.hasSuffix(" 200"),
                    let rows = try? JSONValue.parse(Array(text.dropLast(4).utf8)).elements
                else { return false }
                told = rows.compactMap { $0["account"]?.text }
                return told.count >= names.count
            }
            #expect(isWhole && told == names, "\(path): \(told.count)\n\(stage.log())")
        }
    }

    @Test("line 1: why tells what led to a position, and verify rebuilds the books from the archive")
    func why() throws {
        let stage = try GatewayStage()
        let folder = "\(stage.folder)/archive"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        try stage.start(
            "position-sync", [], ["PMS_INSTANCE": "sync", "PMS_ARCHIVE_DIR": folder])
        try stage.startStack()
        _ = stage.pms("price", "BTCUSDT")
        let bought = stage.pms(
            "order", "place", "BTCUSDT", "buy", "0.02", "--account", "demo", "--request-id", "b1",
            "--wait")
        #expect(bought.code == 0, "\(bought.text)\n\(stage.log())")
        _ = stage.pms(
            "order", "place", "BTCUSDT", "sell", "0.005", "--account", "demo", "--request-id", "s1",
            "--wait")
        let why = stage.pms("why", "demo:BTCUSDT")
        #expect(why.code == 0, "\(why.text)")
        #expect(why.text.contains("request=b1") && why.text.contains("request=s1"), "\(why.text)")
        let chain = stage.pms("why", "b1")
        #expect(chain.text.contains("kind=order") && chain.text.contains("kind=fill"))
        #expect(stage.pms("why", "nobody:BTCUSDT").code == 3)
        let last = stage.redis("GET", "pms:{usdm}:seq:ledger")
        #expect(
            stage.wait(seconds: 10) {
                stage.redis("HGET", "pms:{usdm}:archive", "seq") == last
            }, "\(stage.log())")
        let verified = stage.pms(
            "ledger", "verify", "--json", variables: ["PMS_ARCHIVE_DIR": folder])
        #expect(verified.code == 0, "\(verified.text)")
        #expect(verified.text.contains("\"problems\":\"0\""))
        #expect(verified.text.contains("\"archived\":\"\(last)\""))
        // Whoever changes a record, or a line of the archive, is found out.
        _ = stage.redis("HSET", "pms:{usdm}:position:demo:BTCUSDT", "qty", "0.016")
        #expect(stage.pms("ledger", "verify").code == 1)
        _ = stage.redis("HSET", "pms:{usdm}:position:demo:BTCUSDT", "qty", "0.015")
        #expect(stage.pms("ledger", "verify").code == 0)
        let file = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first)
        var text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
        text = text.replacingOccurrences(of: "\"qty\":\"0.005\"", with: "\"qty\":\"0.006\"")
        try text.write(toFile: "\(folder)/\(file)", atomically: true, encoding: .utf8)
        let spoilt = stage.pms("ledger", "verify", variables: ["PMS_ARCHIVE_DIR": folder])
        #expect(spoilt.code == 1 && spoilt.text.contains("chain is broken"), "\(spoilt.text)")
    }
}

import Bytes
import Foundation
import Testing

@Suite("pms paper", .serialized) struct PaperCommandTests {
    private func pms(
        _ port: UInt16, _ arguments: String...
    ) throws -> (code: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
            .deletingLastPathComponent().appendingPathComponent("pms")
        process.arguments = ["paper"] + arguments
        process.environment = ["PMS_HTTP_PORT_PAPER_EXCHANGE": "\(port)"]
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let told = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, told, complaint)
    }

    @Test("Faults are added, shown and cleared; what is wrong is told with the exit code that fits")
    func faults() throws {
        let exchange = try PaperProcess(nil)
        let port = exchange.adminPort
        let added = try pms(
            port, "faults", "add", "timeout", "count=1", "target.path=/fapi/v1/ping")
        #expect(added.code == 0)
        #expect(added.output.contains("timeout") && added.output.contains("path=/fapi/v1/ping"))
        #expect(ask(exchange.port, "GET", "/fapi/v1/ping").status.hasPrefix("HTTP/1.1 408"))
        #expect(ask(exchange.port, "GET", "/fapi/v1/ping").status.hasPrefix("HTTP/1.1 200"))
        let wrong = try pms(port, "faults", "add", "timeot", "count=0")
        #expect(wrong.code == 2)
        #expect(wrong.errors.contains("faults[0].kind") && wrong.errors.contains("faults[0].count"))
        #expect(try pms(port, "faults", "clear", "99").code == 3)
        #expect(try pms(port, "faults", "clear").code == 0)
        #expect(try pms(port, "faults", "kinds").output.contains("fill-then-cancel"))
        #expect(exchange.stop() == 0)
        #expect(try pms(port, "faults").code == 4)
    }

    @Test("A trade by hand is in the truth, and moves the position") func trade() throws {
        let exchange = try PaperProcess(nil)
        let port = exchange.adminPort
        #expect(try pms(port, "trade", "BTCUSDT", "buy", "0.01").code == 0)
        #expect(try pms(port, "trade", "NOSUCHUSDT", "buy", "0.01").code == 7)
        #expect(try pms(port, "trade", "BTCUSDT", "hold", "0.01").code == 2)
        #expect(try pms(port, "move", "BTCUSDT", "-5").code == 0)
        let truth = try pms(port, "truth", "--json", "--part", "positions")
        let value = try JSONValue.parse(Array(truth.output.utf8))
        let position = value["exchanges"]?[0]?["positions"]?[0]
        #expect(position?["symbol"]?.text == "BTCUSDT")
        #expect(position?["quantity"]?.text == "0.01")
        #expect(try pms(port, "truth").output.contains("futures positions: 1"))
        #expect(exchange.stop() == 0)
    }
}

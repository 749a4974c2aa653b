import BusProtocol
import Bytes
import Foundation
import Testing
import Trading

/// Many orders at MEXC at once, by a real gateway against the paper exchange.
@Suite("batches at MEXC, real processes", .serialized)
struct MEXCBatchTests {
    /// Commands for so many resting limit buys, published in one go.
    private func place(_ stage: GatewayStage, _ count: Int, quantity: (Int) -> String) -> Double {
        _ = stage.pms("price", "QRLUSDT")
        _ = stage.wait(seconds: 10) { stage.bid("QRLUSDT") != nil }
        let price = String(format: "%.4f", (stage.bid("QRLUSDT") ?? 0) * 0.97)
        var lines: [String] = []
        for number in 0..<count {
            guard let account = AccountID("demo"), let symbol = Symbol("QRLUSDT"),
                let wanted = Quantity(text: quantity(number)), let limit = Price(text: price)
            else { continue }
            let body = OrderPlaceBody(
                account: account, symbol: symbol, side: .buy, type: .limit, quantity: wanted,
                price: limit)
            let deadline = Int64(Date().timeIntervalSince1970 * 1000) + 300_000
            let command = Command(
                id: "b\(number)", from: "test", deadlineMilliseconds: deadline,
                kind: CommandKind.orderPlace.rawValue, body: body.body)
            let text = String(decoding: command.encoded(), as: UTF8.self)
            lines.append("PUBLISH pms:{mexc-spot}:command:order-gateway '\(text)'")
        }
        stage.redis(lines: lines)
        return Double(price) ?? 0
    }

    private func orders(_ stage: GatewayStage) -> [JSONValue] {
        (stage.truth()?["exchanges"]?.elements ?? []).flatMap { $0["orders"]?.elements ?? [] }
    }

    private func metric(_ stage: GatewayStage, _ port: Int, _ name: String) -> Int {
        let line = stage.web("http://127.0.0.1:\(port)/metrics").split(separator: "\n")
            .first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.split(separator: " ")[1]) } ?? -1
    }

    @Test("B2a: forty orders go in few calls, each once; all rest, by their own client ids")
    func placed() throws {
        let stage = try GatewayStage(kind: "mexc-spot")
        let port = FreePort.take()
        try stage.startStack(["PMS_HTTP_PORT": "\(port)"])
        _ = place(stage, 40) { _ in "100" }
        let isDone = stage.wait(seconds: 20) {
            stage.redis("SCARD", "pms:{mexc-spot}:orders:open") == "40"
                && orders(stage).count { $0["status"]?.text == "NEW" } == 40
        }
        #expect(isDone, "\(orders(stage).count)\n\(stage.log())")
        let ids = orders(stage).compactMap { $0["clientOrderId"]?.text }
        #expect(ids.count == 40 && Set(ids).count == 40)
        let batches = metric(stage, port, "pms_gateway_batches_total")
        #expect(batches > 0)
        stage.note("40 orders at MEXC: \(batches) batches")
        #expect(!stage.log().contains("429"), "\(stage.log())")
        for number in [0, 39] { #expect(stage.order("b\(number)")?["status"]?.text == "open") }
    }

    @Test("B2a: of a batch, what the exchange refuses is refused alone; the rest stands")
    func elements() throws {
        let stage = try GatewayStage(kind: "mexc-spot")
        try stage.startStack()
        // The fourth asks for more than there is money for.
        _ = place(stage, 8) { $0 == 3 ? "900000" : "100" }
        let isDone = stage.wait(seconds: 20) {
            orders(stage).count { $0["status"]?.text == "NEW" } == 7
        }
        #expect(isDone, "\(orders(stage))\n\(stage.log())")
        #expect(stage.wait(seconds: 5) { stage.redis("SCARD", "pms:{mexc-spot}:orders:open") == "7" })
    }

    @Test("B2a S2: a batch whose answer is lost is looked up, and nothing of it is sent again")
    func lost() throws {
        let stage = try GatewayStage(kind: "mexc-spot")
        try stage.startStack()
        let fault = stage.fault(
            "{\"kind\":\"disconnect\",\"moment\":\"after\",\"count\":1,"
                + "\"target\":{\"method\":\"POST\",\"path\":\"/mexc/api/v3/batchOrders\"}}")
        #expect(fault.contains("disconnect"), "\(fault)")
        _ = place(stage, 20) { _ in "100" }
        let isDone = stage.wait(seconds: 40) {
            stage.redis("SCARD", "pms:{mexc-spot}:orders:open") == "20"
                && (0..<20).allSatisfy { stage.order("b\($0)")?["status"]?.text == "open" }
        }
        #expect(isDone, "\(stage.log())")
        let ids = orders(stage).compactMap { $0["clientOrderId"]?.text }
        #expect(ids.count == 20 && Set(ids).count == 20, "\(ids)")
    }
}

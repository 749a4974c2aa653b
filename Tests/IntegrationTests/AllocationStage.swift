import Bytes
import Foundation
import Testing
import Trading

/// A spot venue with feed, gateway and allocator as real processes, and what the exchange knows.
final class AllocationStage {
    let stage: GatewayStage
    let symbol = "QRLUSDT"
    let httpPort: Int
    let token = "secret-token"
    private let isMEXC: Bool
    private let begin: (base: Quantity, quote: Money)
    /// What was put into the account without a trade.
    var given = (base: Quantity.zero, quote: Money.zero)
    private(set) var gateway: Process
    private(set) var allocator: Process
    private let knobs: [String: String]

    /// - Parameters:
    ///   - base: what the account begins with of QRL, and of USDT.
    ///   - knobs: of the allocator; the others are those of a quick balance.
    init(
        kind: String = "mexc-spot", base: String = "933", quote: String = "300",
        knobs: [String: String] = [:], paper: [String: String] = [:]
    ) throws {
        isMEXC = kind == "mexc-spot"
        begin = (Quantity(text: base) ?? .zero, Money(text: quote) ?? .zero)
        let balances = isMEXC ? "PMS_PAPER_MEXC_BALANCES" : "PMS_PAPER_SPOT_BALANCES"
        stage = try GatewayStage(
            kind: kind,
            paper: [balances: "USDT=\(quote),QRL=\(base)"].merging(paper) { _, new in new })
        httpPort = FreePort.take()
        self.knobs = [
            "PMS_INSTANCE": "alloc", "PMS_HTTP_PORT": "\(httpPort)", "PMS_HTTP_TOKEN": token,
            "SLICE_PCT": "30", "MAX_SLICE_NOTIONAL": "100",
        ].merging(knobs) { _, new in new }
        try stage.start("price-feed", [], ["PMS_INSTANCE": "feed"])
        gateway = try stage.start("order-gateway", [], ["PMS_INSTANCE": "one"])
        allocator = try stage.start("allocator", [], self.knobs)
        #expect(waitReady(), "\(stage.log())")
    }

    /// Whether gateway and allocator say that they are ready.
    var isReady: Bool {
        let key = "pms:{\(stage.name)}:heartbeat:allocator:alloc"
        let words = stage.redis("HMGET", key, "ready", "pid").split(whereSeparator: \.isNewline)
        guard words.count == 2, words[0] == "1", Int32(words[1]) == allocator.processIdentifier
        else { return false }
        return stage.programs.contains { $0.isRunning } && stage.isReady("one")
    }

    func waitReady() -> Bool { stage.wait(seconds: 25) { isReady } }

    func restartAllocator() throws { allocator = try stage.start("allocator", [], knobs) }
    func restartGateway() throws {
        gateway = try stage.start("order-gateway", [], ["PMS_INSTANCE": "one"])
    }

    /// One run by the command line, to its end.
    func allocate(_ arguments: String...) -> [String: String] {
        fields(stage.run(["allocate", "--json"] + arguments).text)
    }

    func fields(_ text: String) -> [String: String] {
        guard let value = try? JSONValue.parse(Array(text.utf8)), let members = value.members
        else { return ["unreadable": text] }
        return Dictionary(members.map { ($0.key, $0.value.text ?? "") }) { _, last in last }
    }

    /// An HTTP request to the allocator: status and body.
    func http(
        _ method: String, _ path: String, token: String? = nil, key: String? = nil,
        body: String? = nil
    ) -> (status: Int, fields: [String: String]) {
        var arguments = ["curl", "-s", "-m", "40", "-X", method, "-w", "\n%{http_code}"]
        if let token { arguments += ["-H", "Authorization: Bearer \(token)"] }
        if let key { arguments += ["-H", "Idempotency-Key: \(key)"] }
        if let body { arguments += ["-H", "Content-Type: application/json", "-d", body] }
        let text = stage.program(
            "/usr/bin/env", arguments + ["http://127.0.0.1:\(httpPort)\(path)"]).text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return (
            Int(lines.last ?? "") ?? 0, fields(lines.dropLast().joined(separator: "\n"))
        )
    }

    // MARK: what the exchange knows

    private var exchange: JSONValue? {
        let name = isMEXC ? "mexc" : "spot"
        return stage.truth()?["exchanges"]?.elements?.first { $0["exchange"]?.text == name }
    }

    func part(_ name: String) -> [JSONValue] { exchange?[name]?.elements ?? [] }

    func balance(_ asset: String) -> (free: Money, locked: Money) {
        let row = part("balances").first { $0["asset"]?.text == asset }
        return (
            row?["free"]?.text.flatMap { Money(text: $0) } ?? .zero,
            row?["locked"]?.text.flatMap { Money(text: $0) } ?? .zero
        )
    }

    /// What all trades, with their fees, make of the balances at the beginning.
    var expected: (base: Quantity, quote: Money) {
        var (base, quote) = (begin.base + given.base, begin.quote + given.quote)
        for trade in part("trades") {
            guard let quantity = trade["quantity"]?.text.flatMap({ Quantity(text: $0) }),
                let price = trade["price"]?.text.flatMap({ Price(text: $0) })
            else { continue }
            let notional = price.times(quantity, .nearestEven)
            let isBuy = trade["side"]?.text == "BUY"
            base += isBuy ? quantity : -quantity
            quote += isBuy ? -notional : notional
            let fee = trade["fee"]?.text.flatMap { Money(text: $0) } ?? .zero
            switch trade["feeAsset"]?.text {
            case "QRL": base -= Quantity(units: fee.units)
            case "USDT": quote -= fee
            case _: break
            }
        }
        return (base, quote)
    }

    /// Nothing rests, nothing is locked, and the balances are what the trades make of them.
    func checkClean(_ comment: String = "") {
        #expect(part("openOrders").isEmpty, "\(comment): \(part("openOrders"))")
        let (base, quote) = (balance("QRL"), balance("USDT"))
        #expect(base.locked == .zero && quote.locked == .zero, "\(comment)")
        let wanted = expected
        #expect(Quantity(units: base.free.units) == wanted.base, "\(comment)")
        #expect(quote.free == wanted.quote, "\(comment)")
    }

    /// The allocator's book is what its trades and their fees made of it, coin by coin (F8).
    func checkBook(_ comment: String = "") {
        let wanted = expected.base - begin.base - given.base
        let key = "pms:{\(stage.name)}:position:allocator:\(symbol)"
        let isSo = stage.wait(seconds: 10) {
            Quantity(text: stage.redis("HGET", key, "qty")) == wanted
        }
        #expect(isSo, "\(comment): \(stage.redis("HGETALL", key)) and not \(wanted)")
        let verified = stage.run(["ledger", "verify"])
        #expect(verified.code == 0, "\(verified.text)")
    }

    /// How often each client id was taken.
    var counts: [String: Int] {
        var counts: [String: Int] = [:]
        for order in part("orders") { counts[order["clientOrderId"]?.text ?? "?", default: 0] += 1 }
        return counts
    }

    /// A client id of the allocator.
    static func isOurs(_ id: String) -> Bool { ClientOrderID(id)?.origin == .allocator }

    var openOrders: [JSONValue] {
        part("openOrders").filter {
            AllocationStage.isOurs($0["clientOrderId"]?.text ?? "")
        }
    }

    /// What the history says that was executed, of runs and of slices, is what the exchange did.
    func checkHistory() {
        var problem = ""
        let isSo = stage.wait(seconds: 30) {
            func told(_ arguments: [String], _ name: String) -> Quantity {
                let shown = stage.run(["allocations", "--limit", "1000", "--json"] + arguments).text
                let lines = (try? JSONValue.parse(Array(shown.utf8)))?.elements ?? []
                return lines.reduce(.zero) {
                    $0 + ($1[name]?.text.flatMap { Quantity(text: $0) } ?? .zero)
                }
            }
            let traded = part("trades").reduce(Quantity.zero) { sum, trade in
                guard AllocationStage.isOurs(trade["clientOrderId"]?.text ?? "") else { return sum }
                return sum + (trade["quantity"]?.text.flatMap { Quantity(text: $0) } ?? .zero)
            }
            let (runs, slices) = (told([], "filled"), told(["--slices"], "executed"))
            problem = "runs \(runs), slices \(slices), the exchange \(traded)"
            return runs == traded && slices == traded
        }
        #expect(isSo, "\(problem)\n\(stage.log())")
    }

    // MARK: faults

    /// A run under each fault, switched on alone, ends in time and leaves nothing.
    func survive(_ faults: [String]) {
        for fault in faults {
            let told = stage.fault(fault)
            #expect(told.contains("\"kind\""), "\(fault): \(told)")
            let result = allocate()
            #expect((Int(result["elapsed_ms"] ?? "") ?? 0) <= 20_000, "\(fault): \(result)")
            endFaults()
            #expect(
                stage.wait(seconds: 40) { openOrders.isEmpty }, "\(fault)\n\(stage.log())")
            _ = stage.wait(seconds: 40) { isReady }
        }
        #expect(counts.values.allSatisfy { $0 == 1 }, "\(counts)")
    }

    func endFaults() {
        _ = stage.program(
            "/usr/bin/env",
            ["curl", "-s", "-X", "DELETE", "http://127.0.0.1:\(adminPort)/paper/faults"])
    }

    private var adminPort: Int { stage.adminPort }

    /// Afterwards runs trade as before, and balances are exact.
    func checkWorks() {
        #expect(
            stage.wait(seconds: 40) {
                !["failed", "unsettled"].contains(allocate()["status"] ?? "failed")
            }, "\(stage.log())")
        checkClean()
    }

    func imbalance(_ result: [String: String]) -> Money {
        result["imbalance_after"].flatMap { Money(text: $0) }?.magnitude ?? .whole(1_000_000)
    }
}

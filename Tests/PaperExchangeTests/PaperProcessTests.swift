import Bounded
import Bytes
import Chronology
import Glibc
import RawPeers
import Testing

@Suite("The paper exchange as a process", .serialized) struct PaperProcessTests {
    private func admin(
        _ process: PaperProcess, _ method: String, _ path: String, body: String = "",
        headers: String = "Host: 127.0.0.1\r\n"
    ) throws -> (status: String, value: JSONValue) {
        let peer = RawPeer(port: process.adminPort)
        peer.send(
            "\(method) \(path) HTTP/1.1\r\n\(headers)Connection: close\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let reply = peer.readToEnd()
        let parts = reply.split(separator: "\r\n\r\n", maxSplits: 1).map(String.init)
        var text = parts.count > 1 ? parts[1] : "null"
        if parts.first?.contains("chunked") == true { text = unchunked(text) }
        return (
            String(parts.first?.prefix(12) ?? ""), try JSONValue.parse(Array(text.utf8))
        )
    }

    private func unchunked(_ text: String) -> String {
        var rest = Array(text.utf8)[...]
        var bytes: [UInt8] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\r")) {
            let size = Int(String(decoding: rest[..<end], as: UTF8.self), radix: 16) ?? 0
            if size == 0 { break }
            rest = rest[(end + 2)...]
            bytes += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("Faults are added, listed and cleared on the admin port, and gone after a restart")
    func faults() async throws {
        try await withDirectory { directory in
            let process = try PaperProcess(directory)
            let added = try admin(
                process, "POST", "/paper/faults",
                body: #"{"kind":"timeout","count":2,"target":{"path":"/fapi/v1/ping"}}"#)
            #expect(added.status.hasSuffix("200"))
            #expect(added.value["faults"]?[0]?["id"]?.integer == 1)
            #expect(ask(process.port, "GET", "/fapi/v1/ping").status.hasPrefix("HTTP/1.1 408"))
            let listed = try admin(process, "GET", "/paper/faults").value["faults"]?[0]
            #expect(listed?["hits"]?.integer == 1)
            #expect(listed?["kind"]?.text == "timeout")
            let wrong = try admin(
                process, "POST", "/paper/faults", body: #"{"kind":"delay","msx":1}"#)
            #expect(wrong.status.hasSuffix("400"))
            #expect(wrong.value["errors"]?.elements?.count == 2)
            let traded = try admin(
                process, "POST", "/paper/faults",
                body: #"{"kind":"liquidate","target":{"exchange":"nowhere"}}"#)
            #expect(traded.status.hasSuffix("400"))
            #expect(try admin(process, "DELETE", "/paper/faults/9").status.hasSuffix("404"))
            #expect(
                try admin(process, "DELETE", "/paper/faults").value["removed"]?.integer == 1)
            _ = try admin(process, "POST", "/paper/faults", body: #"{"kind":"timeout"}"#)
            process.kill()
            let again = try PaperProcess(directory)
            #expect(
                try admin(again, "GET", "/paper/faults").value["faults"]?.elements?.isEmpty == true)
            #expect(again.stop() == 0)
        }
    }

    @Test("The admin port answers no web page and no other host's name")
    func local() throws {
        let process = try PaperProcess(nil)
        for headers in [
            "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n", "Host: evil.example\r\n",
        ] {
            for path in ["/paper/faults", "/paper/truth", "/paper/state"] {
                let reply = try admin(process, "GET", path, headers: headers)
                #expect(reply.status.hasSuffix("403"))
            }
        }
        #expect(process.stop() == 0)
    }

    @Test("The truth tells orders by client id, trades, positions, balances and arrivals")
    func truth() throws {
        let process = try PaperProcess(nil)
        let order = "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.01&newClientOrderId="
        let placed = signed(process.port, "POST", "/fapi/v1/order", order + "t1")
        #expect(placed.status == "HTTP/1.1 200 OK")
        let refused = order.replacing("0.01", with: "0.00001") + "t2"
        _ = signed(process.port, "POST", "/fapi/v1/order", refused)
        let truth = try admin(process, "GET", "/paper/truth").value["exchanges"]?[0]
        #expect(truth?["exchange"]?.text == "futures")
        #expect(truth?["orders"]?[0]?["clientOrderId"]?.text == "t1")
        #expect((truth?["trades"]?.elements?.count ?? 0) >= 1)
        #expect(truth?["positions"]?[0]?["quantity"]?.text == "0.01")
        #expect(truth?["balances"]?[0]?["asset"]?.text == "USDT")
        let arrivals = truth?["arrivals"]?.elements ?? []
        #expect(arrivals.map { $0["clientOrderId"]?.text } == ["t1", "t2"])
        #expect(arrivals.map { $0["accepted"]?.integer } == [1, 0])
        let part = try admin(process, "GET", "/paper/truth?part=trades&exchange=futures")
        #expect(part.value["exchanges"]?[0]?["orders"] == nil)
        #expect(try admin(process, "GET", "/paper/truth?part=x").status.hasSuffix("404"))
        #expect(try admin(process, "GET", "/paper/truth?x=x").status.hasSuffix("400"))
        let state = try admin(process, "GET", "/paper/state").value["exchanges"]?[0]
        #expect(state?["requests"]?.integer == 2)
        #expect(process.stop() == 0)
    }

    @Test("A full disk ends the process with code 1; what it had answered is there afterwards")
    func fullDisk() async throws {
        try await withDirectory { directory in
            // The limit is a little above the largest file there is at the start.
            let first = try PaperProcess(directory)
            #expect(first.stop() == 0)
            var largest = 0
            for name in ["futures", "spot", "mexc"] {
                var file = stat()
                guard unsafe stat("\(directory)/\(name).journal", &file) == 0 else { continue }
                largest = max(largest, Int(file.st_size))
            }
            let process = try PaperProcess(directory, fileBlocks: largest / 1_024 + 128)
            #expect(process.port != 0)
            var answered: [String: Int64] = [:]
            for number in 0..<900 {
                guard let placed = place(process, "f\(number)", killAfter: nil) else { break }
                answered["f\(number)"] = placed
            }
            #expect(process.exitCode() == 1)
            #expect(!answered.isEmpty)
            let again = try PaperProcess(directory)
            var trades: [Int64: String] = [:]
            try check(again, orders: answered, trades: &trades)
            #expect(again.stop() == 0)
        }
    }

    @Test("A damaged journal is refused with the reason, and --fresh keeps it aside")
    func damaged() async throws {
        try await withDirectory { directory in
            let process = try PaperProcess(directory)
            _ = place(process, "d1", killAfter: nil)
            process.kill()
            let path = directory + "/futures.journal"
            let file = unsafe open(path, O_WRONLY)
            var wrong: UInt8 = 0
            _ = unsafe pwrite(file, &wrong, 1, 100)
            close(file)
            let refused = try PaperProcess(directory)
            #expect(refused.port == 0)
            #expect(refused.exitCode() == 1)
            #expect(refused.log.contains("journal line 1: checksum does not match"))
            #expect(refused.log.contains("--fresh"))
            let fresh = try PaperProcess(directory, arguments: ["--fresh"])
            #expect(fresh.port != 0)
            #expect(unsafe access(path + ".1", F_OK) == 0)
            #expect(fresh.stop() == 0)
        }
    }

    @Test("A directory that cannot be written is refused with the reason")
    func unwritable() throws {
        let process = try PaperProcess("/proc/nothing")
        #expect(process.port == 0)
        #expect(process.exitCode() == 1)
        #expect(process.log.contains("cannot make the directory"))
    }

    @Test("Killed at random instants, it comes back with all it answered; no id comes twice")
    func killed() async throws {
        try await withDirectory { directory in
            var random = SplitMix64(seed: 20_26)
            var orders: [String: Int64] = [:]
            var trades: [Int64: String] = [:]
            var number = 0
            for round in 0..<20 {
                let process = try PaperProcess(directory)
                try check(process, orders: orders, trades: &trades)
                let count = 1 + Int(random.next() % 12)
                for turn in 0..<count {
                    number += 1
                    let id = "k\(number)"
                    let isLast = turn == count - 1
                    let delay = isLast ? UInt32(random.next() % 3_000) : nil
                    guard let placed = place(process, id, killAfter: delay) else { continue }
                    #expect(!orders.values.contains(placed), "order id \(placed) came twice")
                    orders[id] = placed
                }
                process.kill()
                #expect(process.port != 0, "round \(round)")
            }
            let process = try PaperProcess(directory)
            try check(process, orders: orders, trades: &trades)
            #expect(orders.count > 60 && trades.count > 60, "something was tested")
            #expect(process.stop() == 0)
        }
    }

    /// Sends a market order, and kills the exchange so many microseconds later where it is to die;
    /// the order's id where it was answered.
    private func place(_ process: PaperProcess, _ id: String, killAfter delay: UInt32?) -> Int64? {
        let side = id.utf8.last.map { $0 % 2 == 0 } ?? true ? "BUY" : "SELL"
        let query =
            "symbol=BTCUSDT&side=\(side)&type=MARKET&quantity=0.002&newOrderRespType=RESULT"
            + "&newClientOrderId=\(id)"
        let full = signature(query)
        let peer = RawPeer(port: process.port)
        peer.send(
            "POST /fapi/v1/order?\(full) HTTP/1.1\r\nHost: x\r\nX-MBX-APIKEY: trade-key\r\n"
                + "Connection: close\r\n\r\n")
        if let delay {
            // Any instant will do: the order is on its way, being carried out, or answered.
            let end = SystemTime().now + .microseconds(Int64(delay))
            while SystemTime().now < end {}
            process.kill()
        }
        let reply = peer.readToEnd()
        guard reply.hasPrefix("HTTP/1.1 200"), let start = reply.firstRange(of: "\r\n\r\n"),
            let value = try? JSONValue.parse(Array(reply[start.upperBound...].utf8))
        else { return nil }
        return value["orderId"]?.integer
    }

    /// Asks for all that was answered before, and takes the trades there are.
    private func check(
        _ process: PaperProcess, orders: [String: Int64], trades: inout [Int64: String]
    ) throws {
        let all = signed(process.port, "GET", "/fapi/v1/allOrders", "symbol=BTCUSDT&limit=1000")
        let listed = try JSONValue.parse(Array(all.body.utf8)).elements ?? []
        for (id, orderID) in orders {
            let found = listed.first { $0["clientOrderId"]?.text == id }
            #expect(found?["orderId"]?.integer == orderID, "\(id) was answered and is gone")
            #expect(found?["status"]?.text == "FILLED")
        }
        #expect(Set(listed.compactMap { $0["orderId"]?.integer }).count == listed.count)
        let told = signed(process.port, "GET", "/fapi/v1/userTrades", "symbol=BTCUSDT&limit=1000")
        let found = try JSONValue.parse(Array(told.body.utf8)).elements ?? []
        let now = Dictionary(
            found.map { ($0["id"]?.integer ?? 0, $0.json) }, uniquingKeysWith: { first, _ in first })
        #expect(now.count == found.count, "a trade id came twice")
        for (id, trade) in trades { #expect(now[id] == trade, "trade \(id) is gone or another") }
        trades = now
        let position = signed(process.port, "GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT")
        let amount = try JSONValue.parse(Array(position.body.utf8))[0]?["positionAmt"]
        let sum = found.reduce(into: Int128(0)) { sum, trade in
            let quantity = trade["qty"]?.decimalUnits ?? 0
            sum += trade["side"]?.text == "BUY" ? quantity : -quantity
        }
        #expect((amount?.decimalUnits ?? 0) == sum, "the position is the sum of the trades")
    }
}

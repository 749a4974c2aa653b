import Bytes
import CFloor
import Chronology
import ExchangeDoor
import Glibc

/// Orders over one kept-alive connection, each next to the same request with a fixed reply.
enum OrderBench {
    static let key = ExchangeKey(key: "bench-key", secret: "bench-secret", role: .trade)

    /// Limits that no benchmark reaches.
    static var limits: RateLimits {
        RateLimits(
            weight: [RateWindow(1_000_000_000, per: 1, .minute)],
            orders: [RateWindow(1_000_000_000, per: 1, .minute)])
    }

    /// Nanoseconds from the first byte sent to the last byte read.
    typealias Samples = (orders: [Int64], fixed: [Int64])

    /// The round in which the order added least, since what disturbs only slows.
    static func quietest(
        orders: UInt16, fixed: UInt16, rounds: Int, count: Int
    ) throws -> Samples {
        var best = try run(orders: orders, fixed: fixed, count: count, round: 0)
        for round in 1..<rounds {
            let samples = try run(orders: orders, fixed: fixed, count: count, round: round)
            if added(samples) < added(best) { best = samples }
        }
        return best
    }

    /// What an order takes longer than the fixed reply, by their medians.
    static func added(_ samples: Samples) -> Int64 {
        median(samples.orders) - median(samples.fixed)
    }

    private static func run(
        orders: UInt16, fixed: UInt16, count: Int, round: Int
    ) throws -> Samples {
        let (first, second) = (floor_connect(orders), floor_connect(fixed))
        defer {
            close(first)
            close(second)
        }
        var samples: Samples = ([], [])
        for number in 0..<count {
            let id = "bench-\(round)-\(number)"
            let order =
                "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.010&price=62000"
                + "&newClientOrderId=\(id)"
            let request = signed("POST", order)
            let time = try ask(first, request)
            let other = try ask(second, request)
            _ = try ask(first, signed("DELETE", "symbol=BTCUSDT&origClientOrderId=\(id)"))
            if number < count / 10 { continue }
            samples.orders.append(time)
            samples.fixed.append(other)
        }
        return samples
    }

    private static func signed(_ method: String, _ parameters: String) -> [UInt8] {
        let query = parameters + "&recvWindow=60000&timestamp=\(SystemTime().wallNow.milliseconds)"
        let signature = HMACSHA256(key: Array(key.secret.utf8)).hexSignature(query: query)
        return Array(
            ("\(method) /fapi/v1/order?\(query)&signature=\(signature) HTTP/1.1\r\n"
                + "Host: 127.0.0.1\r\nX-MBX-APIKEY: \(key.key)\r\n\r\n").utf8)
    }

    private static func ask(_ peer: Int32, _ request: [UInt8]) throws -> Int64 {
        let (time, reply) = Measure.ask(peer, request)
        guard reply.hasPrefix("HTTP/1.1 2") else { throw PaperBenchProblem(description: reply) }
        return time
    }

    static func median(_ samples: [Int64]) -> Int64 {
        var samples = samples
        return unsafe floor_percentile(&samples, samples.count, 500)
    }

    // MARK: the journal's directory

    static func makeDirectory() throws -> String {
        var template = Array("/tmp/pms-bench-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
        }
        guard let made else { throw PaperBenchProblem(description: "no directory under /tmp") }
        return made
    }

    static func removeDirectory(_ directory: String) {
        for name in ["/futures.journal", "/futures.journal.new", "/futures.lock", ""] {
            unsafe remove(directory + name)
        }
    }
}

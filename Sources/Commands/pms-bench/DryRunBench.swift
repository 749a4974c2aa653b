import BusProtocol
import CFloor
import Chronology
import Glibc
import Trading

/// A dry run asked of a real allocator over HTTP, balances and book at hand, beside the bare answer of
/// the same server; with feed, gateway and the paper exchange as processes around it.
let dryRunBenchmark = Benchmark(name: "dry-run") {
    let redis = try HopRedis()
    return try withExtendedLifetime(redis) { try DryRunBench(path: redis.path).figures() }
}

private final class DryRunBench {
    private static let token = "bench"
    private static let rounds = 2_000
    private static let patience = Interval.seconds(20)

    private var programs: [BenchProgram] = []
    private var socket: Int32 = -1
    private let clock = SystemTime()

    init(path: String) throws {
        let port = 20_000 + Int(getpid()) % 10_000
        let exchange = "127.0.0.1:\(port + 2)/mexc"
        for (name, value) in [
            "PMS_REDIS_URL": "unix://\(path)", "PMS_HTTP_PORT": "0",
            "PMS_HTTP_PORT_ALLOCATOR": "\(port)", "PMS_HTTP_TOKEN": DryRunBench.token,
            "PMS_LOG_LEVEL": "error", "PMS_INSTANCE": "bench", "PMS_VENUE": "spot",
            "PMS_VENUE_KIND": "mexc-spot", "PMS_PAPER_PORT": "\(port + 2)",
            "PMS_VENUE_REST_URL": "http://\(exchange)", "PMS_VENUE_WS_URL": "ws://\(exchange)",
            "PMS_PAPER_API_KEY": "k", "PMS_PAPER_API_SECRET": "s", "PMS_API_KEY": "k",
            "PMS_API_SECRET": "s", "PMS_PAPER_MEXC_BALANCES": "USDT=30000,QRL=93300",
        ] {
            unsafe setenv(name, value, 1)
        }
        for name in ["paper-exchange", "price-feed", "order-gateway", "allocator"] {
            programs.append(try BenchProgram(beside: name))
        }
        let end = clock.now + DryRunBench.patience
        while clock.now < end {
            if socket < 0 { socket = floor_connect(UInt16(port)) }
            if socket >= 0, (try? plan()) != nil { return }
            poll(nil, 0, 20)
        }
        throw HopProblem(description: "the allocator plans nothing")
    }

    deinit { if socket >= 0 { close(socket) } }

    func figures() throws -> [Figure] {
        var own: [Int64] = []
        var bare: [Int64] = []
        let end = clock.now + DryRunBench.patience
        for round in 0..<DryRunBench.rounds where clock.now < end {
            let time = try plan()
            let floor = Measure.ask(
                socket, Array("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8)).time
            if round < 100 { continue }
            own.append(time)
            bare.append(floor)
        }
        return LoopMeasure.distribution("allocator.dry-run", own, floor: bare)
    }

    private func plan() throws -> Int64 {
        let request = Array(
            ("POST /tasks/allocation?dry_run=1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n"
                + "Authorization: Bearer \(DryRunBench.token)\r\n\r\n").utf8)
        let (time, reply) = Measure.ask(socket, request)
        guard reply.contains("\"status\":\"planned\"") else {
            throw HopProblem(description: String(reply.prefix(300)))
        }
        return time
    }
}

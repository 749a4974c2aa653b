import BusProtocol
import Bytes
import Chronology
import Glibc
import Reactor
import RedisLink
import Trading
import WebLink

/// A spot venue with feed, gateway and allocator as processes, and what the exchange's operator knows.
@LoopActor final class AllocatorFaultsWorld {
    /// Which venue, and how slices are traded on it.
    struct Setting: Sendable {
        let name: String
        let kind: String
        /// As the exchange is named to its operator.
        let exchange: String
        let path: String
        let balances: String
        let shortCode: Int
        let knobs: [String: String]

        static let all = [
            Setting(
                name: "mexc", kind: "mexc-spot", exchange: "mexc", path: "/mexc",
                balances: "PMS_PAPER_MEXC_BALANCES", shortCode: 30_004,
                knobs: ["EXECUTION_MODE": "IMMEDIATE_OR_CANCEL", "MAX_SLICES": "2"]),
            Setting(
                name: "binance", kind: "binance-spot", exchange: "spot", path: "/spot",
                balances: "PMS_PAPER_SPOT_BALANCES", shortCode: -2_010,
                knobs: [
                    "EXECUTION_MODE": "SHORT_LIVED_MAKER", "MAX_SLICES": "1",
                    "ORDER_TTL_SECONDS": "5",
                ]),
        ]
    }

    static let symbol = "QRLUSDT"
    static let timeout: Int64 = 14
    private static let token = "bench"
    /// More than all runs trade: what is heavier stays so.
    static let begin = (base: Quantity.whole(933_000), quote: Money.whole(300_000))

    let setting: Setting
    let keys: BusKeys
    private let loop = EventLoop.process
    private var programs: [String: BenchProgram] = [:]
    private let client: WebClient
    private let redis: RedisClient
    private let port: Int

    init(_ setting: Setting, redis path: String) throws {
        self.setting = setting
        let port = 20_000 + Int(getpid()) % 8_000
        self.port = port
        let exchange = "127.0.0.1:\(port + 2)\(setting.path)"
        let variables = [
            "PMS_REDIS_URL": "unix://\(path)", "PMS_HTTP_PORT": "0",
            "PMS_HTTP_PORT_ALLOCATOR": "\(port)", "PMS_HTTP_PORT_PAPER_EXCHANGE": "\(port + 1)",
            "PMS_HTTP_TOKEN": AllocatorFaultsWorld.token,
            "PMS_INSTANCE": "bench", "PMS_VENUE": setting.kind, "PMS_VENUE_KIND": setting.kind,
            "PMS_PAPER_PORT": "\(port + 2)", "PMS_VENUE_REST_URL": "http://\(exchange)",
            "PMS_VENUE_WS_URL": "ws://\(exchange)", "PMS_PAPER_API_KEY": "k",
            "PMS_PAPER_API_SECRET": "s", "PMS_API_KEY": "k", "PMS_API_SECRET": "s",
            setting.balances:
                "USDT=\(AllocatorFaultsWorld.begin.quote),QRL=\(AllocatorFaultsWorld.begin.base)",
            "TASK_TIMEOUT_SECONDS": "\(AllocatorFaultsWorld.timeout)", "MAX_SLICE_NOTIONAL": "60",
        ].merging(setting.knobs) { _, new in new }
        for (name, value) in variables { unsafe setenv(name, value, 1) }
        // Whoever wants to read along says so.
        unsafe setenv("PMS_LOG_LEVEL", "error", 0)
        guard let venue = VenueID(setting.kind) else {
            throw HopProblem(description: "\(setting.kind) is a venue's name")
        }
        keys = BusKeys(venue: venue)
        redis = RedisClient(
            loop: loop, endpoint: try RedisEndpoint(url: "unix://\(path)"), name: "bench",
            jitterSeed: 1)
        client = WebClient(loop: loop)
        for name in ["paper-exchange", "price-feed", "order-gateway", "allocator"] {
            try start(name)
        }
        redis.start()
    }

    func start(_ name: String) throws { programs[name] = try BenchProgram(beside: name) }

    /// Ends a program without a word (SIGKILL).
    func kill(_ name: String) { programs[name] = nil }

    func close() {
        client.close()
        redis.close()
    }

    var now: Instant { loop.now }

    func pause(_ interval: Interval) async {
        await withCheckedContinuation { continuation in
            loop.timer { continuation.resume() }.arm(after: interval)
        }
    }

    /// Asks again until it is so; how long that took, or nil where patience ended before.
    func wait(_ patience: Interval, _ isSo: () async -> Bool) async -> Interval? {
        let start = loop.now
        while loop.now - start < patience {
            if await isSo() { return loop.now - start }
            await pause(.milliseconds(100))
        }
        return nil
    }

    // MARK: the allocator

    /// One run to its end: its record, or why there was none.
    func run() async -> (fields: [String: String], refusal: String) {
        let request = WebRequest(
            method: WebRequest.post, url: "http://127.0.0.1:\(port)/tasks/allocation?wait=1",
            headers: [("Authorization", "Bearer \(AllocatorFaultsWorld.token)")],
            deadline: .seconds(AllocatorFaultsWorld.timeout + 10))
        switch await client.send(request) {
        case .response(let response):
            let fields = AllocatorFaultsWorld.fields(try? JSONValue.parse(response.body))
            if response.status == 200 { return (fields, "") }
            return ([:], "\(response.status) \(fields["error"] ?? "")")
        case .notSent(let error), .unknown(let error): return ([:], error.message)
        }
    }

    /// Asks for a run and does not wait for it.
    func begin() async { _ = await answer(WebRequest.post, "/tasks/allocation") }

    /// Whether the allocator is ready and no run goes on.
    func isIdle() async -> Bool {
        guard await answer(WebRequest.get, "/readyz")?.status == 200,
            let last = await answer(WebRequest.get, "/tasks/allocation")
        else { return false }
        return last.fields["status"] != AllocationRecord.running
    }

    private func answer(
        _ method: String, _ path: String
    ) async -> (status: Int, fields: [String: String])? {
        let request = WebRequest(
            method: method, url: "http://127.0.0.1:\(port)\(path)",
            headers: [("Authorization", "Bearer \(AllocatorFaultsWorld.token)")],
            deadline: .seconds(5))
        guard case .response(let response) = await client.send(request) else { return nil }
        return (response.status, AllocatorFaultsWorld.fields(try? JSONValue.parse(response.body)))
    }

    private static func fields(_ value: JSONValue?) -> [String: String] {
        Dictionary((value?.members ?? []).map { ($0.key, $0.value.text ?? "") }) { _, last in last }
    }

    // MARK: the exchange's operator

    /// Asks for a fault; its number, or what it was refused with.
    func fault(_ body: String) async -> Result<String, HopProblem> {
        let answer = await operatorAnswer(WebRequest.post, "/paper/faults", Array(body.utf8))
        guard let answer, answer.status == 200,
            let first = answer.value?["faults"]?.elements?.first, let id = first["id"]?.integer
        else { return .failure(HopProblem(description: answer?.text ?? "no answer")) }
        return .success("\(id)")
    }

    /// How often each fault that is still in force has struck.
    func strikes() async -> [String: Int] {
        let answer = await operatorAnswer(WebRequest.get, "/paper/faults")
        var strikes: [String: Int] = [:]
        for fault in answer?.value?["faults"]?.elements ?? [] {
            guard let id = fault["id"]?.integer else { continue }
            strikes["\(id)"] = Int(fault["hits"]?.integer ?? 0)
        }
        return strikes
    }

    func endFaults() async { _ = await operatorAnswer("DELETE", "/paper/faults") }

    /// A part of what the exchange knows; nil where it does not answer.
    func truth(_ part: String) async -> [JSONValue]? {
        let path = "/paper/truth?exchange=\(setting.exchange)&part=\(part)"
        let answer = await operatorAnswer(WebRequest.get, path)
        return answer?.value?["exchanges"]?.elements?.first?[part]?.elements
    }

    private func operatorAnswer(
        _ method: String, _ path: String, _ body: [UInt8] = []
    ) async -> (status: Int, value: JSONValue?, text: String)? {
        let request = WebRequest(
            method: method, url: "http://127.0.0.1:\(port + 1)\(path)", body: body,
            deadline: .seconds(10))
        guard case .response(let response) = await client.send(request) else { return nil }
        return (response.status, try? JSONValue.parse(response.body), response.text)
    }

    // MARK: Redis

    /// What the history says that was executed, by runs and by slices, and the runs that it leaves open;
    /// of lines about the same the newest counts.
    struct History {
        var runs = Quantity.zero
        var slices = Quantity.zero
        var open: [String] = []
    }

    func history() async -> History? {
        let lines = await redis.send(["XREVRANGE", keys.allocations, "+", "-"]).value?.elements
        guard let lines else { return nil }
        var history = History()
        var seen: Set<String> = []
        for fields in lines.compactMap({ $0.elements?.last?.fields }) {
            let run = fields["run"] ?? ""
            guard seen.insert("\(run) \(fields["slice"] ?? "")").inserted else { continue }
            func amount(_ name: String) -> Quantity { Quantity(text: fields[name] ?? "") ?? .zero }
            if fields["kind"] == "slice" {
                history.slices += amount("executed")
            } else {
                history.runs += amount("filled")
                if AllocationRecord.isOpen(fields) { history.open.append(run) }
            }
        }
        return history
    }

    func hash(_ key: String) async -> [String: String] {
        await redis.send(["HGETALL", key]).value?.fields ?? [:]
    }
}

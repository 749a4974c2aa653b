import CFloor
import Glibc
import Runtime

/// Publish to receipt between two processes over a Redis of its own, against the same in plain C.
///
/// Batches of both alternate, so that whatever else the machine does falls on both alike.
let hopBenchmark = Benchmark(name: "hop") {
    let redis = try HopRedis()
    let plan = HopPlan(batch: 100, batches: 110, warm: 10)
    let floor = try HopPair(kind: "c", redis, plan)
    let own = try HopPair(kind: "swift", redis, plan)
    try withExtendedLifetime(redis) {
        for _ in 0..<plan.batches {
            try floor.runBatch()
            try own.runBatch()
        }
    }
    let (base, result) = (try floor.finish(), try own.finish())
    return [
        Figure("hop.p50", result.median, "us", floor: base.median),
        Figure("hop.p99", result.tail, "us", floor: base.tail),
        Figure("hop.publisher.allocations", result.publishing, "per message"),
        Figure("hop.subscriber.allocations", result.receiving, "per message"),
        Figure("hop.c.publisher.allocations", base.publishing, "per message"),
        Figure("hop.c.subscriber.allocations", base.receiving, "per message"),
    ]
}

/// How many messages, in how many batches, and how far apart.
struct HopPlan {
    let batch: Int32
    let batches: Int32
    /// Batches before the measurement begins.
    let warm: Int32
    /// Nanoseconds between messages: each finds everyone asleep, as a tick does.
    var interval: Int64 = 300_000

    var measured: Double { Double(batch * (batches - warm)) }
}

/// What went wrong with a benchmark's process.
struct HopProblem: Error, CustomStringConvertible {
    let description: String
}

/// A redis-server on a unix socket in a directory of its own, gone with the instance.
final class HopRedis {
    let path: String
    private let directory: String
    let processID: Int32

    /// - Parameter keepsFile: whether every change goes to a file too, synchronised each second.
    init(keepsFile: Bool = false) throws {
        var template = Array("/tmp/pms-bench-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw HopProblem(description: "no directory: errno \(errno)")
        }
        directory = String(
            decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = directory + "/redis.sock"
        processID = unsafe BenchProgram.start(
            [
                "redis-server", "--port", "0", "--unixsocket", path, "--dir", directory,
                "--save", "", "--appendonly", keepsFile ? "yes" : "no", "--appendfsync",
                "everysec", "--logfile", directory + "/log",
            ], nil, nil)
        for _ in 0..<2_000 {
            if unsafe floor_redis_answers(path) == 1 { return }
            poll(nil, 0, 2)
        }
        throw HopProblem(description: "redis-server does not answer")
    }

    deinit {
        floor_end(processID, 1)
        let files = LineFile.paths(matching: directory + "/appendonlydir/*")
        for name in files + ["redis.sock", "log"].map({ directory + "/" + $0 }) {
            unsafe unlink(name)
        }
        unsafe rmdir(directory + "/appendonlydir")
        unsafe rmdir(directory)
    }
}

/// A publisher and a subscriber, each a process of its own.
final class HopPair {
    private let plan: HopPlan
    private let publisher: BenchProgram
    private let subscriber: BenchProgram

    init(kind: String, _ redis: HopRedis, _ plan: HopPlan) throws {
        self.plan = plan
        let numbers = [plan.batch, plan.batches, plan.warm].map { "\($0)" } + ["\(plan.interval)"]
        subscriber = BenchProgram(["--role", "hop-\(kind)-subscriber", redis.path] + numbers)
        try subscriber.expect("r")
        publisher = BenchProgram(["--role", "hop-\(kind)-publisher", redis.path] + numbers)
        try publisher.expect("r")
    }

    func runBatch() throws {
        publisher.go()
        try publisher.expect("d")
        try subscriber.expect("d")
    }

    /// Microseconds, and allocations a message.
    func finish() throws -> (
        median: Double, tail: Double, publishing: Double, receiving: Double
    ) {
        let (times, sent) = (try subscriber.numbers(3), try publisher.numbers(1))
        return (
            times[0] / 1_000, times[1] / 1_000, sent[0] / plan.measured, times[2] / plan.measured
        )
    }
}

/// This program again, in another role, spoken to over pipes.
final class BenchProgram {
    let processID: Int32
    private var input: Int32 = -1
    private var output: Int32 = -1

    init(_ arguments: [String]) {
        processID = unsafe BenchProgram.start(["/proc/self/exe"] + arguments, &input, &output)
    }

    /// Another program.
    init(program arguments: [String]) {
        processID = unsafe BenchProgram.start(arguments, &input, &output)
    }

    /// A program that lies beside this one.
    convenience init(beside name: String) throws {
        var link = [CChar](repeating: 0, count: 4_096)
        let length = unsafe readlink("/proc/self/exe", &link, 4_095)
        let bytes = link.prefix(max(0, length)).map { UInt8(bitPattern: $0) }
        let own = String(decoding: bytes, as: UTF8.self)
        let path = "/" + (own.split(separator: "/").dropLast() + [Substring(name)])
            .joined(separator: "/")
        guard unsafe access(path, X_OK) == 0 else {
            throw HopProblem(description: "no \(path): build \(name) too")
        }
        self.init(program: [path])
    }

    deinit {
        close(input)
        close(output)
        floor_end(processID, 1)
    }

    func go() {
        var byte = UInt8(ascii: "g")
        _ = unsafe write(input, &byte, 1)
    }

    func expect(_ character: Unicode.Scalar) throws {
        var byte: UInt8 = 0
        guard unsafe read(output, &byte, 1) == 1, byte == UInt8(ascii: character) else {
            throw HopProblem(description: "a role of the hop ended early")
        }
    }

    func numbers(_ count: Int) throws -> [Double] {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while unsafe read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
        let numbers = String(decoding: text, as: UTF8.self).split(separator: " ").compactMap {
            Double($0)
        }
        guard numbers.count == count else {
            throw HopProblem(description: "a role of the hop gave no result")
        }
        return numbers
    }

    static func start(
        _ arguments: [String], _ input: UnsafeMutablePointer<Int32>?,
        _ output: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        let list = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe list.forEach { unsafe free($0) } }
        return unsafe floor_start(list, input, output)
    }
}

import BusProtocol
import CFloor
import Chronology
import Glibc
import Trading

/// The gateway's own part in memory: a tick to the signed request's bytes, events a second, and what a day
/// of orders leaves behind.
let gatewayBenchmark = Benchmark(name: "gateway") { try OrderGatewayBench.figures() }

/// What `gatewayBenchmark` measures.
enum OrderGatewayBench {
    static func figures() throws -> [Figure] {
        let own = try ownPart()
        let rate = try events()
        return [
            Figure("gateway.tick-to-bytes.p50", Double(own.median) / 1_000, "us"),
            Figure("gateway.tick-to-bytes.p99", Double(own.tail) / 1_000, "us"),
            Figure("gateway.tick-to-bytes.allocations", own.allocations, "per order"),
            Figure("gateway.events", rate, "events/s"),
            Figure("gateway.resident-10000", try resident(), "MB"),
        ]
    }

    private static func tick(_ number: Int) -> Tick {
        Tick(
            sequence: Int64(number), bid: .whole(61_800 + Int64(number % 10)),
            bidQuantity: .one, ask: .whole(61_811), askQuantity: .one, mark: .whole(61_800),
            index: .whole(61_800), bookTime: 1_723_161_256_314, markTime: 1_723_161_256_314,
            publishTime: 1_723_161_256_314)
    }

    private static func ownPart() throws -> (median: Int64, tail: Int64, allocations: Double) {
        let clock = SystemTime()
        var gateway = BenchGateway(now: clock.now, wall: clock.wallNow)
        let path = BenchOrderPath()
        let count = 5_000
        var samples: [Int64] = []
        samples.reserveCapacity(count)
        var allocations: UInt64 = 0
        for number in 0..<count + count / 10 {
            let wall = clock.wallNow
            let before = floor_allocations()
            let start = clock.now
            guard let record = gateway.order(tick(number), now: start, wall: wall),
                let intent = gateway.saved(
                    record.intent.clientOrderID, now: start, wall: wall)
            else { throw OrderPathProblem(description: "the desk refused an order") }
            let signed = path.signed(intent, timestamp: wall.milliseconds)
            let time = (clock.now - start).nanoseconds
            Measure.sink(signed)
            let made = floor_allocations() - before
            gateway.ended(intent.clientOrderID, now: clock.now, wall: wall)
            if number < count / 10 { continue }
            allocations += made
            samples.append(time)
        }
        return (
            unsafe floor_percentile(&samples, samples.count, 500),
            unsafe floor_percentile(&samples, samples.count, 990),
            Double(allocations) / Double(count)
        )
    }

    /// Whole lives of orders, with all that Redis and the venue answer: events of all kinds a second.
    private static func events() throws -> Double {
        let clock = SystemTime()
        var gateway = BenchGateway(now: clock.now, wall: clock.wallNow)
        let before = gateway.events
        let start = clock.now
        try live(&gateway, orders: 4_000)
        let seconds = Double((clock.now - start).nanoseconds) / 1e9
        guard gateway.workingCount == 0 else {
            throw OrderPathProblem(description: "orders were left behind")
        }
        return Double(gateway.events - before) / seconds
    }

    private static func live(_ gateway: inout BenchGateway, orders: Int) throws {
        let clock = SystemTime()
        for number in 0..<orders {
            let (now, wall) = (clock.now, clock.wallNow)
            guard let record = gateway.order(tick(number), now: now, wall: wall),
                let intent = gateway.saved(record.intent.clientOrderID, now: now, wall: wall)
            else { throw OrderPathProblem(description: "the desk refused an order") }
            gateway.filled(intent.clientOrderID, trade: Int64(number + 1), now: now, wall: wall)
        }
    }

    // MARK: memory

    /// What a process holds after a day's 10,000 orders; in one of its own, as nothing else should count.
    private static func resident() throws -> Double {
        let day = BenchProgram(["--role", "order-day"])
        return try day.numbers(1)[0] * 1_024 / 1e6
    }

    static func day(_ arguments: [String]) -> Int32 {
        let clock = SystemTime()
        var gateway = BenchGateway(now: clock.now, wall: clock.wallNow)
        guard (try? live(&gateway, orders: 10_000)) != nil else { return 1 }
        HopRole.say("\(floor_resident_kilobytes())\n")
        Measure.sink(gateway)
        return 0
    }
}

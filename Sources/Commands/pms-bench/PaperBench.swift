import CFloor
import Chronology
import ExchangeDoor
import FuturesExchange
import Glibc
import PaperExchangeService
import Reactor

/// The paper exchange: market data to many sockets, and an order next to a fixed reply.
let paperBenchmark = Benchmark(name: "paper") { try fanOutFigures() + orderFigures() }

/// What went wrong, so that the figures would not mean what they say.
struct PaperBenchProblem: Error, CustomStringConvertible {
    let description: String
}

/// An exchange served on a free loopback port of the loop.
@LoopActor final class ServedExchange {
    let server: PaperServer
    let house: House
    let port: UInt16

    init(_ exchange: any Exchange, journal: JournalFile? = nil) throws {
        house = House(exchange, journal: journal)
        server = PaperServer(loop: .process, houses: [house]) { error in
            preconditionFailure("the journal of a benchmark cannot be written: \(error)")
        }
        port = try server.start(address: "127.0.0.1", port: 0)
    }
}

// MARK: fan-out

/// The exchange whose sockets are counted, on the loop.
@LoopActor private final class FanOutMeasure {
    struct Reading: Sendable {
        let at: Instant
        let events: Int
        let cpu: Int64
    }

    private let exchange: FanOutExchange
    private let host: ServedExchange
    let port: UInt16

    init(symbols: Int, eventsPerSecond: Int) throws {
        exchange = FanOutExchange(symbols: symbols, eventsPerSecond: eventsPerSecond)
        host = try ServedExchange(exchange)
        port = host.port
    }

    private var reading: Reading {
        Reading(
            at: EventLoop.process.now, events: exchange.events, cpu: floor_thread_nanoseconds())
    }

    func start() -> Reading {
        exchange.start(EventLoop.process.now)
        return reading
    }

    func stop() -> Reading {
        exchange.stop()
        return reading
    }

    var behind: Int { exchange.behind(EventLoop.process.now) }
    var cut: UInt64 { host.house.counts.socketsCut }
    func close() { host.server.stop() }
}

/// 200 symbols, 100 sockets with all of them, 50,000 frames a second in total for four seconds.
private func fanOutFigures() throws -> [Figure] {
    let (symbols, sockets, rate, seconds) = (200, 100, 50_000, 4)
    let made = LoopMeasure.onLoop {
        try? FanOutMeasure(symbols: symbols, eventsPerSecond: rate / sockets)
    }
    guard let measure = made else { throw PaperBenchProblem(description: "no port") }
    let port = LoopMeasure.onLoop { measure.port }
    let peers = try (0..<sockets).map { _ in try FanOutExchange.subscribe(port, symbols) }
    let drain = unsafe floor_drain_start(peers, peers.count)
    let clock = SystemTime()
    let start = LoopMeasure.onLoop { measure.start() }
    var worst = 0
    while clock.now - start.at < .seconds(Int64(seconds)) {
        rest(milliseconds: 20)
        worst = max(worst, LoopMeasure.onLoop { measure.behind })
    }
    let end = LoopMeasure.onLoop { measure.stop() }
    let sent = (end.events - start.events) * sockets
    let cpu = Double(end.cpu - start.cpu)
    let cut = LoopMeasure.onLoop { measure.cut }
    rest(milliseconds: 200)
    let received = unsafe floor_drain_bytes(drain)
    unsafe floor_drain_end(drain)
    for peer in peers { close(peer) }
    LoopMeasure.onLoop { measure.close() }
    let bytes = Int(received) / max(1, sent)
    guard cut == 0, bytes >= FanOutExchange.frameBytes else {
        throw PaperBenchProblem(description: "sockets cut: \(cut), bytes a frame: \(bytes)")
    }
    let floor = floor_fan_out(Int32(sockets), 400, 3, Int32(bytes), 5_000_000)
    return [
        Figure("paper.fan-out.rate", Double(sent) / Double(seconds), "frames/s"),
        Figure("paper.fan-out.core", cpu / Double(seconds) / 1e7, "% of core"),
        Figure("paper.fan-out.frame", cpu / Double(sent), "ns", floor: floor),
        Figure("paper.fan-out.capacity", 1e9 * Double(sent) / cpu, "frames/s", floor: 1e9 / floor),
        Figure("paper.fan-out.behind", Double(worst) / 1e6, "ms"),
    ]
}

private func rest(milliseconds: Int) {
    var pause = timespec(tv_sec: 0, tv_nsec: milliseconds * 1_000_000)
    unsafe nanosleep(&pause, nil)
}

// MARK: orders

/// A LIMIT order that rests, on file before it is answered, against a fixed reply of as many bytes.
private func orderFigures() throws -> [Figure] {
    let directory = try OrderBench.makeDirectory()
    defer { OrderBench.removeDirectory(directory) }
    let served = LoopMeasure.onLoop { () -> (UInt16, UInt16, [ServedExchange])? in
        var settings = FuturesSettings()
        settings.keys = [OrderBench.key]
        settings.limits.rates = OrderBench.limits
        let venue = FuturesVenue(FuturesDesk(settings))
        let file = try? JournalFile(directory: directory, name: venue.name)
        guard let file, let first = try? ServedExchange(venue, journal: file),
            let second = try? ServedExchange(FixedExchange())
        else { return nil }
        return (first.port, second.port, [first, second])
    }
    guard let (orders, fixed, hosts) = served else {
        throw PaperBenchProblem(description: "no port or no journal")
    }
    let result = try OrderBench.quietest(orders: orders, fixed: fixed, rounds: 4, count: 2_000)
    LoopMeasure.onLoop { for host in hosts { host.server.stop() } }
    let added = OrderBench.added(result)
    return LoopMeasure.distribution("paper.order", result.orders, floor: result.fixed)
        + [Figure("paper.order.added", Double(added) / 1_000, "us")]
}

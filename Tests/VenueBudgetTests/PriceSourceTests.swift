import BusProtocol
import Bytes
import Chronology
import Quotes
import Reactor
import RedisLink
import RedisServerSupport
import Runtime
import Testing
import Throttles
import Trading
import VenueBudget
import VenueProtocol
import WebLink
import WebProtocol
import WebServer

@testable import PriceSource

/// A venue's REST interface with fixed prices, which counts what it is asked.
@LoopActor private final class ScriptedVenue {
    let server: WebServer
    let port: UInt16
    private let counts = Counts()

    @LoopActor final class Counts {
        var one = 0
        var all = 0
    }

    var single: Int { counts.one }
    var all: Int { counts.all }

    init() throws {
        let counts = counts
        var router = Router()
        func answer(_ path: String, _ row: @escaping @Sendable (String) -> String) {
            router.add("GET", path) { request, exchange in
                let fields = try? FormFields(request.query)
                if let name = fields?["symbol"] {
                    counts.one += 1
                    exchange.respond(status: 200, text: row(name))
                } else {
                    counts.all += 1
                    let names = ["AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT"]
                    let rows = names.map(row).joined(separator: ",")
                    exchange.respond(status: 200, text: "[{\"symbol\":7},\(rows)]")
                }
            }
        }
        answer("/fapi/v1/ticker/bookTicker") {
            "{\"symbol\":\"\($0)\",\"bidPrice\":\"10.5\",\"bidQty\":\"1\",\"askPrice\":\"10.6\","
                + "\"askQty\":\"2\",\"time\":1}"
        }
        answer("/fapi/v1/premiumIndex") {
            "{\"symbol\":\"\($0)\",\"markPrice\":\"10.55\",\"indexPrice\":\"10.54\",\"time\":1}"
        }
        server = WebServer(loop: .process, router: router)
        port = try server.listen(address: "127.0.0.1", port: 0)
    }
}

/// The cascade against a real Redis and a venue of fixed prices.
@Suite("Price source", .serialized)
struct PriceSourceTests {
    private let redis = RedisServer()

    init() { EventLoop.process.runInBackground() }

    @LoopActor private func source(_ venue: ScriptedVenue) async -> (PriceSource, ServiceHost) {
        let host = await redis.host("one", venuePort: venue.port)
        let budget = VenueBudget(VenueKind.binanceFutures.limits, host: host)
        let reader = VenueReader(host: host, web: WebClient(loop: host.loop), budget: budget)
        return (PriceSource(host: host, venue: .binanceFutures, reader: reader), host)
    }

    @LoopActor private func ask(
        _ source: PriceSource, _ names: [String]
    ) async -> [Result<PriceAnswer, PriceUnavailable>] {
        await withCheckedContinuation { continuation in
            var answers: [(Int, Result<PriceAnswer, PriceUnavailable>)] = []
            for (place, name) in names.enumerated() {
                source.price(of: Symbol(name)!) { result in
                    answers.append((place, result))
                    guard answers.count == names.count else { return }
                    continuation.resume(returning: answers.sorted { $0.0 < $1.0 }.map(\.1))
                }
            }
        }
    }

    @Test("B3a: without a feed the venue is asked; callers for one symbol share one call of each kind")
    @LoopActor func shared() async throws {
        let venue = try ScriptedVenue()
        let (source, _) = await source(venue)
        let answers = await ask(source, Array(repeating: "AUSDT", count: 20))
        for answer in answers {
            let found = try answer.get()
            #expect(found.origin == .rest && found.age < .seconds(5))
            #expect(found.price.mid == Price(text: "10.55") && found.price.mark == Price(text: "10.55"))
        }
        // A book and a mark.
        #expect(venue.single == 2 && venue.all == 0)
        let again = try await source.price(of: Symbol("AUSDT")!)
        #expect(again.origin == .cache && venue.single == 2)
    }

    @Test("B3a: more than a few symbols at once are asked for together; one not listed has a reason")
    @LoopActor func together() async throws {
        let venue = try ScriptedVenue()
        let (source, _) = await source(venue)
        let answers = await ask(source, ["AUSDT", "BUSDT", "CUSDT", "DUSDT", "GONEUSDT"])
        #expect(answers.prefix(4).allSatisfy { (try? $0.get())?.origin == .rest })
        #expect(throws: PriceUnavailable.self) { _ = try answers[4].get() }
        #expect(venue.all == 2 && venue.single == 0)
    }

    @Test("B3a: what the venue is asked is spent of the budget of all; a ban leaves a reason")
    @LoopActor func budget() async throws {
        let venue = try ScriptedVenue()
        let (source, host) = await source(venue)
        _ = await ask(source, ["AUSDT"])
        let spent = await host.redis.send(["HGET", host.keys.budget("weight-60s"), "spent"])
        #expect((spent.value?.int ?? 0) >= 3)
        source.reader.budget.banned(for: .seconds(60))
        let answers = await ask(source, ["BUSDT"])
        #expect(throws: PriceUnavailable.self) { _ = try answers[0].get() }
        #expect(venue.single == 2)
    }
}

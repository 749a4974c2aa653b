import BusProtocol
import Chronology
import OrderGatewayService
import Testing
import Trading
import VenueBudget
import VenueProtocol

@Suite("Rehearsals of the order path")
struct RehearsalTests {
    @Test("an order comes to its end at the rehearsal's own desk, time after time, for each venue")
    func runs() throws {
        let credentials = try #require(VenueCredentials(key: "k", secret: "s"))
        let keys = BusKeys(venue: try #require(VenueID("usdm")))
        for kind in VenueKind.allCases {
            var (now, wall) = (Instant(nanoseconds: 1), WallTime(milliseconds: 1_700_000_000_000))
            let signer = RequestSigner(credentials, venue: kind)
            let prepared = OrderRehearsal(
                keys: keys, dialect: kind.dialect,
                requests: VenueRequests(base: "http://127.0.0.1:1", signer: signer),
                limits: kind.limits, now: now, wall: wall)
            let rehearsal = try #require(prepared)
            // More than one desk takes, and longer than anything an order waits for.
            for _ in 0..<450 {
                now = now + .milliseconds(50)
                wall = wall + .milliseconds(50)
                let isOver = rehearsal.run(now: now, wall: wall)
                #expect(isOver)
            }
        }
    }
}

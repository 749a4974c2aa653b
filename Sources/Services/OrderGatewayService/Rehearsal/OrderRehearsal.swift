import Bytes
package import BusProtocol
package import Chronology
import Trading
package import VenueBudget
package import VenueProtocol
import WebLink

/// An order from its command's bytes to its request's, at a desk of its own: nothing of it leaves.
///
/// Code and memory that were not used for a millisecond are no longer near the processor: the first order
/// after a pause takes ten times as long as one in a row. A gateway that rehearses while it has nothing
/// to do is as fast then as in a row.
package struct OrderRehearsal {
    /// Orders of one desk; then another takes its place, so that what it remembers stays small.
    private static let ordersOfDesk = 100

    private var desk: RehearsalDesk
    private var number = 0
    private let dialect: any VenueDialect
    private let requests: VenueRequests
    private let keys: BusKeys
    /// What came of the last one, so that it is made.
    private var last: (call: ScriptCall, request: WebRequest)?

    /// Nil where the desk does not come to lead.
    package init?(
        keys: BusKeys, dialect: any VenueDialect, requests: VenueRequests, now: Instant,
        wall: WallTime
    ) {
        guard let desk = RehearsalDesk(now: now, wall: wall) else { return nil }
        self.desk = desk
        self.keys = keys
        self.dialect = dialect
        self.requests = requests
    }

    /// Rehearses one order; true where it came to its end.
    package mutating func run(now: Instant, wall: WallTime) -> Bool {
        number += 1
        if number % OrderRehearsal.ordersOfDesk == 0 {
            guard let next = RehearsalDesk(now: now, wall: wall) else { return false }
            desk = next
        }
        let bid = Price.whole(61_800)
        guard let command = command(wall),
            let record = desk.place(.command(command), bid: bid, ask: .whole(61_811), now, wall),
            let intent = desk.saved(record.intent.clientOrderID, now, wall),
            let asked = try? dialect.placeOrder(intent)
        else { return false }
        let call = OrderScript.call(
            record, isDone: false, keys: keys, fenceName: GatewayStore.fenceName, fence: 1)
        let request = requests.request(
            asked, timestamp: wall.milliseconds, deadline: .seconds(5))
        last = (call, request)
        desk.ended(intent.clientOrderID, now, wall)
        return desk.workingCount == 0
    }

    /// A command as it comes over the bus.
    private func command(_ wall: WallTime) -> Command? {
        let bytes = Command(
            id: "rehearsal-\(number)", from: "rehearsal",
            deadlineMilliseconds: wall.milliseconds + 2_000, kind: CommandKind.orderPlace.rawValue,
            body: [
                "account": RehearsalDesk.account.name, "symbol": RehearsalDesk.symbol.name,
                "type": "LIMIT", "tif": "GTC", "side": "BUY", "qty": "0.002", "price": "61800",
            ]
        ).encoded()
        return try? Command.decode(bytes.rawSpan)
    }
}

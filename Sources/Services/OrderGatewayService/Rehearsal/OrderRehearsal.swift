import Bounded
import Bytes
package import BusProtocol
package import Chronology
import RedisLink
package import Throttles
import Trading
package import VenueBudget
package import VenueProtocol
import WebLink

/// An order from its command's bytes to its request's, at a desk of its own: nothing of it leaves.
///
/// Code and memory that were not used for a millisecond are no longer near the processor: the first order
/// after a pause takes ten times as long as one in a row. A gateway that rehearses while it has nothing
/// to do is as fast then as in a row.
package final class OrderRehearsal {
    /// Orders of one desk; then another takes its place, so that what it remembers stays small.
    private static let ordersOfDesk = 100

    private var desk: RehearsalDesk
    private var number = 0
    private let dialect: any VenueDialect
    private let requests: VenueRequests
    private let keys: BusKeys
    private var memory = FactsMemory()
    private var dispatch = OrderDispatch(
        limits: OrderDispatch.Limits(ordersPerBatch: 5, cancelsPerBatch: 10))
    private var budget: Budget
    private var random = SplitMix64(seed: 1)
    /// What came of the last one: the call of its intent, and the request.
    private var intent = ByteWriter(capacity: 4_096)
    private var request: [UInt8] = []

    /// Nil where the desk does not come to lead.
    package init?(
        keys: BusKeys, dialect: any VenueDialect, requests: VenueRequests,
        limits: [BudgetLimit], now: Instant, wall: WallTime
    ) {
        guard let desk = RehearsalDesk(now: now, wall: wall) else { return nil }
        self.desk = desk
        self.keys = keys
        self.dialect = dialect
        self.requests = requests
        budget = Budget(limits, now: now)
    }

    /// Rehearses one order; true where it came to its end.
    package func run(now: Instant, wall: WallTime) -> Bool {
        number += 1
        if number % OrderRehearsal.ordersOfDesk == 0 {
            guard let next = RehearsalDesk(now: now, wall: wall) else { return false }
            desk = next
        }
        let (bid, ask) = (Price.whole(61_800), Price.whole(61_811))
        guard let command = command(wall), let facts = remembered(bid, ask, now, wall),
            let record = desk.place(.command(command), facts, now, wall)
        else { return false }
        let call = OrderScript.call(
            record, isDone: false, keys: keys, fenceName: GatewayStore.fenceName, fence: 1)
        intent.removeAll()
        RESPWriter.script("EVALSHA", command.id, call.keys, call.arguments, into: &intent)
        guard let order = desk.saved(record.intent.clientOrderID, now, wall), send(order, now, wall)
        else { return false }
        desk.ended(order.clientOrderID, now, wall)
        return desk.workingCount == 0
    }

    /// Price and risk as a gateway remembers them from order to order.
    private func remembered(
        _ bid: Price, _ ask: Price, _ now: Instant, _ wall: WallTime
    ) -> MarketFacts? {
        let book = FactsMemory.Book(account: RehearsalDesk.account, symbol: RehearsalDesk.symbol)
        memory.keep(desk.facts(bid: bid, ask: ask, wall), of: book, readAt: now)
        _ = memory.isDue(book, now: now)
        return memory.facts(book, now: now)
    }

    /// The way to the venue: in order with others, within the limits, signed and written.
    private func send(_ order: OrderIntent, _ now: Instant, _ wall: WallTime) -> Bool {
        dispatch.orderWanted(order, now: now)
        guard case .call(.place(let next))? = dispatch.flush(now: now).first,
            let asked = try? dialect.placeOrder(next), isGranted(asked, now)
        else { return false }
        request.removeAll(keepingCapacity: true)
        requests.request(asked, timestamp: wall.milliseconds, deadline: .seconds(5))
            .write(to: &request)
        _ = dispatch.placed(next, .notSent("rehearsed"), now: now, using: &random)
        return !request.isEmpty
    }

    /// A shared count that gives what is wished for.
    private func isGranted(_ request: VenueRequest, _ now: Instant) -> Bool {
        let cost = BudgetCost(weight: Int64(request.weight), orders: Int64(request.orderCount))
        var actions = budget.requested(
            UInt64(number), cost, .trading, deadline: now + .seconds(5), now: now)
        var isGranted = false
        // One call leads to a wish or two for each limit.
        for _ in 0..<50 {
            guard let action = actions.popLast() else { break }
            switch action {
            case .grant: isGranted = true
            case .refuse: return false
            case .lease(let limit, let wish):
                let begin = wish.isAhead ? now + .seconds(3) : now
                let lease = BudgetLease(
                    tokens: wish.want, part: wish.part, begin: begin, end: begin + .seconds(3))
                actions += budget.leased(
                    limit: limit, lane: wish.lane, lease, askAgain: now, now: now)
            }
        }
        _ = budget.nextDeadline(now: now)
        return isGranted
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

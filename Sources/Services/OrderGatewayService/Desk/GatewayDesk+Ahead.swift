import BusProtocol
import Chronology
import Orders
import Trading
import VenueProtocol

/// Orders that leave while their intents are on their way to Redis (B2e).
///
/// That saves an order the round trip. An intent that never arrives, as Redis or the connection dies in
/// that moment, is saved again from memory, and by the next process from this host's disk. Where this
/// process dies in the same moment, whoever leads next finds the order in the venue's list, which is
/// asked for before the first order of each symbol (`startDoubting`).
///
/// An order waits where Redis has no trades of its symbol, as whoever leads next may not ask for that one;
/// and where more hangs on its record than that: one of an algorithm, whose recovery takes an order without
/// a record for one that never left; one that somebody else looks up there; one whose terms only the record
/// has; and one that only reduces, which may be booked without the venue.
extension GatewayDesk {
    /// Reads the ids that Redis has, unless orders always wait.
    mutating func readIDs(_ turn: inout Turn) {
        guard !settings.confirmsIntents else { return }
        turn.act(.readIDs(ahead.startReading()))
    }

    mutating func idsRead(_ number: Int64, _ page: IDPage?, _ turn: Turn) {
        if let page {
            ahead.read(number, page.ids, isLast: page.isLast)
        } else {
            ahead.readingFailed(number, now: turn.now)
        }
    }

    /// Whether a reading of ids is the newest.
    func isReadingIDs(_ number: Int64) -> Bool { ahead.reading == number }

    mutating func readIDsAgain(_ turn: inout Turn) {
        guard let due = ahead.readAt, due <= turn.now, phase != .idle, phase != .loading else { return }
        readIDs(&turn)
    }

    /// Whether an order that has passed all checks may leave with its intent.
    func mayLeaveAhead(_ id: ClientOrderID, _ turn: Turn) -> Bool {
        guard isReady, id.origin == .manual, ahead.admits(id, now: turn.now) else { return false }
        return orders.read(id) {
            $0.terms == nil && !($0.life.intent.isReduceOnly && settings.capabilities.isMargined)
                && isTraded($0.symbol)
        } ?? false
    }

    /// Whether whoever leads next asks the venue for a symbol's orders at once, as Redis has trades of it.
    private func isTraded(_ symbol: Symbol) -> Bool { applied[symbol]?.isEmpty == false }

    /// The intent has gone to Redis just now: the order follows.
    mutating func leaveAhead(_ id: ClientOrderID, _ turn: inout Turn) {
        let token = nextToken
        nextToken += 1
        ahead.left(id, token: token, now: turn.now)
        let action = orders.change(id) {
            $0.saving = token
            $0.savingDone = false
            $0.sentMilliseconds = turn.wall.milliseconds
            return $0.life.intentSaved(at: turn.now)
        }
        perform(action ?? .nothing, id, &turn)
    }

    /// What became of the intent of an order that has left.
    mutating func aheadReplied(
        _ id: ClientOrderID, _ token: Int64, _ reply: SaveReply, _ turn: inout Turn
    ) {
        if case .exists(let record) = reply,
            record?.intentMilliseconds != orders[id]?.intentMilliseconds
        {
            // All ids that Redis had were known: somebody else writes there.
            turn.act(
                .alert(
                    code: "intent_exists", "an order was sent whose id has a record of somebody else",
                    ["order": id.text]))
            readIDs(&turn)
        }
        if !reply.isKept, let order = orders[id] {
            turn.act(.journal(.intent(order.record(writer: settings.writer, wall: turn.wall))))
        }
        orderSaved(id, token, reply, &turn)
    }

    /// Whether an order's bytes may only leave behind its intent's, which is on its way.
    func isAhead(_ id: ClientOrderID) -> Bool { ahead.holds(id) }

    /// Whether an order that waits for its turn must not leave any more, as Redis did not keep its intent.
    func hasLostIntent(_ id: ClientOrderID) -> Bool { ahead.hasLost(id) }
}

import BusProtocol
import Chronology
import Orders
import Trading
import VenueProtocol

/// A halt on its way: orders are cancelled, and the venue is asked until none is left.
struct HaltWatch: Equatable, Sendable {
    let command: Command
    /// Nil for the whole venue.
    let account: AccountID?
    let startedAt: Instant
    /// When to answer with what is known.
    let answerAt: Instant
    /// When the venue is asked next, unless a question is out.
    var askAt = Instant.distantFuture
    var isAsking = true
    /// Until the question after the next; doubled each time, as each question costs much weight.
    var pause = Interval.milliseconds(50)
    var isSaved = false
    var cancelled = 0
    /// Orders the venue listed at last; nil before it did.
    var left: Int?

    var nextAt: Instant { isAsking ? answerAt : min(askAt, answerAt) }
}

/// The kill switch: halt, cancel all that rests, and see at the venue that nothing is left (B2g).
///
/// A halt of the whole venue also cancels orders that are not of the books. It is answered once the
/// state is saved and the venue lists nothing any more, or at its deadline with what is left.
extension GatewayDesk {
    /// The longest pause between two questions of one halt.
    private static let haltPause = Interval.seconds(1)

    mutating func halt(_ command: Command, _ account: AccountID?, _ turn: inout Turn) {
        let waiter = waiter(for: command, .cancelled, turn)
        var watch = HaltWatch(
            command: command, account: account, startedAt: turn.now, answerAt: waiter.answerAt)
        watch.cancelled = cancelAll(account, &turn)
        halts[command.id] = watch
        turn.act(.verifyHalt(request: command.id))
    }

    /// Cancels what works for an account or for all; gives how many there were.
    private mutating func cancelAll(_ account: AccountID?, _ turn: inout Turn) -> Int {
        var count = 0
        for id in orders.keys.sorted() where account == nil || orders[id]?.account == account {
            guard orders[id]?.life.isFinal == false else { continue }
            count += 1
            orders[id]?.replacement = nil
            takeBack(id, &turn)
        }
        return count
    }

    mutating func haltSaved(_ request: String, _ reply: SaveReply, _ turn: inout Turn) {
        switch reply {
        case .saved, .exists:
            halts[request]?.isSaved = true
            endHalt(request, &turn)
        case .wrong, .unknown, .refused:
            guard let watch = halts.removeValue(forKey: request) else { return }
            answer(watch.command, refusing: .redisDown, "holds until a restart only", &turn)
        case .fenced:
            guard let watch = halts.removeValue(forKey: request) else { return }
            answer(watch.command, refusing: .leaseLost, "another gateway has taken over", &turn)
            fenced(&turn)
        }
    }

    /// The venue has listed its open orders after a halt.
    mutating func haltVerified(
        _ request: String, _ list: [VenueOrder]?, _ turn: inout Turn
    ) {
        guard let watch = halts[request] else { return }
        halts[request]?.isAsking = false
        halts[request]?.askAt = turn.now + watch.pause
        halts[request]?.pause = min(GatewayDesk.haltPause, watch.pause + watch.pause)
        guard let list else { return }
        let theirs = list.filter { concerns($0, watch.account) }
        halts[request]?.left = theirs.count
        for order in theirs {
            let id = ClientOrderID(order.clientOrderID)
            if let id, orders[id] != nil {
                takeBack(id, &turn)
            } else {
                turn.act(.cancelStranger(order.clientOrderID, order.symbol))
            }
        }
        endHalt(request, &turn)
    }

    /// Whether a halt of an account, or of all, is about an order.
    private func concerns(_ order: VenueOrder, _ account: AccountID?) -> Bool {
        guard let account else { return true }
        if let id = ClientOrderID(order.clientOrderID), let known = orders[id] {
            return known.account == account
        }
        let code = ClientOrderID.parts(of: order.clientOrderID)?.account
        return code != nil && accounts[account]?.code == code
    }

    /// Answers a halt that is saved and has left nothing: at the venue, and on its way there.
    private mutating func endHalt(_ request: String, _ turn: inout Turn) {
        guard let watch = halts[request], watch.isSaved, watch.left == 0, !isBusy(watch) else {
            return
        }
        halts[request] = nil
        var body = watch.command.body
        body["cancelled"] = "\(watch.cancelled)"
        body["left"] = "0"
        body["took_ms"] = "\((turn.now - watch.startedAt).milliseconds)"
        finish(Reply.ok(request, body), to: watch.command.from, &turn)
    }

    /// Whether an order of the books may still rest, or is on its way.
    private func isBusy(_ watch: HaltWatch) -> Bool {
        orders.hasWorking(watch.account)
    }

    /// An order has ended: where it was the last one, the venue is asked at once.
    mutating func haltMoved(_ turn: inout Turn) {
        for request in halts.keys.sorted() {
            guard let watch = halts[request], !watch.isAsking, !isBusy(watch) else { continue }
            askHalt(request, &turn)
        }
    }

    private mutating func askHalt(_ request: String, _ turn: inout Turn) {
        halts[request]?.isAsking = true
        turn.act(.verifyHalt(request: request))
    }

    mutating func checkHalts(_ turn: inout Turn) {
        for request in halts.keys.sorted() {
            guard let watch = halts[request] else { continue }
            if watch.answerAt <= turn.now {
                halts[request] = nil
                let left = watch.left.map { "\($0)" } ?? "an unknown number of"
                let refusal = Refusal(.outcomeUnknown, "halted; \(left) orders may still rest")
                refuse(request, watch.command.from, refusal, watch.command.body, &turn)
            } else if !watch.isAsking, watch.askAt <= turn.now {
                askHalt(request, &turn)
            }
        }
    }
}

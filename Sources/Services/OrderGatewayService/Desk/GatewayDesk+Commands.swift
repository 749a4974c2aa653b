import BusProtocol
import Bytes
import Chronology
import Orders
import Positions
import Trading
import VenueProtocol

/// Commands from the bus: each is answered once, and a repeat is answered again.
extension GatewayDesk {
    /// An order that this process itself wants: there is no body to be read.
    mutating func orderWanted(_ body: OrderPlaceBody, _ command: Command, _ turn: inout Turn) {
        if isToBeDone(command, &turn) { place(body, for: command, &turn) }
    }

    /// Answers what was answered before, and what comes too late.
    private mutating func isToBeDone(_ command: Command, _ turn: inout Turn) -> Bool {
        if let reply = answered[command.id] {
            turn.act(.reply(reply, to: command.from))
            return false
        }
        guard command.deadlineMilliseconds > turn.wall.milliseconds else {
            answer(command, refusing: .deadlinePassed, "received too late", &turn)
            return false
        }
        return true
    }

    mutating func commandReceived(_ command: Command, _ turn: inout Turn) {
        guard isToBeDone(command, &turn) else { return }
        do throws(RecordError) {
            switch CommandKind(rawValue: command.kind) {
            case .orderPlace: try place(command, &turn)
            case .orderCancel: try cancel(command, &turn)
            case .orderAmend: try amend(command, &turn)
            case .accountCreate: try createAccount(command, &turn)
            case .accountDeposit: try deposit(command, &turn)
            case .stateSet: try setState(command, &turn)
            case .algoStart: startAlgo(command, &turn)
            case .algoStop: try changeAlgo(command, .algoStop, &turn)
            case .algoPause: try changeAlgo(command, .algoPause, &turn)
            case .algoResume: try changeAlgo(command, .algoResume, &turn)
            case .accountTransfer, .reconcile, .allocationRun, nil:
                answer(command, refusing: .unknownCommand, command.kind, &turn)
            }
        } catch {
            answer(command, refusing: .malformed, error.description, &turn)
        }
    }

    // MARK: cancelling

    private mutating func cancel(_ command: Command, _ turn: inout Turn) throws(RecordError) {
        let body = try OrderCancelBody(command.body)
        guard let id = working(body.order, command, &turn) else { return }
        let waiter = waiter(for: command, .cancelled, turn)
        orders[id]?.waiters.append(waiter)
        orders[id]?.replacement = nil
        takeBack(id, &turn)
        answerWaiters(id, &turn)
    }

    /// The order on the desk that a command names; nil where it is looked up first, or answered.
    mutating func working(
        _ name: String, _ command: Command, _ turn: inout Turn
    ) -> ClientOrderID? {
        let byRequest = orders.id(ofRequest: name)
        guard let id = ClientOrderID(name) ?? byRequest else {
            answer(command, refusing: .orderNotFound, name, &turn)
            return nil
        }
        if orders[id] != nil { return id }
        guard isRedisUp else {
            answer(command, refusing: .redisDown, "look-up is not possible", &turn)
            return nil
        }
        let isOut = lookups[id] != nil
        lookups[id, default: []].append(command)
        if !isOut { turn.act(.readOrder(id)) }
        return nil
    }

    /// A command on an order that was not on the desk, and whose record was found.
    mutating func orderFound(
        _ command: Command, _ id: ClientOrderID, _ record: OrderRecord, _ turn: inout Turn
    ) {
        if orders[id] != nil {
            commandReceived(command, &turn)
            return
        }
        let body = Dictionary(record.fields) { _, last in last }
        refuse(
            command.id, command.from, Refusal(.orderFinal, "it is \(record.status)"), body, &turn)
    }
}

import Allocation
import BusProtocol
import Bytes
import Chronology
import Orders
import Reactor
import RedisLink
import Runtime
import Trading

/// The way of slices to order-gateway and of news back: commands and replies over the bus, the
/// channel of orders, and the orders' records, which are the truth.
///
/// An order counts as over when its record is final and it is no member of the open orders any more:
/// then all its fills are booked, and what it executed is what the venue did.
@LoopActor final class OrderDoor {
    var onEvent: (@LoopActor (AllocationEvent) -> Void)?
    /// The request of the order that news are wanted of.
    var wanted: (@LoopActor () -> String?)?
    /// Called when an order is over.
    var onOver: (@LoopActor () -> Void)?

    private let host: ServiceHost
    private let account: AccountID
    private let symbol: Symbol
    private let ordersChannel: [UInt8]
    private var code: AccountCode?
    private var cancels: Int64 = 0
    /// A look is on its way; another is wanted when it has come back.
    private var looking: String?
    private var isWantedAgain = false
    private let commands: Counter

    init(host: ServiceHost, knobs: AllocationKnobs) {
        self.host = host
        account = knobs.account
        symbol = knobs.symbol
        ordersChannel = Array(host.keys.ordersChannel.utf8)
        commands = host.metrics.counter(
            "pms_allocator_commands_total", "commands sent to order-gateway")
    }

    func start() {
        host.subscriber.subscribe(host.keys.replyChannel(host.writer), self)
        host.subscriber.subscribe(host.keys.ordersChannel, self)
    }

    // MARK: commands

    func place(_ slice: SliceReport, life: Interval, fence: Int64) {
        let plan = slice.plan
        var order = OrderPlaceBody(
            account: account, symbol: symbol, side: plan.side, type: .limit,
            timeInForce: plan.timeInForce, quantity: plan.quantity, price: plan.price,
            origin: .allocator)
        // Whoever dies first, nothing stays: the gateway takes it back when this lease or its time
        // has run out.
        order.owner = OrderOwner(lease: AllocatorService.leaseName, fence: fence)
        order.timeToLiveMilliseconds = max(1, life.milliseconds)
        let body = order.body
        let request = slice.request
        send(request, .orderPlace, body, life: AllocationRun.commandLife) { [weak self] problem in
            self?.onEvent?(
                .orderRefused(
                    request: request, code: "not_running", reason: problem, isForBalance: false))
        }
    }

    /// Cancels the order that a request placed.
    func cancel(request: String) { cancel(named: request) }
    /// Cancels an order by its client id.
    func cancel(order id: String) { cancel(named: id) }

    private func cancel(named name: String) {
        cancels += 1
        // A number of its own each: a repeat must be carried out, not answered from memory.
        let id = "\(host.writer)-c\(host.loop.wallNow.milliseconds)-\(cancels)"
        send(
            String(id.suffix(64)), .orderCancel, OrderCancelBody(order: name).body,
            life: .seconds(2)
        ) { problem in Log.warn("cancel not received", ["order": name, "reason": problem]) }
    }

    func createAccount() {
        let id = "allocator-account-\(host.loop.wallNow.milliseconds)"
        let body = AccountBody(account: account, deposit: .zero).body
        send(id, .accountCreate, body, life: .seconds(2)) { problem in
            Log.debug("account not made", ["reason": problem])
        }
    }

    private func send(
        _ id: String, _ kind: CommandKind, _ body: [String: String], life: Interval,
        _ unheard: @escaping @LoopActor (String) -> Void
    ) {
        commands.increment()
        let command = Command(
            id: id, from: host.writer,
            deadlineMilliseconds: (host.loop.wallNow + life).milliseconds, kind: kind.rawValue,
            body: body)
        let text = String(decoding: command.encoded(), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.commandChannel(.orderGateway), text]) { outcome in
            switch outcome {
            case .reply(.integer(let receivers)) where receivers > 0: break
            case .reply(.integer): unheard("order-gateway is not running")
            case .reply, .refused: unheard(outcome.failure ?? "PUBLISH was not taken")
            // It may have arrived: the order's record tells.
            case .unknown: break
            }
        }
    }

    // MARK: records

    /// What an earlier run may have left; nil where Redis does not say.
    /// - Parameter run: whose orders are wanted; nil for those of the last one, where it is left open.
    func recovery(of run: String?) async -> RecoveryReading? {
        let outcomes = await host.redis.send(all: [
            ["HGET", host.keys.account(account), "code"], ["SMEMBERS", host.keys.openOrders],
            ["HGETALL", host.keys.allocation], ["EXISTS", host.keys.instrument(symbol)],
        ])
        guard let found = outcomes[0].value, let open = outcomes[1].value?.texts,
            let last = outcomes[2].value?.fields, let rules = outcomes[3].value?.int
        else { return nil }
        code = found.text.flatMap { AccountCode($0) }
        let ours = open.compactMap { $0.flatMap { ClientOrderID($0) } }
            .filter { $0.origin == .allocator && $0.accountCode == code }
        let wanted = run ?? (AllocationRecord.isOpen(last) ? last["run"] : nil)
        guard let placed = ours.isEmpty ? await placed(wanted) : [] else { return nil }
        return RecoveryReading(
            hasAccount: code != nil, hasRules: rules > 0, orders: ours.map(\.text).sorted(),
            last: last, run: ours.isEmpty ? wanted : nil, placed: placed)
    }

    /// The orders of a run, by the ids that its slices derive; nil where Redis does not say.
    private func placed(_ run: String?) async -> [PlacedSlice]? {
        guard let run, let code else { return [] }
        let requests = (1...OrderDoor.mostSlices).map { AllocationRun.request(run, slice: $0) }
        let keys = requests.map {
            host.keys.order(
                ClientOrderID.derive(account: code, origin: .allocator, intent: $0).text)
        }
        let history = ["XREVRANGE", host.keys.allocations, "+", "-", "COUNT", OrderDoor.lookBack]
        let outcomes = await host.redis.send(all: keys.map { ["HGETALL", $0] } + [history])
        guard let lines = outcomes.last?.value?.elements else { return nil }
        let told = OrderDoor.told(lines.compactMap { $0.elements?.last?.fields }, run)
        var placed: [PlacedSlice] = []
        for (index, request) in requests.enumerated() {
            guard let fields = outcomes[index].value?.fields else { return nil }
            if fields.isEmpty { continue }
            guard let record = try? OrderRecord(fields: fields) else {
                Log.warn("order unreadable", ["request": request])
                continue
            }
            placed.append(
                PlacedSlice(
                    number: index + 1, request: request, side: record.intent.side,
                    quantity: record.intent.quantity, price: record.intent.price ?? .zero,
                    timeInForce: record.intent.timeInForce, report: OrderDoor.order(record),
                    isTold: told.contains("\(index + 1)")))
        }
        return placed
    }

    /// The slices of a run whose ends the journal has.
    private static func told(_ lines: [[String: String]], _ run: String) -> Set<String> {
        var told: Set<String> = []
        for line in lines where line["run"] == run && line["kind"] == "slice" {
            let state = OrderStateName(rawValue: line["status"] ?? "")
            if state?.isFinal == true { told.insert(line["slice"] ?? "") }
        }
        return told
    }

    /// What `MAX_SLICES` may be at most.
    private static let mostSlices = 20
    /// Lines of the journal in which those of such a run stand.
    private static let lookBack = "128"

    /// Reads the record of the order that a request placed; one look at a time.
    func look(_ request: String) {
        guard looking == nil else {
            isWantedAgain = true
            return
        }
        guard let code else { return }
        looking = request
        isWantedAgain = false
        let id = ClientOrderID.derive(account: code, origin: .allocator, intent: request).text
        host.redis.send(all: [
            ["HGETALL", host.keys.order(id)], ["SISMEMBER", host.keys.openOrders, id],
        ]) { [weak self] outcomes in self?.looked(request, outcomes) }
    }

    private func looked(_ request: String, _ outcomes: [RedisOutcome]) {
        looking = nil
        if isWantedAgain, let wanted = wanted?() { look(wanted) }
        guard let fields = outcomes[0].value?.fields, let isOpen = outcomes[1].value?.int else {
            return
        }
        guard !fields.isEmpty else { return tell(.orderMissing(request: request)) }
        do throws(RecordError) {
            var order = OrderDoor.order(try OrderRecord(fields: fields))
            order.isOver = order.isOver && isOpen == 0
            if order.isOver { onOver?() }
            tell(.orderSeen(request: request, order))
        } catch {
            Log.warn("order unreadable", ["request": request, "problem": error.description])
        }
    }

    private func tell(_ event: AllocationEvent) { onEvent?(event) }

    /// News of an order: where it may be over its record decides.
    private func heard(_ request: String, _ record: OrderRecord) {
        var order = OrderDoor.order(record)
        if order.isOver {
            order.isOver = false
            look(request)
        }
        tell(.orderSeen(request: request, order))
    }

    /// An order's record as a run sees it.
    static func order(_ record: OrderRecord) -> SliceOrder {
        let state = OrderStateName(rawValue: record.status)
        var order = SliceOrder(
            order: record.intent.clientOrderID.text, status: record.status,
            isOver: state?.isFinal ?? false, executed: record.executed,
            notional: record.executedNotional, fees: record.fees, feeAsset: record.feeAsset,
            code: record.code, reason: record.reason)
        order.isRejected = state == .rejected
        order.lacksBalance = state == .rejected && isBalance(record.code, record.reason)
        return order
    }

    /// Whether a refusal is for want of money: our own check's, or the venue's by number or word.
    static func isBalance(_ code: String, _ reason: String) -> Bool {
        if code == RefusalCode.marginInsufficient.description { return true }
        let text = reason.lowercased()
        return ["insufficient", "oversold"].contains { text.contains($0) }
            || ["10101", "30004", "30005"].contains { text.contains("error \($0)") }
    }
}

extension OrderDoor: RedisMessageHandler {
    func subscriptionEstablished(channel: String) {
        // What was said meanwhile is in the record.
        if let request = wanted?() { look(request) }
    }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        let orders = ordersChannel
        if channel.hasSameBytes(as: orders.rawSpan) {
            orderMessage(payload)
        } else {
            replyMessage(payload)
        }
    }

    private func orderMessage(_ payload: RawSpan) {
        guard let request = wanted?(), let fields = try? FlatJSON.decode(payload),
            fields["request"] == request, let record = try? OrderRecord(fields: fields)
        else { return }
        heard(request, record)
    }

    private func replyMessage(_ payload: RawSpan) {
        guard let reply = try? Reply.decode(payload), let request = wanted?() else { return }
        if let record = try? OrderRecord(fields: reply.body), record.request == request {
            return heard(request, record)
        }
        guard reply.id == request, !reply.isOK else { return }
        if reply.code == RefusalCode.outcomeUnknown.description { return look(request) }
        tell(
            .orderRefused(
                request: request, code: reply.code, reason: reply.reason,
                isForBalance: OrderDoor.isBalance(reply.code, reply.reason)))
    }
}

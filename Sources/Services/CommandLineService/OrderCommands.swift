import BusProtocol
import Bytes
import Chronology
import Orders
import Reactor
import RedisLink
import Runtime
import Trading

/// `pms order …` and `pms orders`.
@LoopActor enum OrderCommands {
    static func place(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let seconds = try arguments.seconds("--timeout", 5)
        let id = arguments.value("--request-id") ?? session.requestID
        guard Command.isIdentifier(id) else {
            throw arguments.usage("--request-id is not 1 to 64 of A-Z a-z 0-9 - _ . : : \(id)")
        }
        let side = try side(arguments)
        let symbol = try arguments.symbol(0)
        let quantity: Quantity = try arguments.decimal(arguments.positional[2], "the quantity")
        guard quantity.isPositive else {
            throw arguments.usage("the quantity is not above zero: \(arguments.positional[2])")
        }
        let price = try limit(arguments)
        let timeInForce = try timeInForce(arguments, isLimit: price != nil)
        let account = try await account(session, arguments)
        var body = OrderPlaceBody(
            account: account, symbol: symbol, side: side, type: price == nil ? .market : .limit,
            timeInForce: timeInForce, quantity: quantity, price: price,
            isReduceOnly: arguments.has("--reduce-only"))
        body.isFastAck = arguments.has("--fast-ack")
        body.owner = try owner(arguments)
        body.timeToLiveMilliseconds = try timeToLive(arguments)
        let reply = try await BusRequest(
            session, .orderPlace, id: id, seconds: seconds, silence: .unknown, body: body.body
        ).run()
        guard arguments.has("--wait"), let order = reply.body["id"] else {
            return try await report(session, reply)
        }
        try await waitForEnd(session, order, seconds: max(seconds, 10))
    }

    private static func side(_ arguments: Arguments) throws(CommandFailure) -> Side {
        switch arguments.positional[1].lowercased() {
        case "buy": return .buy
        case "sell": return .sell
        case let other: throw arguments.usage("the side is buy or sell, not \(other)")
        }
    }

    private static func limit(_ arguments: Arguments) throws(CommandFailure) -> Price? {
        guard let text = arguments.value("--limit") else { return nil }
        let price: Price = try arguments.decimal(text, "--limit")
        guard price.isPositive else { throw arguments.usage("--limit is not above zero: \(text)") }
        return price
    }

    private static func timeInForce(
        _ arguments: Arguments, isLimit: Bool
    ) throws(CommandFailure) -> TimeInForce {
        guard let text = arguments.value("--tif") else { return .goodTillCancel }
        guard isLimit else { throw arguments.usage("--tif is for orders with --limit") }
        let known: [TimeInForce] = [.goodTillCancel, .immediateOrCancel, .fillOrKill, .postOnly]
        guard let found = known.first(where: { $0.rawValue == text.uppercased() }) else {
            throw arguments.usage("--tif is GTC, IOC, FOK or GTX, not \(text)")
        }
        return found
    }

    private static func owner(_ arguments: Arguments) throws(CommandFailure) -> OrderOwner? {
        guard let text = arguments.value("--owner") else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count > 1, let fence = parts.last.flatMap({ Int64($0) }),
            let owner = OrderOwner(lease: parts.dropLast().joined(separator: ":"), fence: fence)
        else {
            throw arguments.usage("--owner is LEASE:NUMBER, as in lock:LEASE and fence:LEASE: \(text)")
        }
        return owner
    }

    private static func timeToLive(_ arguments: Arguments) throws(CommandFailure) -> Int64? {
        guard let text = arguments.value("--ttl") else { return nil }
        let time: Money = try arguments.decimal(text, "--ttl")
        let limit = OrderPlaceBody.longestTimeToLive
        guard time.isPositive, time <= .whole(limit / 1_000) else {
            throw arguments.usage("--ttl is above zero and up to \(limit / 1_000) seconds: \(text)")
        }
        return max(1, Int64(time.multiplied(byWhole: 1_000).units / Money.one.units))
    }

    /// The account named, or the only one there is.
    static func account(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) -> AccountID {
        if let account = try arguments.accountOption() { return account }
        let names = try await session.members(session.keys.accounts).filter {
            $0 != AccountID.external.name
        }
        if names.count == 1, let account = AccountID(names[0]) { return account }
        throw arguments.usage(
            names.isEmpty
                ? "there is no account yet: pms account create NAME --deposit X"
                : "which account? --account " + names.joined(separator: " | "))
    }

    static func amend(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let order = arguments.positional[0]
        guard Command.isIdentifier(order) else {
            throw arguments.usage("not an order id: \(order)")
        }
        let id = arguments.value("--request-id") ?? session.requestID
        guard Command.isIdentifier(id) else {
            throw arguments.usage("--request-id is not 1 to 64 of A-Z a-z 0-9 - _ . : : \(id)")
        }
        var quantity: Quantity?
        if let text = arguments.value("--qty") {
            quantity = try arguments.decimal(text, "--qty")
            guard quantity?.isPositive == true else {
                throw arguments.usage("--qty is not above zero: \(text)")
            }
        }
        let body = OrderAmendBody(
            order: order, quantity: quantity, price: try limit(arguments))
        guard body.quantity != nil || body.price != nil else {
            throw arguments.usage("what is to change? --qty, --limit or both")
        }
        let reply = try await BusRequest(
            session, .orderAmend, id: id, seconds: try arguments.seconds("--timeout", 5),
            silence: .unknown, body: body.body
        ).run()
        try await report(session, reply)
    }

    static func cancel(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let order = arguments.positional[0]
        guard Command.isIdentifier(order) else {
            throw arguments.usage("not an order id: \(order)")
        }
        let reply = try await BusRequest(
            session, .orderCancel, id: session.requestID,
            seconds: try arguments.seconds("--timeout", 5), silence: .unknown,
            body: OrderCancelBody(order: order).body
        ).run()
        try await report(session, reply)
    }

    static func show(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let id = arguments.positional[0]
        guard let order = try await find(session, id) else {
            throw CommandFailure(.notFound, "no order \(id)")
        }
        session.show(order.fields)
    }

    static func list(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        let orders = try await Books.openOrders(session)
        session.show(orders.map(\.fields), empty: "no open orders") {
            Books.table(orders, now: session.nowMilliseconds)
        }
    }

    /// An order by its client order id, or by the id of the request that placed it.
    static func find(
        _ session: Session, _ id: String
    ) async throws(CommandFailure) -> OrderRecord? {
        if let order = try await Books.order(session, id) { return order }
        if let text = try await session.send(["GET", session.keys.request(id)]).text,
            let order = orderID(inReply: text)
        {
            return try await Books.order(session, order)
        }
        // A request without a reply yet: its id re-derives, once for each account.
        for name in try await session.members(session.keys.accounts) {
            guard let account = AccountID(name),
                let code = try await session.hash(session.keys.account(account))?["code"]
                    .flatMap({ AccountCode($0) })
            else { continue }
            let derived = ClientOrderID.derive(account: code, origin: .manual, intent: id)
            if let order = try await Books.order(session, derived.text) { return order }
        }
        return nil
    }

    private static func orderID(inReply text: String) -> String? {
        do throws(RecordError) {
            return try Reply.decode(Array(text.utf8).rawSpan).body["id"]
        } catch {
            return nil
        }
    }

    // MARK: reporting

    private static func report(_ session: Session, _ reply: Reply) async throws(CommandFailure) {
        do throws(RecordError) {
            let order = try OrderRecord(fields: reply.body)
            if session.isJSON { return session.show(order.fields) }
            session.print(sentence(order) + "\n")
        } catch {
            session.show(reply.body.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
    }

    /// `PMS… filled: BUY 0.01 of 0.01 BTCUSDT at 60000.1, fees 0.24 USDT`.
    static func sentence(_ order: OrderRecord) -> String {
        let intent = order.intent
        var text =
            "\(intent.clientOrderID) \(order.status): \(intent.side.rawValue) \(order.executed) of "
            + "\(intent.quantity) \(intent.symbol)"
        if let average = order.averagePrice {
            text += " at \(average.rounded(.nearestEven, to: Price(units: 1_000_000)))"
        }
        if !order.fees.isZero { text += ", fees \(order.fees) \(order.feeAsset)" }
        for (asset, fee) in order.otherFees.sorted(by: { $0.key < $1.key }) {
            text += " and \(fee) \(asset)"
        }
        if !order.reason.isEmpty { text += " (\(order.code): \(order.reason))" }
        return text
    }

    private static func waitForEnd(
        _ session: Session, _ id: String, seconds: Int64
    ) async throws(CommandFailure) {
        let end = session.loop.now + .seconds(seconds)
        while true {
            let order = try await Books.order(session, id)
            if let order, isFinal(order) {
                if session.isJSON { return session.show(order.fields) }
                return session.print(sentence(order) + "\n")
            }
            guard session.loop.now < end else {
                let status = order?.status ?? "not on record"
                throw CommandFailure(.timeout, "\(id) is still \(status) after \(seconds) s")
            }
            await session.wait(.milliseconds(50))
        }
    }

    private static func isFinal(_ order: OrderRecord) -> Bool {
        OrderStateName(rawValue: order.status)?.isFinal ?? false
    }
}

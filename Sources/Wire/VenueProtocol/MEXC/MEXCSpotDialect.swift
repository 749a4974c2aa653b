package import Bytes
package import Trading

/// MEXC spot as a venue for orders. The type of an order carries its time in force, ids are texts,
/// and the answer to a placement is a receipt.
package struct MEXCSpotDialect: SpotDialect {
    package init() {}

    package var kind: VenueKind { .mexcSpot }
    package var serverTime: VenueRequest { MEXCSpot.serverTime }
    package var exchangeInfo: VenueRequest { MEXCSpot.exchangeInfo }
    package var account: VenueRequest { SpotRequest.query("/api/v3/account", [], weight: 10) }

    package func placeOrder(_ intent: OrderIntent) throws(VenueUnsupported) -> VenueRequest {
        var parameters = SpotRequest.head(intent)
        parameters.append(.init("type", try type(of: intent)))
        if intent.isReduceOnly { throw VenueUnsupported(kind, "reduce only") }
        if let price = intent.price { parameters.append(.init("price", price.text)) }
        parameters.append(.init("quantity", intent.quantity.text))
        parameters.append(.init("newClientOrderId", intent.clientOrderID.text))
        return VenueRequest(
            .post, "/api/v3/order", parameters, security: .signed, effect: .placement, weight: 1,
            orderCount: 1)
    }

    package func placeOrders(_ intents: [OrderIntent]) throws(VenueUnsupported) -> VenueRequest {
        var singles: [VenueRequest] = []
        for intent in intents { singles.append(try placeOrder(intent)) }
        return MEXCSpot.placeOrders(singles)
    }
    package func decodePlacements(
        _ bytes: RawSpan, _ intents: [OrderIntent]
    ) throws(JSONError) -> [BatchElement] {
        try MEXCSpot.decodeBatch(bytes, intents)
    }

    private func type(of intent: OrderIntent) throws(VenueUnsupported) -> String {
        switch (intent.type, intent.timeInForce) {
        case (.market, _) where intent.side == .buy:
            throw VenueUnsupported(
                kind, "market buy by quantity (use a limit, immediate or cancel)")
        case (.market, _): return "MARKET"
        case (.limit, .goodTillCancel): return "LIMIT"
        case (.limit, .postOnly): return "LIMIT_MAKER"
        case (.limit, .immediateOrCancel): return "IMMEDIATE_OR_CANCEL"
        case (.limit, .fillOrKill): return "FILL_OR_KILL"
        case (.limit, .goodTillDate): throw VenueUnsupported(kind, "good till date")
        }
    }

    package func cancelOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        SpotRequest.cancel(symbol, clientOrderID)
    }

    package func queryOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        SpotRequest.query(
            "/api/v3/order",
            [.init("symbol", symbol.name), .init("origClientOrderId", clientOrderID)], weight: 2)
    }

    package func openOrders(_ symbol: Symbol?) throws(VenueUnsupported) -> VenueRequest {
        guard let symbol else { throw VenueUnsupported(kind, "open orders of all symbols") }
        return SpotRequest.query(
            "/api/v3/openOrders", [.init("symbol", symbol.name)], weight: 3)
    }

    package func recentOrders(
        _ symbol: Symbol, fromOrderID: Int64?, sinceMilliseconds: Int64, limit: Int
    ) throws(VenueUnsupported) -> VenueRequest {
        // Its order ids are texts that do not rise.
        guard fromOrderID == nil else { throw VenueUnsupported(kind, "orders from an id on") }
        return SpotRequest.recent(symbol, nil, sinceMilliseconds, limit, weight: 10)
    }

    package func trades(
        _ symbol: Symbol, fromID: Int64?, sinceMilliseconds: Int64?, limit: Int
    ) throws(VenueUnsupported) -> VenueRequest {
        guard fromID == nil else { throw VenueUnsupported(kind, "trades from an id on") }
        return SpotRequest.query(
            "/api/v3/myTrades",
            [.init("symbol", symbol.name), .init("limit", String(min(limit, 100)))], weight: 10)
    }

    package func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        try MEXCSpot.decodeServerTime(bytes)
    }
    package func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        try MEXCSpot.decodeExchangeInfo(bytes)
    }

    package func decodeUserMessage(
        _ bytes: RawSpan, isText: Bool
    ) throws(JSONError) -> VenueEvent {
        if isText {
            guard let reply = try MEXCSpot.decodeControl(bytes) else { return .other("text") }
            return .control(reply)
        }
        do throws(FrameProblem) {
            return try event(try MEXCPush(bytes), bytes)
        } catch {
            throw JSONError(.badValue, offset: 0, field: "protobuf")
        }
    }

    private func event(_ push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) -> VenueEvent {
        switch push.body {
        case .privateOrder:
            .order(try MEXCOrderPush(push, bytes).update(try symbol(push, bytes), push))
        case .privateDeal: .fill(try MEXCDealPush(push, bytes).fill(try symbol(push, bytes)))
        case .privateAccount: .holdings([try MEXCAccountPush(push, bytes).holding])
        case .limitDepth, .bookTicker, .aggregateDepth, .aggregateDeals, .aggregateBookTicker, nil:
            .other(String(bytes.extracting(push.channel)))
        }
    }

    private func symbol(_ push: MEXCPush, _ bytes: RawSpan) throws(FrameProblem) -> Symbol {
        guard let symbol = Symbol(String(bytes.extracting(push.symbol))) else { throw .badField }
        return symbol
    }

    // MARK: user stream

    /// The calls of the user stream, which are signed here.
    package static func listenKey(_ method: VenueRequest.Method, key: String?) -> VenueRequest {
        VenueRequest(
            method, "/api/v3/userDataStream", key.map { [.init("listenKey", $0)] } ?? [],
            security: .signed, effect: .session, weight: 1)
    }

    /// The address of the user stream; the listen key is a credential, so it is not to be logged.
    /// The private streams must be subscribed to as well.
    package static func userStreamPath(listenKey: String) -> String { "/ws?listenKey=\(listenKey)" }
}

extension MEXCOrderPush {
    /// The order in the terms of all venues.
    fileprivate func update(_ symbol: Symbol, _ push: MEXCPush) -> OrderUpdate {
        var order = VenueOrder(
            symbol: symbol, orderID: VenueNumber.of(orderID), clientOrderID: clientOrderID,
            side: side, status: status.status)
        order.venueID = orderID
        order.type = type.text
        order.price = price
        order.quantity = quantity
        order.executedQuantity = executedQuantity
        order.executedNotional = executedAmount
        order.averagePrice = averagePrice
        order.createdMilliseconds = createMilliseconds
        order.updatedMilliseconds = push.sendMilliseconds
        var update = OrderUpdate(order: order, execution: execution)
        update.eventMilliseconds = push.sendMilliseconds
        // The trade itself, its id and its fee come on the deals channel only.
        update.lastQuantity = lastQuantity
        update.isMaker = isMaker
        return update
    }

    private var execution: ExecutionKind {
        switch status {
        case .new: .new
        case .filled, .partiallyFilled: .trade
        case .canceled, .partiallyCanceled: .canceled
        case .other(let code): .other("\(code)")
        }
    }
}

extension MEXCDealPush {
    fileprivate func fill(_ symbol: Symbol) -> Fill {
        Fill(
            symbol: symbol, tradeID: VenueNumber.of(tradeID), orderID: VenueNumber.of(orderID),
            clientOrderID: clientOrderID, side: side, price: price, quantity: quantity, fee: fee,
            feeAsset: feeAsset, isMaker: isMaker, timeMilliseconds: timeMilliseconds)
    }
}

extension MEXCAccountPush {
    fileprivate var holding: VenueHolding {
        VenueHolding(asset: asset, free: free, locked: frozen)
    }
}

package import Bytes
package import Trading

/// Binance spot as a venue for orders.
package struct BinanceSpotDialect: SpotDialect {
    package init() {}

    package var kind: VenueKind { .binanceSpot }
    package var serverTime: VenueRequest { BinanceSpot.serverTime }
    package var exchangeInfo: VenueRequest { BinanceSpot.exchangeInfo }

    package var account: VenueRequest {
        SpotRequest.query("/api/v3/account", [.init("omitZeroBalances", "true")], weight: 20)
    }

    package func placeOrder(_ intent: OrderIntent) throws(VenueUnsupported) -> VenueRequest {
        var parameters = SpotRequest.head(intent)
        switch (intent.type, intent.timeInForce) {
        case (.market, _): parameters.append(.init("type", "MARKET"))
        case (.limit, .postOnly): parameters.append(.init("type", "LIMIT_MAKER"))
        case (.limit, .goodTillDate): throw VenueUnsupported(kind, "good till date")
        case (.limit, .goodTillCancel), (.limit, .immediateOrCancel), (.limit, .fillOrKill):
            parameters.append(.init("type", "LIMIT"))
            parameters.append(.init("timeInForce", intent.timeInForce.rawValue))
        }
        if intent.isReduceOnly { throw VenueUnsupported(kind, "reduce only") }
        if let price = intent.price { parameters.append(.init("price", price.text)) }
        parameters.append(.init("quantity", intent.quantity.text))
        parameters.append(.init("newClientOrderId", intent.clientOrderID.text))
        parameters.append(.init("newOrderRespType", "FULL"))
        return VenueRequest(
            .post, "/api/v3/order", parameters, security: .signed, effect: .placement, weight: 1,
            orderCount: 1)
    }

    package func cancelOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        SpotRequest.cancel(symbol, clientOrderID)
    }

    package func queryOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        SpotRequest.query(
            "/api/v3/order",
            [.init("symbol", symbol.name), .init("origClientOrderId", clientOrderID)], weight: 4)
    }

    package func openOrders(_ symbol: Symbol?) -> VenueRequest {
        SpotRequest.query(
            "/api/v3/openOrders", symbol.map { [.init("symbol", $0.name)] } ?? [],
            weight: symbol == nil ? 80 : 6)
    }

    package func recentOrders(
        _ symbol: Symbol, fromOrderID: Int64?, sinceMilliseconds: Int64, limit: Int
    ) -> VenueRequest {
        SpotRequest.recent(symbol, fromOrderID, sinceMilliseconds, limit, weight: 20)
    }

    package func trades(
        _ symbol: Symbol, fromID: Int64?, sinceMilliseconds: Int64?, limit: Int
    ) -> VenueRequest {
        // The venue takes a start of a day back at most with its own limits: the newest are asked for
        // where no id is known.
        var parameters = [VenueRequest.Parameter("symbol", symbol.name)]
        if let fromID { parameters.append(.init("fromId", String(fromID))) }
        parameters.append(.init("limit", String(limit)))
        return SpotRequest.query("/api/v3/myTrades", parameters, weight: 20)
    }

    package func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        try BinanceSpot.decodeServerTime(bytes)
    }
    package func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        try BinanceSpot.decodeExchangeInfo(bytes)
    }
    package func decodeUserMessage(
        _ bytes: RawSpan, isText: Bool
    ) throws(JSONError) -> VenueEvent {
        try SpotUserMessage.decode(bytes)
    }
}

/// What the requests of both spot venues share.
enum SpotRequest {
    static func head(_ intent: OrderIntent) -> [VenueRequest.Parameter] {
        [.init("symbol", intent.symbol.name), .init("side", intent.side.rawValue)]
    }

    static func query(
        _ path: String, _ parameters: [VenueRequest.Parameter], weight: Int
    ) -> VenueRequest {
        VenueRequest(.get, path, parameters, security: .signed, weight: weight)
    }

    /// Orders from an id on where there is one, else from a time on, a day of them at most.
    static func recent(
        _ symbol: Symbol, _ fromOrderID: Int64?, _ since: Int64, _ limit: Int, weight: Int
    ) -> VenueRequest {
        var parameters = [VenueRequest.Parameter("symbol", symbol.name)]
        if let fromOrderID {
            parameters.append(.init("orderId", String(fromOrderID)))
        } else {
            parameters.append(.init("startTime", String(since)))
        }
        parameters.append(.init("limit", String(limit)))
        return query("/api/v3/allOrders", parameters, weight: weight)
    }

    static func cancel(_ symbol: Symbol, _ clientOrderID: String) -> VenueRequest {
        VenueRequest(
            .delete, "/api/v3/order",
            [.init("symbol", symbol.name), .init("origClientOrderId", clientOrderID)],
            security: .signed, effect: .cancellation, weight: 1)
    }
}

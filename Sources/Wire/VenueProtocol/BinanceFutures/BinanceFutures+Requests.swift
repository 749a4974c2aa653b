package import Trading

extension BinanceFutures {
    private typealias Parameter = VenueRequest.Parameter

    /// How much an order's answer says: ACK comes first, RESULT has the final state of orders that
    /// end at once.
    package enum ResponseKind: String, Sendable {
        case ack = "ACK"
        case result = "RESULT"
    }

    // MARK: market data

    package static var serverTime: VenueRequest { VenueRequest(.get, "/fapi/v1/time", weight: 1) }

    package static var exchangeInfo: VenueRequest {
        VenueRequest(.get, "/fapi/v1/exchangeInfo", weight: 1)
    }

    /// - Parameter limit: levels a side: 5, 10, 20, 50, 100, 500 or 1000.
    package static func depth(_ symbol: Symbol, limit: Int) -> VenueRequest {
        let weight =
            switch limit {
            case ...50: 2
            case ...100: 5
            case ...500: 10
            case _: 20
            }
        return VenueRequest(
            .get, "/fapi/v1/depth", [named(symbol), Parameter("limit", String(limit))],
            weight: weight)
    }

    package static func bookTicker(_ symbol: Symbol) -> VenueRequest {
        VenueRequest(.get, "/fapi/v1/ticker/bookTicker", [named(symbol)], weight: 2)
    }

    /// The mark and index prices of all symbols.
    package static let premiumIndexes = VenueRequest(.get, "/fapi/v1/premiumIndex", weight: 10)

    package static func premiumIndex(_ symbol: Symbol) -> VenueRequest {
        VenueRequest(.get, "/fapi/v1/premiumIndex", [named(symbol)], weight: 1)
    }

    // MARK: user stream

    /// Answers the living key and extends it by 60 minutes, or makes one.
    package static var openListenKey: VenueRequest { listenKey(.post) }
    /// Extends the key by 60 minutes; -1125 where it is gone.
    package static var extendListenKey: VenueRequest { listenKey(.put) }
    package static var closeListenKey: VenueRequest { listenKey(.delete) }

    private static func listenKey(_ method: VenueRequest.Method) -> VenueRequest {
        VenueRequest(method, "/fapi/v1/listenKey", security: .key, effect: .session, weight: 1)
    }

    // MARK: account

    package static var account: VenueRequest { signed("/fapi/v3/account", weight: 5) }
    package static var balance: VenueRequest { signed("/fapi/v3/balance", weight: 5) }

    /// Positions and symbols with open orders; all of them where `symbol` is nil.
    package static func positionRisk(_ symbol: Symbol? = nil) -> VenueRequest {
        signed("/fapi/v3/positionRisk", symbol.map { [named($0)] } ?? [], weight: 5)
    }

    package static func leverageBracket(_ symbol: Symbol? = nil) -> VenueRequest {
        signed("/fapi/v1/leverageBracket", symbol.map { [named($0)] } ?? [], weight: 1)
    }

    /// Whether the account is in hedge mode.
    package static var positionMode: VenueRequest {
        signed("/fapi/v1/positionSide/dual", weight: 30)
    }
    /// Whether the account is in multi-assets mode.
    package static var multiAssetsMode: VenueRequest {
        signed("/fapi/v1/multiAssetsMargin", weight: 30)
    }

    /// Trades of a symbol, oldest first; the last 7 days where `fromID` is nil.
    /// - Parameter limit: 1...1000.
    package static func userTrades(
        _ symbol: Symbol, fromID: Int64? = nil, startMilliseconds: Int64? = nil, limit: Int = 500
    ) -> VenueRequest {
        var parameters = [named(symbol)]
        if let fromID {
            parameters.append(Parameter("fromId", String(fromID)))
        } else if let startMilliseconds {
            parameters.append(Parameter("startTime", String(startMilliseconds)))
        }
        parameters.append(Parameter("limit", String(limit)))
        return signed("/fapi/v1/userTrades", parameters, weight: 5)
    }

    /// All orders of a symbol from an order id or a time on, oldest first, at most 1,000 a page.
    ///
    /// The venue forgets orders that ended without a fill after 3 days (exchange-facts A5.4).
    package static func allOrders(
        _ symbol: Symbol, fromOrderID: Int64? = nil, startMilliseconds: Int64? = nil,
        limit: Int = 500
    ) -> VenueRequest {
        var parameters = [named(symbol)]
        if let fromOrderID {
            parameters.append(Parameter("orderId", String(fromOrderID)))
        } else if let startMilliseconds {
            parameters.append(Parameter("startTime", String(startMilliseconds)))
        }
        parameters.append(Parameter("limit", String(limit)))
        return signed("/fapi/v1/allOrders", parameters, weight: 5)
    }

    // MARK: orders

    /// Places an order in one-way position mode.
    package static func placeOrder(
        _ intent: OrderIntent, response: ResponseKind = .result
    ) -> VenueRequest {
        var parameters: [Parameter] = []
        parameters.reserveCapacity(8)
        parameters.append(named(intent.symbol))
        parameters.append(Parameter("side", intent.side.rawValue))
        parameters.append(Parameter("type", intent.type.rawValue))
        if let price = intent.price {
            parameters.append(Parameter("timeInForce", intent.timeInForce.rawValue))
            parameters.append(Parameter("price", price.text))
        }
        parameters.append(Parameter("quantity", intent.quantity.text))
        if intent.isReduceOnly { parameters.append(Parameter("reduceOnly", "true")) }
        parameters.append(Parameter("newClientOrderId", intent.clientOrderID.text))
        parameters.append(Parameter("newOrderRespType", response.rawValue))
        return VenueRequest(
            .post, "/fapi/v1/order", parameters, security: .signed, effect: .placement, weight: 0,
            orderCount: 1)
    }

    /// Cancels an order by the client id it was placed under (ours, or anyone's).
    package static func cancelOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        VenueRequest(
            .delete, "/fapi/v1/order",
            [named(symbol), Parameter("origClientOrderId", clientOrderID)],
            security: .signed, effect: .cancellation, weight: 1)
    }

    package static func queryOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        signed(
            "/fapi/v1/order", [named(symbol), Parameter("origClientOrderId", clientOrderID)],
            weight: 1)
    }

    /// An order by the venue's own id; trade lists carry no other.
    package static func queryOrder(_ symbol: Symbol, orderID: Int64) -> VenueRequest {
        signed(
            "/fapi/v1/order", [named(symbol), Parameter("orderId", String(orderID))], weight: 1)
    }

    /// Open orders of a symbol, or of all symbols at forty times the weight.
    package static func openOrders(_ symbol: Symbol? = nil) -> VenueRequest {
        signed(
            "/fapi/v1/openOrders", symbol.map { [named($0)] } ?? [], weight: symbol == nil ? 40 : 1)
    }

    private static func signed(
        _ path: String, _ parameters: [VenueRequest.Parameter] = [], weight: Int
    ) -> VenueRequest {
        VenueRequest(.get, path, parameters, security: .signed, weight: weight)
    }

    private static func named(_ symbol: Symbol) -> VenueRequest.Parameter {
        Parameter("symbol", symbol.name)
    }
}

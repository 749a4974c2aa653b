internal import ExchangeDoor
internal import Trading

/// MEXC's refusals: positive codes (exchange-facts D).
internal enum MEXCError {
    static let badSymbol = ExchangeError(10007, "bad symbol")
    static let keyUnknown = ExchangeError(10072, "Api key info invalid")
    static let keyFormat = ExchangeError(700001, "API-key format invalid.")
    static let signature = ExchangeError(700002, "Signature for this request is not valid.")
    static let timestamp = ExchangeError(
        700003, "Timestamp for this request is outside of the recvWindow.")
    static let noOrderName = ExchangeError(
        700004,
        "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    static let receiveWindow = ExchangeError(700005, "recvWindow must less than 60000")
    static let permission = ExchangeError(700007, "No permission to access the endpoint.")
    static let unknownOrder = ExchangeError(-2011, "Unknown order sent.")
    static let noSuchOrder = ExchangeError(-2013, "Order does not exist.")
    static let listenKey = ExchangeError(730100, "listenKey does not exist.")
    static let typeRefused = ExchangeError(30041, "current order type can not place order")

    static func missing(_ name: String) -> ExchangeError {
        ExchangeError(
            700004, "Mandatory parameter '\(name)' was not sent, was empty/null, or malformed.")
    }
    static func parameter(_ name: String) -> ExchangeError {
        ExchangeError(33333, "param error: \(name)")
    }
    static func illegal(_ name: String) -> ExchangeError {
        ExchangeError(700008, "Illegal characters found in parameter '\(name)'.")
    }

    /// What `RequestParameters` and the gate say, in MEXC's words.
    static func from(_ error: ExchangeError) -> ExchangeError {
        if error.status == 429 || error.status == 418 {
            return ExchangeError(
                429, "Too Many Requests", status: error.status,
                retryAfterSeconds: error.retryAfterSeconds)
        }
        if error.code >= 0 || error.code == -2011 || error.code == -2013 { return error }
        switch error.code {
        case -1121: return badSymbol
        case -1102: return ExchangeError(700004, error.message)
        case -1111: return ExchangeError(400, scale(error.message))
        case -1100: return ExchangeError(700008, error.message)
        case _: return ExchangeError(33333, "param error: \(error.message)")
        }
    }

    private static func scale(_ message: String) -> String {
        message.contains("'price'") ? "price scale is invalid" : "quantity scale is invalid"
    }

    /// The desk's refusal in MEXC's words.
    static func from(_ refusal: SpotRefusal, quote: String = "USDT") -> ExchangeError {
        switch refusal {
        case .unknownSymbol: badSymbol
        case .closed: ExchangeError(30016, "Trading disabled")
        case .missing(let name): missing(name)
        case .missingEither(let first, let second):
            ExchangeError(
                700004,
                "Param '\(first)' or '\(second)' must be sent, but both were empty/null!")
        case .notRequired(let name): parameter(name)
        case .combination: parameter("quantity and quoteOrderQty")
        case .clientOrderID: illegal("newClientOrderId")
        case .filter(let filter): from(filter)
        case .tooSmall(let least):
            ExchangeError(
                30002,
                "The minimum transaction volume cannot be less than：\(least.text)\(quote)")
        case .tooLarge(let most):
            ExchangeError(
                30003,
                "The maximum transaction volume cannot be greater than：\(most.text)\(quote)")
        case .insufficientBalance(.buy): ExchangeError(30004, "Insufficient position")
        case .insufficientBalance(.sell): ExchangeError(30005, "Oversold")
        case .duplicateClientOrderID: parameter("newClientOrderId is in use")
        case .wouldTake, .wouldTrigger: typeRefused
        case .unknownOrder, .cancelRestricted: unknownOrder
        case .noSuchOrder: noSuchOrder
        case .amendment, .tooManyAmendments: parameter("quantity")
        case .listPrices: parameter("price")
        case .unknownList, .noSuchList: unknownOrder
        case .icebergTooLarge, .icebergForce: parameter("icebergQty")
        case .unknownKey: .unknownKey
        }
    }

    private static func from(_ filter: SpotFilter) -> ExchangeError {
        switch filter {
        case .price: ExchangeError(400, "price scale is invalid")
        case .percentPrice: ExchangeError(30087, "Order price exceeds allowed range")
        case .lotSize, .marketLotSize: ExchangeError(400, "quantity scale is invalid")
        case .notional: ExchangeError(30002, "The minimum transaction volume is not reached")
        case .icebergParts, .icebergOrders, .trailingDelta: parameter(filter.rawValue)
        case .openOrders, .conditionalOrders, .orderLists:
            ExchangeError(30029, "order exceeds the maximum order limit for this account")
        }
    }
}

/// Runs a call of the desk and words its refusal.
internal func inMEXCWords<Result>(
    _ body: () throws(SpotRefusal) -> Result
) throws(ExchangeError) -> Result {
    do throws(SpotRefusal) {
        return try body()
    } catch {
        throw MEXCError.from(error)
    }
}

internal import Trading

/// A refusal as the venue words it: HTTP status, code and text (exchange-facts A7).
package struct PaperError: Error, Equatable, Sendable {
    package let status: Int
    package let code: Int64
    package let message: String

    package init(_ code: Int64, _ message: String, status: Int = 400) {
        self.status = status
        self.code = code
        self.message = message
    }
}

extension PaperError {
    // MARK: requests
    static func tooMuchWeight(_ limit: Int64) -> PaperError {
        PaperError(
            -1003,
            "Too many requests; current limit is \(limit) requests per minute. "
                + "Please use the websocket for live updates to avoid polling the API.", status: 429
        )
    }
    static func tooManyOrders(_ limit: Int64, _ interval: String) -> PaperError {
        PaperError(
            -1015, "Too many new orders; current limit is \(limit) orders per \(interval).",
            status: 429)
    }
    static func unknownPath(_ method: String, _ path: String) -> PaperError {
        PaperError(-5000, "Path \(path), Method \(method) is invalid", status: 404)
    }
    static let keyFormat = PaperError(-2014, "API-key format invalid.", status: 401)
    static let keyRefused = PaperError(
        -2015, "Invalid API-key, IP, or permissions for action.", status: 401)
    static let signature = PaperError(-1022, "Signature for this request is not valid.")
    static let timestampLate = PaperError(
        -1021, "Timestamp for this request is outside of the recvWindow.")
    static let timestampEarly = PaperError(
        -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    static func illegal(_ name: String) -> PaperError {
        PaperError(-1100, "Illegal characters found in parameter '\(name)'.")
    }
    static func missing(_ name: String) -> PaperError {
        PaperError(
            -1102, "Mandatory parameter '\(name)' was not sent, was empty/null, or malformed.")
    }
    static func missingEither(_ first: String, _ second: String) -> PaperError {
        PaperError(
            -1102,
            "Param '\(first)' or '\(second)' must be sent, but both were empty/null!")
    }
    static func notRequired(_ name: String) -> PaperError {
        PaperError(-1106, "Parameter '\(name)' sent when not required.")
    }
    static func invalid(_ name: String) -> PaperError {
        PaperError(-1130, "Data sent for parameter '\(name)' is not valid.")
    }
    static let malformed = PaperError(-1130, "Data sent for parameter 'body' is not valid.")

    // MARK: orders
    static let precision = PaperError(
        -1111, "Precision is over the maximum defined for this asset.")
    static let timeInForce = PaperError(-1115, "Invalid timeInForce.")
    static let orderType = PaperError(-1116, "Invalid orderType.")
    static let side = PaperError(-1117, "Invalid side.")
    static let symbol = PaperError(-1121, "Invalid symbol.")
    static let listenKey = PaperError(-1125, "This listenKey does not exist.")
    static let unknownOrder = PaperError(-2011, "Unknown order sent.")
    static let noSuchOrder = PaperError(-2013, "Order does not exist.")
    static let marginInsufficient = PaperError(-2019, "Margin is insufficient.")
    static let reduceOnly = PaperError(-2022, "ReduceOnly Order is rejected.")
    static let tooManyOpen = PaperError(-2025, "Reach max open order limit.")
    static let positionTooLarge = PaperError(
        -2027, "Exceeded the maximum allowable position at current leverage.")
    static let priceNotPositive = PaperError(-4001, "Price less than or equal to zero.")
    static let priceTooHigh = PaperError(-4002, "Price greater than max price.")
    static let quantityNotPositive = PaperError(-4003, "Quantity less than or equal to zero.")
    static let quantityTooSmall = PaperError(-4004, "Quantity less than min quantity.")
    static let quantityTooLarge = PaperError(-4005, "Quantity greater than max quantity.")
    static let priceTooLow = PaperError(-4013, "Price less than min price.")
    static let priceOffTick = PaperError(-4014, "Price not increased by tick size.")
    static let clientOrderID = PaperError(-4015, "Client order id is not valid.")
    static func abovePriceBand(_ most: Price) -> PaperError {
        PaperError(-4016, "Limit price can't be higher than \(most.text).")
    }
    static let depthLimit = PaperError(-4021, "Invalid depth limit.")
    static let quantityOffStep = PaperError(-4023, "Quantity not increased by step size.")
    static func belowPriceBand(_ least: Price) -> PaperError {
        PaperError(-4024, "Limit price can't be lower than \(least.text).")
    }
    static func leverage(_ text: String) -> PaperError {
        PaperError(-4028, "Leverage \(text) is not valid")
    }
    static let marginTypeUnchanged = PaperError(-4046, "No need to change margin type.")
    static let positionModeUnchanged = PaperError(-4059, "No need to change position side.")
    static let positionSide = PaperError(
        -4061, "Order's position side does not match user's setting.")
    static let multiAssetsUnchanged = PaperError(-4171, "No need to change multi-assets mode.")
    static let duplicateClientOrderID = PaperError(-4116, "ClientOrderId is duplicated.")
    static let conditionalType = PaperError(
        -4120,
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
            + "instead.")
    static let counterpartyPrice = PaperError(
        -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.")
    static func notional(_ least: Money) -> PaperError {
        PaperError(
            -4164,
            "Order's notional must be no smaller than \(least.text) (unless you choose reduce only)."
        )
    }
    static let fillOrKill = PaperError(
        -5021,
        "Due to the order could not be filled immediately, the FOK order has been rejected. "
            + "The order will not be recorded in the order history")
    static let postOnly = PaperError(
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected. "
            + "The order will not be recorded in the order history")
    static let priceMatch = PaperError(-5037, "Invalid price match")
    static let selfTradeMode = PaperError(-5039, "Invalid self trade prevention mode")
    static let goodTillDate = PaperError(-5040, "Invalid goodTillDate")
    static let noDepth = PaperError(-5041, "No depth matches this BBO order")
}

internal import ExchangeDoor
internal import Trading

extension ExchangeError {
    static let timeInForce = ExchangeError(-1115, "Invalid timeInForce.")
    static let orderType = ExchangeError(-1116, "Invalid orderType.")
    static let side = ExchangeError(-1117, "Invalid side.")
    static let listenKey = ExchangeError(-1125, "This listenKey does not exist.")
    static let unknownOrder = ExchangeError(-2011, "Unknown order sent.")
    static let noSuchOrder = ExchangeError(-2013, "Order does not exist.")
    static let marginInsufficient = ExchangeError(-2019, "Margin is insufficient.")
    static let reduceOnly = ExchangeError(-2022, "ReduceOnly Order is rejected.")
    static let tooManyOpen = ExchangeError(-2025, "Reach max open order limit.")
    static let positionTooLarge = ExchangeError(
        -2027, "Exceeded the maximum allowable position at current leverage.")
    static let priceNotPositive = ExchangeError(-4001, "Price less than or equal to zero.")
    static let priceTooHigh = ExchangeError(-4002, "Price greater than max price.")
    static let quantityNotPositive = ExchangeError(-4003, "Quantity less than or equal to zero.")
    static let quantityTooSmall = ExchangeError(-4004, "Quantity less than min quantity.")
    static let quantityTooLarge = ExchangeError(-4005, "Quantity greater than max quantity.")
    static let priceTooLow = ExchangeError(-4013, "Price less than min price.")
    static let priceOffTick = ExchangeError(-4014, "Price not increased by tick size.")
    static let clientOrderID = ExchangeError(-4015, "Client order id is not valid.")
    static func abovePriceBand(_ most: Price) -> ExchangeError {
        ExchangeError(-4016, "Limit price can't be higher than \(most.text).")
    }
    static let depthLimit = ExchangeError(-4021, "Invalid depth limit.")
    static let quantityOffStep = ExchangeError(-4023, "Quantity not increased by step size.")
    static func belowPriceBand(_ least: Price) -> ExchangeError {
        ExchangeError(-4024, "Limit price can't be lower than \(least.text).")
    }
    static func leverage(_ text: String) -> ExchangeError {
        ExchangeError(-4028, "Leverage \(text) is not valid")
    }
    static let marginTypeUnchanged = ExchangeError(-4046, "No need to change margin type.")
    static let positionModeUnchanged = ExchangeError(-4059, "No need to change position side.")
    static let positionSide = ExchangeError(
        -4061, "Order's position side does not match user's setting.")
    static let multiAssetsUnchanged = ExchangeError(-4171, "No need to change multi-assets mode.")
    static let duplicateClientOrderID = ExchangeError(-4116, "ClientOrderId is duplicated.")
    static let conditionalType = ExchangeError(
        -4120,
        "Order type not supported for this endpoint. Please use the Algo Order API endpoints "
            + "instead.")
    static let counterpartyPrice = ExchangeError(
        -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.")
    static func notional(_ least: Money) -> ExchangeError {
        ExchangeError(
            -4164,
            "Order's notional must be no smaller than \(least.text) (unless you choose reduce only)."
        )
    }
    static let fillOrKill = ExchangeError(
        -5021,
        "Due to the order could not be filled immediately, the FOK order has been rejected. "
            + "The order will not be recorded in the order history")
    static let postOnly = ExchangeError(
        -5022,
        "Due to the order could not be executed as maker, the Post Only order will be rejected. "
            + "The order will not be recorded in the order history")
    static let priceMatch = ExchangeError(-5037, "Invalid price match")
    static let selfTradeMode = ExchangeError(-5039, "Invalid self trade prevention mode")
    static let goodTillDate = ExchangeError(-5040, "Invalid goodTillDate")
    static let noDepth = ExchangeError(-5041, "No depth matches this BBO order")
}

internal import ExchangeDoor
internal import Trading

extension ExchangeError {
    static func windowTooLong(_ days: Int64) -> ExchangeError {
        ExchangeError(-1127, "More than \(days * 24) hours between startTime and endTime.")
    }
    static let timeInForce = ExchangeError(-1115, "Invalid timeInForce.")
    static let orderType = ExchangeError(-1116, "Invalid orderType.")
    static let side = ExchangeError(-1117, "Invalid side.")
    static let interval = ExchangeError(-1120, "Invalid interval.")
    static let listenKey = ExchangeError(-1125, "This listenKey does not exist.")
    static let unknownOrder = ExchangeError(-2011, "Unknown order sent.")
    static let noSuchOrder = ExchangeError(-2013, "Order does not exist.")
    static let marginInsufficient = ExchangeError(-2019, "Margin is insufficient.")
    static let wouldTrigger = ExchangeError(-2021, "Order would immediately trigger.")
    static let reduceOnly = ExchangeError(-2022, "ReduceOnly Order is rejected.")
    static let tooManyOpen = ExchangeError(-2025, "Reach max open order limit.")
    static let positionTooLarge = ExchangeError(
        -2027, "Exceeded the maximum allowable position at current leverage.")
    static let priceNotPositive = ExchangeError(-4001, "Price less than or equal to zero.")
    static let priceTooHigh = ExchangeError(-4002, "Price greater than max price.")
    static let quantityNotPositive = ExchangeError(-4003, "Quantity less than or equal to zero.")
    static let quantityTooSmall = ExchangeError(-4004, "Quantity less than min quantity.")
    static let quantityTooLarge = ExchangeError(-4005, "Quantity greater than max quantity.")
    static let triggerNotPositive = ExchangeError(-4006, "Stop price less than or equal to zero.")
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
    static let cancelBatchSize = ExchangeError(-4032, "Exceed maximum cancel order size.")
    static let tooManyTriggers = ExchangeError(-4045, "Reach max stop order limit.")
    static let marginTypeUnchanged = ExchangeError(-4046, "No need to change margin type.")
    static let marginTypeWithOrders = ExchangeError(
        -4047, "Margin type cannot be changed if there exists open orders.")
    static let marginTypeWithPosition = ExchangeError(
        -4048, "Margin type cannot be changed if there exists position.")
    static let addMarginToCross = ExchangeError(
        -4049, "Add margin only support for isolated position.")
    static let crossBalance = ExchangeError(-4050, "Cross balance insufficient.")
    static let isolatedBalance = ExchangeError(-4051, "Isolated balance insufficient.")
    static let addMarginToNothing = ExchangeError(
        -4054, "Cannot add position margin: position is 0.")
    static let amountNotPositive = ExchangeError(-4055, "Amount must be positive.")
    static let positionModeUnchanged = ExchangeError(-4059, "No need to change position side.")
    static let positionSide = ExchangeError(
        -4061, "Order's position side does not match user's setting.")
    static let positionModeWithOrders = ExchangeError(
        -4067, "Position side cannot be changed if there exists open orders.")
    static let positionModeWithPosition = ExchangeError(
        -4068, "Position side cannot be changed if there exists position.")
    static let placeBatchSize = ExchangeError(-4082, "Invalid number of batch place orders.")
    static let symbolEnded = ExchangeError(
        -4108, "Symbol is on delivering or delivered or settling or closed or pre-trading.")
    static let closePositionTwice = ExchangeError(
        -4130,
        "An open stop or take profit order with GTE and closePosition in the direction is existing."
    )
    static let closePositionWithQuantity = ExchangeError(
        -4136, "Target strategy invalid for orderType, closePosition true.")
    static let symbolStatus = ExchangeError(
        -4140, "Invalid symbol status for opening position.")
    static let lowerLeverage = ExchangeError(
        -4161,
        "Leverage reduction is not supported in Isolated Margin Mode with open positions.")
    static let isolatedWithMultiAssets = ExchangeError(
        -4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
    static let multiAssetsWithIsolated = ExchangeError(
        -4169, "Unable to adjust Multi-Assets Mode with isolated margin symbols.")
    static let callbackRate = ExchangeError(-2007, "Invalid callBack rate.")
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
    static let amendHalted = ExchangeError(
        -5024, "Symbol is not in trading status. Order amendment is not permitted.")
    static let amendLimitOnly = ExchangeError(-5025, "Only limit order is supported.")
    static let amendTooOften = ExchangeError(-5026, "Exceed maximum modify order limit.")
    static let amendUnchanged = ExchangeError(-5027, "No need to modify the order.")
    static func amendNotional(_ least: Money) -> ExchangeError {
        ExchangeError(-5029, "Order's notional must be no smaller than \(least.text).")
    }
    static let priceMatch = ExchangeError(-5037, "Invalid price match")
    static let selfTradeMode = ExchangeError(-5039, "Invalid self trade prevention mode")
    static let goodTillDate = ExchangeError(-5040, "Invalid goodTillDate")
    static let noDepth = ExchangeError(-5041, "No depth matches this BBO order")
}

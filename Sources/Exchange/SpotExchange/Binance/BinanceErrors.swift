internal import ExchangeDoor
internal import Trading

extension ExchangeError {
    static let timeInForce = ExchangeError(-1115, "Invalid timeInForce.")
    static let orderType = ExchangeError(-1116, "Invalid orderType.")
    static let side = ExchangeError(-1117, "Invalid side.")
    static let interval = ExchangeError(-1120, "Invalid interval.")
    static let combination = ExchangeError(-1128, "Combination of optional parameters invalid.")
    static let receiveWindow = ExchangeError(-1131, "recvWindow must be less than 60000.")
    static let cancelRestrictions = ExchangeError(-1145, "Invalid cancelRestrictions")
    static let selfTradeMode = ExchangeError(
        -1013, "This symbol does not allow the specified self-trade prevention mode.")
    static let replaceMode = ExchangeError(-1130, "Invalid cancelReplaceMode.")
    static let noSuchOrder = ExchangeError(-2013, "Order does not exist.")
    static let unknownOrder = ExchangeError(-2011, "Unknown order sent.")

    static func filter(_ filter: SpotFilter) -> ExchangeError {
        ExchangeError(-1013, "Filter failure: \(filter.rawValue)")
    }

    /// The desk's refusal in Binance's words.
    init(binance refusal: SpotRefusal) {
        switch refusal {
        case .unknownSymbol: self = .symbol
        case .closed: self = ExchangeError(-1013, "Market is closed.")
        case .missing(let name): self = .missing(name)
        case .missingEither(let first, let second): self = .missingEither(first, second)
        case .notRequired(let name): self = .notRequired(name)
        case .combination: self = .combination
        case .icebergTooLarge: self = ExchangeError(-2010, "IcebergQty exceeds QTY.")
        case .icebergForce: self = .timeInForce
        case .unknownKey: self = .unknownKey
        case .clientOrderID:
            self = ExchangeError(
                -1100,
                "Illegal characters found in parameter 'newClientOrderId'; legal range is "
                    + "'^[a-zA-Z0-9-_]{1,36}$'.")
        case .filter(let filter): self = .filter(filter)
        case .tooSmall, .tooLarge: self = .filter(.notional)
        case .insufficientBalance:
            self = ExchangeError(-2010, "Account has insufficient balance for requested action.")
        case .duplicateClientOrderID: self = ExchangeError(-2010, "Duplicate order sent.")
        case .wouldTake: self = ExchangeError(-2010, "Order would immediately match and take.")
        case .wouldTrigger: self = ExchangeError(-2010, "Order would trigger immediately.")
        case .unknownOrder: self = .unknownOrder
        case .noSuchOrder: self = .noSuchOrder
        case .cancelRestricted:
            self = ExchangeError(-2011, "Order was not canceled due to cancel restrictions.")
        case .tooManyAmendments:
            self = ExchangeError(-2038, "The order has been amended as often as it may be.")
        case .listPrices:
            self = ExchangeError(
                -2010, "The relationship of the prices for the orders is not correct.")
        case .unknownList: self = ExchangeError(-2011, "Unknown order list sent.")
        case .noSuchList: self = ExchangeError(-2013, "Order list does not exist.")
        case .amendment:
            self = ExchangeError(
                -2038,
                "The requested action would change no state; rejecting. "
                    + "The new quantity must be lower than the order's and above what is filled.")
        }
    }
}

/// Runs a call of the desk and words its refusal.
internal func inBinanceWords<Result>(
    _ body: () throws(SpotRefusal) -> Result
) throws(ExchangeError) -> Result {
    do throws(SpotRefusal) {
        return try body()
    } catch {
        throw ExchangeError(binance: error)
    }
}

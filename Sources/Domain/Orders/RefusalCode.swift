/// Why an order or command was refused: a stable number in the band of what refused it, and a name.
///
/// 1xx trading state, 2xx account, 3xx instrument, 4xx market, 5xx risk, 6xx limits, 7xx gateway,
/// 8xx venue, 9xx algorithms. Numbers and names are never reused.
package enum RefusalCode: Int, CaseIterable, Sendable, CustomStringConvertible {
    case venueHalted = 101
    case venueReducing = 102
    case accountHalted = 103
    case accountReducing = 104

    case accountUnknown = 201
    case accountDisabled = 202
    case accountExists = 203

    case instrumentUnknown = 301
    case instrumentNotTrading = 302
    case priceOffTick = 303
    case quantityOffStep = 304
    case quantityTooSmall = 305
    case quantityTooLarge = 306
    case notionalTooSmall = 307
    case priceOutOfRange = 308
    case quantityBelowFilled = 309
    case orderNotAmendable = 310
    case venueCannot = 311
    case instrumentReducing = 312

    case priceUnknown = 401
    case priceStale = 402
    case priceOutsideBand = 403

    case riskUnknown = 501
    case riskStale = 502
    case marginInsufficient = 503
    case reduceOnlyWouldIncrease = 504
    case orderUnsettled = 505

    case orderNotionalLimit = 601
    case orderRateLimit = 602
    case orderCountLimit = 603
    case amendSuperseded = 604
    case sidePaused = 605

    case notReady = 701
    case deadlinePassed = 702
    case redisDown = 703
    case malformed = 704
    case unknownCommand = 705
    case leaseLost = 706
    case queueFull = 707
    case cancelledBeforeSending = 708
    /// The lease of the order's owner has ended, or cannot be read.
    case ownerGone = 709

    case venueRejected = 801
    case outcomeUnknown = 802
    case orderNotFound = 803
    case orderFinal = 804
    case venueBusy = 805
    /// The venue holds no net position that a reduce-only order would reduce.
    case reduceOnlyRejected = 806

    case algoInvalid = 901
    case algoUnknown = 902
    case algoExists = 903
    case algoLimit = 904

    /// The name that stands in replies and records: `price_stale`.
    package var description: String {
        switch self {
        case .venueHalted: "venue_halted"
        case .venueReducing: "venue_reducing"
        case .accountHalted: "account_halted"
        case .accountReducing: "account_reducing"
        case .accountUnknown: "account_unknown"
        case .accountDisabled: "account_disabled"
        case .accountExists: "account_exists"
        case .instrumentUnknown: "instrument_unknown"
        case .instrumentNotTrading: "instrument_not_trading"
        case .priceOffTick: "price_off_tick"
        case .quantityOffStep: "quantity_off_step"
        case .quantityTooSmall: "quantity_too_small"
        case .quantityTooLarge: "quantity_too_large"
        case .notionalTooSmall: "notional_too_small"
        case .priceOutOfRange: "price_out_of_range"
        case .quantityBelowFilled: "quantity_below_filled"
        case .orderNotAmendable: "order_not_amendable"
        case .venueCannot: "venue_cannot"
        case .instrumentReducing: "instrument_reducing"
        case .priceUnknown: "price_unknown"
        case .priceStale: "price_stale"
        case .priceOutsideBand: "price_outside_band"
        case .riskUnknown: "risk_unknown"
        case .riskStale: "risk_stale"
        case .marginInsufficient: "margin_insufficient"
        case .reduceOnlyWouldIncrease: "reduce_only_would_increase"
        case .orderUnsettled: "order_unsettled"
        case .orderNotionalLimit: "order_notional_limit"
        case .orderRateLimit: "order_rate_limit"
        case .orderCountLimit: "order_count_limit"
        case .amendSuperseded: "amend_superseded"
        case .sidePaused: "side_paused"
        case .notReady: "not_ready"
        case .deadlinePassed: "deadline_passed"
        case .redisDown: "redis_down"
        case .malformed: "malformed"
        case .unknownCommand: "unknown_command"
        case .leaseLost: "lease_lost"
        case .queueFull: "queue_full"
        case .cancelledBeforeSending: "cancelled_before_sending"
        case .ownerGone: "owner_gone"
        case .venueRejected: "venue_rejected"
        case .outcomeUnknown: "outcome_unknown"
        case .orderNotFound: "order_not_found"
        case .orderFinal: "order_final"
        case .venueBusy: "venue_busy"
        case .reduceOnlyRejected: "reduce_only_rejected"
        case .algoInvalid: "algo_invalid"
        case .algoUnknown: "algo_unknown"
        case .algoExists: "algo_exists"
        case .algoLimit: "algo_limit"
        }
    }
}

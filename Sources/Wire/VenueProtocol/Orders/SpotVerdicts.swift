extension BinanceSpot {
    /// The meaning of an error code; -2010 is told apart by its text, which is documented. Codes
    /// -2021 and -2022 are results of cancelReplace here, whose parts say what became of them.
    static func verdict(on error: VenueError) -> BinanceFutures.Verdict {
        switch error.code {
        case -1000, -1001, -1006, -1007, -2021, -2022: .unknown
        case -1003: .weightExceeded
        case -1008: .retry(VenueFailure.Pause.overload)
        case -1015: .retry(VenueFailure.Pause.orderWindow)
        case -1016: .retry(VenueFailure.Pause.shutdown)
        case -1034: .retry(VenueFailure.Pause.firewall)
        case -1021: .clock
        case -1002, -1022, -2014, -2015: .unauthorized
        case -1125: .listenKey
        case -2011, -2013, -2026: .notFound
        case -2010 where error.message.hasPrefix("Duplicate order"): .duplicate
        case -1013, -1199 ... -1099, -2099 ... -2010: .reject
        case _: .unlisted
        }
    }
}

extension MEXCSpot {
    /// The meaning of an error code; most are positive, some are Binance's.
    static func verdict(on error: VenueError) -> BinanceFutures.Verdict {
        switch error.code {
        case 429, 510: .weightExceeded
        case 500, 503, 504: .unknown
        case 10073, 700003, 700005: .clock
        case 401, 403, 10072, 700001, 700002, 700006, 700007: .unauthorized
        case -2011, -2013, 30026, 22222: .notFound
        case -1125, 730100...730199: .listenKey
        case 400, 10001...10071, 10074...30025, 30027...33333, 44444, 60005,
            70011, 700004, 700008...730099:
            .reject
        case _: .unlisted
        }
    }
}

internal import Chronology

/// The dialect of Binance USD-M futures. Source: developers.binance.com, usds-margined-futures.
package enum BinanceFutures {}

extension BinanceFutures {
    /// What a code says, before the HTTP status and the kind of call are weighed.
    enum Verdict {
        case reject
        case retry(Interval)
        case weightExceeded
        case unknown
        case clock
        case duplicate
        case notFound
        case done
        case listenKey
        case unauthorized
        /// Not in the table.
        case unlisted
    }

    /// The meaning of an error code. The documentation calls -1001 a definite failure, but its
    /// text is also seen after lost connections inside the venue: it counts as unknown.
    static func verdict(on code: Int) -> Verdict {
        switch code {
        case -1000, -1001, -1006, -1007: .unknown
        case -1003: .weightExceeded
        case -1008: .retry(VenueFailure.Pause.overload)
        case -1015: .retry(VenueFailure.Pause.orderWindow)
        case -1016: .retry(VenueFailure.Pause.shutdown)
        case -4131: .retry(VenueFailure.Pause.query)
        case -1021, -5028: .clock
        case -1002, -1022, -2014, -2015: .unauthorized
        case -1125: .listenKey
        case -2011, -2013: .notFound
        case -4046, -4059, -5027: .done
        case -4116: .duplicate
        case -1199 ... -1099, -2099 ... -2010, -5999 ... -4000: .reject
        case _: .unlisted
        }
    }
}

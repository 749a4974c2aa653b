/// A refusal as the venue words it: HTTP status, code and text (exchange-facts A7).
package struct ExchangeError: Error, Equatable, Sendable {
    package let status: Int
    package let code: Int64
    package let message: String
    /// What the `Retry-After` header says, where there is one.
    package let retryAfterSeconds: Int64?

    package init(
        _ code: Int64, _ message: String, status: Int = 400, retryAfterSeconds: Int64? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
    }
}

extension ExchangeError {
    // MARK: requests
    package static func tooMuchWeight(
        _ window: RateWindow, remote: String, _ seconds: Int64
    ) -> ExchangeError {
        let span = window.count == 1 ? window.unit.rawValue.lowercased() : window.words
        return ExchangeError(
            -1003,
            "Too many requests; current limit of IP(\(remote)) is \(window.limit) requests per "
                + "\(span). Please use the websocket for live updates to avoid polling the API.",
            status: 429, retryAfterSeconds: seconds)
    }
    package static func banned(
        remote: String, until: Int64, _ seconds: Int64
    ) -> ExchangeError {
        ExchangeError(
            -1003,
            "Way too many requests; IP(\(remote)) banned until \(until). "
                + "Please use the websocket for live updates to avoid bans.",
            status: 418, retryAfterSeconds: seconds)
    }
    package static func tooManyOrders(_ window: RateWindow, _ seconds: Int64) -> ExchangeError {
        ExchangeError(
            -1015, "Too many new orders; current limit is \(window.limit) orders per \(window.words).",
            status: 429, retryAfterSeconds: seconds)
    }
    package static func unknownPath(_ method: String, _ path: String) -> ExchangeError {
        ExchangeError(-5000, "Path \(path), Method \(method) is invalid", status: 404)
    }
    package static let keyFormat = ExchangeError(-2014, "API-key format invalid.", status: 401)
    package static let keyRefused = ExchangeError(
        -2015, "Invalid API-key, IP, or permissions for action.", status: 401)
    package static let signature = ExchangeError(-1022, "Signature for this request is not valid.")
    package static let timestampLate = ExchangeError(
        -1021, "Timestamp for this request is outside of the recvWindow.")
    package static let timestampEarly = ExchangeError(
        -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    package static func illegal(_ name: String) -> ExchangeError {
        ExchangeError(-1100, "Illegal characters found in parameter '\(name)'.")
    }
    package static func missing(_ name: String) -> ExchangeError {
        ExchangeError(
            -1102, "Mandatory parameter '\(name)' was not sent, was empty/null, or malformed.")
    }
    package static func missingEither(_ first: String, _ second: String) -> ExchangeError {
        ExchangeError(
            -1102,
            "Param '\(first)' or '\(second)' must be sent, but both were empty/null!")
    }
    package static func notRequired(_ name: String) -> ExchangeError {
        ExchangeError(-1106, "Parameter '\(name)' sent when not required.")
    }
    package static func invalid(_ name: String) -> ExchangeError {
        ExchangeError(-1130, "Data sent for parameter '\(name)' is not valid.")
    }
    package static let malformed = ExchangeError(
        -1130, "Data sent for parameter 'body' is not valid.")
    package static let precision = ExchangeError(
        -1111, "Precision is over the maximum defined for this asset.")
    package static let symbol = ExchangeError(-1121, "Invalid symbol.")
}

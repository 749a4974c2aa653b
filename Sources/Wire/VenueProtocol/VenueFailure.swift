internal import Bytes
package import Chronology

/// What a failed call means for its caller.
package enum VenueFailure: Equatable, Sendable {
    /// Not executed, and would not be if sent again unchanged.
    case definiteReject(VenueError)
    /// Not executed; may be sent again after a pause.
    case retryLater(after: Interval, VenueError)
    /// An order may or may not have been executed: look it up by its client id.
    case unknownOutcome(VenueError)
    /// Not executed: our timestamp was off (-1021, -5028). Synchronise once, send once more (T8).
    case clockSkew(VenueError)
    /// An open order has this client id: an earlier try of the same order is alive (S1).
    case duplicateClientID(VenueError)
    /// The venue knows no such order (-2011, -2013); just after an unknown outcome this proves
    /// nothing (S7).
    case orderNotFound(VenueError)
    /// What was asked for is so already (-4046, -4059, -5027): a success.
    case alreadyDone(VenueError)
    /// The listen key is gone (-1125): ask for a new one and connect again (T1).
    case listenKeyGone(VenueError)
    /// Key, signature or permission refused; nothing will pass until an operator acts.
    case unauthorized(VenueError)
    /// The address is banned until then; every call before it lengthens the ban.
    case banned(until: WallTime, VenueError)

    package var error: VenueError {
        switch self {
        case .definiteReject(let error), .retryLater(_, let error), .unknownOutcome(let error),
            .clockSkew(let error), .duplicateClientID(let error), .orderNotFound(let error),
            .alreadyDone(let error), .listenKeyGone(let error), .unauthorized(let error),
            .banned(_, let error):
            error
        }
    }

    /// The same, with another text.
    package func saying(_ message: String) -> VenueFailure {
        let error = VenueError(code: error.code, message: message)
        return switch self {
        case .definiteReject: .definiteReject(error)
        case .retryLater(let pause, _): .retryLater(after: pause, error)
        case .unknownOutcome: .unknownOutcome(error)
        case .clockSkew: .clockSkew(error)
        case .duplicateClientID: .duplicateClientID(error)
        case .orderNotFound: .orderNotFound(error)
        case .alreadyDone: .alreadyDone(error)
        case .listenKeyGone: .listenKeyGone(error)
        case .unauthorized: .unauthorized(error)
        case .banned(let until, _): .banned(until: until, error)
        }
    }

    /// Whether the order may have been executed.
    package var isOutcomeUnknown: Bool {
        if case .unknownOutcome = self { true } else { false }
    }
}

extension VenueFailure {
    /// Pauses where the venue names none.
    package enum Pause {
        /// -1008 and 503 texts that say "not executed": 200, 400, 800 ms are advised.
        package static let overload = Interval.milliseconds(200)
        /// The order limit's shorter window.
        package static let orderWindow = Interval.seconds(10)
        /// A query that failed in the venue or on its way.
        package static let query = Interval.seconds(1)
        /// A firewall's refusal (403).
        package static let firewall = Interval.seconds(30)
        /// The shortest documented ban.
        package static let ban = Interval.seconds(120)
        /// A venue that shuts down.
        package static let shutdown = Interval.seconds(5)
    }

    /// Classifies an answer of a venue; nil means success.
    ///
    /// The code decides first, then the HTTP status. Source: Binance error-code and general-info.
    /// - Parameter isOrder: whether the call placed or cancelled an order; a query's lost answer is
    ///   never an unknown outcome.
    package static func classify(
        httpStatus: Int, body: RawSpan, isOrder: Bool, retryAfterSeconds: Int64? = nil,
        wall: WallTime, venue: VenueKind = .binanceFutures
    ) -> VenueFailure? {
        let pause = retryAfterSeconds.map { Interval.seconds(min(max($0, 0), 86_400 * 3)) }
        if let error = VenueError(body), isFailure(error.code, venue) {
            return classify(
                error, verdict(on: error, venue), httpStatus, isOrder: isOrder, pause: pause,
                wall: wall)
        }
        if (200..<300).contains(httpStatus), looksLikeJSON(body) { return nil }
        let error = VenueError(plain: body, httpStatus: httpStatus)
        return classify(plain: error, httpStatus, isOrder: isOrder, pause: pause, wall: wall)
    }

    /// Binance's failures have negative codes, MEXC's most other codes than 0 and 200.
    private static func isFailure(_ code: Int, _ venue: VenueKind) -> Bool {
        switch venue {
        case .binanceFutures, .binanceSpot: code < 0
        case .mexcSpot: code != 0 && code != 200
        }
    }

    private static func verdict(
        on error: VenueError, _ venue: VenueKind
    ) -> BinanceFutures.Verdict {
        switch venue {
        case .binanceFutures: BinanceFutures.verdict(on: error.code)
        case .binanceSpot: BinanceSpot.verdict(on: error)
        case .mexcSpot: MEXCSpot.verdict(on: error)
        }
    }

    private static func classify(
        _ error: VenueError, _ verdict: BinanceFutures.Verdict, _ httpStatus: Int, isOrder: Bool,
        pause: Interval?, wall: WallTime
    ) -> VenueFailure {
        if httpStatus == 418 {
            return .banned(until: banEnd(error, pause: pause, wall: wall), error)
        }
        switch verdict {
        case .reject: return .definiteReject(error)
        case .retry(let usual): return .retryLater(after: pause ?? usual, error)
        case .weightExceeded:
            if statedBanEnd(error.message) != nil {
                return .banned(until: banEnd(error, pause: pause, wall: wall), error)
            }
            return .retryLater(after: pause ?? restOfMinute(wall), error)
        case .unknown: return lostAnswer(error, isOrder: isOrder)
        case .clock: return .clockSkew(error)
        case .duplicate: return .duplicateClientID(error)
        case .notFound: return .orderNotFound(error)
        case .done: return .alreadyDone(error)
        case .listenKey: return .listenKeyGone(error)
        case .unauthorized: return .unauthorized(error)
        case .unlisted:
            // A code newer than the table: refusals come as 4xx, the rest says nothing of the order.
            return httpStatus == 408 || !(400..<500).contains(httpStatus)
                ? lostAnswer(error, isOrder: isOrder) : .definiteReject(error)
        }
    }

    private static func classify(
        plain error: VenueError, _ httpStatus: Int, isOrder: Bool, pause: Interval?, wall: WallTime
    ) -> VenueFailure {
        switch httpStatus {
        case 418: return .banned(until: banEnd(error, pause: pause, wall: wall), error)
        case 429: return .retryLater(after: pause ?? restOfMinute(wall), error)
        case 403: return .retryLater(after: pause ?? Pause.firewall, error)
        case 401: return .unauthorized(error)
        case 408: return lostAnswer(error, isOrder: isOrder)
        case 503 where error.message == "http 503: Service Unavailable.":
            return .retryLater(after: pause ?? Pause.overload, error)
        case 400..<500: return .definiteReject(error)
        case _: return lostAnswer(error, isOrder: isOrder)
        }
    }

    private static func lostAnswer(_ error: VenueError, isOrder: Bool) -> VenueFailure {
        isOrder ? .unknownOutcome(error) : .retryLater(after: Pause.query, error)
    }

    private static func looksLikeJSON(_ body: RawSpan) -> Bool {
        var index = 0
        while index < body.byteCount, body.byte(index) <= 0x20 { index += 1 }
        guard index < body.byteCount else { return false }
        return body.byte(index) == UInt8(ascii: "{") || body.byte(index) == UInt8(ascii: "[")
    }

    /// Weight windows are whole minutes of the venue's clock; a second is added for the difference.
    private static func restOfMinute(_ wall: WallTime) -> Interval {
        .milliseconds(61_000 - (wall.milliseconds % 60_000 + 60_000) % 60_000)
    }

    private static func banEnd(
        _ error: VenueError, pause: Interval?, wall: WallTime
    ) -> WallTime {
        let stated = statedBanEnd(error.message)
        let waited = wall + (pause ?? Pause.ban)
        guard let stated else { return waited }
        return pause == nil ? stated : max(stated, waited)
    }

    /// The time in "banned until 1746327239762", or nil.
    private static func statedBanEnd(_ message: String) -> WallTime? {
        let words = message.split(separator: " ")
        guard let place = words.firstIndex(of: "until"), place + 1 < words.count else { return nil }
        let digits = words[place + 1].prefix { $0.isASCII && $0.isNumber }
        guard let time = Int64(digits), time > 0 else { return nil }
        return WallTime(milliseconds: time)
    }
}

package import Chronology
package import ExchangeDoor
package import Trading

/// Whether a fault strikes before the exchange has carried a request out, or after.
package enum FaultMoment: String, CaseIterable, Sendable {
    case before, after
}

/// An answer that does not come from the exchange.
package struct CannedAnswer: Equatable, Sendable {
    package var status: Int
    package var body: String
    package var isHTML = false
    package var retryAfterSeconds: Int64?
    /// How long a ban lasts: `{until}` in the body stands for its end.
    package var ban: Interval?

    /// The venue's error body.
    package init(status: Int, code: Int64, message: String, retryAfterSeconds: Int64? = nil) {
        self.status = status
        body = "{\"code\":\(code),\"msg\":\(CannedAnswer.quoted(message))}"
        self.retryAfterSeconds = retryAfterSeconds
    }

    package init(status: Int, html: String) {
        self.status = status
        body = html
        isHTML = true
    }

    /// The body as it is sent at a time.
    package func body(wall: WallTime) -> [UInt8] {
        guard let ban else { return Array(body.utf8) }
        let parts = body.split(separator: "{until}", omittingEmptySubsequences: false)
        return Array(parts.joined(separator: String((wall + ban).milliseconds)).utf8)
    }

    package var headers: [(String, String)] {
        var headers = [("Content-Type", isHTML ? "text/html" : "application/json")]
        if let retryAfterSeconds { headers.append(("Retry-After", String(retryAfterSeconds))) }
        return headers
    }
}

/// What a fault does.
package enum FaultAction: Equatable, Sendable {
    // Requests.
    case delay(Interval, jitter: Interval, FaultMoment)
    case answer(CannedAnswer, after: Interval, FaultMoment)
    case disconnect(after: Interval, FaultMoment)
    /// New orders that are taken are filled in parts up to a share, and cancelled.
    case fillThenCancel(parts: Int, share: Ratio)
    // Frames: user events, or streams.
    case duplicate(copies: Int)
    case reorder
    case hold(Interval)
    case lose
    case corrupt
    case truncate
    // Sockets.
    case refuseSockets
    /// At once, once: with a close frame, or as a broken line.
    case closeSockets(code: UInt16, isAbrupt: Bool)
    // The exchange.
    case skew(Interval)
    /// At once, once.
    case operate(ExchangeOperation)

    /// Whether it is done when it is asked for, and is over then.
    package var isImmediate: Bool {
        switch self {
        case .closeSockets, .operate: true
        case .delay, .answer, .disconnect, .fillThenCancel, .duplicate, .reorder, .hold, .lose,
            .corrupt, .truncate, .refuseSockets, .skew:
            false
        }
    }

    /// Whether it strikes requests.
    package var isOfRequests: Bool {
        switch self {
        case .delay, .answer, .disconnect, .fillThenCancel: true
        case .duplicate, .reorder, .hold, .lose, .corrupt, .truncate, .refuseSockets,
            .closeSockets, .skew, .operate:
            false
        }
    }

    /// Whether it strikes frames that leave.
    package var isOfFrames: Bool {
        switch self {
        case .duplicate, .reorder, .hold, .lose, .corrupt, .truncate: true
        case .delay, .answer, .disconnect, .fillThenCancel, .refuseSockets, .closeSockets, .skew,
            .operate:
            false
        }
    }
}

/// One fault as it was asked for.
package struct FaultSpec: Equatable, Sendable {
    package var kind: FaultKind
    package var action: FaultAction
    package var target = FaultTarget()
    /// From 0 to 1, drawn for each thing that matches.
    package var probability = Ratio.one
    /// How often it strikes before it is over; nil for ever.
    package var count: Int64?
    /// How long it lasts; nil for ever.
    package var duration: Interval?
    /// Of the draws; nil takes one that follows from the fault's number.
    package var seed: UInt64?

    package init(_ kind: FaultKind, _ action: FaultAction) {
        self.kind = kind
        self.action = action
    }
}

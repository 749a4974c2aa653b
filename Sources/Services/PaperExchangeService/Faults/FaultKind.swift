/// The names under which faults are asked for, with what each one takes and does.
package enum FaultKind: String, CaseIterable, Sendable {
    // Requests.
    case delay
    case answer
    case unavailable
    case html
    case timeout
    case disconnect
    case tooManyRequests = "too-many-requests"
    case ban
    case reject
    case fillThenCancel = "fill-then-cancel"
    // User events.
    case duplicateEvents = "duplicate-events"
    case reorderEvents = "reorder-events"
    case delayEvents = "delay-events"
    case dropEvents = "drop-events"
    // Streams and sockets.
    case freeze
    case corruptFrames = "corrupt-frames"
    case truncateFrames = "truncate-frames"
    case closeSockets = "close-sockets"
    case refuseSockets = "refuse-sockets"
    // The exchange.
    case skewClock = "skew-clock"
    case expireListenKeys = "expire-listen-keys"
    case trade
    case strangerOrder = "stranger-order"
    case shiftPosition = "shift-position"
    case transfer
    case setState = "set-state"
    case setStep = "set-step"
    case movePrice = "move-price"
    case fund
    case liquidate
    case deleverage

    /// What is given besides the fields common to all, as help shows it.
    package var parameters: String {
        switch self {
        case .delay: "ms, jitter_ms=0, moment=before|after"
        case .answer: "status, code=-1000, message, retry_after, ms=0, moment=before|after"
        case .unavailable: "text=unknown|unavailable|internal|overload, ms=0, moment=before|after"
        case .html: "status=403|502, moment=before|after"
        case .timeout: "ms=0, moment=before|after"
        case .disconnect: "ms=0, moment=before|after"
        case .tooManyRequests: "retry_after=10"
        case .ban: "ms=120000"
        case .reject: "code, message, status=400"
        case .fillThenCancel: "parts=2, share=0.5"
        case .duplicateEvents: "copies=2"
        case .reorderEvents, .dropEvents, .freeze, .corruptFrames, .truncateFrames,
            .refuseSockets, .expireListenKeys, .liquidate:
            ""
        case .delayEvents: "ms"
        case .closeSockets: "code=1001, abrupt=false"
        case .skewClock: "ms (negative: behind)"
        case .trade, .strangerOrder: "symbol, side=BUY|SELL, quantity, price (at market without)"
        case .shiftPosition: "symbol, quantity (signed)"
        case .transfer: "asset, quantity (negative: out)"
        case .setState: "symbol, state=trading|halted|cancel-only|delisted"
        case .setStep: "symbol, step"
        case .movePrice: "symbol, percent (signed), ms=0"
        case .fund: "symbol (all without)"
        case .deleverage: "symbol"
        }
    }

    /// What it does, in one line.
    package var meaning: String {
        switch self {
        case .delay: "hold the request (before) or its answer (after)"
        case .answer: "answer with this status and error body, having done nothing (before) or all"
        case .unavailable: "answer 503 in one of its documented wordings"
        case .html: "answer a firewall's or gateway's page"
        case .timeout: "answer 408 with -1007: outcome unknown to the client"
        case .disconnect: "end the connection without an answer"
        case .tooManyRequests: "answer 429 with Retry-After"
        case .ban: "answer 418 with \"banned until\""
        case .reject: "refuse new orders with a code"
        case .fillThenCancel: "fill new orders in parts up to a share, then cancel them"
        case .duplicateEvents: "send user events this many times"
        case .reorderEvents: "send a user event behind the next one (or a second later)"
        case .delayEvents: "send user events this much later"
        case .dropEvents: "do not send user events"
        case .freeze: "send nothing; sockets stay, pings are answered"
        case .corruptFrames: "change a byte of a frame's payload"
        case .truncateFrames: "cut a frame's payload short"
        case .closeSockets: "close open sockets, with a close frame or as a broken line"
        case .refuseSockets: "answer new sockets with 503"
        case .skewClock: "the exchange's clock is off by this much"
        case .expireListenKeys: "end all listen keys"
        case .trade: "a trade by hand: an order of the account no client sent"
        case .strangerOrder: "an order of a stranger, to make the market trade"
        case .shiftPosition: "change the position without order, trade or event"
        case .transfer: "a deposit or a withdrawal of an asset (futures: USDT)"
        case .setState: "halt a symbol, leave cancels only, delist it, or let it trade"
        case .setStep: "change a symbol's lot step"
        case .movePrice: "move the price by so many percent over a time"
        case .fund: "funding now"
        case .liquidate: "liquidate the account"
        case .deleverage: "auto-deleverage a position"
        }
    }

    /// Whether only user events are struck.
    internal var isOfUserEvents: Bool {
        switch self {
        case .duplicateEvents, .reorderEvents, .delayEvents, .dropEvents: true
        case _: false
        }
    }

    /// Whether only new orders are struck.
    internal var isOfOrders: Bool {
        switch self {
        case .reject, .fillThenCancel: true
        case _: false
        }
    }
}

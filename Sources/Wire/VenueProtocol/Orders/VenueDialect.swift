package import Bytes
package import Chronology
package import Trading

/// One venue's way of taking orders: requests, answers, news and failures, as values.
///
/// Requests that a venue does not offer throw; `VenueKind.capabilities` tells beforehand.
package protocol VenueDialect: Sendable {
    var kind: VenueKind { get }

    var serverTime: VenueRequest { get }
    var exchangeInfo: VenueRequest { get }
    /// Balances, or the margin account.
    var account: VenueRequest { get }
    func placeOrder(_ intent: OrderIntent) throws(VenueUnsupported) -> VenueRequest
    /// Changes size and price of a resting limit order, where `amends`.
    func amendOrder(
        _ intent: OrderIntent, quantity: Quantity, price: Price
    ) throws(VenueUnsupported) -> VenueRequest
    /// Places up to `ordersPerBatch` orders in one call.
    func placeOrders(_ intents: [OrderIntent]) throws(VenueUnsupported) -> VenueRequest
    /// Cancels up to `cancelsPerBatch` orders of a symbol in one call.
    func cancelOrders(
        _ symbol: Symbol, clientOrderIDs: [String]
    ) throws(VenueUnsupported) -> VenueRequest
    /// Cancels an order by the client id it was placed under.
    func cancelOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest
    func queryOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest
    /// Open orders of a symbol, or of all.
    func openOrders(_ symbol: Symbol?) throws(VenueUnsupported) -> VenueRequest
    /// Orders of a symbol, ended ones included, from an id or else a time on.
    func recentOrders(
        _ symbol: Symbol, fromOrderID: Int64?, sinceMilliseconds: Int64, limit: Int
    ) throws(VenueUnsupported) -> VenueRequest
    /// Our trades of a symbol: the newest, or those from an id on where `tradesFromID`.
    func trades(
        _ symbol: Symbol, fromID: Int64?, sinceMilliseconds: Int64?, limit: Int
    ) throws(VenueUnsupported) -> VenueRequest

    func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64
    func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo
    func decodeHoldings(_ bytes: RawSpan) throws(JSONError) -> [VenueHolding]
    /// The answer to placing `intent`; what a receipt leaves out is taken from the intent.
    func decodePlacement(
        _ bytes: RawSpan, _ intent: OrderIntent
    ) throws(JSONError) -> VenuePlacement
    /// The answer to cancelling or querying one order.
    func decodeOrder(_ bytes: RawSpan) throws(JSONError) -> VenueOrder
    func decodeOrders(_ bytes: RawSpan) throws(JSONError) -> [VenueOrder]
    func decodeTrades(_ bytes: RawSpan) throws(JSONError) -> [Fill]
    /// The answer to a call on several orders, element by element.
    func decodeBatch(_ bytes: RawSpan) throws(JSONError) -> [BatchElement]
    /// The answer to placing several orders; what receipts leave out is taken from the intents.
    func decodePlacements(
        _ bytes: RawSpan, _ intents: [OrderIntent]
    ) throws(JSONError) -> [BatchElement]
    /// One message of the user stream.
    func decodeUserMessage(_ bytes: RawSpan, isText: Bool) throws(JSONError) -> VenueEvent
}

extension VenueDialect {
    package var capabilities: VenueCapabilities { kind.capabilities }

    package func amendOrder(
        _ intent: OrderIntent, quantity: Quantity, price: Price
    ) throws(VenueUnsupported) -> VenueRequest {
        throw VenueUnsupported(kind, "amend")
    }
    package func placeOrders(_ intents: [OrderIntent]) throws(VenueUnsupported) -> VenueRequest {
        throw VenueUnsupported(kind, "several orders a call")
    }
    package func cancelOrders(
        _ symbol: Symbol, clientOrderIDs: [String]
    ) throws(VenueUnsupported) -> VenueRequest {
        throw VenueUnsupported(kind, "several cancels a call")
    }
    package func decodeBatch(_ bytes: RawSpan) throws(JSONError) -> [BatchElement] {
        throw JSONError(.badValue, offset: 0, field: "batch")
    }
    package func decodePlacements(
        _ bytes: RawSpan, _ intents: [OrderIntent]
    ) throws(JSONError) -> [BatchElement] {
        try decodeBatch(bytes)
    }
    /// The newest trades, or those from an id on.
    package func trades(
        _ symbol: Symbol, fromID: Int64?, limit: Int
    ) throws(VenueUnsupported) -> VenueRequest {
        try trades(symbol, fromID: fromID, sinceMilliseconds: nil, limit: limit)
    }

    /// Classifies an answer; nil means success.
    package func classify(
        httpStatus: Int, body: RawSpan, isOrder: Bool, retryAfterSeconds: Int64? = nil,
        wall: WallTime
    ) -> VenueFailure? {
        VenueFailure.classify(
            httpStatus: httpStatus, body: body, isOrder: isOrder,
            retryAfterSeconds: retryAfterSeconds, wall: wall, venue: kind)
    }
}

extension VenueKind {
    package var dialect: any VenueDialect {
        switch self {
        case .binanceFutures: BinanceFuturesDialect()
        case .binanceSpot: BinanceSpotDialect()
        case .mexcSpot: MEXCSpotDialect()
        }
    }
}

/// How much of an asset an account holds.
package struct VenueHolding: Equatable, Sendable {
    package var asset: String
    package var free: Money
    /// In open orders, or as margin.
    package var locked: Money

    package init(asset: String, free: Money, locked: Money) {
        self.asset = asset
        self.free = free
        self.locked = locked
    }
}

/// What a placement came to, as far as its answer tells.
package struct VenuePlacement: Equatable, Sendable {
    package var order: VenueOrder
    /// Trades that happened at once; empty where the venue tells them elsewhere only.
    package var fills: [Fill]

    package init(order: VenueOrder, fills: [Fill] = []) {
        self.order = order
        self.fills = fills
    }
}

/// News of an account, in the terms of all venues.
package enum VenueEvent: Equatable, Sendable {
    /// An order as it stands, and what has just happened to it.
    case order(OrderUpdate)
    /// A trade of ours.
    case fill(Fill)
    /// How much there is of some assets now.
    case holdings([VenueHolding])
    /// An asset came or went otherwise than by trading.
    case transfer(asset: String, change: Money)
    /// The stream is dead though its socket may be open: begin anew (T1).
    case streamEnded
    case control(ControlReply)
    /// A futures account's own event.
    case futures(UserEvent)
    /// An event that is not acted on, by its name.
    case other(String)
}

/// Numbers for ids that a venue gives as text.
package enum VenueNumber {
    /// A number of 1 to 2^63 - 1 that stands for a text, always the same one (FNV-1a, 64 bits, the top
    /// one cleared). That two of a million texts share one has a chance below 1 in 10 million.
    package static func of(_ text: String) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return max(1, Int64(truncatingIfNeeded: hash & (1 << 63 - 1)))
    }
}

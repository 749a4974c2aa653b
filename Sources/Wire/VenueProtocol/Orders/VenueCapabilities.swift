/// What a venue can do with orders: who trades asks this, never which venue it is.
package struct VenueCapabilities: Equatable, Sendable {
    /// How news of an account's orders come.
    package enum UserStream: Equatable, Sendable {
        /// A key is made and kept alive by REST calls, and names the stream (futures, MEXC).
        case listenKey
        /// A signed message on the WebSocket API subscribes (spot since 2026-02).
        case signedSubscription
    }

    /// The manners of calls that place several orders.
    package struct Batching: Equatable, Sendable {
        /// Fewest orders for which such a call costs no more than single ones.
        package var fewest: Int
        /// All orders of one call must be of one symbol.
        package var isOfOneSymbol: Bool
        /// Such calls a second; nil where they have no limit of their own.
        package var perSecond: Int?
    }

    /// What the answer to a placement says.
    package enum PlacementAnswer: Equatable, Sendable {
        /// The order as it stands, without its trades.
        case order
        /// The order as it stands, and its trades.
        case orderAndFills
        /// That the order was taken, and no more.
        case receipt
    }

    /// Price and quantity of a resting order can be changed under its ids.
    package var amends: Bool
    /// Orders one call may place; 1 where there is no such call, or none of use.
    package var ordersPerBatch: Int
    /// How calls that place several orders are to be used; nil where there are none.
    package var batching: Batching?
    /// Orders one call may cancel by their ids; 1 where there is no such call.
    package var cancelsPerBatch: Int
    package var postOnly: Bool
    package var immediateOrCancel: Bool
    package var fillOrKill: Bool
    package var goodTillDate: Bool
    package var reduceOnly: Bool
    /// A market buy may name its quantity of the base asset.
    package var marketBuyByQuantity: Bool
    /// Open orders of all symbols may be asked for in one call.
    package var openOrdersOfAllSymbols: Bool
    /// Trade ids rise, and trades can be asked for from one on.
    package var tradesFromID: Bool
    /// Characters of a client order id.
    package var clientOrderIDLength: Int
    package var userStream: UserStream
    package var placementAnswer: PlacementAnswer
    /// Positions with margin, rather than balances.
    package var isMargined: Bool
}

/// Something that a venue cannot be asked for.
package struct VenueUnsupported: Error, Equatable, Sendable, CustomStringConvertible {
    package let venue: VenueKind
    package let feature: String

    package init(_ venue: VenueKind, _ feature: String) {
        self.venue = venue
        self.feature = feature
    }

    package var description: String { "\(venue.rawValue) does not offer: \(feature)" }
}

extension VenueKind {
    /// The venue's column of the table.
    package var capabilities: VenueCapabilities {
        switch self {
        case .binanceFutures:
            VenueCapabilities(
                amends: true, ordersPerBatch: 5,
                // It counts as five orders, however many it carries.
                batching: .init(fewest: 5, isOfOneSymbol: false, perSecond: nil),
                cancelsPerBatch: 10, postOnly: true,
                immediateOrCancel: true, fillOrKill: true, goodTillDate: true, reduceOnly: true,
                marketBuyByQuantity: true, openOrdersOfAllSymbols: true, tradesFromID: true,
                clientOrderIDLength: 36, userStream: .listenKey, placementAnswer: .order,
                isMargined: true)
        case .binanceSpot:
            VenueCapabilities(
                amends: false, ordersPerBatch: 1, batching: nil, cancelsPerBatch: 1, postOnly: true,
                immediateOrCancel: true, fillOrKill: true, goodTillDate: false, reduceOnly: false,
                marketBuyByQuantity: true, openOrdersOfAllSymbols: true, tradesFromID: true,
                clientOrderIDLength: 36, userStream: .signedSubscription,
                placementAnswer: .orderAndFills, isMargined: false)
        case .mexcSpot:
            VenueCapabilities(
                amends: false, ordersPerBatch: MEXCSpot.ordersPerBatch,
                batching: .init(fewest: 2, isOfOneSymbol: true, perSecond: 2),
                cancelsPerBatch: 1, postOnly: true,
                immediateOrCancel: true, fillOrKill: true, goodTillDate: false, reduceOnly: false,
                marketBuyByQuantity: false, openOrdersOfAllSymbols: false, tradesFromID: false,
                clientOrderIDLength: 32, userStream: .listenKey, placementAnswer: .receipt,
                isMargined: false)
        }
    }

    /// The header that carries the key.
    package var keyHeader: String {
        switch self {
        case .binanceFutures, .binanceSpot: "X-MBX-APIKEY"
        case .mexcSpot: "X-MEXC-APIKEY"
        }
    }
}

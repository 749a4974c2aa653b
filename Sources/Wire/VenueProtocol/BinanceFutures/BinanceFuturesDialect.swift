package import Bytes
package import Trading

/// Binance USD-M futures as a venue for orders.
package struct BinanceFuturesDialect: VenueDialect {
    package init() {}

    package var kind: VenueKind { .binanceFutures }
    package var serverTime: VenueRequest { BinanceFutures.serverTime }
    package var exchangeInfo: VenueRequest { BinanceFutures.exchangeInfo }
    package var account: VenueRequest { BinanceFutures.account }

    package func placeOrder(_ intent: OrderIntent) throws(VenueUnsupported) -> VenueRequest {
        // Its time is not part of an intent.
        if intent.timeInForce == .goodTillDate { throw VenueUnsupported(kind, "good till date") }
        return BinanceFutures.placeOrder(intent)
    }
    package func cancelOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        BinanceFutures.cancelOrder(symbol, clientOrderID: clientOrderID)
    }
    package func queryOrder(_ symbol: Symbol, clientOrderID: String) -> VenueRequest {
        BinanceFutures.queryOrder(symbol, clientOrderID: clientOrderID)
    }
    package func openOrders(_ symbol: Symbol?) -> VenueRequest { BinanceFutures.openOrders(symbol) }
    package func trades(
        _ symbol: Symbol, fromID: Int64?, sinceMilliseconds: Int64?, limit: Int
    ) -> VenueRequest {
        BinanceFutures.userTrades(
            symbol, fromID: fromID, startMilliseconds: sinceMilliseconds, limit: limit)
    }
    package func recentOrders(
        _ symbol: Symbol, fromOrderID: Int64?, sinceMilliseconds: Int64, limit: Int
    ) -> VenueRequest {
        BinanceFutures.allOrders(
            symbol, fromOrderID: fromOrderID, startMilliseconds: sinceMilliseconds, limit: limit)
    }
    package func amendOrder(
        _ intent: OrderIntent, quantity: Quantity, price: Price
    ) -> VenueRequest {
        BinanceFutures.amendOrder(intent, quantity: quantity, price: price)
    }
    package func placeOrders(_ intents: [OrderIntent]) -> VenueRequest {
        BinanceFutures.placeOrders(intents)
    }
    package func cancelOrders(_ symbol: Symbol, clientOrderIDs: [String]) -> VenueRequest {
        BinanceFutures.cancelOrders(symbol, clientOrderIDs: clientOrderIDs)
    }
    package func decodeBatch(_ bytes: RawSpan) throws(JSONError) -> [BatchElement] {
        try BinanceFutures.decodeBatch(bytes)
    }

    package func decodeServerTime(_ bytes: RawSpan) throws(JSONError) -> Int64 {
        try BinanceFutures.decodeServerTime(bytes)
    }
    package func decodeExchangeInfo(_ bytes: RawSpan) throws(JSONError) -> ExchangeInfo {
        try BinanceFutures.decodeExchangeInfo(bytes)
    }
    /// Margin assets: what is available, and the rest of the wallet.
    package func decodeHoldings(_ bytes: RawSpan) throws(JSONError) -> [VenueHolding] {
        try BinanceFutures.decodeAccount(bytes).assets.map { asset in
            VenueHolding(
                asset: asset.asset, free: asset.available, locked: asset.wallet - asset.available)
        }
    }
    package func decodePlacement(
        _ bytes: RawSpan, _ intent: OrderIntent
    ) throws(JSONError) -> VenuePlacement {
        VenuePlacement(order: try BinanceFutures.decodeOrder(bytes))
    }
    package func decodeOrder(_ bytes: RawSpan) throws(JSONError) -> VenueOrder {
        try BinanceFutures.decodeOrder(bytes)
    }
    package func decodeOrders(_ bytes: RawSpan) throws(JSONError) -> [VenueOrder] {
        try BinanceFutures.decodeOrders(bytes)
    }
    package func decodeTrades(_ bytes: RawSpan) throws(JSONError) -> [Fill] {
        try BinanceFutures.decodeUserTrades(bytes)
    }
    package func decodeUserMessage(
        _ bytes: RawSpan, isText: Bool
    ) throws(JSONError) -> VenueEvent {
        let event = try UserEvent.decode(bytes)
        switch event {
        case .order(let update): return .order(update)
        case .listenKeyExpired: return .streamEnded
        case .control(let reply): return .control(reply)
        case .tradeLite, .account: return .futures(event)
        case .other(let name): return .other(name)
        }
    }
}

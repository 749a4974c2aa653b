internal import Bytes
internal import ExchangeMarkets
internal import Trading
internal import VenueProtocol

extension MEXCDealPush {
    /// A trade of the account.
    init(_ trade: SpotTrade) {
        self.init()
        price = trade.price
        quantity = trade.quantity
        amount = trade.quote
        side = trade.side
        isMaker = trade.isMaker
        isSelfTrade = trade.isSelfTrade
        tradeID = MEXCOrderID.trade(trade)
        clientOrderID = trade.clientOrderID
        orderID = MEXCOrderID.text(trade.orderID, market: trade.market)
        fee = Money(units: trade.fee.units)
        feeAsset = trade.feeAsset
        timeMilliseconds = trade.timeMilliseconds
    }
}

extension MEXCOrderPush {
    /// An order as a report tells of it.
    init(_ report: SpotReport) {
        let order = report.order
        self.init()
        orderID = MEXCOrderID.text(order.orderID, market: order.market)
        clientOrderID = order.clientOrderID
        price = order.price
        quantity = order.quantity
        amount =
            order.kind.hasPrice
            ? order.price.times(order.quantity, .down) : order.quoteQuantity
        averagePrice = order.averagePrice
        type = order.mexcPushType
        side = order.side
        isMaker = report.trade?.isMaker ?? false
        remainingQuantity = order.remaining
        remainingAmount =
            order.kind.hasPrice ? order.price.times(order.remaining, .down) : .zero
        lastQuantity = report.trade?.quantity ?? .zero
        executedQuantity = order.executed
        executedAmount = order.cumulativeQuote
        status = order.mexcPushState
        createMilliseconds = order.createdAtMilliseconds
    }
}

extension SpotOrder {
    fileprivate var mexcPushType: MEXCOrderType {
        switch kind {
        case .limitMaker: .limitMaker
        case .market: .market
        case .stopLoss, .stopLossLimit, .takeProfit, .takeProfitLimit: .stop
        case .limit:
            switch timeInForce {
            case .immediateOrCancel: .immediateOrCancel
            case .fillOrKill: .fillOrKill
            case .goodTillCancel, .goodTillDate, .postOnly: .limit
            }
        }
    }

    fileprivate var mexcPushState: MEXCOrderState {
        switch status {
        case .new, .other: .new
        case .partiallyFilled: .partiallyFilled
        case .filled: .filled
        case .canceled, .rejected, .expired, .expiredInMatch:
            executed.isPositive ? .partiallyCanceled : .canceled
        }
    }
}

extension MEXCAccountPush {
    /// One asset after a change.
    init(_ change: BalanceChange, _ why: SpotBalanceReason, at: Int64) {
        self.init()
        asset = change.asset
        free = Money(units: change.free.units)
        freeChange = Money(units: change.freeChange.units)
        frozen = Money(units: change.locked.units)
        frozenChange = Money(units: change.lockedChange.units)
        reason = why.rawValue
        timeMilliseconds = at
    }
}

/// A candle of `spot@public.kline.v3.api.pb` (mexc websocket-proto, PublicSpotKlineV3Api): times
/// are seconds.
internal enum MEXCCandleBody {
    private static let field = 308

    static func bytes(
        _ candle: Candle, name: String, channel: String, symbol: String, at wall: Int64
    ) -> [UInt8] {
        var out = ProtobufWriter(capacity: 256)
        out.field(1, channel)
        out.field(3, symbol)
        out.field(5, wall)
        out.field(6, wall)
        let body = out.begin(field)
        out.field(1, name)
        out.field(2, candle.openTime / 1_000)
        out.field(3, units: candle.open.units)
        out.field(4, units: candle.close.units)
        out.field(5, units: candle.high.units)
        out.field(6, units: candle.low.units)
        out.field(7, units: candle.volume.units)
        out.field(8, units: candle.quoteVolume.units)
        out.field(9, (candle.closeTime + 1) / 1_000)
        out.end(body)
        return out.bytes
    }
}

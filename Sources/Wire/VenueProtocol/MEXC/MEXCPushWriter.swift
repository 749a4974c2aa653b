internal import Bytes
package import Quotes
package import Trading

/// Writes MEXC stream messages, for the side that serves them; the twin of `MEXCPush`.
///
/// Each call begins anew; `bytes` is good until the next one. Decimals are written plain, without
/// trailing zeros, as MEXC writes them. Field numbers: mexc-protobuf, PushDataV3ApiWrapper.
package struct MEXCPushWriter: ~Copyable {
    /// What the wrapper says of every message.
    package struct Head: Equatable, Sendable {
        /// `spot@public.aggre.deals.v3.api.pb@100ms@BTCUSDT` and the like.
        package var channel: String
        /// Upper case; empty leaves it out.
        package var symbol: String
        /// Epoch milliseconds; 0 leaves it out.
        package var createMilliseconds: Int64
        package var sendMilliseconds: Int64

        package init(
            channel: String, symbol: String = "", createMilliseconds: Int64 = 0,
            sendMilliseconds: Int64
        ) {
            self.channel = channel
            self.symbol = symbol
            self.createMilliseconds = createMilliseconds
            self.sendMilliseconds = sendMilliseconds
        }
    }

    /// One public trade.
    package struct Deal: Equatable, Sendable {
        package var price: Price
        package var quantity: Quantity
        /// Of the aggressor.
        package var side: Side
        package var timeMilliseconds: Int64
        /// Empty leaves it out, as older streams do.
        package var tradeID: String

        package init(
            price: Price, quantity: Quantity, side: Side, timeMilliseconds: Int64,
            tradeID: String = ""
        ) {
            self.price = price
            self.quantity = quantity
            self.side = side
            self.timeMilliseconds = timeMilliseconds
            self.tradeID = tradeID
        }
    }

    private var out = ProtobufWriter(capacity: 1_024)

    package init() {}

    /// The message written last.
    package var rawSpan: RawSpan {
        @_lifetime(borrow self) get { out.rawSpan }
    }

    /// A copy of the message written last.
    package var bytes: [UInt8] { out.bytes }

    private mutating func begin(_ head: Head, _ body: MEXCPush.Body) -> ProtobufWriter.Mark {
        out.removeAll()
        out.field(1, head.channel)
        out.field(3, head.symbol)
        out.field(5, head.createMilliseconds)
        out.field(6, head.sendMilliseconds)
        return out.begin(body.rawValue)
    }

    /// `spot@public.aggre.bookTicker.v3.api.pb@100ms@SYM`.
    /// - Parameter version: the book's number; 0 leaves it out, as older streams do.
    package mutating func bookTicker(
        _ head: Head, bid: BookLevel, ask: BookLevel, version: Int64 = 0
    ) {
        let body = begin(head, .aggregateBookTicker)
        out.field(1, units: bid.price.units)
        out.field(2, units: bid.quantity.units)
        out.field(3, units: ask.price.units)
        out.field(4, units: ask.quantity.units)
        if version > 0 { out.field(5, String(version)) }
        out.end(body)
    }

    /// `spot@public.aggre.deals.v3.api.pb@100ms@SYM`.
    package mutating func deals(_ head: Head, _ deals: [Deal]) {
        let body = begin(head, .aggregateDeals)
        for deal in deals {
            let item = out.begin(1)
            out.field(1, units: deal.price.units)
            out.field(2, units: deal.quantity.units)
            out.field(3, Self.code(deal.side))
            out.field(4, deal.timeMilliseconds)
            out.field(5, deal.tradeID)
            out.end(item)
        }
        out.field(2, Self.eventType(head))
        out.end(body)
    }

    /// `spot@public.aggre.depth.v3.api.pb@100ms@SYM`: `firstID` to `lastID` of the change are the
    /// versions; a quantity of zero removes a level.
    package mutating func depth(_ head: Head, _ change: DepthChange) {
        let body = begin(head, .aggregateDepth)
        levels(change)
        out.field(3, Self.eventType(head))
        out.field(4, String(change.firstID))
        out.field(5, String(change.lastID))
        out.end(body)
    }

    /// `spot@public.limit.depth.v3.api.pb@SYM@20`: the best levels, of version `lastID`.
    package mutating func limitDepth(_ head: Head, _ book: DepthChange) {
        let body = begin(head, .limitDepth)
        levels(book)
        out.field(3, Self.eventType(head))
        out.field(4, String(book.lastID))
        out.end(body)
    }

    private mutating func levels(_ change: DepthChange) {
        for level in change.asks { self.level(1, level) }
        for level in change.bids { self.level(2, level) }
    }

    private mutating func level(_ number: Int, _ level: BookLevel) {
        let item = out.begin(number)
        out.field(1, units: level.price.units)
        out.field(2, units: level.quantity.units)
        out.end(item)
    }

    /// 1 buys, 2 sells.
    private static func code(_ side: Side) -> Int64 {
        switch side {
        case .buy: 1
        case .sell: 2
        }
    }

    /// The channel without its symbol, which is what the messages repeat.
    private static func eventType(_ head: Head) -> String {
        guard !head.symbol.isEmpty, head.channel.hasSuffix("@\(head.symbol)") else {
            return head.channel
        }
        return String(head.channel.dropLast(head.symbol.count + 1))
    }
}

// MARK: private messages

extension MEXCPushWriter {
    /// `spot@private.orders.v3.api.pb`: one order as it stands.
    package mutating func order(_ head: Head, _ order: MEXCOrderPush) {
        let body = begin(head, .privateOrder)
        out.field(1, order.orderID)
        out.field(2, order.clientOrderID)
        out.field(3, units: order.price.units)
        out.field(4, units: order.quantity.units)
        out.field(5, units: order.amount.units)
        out.field(6, units: order.averagePrice.units)
        out.field(7, order.type.code)
        out.field(8, Self.code(order.side))
        out.field(9, order.isMaker)
        out.field(10, units: order.remainingAmount.units)
        out.field(11, units: order.remainingQuantity.units)
        out.field(12, units: order.lastQuantity.units)
        out.field(13, units: order.executedQuantity.units)
        out.field(14, units: order.executedAmount.units)
        out.field(15, order.status.code)
        out.field(16, order.createMilliseconds)
        out.end(body)
    }

    /// `spot@private.deals.v3.api.pb`: one trade of an order of the account.
    package mutating func deal(_ head: Head, _ deal: MEXCDealPush) {
        let body = begin(head, .privateDeal)
        out.field(1, units: deal.price.units)
        out.field(2, units: deal.quantity.units)
        out.field(3, units: deal.amount.units)
        out.field(4, Self.code(deal.side))
        out.field(5, deal.isMaker)
        out.field(6, deal.isSelfTrade)
        out.field(7, deal.tradeID)
        out.field(8, deal.clientOrderID)
        out.field(9, deal.orderID)
        out.field(10, units: deal.fee.units)
        out.field(11, deal.feeAsset)
        out.field(12, deal.timeMilliseconds)
        out.end(body)
    }

    /// `spot@private.account.v3.api.pb`: one asset, absolute and by how much it changed.
    package mutating func account(_ head: Head, _ account: MEXCAccountPush) {
        let body = begin(head, .privateAccount)
        out.field(1, account.asset)
        out.field(3, units: account.free.units)
        out.field(4, units: account.freeChange.units)
        out.field(5, units: account.frozen.units)
        out.field(6, units: account.frozenChange.units)
        out.field(7, account.reason)
        out.field(8, account.timeMilliseconds)
        out.end(body)
    }
}

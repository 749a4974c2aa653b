package import Trading

/// The body of `order.place`. The reply's body is the order's record (`OrderRecord.fields`).
package struct OrderPlaceBody: Equatable, Sendable {
    package var account: AccountID
    package var symbol: Symbol
    package var side: Side
    package var type: OrderType
    package var timeInForce: TimeInForce
    package var quantity: Quantity
    /// Nil exactly for market orders.
    package var price: Price?
    package var isReduceOnly: Bool
    package var origin: OrderOrigin
    /// A market order is answered as soon as it is on its way, with an estimate of its fill marked
    /// `provisional`; the order's record brings the real one.
    package var isFastAck = false
    /// Who the order lives for (see `OrderTerms`); nil for nobody in particular.
    package var owner: OrderOwner?
    /// How long what rests of it may live, counted from when order-gateway takes the command; nil for as
    /// long as the venue keeps it.
    package var timeToLiveMilliseconds: Int64?

    /// The longest `ttl_ms`: a day.
    package static let longestTimeToLive: Int64 = 86_400_000

    package init(
        account: AccountID, symbol: Symbol, side: Side, type: OrderType,
        timeInForce: TimeInForce = .goodTillCancel, quantity: Quantity, price: Price? = nil,
        isReduceOnly: Bool = false, origin: OrderOrigin = .manual
    ) {
        self.account = account
        self.symbol = symbol
        self.side = side
        self.type = type
        self.timeInForce = timeInForce
        self.quantity = quantity
        self.price = price
        self.isReduceOnly = isReduceOnly
        self.origin = origin
    }

    /// Reads a body; `tif`, `reduce_only` and `origin` may be absent (GTC, no, manual), and so may
    /// `owner` with `owner_fence`, and `ttl_ms` (see `OrderTerms`).
    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("order.place", body)
        account = try reader.account("account")
        symbol = try reader.symbol("symbol")
        side = try reader.choice("side")
        type = try reader.choice("type")
        timeInForce = body["tif"] == nil ? .goodTillCancel : try reader.choice("tif")
        quantity = try reader.decimal("qty")
        guard quantity.isPositive else { throw reader.error("qty", "not above zero: \(quantity)") }
        isReduceOnly = body["reduce_only"] == nil ? false : try reader.flag("reduce_only")
        origin = body["origin"] == nil ? .manual : try reader.choice("origin")
        isFastAck = body["fast_ack"] == nil ? false : try reader.flag("fast_ack")
        owner = try OrderTerms.owner(reader)
        timeToLiveMilliseconds = try OrderPlaceBody.timeToLive(reader)
        switch type {
        case .limit:
            let price: Price = try reader.decimal("price")
            guard price.isPositive else { throw reader.error("price", "not above zero: \(price)") }
            self.price = price
        case .market:
            guard body["price"] == nil else {
                throw reader.error("price", "a market order has none")
            }
        }
    }

    package var body: [String: String] {
        var body = [
            "account": account.name, "symbol": symbol.name, "side": side.rawValue,
            "type": type.rawValue, "tif": timeInForce.rawValue, "qty": quantity.text,
            "reduce_only": isReduceOnly ? "1" : "0", "origin": origin.rawValue,
        ]
        if let price { body["price"] = price.text }
        if isFastAck { body["fast_ack"] = "1" }
        for (name, value) in OrderTerms.fields(owner) { body[name] = value }
        if let timeToLiveMilliseconds { body["ttl_ms"] = "\(timeToLiveMilliseconds)" }
        return body
    }

    private static func timeToLive(_ reader: RecordFields) throws(RecordError) -> Int64? {
        guard reader.optional("ttl_ms") != nil else { return nil }
        let time = try reader.integer("ttl_ms")
        guard (1...longestTimeToLive).contains(time) else {
            throw reader.error("ttl_ms", "not in 1...\(longestTimeToLive): \(time)")
        }
        return time
    }
}

/// The body of `order.cancel`; `order` is a client order id, or the request id it was placed under.
/// The reply's body is the order's record.
package struct OrderCancelBody: Equatable, Sendable {
    package var order: String

    package init(order: String) { self.order = order }

    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("order.cancel", body)
        order = try reader.text("order")
        guard Command.isIdentifier(order) else { throw reader.error("order", "not an identifier") }
    }

    package var body: [String: String] { ["order": order] }
}

/// The body of `order.amend`; `order` is a client order id, or the request id it was placed under.
/// The reply's body is the record of the order, or of the one that took its place.
package struct OrderAmendBody: Equatable, Sendable {
    package var order: String
    /// The whole size wanted, what has executed included; nil to keep it.
    package var quantity: Quantity?
    /// Nil to keep it.
    package var price: Price?

    package init(order: String, quantity: Quantity?, price: Price?) {
        self.order = order
        self.quantity = quantity
        self.price = price
    }

    /// Reads a body; `qty` or `price` may be absent, not both.
    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("order.amend", body)
        order = try reader.text("order")
        guard Command.isIdentifier(order) else { throw reader.error("order", "not an identifier") }
        if body["qty"] != nil {
            let quantity: Quantity = try reader.decimal("qty")
            guard quantity.isPositive else {
                throw reader.error("qty", "not above zero: \(quantity)")
            }
            self.quantity = quantity
        }
        if body["price"] != nil {
            let price: Price = try reader.decimal("price")
            guard price.isPositive else { throw reader.error("price", "not above zero: \(price)") }
            self.price = price
        }
        guard quantity != nil || price != nil else {
            throw reader.error("qty", "neither a quantity nor a price")
        }
    }

    package var body: [String: String] {
        var body = ["order": order]
        if let quantity { body["qty"] = quantity.text }
        if let price { body["price"] = price.text }
        return body
    }
}

/// The body of `account.create` and `account.deposit`. The reply's body is the account's record and
/// its balance's.
package struct AccountBody: Equatable, Sendable {
    /// Most money a deposit and a wallet may hold: a tenth of what a record's decimals can be read
    /// back from.
    package static let limit: Money = .whole(1_000_000_000_000)

    package var account: AccountID
    /// Zero for none; a deposit may be negative (a withdrawal).
    package var deposit: Money

    package init(account: AccountID, deposit: Money) {
        self.account = account
        self.deposit = deposit
    }

    /// Reads a body; `deposit` may be absent.
    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("account", body)
        account = try reader.account("account")
        deposit = body["deposit"] == nil ? .zero : try reader.decimal("deposit")
        guard deposit.magnitude <= AccountBody.limit else {
            throw reader.error("deposit", "beyond \(AccountBody.limit): \(deposit)")
        }
    }

    package var body: [String: String] { ["account": account.name, "deposit": deposit.text] }
}

/// The body of `account.transfer`: money from one book to another.
package struct TransferBody: Equatable, Sendable {
    package var from: AccountID
    package var to: AccountID
    /// Above zero.
    package var amount: Money

    package init(from: AccountID, to: AccountID, amount: Money) {
        self.from = from
        self.to = to
        self.amount = amount
    }

    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("account.transfer", body)
        from = try reader.account("from")
        to = try reader.account("to")
        amount = try reader.decimal("amount")
        guard from != to else { throw reader.error("to", "is where it comes from: \(to)") }
        guard amount.isPositive, amount <= AccountBody.limit else {
            throw reader.error("amount", "not above zero, or beyond \(AccountBody.limit)")
        }
    }

    package var body: [String: String] {
        ["from": from.name, "to": to.name, "amount": amount.text]
    }
}

/// The body of `state.set`.
package struct StateSetBody: Equatable, Sendable {
    package var state: TradingState
    /// Nil for the whole venue.
    package var account: AccountID?
    package var why: String
    /// Leaves a state that is as strict or stricter as it is: what a breaker asks for.
    package var isTightening: Bool

    package init(
        state: TradingState, account: AccountID?, why: String, isTightening: Bool = false
    ) {
        self.state = state
        self.account = account
        self.why = why
        self.isTightening = isTightening
    }

    /// Reads a body; `account`, `why` and `tighten` may be absent.
    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("state.set", body)
        state = try reader.choice("state")
        account = body["account"] == nil ? nil : try reader.account("account")
        why = body["why"] ?? ""
        isTightening = body["tighten"] == nil ? false : try reader.flag("tighten")
    }

    package var body: [String: String] {
        var body = ["state": state.rawValue, "why": why]
        if isTightening { body["tighten"] = "1" }
        if let account { body["account"] = account.name }
        return body
    }
}

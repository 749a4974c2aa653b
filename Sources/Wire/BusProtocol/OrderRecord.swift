package import Positions
package import Trading

/// An order as it stands in `order:<id>` and, numbered, in the stream and channel `orders`.
package struct OrderRecord: Equatable, Sendable {
    package var intent: OrderIntent
    /// Who asked: the request id or algo step the client order id derives from.
    package var request: String
    /// The state's name in the order lifecycle (`intent`, `sent`, `open`, …).
    package var status: String
    package var executed: Quantity = .zero
    /// Sum of price × quantity over the fills.
    package var executedNotional: Money = .zero
    package var fees: Money = .zero
    package var feeAsset: String = ""
    /// Fees in any other asset than that, which is the first's.
    package var otherFees: [String: Money] = [:]
    /// The venue's id, 0 while it is not known.
    package var venueOrderID: Int64 = 0
    /// A stable code and a sentence for an order that was refused or ended early; else empty.
    package var code: String = ""
    package var reason: String = ""
    /// Trade ids counted in `executed`, ascending.
    package var tradeIDs: [Int64] = []
    /// Nil where nothing ever was, which is the rule.
    package var bookedAtMark: BookedAtMark?
    package var intentMilliseconds: Int64
    /// 0 until the first byte of the order may have left.
    package var sentMilliseconds: Int64 = 0
    /// Counts the order's saves: one that arrives after a later one changes nothing.
    package var revision: Int64 = 0
    /// How long it may live, where it was placed with such terms.
    package var terms: OrderTerms?
    package var stamp: RecordStamp

    package init(
        intent: OrderIntent, request: String, status: String, intentMilliseconds: Int64,
        stamp: RecordStamp
    ) {
        self.intent = intent
        self.request = request
        self.status = status
        self.intentMilliseconds = intentMilliseconds
        self.stamp = stamp
    }

    /// The mean price of the fills, or nil before the first.
    package var averagePrice: Price? {
        executed.isZero ? nil : executedNotional.divided(by: executed, .nearestEven)
    }

    package init(fields: [String: String]) throws(RecordError) {
        try self.init(RecordFields("order", fields))
    }

    /// Reads a record whose names are shared with others.
    package init(
        _ columns: RecordColumns, _ values: [String]
    ) throws(RecordError) {
        try self.init(RecordFields("order", columns, values))
    }

    private init(_ reader: RecordFields) throws(RecordError) {
        guard let id = ClientOrderID(try reader.text("id")) else {
            throw reader.error("id", "not a client order id of ours")
        }
        let price = try reader.text("price")
        intent = OrderIntent(
            clientOrderID: id, account: try reader.account("account"),
            symbol: try reader.symbol("symbol"), side: try reader.choice("side"),
            type: try reader.choice("type"), timeInForce: try reader.choice("tif"),
            quantity: try reader.decimal("qty"),
            price: price.isEmpty ? nil : try reader.decimal("price"),
            isReduceOnly: try reader.flag("reduce_only"))
        request = try reader.text("request")
        status = try reader.text("status")
        executed = try reader.decimal("executed")
        executedNotional = try reader.decimal("executed_notional")
        fees = try reader.decimal("fees")
        feeAsset = try reader.text("fee_asset")
        venueOrderID = try reader.integer("venue_order_id")
        code = try reader.text("code")
        reason = try reader.text("reason")
        tradeIDs = try reader.text("trade_ids").split(separator: ",").compactMap { Int64($0) }
        intentMilliseconds = try reader.integer("intent_ms")
        sentMilliseconds = try reader.integer("sent_ms")
        // Records written before there were revisions have none.
        revision = reader.optional("revision").flatMap { Int64($0) } ?? 0
        terms = try OrderTerms.read(reader)
        if let quantity = reader.optional("booked_at_mark").flatMap({ Quantity(text: $0) }) {
            let value = reader.optional("booked_at_mark_for").flatMap { Money(text: $0) }
            bookedAtMark = BookedAtMark(quantity: quantity, value: value ?? .zero)
        }
        if let text = reader.optional("other_fees") {
            guard let fees = LedgerScript.otherFees(text) else {
                throw reader.error("other_fees", "not ASSET:amount: \(text)")
            }
            otherFees = fees
        }
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        var fields = [
            ("id", intent.clientOrderID.text), ("account", intent.account.name),
            ("symbol", intent.symbol.name), ("side", intent.side.rawValue),
            ("type", intent.type.rawValue), ("tif", intent.timeInForce.rawValue),
            ("qty", intent.quantity.text), ("price", intent.price?.text ?? ""),
            ("reduce_only", intent.isReduceOnly ? "1" : "0"), ("request", request),
            ("status", status), ("executed", executed.text),
            ("executed_notional", executedNotional.text),
            ("average", averagePrice?.text ?? ""), ("fees", fees.text), ("fee_asset", feeAsset),
            ("venue_order_id", "\(venueOrderID)"), ("code", code), ("reason", reason),
            ("trade_ids", tradeIDs.map { "\($0)" }.joined(separator: ",")),
            ("intent_ms", "\(intentMilliseconds)"), ("sent_ms", "\(sentMilliseconds)"),
            ("revision", "\(revision)"),
        ] + LedgerScript.fields(of: bookedAtMark) + stamp.fields
        if !otherFees.isEmpty { fields += LedgerScript.fields(ofOther: otherFees) }
        if let terms { fields += terms.fields }
        return fields
    }
}

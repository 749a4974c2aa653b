package import Allocation
internal import Chronology
package import Trading

/// The body of `allocation.run`. The reply's body is the run's record, or its id where nobody waits.
package struct AllocationBody: Equatable, Sendable {
    package var isDry: Bool
    /// Answered when the run is over, not when it has begun.
    package var waits: Bool

    package init(isDry: Bool, waits: Bool) {
        self.isDry = isDry
        self.waits = waits
    }

    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("allocation.run", body)
        isDry = body["dry_run"] == nil ? false : try reader.flag("dry_run")
        waits = body["wait"] == nil ? false : try reader.flag("wait")
    }

    package var body: [String: String] {
        ["dry_run": isDry ? "1" : "0", "wait": waits ? "1" : "0"]
    }
}

/// A run of the allocator: what does not change while it runs.
package struct AllocationHead: Equatable, Sendable {
    package var id: String
    package var symbol: Symbol
    package var account: AccountID
    package var mode: ExecutionMode
    /// Who asked for it: `http`, `interval` or the sender of a command.
    package var by: String
    package var startedMilliseconds: Int64

    package init(
        id: String, symbol: Symbol, account: AccountID, mode: ExecutionMode, by: String,
        startedMilliseconds: Int64
    ) {
        self.id = id
        self.symbol = symbol
        self.account = account
        self.mode = mode
        self.by = by
        self.startedMilliseconds = startedMilliseconds
    }

    var fields: [(String, String)] {
        [
            ("run", id), ("symbol", symbol.name), ("account", account.name),
            ("mode", mode.rawValue), ("by", by), ("started_ms", "\(startedMilliseconds)"),
        ]
    }
}

/// An order of a run as order-gateway's record has it.
package struct PlacedSlice: Equatable, Sendable {
    /// From 1.
    package var number: Int
    package var request: String
    package var side: Side
    package var quantity: Quantity
    package var price: Price
    package var timeInForce: TimeInForce
    package var report: SliceOrder
    /// Whether a line of the journal has its end.
    package var isTold: Bool

    package init(
        number: Int, request: String, side: Side, quantity: Quantity, price: Price,
        timeInForce: TimeInForce, report: SliceOrder, isTold: Bool
    ) {
        self.number = number
        self.request = request
        self.side = side
        self.quantity = quantity
        self.price = price
        self.timeInForce = timeInForce
        self.report = report
        self.isTold = isTold
    }
}

/// The lines of the stream `allocations`, and the record `allocation`: flat, numbers as plain text.
package enum AllocationRecord {
    /// The status of a run that is not over.
    package static let running = "running"

    /// A run that has begun.
    package static func begun(_ head: AllocationHead) -> [(String, String)] {
        [("kind", "run"), ("status", running)] + head.fields
    }

    /// A run that is over.
    package static func fields(
        _ head: AllocationHead, _ result: AllocationResult
    ) -> [(String, String)] {
        var fields = [
            ("kind", "run"), ("status", result.status.rawValue),
            ("reason", result.reason.rawValue), ("detail", result.detail),
            ("action", result.side?.rawValue ?? "NONE"),
        ]
        fields += head.fields
        fields += [
            ("slices", "\(result.slices.count)"),
            ("orders", result.slices.map(\.order).filter { !$0.isEmpty }.joined(separator: ",")),
            ("filled", result.filled.text), ("filled_notional", result.filledNotional.text),
            ("cost_bp", result.costBasisPoints?.text ?? ""),
            ("slippage", result.slippage.text),
        ]
        fields += valuation(result.before, "before") + valuation(result.after, "after")
        fields.append(("elapsed_ms", "\(result.elapsed.milliseconds)"))
        // What is left below the venue's least size is told, not traded.
        let dust = result.reason == .dust ? result.after?.imbalance.magnitude.text : nil
        fields.append(("dust", dust ?? ""))
        if let plan = result.plan { fields += self.plan(plan) }
        return fields
    }

    /// The record of a run that the process which ran it did not see the end of, from its last record
    /// and what its orders' records say.
    package static func completed(
        _ last: [String: String], _ placed: [PlacedSlice], stamp: [(String, String)]
    ) -> [(String, String)] {
        var fields = last
        let executed = placed.reduce(Quantity.zero) { $0 + $1.report.executed }
        let notional = placed.reduce(Money.zero) { $0 + $1.report.notional }
        if last["status"] == running {
            fields["status"] = AllocationStatus.failed.rawValue
            fields["reason"] = AllocationReason.stopped.rawValue
            fields["detail"] = "its process ended in the middle of it"
            fields["action"] = placed.first?.side.rawValue ?? "NONE"
        } else {
            let status: AllocationStatus = executed.isZero ? .unfilled : .done
            fields["status"] = status.rawValue
            fields["reason"] = AllocationReason.deadline.rawValue
            fields["detail"] = "its last order's end was known after it"
        }
        // One that order-gateway never took on is a slice, too.
        fields["slices"] = "\(max(placed.count, Int(last["slices"] ?? "") ?? 0))"
        fields["orders"] = placed.map(\.report.order).joined(separator: ",")
        fields["filled"] = executed.text
        fields["filled_notional"] = notional.text
        // The mid prices its slices were planned at are not in it.
        fields["cost_bp"] = ""
        for (name, value) in stamp { fields[name] = value }
        return ordered(fields)
    }

    /// A slice of such a run.
    package static func fields(
        _ last: [String: String], _ slice: PlacedSlice
    ) -> [(String, String)] {
        let report = slice.report
        let average =
            report.executed.isZero
            ? "" : report.notional.divided(by: report.executed, .nearestEven).text
        return [
            ("kind", "slice"), ("run", last["run"] ?? ""), ("slice", "\(slice.number)"),
            ("symbol", last["symbol"] ?? ""), ("account", last["account"] ?? ""),
            ("request", slice.request), ("order", report.order), ("status", report.status),
            ("code", report.code), ("executed", report.executed.text),
            ("notional", report.notional.text), ("average", average), ("cost_bp", ""),
            ("fees", report.fees.text), ("fee_asset", report.feeAsset), ("lived_ms", ""),
            ("side", slice.side.rawValue), ("qty", slice.quantity.text),
            ("price", slice.price.text), ("tif", slice.timeInForce.rawValue),
        ]
    }

    /// Whether a record leaves open what became of the run's orders.
    package static func isOpen(_ fields: [String: String]) -> Bool {
        fields["status"] == running || fields["status"] == AllocationStatus.unsettled.rawValue
    }

    /// What the script writes of a save by itself.
    private static let ofScript: Set<String> = ["seq", "fence", "save"]

    /// Fields in the order they are shown in, unknown ones last.
    package static func ordered(_ fields: [String: String]) -> [(String, String)] {
        let known = order.compactMap { name in fields[name].map { (name, $0) } }
        let names = Set(order)
        return known
            + fields.filter { !names.contains($0.key) && !ofScript.contains($0.key) }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// In which fields are shown, but for what the script writes.
    static let order = [
        "kind", "status", "reason", "detail", "action", "run", "symbol", "account", "mode", "by",
        "started_ms", "slices", "orders", "filled", "filled_notional", "cost_bp", "slippage",
        "base_before", "quote_before", "imbalance_before", "base_after", "quote_after",
        "imbalance_after", "elapsed_ms", "dust", "slice", "request", "order", "code", "executed",
        "notional", "average", "fees", "fee_asset", "lived_ms", "side", "qty", "price", "tif", "ttl_ms",
        "planned_notional", "best", "mid", "minimum", "ceiling", "weighted", "planned_slippage",
        "imbalance", "writer", "at_ms",
    ]

    /// One slice that is over.
    package static func fields(
        _ head: AllocationHead, _ slice: SliceReport
    ) -> [(String, String)] {
        let atMid = slice.plan.valuation.mid.times(slice.executed, .nearestEven)
        let cost = atMid.isZero
            ? "" : slice.cost.ratio(to: atMid, .nearestEven)
                .scaled(by: .whole(10_000), .nearestEven).text
        return [
            ("kind", "slice"), ("run", head.id), ("slice", "\(slice.number)"),
            ("symbol", head.symbol.name), ("account", head.account.name),
            ("request", slice.request), ("order", slice.order), ("status", slice.status),
            ("code", slice.code), ("executed", slice.executed.text),
            ("notional", slice.notional.text), ("average", slice.average?.text ?? ""),
            ("cost_bp", cost), ("fees", slice.fees.text), ("fee_asset", slice.feeAsset),
            ("lived_ms", "\(slice.lived.milliseconds)"),
        ] + plan(slice.plan)
    }

    private static func plan(_ plan: SlicePlan) -> [(String, String)] {
        [
            ("side", plan.side.rawValue), ("qty", plan.quantity.text), ("price", plan.price.text),
            ("tif", plan.timeInForce.rawValue), ("ttl_ms", "\(plan.timeToLive.milliseconds)"),
            ("planned_notional", plan.notional.text), ("best", plan.best.text),
            ("mid", plan.valuation.mid.text), ("minimum", plan.minimum.text),
            ("ceiling", plan.ceiling.text), ("weighted", plan.weighted.text),
            ("planned_slippage", plan.slippage.text),
            ("imbalance", plan.valuation.imbalance.text),
        ]
    }

    private static func valuation(
        _ valuation: Valuation?, _ when: String
    ) -> [(String, String)] {
        [
            ("base_\(when)", valuation?.base.text ?? ""),
            ("quote_\(when)", valuation?.quote.text ?? ""),
            ("imbalance_\(when)", valuation?.imbalance.text ?? ""),
        ]
    }
}

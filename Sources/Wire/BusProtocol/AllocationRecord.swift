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

    /// The record of a run whose process died, from the one of its beginning.
    package static func interrupted(_ fields: [String: String]) -> [(String, String)] {
        var fields = fields
        fields["status"] = AllocationStatus.failed.rawValue
        fields["reason"] = AllocationReason.stopped.rawValue
        fields["detail"] = "its process ended in the middle of it"
        return ordered(fields)
    }

    /// Fields in the order they are shown in, unknown ones last.
    package static func ordered(_ fields: [String: String]) -> [(String, String)] {
        let known = order.compactMap { name in fields[name].map { (name, $0) } }
        let names = Set(order)
        return known
            + fields.filter { !names.contains($0.key) && $0.key != "seq" }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static let order = [
        "kind", "status", "reason", "detail", "action", "run", "symbol", "account", "mode", "by",
        "started_ms", "slices", "orders", "filled", "filled_notional", "cost_bp", "slippage",
        "base_before", "quote_before", "imbalance_before", "base_after", "quote_after",
        "imbalance_after", "elapsed_ms", "dust",
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

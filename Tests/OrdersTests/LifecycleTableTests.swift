import Chronology
import Orders
import Testing
import Trading

/// Every (state, event) pair of the order lifecycle, as one table that reads like a ledger.
@Suite struct LifecycleTableTests {
    static let start = Instant(nanoseconds: 1_000_000_000_000)
    static let late = start + .seconds(20)

    static let states: [(String, @Sendable () -> OrderLifecycle)] = [
        ("intent", { order }), ("sent", { sent }), ("open", { open }),
        ("partially_filled", { partial }),
        (
            "pending_cancel",
            {
                var o = open
                _ = o.cancelRequested()
                return o
            }
        ),
        (
            "pending_amend",
            {
                var o = open
                _ = o.amendRequested(Amendment(quantity: q("8"), price: p("99")), at: start)
                return o
            }
        ),
        (
            "unknown",
            {
                var o = sent
                _ = o.outcomeUnknown(at: start)
                return o
            }
        ),
        ("filled", { after(open) { $0.venueReported(report(.filled, "10")) } }),
        ("cancelled", { after(open) { $0.venueReported(report(.canceled, "0")) } }),
        ("rejected", { after(sent) { $0.definiteReject() } }),
        ("expired", { after(open) { $0.venueReported(report(.expired, "0")) } }),
    ]

    typealias Event = @Sendable (inout OrderLifecycle) -> LifecycleAction
    static let events: [(String, Event)] = [
        ("intentSaved", { $0.intentSaved(at: start) }),
        ("abandoned", { $0.abandoned() }),
        ("closedAtMark", { $0.closedAtMark() }),
        ("acknowledged", { $0.acknowledged(report(.new, "0")) }),
        ("reportNew", { $0.venueReported(report(.new, "0")) }),
        ("reportPartial", { $0.venueReported(report(.partiallyFilled, "4")) }),
        ("reportFilled", { $0.venueReported(report(.filled, "10")) }),
        ("reportExpired", { $0.venueReported(report(.expiredInMatch, "0")) }),
        ("reportRejected", { $0.venueReported(report(.rejected, "0")) }),
        ("reportOther", { $0.venueReported(report(.other("FROZEN"), "0")) }),
        ("cancelAccepted", { $0.cancelAccepted(report(.canceled, "0")) }),
        ("fillPart", { $0.fillReceived(trade: 1, q("4")) }),
        ("fillWhole", { $0.fillReceived(trade: 1, q("10")) }),
        ("fillEarly", { $0.earlyFillReceived(trade: 1, q("4")) }),
        ("fillBooked", { $0.fillBooked(trade: 1, total: q("4")) }),
        ("notFoundEarly", { $0.notFoundAnswered(askedAt: start + .seconds(15)) }),
        ("notFoundLate", { $0.notFoundAnswered(askedAt: late) }),
        ("definiteReject", { $0.definiteReject() }),
        ("duplicate", { $0.duplicateReported(at: start) }),
        ("outcomeUnknown", { $0.outcomeUnknown(at: start) }),
        ("cancelRequested", { $0.cancelRequested() }),
        ("cancelNotFound", { $0.cancelRejected(.unknownOrder) }),
        ("cancelRefused", { $0.cancelRejected(.other(-2015)) }),
        ("cancelUnknown", { $0.cancelOutcomeUnknown() }),
        (
            "amendRequested",
            { $0.amendRequested(Amendment(quantity: q("8"), price: p("99")), at: start) }
        ),
        ("amendAccepted", { $0.amendAccepted(report(.new, "0")) }),
        ("amendRejected", { $0.amendRejected() }),
        ("amendUnknown", { $0.amendOutcomeUnknown(at: start) }),
        ("amendAbandoned", { $0.amendAbandoned() }),
        ("foundLate", { $0.foundAnswered(report(.new, "0"), askedAt: late) }),
    ]

    @Test("every state decides every event as the table says")
    func wholeCrossProduct() {
        var cells = 0
        for block in LifecycleTable.blocks {
            let rows = block.split(separator: "\n").map {
                $0.split(separator: " ").map(String.init)
            }
            for row in rows.dropFirst() {
                for (state, expected) in zip(rows[0].dropFirst(), row.dropFirst()) {
                    #expect(Self.cell(row[0], state) == expected, "\(row[0]) in \(state)")
                    cells += 1
                }
            }
        }
        #expect(cells == Self.events.count * Self.states.count)
    }

    private static func cell(_ event: String, _ state: String) -> String {
        guard let apply = events.first(where: { $0.0 == event })?.1,
            let make = states.first(where: { short($0.0) == state })?.1
        else { return "?" }
        var order = make()
        let action = short("\(apply(&order))")
        let next = short(order.name.rawValue)
        return next == state ? action : "\(next)/\(action)"
    }

    /// The words of the table for the longer names.
    private static func short(_ name: String) -> String {
        let words = [
            "partially_filled": "partial", "pending_cancel": "cancelling",
            "pending_amend": "amending", "nothing": "-", "awaitFills": "await",
        ]
        return words[name] ?? name
    }

    // MARK: makings

    static func q(_ text: String) -> Quantity { Quantity(text: text) ?? .zero }
    static func p(_ text: String) -> Price { Price(text: text) ?? .zero }
    static func report(_ status: VenueOrderStatus, _ executed: String) -> VenueOrderReport {
        VenueOrderReport(orderID: 77, status: status, executed: q(executed))
    }
    static func after(
        _ order: OrderLifecycle, _ event: (inout OrderLifecycle) -> LifecycleAction
    ) -> OrderLifecycle {
        var order = order
        _ = event(&order)
        return order
    }

    static var order: OrderLifecycle {
        OrderLifecycle(
            OrderIntent(
                clientOrderID: .derive(
                    account: AccountCode("DEMO0001")!, origin: .manual, intent: "r1"),
                account: AccountID("demo")!, symbol: Symbol("BTCUSDT")!, side: .buy, type: .limit,
                timeInForce: .goodTillCancel, quantity: q("10"), price: p("100"),
                isReduceOnly: false))
    }
    static var sent: OrderLifecycle { after(order) { $0.intentSaved(at: start) } }
    static var open: OrderLifecycle { after(sent) { $0.acknowledged(report(.new, "0")) } }
    static var partial: OrderLifecycle {
        after(open) { $0.venueReported(report(.partiallyFilled, "2")) }
    }
}

import PaperExchangeService
import Trading

/// One fault of the paper exchange as it is switched on, and off again.
struct FaultCase {
    let name: String
    let kind: FaultKind
    /// What is asked of the exchange, in order.
    var faults: [String]
    /// What sets right again what stays changed.
    var after: [String] = []
    /// What it changes of the account without a trade.
    var base: Quantity = .zero
    var quote: Money = .zero
    /// A kind that a spot exchange does not have, and says so.
    var isRefused = false

    init(
        _ name: String, _ kind: FaultKind, _ faults: [String], after: [String] = [],
        isRefused: Bool = false
    ) {
        self.name = name
        self.kind = kind
        self.faults = faults
        self.after = after
        self.isRefused = isRefused
    }
}

/// The faults of the paper exchange, each as it strikes one exchange's spot account.
struct FaultCases {
    /// As the exchange is named to its operator.
    let exchange: String
    let symbol: String
    /// The code of a refusal for want of money.
    let shortCode: Int
    /// The symbol's step.
    let step: String

    private var here: String { target("") }
    private var orders: String { target(#","method":"POST","path":"/api/v3/order""#) }
    private var account: String { target(#","method":"GET","path":"/api/v3/account""#) }

    private func target(_ more: String) -> String {
        #""target":{"exchange":"\#(exchange)"\#(more)}"#
    }

    /// - Parameter more: fields besides kind and target, each with a comma before it.
    private func fault(_ kind: FaultKind, _ more: String = "", _ target: String? = nil) -> String {
        #"{"kind":"\#(kind.rawValue)"\#(more),\#(target ?? here)}"#
    }

    private func symbolFault(_ kind: FaultKind, _ more: String) -> String {
        fault(kind, #","symbol":"\#(symbol)""# + more)
    }

    /// Every kind there is, those that strike before and after the exchange's work in both ways.
    var all: [FaultCase] { requests + answers + events + sockets + operations + absent }

    private var requests: [FaultCase] {
        [
            FaultCase("delay.before", .delay, [fault(.delay, #","ms":700,"count":20"#)]),
            FaultCase(
                "delay.after", .delay,
                [fault(.delay, #","ms":700,"jitter_ms":500,"moment":"after","count":20"#)]),
            FaultCase("html.403", .html, [fault(.html, #","status":403,"count":2"#)]),
            FaultCase("html.502", .html, [fault(.html, #","status":502,"count":2"#, orders)]),
            FaultCase(
                "too-many-requests", .tooManyRequests,
                [fault(.tooManyRequests, #","retry_after":2,"count":1"#)]),
            FaultCase("ban", .ban, [fault(.ban, #","ms":3000,"count":1"#)]),
            FaultCase(
                "reject", .reject,
                [fault(.reject, #","code":\#(shortCode),"message":"Insufficient balance.","count":1"#)]),
            FaultCase(
                "fill-then-cancel", .fillThenCancel,
                [fault(.fillThenCancel, #","parts":2,"share":0.5,"count":1"#)]),
            FaultCase(
                "disconnect.balances", .disconnect, [fault(.disconnect, #","count":2"#, account)]),
        ]
    }

    /// An order's answer is lost: before the exchange has done anything, and after all of it.
    private var answers: [FaultCase] {
        ["before", "after"].flatMap { moment in
            [
                FaultCase(
                    "answer.\(moment)", .answer,
                    [fault(.answer, #","status":500,"moment":"\#(moment)","count":1"#, orders)]),
                FaultCase(
                    "timeout.\(moment)", .timeout,
                    [fault(.timeout, #","moment":"\#(moment)","count":1"#, orders)]),
                FaultCase(
                    "disconnect.\(moment)", .disconnect,
                    [fault(.disconnect, #","moment":"\#(moment)","count":1"#, orders)]),
            ]
        }
            + [("unknown", "after"), ("unavailable", "before"), ("internal", "before"),
                ("overload", "before")].map { text, moment in
                FaultCase(
                    "unavailable.\(text)", .unavailable,
                    [
                        fault(
                            .unavailable, #","text":"\#(text)","moment":"\#(moment)","count":1"#,
                            orders)
                    ])
            }
    }

    private var events: [FaultCase] {
        [
            FaultCase(
                "duplicate-events", .duplicateEvents, [fault(.duplicateEvents, #","copies":3"#)]),
            FaultCase(
                "reorder-events", .reorderEvents, [fault(.reorderEvents, #","probability":0.5"#)]),
            FaultCase("delay-events", .delayEvents, [fault(.delayEvents, #","ms":1500"#)]),
            FaultCase("drop-events", .dropEvents, [fault(.dropEvents)]),
        ]
    }

    private var sockets: [FaultCase] {
        [
            FaultCase("freeze", .freeze, [fault(.freeze)]),
            FaultCase("corrupt-frames", .corruptFrames, [fault(.corruptFrames, #","probability":0.3"#)]),
            FaultCase(
                "truncate-frames", .truncateFrames, [fault(.truncateFrames, #","probability":0.3"#)]),
            FaultCase("close-sockets", .closeSockets, [fault(.closeSockets)]),
            FaultCase(
                "close-sockets.abrupt", .closeSockets, [fault(.closeSockets, #","abrupt":true"#)]),
            FaultCase(
                "refuse-sockets", .refuseSockets,
                [fault(.refuseSockets), fault(.closeSockets)]),
        ]
    }

    private var operations: [FaultCase] {
        var shifted = FaultCase(
            "shift-position", .shiftPosition,
            [symbolFault(.shiftPosition, #","quantity":40"#)])
        shifted.base = .whole(40)
        var paid = FaultCase(
            "transfer", .transfer, [fault(.transfer, #","asset":"USDT","quantity":25"#)])
        paid.quote = .whole(25)
        let trading = symbolFault(.setState, #","state":"trading""#)
        return [
            FaultCase("skew-clock.behind", .skewClock, [fault(.skewClock, #","ms":-9000"#)]),
            FaultCase("skew-clock.ahead", .skewClock, [fault(.skewClock, #","ms":9000"#)]),
            FaultCase("expire-listen-keys", .expireListenKeys, [fault(.expireListenKeys)]),
            FaultCase(
                "trade", .trade, [symbolFault(.trade, #","side":"BUY","quantity":60"#)]),
            FaultCase(
                "stranger-order", .strangerOrder,
                [symbolFault(.strangerOrder, #","side":"SELL","quantity":3000"#)]),
            shifted, paid,
            FaultCase(
                "set-state.halted", .setState,
                [symbolFault(.setState, #","state":"halted""#)], after: [trading]),
            FaultCase(
                "set-state.cancel-only", .setState,
                [symbolFault(.setState, #","state":"cancel-only""#)], after: [trading]),
            FaultCase(
                "set-step", .setStep, [symbolFault(.setStep, #","step":5"#)],
                after: [symbolFault(.setStep, #","step":\#(step)"#)]),
            FaultCase(
                "move-price", .movePrice,
                [symbolFault(.movePrice, #","percent":-2,"ms":1000"#)]),
        ]
    }

    /// What only an exchange with margin has.
    private var absent: [FaultCase] {
        [
            FaultCase("fund", .fund, [fault(.fund)], isRefused: true),
            FaultCase("liquidate", .liquidate, [fault(.liquidate)], isRefused: true),
            FaultCase(
                "deleverage", .deleverage, [symbolFault(.deleverage, "")], isRefused: true),
        ]
    }
}

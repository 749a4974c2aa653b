import Bytes
import Foundation
import Testing
import Trading

/// What the suite of answers, clocks and refusals leaves of the paper exchange's kinds of fault: each
/// alone, with real processes. `pms-bench allocator-faults-mexc` and `-binance` strike in more ways.
@Suite("allocator among every kind of fault, real processes", .serialized)
struct AllocatorFaultKindsTests {
    private static let events = ["duplicate-events", "reorder-events", "delay-events", "drop-events"]
    private static let sockets = [
        "freeze", "corrupt-frames", "truncate-frames", "close-sockets", "refuse-sockets",
        "expire-listen-keys",
    ]
    private static let limits = ["too-many-requests", "unavailable", "timeout"]
    private static let strangers = [
        "trade", "stranger-order", "shift-position", "transfer", "move-price",
    ]
    /// Only an exchange with margin has them.
    private static let absent = ["fund", "liquidate", "deleverage"]
    /// Struck in `AllocatorFaultTests` and `AllocatorTests`.
    private static let elsewhere = [
        "delay", "answer", "html", "disconnect", "ban", "reject", "fill-then-cancel", "skew-clock",
        "set-state", "set-step",
    ]

    private static let knobs = ["MAX_SLICES": "1"]

    private static func fault(_ kind: String, _ more: String = "", _ target: String = "") -> String {
        "{\"kind\":\"\(kind)\"\(more),\"target\":{\"exchange\":\"mexc\"\(target)}}"
    }

    private static func symbol(_ kind: String, _ more: String = "") -> String {
        fault(kind, ",\"symbol\":\"QRLUSDT\"" + more)
    }

    @Test("no kind that the exchange knows is left out, and what a spot account has none of is refused")
    func kinds() throws {
        let stage = try GatewayStage(kind: "mexc-spot")
        let variables = ["PMS_HTTP_PORT_PAPER_EXCHANGE": "\(stage.adminPort)"]
        var told = (code: Int32(-1), text: "")
        #expect(
            stage.wait(seconds: 20) {
                told = stage.pms("paper", "faults", "kinds", "--json", variables: variables)
                return told.code == 0
            }, "\(told)")
        let kinds = try JSONValue.parse(Array(told.text.utf8))["kinds"]?.elements ?? []
        let known = kinds.compactMap { $0["kind"]?.text }
        let named =
            Self.events + Self.sockets + Self.limits + Self.strangers + Self.absent + Self.elsewhere
        #expect(known.sorted() == named.sorted())
        for kind in Self.absent {
            let answer = stage.fault(kind == "deleverage" ? Self.symbol(kind) : Self.fault(kind))
            #expect(answer.contains("\"errors\""), "\(answer)")
        }
    }

    @Test("events that come twice, out of order, late or never: the run has what the exchange executed")
    func events() throws {
        let world = try AllocationStage(base: "9330", quote: "3000", knobs: Self.knobs)
        let more = [
            "duplicate-events": ",\"copies\":3", "reorder-events": ",\"probability\":0.5",
            "delay-events": ",\"ms\":1500",
        ]
        world.survive(Self.events.map { Self.fault($0, more[$0] ?? "") })
        world.checkWorks()
        world.checkHistory()
    }

    @Test("sockets that freeze, bring rubbish, close or are refused, and a listen key that is gone")
    func sockets() throws {
        let world = try AllocationStage(base: "9330", quote: "3000", knobs: Self.knobs)
        let more = [
            "corrupt-frames": ",\"probability\":0.3", "truncate-frames": ",\"probability\":0.3",
            "close-sockets": ",\"abrupt\":true",
        ]
        world.survive(Self.sockets.map { Self.fault($0, more[$0] ?? "") })
        world.checkWorks()
        world.checkHistory()
    }

    @Test("an exchange that wants to be left alone, is overloaded, or is silent after it has executed")
    func limits() throws {
        let world = try AllocationStage(base: "9330", quote: "3000", knobs: Self.knobs)
        let orders = ",\"method\":\"POST\",\"path\":\"/api/v3/order\""
        let more = [
            "too-many-requests": ",\"retry_after\":1,\"count\":1",
            "unavailable": ",\"text\":\"overload\",\"count\":1",
            "timeout": ",\"moment\":\"after\",\"count\":1",
        ]
        world.survive(
            Self.limits.map {
                Self.fault($0, more[$0] ?? "", $0 == "too-many-requests" ? "" : orders)
            })
        world.checkWorks()
        world.checkHistory()
    }

    @Test("trades, orders and payments by others, and a price that moves: balances stay exact")
    func strangers() throws {
        let world = try AllocationStage(base: "9330", quote: "3000", knobs: Self.knobs)
        let more = [
            "trade": ",\"side\":\"BUY\",\"quantity\":60",
            "stranger-order": ",\"side\":\"SELL\",\"quantity\":3000",
            "shift-position": ",\"quantity\":40", "move-price": ",\"percent\":-2,\"ms\":1000",
        ]
        world.given = (.whole(40), .whole(25))
        world.survive(
            Self.strangers.map {
                $0 == "transfer"
                    ? Self.fault($0, ",\"asset\":\"USDT\",\"quantity\":25")
                    : Self.symbol($0, more[$0] ?? "")
            })
        world.checkWorks()
        world.checkHistory()
    }

    @Test("an order whose end its run does not see: none begins before it is known, then it is told (C4, S7)")
    func settledLate() throws {
        let world = try AllocationStage(
            base: "9330", quote: "3000",
            knobs: ["TASK_TIMEOUT_SECONDS": "6", "MAX_SLICES": "1"])
        let orders = ",\"method\":\"POST\",\"path\":\"/api/v3/order\""
        _ = world.stage.fault(
            Self.fault("disconnect", ",\"moment\":\"before\",\"count\":1", orders))
        let first = world.allocate()
        #expect(first["status"] == "unsettled", "\(first)\n\(world.stage.log())")
        let refused = world.stage.run(["allocate"])
        #expect(refused.code != 0 && refused.text.contains("not known"), "\(refused)")
        // Three answers that the venue knows no such order, sixteen seconds after it left.
        #expect(
            world.stage.wait(seconds: 60) {
                world.http("GET", "/tasks/allocation", token: world.token).fields["status"]
                    == "unfilled"
            }, "\(world.stage.log())")
        world.checkWorks()
        world.checkHistory()
    }
}

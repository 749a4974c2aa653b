/// What trading is allowed.
package enum TradingState: String, CaseIterable, Sendable {
    case active = "ACTIVE"
    /// Only orders that reduce a position.
    case reducing = "REDUCING"
    /// Only cancels, and the emergency flatten.
    case halted = "HALTED"

    /// The stricter of two states.
    package func stricter(_ other: TradingState) -> TradingState {
        rank >= other.rank ? self : other
    }
    private var rank: Int {
        switch self {
        case .active: 0
        case .reducing: 1
        case .halted: 2
        }
    }
}

/// The trading state of a venue or an account; an absent record means active.
package struct StateRecord: Equatable, Sendable {
    package var state: TradingState
    package var why: String
    package var by: String
    package var stamp: RecordStamp

    package init(state: TradingState, why: String, by: String, stamp: RecordStamp) {
        self.state = state
        self.why = why
        self.by = by
        self.stamp = stamp
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("state", fields)
        state = try reader.choice("state")
        why = try reader.text("why")
        by = try reader.text("by")
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        [("state", state.rawValue), ("why", why), ("by", by)] + stamp.fields
    }
}

/// A process's sign of life.
package struct HeartbeatRecord: Equatable, Sendable {
    package var service: String
    package var instance: String
    package var processID: Int64
    package var build: String
    package var startedMilliseconds: Int64
    package var isReady: Bool
    /// Why it is not ready; empty when it is.
    package var reasons: String
    package var stamp: RecordStamp

    package init(
        service: String, instance: String, processID: Int64, build: String,
        startedMilliseconds: Int64, isReady: Bool, reasons: String, stamp: RecordStamp
    ) {
        self.service = service
        self.instance = instance
        self.processID = processID
        self.build = build
        self.startedMilliseconds = startedMilliseconds
        self.isReady = isReady
        self.reasons = reasons
        self.stamp = stamp
    }

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("heartbeat", fields)
        service = try reader.text("service")
        instance = try reader.text("instance")
        processID = try reader.integer("pid")
        build = try reader.text("build")
        startedMilliseconds = try reader.integer("started_ms")
        isReady = try reader.flag("ready")
        reasons = try reader.text("reasons")
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        [
            ("service", service), ("instance", instance), ("pid", "\(processID)"),
            ("build", build), ("started_ms", "\(startedMilliseconds)"),
            ("ready", isReady ? "1" : "0"), ("reasons", reasons),
        ] + stamp.fields
    }
}

/// Something a person should see, as it goes over `alert`.
package struct Alert: Equatable, Sendable {
    /// Stable, for filters: `position_mismatch`, `margin_tier`, …
    package var code: String
    package var text: String
    package var details: [String: String]
    package var stamp: RecordStamp

    package init(code: String, text: String, details: [String: String], stamp: RecordStamp) {
        self.code = code
        self.text = text
        self.details = details
        self.stamp = stamp
    }

    package var fields: [(String, String)] {
        stamp.fields + [("code", code), ("text", text)]
            + details.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

package import Trading

/// A running algorithm, or one that ended lately, as it stands in `algo:<id>`.
package struct AlgoRecord: Equatable, Sendable {
    package var id: String
    /// `chase`, `twap`, `scale` or `scalper`.
    package var kind: String
    package var account: AccountID
    package var symbol: Symbol
    /// `starting`, `running`, `paused`, `ending`, `done` or `failed`.
    package var status: String
    /// Why it is paused or over, a stable code; empty while it runs.
    package var reason: String
    package var detail: String
    /// As they were checked, one JSON object of strings.
    package var parameters: String
    /// What it goes on from after a restart: one JSON object with its version in `v`.
    package var state: String
    /// Counts its saves: one that arrives after a later one changes nothing.
    package var revision: Int64
    package var startedMilliseconds: Int64
    /// What it has come to, for people: names and values in their order.
    package var shown: [(name: String, value: String)]
    package var stamp: RecordStamp

    package init(
        id: String, kind: String, account: AccountID, symbol: Symbol, status: String,
        reason: String, detail: String, parameters: String, state: String, revision: Int64,
        startedMilliseconds: Int64, shown: [(name: String, value: String)], stamp: RecordStamp
    ) {
        self.id = id
        self.kind = kind
        self.account = account
        self.symbol = symbol
        self.status = status
        self.reason = reason
        self.detail = detail
        self.parameters = parameters
        self.state = state
        self.revision = revision
        self.startedMilliseconds = startedMilliseconds
        self.shown = shown
        self.stamp = stamp
    }

    /// What is shown of every algorithm, in the order it is shown in.
    package static let shownNames = [
        "side", "qty", "filled", "left", "open", "average", "arrival", "slippage_bps", "fees",
        "other_fees", "realised", "orders", "moves", "refusals", "elapsed_ms",
    ]

    package init(fields: [String: String]) throws(RecordError) {
        let reader = RecordFields("algo", fields)
        id = try reader.text("id")
        kind = try reader.text("kind")
        account = try reader.account("account")
        symbol = try reader.symbol("symbol")
        status = try reader.text("status")
        reason = try reader.text("reason")
        detail = try reader.text("detail")
        parameters = try reader.text("parameters")
        state = try reader.text("state")
        revision = try reader.integer("revision")
        startedMilliseconds = try reader.integer("started_ms")
        shown = AlgoRecord.shownNames.compactMap { name in fields[name].map { (name, $0) } }
        stamp = try RecordStamp(reader)
    }

    package var fields: [(String, String)] {
        [
            ("id", id), ("kind", kind), ("account", account.name), ("symbol", symbol.name),
            ("status", status), ("reason", reason), ("detail", detail),
        ] + shown.map { ($0.name, $0.value) } + [
            ("parameters", parameters), ("state", state), ("revision", "\(revision)"),
            ("started_ms", "\(startedMilliseconds)"),
        ] + stamp.fields
    }

    package static func == (a: AlgoRecord, b: AlgoRecord) -> Bool {
        a.fields.elementsEqual(b.fields, by: ==)
    }
}

/// The body of `algo.stop`, `algo.pause` and `algo.resume`. The reply's body is the algo's record.
package struct AlgoNameBody: Equatable, Sendable {
    package var algo: String
    /// Of `algo.stop`: whether what was filled is closed, too.
    package var isFlattening: Bool

    package init(algo: String, isFlattening: Bool = false) {
        self.algo = algo
        self.isFlattening = isFlattening
    }

    /// Reads a body; `flatten` may be absent.
    package init(_ body: [String: String]) throws(RecordError) {
        let reader = RecordFields("algo", body)
        algo = try reader.text("algo")
        guard Command.isIdentifier(algo) else { throw reader.error("algo", "not an identifier") }
        isFlattening = body["flatten"] == nil ? false : try reader.flag("flatten")
    }

    package var body: [String: String] {
        isFlattening ? ["algo": algo, "flatten": "1"] : ["algo": algo]
    }
}

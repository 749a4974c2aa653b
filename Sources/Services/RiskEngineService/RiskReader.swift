import BusProtocol
import Bytes
import Chronology
import Reactor
import Runtime
import Trading
import WebProtocol
import WebServer

/// `GET /accounts` and `GET /positions` on the process's HTTP port (B5d), answered from memory: the
/// snapshot as it was written last with its age, or, where it has expired, what the ledger and the
/// last price say. For the holder of `PMS_HTTP_TOKEN` alone.
@LoopActor final class RiskReader {
    private let desk: RiskDesk
    private let loop: any Loop
    private let token: [UInt8]?

    /// - Parameter token: what `Authorization: Bearer` must carry; nil refuses everybody.
    init(desk: RiskDesk, loop: any Loop, token: String?) {
        self.desk = desk
        self.loop = loop
        self.token = token.map { Array($0.utf8) }
    }

    func add(to http: HealthServer) {
        http.add("GET", "/accounts") { [self] request, exchange in
            answer(request, exchange) { $0.accounts($1) }
        }
        http.add("GET", "/positions") { [self] request, exchange in
            answer(request, exchange) { $0.positions($1) }
        }
    }

    private func answer(
        _ request: HTTPRequest, _ exchange: WebExchange,
        _ body: (RiskReader, HTTPRequest) -> (status: Int, json: String)
    ) {
        guard let token else {
            return exchange.respond(
                status: 403,
                json: RiskReader.error("set PMS_HTTP_TOKEN for risk-engine to read accounts here"))
        }
        guard RiskReader.isBearer(request.headers["Authorization"], of: token) else {
            return exchange.respond(
                status: 401,
                headers: [
                    "Content-Type": "application/json", "WWW-Authenticate": "Bearer realm=\"pms\"",
                ],
                body: Array(RiskReader.error("Authorization: Bearer TOKEN is missing or wrong").utf8))
        }
        // Before the first load nobody is known, which is not that nobody is there.
        if desk.isEmpty, let reason = desk.readiness.first {
            return exchange.respond(status: 503, json: RiskReader.error(reason))
        }
        let (status, json) = body(self, request)
        exchange.respond(status: status, json: json)
    }

    nonisolated static func isBearer(_ header: String?, of token: [UInt8]) -> Bool {
        BearerToken.matches(header, token)
    }

    // MARK: answers

    private func accounts(_ request: HTTPRequest) -> (status: Int, json: String) {
        var writer = JSONWriter(capacity: 4_096)
        writer.beginArray()
        for account in desk.accountNames {
            guard let reading = reading(account) else { continue }
            RiskReader.write(reading, isWhole: false, into: &writer)
        }
        writer.endArray()
        return (200, writer.text + "\n")
    }

    private func positions(_ request: HTTPRequest) -> (status: Int, json: String) {
        guard let form = try? FormFields(request.query) else {
            return (400, RiskReader.error("the query cannot be read"))
        }
        var writer = JSONWriter(capacity: 4_096)
        if let name = form.fields.first(where: { $0.name == "account" })?.value {
            guard let reading = AccountID(name).flatMap({ reading($0) }) else {
                return (404, RiskReader.error("no such account; see GET /accounts"))
            }
            RiskReader.write(reading, isWhole: true, into: &writer)
        } else {
            writer.beginArray()
            for account in desk.accountNames {
                guard let reading = reading(account), !reading.held.isEmpty else { continue }
                RiskReader.write(reading, isWhole: true, into: &writer)
            }
            writer.endArray()
        }
        return (200, writer.text + "\n")
    }

    private func reading(_ account: AccountID) -> AccountReading? {
        desk.reading(of: account, now: loop.now, wall: loop.wallNow)
    }

    private static func error(_ text: String) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("error", text)
        writer.endObject()
        return writer.text + "\n"
    }

    /// An account as one object; with its positions where it is wanted whole.
    static func write(
        _ reading: AccountReading, isWhole: Bool, into writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.field("account", reading.account.name)
        writer.field("expired", reading.snapshot == nil)
        if let age = reading.age { writer.field("age_ms", age.milliseconds) }
        if let record = reading.snapshot {
            for (name, value) in record.accountFields {
                writer.key(name)
                writer.value(value)
            }
            if isWhole { write(record.positions, into: &writer) }
        } else {
            writer.field("reason", reading.reason)
            writer.field("wallet", reading.wallet.text)
            if isWhole { write(reading.held, into: &writer) }
        }
        writer.endObject()
    }

    private static func write(_ positions: [RiskPosition], into writer: inout JSONWriter) {
        writer.key("positions" as StaticString)
        writer.beginArray()
        for position in positions {
            writer.beginObject()
            writer.field("symbol", position.symbol.name)
            writer.field("qty", position.quantity.text)
            writer.field("entry", position.entryPrice.text)
            writer.field("mark", position.mark.text)
            writer.field("unrealised", position.unrealised.text)
            writer.field("maintenance", position.maintenance.text)
            writer.field("liquidation", position.liquidationPrice.text)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func write(_ held: [AccountReading.Held], into writer: inout JSONWriter) {
        writer.key("positions" as StaticString)
        writer.beginArray()
        for position in held {
            writer.beginObject()
            writer.field("symbol", position.symbol.name)
            writer.field("qty", position.quantity.text)
            writer.field("entry", position.entryPrice.text)
            writer.field("mark", position.mark.text)
            if let age = position.markAge { writer.field("mark_age_ms", age.milliseconds) }
            writer.endObject()
        }
        writer.endArray()
    }
}

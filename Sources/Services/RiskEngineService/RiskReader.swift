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
            if isRefused(request, exchange) { return }
            list(exchange) { reader, account, writer in
                guard let reading = reader.reading(account) else { return }
                RiskReader.write(reading, isWhole: false, into: &writer)
            }
        }
        http.add("GET", "/positions") { [self] request, exchange in
            if isRefused(request, exchange) { return }
            positions(request, exchange)
        }
    }

    /// Answers whoever may not read, or comes before there is anything to read.
    private func isRefused(_ request: HTTPRequest, _ exchange: WebExchange) -> Bool {
        guard let token else {
            exchange.respond(
                status: 403,
                json: RiskReader.error("set PMS_HTTP_TOKEN for risk-engine to read accounts here"))
            return true
        }
        guard RiskReader.isBearer(request.headers["Authorization"], of: token) else {
            exchange.respond(
                status: 401,
                headers: [
                    "Content-Type": "application/json", "WWW-Authenticate": "Bearer realm=\"pms\"",
                ],
                body: Array(RiskReader.error("Authorization: Bearer TOKEN is missing or wrong").utf8))
            return true
        }
        // Before the first load nobody is known, which is not that nobody is there.
        guard desk.isEmpty, let reason = desk.readiness.first else { return false }
        exchange.respond(status: 503, json: RiskReader.error(reason))
        return true
    }

    nonisolated static func isBearer(_ header: String?, of token: [UInt8]) -> Bool {
        BearerToken.matches(header, token)
    }

    // MARK: answers

    private func positions(_ request: HTTPRequest, _ exchange: WebExchange) {
        guard let form = try? FormFields(request.query) else {
            return exchange.respond(
                status: 400, json: RiskReader.error("the query cannot be read"))
        }
        guard let name = form["account"] else {
            return list(exchange) { reader, account, writer in
                guard let reading = reader.reading(account), !reading.held.isEmpty else { return }
                RiskReader.write(reading, isWhole: true, into: &writer)
            }
        }
        guard let reading = AccountID(name).flatMap({ reading($0) }) else {
            return exchange.respond(
                status: 404, json: RiskReader.error("no such account; see GET /accounts"))
        }
        var writer = JSONWriter(capacity: 4_096)
        RiskReader.write(reading, isWhole: true, into: &writer)
        exchange.respond(status: 200, json: writer.text + "\n")
    }

    /// Answers with all accounts: at once where they are few, else by pages.
    private func list(
        _ exchange: WebExchange,
        _ write: @escaping @LoopActor (RiskReader, AccountID, inout JSONWriter) -> Void
    ) {
        let names = desk.accountNames
        if names.count > AccountPages.page {
            let stream = exchange.startStream(contentType: "application/json")
            return AccountPages(names, loop: loop, stream) { [self] in write(self, $0, &$1) }.go()
        }
        var writer = JSONWriter(capacity: 4_096)
        writer.beginArray()
        for account in names { write(self, account, &writer) }
        writer.endArray()
        exchange.respond(status: 200, json: writer.text + "\n")
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

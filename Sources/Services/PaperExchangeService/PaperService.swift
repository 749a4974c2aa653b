internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import FuturesExchange
internal import Glibc
package import Reactor
package import Runtime
internal import Trading

// PaperExchangeService: exchanges on loopback, for people who have no account yet and for tests that
// want a venue that can be asked what really happened.
// 1. All of an exchange is behind `Exchange`; the service carries bytes, time and files.
// 2. Nothing in it knows about the rest of the stack: any bot may use it.
// 3. What has been answered or told is on file first, so kill -9 loses nothing.
// 4. A journal that cannot be written ends the process; nothing is answered from memory alone.

/// The paper exchange as a process: its settings from the environment, its account from the journal.
@LoopActor package final class PaperService: Service {
    private let host: ServiceHost
    private var server: PaperServer?

    package init(host: ServiceHost) throws {
        self.host = host
    }

    package var readiness: [String] { server?.port == nil ? ["not listening"] : [] }

    package func start() async throws {
        let environment = host.environment
        let settings = try PaperService.settings(environment)
        let desk = FuturesDesk(settings)
        let directory = environment.optionalText("PMS_PAPER_DATA")
        if directory == nil {
            Log.warn("the accounts are kept in memory only", ["set": "PMS_PAPER_DATA"])
        }
        let exchanges: [any Exchange] = [FuturesVenue(desk)]
        let houses = try exchanges.map { exchange in
            House(exchange, journal: try directory.map { try restore(exchange, $0) })
        }
        let server = PaperServer(loop: host.loop, houses: houses) { error in
            Log.error("the journal cannot be written", ["error": error])
            exit(1)
        }
        addMetrics(server)
        let port = try server.start(
            address: environment.text("PMS_PAPER_BIND"),
            port: UInt16(clamping: environment.integer("PMS_PAPER_PORT")))
        self.server = server
        Log.info(
            "listening",
            [
                "address": environment.text("PMS_PAPER_BIND"), "port": port,
                "symbols": desk.markets.map(\.symbol.name).joined(separator: " "),
                "wallet": desk.wallet,
            ])
    }

    package func stop() async { server?.stop() }

    /// Brings an exchange back from its journal in a directory.
    private func restore(_ exchange: any Exchange, _ directory: String) throws -> JournalFile {
        let file = try JournalFile(directory: directory, name: exchange.name)
        let torn = try file.restore(exchange)
        Log.info("restored", ["exchange": exchange.name, "from": file.path])
        if torn > 0 { Log.warn("a torn line was cut", ["bytes": torn]) }
        return file
    }

    private func addMetrics(_ server: PaperServer) {
        let metrics = host.metrics
        metrics.computed("pms_paper_requests", "requests answered") {
            Double(server.counts.requests)
        }
        metrics.computed("pms_paper_refusals", "requests answered with an error") {
            Double(server.counts.refusals)
        }
        metrics.computed("pms_paper_events", "events of markets and account") {
            Double(server.counts.events)
        }
        metrics.computed("pms_paper_sockets", "open stream sockets") {
            Double(server.sockets.count)
        }
    }

    /// What the environment says; throws where a key has no secret.
    private static func settings(_ environment: Environment) throws -> FuturesSettings {
        var settings = FuturesSettings()
        settings.seed = UInt64(environment.integer("PMS_PAPER_SEED"))
        settings.balance = environment.decimal("PMS_PAPER_BALANCE")
        settings.limits.rates = PaperLimits.futures(environment)
        settings.legacyStreams =
            LegacyStreams(rawValue: environment.text("PMS_PAPER_LEGACY_STREAMS")) ?? .everything
        settings.socketRules.life = .seconds(
            environment.integer("PMS_PAPER_SOCKET_LIFE_SECONDS"))
        let names: [(String, ExchangeKey.Role)] = [("API", .trade), ("READ", .read)]
        for (name, role) in names {
            guard let key = environment.optionalText("PMS_PAPER_\(name)_KEY") else { continue }
            guard let secret = environment.optionalText("PMS_PAPER_\(name)_SECRET") else {
                throw PaperSettingsError(
                    description: "PMS_PAPER_\(name)_SECRET is missing: its key is set")
            }
            settings.keys.append(ExchangeKey(key: key, secret: secret, role: role))
        }
        return settings
    }
}

/// Settings that do not fit each other.
private struct PaperSettingsError: Error, CustomStringConvertible {
    let description: String
}

internal import Chronology
internal import ExchangeDoor
internal import ExchangeMarkets
internal import FuturesExchange
internal import Glibc
package import Reactor
package import Runtime
internal import SpotExchange
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
    private let admin: PaperAdmin

    package init(host: ServiceHost) throws {
        self.host = host
        admin = PaperAdmin(host.http)
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
        let exchanges: [any Exchange] = [
            FuturesVenue(desk),
            BinanceSpotVenue(PaperSpot.settings(.binance, environment, keys: settings.keys)),
            MEXCVenue(PaperSpot.settings(.mexc, environment, keys: settings.keys)),
        ]
        let houses = try exchanges.map { exchange in
            House(exchange, journal: try directory.map { try restore(exchange, $0) })
        }
        if let path = host.flagValues["--replay"] { try PaperService.replay(path, desk) }
        let server = PaperServer(
            loop: host.loop, houses: houses,
            seed: UInt64(environment.integer("PMS_PAPER_SEED"))
        ) { error in
            Log.error("the journal cannot be written", ["error": error])
            exit(1)
        }
        addMetrics(server)
        let port = try server.start(
            address: environment.text("PMS_PAPER_BIND"),
            port: UInt16(clamping: environment.integer("PMS_PAPER_PORT")))
        self.server = server
        admin.server = server
        Log.info(
            "listening",
            [
                "address": environment.text("PMS_PAPER_BIND"), "port": port,
                "admin_port": host.http.port,
                "exchanges": houses.map(\.exchange.name).joined(separator: " "),
                "symbols": desk.markets.map(\.symbol.name).joined(separator: " "),
                "wallet": desk.wallet,
            ])
    }

    /// Lets a market replay the recording in a file, again and again.
    private static func replay(_ path: String, _ desk: FuturesDesk) throws {
        let feed = try ReplayFile.read(path)
        guard desk.replay(feed) else {
            throw PaperSettingsError("\(path): not traded here: \(feed.symbol)")
        }
        Log.info("replaying", ["symbol": feed.symbol, "from": path])
    }

    package func stop() async { server?.stop() }

    /// Brings an exchange back from its journal in a directory.
    private func restore(_ exchange: any Exchange, _ directory: String) throws -> JournalFile {
        let file = try JournalFile(
            directory: directory, name: exchange.name, isFresh: host.flags.contains("--fresh"))
        let source = file.source
        let torn = try file.restore(exchange)
        Log.info("restored", ["exchange": exchange.name, "from": source])
        if torn > 0 {
            Log.warn("a torn line was cut", ["exchange": exchange.name, "bytes": torn])
        }
        return file
    }

    private func addMetrics(_ server: PaperServer) {
        let metrics = host.metrics
        for house in server.houses {
            let name = house.exchange.name
            metrics.computed(
                "pms_paper_requests", "requests answered", ["exchange": name]
            ) { Double(house.counts.requests) }
            metrics.computed(
                "pms_paper_refusals", "requests answered with an error", ["exchange": name]
            ) { Double(house.counts.refusals) }
            metrics.computed(
                "pms_paper_events", "frames to streams and users", ["exchange": name]
            ) { Double(house.counts.events) }
            metrics.computed(
                "pms_paper_sockets_cut", "sockets closed because they did not read",
                ["exchange": name]
            ) { Double(house.counts.socketsCut) }
            metrics.computed(
                "pms_paper_sockets", "open stream sockets", ["exchange": name]
            ) { Double(server.sockets.values.count { $0.house === house }) }
        }
        metrics.computed("pms_paper_faults_active", "faults in force") {
            Double(server.faults.entries.count)
        }
        server.struck = { kind in
            metrics.counter(
                "pms_paper_fault_strikes_total", "strikes of faults", ["kind": kind.rawValue]
            ).increment()
        }
    }

    /// What the environment says; throws where a key has no secret.
    private static func settings(_ environment: Environment) throws -> FuturesSettings {
        var settings = FuturesSettings()
        settings.seed = UInt64(environment.integer("PMS_PAPER_SEED"))
        settings.balance = environment.decimal("PMS_PAPER_BALANCE")
        settings.insuranceFund = environment.decimal("PMS_PAPER_INSURANCE")
        settings.listings = Listing.futures
        settings.fundingInterval = environment.integer("PMS_PAPER_FUNDING_S") * 1_000
        settings.limits.rates = PaperLimits.futures(environment)
        settings.limits.keptOrders = Int(environment.integer("PMS_PAPER_KEPT_ORDERS"))
        settings.limits.keptTrades = settings.limits.keptOrders
        settings.legacyStreams =
            LegacyStreams(rawValue: environment.text("PMS_PAPER_LEGACY_STREAMS")) ?? .everything
        settings.socketRules.life = .seconds(
            environment.integer("PMS_PAPER_SOCKET_LIFE_SECONDS"))
        settings.keys = try PaperAccounts.keys(environment)
        return settings
    }
}

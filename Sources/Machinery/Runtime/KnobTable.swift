import Bytes

/// Every configuration variable there is: the one list that validation, `--help` and
/// `pms config show` read.
package enum KnobTable {
    /// The processes of a stack in the order `pms up` starts them.
    package static let processes = [
        "paper-exchange", "price-feed", "order-gateway", "risk-engine", "position-sync",
        "allocator",
    ]

    /// The default of `PMS_HTTP_PORT` for a process; 0 (any free port) for one without its own.
    package static func httpPort(of process: String) -> UInt16 {
        switch process {
        case "price-feed": 9101
        case "order-gateway": 9102
        case "risk-engine": 9103
        case "position-sync": 9104
        case "allocator": 9105
        case "paper-exchange": 9106
        case _: 0
        }
    }

    /// `order-gateway` as it stands at the end of a variable: `ORDER_GATEWAY`.
    package static func suffix(of process: String) -> String {
        process.uppercased().split(separator: "-").joined(separator: "_")
    }

    package static func knob(_ name: String) -> Knob? { byName[name] }

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// Sorted by group: connections, credentials, process, paper exchange, feed, trading, allocation.
    package static let all: [Knob] = connections + credentials + process + paper + feed + trading
        + allocation

    private static let connections: [Knob] = [
        Knob(
            "PMS_REDIS_URL", .redis, "redis://127.0.0.1:6379/0", "the Redis all processes share"),
        Knob(
            "PMS_VENUE",
            .text(allowed: "1 to 16 of a-z 0-9 -", isAllowed: isVenueName), "usdm",
            "the exchange account this stack serves; part of every key"),
        Knob(
            "PMS_VENUE_KIND", .choice(["binance-usdm", "binance-spot", "mexc-spot"]),
            "binance-usdm",
            "the exchange's protocol; risk-engine and position-sync serve binance-usdm only"),
        Knob(
            "PMS_VENUE_REST_URL", .url(schemes: ["http", "https"]), nil,
            "base of the exchange's REST interface (default: the paper exchange, "
                + "http://127.0.0.1:$PMS_PAPER_PORT)"),
        Knob(
            "PMS_VENUE_WS_URL", .url(schemes: ["ws", "wss"]), nil,
            "base of the exchange's streams (default: the paper exchange, "
                + "ws://127.0.0.1:$PMS_PAPER_PORT)"),
        Knob(
            "PMS_VENUE_WS_API_URL", .url(schemes: ["ws", "wss"]), nil,
            "base of the exchange's WebSocket API (default: that of its streams)"),
        Knob(
            "PMS_LIVE", .choice(["no", "yes-real-money"]), "no",
            "must be yes-real-money before an order goes to a host that is not loopback"),
    ]

    private static let credentials: [Knob] = [
        Knob(
            "PMS_API_KEY", .secret, nil,
            "key of the exchange account; order-gateway's trades, the others' read only",
            users: ["order-gateway", "position-sync", "allocator"]),
        Knob(
            "PMS_HTTP_TOKEN", .secret, nil,
            "what Authorization: Bearer must carry to read accounts and positions, or to begin an "
                + "allocation, over HTTP; without it nobody may",
            users: ["risk-engine", "allocator"]),
        Knob(
            "PMS_API_SECRET", .secret, nil, "the secret that signs requests made with PMS_API_KEY",
            users: ["order-gateway", "position-sync", "allocator"]),
    ]

    private static let process: [Knob] = [
        Knob(
            "PMS_COMMAND_TOKEN", .secret, nil,
            "bearer token of order-gateway's POST /commands, by which pms cancels, reduces and halts "
                + "while Redis is away; without it that is off", users: ["order-gateway", "pms"]),
        Knob(
            "PMS_GATEWAY_URL", .url(schemes: ["http", "https"]), "http://127.0.0.1:9102",
            "where pms reaches order-gateway while Redis is away", users: ["pms"]),
        Knob(
            "PMS_GATEWAY_DATA", .text(allowed: "a directory", isAllowed: { !$0.isEmpty }), nil,
            "directory where order-gateway writes down what it does while Redis is away (default: "
                + "none, and orders that reduce are refused then)", users: ["order-gateway"]),
        Knob(
            "PMS_HTTP_PORT", .integer(0...65535), nil,
            "port of health, metrics and API; 0 is any free one (default: 9101 price-feed, "
                + "9102 order-gateway, 9103 risk-engine, 9104 position-sync, 9105 allocator, "
                + "9106 paper-exchange)"),
        Knob(
            "PMS_HTTP_BIND", .text(allowed: "an IPv4 address", isAllowed: isAddress), "127.0.0.1",
            "address of that port"),
        Knob(
            "PMS_LOG_LEVEL", .choice(["debug", "info", "warn", "error"]), "info",
            "least level that is logged"),
        Knob(
            "PMS_LOG_FORMAT", .choice(["auto", "json", "text"]), "auto",
            "form of log lines; auto is text on a terminal and JSON elsewhere"),
        Knob(
            "PMS_INSTANCE",
            .text(allowed: "1 to 64 of A-Z a-z 0-9 - _ .", isAllowed: isInstanceName), nil,
            "name of this process on its host (default: host name and process id)"),
        Knob(
            "PMS_SEED", .integer(0...Int64.max), nil,
            "seed of the process's random numbers, to repeat a run (default: the system's)"),
        Knob(
            "PMS_PARENT_PID", .integer(1...Int64(Int32.max)), nil,
            "set by pms up: the process ends when that one does"),
    ]

    private static let paper: [Knob] = [
        Knob(
            "PMS_PAPER_PORT", .integer(0...65535), "9010",
            "port of the paper exchange's REST and streams; 0 is any free one"),
        Knob(
            "PMS_PAPER_BIND", .text(allowed: "an IPv4 address", isAllowed: isAddress), "127.0.0.1",
            "address of that port", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_API_KEY", .secret, nil, "the key that may trade on the paper exchange",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_API_SECRET", .secret, nil, "its secret", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_READ_KEY", .secret, nil, "the key that may only read on the paper exchange",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_READ_SECRET", .secret, nil, "its secret", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_ACCOUNTS", .secret, nil,
            "more accounts: NAME:KEY:SECRET, or NAME:KEY:SECRET:read for a key that may only "
                + "read, separated by commas; the same name again is another key of that account",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_DATA", .text(allowed: "a directory", isAllowed: { !$0.isEmpty }), nil,
            "directory of the paper account's journal (default: kept in memory only)",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_SEED", .integer(0...Int64.max), "1", "seed of the simulated market",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_BALANCE", .decimal(low: "0", high: "1000000000"), "100000", unit: "USDT",
            "what each paper account starts with", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_INSURANCE", .decimal(low: "0", high: "1000000000"), "10000000", unit: "USDT",
            "what the insurance fund of futures starts with; losses beyond it are shared out",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_FUNDING_S", .integer(1...86_400), "28800", unit: "s",
            "time between fundings of futures, counted from midnight UTC",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_WEIGHT_LIMIT_1M", .integer(1...1_000_000_000), "2400",
            "request weight a minute of futures, as announced in exchangeInfo",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_ORDER_LIMIT_10S", .integer(1...1_000_000_000), "300",
            "new orders in ten seconds of futures, as announced in exchangeInfo",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_ORDER_LIMIT_1M", .integer(1...1_000_000_000), "1200",
            "new orders a minute of futures, as announced in exchangeInfo",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_SPOT_BALANCES", .text(allowed: balancesForm, isAllowed: areBalances),
            "USDT=100000,BTC=1,ETH=10,QRL=100000",
            "what the account at Binance spot starts with", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_MEXC_BALANCES", .text(allowed: balancesForm, isAllowed: areBalances),
            "USDT=100000,BTC=1,QRL=100000",
            "what the account at MEXC starts with", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_SPOT_WEIGHT_LIMIT_1M", .integer(1...1_000_000_000), "6000",
            "request weight a minute of Binance spot", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_SPOT_ORDER_LIMIT_10S", .integer(1...1_000_000_000), "100",
            "new orders in ten seconds of Binance spot", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_SPOT_ORDER_LIMIT_1D", .integer(1...1_000_000_000), "200000",
            "new orders a day of Binance spot", users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_MEXC_WEIGHT_LIMIT_10S", .integer(1...1_000_000_000), "500",
            "request weight in ten seconds of each group of MEXC's endpoints",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_KEPT_ORDERS", .integer(100...1_000_000), "10000",
            "finished orders, and trades, kept a symbol; older ones are forgotten",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_BAN_MS", .integer(10...259_200_000), "120000", unit: "ms",
            "how long an address is banned (418) at first; four times as long at each repeat, "
                + "up to 2160 times",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_LEGACY_STREAMS", .choice(["all", "public"]), "all",
            "what the unrouted /ws and /stream carry; public is the venue's state since 2026-04",
            users: ["paper-exchange"]),
        Knob(
            "PMS_PAPER_SOCKET_LIFE_SECONDS", .integer(1...86_400), "86400", unit: "s",
            "how long a stream socket lives", users: ["paper-exchange"]),
    ]

    private static let feed: [Knob] = [
        Knob(
            "PMS_FEED_PUBLISH_MS", .integer(0...60_000), "50", unit: "ms",
            "least time between two ticks of a symbol; 0 publishes every change",
            users: ["price-feed"]),
        Knob(
            "PMS_FEED_WRITE_MS", .integer(0...60_000), "500", unit: "ms",
            "least time between two writes of a symbol's price record", users: ["price-feed"]),
        Knob(
            "PMS_FEED_STALE_MS", .integer(1_000...600_000), "10000", unit: "ms",
            "a stream silent for this long is stale", users: ["price-feed"]),
        Knob(
            "PMS_FEED_GRACE_S", .integer(0...86_400), "30", unit: "s",
            "how long a symbol nobody wants any more stays subscribed", users: ["price-feed"]),
        Knob(
            "PMS_FEED_BAND_PERCENT", .integer(0...1_000), "50", unit: "%",
            "how far from the last mark a price may be; 0 admits any", users: ["price-feed"]),
        Knob(
            "PMS_FEED_STREAMS_PER_SOCKET", .integer(1...1_024), "200",
            "streams a connection carries at most, or fewer where the exchange says so",
            users: ["price-feed"]),
        Knob(
            "PMS_FEED_RENEW_S", .integer(10...86_000), "82800", unit: "s",
            "age at which a connection is replaced by one that overlaps it",
            users: ["price-feed"]),
    ]

    private static let trading: [Knob] = [
        Knob(
            "PMS_LEVERAGE", .integer(1...125), "20", unit: "×",
            "leverage that initial margin is computed with",
            users: ["order-gateway", "risk-engine"]),
        Knob(
            "MAX_CONCURRENT_ORDERS", .integer(1...1000), "10",
            "REST calls in flight; the rest wait in order", users: ["order-gateway"]),
        Knob(
            "PMS_ORDER_PATH", .choice(["rest", "websocket"]), "rest",
            "how orders reach the exchange; websocket where it has such an API (binance-usdm), and "
                + "rest while its socket is down", users: ["order-gateway"]),
        Knob(
            "PMS_REHEARSAL_US", .integer(0...1_000_000), "0", unit: "us",
            "while nothing else happens, an order is rehearsed so often, so that the next one finds "
                + "its code near the processor; nothing of it leaves the process; 1000 takes up to a "
                + "tenth of a core; 0 never rehearses", users: ["order-gateway"]),
        Knob(
            "PMS_CONFIRM_INTENTS", .integer(0...1), "0",
            "1: every order waits until Redis has confirmed its intent; 0: one by hand or of a client "
                + "leaves as soon as its intent is on its way there, where its id is known to be new and "
                + "PMS_GATEWAY_DATA is set",
            users: ["order-gateway"]),
        Knob(
            "MAX_FILLS_PER_MINUTE", .integer(0...100_000), "0",
            "fills in a minute per side and algorithm slot; one more pauses the side; 0 admits any",
            users: ["order-gateway"]),
        Knob(
            "FILL_COOLDOWN_S", .integer(1...86_400), "60", unit: "s",
            "how long such a side is paused", users: ["order-gateway"]),
        Knob(
            "SCALE_ORDER_RATE_LIMIT_MS", .integer(0...60_000), "110", unit: "ms",
            "least time between two orders of a ladder", users: ["order-gateway"]),
        Knob(
            "SCALE_ORDER_BACKOFF_MS", .integer(1...60_000), "220", unit: "ms",
            "pause before an order refused for an overload or a rate limit is sent again; twice as "
                + "long the second time", users: ["order-gateway"]),
        Knob(
            "SCALE_ORDER_BACKOFF_JITTER_MS", .integer(0...60_000), "80", unit: "ms",
            "a random part on top of that pause", users: ["order-gateway"]),
        Knob(
            "REPRICE_THROTTLE_MS", .integer(0...60_000), "500", unit: "ms",
            "least time between two amendments of one order; the newest wins",
            users: ["order-gateway"]),
        Knob(
            "REDIS_SAVE_THROTTLE_MS", .integer(0...60_000), "1000", unit: "ms",
            "least time between two saves of an algorithm's state that recovery could do without",
            users: ["order-gateway"]),
        Knob(
            "EVAL_MIN_INTERVAL_MS", .integer(1...60_000), "2000", unit: "ms",
            "least time between two evaluations of an account on ticks", users: ["risk-engine"]),
        Knob(
            "PMS_DAILY_LOSS", .decimal(low: "0", high: "1"), "0",
            "share of the equity a UTC day began with whose loss sets an account to REDUCING; "
                + "0 switches it off",
            users: ["risk-engine"]),
        Knob(
            "PMS_DRAWDOWN", .decimal(low: "0", high: "1"), "0",
            "share of its highest equity whose loss sets an account to REDUCING; 0 switches it off",
            users: ["risk-engine"]),
        Knob(
            "PMS_REJECTS_1M", .integer(0...100_000), "0",
            "rejected orders in a minute that set an account to REDUCING; 0 switches it off",
            users: ["risk-engine"]),
        Knob(
            "PMS_SYNC_INTERVAL_MS", .integer(1000...3_600_000), "30000", unit: "ms",
            "between comparisons of the books with the exchange", users: ["position-sync"]),
        Knob(
            "PMS_ARCHIVE_DIR", .text(allowed: "a directory", isAllowed: { !$0.isEmpty }), nil,
            "directory the ledger's journal is archived in, in files checked by a chain of hashes "
                + "(default: kept in Redis only, the last 100,000 entries)",
            users: ["position-sync", "pms"]),
    ]

    private static let balancesForm = "assets and amounts, as in USDT=1000,BTC=0.5"

    private static func areBalances(_ text: String) -> Bool {
        text.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { part in
            let halves = part.split(separator: "=", omittingEmptySubsequences: false)
            guard halves.count == 2, let units = Knob.units(String(halves[1])) else { return false }
            return units >= 0 && (1...16).contains(halves[0].utf8.count)
                && halves[0].utf8.allSatisfy {
                    (0x41...0x5A).contains($0) || (0x30...0x39).contains($0)
                }
        }
    }

    private static func isVenueName(_ text: String) -> Bool {
        (1...16).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
            }
    }

    private static func isInstanceName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x41...0x5A).contains($0)
                    || (0x30...0x39).contains($0)
                    || $0 == 0x2D || $0 == 0x5F || $0 == 0x2E
            }
    }

    private static func isAddress(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}

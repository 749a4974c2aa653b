// ChaosService: drives the whole stack on the paper exchange, breaks it on purpose, and audits it.
// 1. Everything runs in a private directory with a private Redis; nothing else is touched.
// 2. The audit compares with the exchange's own lists, never with what the stack says of itself.
// 3. The same seed draws the same orders and the same faults; only the machine's timing differs.

/// What can be broken.
package enum ChaosFault: String, CaseIterable, Sendable {
    case killPriceFeed = "kill-price-feed"
    case killOrderGateway = "kill-order-gateway"
    case killRiskEngine = "kill-risk-engine"
    case killPositionSync = "kill-position-sync"
    case killPaperExchange = "kill-paper-exchange"
    case downRiskEngine = "down-risk-engine"
    case downPositionSync = "down-position-sync"
    case killRedis = "kill-redis"
    case freezeRedis = "freeze-redis"
    /// Both at once: an intent on its way between them is lost with all that knows of it.
    case killRedisAndGateway = "kill-redis-and-order-gateway"
    case freezeOrderGateway = "freeze-order-gateway"
    case cutSockets = "cut-sockets"
    case loseRequests = "lose-requests"
    case loseAnswers = "lose-answers"
    case unavailable
    case tooManyRequests = "too-many-requests"
    case dropEvents = "drop-events"
    case scrambleEvents = "scramble-events"
    case freezeStreams = "freeze-streams"
    case expireListenKeys = "expire-listen-keys"

    /// What the paper exchange is asked to do wrong, as its `/paper/faults` takes it; nil where it is a
    /// process that is struck.
    package var order: String? {
        switch self {
        case .killPriceFeed, .killOrderGateway, .killRiskEngine, .killPositionSync,
            .killPaperExchange, .downRiskEngine, .downPositionSync, .killRedis, .freezeRedis,
            .killRedisAndGateway, .freezeOrderGateway:
            nil
        case .cutSockets: #"{"kind":"close-sockets","abrupt":true}"#
        case .loseRequests:
            #"{"kind":"disconnect","moment":"before","probability":0.5,"duration_ms":1500}"#
        case .loseAnswers:
            #"{"kind":"disconnect","moment":"after","probability":0.5,"duration_ms":1500}"#
        case .unavailable:
            #"[{"kind":"unavailable","moment":"after","probability":0.3,"duration_ms":1500},"#
                + #"{"kind":"html","status":502,"probability":0.3,"duration_ms":1500}]"#
        case .tooManyRequests: #"{"kind":"too-many-requests","retry_after":2,"count":1}"#
        case .dropEvents: #"{"kind":"drop-events","probability":0.3,"duration_ms":2500}"#
        case .scrambleEvents:
            #"[{"kind":"duplicate-events","probability":0.5,"duration_ms":2500},"#
                + #"{"kind":"reorder-events","probability":0.3,"duration_ms":2500}]"#
        case .freezeStreams: #"{"kind":"freeze","duration_ms":3000}"#
        case .expireListenKeys: #"{"kind":"expire-listen-keys"}"#
        }
    }

    /// The process it strikes; nil where Redis is struck, and for what the exchange does wrong.
    package var service: String? {
        switch self {
        case .killPriceFeed: "price-feed"
        case .killOrderGateway, .freezeOrderGateway: "order-gateway"
        case .killRiskEngine, .downRiskEngine: "risk-engine"
        case .killPositionSync, .downPositionSync: "position-sync"
        case .killPaperExchange: "paper-exchange"
        case .killRedis, .freezeRedis, .killRedisAndGateway, .cutSockets, .loseRequests,
            .loseAnswers, .unavailable, .tooManyRequests, .dropEvents, .scrambleEvents,
            .freezeStreams, .expireListenKeys:
            nil
        }
    }
}

/// What a run is asked to do.
package struct ChaosOptions: Sendable {
    /// How long orders flow and faults fall; 5 to 3600 s.
    package var seconds: Int64 = 60
    package var seed: UInt64 = 1
    package var isJSON = false
    /// Orders a second; 1 to 100.
    package var rate: Int64 = 10
    /// Seconds between faults; at least 2.
    package var faultSeconds: Int64 = 6
    package var faults: [ChaosFault] = ChaosFault.allCases
    /// Each fault so many times, in drawn order, instead of a drawn fault until time is up; 0 is off.
    package var times: Int64 = 0
    /// Where the executables are; the folder of this one unless told.
    package var binaries: String
    /// Kept after the run where told, so that logs and Redis can be looked at.
    package var directory: String?

    package init(binaries: String) { self.binaries = binaries }

    package static let usage = """
        usage: scripts/chaos [--seconds N] [--seed S] [--json] [--rate N] [--every N]
                             [--faults a,b,…] [--each N] [--keep DIR]

          --seconds N   how long orders flow and faults fall, 5 to 3600 (60)
          --seed S      the same seed draws the same orders and faults (1)
          --json        the result as one JSON object on standard output
          --rate N      orders a second, 1 to 100 (10)
          --every N     seconds between two faults, 2 to 600 (6)
          --faults LIST some of: \(ChaosFault.allCases.map(\.rawValue).joined(separator: ", "))
          --each N      each fault N times (1 to 100) in drawn order, however long it takes
          --keep DIR    work in DIR and keep logs and data there

        Exit code 0: no violation. 1: violations, or the stack did not come up. 2: usage.
        """

    /// Reads the command line; the error is a sentence for the user.
    package static func parse(
        _ arguments: [String], binaries: String
    ) throws(ChaosUsageError) -> ChaosOptions {
        var options = ChaosOptions(binaries: binaries)
        var rest = arguments[...]
        while let name = rest.popFirst() {
            if name == "--json" {
                options.isJSON = true
                continue
            }
            guard let value = rest.popFirst() else {
                throw ChaosUsageError(sentence: "unknown option, or its value is missing: \(name)")
            }
            try options.set(name, value)
        }
        return options
    }

    private mutating func set(_ name: String, _ value: String) throws(ChaosUsageError) {
        switch name {
        case "--seconds": seconds = try ChaosOptions.number(name, value, 5...3600)
        case "--rate": rate = try ChaosOptions.number(name, value, 1...100)
        case "--every": faultSeconds = try ChaosOptions.number(name, value, 2...600)
        case "--each": times = try ChaosOptions.number(name, value, 1...100)
        case "--keep": directory = value
        case "--seed":
            guard let number = UInt64(value) else {
                throw ChaosUsageError(sentence: "--seed wants a whole number, not: \(value)")
            }
            seed = number
        case "--faults":
            faults = []
            for word in value.split(separator: ",").map(String.init) {
                guard let fault = ChaosFault(rawValue: word) else {
                    throw ChaosUsageError(sentence: "unknown fault: \(word)")
                }
                faults.append(fault)
            }
        case _: throw ChaosUsageError(sentence: "unknown option: \(name)")
        }
    }

    private static func number(
        _ name: String, _ value: String, _ range: ClosedRange<Int64>
    ) throws(ChaosUsageError) -> Int64 {
        guard let number = Int64(value), range.contains(number) else {
            let bounds = "\(range.lowerBound) to \(range.upperBound)"
            throw ChaosUsageError(sentence: "\(name) wants a number from \(bounds), not: \(value)")
        }
        return number
    }
}

/// Why a command line was not understood.
package struct ChaosUsageError: Error, Equatable, Sendable {
    package let sentence: String
}

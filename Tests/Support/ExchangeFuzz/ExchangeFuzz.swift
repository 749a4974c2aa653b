internal import Bounded
internal import Bytes
internal import Chronology
package import ExchangeDoor

// ExchangeFuzz: mutated requests and messages against an exchange in the process.
// 1. The same exchange, corpus and seed give the same run.
// 2. A request that was not accepted has changed nothing: neither journal nor truth.
// 3. Every answer is JSON, and every refusal carries the venue's code.

/// What a run has shown.
package struct FuzzReport: Sendable {
    package fileprivate(set) var requests = 0
    package fileprivate(set) var messages = 0
    package fileprivate(set) var accepted = 0
    package fileprivate(set) var refused = 0
    /// What must not be, at most ten of them.
    package fileprivate(set) var violations: [String] = []

    package var text: String {
        "\(requests) requests: \(accepted) answered 200, \(refused) refused; "
            + "\(messages) messages; \(violations.count) violations"
    }
}

/// One exchange under mutated requests.
package struct ExchangeFuzz {
    /// Requests between two comparisons of the truth.
    private static let batch = 1_000
    private static let sockets = 32
    private static let truths: [TruthPart] = [.balances, .positions, .openOrders, .orders, .trades]

    private let exchange: any Exchange
    private let key: ExchangeKey
    private let corpus: [FuzzRequest]
    private var mutator: FuzzMutator
    private var now = Instant(nanoseconds: 1_000_000_000)
    private var wall = WallTime(milliseconds: 1_700_000_000_000)
    private var report = FuzzReport()
    private var open: [Int] = []
    private var nextSocket = 1
    private var actions: [SocketAction] = []

    /// - Parameters:
    ///   - exchange: with a trading key, limits that are never reached, and no background.
    package init(
        _ exchange: any Exchange, key: ExchangeKey, corpus: [FuzzRequest], seed: UInt64
    ) {
        self.exchange = exchange
        self.key = key
        self.corpus = corpus
        mutator = FuzzMutator(random: SplitMix64(seed: seed))
    }

    /// Sends so many requests and messages.
    package mutating func run(_ count: Int) -> FuzzReport {
        report = FuzzReport()
        exchange.startJournal { _ in }
        var before = truth()
        for number in 0..<count {
            // In every other batch nothing is signed: then the truth may not change at all.
            let isSigned = number / ExchangeFuzz.batch % 2 == 0
            if mutator.chance(10) { message() } else { request(isSigned: isSigned) }
            guard number % ExchangeFuzz.batch == ExchangeFuzz.batch - 1 else { continue }
            pass()
            let after = truth()
            if !isSigned, after != before { violation("the truth changed without a signature") }
            before = after
        }
        return report
    }

    private mutating func violation(_ text: String) {
        if report.violations.count < 10 { report.violations.append(text) }
    }

    private func truth() -> UInt32 {
        var out = JSONWriter(capacity: 64 << 10)
        out.beginArray()
        for part in ExchangeFuzz.truths {
            var cursor: TruthCursor? = TruthCursor()
            while let from = cursor {
                cursor = exchange.writeTruth(part, from: from, limit: 1_000, &out)
            }
        }
        out.endArray()
        return CRC32.checksum(out.rawSpan)
    }

    /// Lets a little time pass.
    private mutating func pass() {
        now = now + .milliseconds(50)
        wall = wall + .milliseconds(50)
        exchange.step(now: now, wall: wall)
        _ = exchange.takeJournal()
        drain()
    }

    private mutating func drain() {
        actions.removeAll(keepingCapacity: true)
        exchange.takeSocketActions(&actions)
        for case .close(let id, _, _) in actions {
            exchange.socketClosed(id)
            open.removeAll { $0 == id }
        }
    }

    // MARK: requests

    private mutating func request(isSigned: Bool) {
        var request = mutator.pick(corpus)
        mutator.mutate(&request)
        let asked = made(request, isSigned: isSigned)
        report.requests += 1
        let reply = exchange.respond(asked)
        let lines = exchange.takeJournal()
        drain()
        if reply.status == 200 { report.accepted += 1 } else { report.refused += 1 }
        // A replacement of which only the cancel was carried out is 409 (exchange-facts C1).
        let isHalfDone = reply.status == 409 && asked.path.hasSuffix("/cancelReplace")
        let isAccepted = (reply.status == 200 || isHalfDone) && asked.method != "GET"
        if !isAccepted, !ExchangeFuzz.isSilent(lines) {
            violation("\(reply.status) to \(asked.method) \(asked.path) changed the journal")
        }
        guard let body = try? JSONValue.parse(reply.body) else {
            return violation("\(asked.method) \(asked.path) was answered with what is no JSON")
        }
        if reply.status != 200, body["code"]?.integer == nil {
            violation("\(reply.status) to \(asked.method) \(asked.path) carries no code")
        }
    }

    /// Whether lines say nothing but that client order ids came by.
    private static func isSilent(_ lines: [UInt8]) -> Bool {
        lines.split(separator: UInt8(ascii: "\n")).allSatisfy { line in
            let facts = (try? JSONValue.parse(Array(line.dropFirst(9))))?["facts"]?.elements
            return facts?.allSatisfy { $0["receipt"] != nil } ?? false
        }
    }

    private mutating func made(_ request: FuzzRequest, isSigned: Bool) -> ExchangeRequest {
        var fields = request.fields
        if request.isSigned {
            if !fields.contains(where: { $0.name == "timestamp" }) {
                fields.append(("timestamp", String(wall.milliseconds)))
            }
        }
        var bytes: [UInt8] = []
        let encodes = mutator.chance(90)
        for (index, field) in fields.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: "&")) }
            bytes += Array(field.name.utf8) + [UInt8(ascii: "=")]
            bytes += encodes ? ExchangeFuzz.encoded(field.value) : Array(field.value.utf8)
        }
        if mutator.chance(10) { mutator.garble(&bytes) }
        if request.isSigned {
            let query = String(decoding: bytes, as: UTF8.self)
            let sound = HMACSHA256(key: Array(key.secret.utf8)).hexSignature(query: query)
            let signature = isSigned ? sound : String(sound.reversed())
            bytes += Array("&signature=\(signature)".utf8)
        }
        if mutator.chance(10) { mutator.garble(&bytes) }
        let goesInBody = request.method != "GET" && mutator.chance(40)
        return ExchangeRequest(
            method: request.method, path: request.path, query: goesInBody ? [] : bytes,
            body: goesInBody ? bytes : [], apiKey: mutator.chance(97) ? key.key : nil, wall: wall)
    }

    private static func encoded(_ text: String) -> [UInt8] {
        text.utf8.flatMap { byte -> [UInt8] in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                || (0x61...0x7A).contains(byte) || byte == 0x2E || byte == 0x2D || byte == 0x5F
            guard !isPlain else { return [byte] }
            return [UInt8(ascii: "%"), Hex.digit(byte >> 4), Hex.digit(byte & 15)]
        }
    }

    // MARK: sockets

    private mutating func message() {
        report.messages += 1
        if open.count < ExchangeFuzz.sockets, open.isEmpty || mutator.chance(20) {
            var target = Array(mutator.pick(FuzzRequest.targets).utf8)
            if mutator.chance(30) { mutator.garble(&target) }
            let parts = target.split(separator: UInt8(ascii: "?"), maxSplits: 1)
            let path = String(decoding: parts.first ?? [], as: UTF8.self)
            let query = parts.count > 1 ? Array(parts[1]) : []
            if exchange.socketOpened(nextSocket, path: path, query: query, remote: "127.0.0.1") {
                open.append(nextSocket)
            }
            nextSocket += 1
        } else if mutator.chance(5), !open.isEmpty {
            exchange.socketClosed(open.removeFirst())
        } else if !open.isEmpty {
            var bytes = Array(mutator.pick(FuzzRequest.messages).utf8)
            if mutator.chance(60) { mutator.garble(&bytes) }
            exchange.socketReceived(mutator.pick(open), bytes.rawSpan, now: now, wall: wall)
        }
        if !ExchangeFuzz.isSilent(exchange.takeJournal()) {
            violation("a message that was not signed changed the journal")
        }
        drain()
    }
}

package import BusProtocol
import Chronology
import Glibc
import PriceSource
package import Reactor
import RedisLink
package import Runtime

/// One run of a command: its configuration, its output, and Redis once it is asked for.
@LoopActor package final class Session {
    package let environment: Environment
    package let loop: EventLoop
    package let keys: BusKeys
    package let isJSON: Bool
    /// Unique to this run: `pms-<pid>-<random>`; the name replies go to.
    package let sender: String
    /// Kept while it answers.
    var prices: PriceSource?
    private let needsConfiguration: Bool
    private var client: RedisClient?
    private var downReason = "no answer"

    /// How long Redis may take to answer before it counts as not reachable.
    private static let patience = Interval.milliseconds(1900)

    init(_ invocation: Invocation, loop: EventLoop) {
        environment = Environment(process: "pms", variables: Environment.processVariables)
        self.loop = loop
        isJSON = invocation.arguments.has("--json")
        needsConfiguration = invocation.command.needsConfiguration
        let venue = VenueID(environment.text("PMS_VENUE")) ?? VenueID("usdm")
        guard let venue else { preconditionFailure("the default venue is a venue id") }
        keys = BusKeys(venue: venue)
        sender = "pms-\(getpid())-\(environment.seed % 1_000_000)"
    }

    /// Throws where the configuration is not valid and the command cannot do without.
    func validate() throws(CommandFailure) {
        guard needsConfiguration, !environment.problems.isEmpty else { return }
        let lines = environment.problems.map { "\n  \($0)" }.joined()
        throw CommandFailure(.configuration, "the configuration is not valid:\(lines)")
    }

    var nowMilliseconds: Int64 { loop.wallNow.milliseconds }

    /// An identifier for a request made now.
    var requestID: String { "\(sender)-\(nowMilliseconds)" }

    // MARK: output

    /// Writes data; ends the process quietly where its reader is gone.
    func print(_ text: String) { StandardStream.output.write(text) }

    /// Writes a message.
    func note(_ text: String) { StandardStream.error.write(text + "\n") }

    /// Writes the table, or with `--json` the records as one array.
    func show(_ records: [[(String, String)]], empty: String, _ table: () -> TextTable) {
        if isJSON { return print(JSONOutput.array(records)) }
        let table = table()
        if table.isEmpty { note(empty) } else { print(table.text) }
    }

    /// Writes one record: a line a field, or with `--json` one object.
    func show(_ record: [(String, String)]) {
        if isJSON { return print(JSONOutput.object(record)) }
        let width = record.map(\.0.count).max() ?? 0
        for (name, value) in record {
            let blanks = String(repeating: " ", count: width - name.count + 2)
            print(name + blanks + (value.isEmpty ? "-" : value) + "\n")
        }
    }

    // MARK: Redis

    /// The endpoint without its password, for messages.
    var redisName: String { environment.shown("PMS_REDIS_URL") ?? "redis" }

    func endpoint() throws(CommandFailure) -> RedisEndpoint {
        do throws(RedisLinkError) {
            return try RedisEndpoint(url: environment.text("PMS_REDIS_URL"))
        } catch {
            throw CommandFailure(.configuration, "PMS_REDIS_URL: \(error)")
        }
    }

    /// The connection, made at the first call; fails within 2 s where Redis does not answer.
    func redis() async throws(CommandFailure) -> RedisClient {
        if let client { return client }
        let client = RedisClient(
            loop: loop, endpoint: try endpoint(), name: "pms-cli",
            jitterSeed: UInt64(getpid()))
        self.client = client
        let isUp = await withCheckedContinuation {
            (continuation: CheckedContinuation<Bool, Never>) in
            var isSettled = false
            let timer = loop.timer {
                guard !isSettled else { return }
                isSettled = true
                continuation.resume(returning: false)
            }
            timer.arm(after: Session.patience)
            client.onState = { [weak self] state in
                switch state {
                case .connecting: return
                case .up: break
                case .down(let reason): self?.downReason = reason
                }
                guard !isSettled else { return }
                isSettled = true
                timer.disarm()
                continuation.resume(returning: state == .up)
            }
            client.start()
        }
        guard isUp else { throw unreachable(downReason) }
        return client
    }

    func unreachable(_ reason: String) -> CommandFailure {
        CommandFailure(.error, "redis does not answer at \(redisName): \(reason)")
    }

    /// One command's reply; fails on an error reply or when Redis goes away.
    @discardableResult
    func send(_ arguments: [String]) async throws(CommandFailure) -> RedisValue {
        let client = try await redis()
        let outcome = await client.send(arguments)
        if let value = outcome.value { return value }
        let reason = outcome.failure ?? "no reply"
        if case .reply = outcome {
            throw CommandFailure(.error, "redis refused \(arguments[0]): \(reason)")
        }
        throw unreachable(reason)
    }

    /// The fields of a hash, nil where there is none.
    func hash(_ key: String) async throws(CommandFailure) -> [String: String]? {
        guard let fields = try await send(["HGETALL", key]).fields, !fields.isEmpty else {
            return nil
        }
        return fields
    }

    /// The members of a set, sorted.
    func members(_ key: String) async throws(CommandFailure) -> [String] {
        (try await send(["SMEMBERS", key]).texts ?? []).compactMap { $0 }.sorted()
    }

    /// The keys that match a pattern, sorted.
    func scan(_ pattern: String) async throws(CommandFailure) -> [String] {
        var cursor = "0"
        var found: Set<String> = []
        repeat {
            let reply = try await send(["SCAN", cursor, "MATCH", pattern, "COUNT", "1000"])
            guard let elements = reply.elements, elements.count == 2, let next = elements[0].text
            else {
                throw CommandFailure(.error, "redis answered SCAN with something else")
            }
            cursor = next
            found.formUnion((elements[1].texts ?? []).compactMap { $0 })
        } while cursor != "0"
        return found.sorted()
    }

    /// Lets time pass.
    func wait(_ interval: Interval) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            loop.timer { continuation.resume() }.arm(after: interval)
        }
    }

    /// A record read from its fields; a malformed one is an error that names the field.
    func read<Record>(
        _ key: String, _ make: ([String: String]) throws(RecordError) -> Record
    ) async throws(CommandFailure) -> Record? {
        guard let fields = try await hash(key) else { return nil }
        do throws(RecordError) {
            return try make(fields)
        } catch {
            throw CommandFailure(.error, "\(key): \(error)")
        }
    }
}

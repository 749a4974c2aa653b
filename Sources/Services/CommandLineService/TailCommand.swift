import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Runtime

/// `pms tail`: ledger, orders and alerts as they come.
enum TailCommand {
    @LoopActor static func run(
        _ session: Session, _ arguments: Arguments
    ) async throws(CommandFailure) {
        _ = try await session.redis()
        let subscriber = RedisSubscriber(
            loop: session.loop, endpoint: try session.endpoint(), name: "pms-cli-tail",
            jitterSeed: 1)
        let printer = TailPrinter(session)
        let keys = session.keys
        for channel in [keys.ledgerChannel, keys.ordersChannel, keys.alertChannel] {
            subscriber.subscribe(channel, printer)
        }
        subscriber.onState = { state in
            if case .down(let reason) = state { session.note("pms: redis went away: \(reason)") }
        }
        subscriber.start()
        await Interruption.wait(session.loop)
        subscriber.close()
    }
}

/// Ctrl-C and SIGTERM as something to wait for.
@LoopActor enum Interruption {
    static func wait(_ loop: EventLoop) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            var isOver = false
            for signal in Interruption.signals {
                loop.onSignal(signal) {
                    guard !isOver else { return }
                    isOver = true
                    continuation.resume()
                }
            }
        }
    }

    /// SIGINT and SIGTERM.
    private static let signals: [Int32] = [2, 15]
}

/// Prints each message in one line.
@LoopActor private final class TailPrinter: RedisMessageHandler {
    private let session: Session
    private let prefixLength: Int

    init(_ session: Session) {
        self.session = session
        prefixLength = session.keys.prefix.utf8.count
    }

    func subscriptionEstablished(channel: String) {}

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        if session.isJSON { return session.print(String(payload) + "\n") }
        let name = String(String(channel).utf8.dropFirst(prefixLength)) ?? ""
        let fields: [String: String]
        do throws(JSONError) { fields = try FlatJSON.decode(payload) } catch {
            return session.note("pms: \(name): \(error)")
        }
        session.print(
            "\(CivilTime(session.loop.wallNow).timeOfDay) \(name)  \(summary(name, fields))\n")
    }

    private func summary(_ channel: String, _ fields: [String: String]) -> String {
        let order =
            switch channel {
            case "ledger":
                [
                    "seq", "kind", "account", "symbol", "side", "qty", "price", "realised", "fee",
                    "position", "entry", "wallet", "cause",
                ]
            case "orders":
                [
                    "seq", "id", "account", "symbol", "side", "type", "qty", "price", "executed",
                    "status", "code", "reason",
                ]
            case _: ["code", "text"] + fields.keys.sorted().filter { $0 != "code" && $0 != "text" }
            }
        return order.compactMap { name in
            fields[name].flatMap { $0.isEmpty ? nil : "\(name)=\($0)" }
        }.joined(separator: " ")
    }
}

import BusProtocol
import Bytes
import Chronology
import Orders
import Reactor
import RedisLink
import Runtime

/// One request to a service, most to order-gateway, and the wait for its reply.
@LoopActor final class BusRequest: RedisMessageHandler {
    /// What no reply by the deadline means.
    enum Silence {
        /// Repeating the request is harmless: a timeout.
        case timeout
        /// It may have been carried out: outcome unknown.
        case unknown
    }

    private let session: Session
    private let service: ServiceName
    private let command: Command
    private let silence: Silence
    private var reply: Reply?
    private var isSubscribed = false
    private var failure: String?
    private var wake: (() -> Void)?

    init(
        _ session: Session, _ kind: CommandKind, id: String, seconds: Int64, silence: Silence,
        body: [String: String], to service: ServiceName = .orderGateway
    ) {
        self.session = session
        self.service = service
        self.silence = silence
        command = Command(
            id: id, from: session.sender,
            deadlineMilliseconds: session.nowMilliseconds + seconds * 1000, kind: kind.rawValue,
            body: body)
    }

    /// Sends the request once and waits for its reply; a refusal is a failure with its code.
    func run() async throws(CommandFailure) -> Reply {
        do throws(CommandFailure) {
            _ = try await session.redis()
        } catch {
            // position-sync writes nothing without Redis, and is not asked.
            guard service == .orderGateway else { throw error }
            let post = CommandPost(session: session, command: command)
            guard let reply = try await post.run() else { throw error }
            return try BusRequest.accepted(reply)
        }
        let subscriber = RedisSubscriber(
            loop: session.loop, endpoint: try session.endpoint(), name: "pms-cli-sub",
            jitterSeed: 1)
        defer { subscriber.close() }
        subscriber.subscribe(session.keys.replyChannel(session.sender), self)
        subscriber.onState = { [weak self] state in
            guard let self, case .down(let reason) = state else { return }
            failure = reason
            wake?()
        }
        subscriber.start()
        await wait(.milliseconds(1900)) { self.isSubscribed || self.failure != nil }
        guard isSubscribed else { throw session.unreachable(failure ?? "no answer to SUBSCRIBE") }
        try await publish()
        let left = command.deadlineMilliseconds - session.nowMilliseconds
        // The gateway refuses what is past its deadline, so a little later every answer is there.
        await wait(.milliseconds(left + 250)) { self.reply != nil }
        if let reply { return try BusRequest.accepted(reply) }
        return try BusRequest.accepted(try await storedReply())
    }

    private func publish() async throws(CommandFailure) {
        let channel = session.keys.commandChannel(service)
        let payload = String(decoding: command.encoded(), as: UTF8.self)
        let outcome = await (try session.redis()).send(["PUBLISH", channel, payload])
        switch outcome {
        case .reply(.integer(let receivers)):
            guard receivers > 0 else {
                throw CommandFailure(
                    .notRunning, "\(service.rawValue) is not running (venue \(session.keys.venue))")
            }
        case .reply, .refused:
            throw session.unreachable(outcome.failure ?? "PUBLISH was not taken")
        case .unknown(let error):
            // It may have arrived: only the reply tells.
            session.note("pms: redis went away while sending: \(error)")
        }
    }

    /// The reply as the gateway keeps it under the request's id, where the message was missed.
    private func storedReply() async throws(CommandFailure) -> Reply {
        let key = session.keys.request(command.id)
        do throws(CommandFailure) {
            if let text = try await session.send(["GET", key]).text,
                let reply = BusRequest.decode(Array(text.utf8).rawSpan)
            {
                return reply
            }
        } catch {
            session.note("pms: \(error.message)")
        }
        switch silence {
        case .timeout:
            throw CommandFailure(.timeout, "\(service.rawValue) did not answer in time")
        case .unknown:
            throw CommandFailure(
                .outcomeUnknown,
                "\(service.rawValue) did not answer in time: the request may still be carried out. "
                    + "Look with: pms \(lookUp); repeating it with "
                    + "--request-id \(command.id) is harmless")
        }
    }

    /// The command that shows what became of the request.
    private var lookUp: String {
        service == .orderGateway ? "order show \(command.id)" : "account list"
    }

    private static func accepted(_ reply: Reply) throws(CommandFailure) -> Reply {
        guard !reply.isOK else { return reply }
        let status: ExitStatus =
            switch RefusalCode.allCases.first(where: { $0.description == reply.code }) {
            case .accountUnknown, .instrumentUnknown, .orderNotFound, .algoUnknown: .notFound
            case .algoInvalid: .usage
            case .outcomeUnknown: .outcomeUnknown
            case .deadlinePassed: .timeout
            case .malformed, .unknownCommand: .error
            case _: .refused
            }
        throw CommandFailure(status, "\(reply.code): \(reply.reason)")
    }

    private static func decode(_ bytes: RawSpan) -> Reply? {
        do throws(RecordError) { return try Reply.decode(bytes) } catch { return nil }
    }

    /// Waits until the condition holds after an event, or the interval is over.
    private func wait(_ interval: Interval, until condition: @escaping () -> Bool) async {
        guard !condition() else { return }
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let timer = session.loop.timer { [weak self] in
                guard let self, wake != nil else { return }
                wake = nil
                continuation.resume()
            }
            wake = { [weak self] in
                guard let self, condition() else { return }
                wake = nil
                timer.disarm()
                continuation.resume()
            }
            timer.arm(after: max(interval, .zero))
        }
    }

    // MARK: RedisMessageHandler

    func subscriptionEstablished(channel: String) {
        isSubscribed = true
        wake?()
    }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        guard let received = BusRequest.decode(payload), received.id == command.id else { return }
        reply = received
        wake?()
    }
}

import BusProtocol
import Chronology
import Reactor
import RedisLink
import Runtime

/// Commands over the bus: `allocation.run`.
@LoopActor final class CommandEar: RedisMessageHandler {
    private weak var service: AllocatorService?

    init(_ service: AllocatorService) { self.service = service }

    func subscriptionEstablished(channel: String) {}

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        do throws(RecordError) {
            service?.commandReceived(try Command.decode(payload))
        } catch {
            Log.warn("command unreadable", ["problem": error.description])
        }
    }
}

extension AllocatorService {
    func commandReceived(_ command: Command) {
        guard CommandKind(rawValue: command.kind) == .allocationRun else {
            return reply(.refused(command.id, "unknown_command", command.kind), command)
        }
        guard host.loop.wallNow.milliseconds <= command.deadlineMilliseconds else {
            return reply(.refused(command.id, "deadline_passed", "received too late"), command)
        }
        let body: AllocationBody
        do throws(RecordError) {
            body = try AllocationBody(command.body)
        } catch {
            return reply(.refused(command.id, "malformed", error.description), command)
        }
        // A standby is silent where another leads: that one answers.
        if desk.isStandby, !body.isDry { return }
        let wanted = AllocationTrigger(
            waiter: 0, by: command.from, key: body.isDry ? "" : command.id, isDry: body.isDry,
            waits: body.waits)
        trigger(wanted) { [weak self] answer in
            self?.reply(AllocatorService.reply(answer, to: command.id), command)
        }
    }

    private func reply(_ reply: Reply, _ command: Command) {
        let text = String(decoding: reply.encoded(), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.replyChannel(command.from), text]) { _ in }
    }

    private static func reply(_ answer: TriggerAnswer, to id: String) -> Reply {
        switch answer {
        case .accepted(let run): return .ok(id, ["run": run, "status": AllocationRecord.running])
        case .over(let fields): return .ok(id, Dictionary(fields) { _, last in last })
        case .refused(let code, let reason): return .refused(id, code, reason)
        case .busy(let run):
            var reply = Reply.refused(id, "allocation_running", "run \(run) goes on")
            reply.body = ["run": run]
            return reply
        }
    }
}

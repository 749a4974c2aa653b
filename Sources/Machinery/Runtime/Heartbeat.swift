import BusProtocol
import Chronology
import Glibc
import Reactor
import RedisLink

/// Writes the process's sign of life: `heartbeat:<service>:<instance>`, every second, kept 5 s.
@LoopActor final class Heartbeat {
    private let redis: RedisClient
    private let loop: any Loop
    private let key: String
    private var record: HeartbeatRecord
    private let reasons: () -> [String]
    private var timer: LoopTimer?

    private static let interval = Interval.seconds(1)
    /// Between two looks whether Redis is back.
    private static let retryInterval = Interval.milliseconds(50)
    private static let timeToLive = Interval.seconds(5)
    private static let script = RedisScript(HeartbeatScript.write)

    /// - Parameter reasons: why the process is not ready; empty when it is.
    init(
        service: String, instance: String, keys: BusKeys, redis: RedisClient, loop: any Loop,
        reasons: @escaping () -> [String]
    ) {
        self.redis = redis
        self.loop = loop
        self.reasons = reasons
        key = keys.heartbeat(service, instance)
        let now = loop.wallNow.milliseconds
        record = HeartbeatRecord(
            service: service, instance: instance, processID: Int64(getpid()),
            build: Build.version, startedMilliseconds: now, isReady: false, reasons: "",
            stamp: RecordStamp(sequence: 0, writer: "\(service):\(instance)", atMilliseconds: now))
    }

    func start() {
        let timer = loop.timer { [weak self] in self?.beat() }
        self.timer = timer
        beat()
    }

    /// Removes the record, so that a process that ended is not taken for one that hangs.
    func stop() async {
        timer?.disarm()
        _ = await redis.send(["DEL", key])
    }

    /// Writes the record now: every second, and at once when readiness changes.
    func beat() {
        timer?.arm(after: redis.isUp ? Heartbeat.interval : Heartbeat.retryInterval)
        guard redis.isUp else { return }
        let reasons = reasons()
        record.isReady = reasons.isEmpty
        record.reasons = reasons.joined(separator: "; ")
        record.stamp.sequence += 1
        record.stamp.atMilliseconds = loop.wallNow.milliseconds
        var arguments = ["\(Heartbeat.timeToLive.milliseconds)"]
        for (name, value) in record.fields { arguments += [name, value] }
        redis.evaluate(Heartbeat.script, keys: [key], arguments: arguments) { _ in }
    }
}

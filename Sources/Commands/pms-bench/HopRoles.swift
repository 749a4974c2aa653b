import Bytes
import CFloor
import Chronology
import Glibc
import Reactor
import RedisLink

/// The processes of the hop: this program started with `--role NAME SOCKET BATCH BATCHES WARM
/// INTERVAL`.
enum HopRole {
    /// Runs a role and returns the exit code.
    static func run(_ arguments: [String]) -> Int32 {
        let numbers = arguments.dropFirst(2).compactMap { Int64($0) }
        guard arguments.count == 6, numbers.count == 4 else { return 2 }
        let path = arguments[1]
        let plan = HopPlan(
            batch: Int32(numbers[0]), batches: Int32(numbers[1]), warm: Int32(numbers[2]),
            interval: numbers[3])
        switch arguments[0] {
        case "hop-c-subscriber":
            return unsafe floor_hop_subscribe(path, plan.batch, plan.batches, plan.warm)
        case "hop-c-publisher":
            return unsafe floor_hop_publish(
                path, plan.batch, plan.batches, plan.warm, plan.interval)
        case "hop-swift-subscriber":
            return onLoop { HopSubscriber(path: path, plan: plan).start() }
        case "hop-swift-publisher":
            return onLoop { HopPublisher(path: path, plan: plan).start() }
        case _:
            return 2
        }
    }

    private static func onLoop(_ body: @escaping @Sendable @LoopActor () -> Void) -> Int32 {
        EventLoop.process.post(body)
        EventLoop.process.run()
        return 0
    }

    static let channel = Array("hop.swift".utf8)

    static func say(_ text: String) {
        var text = text
        text.withUTF8 { bytes in _ = unsafe write(STDOUT_FILENO, bytes.baseAddress, bytes.count) }
    }

    /// One byte without making a string of it.
    static func batchDone() {
        var byte = UInt8(ascii: "d")
        _ = unsafe write(STDOUT_FILENO, &byte, 1)
    }
}

/// Notes when each message came; the time it was sent is its last 20 digits.
@LoopActor private final class HopSubscriber: RedisMessageHandler {
    private let plan: HopPlan
    private let subscriber: RedisSubscriber
    private var samples: [Int64] = []
    private var received: Int32 = 0
    private var round: Int32 = 0
    private var before: UInt64 = 0
    private var allocations: UInt64 = 0

    init(path: String, plan: HopPlan) {
        self.plan = plan
        subscriber = RedisSubscriber(
            loop: .process, endpoint: RedisEndpoint(path: path), name: "hop", jitterSeed: 1)
        samples.reserveCapacity(Int(plan.batch * plan.batches))
    }

    func start() {
        subscriber.subscribe("hop.swift", self)
        subscriber.start()
    }

    func subscriptionEstablished(channel: String) {
        HopRole.say("r")
        before = floor_allocations()
    }

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        let now = EventLoop.process.now.nanoseconds
        var sent: Int64 = 0
        for index in (payload.byteCount - 20)..<payload.byteCount {
            sent = sent * 10 + Int64(payload.byte(index) - UInt8(ascii: "0"))
        }
        if round >= plan.warm { samples.append(now - sent) }
        received += 1
        if received == plan.batch { batchReceived() }
    }

    private func batchReceived() {
        if round >= plan.warm { allocations += floor_allocations() - before }
        received = 0
        round += 1
        HopRole.batchDone()
        before = floor_allocations()
        guard round == plan.batches else { return }
        let middle = unsafe floor_percentile(&samples, samples.count, 500)
        let tail = unsafe floor_percentile(&samples, samples.count, 990)
        HopRole.say("\(middle) \(tail) \(allocations)\n")
        EventLoop.process.stop()
    }
}

/// Publishes a batch for each byte on standard input, a message each time its timer fires.
@LoopActor private final class HopPublisher: DescriptorHandler {
    private let plan: HopPlan
    private let client: RedisClient
    private var payload = [UInt8](repeating: UInt8(ascii: "x"), count: 200)
    private var timer: LoopTimer?
    private var sent: Int32 = 0
    private var round: Int32 = 0
    private var before: UInt64 = 0
    private var allocations: UInt64 = 0

    init(path: String, plan: HopPlan) {
        self.plan = plan
        client = RedisClient(
            loop: .process, endpoint: RedisEndpoint(path: path), name: "hop", jitterSeed: 2)
    }

    func start() {
        timer = EventLoop.process.timer { self.due() }
        client.onState = { state in
            guard state == .up else { return }
            _ = EventLoop.process.register(fd: STDIN_FILENO, .readable, self)
            HopRole.say("r")
        }
        client.start()
    }

    func descriptorReady(_ readiness: Readiness) {
        var byte: UInt8 = 0
        guard unsafe read(STDIN_FILENO, &byte, 1) == 1 else { return EventLoop.process.stop() }
        before = floor_allocations()
        timer?.arm(after: .nanoseconds(plan.interval))
    }

    private func due() {
        var now = EventLoop.process.now.nanoseconds
        for index in stride(from: payload.count - 1, through: payload.count - 20, by: -1) {
            payload[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: now % 10)
            now /= 10
        }
        let channel = HopRole.channel
        let bytes = payload
        precondition(client.publish(channel.rawSpan, bytes.rawSpan), "the hop's publish is refused")
        sent += 1
        if sent < plan.batch {
            timer?.arm(after: .nanoseconds(plan.interval))
        } else {
            batchSent()
        }
    }

    private func batchSent() {
        if round >= plan.warm { allocations += floor_allocations() - before }
        sent = 0
        round += 1
        // The last message leaves when this event has been handled.
        EventLoop.process.soon {
            HopRole.batchDone()
            if self.round == self.plan.batches {
                HopRole.say("\(self.allocations)\n")
                EventLoop.process.stop()
            }
        }
    }
}

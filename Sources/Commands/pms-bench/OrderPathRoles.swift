import BusProtocol
import Bytes
import CFloor
import Chronology
import Glibc
import OrderGatewayService
import Orders
import Reactor
import RedisLink
import Trading
import VenueProtocol
import WebLink
import WebProtocol

/// The processes of the order path by name.
enum OrderPathRole {
    /// Runs a role and returns the exit code; nil where the name is not one of these.
    static func run(_ arguments: [String]) -> Int32? {
        guard let name = arguments.first, name.hasPrefix("order-") else { return nil }
        if name == "order-day" { return OrderGatewayBench.day(arguments) }
        guard let plan = OrderPathPlan(Array(arguments.dropFirst())) else { return 2 }
        let isSocket = plan.way == .socket
        switch name {
        case "order-receiver":
            guard let listener = FeedSender.listen() else { return 1 }
            let peer = isSocket ? FeedSender.accept(listener) : -1
            guard !isSocket || FeedSender.greet(peer) else { return 1 }
            return floor_order_receive(
                listener, peer, isSocket ? 1 : 0, plan.feed.frames, plan.warm)
        case "order-c":
            return unsafe floor_order_run(
                plan.feed.path, channel, plan.orderPort, isSocket ? 1 : 0, plan.feed.frames,
                plan.warm)
        case "order-swift":
            EventLoop.process.post { OrderPathDesk(plan).start() }
            EventLoop.process.runProcess()
            return 0
        case _: return 2
        }
    }

    static let channel = "pms:{usdm}:tick:BTCUSDT"
}

/// The software's own way: its subscriber, the gateway's desk, dialect and signature, and its clients of
/// REST and WebSocket.
@LoopActor private final class OrderPathDesk: RedisMessageHandler, WebSocketHandler {
    private let plan: OrderPathPlan
    private let subscriber: RedisSubscriber
    private let redis: RedisClient
    private let client: WebClient
    private var socket: WebSocketClient?
    private var gateway: BenchGateway
    private let path: BenchOrderPath
    private var rehearsal: OrderRehearsal?
    private var rehearsalTimer: LoopTimer?
    private static let loop = EventLoop.process
    private static let intent = RedisScript(OrderScript.intent)
    private static let keys = BusKeys(venue: VenueID("usdm")!)

    /// `MAX_CONCURRENT_ORDERS`.
    private static let limit = 10
    private var waiting: [(tick: Tick, received: Instant)] = []
    private var reactedAt = Instant.distantPast
    private var underWay = 0
    private var taken = 0
    private var answered = 0
    private var way: [Int64] = []
    private var own: [Int64] = []
    private var built: [Int64] = []

    init(_ plan: OrderPathPlan) {
        self.plan = plan
        let endpoint = RedisEndpoint(path: plan.feed.path)
        subscriber = RedisSubscriber(
            loop: Self.loop, endpoint: endpoint, name: "order", jitterSeed: 1)
        redis = RedisClient(loop: Self.loop, endpoint: endpoint, name: "order", jitterSeed: 2)
        client = WebClient(loop: Self.loop)
        gateway = BenchGateway(now: Self.loop.now, wall: Self.loop.wallNow)
        path = BenchOrderPath(port: plan.orderPort)
        rehearsal = path.rehearsal(Self.keys, now: Self.loop.now, wall: Self.loop.wallNow)
        for samples in [\OrderPathDesk.way, \.own, \.built] {
            self[keyPath: samples].reserveCapacity(plan.feed.frames)
        }
    }

    func start() {
        subscriber.subscribe(OrderPathRole.channel, self)
        redis.onState = { state in
            guard state == .up else { return }
            // A fence of its own, so that the script finds what it looks for.
            self.redis.send(["SET", Self.keys.fence("gateway"), "1"]) { _ in self.connect() }
        }
        redis.start()
    }

    private func connect() {
        guard plan.way == .socket else {
            client.keepOpen("http://127.0.0.1:\(plan.orderPort)/", count: Self.limit)
            return subscriber.start()
        }
        let socket = WebSocketClient(
            loop: Self.loop, url: "ws://127.0.0.1:\(plan.orderPort)/ws-fapi/v1", seed: 1,
            handler: self)
        self.socket = socket
        socket.connect()
    }

    func subscriptionEstablished(channel: String) {
        HopRole.say("r")
        guard let pause = plan.rehearsal else { return }
        rehearsalTimer = Self.loop.timer { [unowned self] in
            rehearsalTimer?.arm(after: pause)
            let now = Self.loop.now
            guard now - reactedAt > pause else { return }
            precondition(
                rehearsal?.run(now: now, wall: Self.loop.wallNow) == true, "an order is rehearsed")
        }
        rehearsalTimer?.arm(after: pause)
    }

    // MARK: a tick

    func messageReceived(channel: RawSpan, payload: RawSpan) {
        let received = Self.loop.now
        guard let (_, tick) = try? Tick.decode(payload) else {
            preconditionFailure("a tick of the benchmark can be read")
        }
        // As many calls at once as the gateway makes; more wait, and their time counts.
        if underWay >= Self.limit {
            waiting.append((tick, received))
        } else {
            react(tick, received)
        }
    }

    private func react(_ tick: Tick, _ received: Instant) {
        underWay += 1
        let began = Self.loop.now
        reactedAt = began
        guard let record = gateway.order(tick, now: began, wall: Self.loop.wallNow) else {
            preconditionFailure("the desk takes the benchmark's orders")
        }
        guard plan.saves else { return send(record, tick, received, began) }
        let call = OrderScript.call(
            record, isDone: false, keys: Self.keys, fenceName: "gateway", fence: 1)
        redis.evaluate(Self.intent, keys: call.keys, arguments: call.arguments) { outcome in
            precondition(
                outcome.value?.texts?.first == "SAVED", "the intent is saved: \(outcome)")
            self.send(record, tick, received, began)
        }
    }

    private func send(_ record: OrderRecord, _ tick: Tick, _ received: Instant, _ began: Instant) {
        let id = record.intent.clientOrderID
        guard let intent = gateway.saved(id, now: Self.loop.now, wall: Self.loop.wallNow) else {
            preconditionFailure("an intent that is saved is sent")
        }
        taken += 1
        switch plan.way {
        case .rest:
            let request = path.request(intent, timestamp: tick.bookTime)
            note(tick, received, began, Self.loop.now)
            client.send(request) { outcome in self.ended(id, outcome) }
        case .socket:
            let message = path.message(intent, id: Int64(taken), timestamp: tick.bookTime)
            note(tick, received, began, Self.loop.now)
            precondition(socket?.send(text: message.rawSpan) == true, "the order socket is open")
        }
        if taken > plan.warm {
            own.append((Self.loop.now - received).nanoseconds)
        }
    }

    private func note(_ tick: Tick, _ received: Instant, _ began: Instant, _ done: Instant) {
        guard taken > plan.warm else { return }
        way.append(received.nanoseconds - tick.bookTime)
        built.append((done - began).nanoseconds)
    }

    // MARK: the answer

    private func ended(_ id: ClientOrderID, _ outcome: WebOutcome) {
        guard case .response(let response) = outcome else {
            preconditionFailure("the stand-in answers: \(outcome)")
        }
        answer(id, response.body.rawSpan)
    }

    private func answer(_ id: ClientOrderID, _ body: RawSpan) {
        gateway.ended(id, now: Self.loop.now, wall: Self.loop.wallNow)
        answered += 1
        underWay -= 1
        if !waiting.isEmpty {
            let next = waiting.removeFirst()
            react(next.tick, next.received)
        }
        if answered == plan.feed.frames { finish() }
    }

    func opened() { subscriber.start() }

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        guard let reply = SocketReply(bytes), let id = gateway.oldest else {
            preconditionFailure("the stand-in answers in the venue's words")
        }
        precondition(reply.status == 200, "the stand-in takes every order")
        answer(id, bytes)
    }

    func closed(reason: WebSocketCloseReason) {
        if answered < plan.feed.frames { HopRole.say("closed: \(reason)\n") }
        Self.loop.stop()
    }

    private func finish() {
        func percentile(_ samples: inout [Int64], _ part: Int32) -> Int64 {
            unsafe floor_percentile(&samples, samples.count, part)
        }
        let line = [
            percentile(&way, 500), percentile(&way, 990), percentile(&own, 500),
            percentile(&own, 990), percentile(&built, 500),
        ]
        HopRole.say(line.map { "\($0)" }.joined(separator: " ") + "\n")
        Self.loop.stop()
    }
}

package import Chronology

/// The simulated Redis with its connections: it can go away and come back, with its data.
package final class SimulatedServer {
    package let data = SimulatedRedis()
    package private(set) var isUp = true
    private let time: SimulatedTime
    private var connections: [SimulatedConnection] = []

    package init(time: SimulatedTime) {
        self.time = time
        data.onPublish = { [unowned self] channel, message in publish(channel, message) }
    }

    package func connect() -> SimulatedConnection {
        let connection = SimulatedConnection(server: self, time: time)
        connections.append(connection)
        return connection
    }

    package func disconnect(_ connection: SimulatedConnection) {
        connection.isClosed = true
        connections.removeAll { $0 === connection }
    }

    /// Tells all subscribers, now and then none or twice.
    package func publish(_ channel: String, _ message: String) {
        for connection in connections { connection.deliver(channel, message) }
    }

    /// Goes away for a while: what is unanswered stays unanswered.
    package func fail(for interval: Interval) {
        guard isUp else { return }
        isUp = false
        for connection in connections { connection.wentDown() }
        time.after(interval) { [self] in
            isUp = true
            for connection in connections { connection.cameUp() }
        }
    }
}

/// What became of a request to the simulated Redis.
package enum SimulatedOutcome<Answer> {
    case answer(Answer)
    case refused
    case unknown
}

/// One process's connection: requests and messages keep their order.
package final class SimulatedConnection {
    package var onUp: () -> Void = {}
    package var onDown: () -> Void = {}
    package var onMessage: (String, String) -> Void = { _, _ in }
    package var subscriptions: Set<String> = []
    var isClosed = false

    private let server: SimulatedServer
    private let time: SimulatedTime
    private var lastArrival = Instant.distantPast
    private var lastReturn = Instant.distantPast
    private var lastMessage = Instant.distantPast
    private var number: UInt64 = 0
    private var waiting: [(number: UInt64, fail: () -> Void)] = []

    init(server: SimulatedServer, time: SimulatedTime) {
        self.server = server
        self.time = time
    }

    package var isUp: Bool { server.isUp && !isClosed }

    /// Runs a body on the data when the request arrives, and answers later.
    package func request<Answer>(
        _ body: @escaping (SimulatedRedis) -> Answer,
        _ done: @escaping (SimulatedOutcome<Answer>) -> Void
    ) {
        guard isUp else {
            time.after(.zero) { done(.refused) }
            return
        }
        number += 1
        let mine = number
        waiting.append((mine, { done(.unknown) }))
        lastArrival = max(
            lastArrival, time.now + time.between(.microseconds(20), .microseconds(400)))
        time.after(lastArrival - time.now) { [self] in
            guard waiting.contains(where: { $0.number == mine }) else { return }
            let answer = body(server.data)
            lastReturn = max(
                lastReturn, time.now + time.between(.microseconds(20), .microseconds(400)))
            time.after(lastReturn - time.now) { [self] in
                guard let place = waiting.firstIndex(where: { $0.number == mine }) else { return }
                waiting.remove(at: place)
                done(.answer(answer))
            }
        }
    }

    func deliver(_ channel: String, _ message: String) {
        guard subscriptions.contains(channel), !time.chance(time.faults.lostMessages) else {
            return
        }
        let copies = time.chance(time.faults.doubledMessages) ? 2 : 1
        for _ in 0..<copies {
            lastMessage = max(
                lastMessage, time.now + time.between(.microseconds(30), .milliseconds(3)))
            time.after(lastMessage - time.now) { [self] in
                if isUp { onMessage(channel, message) }
            }
        }
    }

    func wentDown() {
        let failed = waiting
        waiting = []
        onDown()
        for request in failed { request.fail() }
    }

    func cameUp() {
        time.after(time.between(.milliseconds(5), .milliseconds(80))) { [self] in
            if isUp { onUp() }
        }
    }
}

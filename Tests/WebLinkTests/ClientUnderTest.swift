import Chronology
import RawPeers
import Reactor
import WebLink
import WebProtocol

/// Runs the body with a client of its own.
func withClient(
    _ limits: WebClientLimits = .standard, _ body: (WebClient) async throws -> Void
) async throws {
    try await onOwnThread {
        let client = await EventLoop.onLoop { WebClient(loop: .process, limits: limits) }
        do {
            try await body(client)
        } catch {
            await EventLoop.onLoop { client.close() }
            throw error
        }
        await EventLoop.onLoop { client.close() }
    }
}

/// A request under way. Sent from the loop, because the tests' own threads block in their peers.
final class Pending: Sendable {
    @LoopActor private var outcome: WebOutcome?

    init(_ client: WebClient, _ request: WebRequest) {
        EventLoop.process.post { client.send(request) { self.outcome = $0 } }
    }

    /// How the request ended; nil when it has not after five seconds.
    var value: WebOutcome? {
        get async {
            _ = await eventually { self.outcome != nil }
            return await EventLoop.onLoop { self.outcome }
        }
    }
}

/// The kind of an outcome, and the status of a response.
func kind(_ outcome: WebOutcome?) -> String {
    switch outcome {
    case nil: "none"
    case .response(let response): "response \(response.status)"
    case .notSent: "not sent"
    case .unknown: "unknown"
    }
}

/// A whole request with a body of known length, head and body.
func request(from peer: RawPeer) -> String {
    let head = peer.read(until: "\r\n\r\n")
    guard let mark = head.ranges(of: "Content-Length: ").first else { return head }
    let digits = head[mark.upperBound...].prefix { $0.isNumber }
    let body = peer.read(count: Int(digits) ?? 0)
    return head + String(decoding: body, as: UTF8.self)
}

/// Answers that are cut, garbage, or larger than 1,000 bytes.
let brokenAnswers = [
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Len",
    "SSH-2.0-x\r\n", "",
    "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + String(repeating: "x", count: 2_000),
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
]

/// A port of 127.0.0.1 where nobody listens.
func deadPort() -> UInt16 { RawListener().port }

extension RawPeer {
    func answer(_ body: String, status: Int = 200) {
        send("HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }
}

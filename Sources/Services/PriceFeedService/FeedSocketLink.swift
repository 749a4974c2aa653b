import Reactor
import WebLink
import WebProtocol

/// One socket's handler: hands what happens on it to the service, under the socket's number.
@LoopActor final class FeedSocketLink: WebSocketBatchHandler {
    let number: Int
    let kind: FeedKind
    private weak var service: FeedService?
    var client: WebSocketClient?
    /// Whether it is being asked whether an attempt may be made.
    var isAsking = false

    init(_ number: Int, _ kind: FeedKind, service: FeedService) {
        self.number = number
        self.kind = kind
        self.service = service
    }

    func opened() {
        service?.decide { [number] desk, now, actions in
            desk.socketOpened(number, now: now, &actions)
        }
    }

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        service?.frameReceived(number, bytes, isText: isText)
    }

    func messagesReceived(_ messages: WebSocketMessages) {
        service?.framesReceived(number, messages)
    }

    func closed(reason: WebSocketCloseReason) {
        if case .violated(let error) = reason {
            service?.desk.brokenReceived(socket: number, FeedSocketLink.refusal(error.code))
        }
        service?.decide { [number] desk, now, actions in
            desk.socketClosed(number, reason: "\(reason)", now: now, &actions)
        }
    }

    private static func refusal(_ code: WebSocketCloseCode) -> FeedRefusal {
        switch code {
        case .messageTooBig: .oversized
        case .invalidPayload: .notText
        case _: .malformed
        }
    }
}

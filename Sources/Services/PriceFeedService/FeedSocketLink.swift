import Quotes
import Reactor
import WebLink
import WebProtocol

/// One socket's handler: hands what happens on it to the service, under the socket's kind.
@LoopActor final class FeedSocketLink: WebSocketHandler {
    private let kind: QuoteKind
    private weak var service: FeedService?
    var client: WebSocketClient?

    init(_ kind: QuoteKind, service: FeedService) {
        self.kind = kind
        self.service = service
    }

    func opened() {
        service?.decide { [kind] desk, now, actions in
            desk.socketOpened(kind, now: now, &actions)
        }
    }

    func messageReceived(_ bytes: RawSpan, isText: Bool) {
        service?.frameReceived(kind, bytes, isText: isText)
    }

    func closed(reason: WebSocketCloseReason) {
        service?.decide { [kind] desk, now, actions in
            desk.socketClosed(kind, reason: "\(reason)", now: now, &actions)
        }
    }
}

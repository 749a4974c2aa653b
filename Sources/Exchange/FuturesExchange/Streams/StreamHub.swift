internal import Bytes
package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading

// StreamHub: the futures streams. What happened at the desk goes to the sockets that asked for it.
// 1. A stream carries what its name says and its route serves; other names stay silent.
// 2. User events reach a socket in the order in which they happened, each once a listen key.
// 3. What is made when it is time (candles, tickers) is made in the order of the markets.

/// The sockets of the futures exchange and their subscriptions.
package struct StreamHub: ~Copyable {
    internal var board: StreamBoard<StreamKey>
    internal var polls = StreamPolls()

    package init(_ desk: FuturesDesk) {
        var markets: [String: Int] = [:]
        for (number, market) in desk.markets.enumerated() {
            markets[market.symbol.name.lowercased()] = number
        }
        let legacy = desk.settings.legacyStreams
        board = StreamBoard(roots: StreamRoute.roots) { [markets] name, root in
            StreamKey(name, root: root, markets: markets, legacy: legacy)
        }
    }

    package var count: Int { board.count }

    /// Takes a connection that was upgraded at this target; false where nothing is served there.
    package mutating func opened(_ id: Int, path: String, query: [UInt8]) -> Bool {
        board.opened(id, path: path, query: query)
    }

    package mutating func closed(_ id: Int) { board.closed(id) }

    /// Answers one message of a client.
    package mutating func received(
        _ id: Int, _ message: RawSpan, now: Instant, _ out: inout [SocketAction]
    ) {
        board.received(id, message, now: now, &out)
    }

    // MARK: events

    /// Sends an event to whoever asked for it: a user event to the account's own streams.
    package mutating func publish(
        _ event: FuturesEvent, of account: Int = 0, _ desk: FuturesDesk,
        _ out: inout [SocketAction]
    ) {
        switch event {
        case .user(let event): publish(event, of: account, desk, &out)
        case .market(let event): publish(event, desk, &out)
        }
    }

    private mutating func publish(
        _ event: MarketEvent, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        switch event {
        case .bookTicker(let ticker):
            // The event has the same bytes in both streams.
            for market in [ticker.market, -1] {
                board.publish(StreamKey(.bookTicker, market), &out) { desk.write(ticker, &$0) }
            }
        case .print(let trade):
            board.publish(StreamKey(.trade, trade.market), &out) { desk.write(trade, &$0) }
        case .trade(let trade):
            board.publish(StreamKey(.aggregateTrade, trade.market), &out) { desk.write(trade, &$0) }
        case .mark(let update): publish(update, desk, &out)
        case .depth(let update): publish(update, desk, &out)
        }
    }

    private mutating func publish(
        _ update: DepthUpdate, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        let cadence = update.cadence
        var kinds: [StreamKey.Kind] = [.depth(cadence)]
        // Nobody here places retail orders, so the book with them is the book.
        if cadence == .slow { kinds.append(.retailDepth) }
        for kind in kinds {
            board.publish(StreamKey(kind, update.market), &out) {
                desk.write(update, best: nil, &$0)
            }
        }
        for levels in [5, 10, 20] {
            board.publish(StreamKey(.partialDepth(levels, cadence), update.market), &out) {
                desk.write(update, best: levels, &$0)
            }
        }
    }

    private mutating func publish(
        _ update: MarkUpdate, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        for everySecond in [true, false] where everySecond || update.isThird {
            let kind = StreamKey.Kind.markPrice(everySecond: everySecond)
            board.publish(StreamKey(kind, update.market), &out) { desk.write(update, &$0) }
            // All symbols speak in the same instant: the last one sends the array of all.
            guard update.market == desk.markets.count - 1 else { continue }
            board.publish(StreamKey(kind, -1), &out) { writer in
                writer.beginArray()
                for number in desk.markets.indices {
                    desk.write(
                        desk.floor.markUpdate(
                            number, isThird: false, wall: update.timeMilliseconds), &writer)
                }
                writer.endArray()
            }
        }
    }

    private mutating func publish(
        _ event: UserEvent, of account: Int, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        publishForced(event, desk, &out)
        var listenKeys = desk.listenKeys.alive { desk.keys[$0]?.account == account }
        var isForAll = false
        if case .listenKeyExpired(let listenKey, _) = event {
            listenKeys = [listenKey]
            isForAll = true
        }
        for listenKey in listenKeys {
            let key = StreamKey(.account(listenKey), -1)
            guard board.hasAudience(key) else { continue }
            let wants = { (connection: StreamConnection) in
                isForAll || connection.wants(event.type, of: listenKey)
            }
            board.publish(key, desk.json(of: event), to: wants, &out)
        }
    }

    /// Liquidations and deleveraging are public: orders the exchange placed in its own name.
    private mutating func publishForced(
        _ event: UserEvent, _ desk: FuturesDesk, _ out: inout [SocketAction]
    ) {
        guard case .orderUpdate(let order, _, let trade, _, _, let at) = event, let trade,
            order.isForced, let number = desk.floor.number(of: order.symbol)
        else { return }
        for market in [number, -1] {
            board.publish(StreamKey(.forcedOrder, market), &out) {
                desk.write(forced: order, trade, at: at, &$0)
            }
        }
    }
}

extension FuturesOrder {
    /// Whether the exchange placed it to close a position by force (exchange-facts B5).
    internal var isForced: Bool {
        switch origin {
        case .liquidation, .deleverage: true
        case .client, .settlement: false
        }
    }
}

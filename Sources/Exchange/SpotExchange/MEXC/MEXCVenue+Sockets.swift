internal import Bytes
package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Quotes
internal import Trading
internal import VenueProtocol
internal import WebProtocol

extension MEXCVenue {
    package var socketRules: SocketRules { .spot }

    package func socketOpened(
        _ id: Int, path: String, query: [UInt8], remote: String
    ) -> Bool {
        guard path == "/ws" || path == "/ws/", let fields = try? FormFields(query) else {
            return false
        }
        let listenKey = fields["listenKey"]
        if let listenKey, !desk.listenKeys.isAlive(listenKey) { return false }
        return sockets.opened(id, listenKey: listenKey)
    }

    package func socketClosed(_ id: Int) { sockets.closed(id) }

    package func socketReceived(_ id: Int, _ message: RawSpan, now: Instant, wall: WallTime) {
        publishEvents()
        sockets.received(id, message, now: now, &actions)
    }

    package func takeSocketActions(_ actions: inout [SocketAction]) {
        publishEvents()
        publishPolled()
        if actions.isEmpty {
            swap(&actions, &self.actions)
        } else {
            actions += self.actions
            self.actions.removeAll(keepingCapacity: true)
        }
    }

    private func publishEvents() {
        for (event, account) in desk.takeAddressedEvents() {
            if sockets.isEmpty { continue }
            switch event {
            case .user(let event):
                addressee = account
                publish(event)
            case .market(let event): publish(event)
            }
        }
    }

    /// Writes a message once a name and sends it to all who asked for the channel under it.
    private func send(
        _ channel: MEXCChannel, market: Int?, at time: Int64,
        _ write: (inout MEXCPushWriter, MEXCPushWriter.Head) -> Void
    ) {
        for audience in sockets.audience(of: channel) {
            let ids = audience.ids.filter { !channel.isPrivate || isAlive($0) }
            if ids.isEmpty { continue }
            let symbol = market.map { desk.instruments[$0].symbol.name } ?? ""
            write(
                &writer,
                MEXCPushWriter.Head(
                    channel: audience.name, symbol: symbol,
                    createMilliseconds: channel.isPrivate ? time : 0, sendMilliseconds: time))
            actions.append(.broadcast(ids, writer.bytes, isText: false))
            for id in ids { sockets.sent(id) }
        }
    }

    /// Whether a connection's listen key is good, and of the account that is told: else its private
    /// channels are silent (T1).
    private func isAlive(_ id: Int) -> Bool {
        guard let key = sockets.listenKey(of: id).flatMap({ desk.listenKeys.owner(of: $0) }) else {
            return false
        }
        return desk.account(ofKey: key) == addressee
    }

    // MARK: the account

    private func publish(_ event: SpotUserEvent) {
        switch event {
        case .report(let report):
            if let trade = report.trade {
                send(.ownDeals, market: trade.market, at: report.timeMilliseconds) {
                    $0.deal($1, MEXCDealPush(trade))
                }
            }
            send(.ownOrders, market: report.order.market, at: report.timeMilliseconds) {
                $0.order($1, MEXCOrderPush(report))
            }
        case .balances(let changes, let reason, let at):
            for change in changes {
                send(.ownAccount, market: nil, at: at) {
                    $0.account($1, MEXCAccountPush(change, reason, at: at))
                }
            }
        case .balanceChanged, .listenKeyExpired, .list: break
        }
    }

    // MARK: the market

    private func publish(_ event: MarketEvent) {
        switch event {
        case .bookTicker(let ticker):
            publish(ticker, isSlow: false)
            publishBatch(ticker)
            waitingTickers[ticker.market] = ticker
        case .print(let trade): waitingDeals[trade.market, default: []].append(trade)
        case .trade(let trade): publishDeals(trade.market, at: trade.timeMilliseconds)
        case .mark: break
        case .depth(let update):
            if update.cadence == .fast { publish(update) }
        }
    }

    private func publish(_ ticker: BookTicker, isSlow: Bool) {
        send(
            .bookTicker(market: ticker.market, isSlow: isSlow), market: ticker.market,
            at: ticker.timeMilliseconds
        ) {
            $0.bookTicker(
                $1, bid: BookLevel(price: ticker.bid, quantity: ticker.bidQuantity),
                ask: BookLevel(price: ticker.ask, quantity: ticker.askQuantity),
                version: ticker.updateID)
        }
    }

    private func publishDeals(_ market: Int, at time: Int64) {
        guard let trades = waitingDeals.removeValue(forKey: market) else { return }
        send(.deals(market: market), market: market, at: time) { writer, head in
            writer.deals(
                head,
                trades.map {
                    MEXCPushWriter.Deal(
                        price: $0.price, quantity: $0.quantity,
                        side: $0.isBuyerMaker ? .sell : .buy,
                        timeMilliseconds: $0.timeMilliseconds, tradeID: String($0.id))
                })
        }
    }

    /// The levels that changed; versions follow each other without a gap.
    private func publish(_ update: DepthUpdate) {
        let market = update.market
        if let ticker = waitingTickers.removeValue(forKey: market) {
            publish(ticker, isSlow: true)
        }
        var change = DepthChange()
        change.firstID = update.previousLastID + 1
        change.lastID = update.lastID
        change.bids = MEXCVenue.levels(update.bids)
        change.asks = MEXCVenue.levels(update.asks)
        send(.depth(market: market), market: market, at: update.timeMilliseconds) {
            $0.depth($1, change)
        }
        for levels in MEXCChannel.limitLevels {
            let channel = MEXCChannel.limitDepth(market: market, levels: levels)
            if sockets.audience(of: channel).isEmpty { continue }
            let book = desk.floor.markets[market].book
            change.bids = MEXCVenue.levels(
                book.depth(.buy, limit: levels).map { ($0.price, $0.quantity) })
            change.asks = MEXCVenue.levels(
                book.depth(.sell, limit: levels).map { ($0.price, $0.quantity) })
            send(channel, market: market, at: update.timeMilliseconds) {
                $0.limitDepth($1, change)
            }
        }
    }

    private static func levels(
        _ levels: [(price: Price, quantity: Quantity)]
    ) -> ContiguousArray<BookLevel> {
        ContiguousArray(levels.map { BookLevel(price: $0.price, quantity: $0.quantity) })
    }

    /// Once a second: candles, and the connections whose time is up.
    private func publishPolled() {
        let now = wall.milliseconds
        guard now / 1_000 != polledSecond else { return }
        let former = polledSecond * 1_000
        polledSecond = now / 1_000
        if sockets.isEmpty { return }
        for number in desk.instruments.indices {
            for (name, interval) in MEXCChannel.intervals {
                let channel = MEXCChannel.candle(market: number, interval)
                if sockets.audience(of: channel).isEmpty { continue }
                let opening = interval.opening(at: now)
                let last = former > 0 ? interval.opening(at: former) : opening
                for time in last == opening ? [opening] : [last, opening] {
                    publishCandle(channel, name, number, interval, time, now)
                }
            }
        }
        publishMiniTickers(now)
        sockets.expire(&actions)
    }

    private func publishBatch(_ ticker: BookTicker) {
        broadcast(.bookTickerBatch(market: ticker.market)) { name in
            MEXCTickerBody.batch(
                ticker, channel: name, symbol: desk.instruments[ticker.market].symbol.name)
        }
    }

    private func publishMiniTickers(_ now: Int64) {
        for number in desk.instruments.indices {
            broadcast(.miniTicker(market: number)) { name in
                MEXCTickerBody.mini(desk.floor.markets[number], channel: name, at: now)
            }
        }
        broadcast(.miniTickers) { name in
            MEXCTickerBody.minis(desk.floor.markets, channel: name, at: now)
        }
    }

    /// Writes a message once a name of the channel, where anybody listens.
    private func broadcast(_ channel: MEXCChannel, _ bytes: (_ name: String) -> [UInt8]) {
        for audience in sockets.audience(of: channel) {
            actions.append(.broadcast(audience.ids, bytes(audience.name), isText: false))
            for id in audience.ids { sockets.sent(id) }
        }
    }

    private func publishCandle(
        _ channel: MEXCChannel, _ name: String, _ number: Int, _ interval: CandleInterval,
        _ opening: Int64, _ now: Int64
    ) {
        let market = desk.floor.markets[number]
        guard let candle = market.candle(interval, openingAt: opening, at: now) else { return }
        broadcast(channel) {
            MEXCCandleBody.bytes(
                candle, name: name, channel: $0, symbol: market.symbol.name, at: now)
        }
    }
}

internal import Bytes
package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Trading
internal import WebProtocol

extension BinanceSpotVenue {
    package var socketRules: SocketRules { .spot }

    package func socketOpened(
        _ id: Int, path: String, query: [UInt8], remote: String
    ) -> Bool {
        let wanted = (try? FormFields(query))?["timeUnit"]
        guard let unit = try? BinanceTimeUnit(wanted) else { return false }
        if unit == .microsecond { inMicroseconds.insert(id) }
        guard path == BinanceAPISocket.path else {
            return board.opened(id, path: path, query: query)
        }
        let isAdmitted: Void? = try? gate.spend(
            weight: BinanceAPISocket.handshakeWeight, remote: remote, wall: wall)
        guard isAdmitted != nil else { return false }
        apiSockets[id] = BinanceAPISocket(remote: remote, connectedSince: wall.milliseconds)
        return true
    }

    package func socketClosed(_ id: Int) {
        board.closed(id)
        apiSockets[id] = nil
        inMicroseconds.remove(id)
        subscribers.removeAll { $0 == id }
    }

    package func socketReceived(_ id: Int, _ message: RawSpan, now: Instant, wall: WallTime) {
        self.wall = wall
        if apiSockets[id] != nil {
            let reply = answer(message, id, wall: wall)
            // What the request did is told before its reply.
            publishEvents()
            actions.append(.send(id, reply))
        } else {
            board.received(id, message, now: now, &actions)
        }
    }

    package func takeSocketActions(_ actions: inout [SocketAction]) {
        publishEvents()
        publishPolled()
        if !inMicroseconds.isEmpty { self.actions = self.actions.flatMap(inWantedUnit) }
        if actions.isEmpty {
            swap(&actions, &self.actions)
        } else {
            actions += self.actions
            self.actions.removeAll(keepingCapacity: true)
        }
    }

    /// What goes to sockets that want microseconds, with its times in them.
    private func inWantedUnit(_ action: SocketAction) -> [SocketAction] {
        switch action {
        case .send(let id, let bytes):
            guard inMicroseconds.contains(id) else { return [action] }
            return [.send(id, BinanceMicroseconds.rewritten(bytes))]
        case .broadcast(let ids, let bytes, let isText):
            let fine = ids.filter { inMicroseconds.contains($0) }
            if fine.isEmpty { return [action] }
            let coarse = ids.filter { !inMicroseconds.contains($0) }
            let rewritten = SocketAction.broadcast(
                fine, BinanceMicroseconds.rewritten(bytes), isText: isText)
            return coarse.isEmpty
                ? [rewritten] : [.broadcast(coarse, bytes, isText: isText), rewritten]
        case .sendBinary, .close: return [action]
        }
    }

    /// Sends what happened at the desk to whoever asked for it.
    private func publishEvents() {
        for (event, account) in desk.takeAddressedEvents() {
            switch event {
            case .user(let event): publish(event, of: account)
            case .market(let event): publish(event)
            }
        }
    }

    private func publish(_ event: SpotUserEvent, of account: Int) {
        if subscribers.isEmpty { return }
        scratch.removeAll()
        guard BinanceUserBodies.write(event, &scratch) else { return }
        let body = scratch.bytes
        for id in subscribers {
            for (number, whose) in apiSockets[id]?.subscriptions ?? [] where whose == account {
                scratch.removeAll()
                scratch.beginObject()
                scratch.field("subscriptionId", number)
                scratch.key("event")
                scratch.value(json: body.rawSpan)
                scratch.endObject()
                actions.append(.send(id, scratch.bytes))
            }
        }
    }

    private func symbol(_ number: Int) -> Symbol { desk.instruments[number].symbol }

    private func publish(_ event: MarketEvent) {
        switch event {
        case .bookTicker(let ticker):
            let symbol = symbol(ticker.market)
            for market in [ticker.market, -1] {
                board.publish(BinanceStreamKey(.bookTicker, market), &actions) {
                    BinanceStreamBodies.write(ticker, symbol, &$0)
                }
            }
        case .print(let trade):
            board.publish(BinanceStreamKey(.trade, trade.market), &actions) {
                BinanceStreamBodies.write(trade, symbol(trade.market), &$0)
            }
        case .trade(let trade):
            board.publish(BinanceStreamKey(.aggregateTrade, trade.market), &actions) {
                BinanceStreamBodies.write(trade, symbol(trade.market), &$0)
            }
        case .mark: break
        case .depth(let update): publish(update)
        }
    }

    private func publish(_ update: DepthUpdate) {
        board.publish(BinanceStreamKey(.depth(update.cadence), update.market), &actions) {
            BinanceStreamBodies.write(update, symbol(update.market), &$0)
        }
        for levels in BinanceStreamKey.partialLevels {
            let key = BinanceStreamKey(.partialDepth(levels, update.cadence), update.market)
            board.publish(key, &actions) {
                BinanceStreamBodies.write(desk.floor.markets[update.market], best: levels, &$0)
            }
        }
    }

    // MARK: once a second

    /// Sends what is told once a second: candles, tickers and averages, in the order of the
    /// markets.
    private func publishPolled() {
        let now = wall.milliseconds
        guard now / 1_000 != polledSecond else { return }
        let former = polledSecond * 1_000
        polledSecond = now / 1_000
        if board.count == 0 { return }
        for number in desk.instruments.indices { publishCandles(number, since: former, now) }
        for number in desk.instruments.indices {
            board.publish(BinanceStreamKey(.ticker, number), &actions) {
                let market = desk.floor.markets[number]
                BinanceStreamBodies.write(market.statistics(at: now), market, at: now, &$0)
            }
            board.publish(BinanceStreamKey(.miniTicker, number), &actions) {
                let market = desk.floor.markets[number]
                BinanceStreamBodies.write(
                    mini: market.statistics(at: now), market.symbol, at: now, &$0)
            }
            board.publish(BinanceStreamKey(.averagePrice, number), &actions) {
                BinanceStreamBodies.write(average: desk.floor.markets[number], at: now, &$0)
            }
        }
        publishAllTickers(now)
    }

    /// A candle that ended since the last time is told once more, closed, before the one after it.
    private func publishCandles(_ number: Int, since former: Int64, _ now: Int64) {
        for interval in CandleInterval.allCases {
            let key = BinanceStreamKey(.candle(interval), number)
            guard board.hasAudience(key) else { continue }
            let opening = interval.opening(at: now)
            let last = former > 0 ? interval.opening(at: former) : opening
            for time in last == opening ? [opening] : [last, opening] {
                guard
                    let candle = desk.floor.markets[number].candle(
                        interval, openingAt: time, at: now)
                else { continue }
                board.publish(key, &actions) {
                    BinanceStreamBodies.write(candle, symbol(number), at: now, &$0)
                }
            }
        }
    }

    private func publishAllTickers(_ now: Int64) {
        for kind in [BinanceStreamKey.Kind.ticker, .miniTicker] {
            board.publish(BinanceStreamKey(kind, -1), &actions) { out in
                out.beginArray()
                for market in desk.floor.markets {
                    let day = market.statistics(at: now)
                    if kind == .ticker {
                        BinanceStreamBodies.write(day, market, at: now, &out)
                    } else {
                        BinanceStreamBodies.write(mini: day, market.symbol, at: now, &out)
                    }
                }
                out.endArray()
            }
        }
    }
}

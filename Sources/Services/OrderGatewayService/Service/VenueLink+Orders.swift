import Bytes
import Chronology
import Reactor
import Trading
import VenueProtocol

/// Calls about orders, with their answers in the desk's words.
extension VenueLink {
    /// Sends an order unless, when its turn comes, there is a reason not to.
    func send(
        _ intent: OrderIntent, unless objection: @escaping @LoopActor () -> String?,
        _ completion: @escaping @LoopActor (SendOutcome) -> Void
    ) {
        let lane: CallLane = intent.isReduceOnly ? .protective : .normal
        call(BinanceFutures.placeOrder(intent), lane, unless: objection) { answer in
            completion(VenueLink.sendOutcome(answer))
        }
    }

    private static func sendOutcome(_ answer: VenueAnswer) -> SendOutcome {
        switch answer {
        case .success(let body):
            guard let order = try? BinanceFutures.decodeOrder(body.rawSpan) else {
                return .unknown("the answer is unreadable")
            }
            return .accepted(order)
        case .notSent(let text): return .notSent(text)
        case .lost(let text): return .unknown(text)
        case .failure(let failure):
            let error = failure.error
            switch failure {
            case .duplicateClientID: return .duplicate
            case .unknownOutcome, .alreadyDone: return .unknown(error.description)
            case .definiteReject, .retryLater, .clockSkew, .orderNotFound, .listenKeyGone,
                .unauthorized, .banned:
                return .rejected(code: error.code, error.message)
            }
        }
    }

    func cancel(
        _ id: ClientOrderID, _ symbol: Symbol,
        _ completion: @escaping @LoopActor (CancelOutcome) -> Void
    ) {
        call(BinanceFutures.cancelOrder(symbol, clientOrderID: id.text), .protective) { answer in
            completion(VenueLink.cancelOutcome(answer))
        }
    }

    private static func cancelOutcome(_ answer: VenueAnswer) -> CancelOutcome {
        switch answer {
        case .success(let body):
            guard let order = try? BinanceFutures.decodeOrder(body.rawSpan) else { return .unknown }
            return .accepted(order)
        case .notSent, .lost: return .unknown
        case .failure(let failure):
            switch failure {
            case .orderNotFound: return .notFound
            case .definiteReject(let error), .unauthorized(let error):
                return .rejected(code: error.code, error.message)
            case .retryLater, .clockSkew, .unknownOutcome, .duplicateClientID, .alreadyDone,
                .listenKeyGone, .banned:
                return .unknown
            }
        }
    }

    func query(
        _ id: ClientOrderID, _ symbol: Symbol,
        _ completion: @escaping @LoopActor (QueryOutcome) -> Void
    ) {
        call(BinanceFutures.queryOrder(symbol, clientOrderID: id.text), .protective) { answer in
            switch answer {
            case .success(let body):
                let order = try? BinanceFutures.decodeOrder(body.rawSpan)
                completion(order.map { .found($0) } ?? .failed)
            case .failure(.orderNotFound): completion(.notFound)
            case .failure, .notSent, .lost: completion(.failed)
            }
        }
    }

    /// Nil where the venue did not answer with a list.
    func openOrders() async -> [VenueOrder]? {
        guard case .success(let body) = await call(BinanceFutures.openOrders(), .protective) else {
            return nil
        }
        return try? BinanceFutures.decodeOrders(body.rawSpan)
    }

    /// All trades of a symbol from an id on, or of the last 7 days; nil where a page failed.
    func trades(_ symbol: Symbol, fromID: Int64?) async -> [Fill]? {
        // The most one page holds; at 50 pages something else is wrong.
        let page = 1_000
        var fills: [Fill] = []
        var next = fromID
        // A start makes the first page the oldest one; the venue goes back 7 days.
        let start = wallNow.milliseconds - 7 * 86_400_000 + 60_000
        for _ in 0..<50 {
            let request = BinanceFutures.userTrades(
                symbol, fromID: next, startMilliseconds: start, limit: page)
            guard case .success(let body) = await call(request, .protective),
                let rows = try? BinanceFutures.decodeUserTrades(body.rawSpan)
            else { return nil }
            fills += rows
            guard rows.count == page, let last = rows.last else { return fills }
            next = last.tradeID + 1
        }
        return nil
    }

    /// All orders of a symbol since a time, ended ones included; nil where a page failed.
    func orders(_ symbol: Symbol, sinceMilliseconds: Int64) async -> [VenueOrder]? {
        let page = 1_000
        var orders: [VenueOrder] = []
        var next: Int64?
        for _ in 0..<50 {
            let request = BinanceFutures.allOrders(
                symbol, fromOrderID: next, startMilliseconds: sinceMilliseconds, limit: page)
            guard case .success(let body) = await call(request, .protective),
                let rows = try? BinanceFutures.decodeOrders(body.rawSpan)
            else { return nil }
            orders += rows
            guard rows.count == page, let last = rows.last else { return orders }
            next = last.orderID + 1
        }
        return nil
    }
}

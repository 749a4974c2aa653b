import Bytes
import Chronology
import Reactor
import Trading
import VenueBudget
import VenueProtocol
import WebLink

/// Reads the exchange's own account of what happened, over its REST interface.
@LoopActor final class ChaosVenue {
    private let client: WebClient
    private let requests: VenueRequests
    private let loop: EventLoop

    init?(loop: EventLoop, base: String, key: String, secret: String) {
        guard let credentials = VenueCredentials(key: key, secret: secret) else { return nil }
        self.loop = loop
        requests = VenueRequests(
            base: base,
            signer: RequestSigner(credentials, receiveWindowMilliseconds: 60_000))
        client = WebClient(loop: loop)
    }

    /// Tells the exchange's operator what is to go wrong; false where it was not taken.
    func misbehave(
        _ order: String, at admin: String, _ completion: @escaping @LoopActor (Bool) -> Void
    ) {
        let request = WebRequest(
            method: "POST", url: "\(admin)/paper/faults", body: Array(order.utf8),
            deadline: .seconds(2))
        client.send(request) { outcome in
            guard case .response(let response) = outcome else { return completion(false) }
            completion(response.status == 200)
        }
    }

    /// What the exchange's operator knows of its futures (`GET /paper/truth`); nil where it does not
    /// answer.
    func operatorsTruth(at admin: String) async -> JSONValue? {
        let request = WebRequest(
            url: "\(admin)/paper/truth?exchange=futures", headers: [], body: [],
            deadline: .seconds(20), isIdempotent: true)
        guard case .response(let response) = await client.send(request), response.status == 200
        else { return nil }
        return try? JSONValue.parse(response.body)["exchanges"]?[0]
    }

    /// Everything the audit needs, or nil where the exchange does not answer.
    func truth(of symbols: [Symbol]) async -> VenueTruth? {
        var truth = VenueTruth()
        for symbol in symbols {
            guard let trades = await trades(symbol), let orders = await orders(symbol) else {
                return nil
            }
            truth.trades[symbol] = trades
            truth.clientOrderIDs += orders.map(\.clientOrderID)
        }
        guard let bytes = await get(BinanceFutures.positionRisk()),
            let positions = try? BinanceFutures.decodePositions(bytes.rawSpan)
        else { return nil }
        for position in positions where !position.quantity.isZero {
            truth.positions[position.symbol, default: .zero] += position.quantity
        }
        return truth
    }

    private func trades(_ symbol: Symbol) async -> [Fill]? {
        var all: [Fill] = []
        var from: Int64 = 0
        while true {
            let request = BinanceFutures.userTrades(symbol, fromID: from, limit: 1000)
            guard let bytes = await get(request),
                let page = try? BinanceFutures.decodeUserTrades(bytes.rawSpan)
            else { return nil }
            all += page.notRepeating(all)
            guard page.count == 1000, let last = page.last else { return all }
            from = last.tradeID
        }
    }

    /// All order records of some symbols, or nil where the exchange does not answer.
    func orders(of symbols: [Symbol]) async -> [VenueOrder]? {
        var all: [VenueOrder] = []
        for symbol in symbols {
            guard let orders = await orders(symbol) else { return nil }
            all += orders
        }
        return all
    }

    private func orders(_ symbol: Symbol) async -> [VenueOrder]? {
        var all: [VenueOrder] = []
        var from: Int64 = 1
        while true {
            let request = VenueRequest(
                .get, "/fapi/v1/allOrders",
                [
                    .init("symbol", symbol.name), .init("orderId", "\(from)"),
                    .init("limit", "1000"),
                ], security: .signed, weight: 5)
            guard let bytes = await get(request),
                let page = try? BinanceFutures.decodeOrders(bytes.rawSpan)
            else { return nil }
            all += page
            guard page.count == 1000, let last = page.last else { return all }
            from = last.orderID + 1
        }
    }

    private func get(_ request: VenueRequest) async -> [UInt8]? {
        for _ in 0..<20 {
            let outcome = await client.send(
                requests.request(
                    request, timestamp: loop.wallNow.milliseconds, deadline: .seconds(5)))
            if case .response(let response) = outcome, response.status == 200 {
                return response.body
            }
            // Perhaps over the weight limit, or just starting: a little later.
            await withCheckedContinuation { continuation in
                loop.timer { continuation.resume() }.arm(after: .seconds(1))
            }
        }
        return nil
    }
}

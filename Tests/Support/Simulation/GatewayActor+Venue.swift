import BusProtocol
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import FuturesExchange
import OrderGatewayService
import Orders
import Positions
import Trading
import VenueProtocol

/// What the desk asks of the simulated venue.
extension GatewayActor {
    func askVenue(_ action: GatewayAction) {
        switch action {
        case .send(let intent):
            venue.place(intent) { [self] in tell(.sendAnswered(intent.clientOrderID, sent($0))) }
        case .cancel(let id, let symbol):
            venue.call({ [venue, time] () throws(ExchangeError) in
                SimulatedVenue.record(
                    try venue.desk.cancel(
                        symbol, clientOrderID: id.text, wall: time.wallNow))
            }) { [self] in tell(.cancelAnswered(id, cancelled($0))) }
        case .amend(let intent, let wanted):
            venue.call({ [venue, time] () throws(ExchangeError) in
                SimulatedVenue.record(
                    try venue.desk.amend(
                        AmendParameters(
                            symbol: intent.symbol, side: intent.side,
                            clientOrderID: intent.clientOrderID.text, quantity: wanted.quantity,
                            price: wanted.price), wall: time.wallNow))
            }) { [self] in tell(.amendAnswered(intent.clientOrderID, amended($0))) }
        case .queryOrder(let id, let symbol): query(id, symbol)
        case .queryOpenOrders(let generation):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.openOrders().map(SimulatedVenue.record)
            }) { [self] in tell(.openOrdersAnswered(generation: generation, try? $0.get())) }
        case .cancelStranger(let name, let symbol):
            venue.call({ [venue, time] () throws(ExchangeError) in
                _ = try venue.desk.cancel(symbol, clientOrderID: name, wall: time.wallNow)
            }) { _ in }
        case .verifyHalt(let request):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.openOrders().map(SimulatedVenue.record)
            }) { [self] in tell(.haltVerified(request: request, try? $0.get())) }
        case .queryPositions:
            let askedAt = time.now
            venue.call({ [venue] () throws(ExchangeError) in
                var nets: [Symbol: Quantity] = [:]
                for position in venue.desk.positionRisk() {
                    nets[position.symbol] = position.holding.quantity
                }
                return nets
            }) { [self] in tell(.positionsAnswered(askedAt: askedAt, try? $0.get())) }
        case .queryHoldings(let generation): tell(.holdingsAnswered(generation: generation, []))
        case .queryTrades(let symbol, let fromID, let generation):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.userTrades(symbol, fromID: fromID ?? 0, limit: 100_000).map {
                    SimulatedVenue.fill($0, isRESTForm: true)
                }
            }) { [self] in
                tell(.tradesAnswered(symbol, generation: generation, try? $0.get()))
            }
        case .queryRecentOrders(let symbol, let since, let generation):
            venue.call({ [venue] () throws(ExchangeError) in
                venue.desk.orders(symbol, since: since).map(SimulatedVenue.record)
            }) { [self] in
                tell(.recentOrdersAnswered(symbol, generation: generation, try? $0.get()))
            }
        case .openStream: openStream()
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readOwner, .readIDs, .reply, .alert, .surrenderLease,
            .wake, .journal, .journalSettled, .saveAlgo, .saveHoldings, .watchTicks:
            preconditionFailure("only actions on the venue come here")
        }
    }

    private func sent(
        _ result: Result<VenueOrder, SimulatedVenue.CallError>
    ) -> SendOutcome {
        switch result {
        case .success(let order): .accepted(order)
        case .failure(.silence): .unknown("no answer")
        case .failure(.refused(let error)):
            error.code == -4116
                ? .duplicate : .rejected(code: Int(error.code), error.message)
        }
    }

    private func cancelled(
        _ result: Result<VenueOrder, SimulatedVenue.CallError>
    ) -> CancelOutcome {
        switch result {
        case .success(let order): .accepted(order)
        case .failure(.silence): .unknown
        case .failure(.refused(let error)):
            error.code == -2011 ? .notFound : .rejected(code: Int(error.code), error.message)
        }
    }

    private func amended(
        _ result: Result<VenueOrder, SimulatedVenue.CallError>
    ) -> AmendOutcome {
        switch result {
        case .success(let order): .accepted(order)
        case .failure(.silence): .unknown
        case .failure(.refused(let error)):
            error.code == -2013 || error.code == -5027
                ? .unknown : .rejected(code: Int(error.code), error.message)
        }
    }

    private func query(_ id: ClientOrderID, _ symbol: Symbol) {
        let askedAt = time.now
        venue.call({ [venue] () throws(ExchangeError) in
            SimulatedVenue.record(try venue.desk.query(symbol, clientOrderID: id.text))
        }) { [self] (result: Result<VenueOrder, SimulatedVenue.CallError>) in
            let outcome: QueryOutcome
            switch result {
            case .success(let order): outcome = .found(order)
            case .failure(.refused(let error)) where error.code == -2013: outcome = .notFound
            case .failure: outcome = .failed
            }
            tell(.orderAnswered(id, askedAt: askedAt, outcome))
        }
    }

    /// The event in the terms of all venues.
    private static func news(_ event: VenueProtocol.UserEvent) -> VenueEvent {
        switch event {
        case .order(let update): .order(update)
        case .listenKeyExpired: .streamEnded
        case .control(let reply): .control(reply)
        case .tradeLite, .account: .futures(event)
        case .other(let name): .other(name)
        }
    }

    func openStream() {
        streamNumber += 1
        let mine = streamNumber
        venue.onUserEvent = nil
        time.after(time.between(.milliseconds(5), .milliseconds(100))) { [self] in
            guard isAlive, mine == streamNumber else { return }
            venue.onUserEvent = { [weak self] event in
                guard let self else { return }
                lastEvent = max(
                    lastEvent, time.now + time.between(.microseconds(200), .milliseconds(15)))
                time.after(lastEvent - time.now) { [self] in
                    if mine == streamNumber { tell(.user(GatewayActor.news(event))) }
                }
            }
            tell(.streamOpened)
        }
    }
}

import Chronology
import Reactor
import Runtime
import Throttles
import Trading

/// What the desk asks of the venue, and what is looked at once more just before an order leaves.
extension GatewayService {
    /// What has to be read before the desk is ready comes before all else: until then it can neither
    /// cancel nor close.
    private var readingLane: BudgetLane { desk.phase == .ready ? .trading : .protective }

    func carryOutAtVenue(_ action: GatewayAction) {
        switch action {
        case .send(let intent):
            orders.increment()
            port.send(intent)
        case .cancel(let id, let symbol): port.cancel(id, symbol)
        case .amend(let intent, let wanted):
            let id = intent.clientOrderID
            venue.amend(
                intent, to: wanted, unless: { [weak self] in Self.objection(self, toAmend: id) }
            ) { [weak self] outcome in self?.tell(.amendAnswered(id, outcome)) }
        case .queryOrder(let id, let symbol):
            let askedAt = host.loop.now
            venue.query(id, symbol, readingLane) { [weak self] outcome in
                self?.tell(.orderAnswered(id, askedAt: askedAt, outcome))
            }
        case .queryOpenOrders(let generation):
            Task { @LoopActor in
                let list = await venue.openOrders(desk.knownSymbols, readingLane)
                tell(.openOrdersAnswered(generation: generation, list))
            }
        case .cancelStranger(let name, let symbol): venue.cancelStranger(name, symbol)
        case .verifyHalt(let request):
            Task { @LoopActor in
                let list = await venue.openOrders(desk.knownSymbols, .protective)
                tell(.haltVerified(request: request, list))
            }
        case .queryPositions:
            let askedAt = host.loop.now
            Task { @LoopActor in
                tell(.positionsAnswered(askedAt: askedAt, await venue.positions()))
            }
        case .queryHoldings(let generation):
            Task { @LoopActor in
                tell(.holdingsAnswered(generation: generation, await venue.holdings(readingLane)))
            }
        case .queryTrades(let symbol, let fromID, let generation):
            Task { @LoopActor in
                let list = await venue.trades(symbol, fromID: fromID, readingLane)
                tell(.tradesAnswered(symbol, generation: generation, list))
            }
        case .queryRecentOrders(let symbol, let since, let generation):
            Task { @LoopActor in
                let list = await venue.orders(symbol, sinceMilliseconds: since, readingLane)
                tell(.recentOrdersAnswered(symbol, generation: generation, list))
            }
        case .openStream: stream.open()
        case .load, .saveIntent, .saveOrder, .applyLedger, .applyShared, .saveAccount, .saveState,
            .readFacts, .readOrder, .readBooks, .readOwner, .readIDs, .reply, .alert, .journal,
            .journalSettled,
            .surrenderLease, .wake, .saveAlgo, .saveHoldings, .watchTicks:
            preconditionFailure("an action goes where it is sorted to")
        }
    }

    /// Why an order whose turn has come must not be sent any more; nil where it may be.
    ///
    /// The lease is asked itself: after the process was paused its answer may come to the desk only
    /// after Redis' answer for the intent did (P2).
    static func objection(_ service: GatewayService?, to id: ClientOrderID) -> String? {
        // The intent's bytes go first.
        if let service, service.desk.isAhead(id), !service.store.flush() {
            return "redis does not take its intent"
        }
        if service?.desk.hasLostIntent(id) == true { return "redis did not keep its intent" }
        let isAway = service?.desk.isSendableAway(id) ?? false
        return objection(service, by: service?.desk.sendBy(id) ?? .distantPast, isAway: isAway)
    }

    static func objection(
        _ service: GatewayService?, toAmend id: ClientOrderID
    ) -> String? {
        objection(service, by: service?.desk.amendBy(id) ?? .distantPast)
    }

    /// - Parameter isAway: there is no lease to be had, and the order is on the disk and only reduces.
    static func objection(
        _ service: GatewayService?, by deadline: Instant, isAway: Bool = false
    ) -> String? {
        guard let service, !service.isStopping else { return "stopping" }
        if isAway {
            let isLate = service.host.loop.now > deadline
            return isLate ? "the command's deadline passed before its turn came" : nil
        }
        guard let fence = service.lease.fence, fence == service.desk.fence else {
            return "the lease has lapsed"
        }
        guard service.host.loop.now <= deadline else {
            return "the command's deadline passed before its turn came"
        }
        return nil
    }
}

package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

extension FuturesDesk {
    /// Takes a conditional order; its id and times are given here.
    package func placeAlgo(
        _ wanted: AlgoOrder, wall: WallTime
    ) throws(ExchangeError) -> AlgoOrder {
        let number = try market(wanted.symbol)
        var algo = wanted
        algo.algoID = algos.nextID
        if algo.clientAlgoID.isEmpty { algo.clientAlgoID = generatedID() }
        try AlgoRules.check(algo, markets[number], isHedge: mode.isHedge)
        if let other = algos.algo(client: algo.clientAlgoID), other.status.isOpen {
            throw .duplicateClientOrderID
        }
        if algos.openCount >= settings.limits.openAlgos { throw .tooManyTriggers }
        if algo.closesPosition { try checkOnlyCloser(algo, number) }
        if wanted.clientAlgoID.isEmpty { nextGeneratedID += 1 }
        algo.createdAtMilliseconds = wall.milliseconds
        update(&algo, number, wall: wall.milliseconds)
        commit()
        return algo
    }

    /// One stop and one take-profit a direction may close all of a position.
    private func checkOnlyCloser(_ algo: AlgoOrder, _ number: Int) throws(ExchangeError) {
        for other in algos.openNumbers(number).compactMap({ algos[$0] })
        where other.closesPosition && other.side == algo.side && other.leg == algo.leg
            && other.kind == algo.kind
        {
            throw .closePositionTwice
        }
    }

    /// Puts a conditional order on record as it is now, and tells.
    private func update(_ algo: inout AlgoOrder, _ number: Int, wall: Int64) {
        algo.updatedAtMilliseconds = wall
        algos.put(algo, number)
        note(.algo(algo.algoID))
        emit(.algoUpdate(algo, at: wall))
    }

    /// The newest conditional order under a number or a client's id.
    package func queryAlgo(algoID: Int64?, clientAlgoID: String?) throws(ExchangeError) -> AlgoOrder
    {
        let found = algoID.map { algos[$0] } ?? clientAlgoID.flatMap { algos.algo(client: $0) }
        guard let found else { throw .noSuchOrder }
        return found
    }

    package func cancelAlgo(
        algoID: Int64?, clientAlgoID: String?, wall: WallTime
    ) throws(ExchangeError) -> AlgoOrder {
        let found = algoID.map { algos[$0] } ?? clientAlgoID.flatMap { algos.algo(client: $0) }
        guard var algo = found, algo.status.isOpen, let number = floor.number(of: algo.symbol)
        else { throw .unknownOrder }
        algo.status = .canceled
        update(&algo, number, wall: wall.milliseconds)
        commit()
        return algo
    }

    /// Cancels all conditional orders of a symbol and returns how many there were.
    @discardableResult
    package func cancelAlgos(_ symbol: Symbol, wall: WallTime) throws(ExchangeError) -> Int {
        let number = try market(symbol)
        let count = endAlgos(number, .canceled, wall: wall.milliseconds)
        commit()
        return count
    }

    @discardableResult
    internal func endAlgos(_ number: Int, _ status: AlgoStatus, wall: Int64) -> Int {
        let open = algos.openNumbers(number)
        for algoID in open {
            guard var algo = algos[algoID] else { continue }
            algo.status = status
            update(&algo, number, wall: wall)
        }
        return open.count
    }

    /// Ends conditional orders whose date has come.
    internal func expireDatedAlgos(wall: Int64) {
        if algos.openCount == 0 { return }
        for number in markets.indices {
            for algoID in algos.openNumbers(number) {
                guard var algo = algos[algoID], algo.goodTillDate > 0, algo.goodTillDate <= wall
                else { continue }
                algo.status = .expired
                update(&algo, number, wall: wall)
            }
        }
    }

    // MARK: triggering

    /// Sets off the conditional orders of a market that its prices have reached.
    internal func runTriggers(_ number: Int, wall: WallTime) {
        guard algos.hasOpen(number) else { return }
        for algoID in algos.openNumbers(number) {
            guard var algo = algos[algoID] else { continue }
            let market = markets[number]
            guard market.listing.instrument.status == .trading else { return }
            let price = AlgoRules.price(algo, market)
            let isDue: Bool
            if algo.kind == .trailing {
                let former = algo.extreme
                isDue = AlgoRules.follow(&algo, price)
                if algo.extreme != former {
                    algos.put(algo, number)
                    note(.algo(algoID))
                }
            } else {
                isDue = AlgoRules.isReached(algo, at: price)
            }
            if isDue, AlgoRules.isTrustworthy(algo, market) { setOff(&algo, number, wall: wall) }
        }
    }

    /// Turns a conditional order into an order of the book.
    private func setOff(_ algo: inout AlgoOrder, _ number: Int, wall: WallTime) {
        algo.triggeredAtMilliseconds = wall.milliseconds
        algo.status = .triggering
        update(&algo, number, wall: wall.milliseconds)
        guard let wanted = order(of: algo, number) else {
            algo.status = .expired
            return update(&algo, number, wall: wall.milliseconds)
        }
        do throws(ExchangeError) {
            let placed = try enter(wanted, wall: wall)
            algo.status = .triggered
            algo.orderID = placed.orderID
            update(&algo, number, wall: wall.milliseconds)
            if !placed.isOpen { finish(&algo, placed, number, wall: wall.milliseconds) }
        } catch {
            algo.status = .rejected
            algo.reason = error.message
            update(&algo, number, wall: wall.milliseconds)
            emit(
                .triggerRejected(
                    algo.symbol, algo.algoID, reason: error.message, at: wall.milliseconds))
        }
    }

    /// The order a conditional one becomes; nil where there is no position left to close.
    private func order(of algo: AlgoOrder, _ number: Int) -> OrderParameters? {
        let position = stakes[number].holdings[algo.leg].quantity
        var quantity = algo.quantity
        if algo.closesPosition {
            let closes = algo.side == .buy ? position.isNegative : position.isPositive
            guard closes else { return nil }
            quantity = position.magnitude
        }
        let isMarket = algo.kind.isMarket
        var wanted = OrderParameters(
            symbol: algo.symbol, side: algo.side, type: isMarket ? .market : .limit,
            timeInForce: isMarket ? nil : algo.timeInForce, quantity: quantity,
            price: isMarket || algo.price.isZero ? nil : algo.price,
            isReduceOnly: algo.isReduceOnly || (algo.closesPosition && algo.leg == .net))
        wanted.leg = algo.leg
        wanted.closesPosition = algo.closesPosition
        wanted.priceMatch = algo.priceMatch
        wanted.selfTrade = algo.selfTrade
        if !isMarket { wanted.goodTillDate = algo.goodTillDate }
        let other = stakes[number].orders.order(clientOrderID: algo.clientAlgoID)
        if other?.isOpen != true { wanted.clientOrderID = algo.clientAlgoID }
        return wanted
    }

    /// An order of the book has ended: the conditional order it came of has too.
    internal func algoOrderEnded(_ order: FuturesOrder, _ number: Int, wall: Int64) {
        guard let algoID = algos.origin(number, order.orderID), var algo = algos[algoID] else {
            return
        }
        finish(&algo, order, number, wall: wall)
    }

    private func finish(
        _ algo: inout AlgoOrder, _ order: FuturesOrder, _ number: Int, wall: Int64
    ) {
        algo.status = .finished
        algo.averagePrice = order.averagePrice
        algo.executed = order.executed
        update(&algo, number, wall: wall)
    }
}

package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
package import Trading

extension FuturesDesk {
    /// Puts money into the wallet, or takes it out where the amount is negative.
    package func deposit(_ amount: Money, wall: WallTime) throws(ExchangeError) {
        if amount.isNegative, balance().withdrawable < amount.magnitude { throw .crossBalance }
        let reason = amount.isNegative ? AccountUpdate.Reason.withdraw : .deposit
        changeWallet(.transfer, amount, nil, wall: wall.milliseconds)
        tellWallet(reason, amount, wall: wall.milliseconds)
        commit()
    }

    /// Changes the wallet by something other than a trade, and keeps why.
    internal func changeWallet(
        _ kind: IncomeKind, _ amount: Money, _ symbol: Symbol?, wall: Int64
    ) {
        wallet += amount
        walletUpdatedAt = wall
        let income = Income(
            symbol: symbol, kind: kind, amount: amount, timeMilliseconds: wall,
            number: nextIncome)
        nextIncome += 1
        incomes.keep(income, settings.limits.keptIncomes)
        note(.income(income))
        note(.wallet)
    }

    internal func tellWallet(_ reason: AccountUpdate.Reason, _ amount: Money, wall: Int64) {
        let balance = balance()
        emit(
            .accountUpdate(
                AccountUpdate(
                    reason: reason, wallet: balance.wallet, crossWallet: balance.crossWallet,
                    change: amount, positions: []), at: wall))
    }

    // MARK: funding

    /// The next funding after a time.
    package func fundingTime(after wall: Int64) -> Int64 {
        let interval = settings.fundingInterval
        return (wall / interval + 1) * interval
    }

    /// Lets funding take place where its time has come since the last call.
    internal func runFunding(wall: Int64) {
        let due = fundingTime(after: wall)
        defer { nextFundingAt = due }
        guard let nextFundingAt, due > nextFundingAt else { return }
        for number in markets.indices {
            fund(number, rate: fundingRate(number), wall: nextFundingAt)
            floor.restartPremium(number)
        }
    }

    /// Funding out of turn: of one symbol, or of all.
    package func fundNow(
        _ symbol: Symbol? = nil, rate: Ratio? = nil, wall: WallTime
    ) throws(ExchangeError) {
        let numbers = try symbol.map { symbol throws(ExchangeError) in [try market(symbol)] }
        for number in numbers ?? Array(markets.indices) {
            fund(number, rate: rate ?? fundingRate(number), wall: wall.milliseconds)
        }
        commit()
    }

    /// Longs pay shorts where the rate is positive: position × mark × rate.
    private func fund(_ number: Int, rate: Ratio, wall: Int64) {
        let market = markets[number]
        let record = FundingRecord(
            symbol: market.symbol, rate: rate, mark: market.mark, timeMilliseconds: wall)
        fundings[number].keep(record, settings.limits.keptFundings)
        note(.funding(record))
        serveAll { fundPositions(number, rate, wall) }
    }

    private func fundPositions(_ number: Int, _ rate: Ratio, _ wall: Int64) {
        let symbol = floor.markets[number].symbol
        for leg in legs where !stakes[number].holdings[leg].quantity.isZero {
            let fee = margin(number, leg).notional.scaled(by: rate, .down).cents
            if fee.isZero { continue }
            changeWallet(.funding, -fee, symbol, wall: wall)
            guard stakes[number].isIsolated else {
                tellWallet(.funding, -fee, wall: wall)
                continue
            }
            stakes[number].holdings[leg].isolatedWallet -= fee
            noteHolding(number, leg)
            tellAccount(.funding, number, leg, wall: wall)
        }
    }
}

internal import ExchangeMarkets
internal import Matching
internal import Trading

/// What pays for accounts that cannot.
internal struct InsuranceFund: Equatable, Sendable {
    /// In USDT, never below zero.
    var balance: Money
    /// Epoch milliseconds; 0 before its first change.
    var updatedAtMilliseconds: Int64 = 0
}

/// Losses that neither an account nor the insurance fund can bear are shared out: those who stand on the
/// other side with most profit and leverage lose their positions at the price at which the account has
/// nothing left.
extension FuturesDesk {
    /// What is behind a position at the mark: an isolated one's own margin, or the whole cross margin.
    internal func backing(_ number: Int, _ leg: PositionLeg) -> Money {
        guard stakes[number].isIsolated else { return balance().crossMarginBalance }
        return stakes[number].holdings[leg].isolatedWallet + margin(number, leg).unrealised
    }

    /// The price at which closing a position would leave nothing of what is behind it and of `help`,
    /// in whole ticks to the account's side, and at least one tick.
    internal func exhaustion(
        _ number: Int, _ leg: PositionLeg, beside help: Money
    ) -> Price {
        let quantity = stakes[number].holdings[leg].quantity
        let tick = floor.markets[number].listing.instrument.tick
        let way = (backing(number, leg) + help).divided(by: quantity.magnitude, .nearestEven)
        let mark = floor.markets[number].mark
        let price =
            quantity.isPositive
            ? (mark - way).rounded(.ceiling, to: tick) : (mark + way).rounded(.floor, to: tick)
        return max(tick, price)
    }

    // MARK: whose turn it is

    /// The result as a share of what was paid, times the leverage in effect; a loss is divided by it.
    internal func deleverageScore(_ number: Int, _ leg: PositionLeg) -> Ratio {
        let holding = stakes[number].holdings[leg]
        guard holding.cost.isPositive else { return .zero }
        let figures = margin(number, leg)
        let result = figures.unrealised.ratio(to: holding.cost, .down)
        let behind = backing(number, leg)
        guard behind.isPositive, !figures.notional.isZero else { return result }
        let leverage = figures.notional.magnitude.ratio(to: behind, .up)
        return result.isNegative
            ? result.ratio(to: leverage, .down) : result.scaled(by: leverage, .down)
    }

    /// The scores at which the background's holders are taken to stand, a fifth of them under each: a
    /// venue ranks a position among all of its side.
    private static let quantiles = [0, 100_000_000_000, 500_000_000_000, 2_000_000_000_000].map {
        Ratio(units: $0)
    }

    /// How near a position is to being taken away for somebody else's loss: 0 (last) to 4 (next).
    internal func deleverageRank(_ number: Int, _ leg: PositionLeg) -> Int64 {
        if stakes[number].holdings[leg].quantity.isZero { return 0 }
        let score = deleverageScore(number, leg)
        return Int64(FuturesDesk.quantiles.count { score > $0 })
    }

    // MARK: sharing out

    private struct Counterparty {
        let account: Int
        let leg: PositionLeg
        let quantity: Quantity
        let score: Ratio
    }

    /// Who stands against a side's positions, who goes first in front.
    private func counterparties(_ number: Int, of side: Side) -> [Counterparty] {
        var found: [Counterparty] = []
        for account in accounts.indices where account != serving {
            serve(account) {
                for leg in legs {
                    let quantity = stakes[number].holdings[leg].quantity
                    // Who is closed by a sale was long: short ones stand against it.
                    guard side == .sell ? quantity.isNegative : quantity.isPositive else {
                        continue
                    }
                    found.append(
                        Counterparty(
                            account: account, leg: leg, quantity: quantity.magnitude,
                            score: deleverageScore(number, leg)))
                }
            }
        }
        return found.sorted { ($1.score, $0.account) < ($0.score, $1.account) }
    }

    /// Closes a position against those on the other side; what no account holds, the background does.
    internal func closeAgainstOthers(
        _ order: FuturesOrder, _ number: Int, at price: Price, wall: Int64
    ) {
        stakes[number].put(order)
        syncBook(number, order.leg) { $0.raiseCounters(orderID: order.orderID + 1, tradeID: 0) }
        for other in counterparties(number, of: order.side) {
            guard let now = stakes[number].orders[order.orderID], now.remaining.isPositive else {
                break
            }
            take(min(now.remaining, other.quantity), now, other, number, at: price, wall: wall)
        }
        guard let left = stakes[number].orders[order.orderID], left.remaining.isPositive else {
            return
        }
        closeOutside(left, number, at: price, wall: wall)
    }

    /// One trade between the order of an account that is liquidated and a position that goes for it.
    private func take(
        _ quantity: Quantity, _ order: FuturesOrder, _ other: Counterparty, _ number: Int,
        at price: Price, wall: Int64
    ) {
        let tradeID = markets[number].book.nextTradeID
        let taken = serve(other.account) {
            forcedOrder(
                .deleverage, number, other.leg, order.side.opposite, quantity, wall: wall)
        }
        let match = MatchTrade(
            tradeID: tradeID, price: price, quantity: quantity, takerSide: order.side,
            takerID: order.orderID, takerOwner: owner,
            takerRemaining: order.remaining - quantity, makerID: taken.orderID,
            makerOwner: FuturesDesk.owner(other.account), makerRemaining: .zero)
        serve(other.account) {
            stakes[number].put(taken)
            settle(match, taken.orderID, isMaker: true, number, other.leg, wall: wall)
        }
        settle(match, order.orderID, isMaker: false, number, order.leg, wall: wall)
    }

    private func settle(
        _ match: MatchTrade, _ orderID: Int64, isMaker: Bool, _ number: Int, _ leg: PositionLeg,
        wall: Int64
    ) {
        var nobody: FuturesOrder?
        fill(orderID, match, isMaker: isMaker, number, wall: wall, &nobody)
        syncBook(number, leg) {
            $0.raiseCounters(orderID: match.makerID + 1, tradeID: match.tradeID + 1)
        }
        refreshActive(number)
    }
}

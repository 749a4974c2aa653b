import BusProtocol
import Orders
import Positions
import Trading
import VenueProtocol

/// What a book may spend where the exchange holds assets and no margin.
///
/// The exchange keeps one account for all books. Free to a book is what is free there, less what is on
/// its way from any book and not locked by the exchange yet, and less what belongs to other books: the
/// coins their positions say, and what is left of their money. What belongs to no book is free to all.
extension GatewayDesk {
    /// What an order may spend; nil where the venue has margin instead.
    func spotFacts(_ order: WorkingOrder) -> SpotFacts? {
        guard !settings.capabilities.isMargined, let rules = instruments[order.symbol] else {
            return nil
        }
        var quote = holdings[rules.quote]?.free ?? .zero
        var base = holdings[rules.base].map { Quantity(units: $0.free.units) } ?? .zero
        for other in orders.values where other.id != order.id && other.isOnItsWay {
            let theirs = instruments[other.symbol]
            switch other.life.intent.side {
            case .buy where theirs?.quote == rules.quote: quote = quote - other.reserved
            case .sell where theirs?.base == rules.base: base = base - other.life.intent.quantity
            case .buy, .sell: break
            }
        }
        switch order.life.intent.side {
        case .buy: quote = quote - moneyOfOthers(order.account, rules.quote)
        case .sell: base = base - coinsOfOthers(order.account, rules.base)
        }
        return SpotFacts(quote: max(.zero, quote), base: max(.zero, base))
    }

    /// Money of all other books that is in no coin and no order of theirs.
    private func moneyOfOthers(_ account: AccountID, _ quote: String) -> Money {
        guard quote == settings.settlementAsset else { return .zero }
        var spent: [AccountID: Money] = [:]
        for symbol in ledger.openSymbols where instruments[symbol]?.quote == quote {
            for holder in ledger.holdings(symbol).keys.sorted() {
                let position = ledger.position(holder, symbol)
                let cost = position.entryPrice.times(position.quantity.magnitude, .down)
                spent[holder, default: .zero] += position.quantity.isNegative ? -cost : cost
            }
        }
        var sum = Money.zero
        for other in accounts.keys where other != account {
            let wallet = ledger.balance(other)?.wallet ?? .zero
            let left = wallet - spent[other, default: .zero] - orders.reserved(other)
            sum += max(.zero, left)
        }
        return sum
    }

    /// Coins of all other books that are in no order of theirs.
    private func coinsOfOthers(_ account: AccountID, _ base: String) -> Quantity {
        var held: [AccountID: Quantity] = [:]
        for symbol in ledger.openSymbols where instruments[symbol]?.base == base {
            for (holder, quantity) in ledger.holdings(symbol) where holder != account {
                held[holder, default: .zero] += quantity
            }
        }
        for order in orders.values where order.life.intent.side == .sell && !order.awaitsFacts {
            guard instruments[order.symbol]?.base == base, held[order.account] != nil else { continue }
            held[order.account, default: .zero] -= order.life.remaining
        }
        return held.values.reduce(.zero) { $0 + max(.zero, $1) }
    }
}

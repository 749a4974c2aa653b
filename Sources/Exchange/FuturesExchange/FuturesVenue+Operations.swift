package import Chronology
package import ExchangeDoor
internal import ExchangeMarkets
internal import Matching
internal import Trading

extension FuturesVenue {
    package func operate(
        _ operation: ExchangeOperation, wall: WallTime
    ) throws(ExchangeError) {
        switch operation {
        case .trade(let symbol, let side, let quantity, let price):
            try desk.tradeByHand(symbol, side, quantity, price, wall: wall)
        case .strangerOrder(let symbol, let side, let quantity, let price):
            guard quantity.isPositive else { throw .quantityNotPositive }
            try desk.trade(asMarketIn: symbol, side, quantity, at: price, wall: wall)
        case .shift(let symbol, let amount):
            try desk.movePosition(symbol, desk.leg(of: amount), by: amount, wall: wall)
        case .fillThenCancel(let symbol, let clientOrderID, let parts, let share):
            try desk.fillThenCancel(symbol, clientOrderID, parts: parts, share, wall: wall)
        case .setState(let symbol, let state):
            try setState(symbol, state, wall)
        case .setStep(let symbol, let step):
            try desk.changeFilters(symbol, FilterChange(step: step), wall: wall)
        case .move(let symbol, let share, let time):
            try desk.ramp(symbol, by: share, over: time, wall: wall)
        case .transfer(let asset, let change):
            guard asset == "USDT" else { throw .otherAsset }
            try desk.deposit(Money(units: change.units), wall: wall)
        case .fund(let symbol): try desk.fundNow(symbol, wall: wall)
        case .liquidate: desk.liquidate(wall: wall)
        case .deleverage(let symbol): try desk.deleverageAll(symbol, wall: wall)
        case .expireListenKeys: desk.expireListenKeys(wall: wall)
        case .ofKey(let key, let operation):
            guard let account = desk.keys[key]?.account else { throw .unknownKey }
            try desk.serve(account) { () throws(ExchangeError) in
                try operate(operation, wall: wall)
            }
        }
    }

    private func setState(
        _ symbol: Symbol, _ state: ListingState, _ wall: WallTime
    ) throws(ExchangeError) {
        switch state {
        case .trading: try desk.setStatus(symbol, .trading, wall: wall)
        case .halted: try desk.setStatus(symbol, .halted, wall: wall)
        case .cancelOnly: try desk.setStatus(symbol, .cancelOnly, wall: wall)
        case .delisted: try desk.delist(symbol, wall: wall)
        }
    }
}

extension ExchangeError {
    fileprivate static let otherAsset = ExchangeError(
        -5000, "an account of this exchange holds USDT only", status: 400)
}

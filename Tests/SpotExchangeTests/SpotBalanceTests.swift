import Bounded
import Bytes
import Chronology
import ExchangeDoor
import ExchangeMarkets
import Matching
import SpotExchange
import Testing
import Trading

/// The account's balances, counted again from nothing but its trades and open orders.
private struct SlowBalances {
    var totals: [String: AssetAmount]

    init(_ fixture: SpotFixture) {
        totals = Dictionary(
            uniqueKeysWithValues: fixture.desk.balances.rows.map { ($0.asset, $0.total) })
    }

    /// Free plus locked as the trades say it must be.
    func expected(_ desk: SpotDesk) -> [String: AssetAmount] {
        var totals = totals
        for (number, stake) in desk.stakes.enumerated() {
            let rules = desk.instruments[number]
            for trade in stake.trades {
                let base = AssetAmount(trade.quantity)
                let quote = AssetAmount(trade.quote)
                let sign: Int64 = trade.side == .buy ? 1 : -1
                totals[rules.base]! += base.multiplied(byWhole: sign)
                totals[rules.quote]! -= quote.multiplied(byWhole: sign)
                totals[trade.feeAsset]! -= trade.fee
            }
        }
        return totals
    }

    /// What open orders hold, from their own figures.
    func locked(_ desk: SpotDesk) -> [String: AssetAmount] {
        var locked: [String: AssetAmount] = [:]
        for (number, stake) in desk.stakes.enumerated() {
            let rules = desk.instruments[number]
            let lists = Set(desk.lists.filter { !$0.isDone }.map(\.listID))
            // The orders of a list hold together what the dearer one needs.
            var shared: [Int64: AssetAmount] = [:]
            for order in stake.orders.open {
                let asset = order.side == .sell ? rules.base : rules.quote
                let need = need(of: order)
                if lists.contains(order.listID) {
                    locked[asset, default: .zero] -= shared[order.listID] ?? .zero
                    shared[order.listID] = max(need, shared[order.listID] ?? .zero)
                    locked[asset, default: .zero] += shared[order.listID] ?? .zero
                } else {
                    locked[asset, default: .zero] += need
                }
            }
        }
        return locked
    }

    private func need(of order: SpotOrder) -> AssetAmount {
        if order.isPending { return .zero }
        if order.side == .sell { return AssetAmount(order.remaining) }
        let price = order.kind.hasPrice ? order.price : order.stopPrice
        return AssetAmount(price.times(order.remaining, .up))
    }
}

/// Sends random orders, cancels and trades of others into a desk.
struct SpotChaos {
    var random: SplitMix64
    let fixture: SpotFixture

    mutating func act() {
        let symbols = fixture.desk.instruments.map(\.symbol)
        let symbol = symbols.randomElement(using: &random)!
        let number = fixture.desk.number(of: symbol)!
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: place(symbol, number)
        case 5..<7:
            let open = fixture.desk.stakes[number].orders.open
            if let order = open.randomElement(using: &random) {
                _ = try? fixture.desk.cancel(symbol, orderID: order.orderID, wall: fixture.wall)
            }
        case 7 where fixture.desk.settings.flavour == .binance && Bool.random(using: &random):
            if Bool.random(using: &random) {
                placeList(symbol, number)
            } else {
                placeTriggers(symbol, number)
            }
        case 7: _ = try? fixture.desk.cancelAll(symbol, wall: fixture.wall)
        case _:
            _ = try? fixture.desk.trade(
                asMarketIn: symbol, side(), size(number, 3),
                at: Bool.random(using: &random)
                    ? level(number) : nil, wall: fixture.wall)
        }
        if Int.random(in: 0..<8, using: &random) == 0 { fixture.run(milliseconds: 150) }
    }

    private mutating func side() -> Side { Bool.random(using: &random) ? .buy : .sell }

    private mutating func size(_ number: Int, _ scale: Int64) -> Quantity {
        let rules = fixture.desk.instruments[number]
        let worth = Money.whole(Int64.random(in: 6...9_000, using: &random) * scale)
        let unit = rules.quote == "BTC" ? Money(units: worth.units / 60_000) : worth
        let last = fixture.desk.markets[number].last
        return max(rules.step, unit.divided(by: last, .down).down(to: rules.step))
    }

    private mutating func level(_ number: Int) -> Price {
        let rules = fixture.desk.instruments[number]
        let share = Ratio(
            units: 1_000_000_000_000 + Int128(Int.random(in: -30...30, using: &random))
                * 100_000_000)
        return max(
            rules.tick, fixture.desk.markets[number].last.scaled(by: share, .down)
        )
        .down(to: rules.tick)
    }

    /// Two orders around the last price, near enough for either to be reached.
    private mutating func placeList(_ symbol: Symbol, _ number: Int) {
        let (side, size) = (side(), size(number, 1))
        func leg(_ kinds: [SpotOrderKind]) -> SpotOrderRequest {
            let kind = kinds.randomElement(using: &random)!
            var order = SpotOrderRequest(symbol: symbol, side: side, kind: kind, quantity: size)
            if kind.hasPrice { order.price = level(number) }
            if kind.isConditional { order.stopPrice = level(number) }
            if kind.hasPrice, kind != .limitMaker { order.timeInForce = .goodTillCancel }
            return order
        }
        let taking = leg([.limitMaker, .takeProfit, .takeProfitLimit])
        let stopping = leg([.stopLoss, .stopLossLimit])
        _ = try? fixture.desk.placeList(
            SpotListRequest(
                above: side == .sell ? taking : stopping,
                below: side == .sell ? stopping : taking), wall: fixture.wall)
    }

    /// An order near the last price that brings about another one, or a pair.
    private mutating func placeTriggers(_ symbol: Symbol, _ number: Int) {
        var working = SpotOrderRequest(
            symbol: symbol, side: side(), kind: .limit, timeInForce: .goodTillCancel,
            quantity: size(number, 1), price: level(number))
        if Int.random(in: 0..<4, using: &random) == 0 { working.timeInForce = .immediateOrCancel }
        let isPair = Bool.random(using: &random)
        let other = side()
        let pending = (0...(isPair ? 1 : 0)).map { place in
            var kinds: [SpotOrderKind] = [.limit, .market, .stopLossLimit, .limitMaker]
            if isPair {
                kinds = (place == 0) == (other == .sell) ? [.stopLoss, .stopLossLimit] : [.limitMaker]
            }
            var order = SpotOrderRequest(
                symbol: symbol, side: other, kind: kinds.randomElement(using: &random)!,
                quantity: size(number, 1))
            if order.kind.hasPrice { order.price = level(number) }
            if order.kind.isConditional { order.stopPrice = level(number) }
            if order.kind.hasPrice, order.kind != .limitMaker {
                order.timeInForce = .goodTillCancel
            }
            return order
        }
        _ = try? fixture.desk.placeTriggers(
            SpotTriggerRequest(working: working, pending: pending), wall: fixture.wall)
    }

    private mutating func place(_ symbol: Symbol, _ number: Int) {
        let kinds = SpotOrderKind.allCases
        let kind = kinds.randomElement(using: &random)!
        let forces: [TimeInForce] = [.goodTillCancel, .immediateOrCancel, .fillOrKill]
        var order = SpotOrderRequest(symbol: symbol, side: side(), kind: kind)
        order.quantity = size(number, 1)
        if kind == .market, Bool.random(using: &random) {
            order.quoteQuantity = fixture.desk.markets[number].last.times(order.quantity!, .down)
            order.quantity = nil
        }
        if kind.hasPrice { order.price = level(number) }
        if kind.isConditional { order.stopPrice = level(number) }
        if kind.hasPrice, kind != .limitMaker {
            order.timeInForce = forces.randomElement(using: &random)!
        }
        if order.timeInForce == .goodTillCancel, kind.hasPrice, Bool.random(using: &random),
            fixture.desk.settings.flavour == .binance, let quantity = order.quantity
        {
            let step = fixture.desk.instruments[number].step
            order.icebergQuantity = max(
                step, Quantity(units: quantity.units / 3).down(to: step))
        }
        if kind.isConditional, fixture.desk.settings.flavour == .binance,
            Bool.random(using: &random)
        {
            order.trailingDelta = Int64.random(in: 10...20, using: &random)
        }
        order.selfTrade = SelfTradePrevention.allCases.randomElement(using: &random)!
        _ = try? fixture.desk.place(order, wall: fixture.wall)
    }
}

@Suite("Balances of the spot account") struct SpotBalanceTests {
    @Test(
        "Invariants 2 and 3: free plus locked is the start plus trades less fees; locked is what open orders hold",
        arguments: [SpotFlavour.binance, .mexc], [1, 2, 3, 4] as [UInt64])
    func conservation(flavour: SpotFlavour, seed: UInt64) throws {
        let fixture = SpotFixture(flavour, background: true, seed: seed)
        fixture.run(milliseconds: 500)
        let slow = SlowBalances(fixture)
        var chaos = SpotChaos(random: SplitMix64(seed: seed &* 77), fixture: fixture)
        for turn in 0..<600 {
            chaos.act()
            if turn % 20 != 0 { continue }
            let expected = slow.expected(fixture.desk)
            let locked = slow.locked(fixture.desk)
            for balance in fixture.desk.balances.rows {
                #expect(!balance.free.isNegative && !balance.locked.isNegative)
                #expect(
                    balance.total == expected[balance.asset],
                    "seed \(seed) turn \(turn) \(balance.asset)")
                #expect(
                    balance.locked == locked[balance.asset] ?? .zero,
                    "seed \(seed) turn \(turn) \(balance.asset)")
            }
        }
        #expect(fixture.desk.stakes.reduce(0) { $0 + $1.trades.count } > 50)
        guard flavour == .binance else { return }
        // Lists were placed, or nothing was proved of them.
        #expect(fixture.desk.lists.contains { $0.isDone })
        #expect(fixture.desk.lists.contains { $0.isReleased })
        let orders = fixture.desk.stakes.flatMap(\.orders.all)
        #expect(orders.contains { $0.icebergQuantity.isPositive && $0.executed.isPositive })
        #expect(orders.contains { $0.trailingDelta > 0 && $0.trailingAtMilliseconds > 0 })
    }
}

import Bounded
import Chronology
import Orders
import Testing
import Trading

@testable import OrderGatewayService

/// The sums over all orders, against sums made anew.
@Suite struct WorkingOrdersTests {
    private static let accounts = ["alpha", "beta"].map { AccountID($0)! }
    private static let symbols = ["BTCUSDT", "ETHUSDT"].map { Symbol($0)! }

    private func order(_ number: Int, using random: inout SplitMix64) -> WorkingOrder {
        let intent = OrderIntent(
            clientOrderID: DeskBench.id("r\(number)"),
            account: Self.accounts.randomElement(using: &random)!,
            symbol: Self.symbols.randomElement(using: &random)!,
            side: Bool.random(using: &random) ? .buy : .sell, type: .limit,
            timeInForce: .goodTillCancel,
            quantity: .whole(Int64.random(in: 1...9, using: &random)), price: .whole(100),
            isReduceOnly: Bool.random(using: &random))
        return WorkingOrder(
            OrderLifecycle(intent), request: "q\(number)", intentMilliseconds: 1)
    }

    private func change(
        _ orders: inout WorkingOrders, _ id: ClientOrderID, _ now: Instant,
        using random: inout SplitMix64
    ) {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: orders[id]?.reserved = .whole(Int64.random(in: 0...50, using: &random))
        case 1: orders[id]?.awaitsFacts.toggle()
        case 2:
            orders[id]?.checkAt = now + .milliseconds(Int64.random(in: -5...500, using: &random))
        case 3: orders[id]?.checkAt = nil
        case 4:
            orders[id]?.waiters.append(
                WorkingOrder.Waiter(
                    request: "w", from: "t", aim: .placed,
                    answerAt: now + .milliseconds(Int64.random(in: 0...500, using: &random))))
        case 5: orders[id]?.waiters = []
        case 6: _ = orders[id]?.life.intentSaved(at: now)
        case _: _ = orders[id]?.life.outcomeUnknown(at: now)
        }
    }

    @Test("invariant 1: after any change the sums are those of the orders held")
    func sums() {
        for seed in UInt64(1)...30 {
            var random = SplitMix64(seed: seed)
            var orders = WorkingOrders()
            var now = Instant(nanoseconds: 1_000_000_000)
            for step in 0..<400 {
                now = now + .milliseconds(3)
                let number = Int.random(in: 0..<40, using: &random)
                let id = DeskBench.id("r\(number)")
                switch Int.random(in: 0..<10, using: &random) {
                case 0, 1: orders[id] = order(number, using: &random)
                case 2: orders[id] = nil
                case 3: _ = orders.removeValue(forKey: id)
                case _: change(&orders, id, now, using: &random)
                }
                if step % 7 == 0 { compare(&orders, now, seed) }
            }
        }
    }

    @Test("orders are found among thousands, whatever comes and goes, as in a dictionary")
    func places() {
        for seed in UInt64(1)...3 {
            var random = SplitMix64(seed: seed)
            var orders = WorkingOrders()
            var twin: [ClientOrderID: WorkingOrder] = [:]
            let ids = (0..<3_000).map { DeskBench.id("r\($0)") }
            for step in 0..<20_000 {
                let number = Int.random(in: 0..<ids.count, using: &random)
                // It fills first, then empties, so that the table grows and long runs of it break up.
                if Int.random(in: 0..<20_000, using: &random) > step {
                    let order = order(number, using: &random)
                    orders[ids[number]] = order
                    twin[ids[number]] = order
                } else {
                    orders[ids[number]] = nil
                    twin[ids[number]] = nil
                }
                let other = ids[Int.random(in: 0..<ids.count, using: &random)]
                #expect(orders[other] == twin[other], "seed \(seed)")
                #expect(orders.holds(other) == (twin[other] != nil), "seed \(seed)")
            }
            #expect(orders.count == twin.count, "seed \(seed)")
            #expect(orders.keys.sorted() == twin.keys.sorted(), "seed \(seed)")
            for id in ids { #expect(orders[id] == twin[id], "seed \(seed)") }
        }
    }

    private func compare(_ orders: inout WorkingOrders, _ now: Instant, _ seed: UInt64) {
        let all = Array(orders.values)
        let one = all.map(\.id).min() ?? DeskBench.id("none")
        for account in Self.accounts {
            let own = all.filter { $0.account == account }
            let reserved = own.filter { $0.id != one }.reduce(Money.zero) { $0 + $1.reserved }
            #expect(orders.reserved(account, but: one) == reserved, "seed \(seed)")
            let isWorking = own.contains {
                !$0.life.isFinal && !$0.awaitsFacts && !$0.awaitsVerdict
            }
            #expect(orders.hasWorking(account) == isWorking, "seed \(seed)")
            for symbol in Self.symbols {
                let book = own.filter { $0.symbol == symbol }
                #expect(
                    orders.hasDoubt(account, symbol) == book.contains(where: \.life.isUnknown),
                    "seed \(seed)")
                for side in [Side.buy, .sell] {
                    let reducing = book.filter { $0.life.intent.side == side && $0.id != one }
                        .reduce(Quantity.zero) { $0 + $1.reducing }
                    #expect(
                        orders.reducing(account, symbol, side, but: one) == reducing,
                        "seed \(seed)")
                }
            }
        }
        for symbol in Self.symbols {
            let ids = all.filter { $0.symbol == symbol }.map(\.id).sorted()
            #expect(orders.ids(of: symbol) == ids, "seed \(seed)")
        }
        for order in all { #expect(orders.id(ofRequest: order.request) == order.id) }
        func due(_ order: WorkingOrder) -> Instant? {
            ([order.checkAt].compactMap { $0 } + order.waiters.map(\.answerAt)).min()
        }
        #expect(orders.firstDue == all.compactMap(due).min(), "seed \(seed)")
        let late = all.filter { due($0).map { $0 <= now } ?? false }.map(\.id).sorted()
        #expect(orders.due(by: now) == late && orders.due(by: now) == late, "seed \(seed)")
    }
}

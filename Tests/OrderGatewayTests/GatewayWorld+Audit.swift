import BusProtocol
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// What must hold at the end of every story, once nothing fails any more.
extension GatewayWorld {
    func check(_ seed: UInt64) {
        #expect(desk.isReady, "seed \(seed): \(desk.reasons)")
        #expect(made.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        #expect(applied.sorted() == trades.map(\.leg), "seed \(seed)")
        #expect(!alerts.contains("external_trade"), "seed \(seed)")
        // The exchange holds what the trades say, always: nothing may be booked without one.
        #expect(!alerts.contains("close_unbacked"), "seed \(seed)")
        let codes = Dictionary(
            accountRecords.map { ($0.code, $0.id) }, uniquingKeysWith: { first, _ in first })
        for account in GatewayWorld.accounts {
            var net = Quantity.zero
            for fill in trades {
                let code = ClientOrderID.parts(of: fill.clientOrderID)?.account
                if code.flatMap({ codes[$0] }) == account { net += fill.side.signed(fill.quantity) }
            }
            #expect((positions[account] ?? Position()).quantity == net, "seed \(seed)")
            #expect(
                desk.ledger.position(account, GatewayWorld.symbol).quantity == net,
                "seed \(seed)")
        }
        let resting = Set(book.keys.filter { book[$0]?.order.status.isFinal == false })
        #expect(open == resting, "seed \(seed)")
        #expect(journal.isEmpty, "seed \(seed): struck off when Redis holds it")
        let left = desk.orders.values.filter { !resting.contains($0.id) }.map {
            "\($0.id) \($0.life.name) executed \($0.life.executed) booked \($0.life.booked) "
                + "venue \(book[$0.id]?.order.status.text ?? "none") "
                + "record \(records[$0.id]?.status ?? "none") saving \($0.saving ?? 0) "
                + "\($0.needsSave) code \($0.code) \($0.reason) verdict \($0.awaitsVerdict)"
        }
        #expect(desk.workingOrders.count == resting.count, "seed \(seed): \(left)")
        for (id, record) in records {
            let executed = book[id]?.order.executedQuantity ?? .zero
            #expect(record.executed == executed, "seed \(seed) \(id)")
        }
        // C7: what the desk holds of a resting order's size and price is the venue's.
        for order in desk.workingOrders {
            let id = order.intent.clientOrderID
            #expect(order.intent.quantity == book[id]?.order.quantity, "seed \(seed) \(id)")
            #expect(order.intent.price == book[id]?.order.price, "seed \(seed) \(id)")
        }
    }
}

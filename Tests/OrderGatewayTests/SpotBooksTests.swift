import BusProtocol
import Chronology
import Orders
import Positions
import Testing
import Trading
import VenueProtocol

@testable import OrderGatewayService

/// Several books on one spot account: none spends what is another's (B2f).
@Suite struct SpotBooksTests {
    private static let other = AccountID("other")!

    /// The exchange account holds 1,000 USDT and 10 BTC, of which `other` owns 600 USDT, 300 of them
    /// spent on three coins.
    private func bench(deposit: Int64 = 600, coins: Int64 = 3) -> DeskBench {
        var bench = DeskBench()
        var settings = GatewaySettings(writer: "order-gateway:bench")
        settings.capabilities = VenueKind.binanceSpot.capabilities
        bench.desk = GatewayDesk(settings: settings)
        var snapshot = DeskBench.snapshot
        snapshot.accounts.append(
            AccountRecord(
                id: SpotBooksTests.other, code: AccountCode("OTHER001")!, isEnabled: true,
                stamp: RecordStamp(sequence: 1, writer: "t", atMilliseconds: 1)))
        snapshot.instruments = [bench.facts.instrument].compactMap { $0 }
        snapshot.balances[SpotBooksTests.other] = BookBalance(
            deposits: .whole(deposit), realised: .zero, fees: .zero, funding: .zero, version: 1)
        snapshot.positions[SpotBooksTests.other] = [
            DeskBench.symbol: Position(
                quantity: .whole(coins), entryPrice: .whole(100), realised: .zero, fees: .zero,
                version: 1)
        ]
        bench.give(.redisUp)
        bench.give(.leaseGained(fence: 3))
        bench.give(.loaded(generation: bench.desk.generation, snapshot))
        bench.give(.streamOpened)
        let held = [
            VenueHolding(asset: "USDT", free: .whole(1_000), locked: .zero),
            VenueHolding(asset: "BTC", free: .whole(10), locked: .zero),
        ]
        bench.give(.holdingsAnswered(generation: bench.desk.generation, held))
        bench.give(.openOrdersAnswered(generation: bench.desk.generation, []))
        bench.give(.tradesAnswered(DeskBench.symbol, generation: bench.desk.generation, []))
        bench.desk.verified = [DeskBench.symbol]
        #expect(bench.desk.isReady)
        return bench
    }

    private func passes(
        _ bench: inout DeskBench, _ request: String, _ side: Side, _ quantity: Int64
    ) -> Bool {
        bench.give(bench.placing(request, side, quantity))
        let lines = bench.give(.factsRead(DeskBench.id(request), bench.facts))
        #expect(lines.count == 1)
        return lines == ["intent intent under 3"]
    }

    @Test("a buy may spend what is free of the account's money but another book's: 700 of 1,000")
    func money() {
        var bench = bench()
        // Seven at 100, and the fee on top.
        #expect(!passes(&bench, "r1", .buy, 7))
        #expect(passes(&bench, "r2", .buy, 6))
        // What is on its way counts.
        #expect(!passes(&bench, "r3", .buy, 1))
    }

    @Test("a sell may take what is free of the account's coins but another book's: 7 of 10")
    func coins() {
        var bench = bench()
        #expect(!passes(&bench, "r1", .sell, 8))
        #expect(passes(&bench, "r2", .sell, 7))
        #expect(!passes(&bench, "r3", .sell, 1))
    }

    @Test("what belongs to no book is free to all")
    func unowned() {
        var bench = bench(deposit: 0, coins: 0)
        #expect(passes(&bench, "r1", .buy, 9))
        #expect(passes(&bench, "r2", .sell, 10))
    }
}

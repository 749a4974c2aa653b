import Bounded
import Bytes
import Margin
import Testing
import Trading

@Suite struct LiquidationTests {
    private let bitcoin = PublishedRow(rate: "0.025", cum: "16300")
    private let ether = PublishedRow(rate: "0.1", cum: "135365")

    /// The account of the venue's worked example.
    private func published() -> MarginAssessment {
        MarginAssessment(
            wallet: money("1535443.01"),
            positions: [
                MarginPosition(
                    quantity: quantity("109.488"), entryPrice: price("32481.980"),
                    mark: price("31967.27"), brackets: bitcoin.brackets)!,
                MarginPosition(
                    quantity: quantity("3683.979"), entryPrice: price("1456.84"),
                    mark: price("1335.18"), brackets: ether.brackets)!,
            ], leverage: 20)
    }

    @Test("The published account has the published liquidation prices")
    func publishedVectors() {
        let account = published()
        func cents(_ index: Int) -> Price {
            account.liquidationPrice(at: index).price.rounded(.nearestEven, to: price("0.01"))
        }
        #expect(cents(0) == price("26316.89"))
        #expect(cents(1) == price("1153.26"))
        let tick = price("0.1")
        #expect(account.liquidationPrice(at: 1).shown(tick: tick) == price("1153.2"))
        let published = money("356512.508122") + money("71200.811444")
        #expect((account.maintenance - published).magnitude < money("0.001"))
    }

    @Test(
        "The published account has the recorded figures of the shared fixture",
        .enabled(
            if: fixture("margin/liquidation_price_vectors.json") != nil,
            "the shared fixtures are not beside the repository"))
    func sharedVectors() throws {
        let json = try #require(fixture("margin/liquidation_price_vectors.json"))
        var scanner = JSONScanner(json.rawSpan)
        var expected: [Price] = []
        try scanner.enterArray()
        while try scanner.nextElement() {
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                if key == "expected_liquidationPrice_2dp" {
                    expected.append(Price(units: try scanner.decimalUnits()))
                } else {
                    try scanner.skipValue()
                }
            }
        }
        let account = published()
        let found = account.positions.indices.map {
            account.liquidationPrice(at: $0).price.rounded(.nearestEven, to: price("0.01"))
        }
        #expect(found == expected)
    }

    @Test("A short is liquidated above its entry, with the bracket of that price")
    func shortWithBracketChange() {
        // 10 short at 100 with wallet 500: 1500 − 10 P = 10 P × 0.05 − 24 beyond a notional of 600.
        let rows = brackets([("600", "0.01"), ("100000", "0.05")])
        let account = MarginAssessment(
            wallet: money("500"),
            positions: [
                MarginPosition(
                    quantity: quantity("-10"), entryPrice: price("100"), mark: price("50"),
                    brackets: rows)!
            ], leverage: 10)
        #expect(account.liquidationPrice(at: 0).shown(tick: price("0.01")) == price("145.14"))
    }

    @Test("A long that is paid for in full has no liquidation price")
    func paidLong() {
        let account = MarginAssessment(
            wallet: money("1000"),
            positions: [
                MarginPosition(
                    quantity: quantity("10"), entryPrice: price("100"), mark: price("100"),
                    brackets: .conservative)!
            ], leverage: 20)
        #expect(account.liquidationPrice(at: 0) == .never)
        #expect(account.liquidationMove().fall == nil)
        #expect(account.marginRatio == ratio("0.025"))
        #expect(account.initial == money("50"))
        #expect(account.available == money("950"))
    }

    @Test("An account whose losses elsewhere exceed a short's worth is liquidated at every price")
    func hopelessShort() {
        let account = MarginAssessment(
            wallet: money("-2000"),
            positions: [
                MarginPosition(
                    quantity: quantity("-10"), entryPrice: price("100"), mark: price("100"),
                    brackets: .conservative)!
            ], leverage: 20)
        #expect(account.liquidationPrice(at: 0) == .always)
        #expect(account.isBreached)
        #expect(account.marginRatio == .one)
        #expect(account.liquidationMove() == LiquidationMove(fall: .zero, rise: .zero))
    }

    @Test(
        "Tiers begin at their thresholds",
        arguments: [
            ("0", MarginTier.calm), ("0.899999999999", .calm), ("0.9", .first), ("0.925", .second),
            ("0.949999999999", .second), ("0.95", .third), ("1", .third),
        ])
    func tiers(text: String, tier: MarginTier) {
        #expect(MarginTier(marginRatio: ratio(text)) == tier)
    }

    @Test("An account without positions keeps nothing and cannot be liquidated")
    func empty() {
        let account = MarginAssessment(wallet: money("-5"), positions: [], leverage: 20)
        #expect(account.marginRatio == .zero)
        #expect(!account.isBreached)
        #expect(account.available == .zero)
        #expect(account.liquidationMove().nearest == .zero)
    }

    @Test(
        "I1: nonsense and notionals out of range make no position",
        arguments: [
            ("0", "1", "1"), ("1", "0", "1"), ("1", "1", "0"), ("1", "-1", "1"),
            ("9999999999", "9999", "1"), ("9999999999", "1", "9999"),
        ])
    func nonsense(size: String, entry: String, mark: String) {
        #expect(
            MarginPosition(
                quantity: quantity(size), entryPrice: price(entry), mark: price(mark),
                brackets: .conservative) == nil)
    }

    @Test("Random portfolios: liquidation prices and moves agree with a search")
    func searchTwin() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = PortfolioGenerator(seed: seed)
        for round in 0..<400 {
            let account = generator.portfolio()
            let twin = MarginTwin(account)
            let index = round % account.positions.count
            let found = account.liquidationPrice(at: index)
            let problem = twin.disagreement(with: found, at: index)
            #expect(problem == nil, "seed \(seed), round \(round): \(problem ?? "")")
            let move = twin.disagreement(with: account.liquidationMove())
            #expect(move == nil, "seed \(seed), round \(round): \(move ?? "")")
            if problem != nil || move != nil { return }
        }
    }
}

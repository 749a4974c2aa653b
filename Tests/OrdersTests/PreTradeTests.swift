import Chronology
import Orders
import Testing
import Trading

/// The checks before an order may live, each at its boundary (B2f).
@Suite struct PreTradeTests {
    static let now = WallTime(milliseconds: 1_700_000_000_000)

    private static func q(_ text: String) -> Quantity { Quantity(text: text)! }
    private static func p(_ text: String) -> Price { Price(text: text)! }
    private static func m(_ text: String) -> Money { Money(text: text)! }
    private func q(_ text: String) -> Quantity { Self.q(text) }
    private func p(_ text: String) -> Price { Self.p(text) }

    static var account: AccountFacts { AccountFacts(isEnabled: true, permission: .all) }
    static var instrument: Instrument {
        Instrument(
            symbol: Symbol("BTCUSDT")!, status: .trading, base: "BTC", quote: "USDT",
            tick: p("0.1"), minimumPrice: p("10"), maximumPrice: p("1000"), step: q("0.001"),
            minimumQuantity: q("0.001"), maximumQuantity: q("100"),
            marketMinimumQuantity: q("0.002"), marketMaximumQuantity: q("50"),
            minimumNotional: m("5"), bandUp: Ratio(text: "1.05")!, bandDown: Ratio(text: "0.95")!)!
    }
    static var price: PriceFacts {
        PriceFacts(bid: p("99.9"), ask: p("100.1"), mark: p("100"), at: now)
    }
    static var checks: PreTrade {
        PreTrade(
            limits: PreTrade.Limits(), venue: .all, account: account, instrument: instrument,
            price: price, risk: RiskFacts(available: m("1000"), at: now), now: now)
    }

    static func limit(_ quantity: String, _ price: String, _ side: Side = .buy) -> OrderIntent {
        OrderIntent(
            clientOrderID: .derive(
                account: AccountCode("DEMO0001")!, origin: .manual, intent: "x"),
            account: AccountID("demo")!, symbol: Symbol("BTCUSDT")!, side: side, type: .limit,
            timeInForce: .goodTillCancel, quantity: q(quantity), price: p(price),
            isReduceOnly: false)
    }
    static func market(_ quantity: String, _ side: Side = .buy) -> OrderIntent {
        var order = limit(quantity, "1", side)
        order.type = .market
        order.price = nil
        return order
    }
    static func reducing(_ quantity: String, _ side: Side = .sell) -> OrderIntent {
        var order = market(quantity, side)
        order.isReduceOnly = true
        return order
    }

    private func refusal(_ checks: PreTrade, _ order: OrderIntent) -> RefusalCode? {
        do throws(Refusal) {
            _ = try checks.check(order)
            return nil
        } catch { return error.code }
    }

    @Test("what is within all limits passes and reserves margin and fee, rounded up")
    func passes() throws {
        // 1 × 100 / 20 + 100 × 0.0005
        #expect(try Self.checks.check(Self.limit("1", "100")) == Self.m("5.05"))
        #expect(try Self.checks.check(Self.market("1")) == Self.m("5.05505"))
    }

    @Test("every instrument rule refuses just past its bound with its own code")
    func instrumentRules() {
        let table: [(OrderIntent, RefusalCode?)] = [
            (Self.limit("1", "99.95"), .priceOffTick), (Self.limit("1", "9.9"), .priceOutOfRange),
            (Self.limit("1", "1000.1"), .priceOutOfRange), (Self.limit("0.1", "100"), nil),
            (Self.limit("0.0015", "100"), .quantityOffStep),
            (Self.limit("0.0009", "100"), .quantityTooSmall),
            (Self.limit("0", "100"), .quantityTooSmall),
            (Self.limit("100.001", "100"), .quantityTooLarge),
            (Self.market("50.001"), .quantityTooLarge), (Self.market("0.001"), .quantityTooSmall),
            (Self.limit("0.05", "100"), nil), (Self.limit("0.049", "100"), .notionalTooSmall),
            (Self.market("0.05"), nil), (Self.market("0.049"), .notionalTooSmall),
            (Self.limit("1", "105"), nil), (Self.limit("1", "105.1"), .priceOutsideBand),
            (Self.limit("1", "95", .sell), nil),
            (Self.limit("1", "94.9", .sell), .priceOutsideBand),
            (Self.limit("1", "50"), nil), (Self.limit("1", "500", .sell), nil),
        ]
        for (order, code) in table { #expect(refusal(Self.checks, order) == code) }
    }

    @Test("an unknown or halted instrument is refused")
    func instrumentStatus() {
        var checks = Self.checks
        checks.instrument?.status = .cancelOnly
        #expect(refusal(checks, Self.limit("1", "100")) == .instrumentNotTrading)
        checks.instrument = nil
        #expect(refusal(checks, Self.limit("1", "100")) == .instrumentUnknown)
    }

    @Test("trading states refuse new risk, and let reduce-only pass while reducing")
    func states() {
        var checks = Self.checks
        checks.account?.position = q("2")
        checks.venue = .reducing
        #expect(refusal(checks, Self.limit("1", "100")) == .venueReducing)
        #expect(refusal(checks, Self.reducing("2")) == nil)
        checks.venue = .nothing
        #expect(refusal(checks, Self.reducing("2")) == .venueHalted)
        checks.venue = .all
        checks.account?.permission = .reducing
        #expect(refusal(checks, Self.limit("1", "100")) == .accountReducing)
        #expect(refusal(checks, Self.reducing("2")) == nil)
        checks.account?.permission = .nothing
        #expect(refusal(checks, Self.reducing("2")) == .accountHalted)
    }

    @Test("P7: the emergency flatten passes a halt")
    func flattenPasses() {
        var checks = Self.checks
        checks.venue = .nothing
        checks.account?.permission = .nothing
        checks.account?.position = q("2")
        var order = Self.reducing("2")
        order.clientOrderID = .derive(
            account: AccountCode("DEMO0001")!, origin: .flatten, intent: "x")
        #expect(refusal(checks, order) == nil)
        order.isReduceOnly = false
        #expect(refusal(checks, order) == .venueHalted)
    }

    @Test("an unknown or disabled account is refused; a disabled one may still reduce")
    func accounts() {
        var checks = Self.checks
        checks.account?.isEnabled = false
        checks.account?.position = q("2")
        #expect(refusal(checks, Self.limit("1", "100")) == .accountDisabled)
        #expect(refusal(checks, Self.reducing("1")) == nil)
        checks.account = nil
        #expect(refusal(checks, Self.limit("1", "100")) == .accountUnknown)
    }

    @Test("a price of 3 s and a risk snapshot of 10 s pass, a millisecond more does not")
    func freshness() {
        var checks = Self.checks
        checks.price?.at = Self.now - .seconds(3)
        checks.risk?.at = Self.now - .seconds(10)
        #expect(refusal(checks, Self.limit("1", "100")) == nil)
        checks.price?.at = Self.now - .milliseconds(3001)
        #expect(refusal(checks, Self.limit("1", "100")) == .priceStale)
        checks.price = Self.price
        checks.risk?.at = Self.now - .milliseconds(10001)
        #expect(refusal(checks, Self.limit("1", "100")) == .riskStale)
        checks.risk = nil
        #expect(refusal(checks, Self.limit("1", "100")) == .riskUnknown)
        checks.price?.mark = .zero
        #expect(refusal(checks, Self.limit("1", "100")) == .priceUnknown)
        checks.price = nil
        #expect(refusal(checks, Self.limit("1", "100")) == .priceUnknown)
    }

    @Test("reduce-only passes without price, risk snapshot and limits")
    func reduceOnlyPasses() {
        var checks = Self.checks
        checks.price = nil
        checks.risk = nil
        checks.account?.maximumOrderNotional = Self.m("1")
        checks.account?.maximumOrdersPerSecond = 1
        checks.account?.ordersInLastSecond = 5
        checks.account?.position = q("2")
        #expect(refusal(checks, Self.reducing("2")) == nil)
    }

    @Test("R7: reduce-only orders together never pass the position")
    func reduceOnlyBound() {
        var checks = Self.checks
        checks.account?.position = q("2")
        #expect(refusal(checks, Self.reducing("2.001")) == .reduceOnlyWouldIncrease)
        #expect(refusal(checks, Self.reducing("1", .buy)) == .reduceOnlyWouldIncrease)
        checks.account?.reducing = q("1.5")
        #expect(refusal(checks, Self.reducing("0.5")) == nil)
        #expect(refusal(checks, Self.reducing("0.501")) == .reduceOnlyWouldIncrease)
        checks.account?.position = .zero
        #expect(refusal(checks, Self.reducing("0.5")) == .reduceOnlyWouldIncrease)
    }

    @Test("free margin is what is available less what is reserved")
    func margin() {
        var checks = Self.checks
        checks.risk?.available = Self.m("10.05")
        checks.account?.reserved = Self.m("5")
        #expect(refusal(checks, Self.limit("1", "100")) == nil)
        checks.account?.reserved = Self.m("5.000000000001")
        #expect(refusal(checks, Self.limit("1", "100")) == .marginInsufficient)
    }

    @Test("the closing part of an order needs no margin, only its fee")
    func closingMargin() throws {
        var checks = Self.checks
        checks.account?.position = q("-1")
        #expect(try checks.check(Self.limit("1", "100")) == Self.m("0.05"))
        #expect(try checks.check(Self.limit("2", "100")) == Self.m("5.1"))
        checks.account?.position = q("1")
        #expect(try checks.check(Self.limit("1", "100")) == Self.m("5.05"))
    }

    @Test("an account's limits refuse just past their bound")
    func accountLimits() {
        var checks = Self.checks
        checks.account?.maximumOrderNotional = Self.m("100")
        #expect(refusal(checks, Self.limit("1", "100")) == nil)
        #expect(refusal(checks, Self.limit("1.001", "100")) == .orderNotionalLimit)
        checks.account?.maximumOrderNotional = .zero
        checks.account?.maximumOrdersPerSecond = 3
        checks.account?.ordersInLastSecond = 2
        #expect(refusal(checks, Self.limit("1", "100")) == nil)
        checks.account?.ordersInLastSecond = 3
        #expect(refusal(checks, Self.limit("1", "100")) == .orderRateLimit)
    }

    @Test("C7: of an amended order what is left is checked for margin and reduction, its size for the rest")
    func amended() throws {
        var checks = Self.checks
        #expect(try checks.check(Self.limit("2", "100"), executed: Self.q("1")) == Self.m("5.05"))
        checks.account?.position = Self.q("1")
        #expect(throws: Refusal.self) { try checks.check(Self.reducing("2")) }
        #expect(try checks.check(Self.reducing("2"), executed: Self.q("1")) == .zero)
    }

    @Test("codes are unique and their names are words joined by underscores")
    func codes() {
        let names = RefusalCode.allCases.map(\.description)
        #expect(Set(names).count == names.count)
        #expect(RefusalCode.priceStale.description == "price_stale")
        #expect(RefusalCode.priceStale.rawValue == 402)
    }
}

import Testing
import Trading

@testable import RiskEngineService

@Suite("Names of accounts and books, as a scan tells them")
struct BookNamesTests {
    @Test(
        "a name that is told twice comes once, with its books, wherever pages end",
        arguments: [1, 2, 3, 100])
    func twice(size: Int) {
        var names = BookNames()
        for name in ["beta", "alpha", "beta", "gamma", "alpha", "beta"] { names.addAccount(name) }
        for member in ["beta:BTCUSDT", "alpha:ETHUSDT", "beta:ETHUSDT", "beta:BTCUSDT"] {
            names.addBook(member)
        }
        names.addBook("external:BTCUSDT")
        names.sort()
        var told: [String: Int] = [:]
        var order: [String] = []
        while let page = names.nextPage(size) {
            for (account, symbols) in page {
                order.append(account.name)
                told[account.name] = symbols.count
            }
        }
        #expect(order == ["alpha", "beta", "external", "gamma"])
        #expect(told == ["alpha": 1, "beta": 2, "external": 1, "gamma": 0])
    }
}

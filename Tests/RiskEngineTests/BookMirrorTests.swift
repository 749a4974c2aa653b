import BusProtocol
import Chronology
import Margin
import Testing
import Trading

@testable import RiskEngineService

@Suite("All books and symbols under their numbers")
struct BookMirrorTests {
    private func entry(_ name: String, _ quantity: String, version: Int64) -> LedgerEntry {
        var entry = LedgerEntry(
            kind: .fill, account: account(name), symbol: bitcoin, cause: "test", atMilliseconds: 0,
            writer: "test")
        entry.position = Quantity(text: quantity)!
        entry.entryPrice = entry.position.isZero ? .zero : price("50000")
        entry.positionVersion = version
        entry.wallet = money("1000")
        entry.balanceVersion = version
        return entry
    }

    @Test("who holds a symbol after it was dropped is not valued by its old mark")
    func dropped() {
        var mirror = BookMirror()
        let holder = mirror.apply(entry("alpha", "1", version: 1))
        let contract = mirror.taken(bitcoin)
        var due: [Int32] = []
        mirror.grid.markReceived(contract, price("40000"), now: .distantPast, &due)
        #expect(mirror.grid.unrealised(of: Int32(holder)) == money("-10000"))
        _ = mirror.apply(entry("alpha", "0", version: 2))
        mirror.drop(contract)
        let next = mirror.apply(entry("beta", "1", version: 1))
        #expect(mirror.grid.unrealised(of: Int32(next)).isZero)
        #expect(!mirror.grid.isEndangered(Int32(next), now: Instant(nanoseconds: 1)))
    }
}

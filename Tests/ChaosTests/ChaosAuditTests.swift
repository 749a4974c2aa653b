import BusProtocol
import Bytes
import ChaosService
import Testing
import Trading

@Suite("The audit of the books finds what it is for")
struct ChaosAuditTests {
    private static let symbol = Symbol("BTCUSDT")!
    private static let alpha = AccountID("alpha")!
    private static let stamp = RecordStamp(sequence: 1, writer: "test", atMilliseconds: 1)

    private static func fill(_ id: Int64, _ quantity: Quantity) -> Fill {
        Fill(
            symbol: symbol, tradeID: id, orderID: 1, clientOrderID: "a", side: .buy,
            price: .whole(100), quantity: quantity, fee: .one, feeAsset: "USDT", isMaker: false,
            timeMilliseconds: 1)
    }

    private static func entry(_ id: Int64, _ kind: LedgerKind, _ quantity: Quantity) -> LedgerEntry {
        var entry = LedgerEntry(
            kind: kind, account: alpha, symbol: symbol, cause: "test", atMilliseconds: 1,
            writer: "test")
        entry.tradeID = id
        entry.side = .buy
        entry.quantity = quantity
        entry.fee = kind == .flipOpen ? .zero : .one
        return entry
    }

    /// Two trades, the second a flip, booked rightly.
    private static var agreement: (venue: VenueTruth, books: BookTruth) {
        var venue = VenueTruth()
        venue.trades[symbol] = [fill(7, .whole(2)), fill(8, .whole(3))]
        venue.clientOrderIDs = ["a", "b"]
        venue.positions[symbol] = .whole(-1)
        var books = BookTruth()
        books.entries = [
            entry(7, .fill, .whole(2)), entry(8, .flipClose, .whole(2)),
            entry(8, .flipOpen, .whole(1)),
        ]
        var position = PositionRecord(stamp: stamp)
        position.quantity = .whole(-1)
        books.positions = [(alpha, symbol, position)]
        var balance = BalanceRecord(stamp: stamp)
        balance.fees = .whole(2)
        books.balances = [(alpha, balance)]
        return (venue, books)
    }

    private func violations(
        _ change: (inout VenueTruth, inout BookTruth) -> Void
    ) -> [String] {
        var (venue, books) = Self.agreement
        change(&venue, &books)
        return ChaosAudit.violations(venue: venue, books: books, expectedOrders: ["a", "b"])
    }

    @Test("books that agree with the venue have no violation")
    func agreement() { #expect(violations { _, _ in }.isEmpty) }

    @Test("of a trade between two of our orders the side that is missing is found")
    func selfTrade() {
        let found = violations { venue, _ in
            var sold = Self.fill(7, .whole(2))
            sold.side = .sell
            venue.trades[Self.symbol]?.append(sold)
        }
        #expect(found == ["fill lost: trade BTCUSDT:7:SELL of 2"])
    }

    @Test("a lost fill, a doubled one and one from nowhere are found")
    func fills() {
        #expect(violations { _, books in books.entries.remove(at: 0) }.contains { $0.hasPrefix("fill lost") })
        #expect(violations { _, books in books.entries.append(books.entries[0]) }
            .contains { $0.contains("more than once") })
        #expect(violations { venue, _ in venue.trades[Self.symbol]?.removeLast() }
            .contains { $0.contains("does not know") })
        #expect(violations { _, books in books.entries[0].quantity = .one }
            .contains { $0.contains("booked") })
    }

    @Test("a position that differs is found, also where one side has none")
    func positions() {
        #expect(!violations { venue, _ in venue.positions[Self.symbol] = .whole(-2) }.isEmpty)
        #expect(!violations { _, books in books.positions = [] }.isEmpty)
    }

    @Test("an order sent twice, one nobody asked for and one that is not settled are found")
    func orders() {
        #expect(violations { venue, _ in venue.clientOrderIDs.append("a") }
            .contains { $0.hasPrefix("order sent twice") })
        #expect(violations { venue, _ in venue.clientOrderIDs.append("c") }
            .contains { $0.hasPrefix("order nobody asked for") })
        #expect(violations { _, books in books.openOrders = ["a"] }
            .contains { $0.hasPrefix("order not final") })
    }

    @Test("a balance that is not the sum of its journal is found")
    func balances() {
        #expect(violations { _, books in books.balances[0].record.fees = .one }.count == 1)
        #expect(violations { _, books in books.balances[0].record.realised = .one }.count == 1)
    }

    @Test("a command line is read, and its mistakes are named")
    func options() throws {
        let options = try ChaosOptions.parse(
            ["--seconds", "20", "--faults", "kill-redis", "--json"], binaries: ".")
        #expect(options.seconds == 20)
        #expect(options.faults == [.killRedis])
        #expect(options.isJSON)
        for bad in [["--seconds", "1"], ["--rate"], ["--faults", "rain"], ["--fast", "1"]] {
            #expect(throws: ChaosUsageError.self) { try ChaosOptions.parse(bad, binaries: ".") }
        }
    }

    @Test("what the exchange tells its clients unlike its own truth is found, and orders taken twice")
    func operatorsTruth() throws {
        func found(_ text: String) throws -> [String] {
            ChaosAudit.violations(
                venue: Self.agreement.venue, operatorsTruth: try JSONValue.parse(Array(text.utf8)))
        }
        let trades = #""trades":[{"symbol":"BTCUSDT","id":7,"side":"BUY"},"#
            + #"{"symbol":"BTCUSDT","id":8,"side":"BUY"}]"#
        let positions = #""positions":[{"symbol":"BTCUSDT","quantity":"-1"}]"#
        let once = #""arrivals":[{"clientOrderId":"a","accepted":1}]"#
        #expect(try found("{\(trades),\(positions),\(once)}").isEmpty)
        #expect(try found("{\(trades),\(once)}") == ["positions told unlike the truth"])
        let fewer = #""trades":[{"symbol":"BTCUSDT","id":7,"side":"BUY"}]"#
        #expect(
            try found("{\(fewer),\(positions),\(once)}")
                == ["BTCUSDT: 1 trades told unlike the truth: 8:BUY"])
        let twice = #""arrivals":[{"clientOrderId":"a","accepted":2}]"#
        #expect(try found("{\(trades),\(positions),\(twice)}") == ["taken 2 times: a"])
    }
}

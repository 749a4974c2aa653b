import BusProtocol
import Positions
import Testing
import Trading

@Suite("The key catalogue names what is written")
struct KeyCatalogueTests {
    private static let keys = BusKeys(venue: VenueID("usdm")!)

    private func line(_ pattern: String, _ kind: String = "hash") throws -> KeyDescription {
        try #require(
            KeyDescription.catalogue.first { $0.pattern == pattern && $0.kind == kind }, "\(pattern)")
    }

    /// The names are those of a record in which nothing is left out, and of what scripts add to it.
    private func check(
        _ pattern: String, _ fields: [(String, String)], _ kind: String = "hash", by script: String...
    ) throws {
        let written = (fields.map(\.0) + script).sorted()
        #expect(try line(pattern, kind).fields.sorted() == written, "\(pattern)")
    }

    @Test("all fields of orders, books and states are named, and no others")
    func records() throws {
        let stamp = RecordTests.stamp
        var order = RecordTests.order
        order.bookedAtMark = BookedAtMark(quantity: .one, value: .one)
        order.otherFees = ["BNB": .one]
        order.terms = OrderTerms(
            owner: OrderOwner(lease: "allocation", fence: 7), expiresMilliseconds: 1)
        try check("order:<ID>", order.fields)
        try check("ledger", RecordTests.ledger.fields, "stream")
        try check("balance:<A>", BalanceRecord(stamp: stamp).fields)
        try check("position:<A>:<SYM>", PositionRecord(stamp: stamp).fields)
        try check("price:<SYM>", PriceRecord(source: "rest", stamp: stamp).fields)
        try check("sync", SyncRecord(result: .equal, stamp: stamp).fields, by: "money_offset")
        let account = AccountRecord(
            id: AccountID("alpha")!, code: AccountCode("ALPHA001")!, isEnabled: true, stamp: stamp)
        try check("account:<A>", account.fields)
        let state = StateRecord(state: .halted, why: "", by: "", stamp: stamp)
        try check("state", state.fields, by: "fence")
        try check("state:<A>", state.fields, by: "fence")
        try check(
            "archive",
            ArchiveRecord(sequence: 1, link: "", file: "", writer: "", atMilliseconds: 1).fields)
    }

    @Test("names with a symbol or an asset in them are those of the pattern")
    func patterns() throws {
        let risk = try line("risk:<A>")
        for (name, _) in RecordTests.risk.fields { #expect(risk.names(field: name), "\(name)") }
        #expect(!risk.names(field: ":qty") && !risk.names(field: "BTCUSDT:other"))
        let holdings = try line("holdings")
        #expect(holdings.names(field: "BNB.free") && !holdings.names(field: "BNB"))
        #expect(try line("budget:<BUCKET>").names(field: "n:123"))
        #expect(try line("orders", "channel").fields.isEmpty)
    }

    @Test("every hash and every stream has fields, and fields are of one of them")
    func whole() {
        let lines = KeyDescription.catalogue.filter { $0.kind == "hash" || $0.kind == "stream" }
        for line in lines { #expect(!line.fields.isEmpty, "\(line.pattern)") }
        #expect(Set(KeyDescription.fieldNames.keys) == Set(lines.map(\.pattern)))
    }

    @Test("a key is found by its name, by the first word of it, and with its venue's prefix")
    func found() {
        func patterns(_ name: String) -> [String] {
            KeyDescription.found(name, Self.keys).map { "\($0.kind) \($0.pattern)" }
        }
        #expect(patterns("state") == ["hash state", "hash state:<A>", "channel state"])
        #expect(patterns("pms:{usdm}:order:PMS1") == ["hash order:<ID>"])
        #expect(patterns("position:alpha:BTCUSDT") == ["hash position:<A>:<SYM>"])
        #expect(
            patterns("request:allocation:x")
                == ["string request:<ID>", "string request:allocation:<ID>"])
        #expect(patterns("position:alpha").isEmpty && patterns("nothing").isEmpty)
    }
}

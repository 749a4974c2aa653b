import Bounded
import Testing
import Trading

@Suite("Names and ids of the desk take their own form only")
struct NameTests {
    @Test("a symbol can stand in keys, patterns and JSON")
    func symbols() {
        let long = String(repeating: "A", count: 32)
        for name in ["BTCUSDT", "1000PEPEUSDT", "币安人生USDT", "BTCUSDT_250926", "A", long] {
            #expect(Symbol(name)?.name == name)
        }
        for name in [
            "", long + "A", "BTC USDT", "A\"", "A:B", "{A", "A}", "A\\", "A*", "A?", "[A]", "A\n",
            "A\u{7F}", "A\u{A0}", "A\u{200B}", "A\u{2028}", "A\u{85}",
        ] {
            #expect(Symbol(name) == nil, "\(name.debugDescription)")
        }
    }

    @Test("an account's name and code have their alphabets")
    func accounts() {
        for name in ["main", "A-b_c.9", String(repeating: "x", count: 32)] {
            #expect(AccountID(name)?.name == name)
        }
        for name in ["", "a b", "a:b", "é", String(repeating: "x", count: 33)] {
            #expect(AccountID(name) == nil)
        }
        #expect(AccountCode("MAIN0001") != nil)
        for text in ["main0001", "MAIN001", "MAIN00011", "MAIN000É", "MAIN_001"] {
            #expect(AccountCode(text) == nil)
        }
        #expect(AccountID("external") == .external)
    }

    @Test("the same intent gives the same id, another gives another (B2c)")
    func derivation() throws {
        let account = try #require(AccountCode("MAIN0001"))
        let other = try #require(AccountCode("MAIN0002"))
        var seen: Set<String> = []
        for origin in OrderOrigin.allCases {
            for number in 0..<500 {
                for code in [account, other] {
                    let intent = "algo-7:\(number)"
                    let id = ClientOrderID.derive(account: code, origin: origin, intent: intent)
                    #expect(
                        id == ClientOrderID.derive(account: code, origin: origin, intent: intent))
                    #expect(seen.insert(id.text).inserted)
                    #expect(ClientOrderID(id.text) == id)
                    let parts = try #require(ClientOrderID.parts(of: id.text))
                    #expect(parts.account == code)
                    #expect(parts.origin == origin)
                }
            }
        }
    }

    @Test("an id keeps its value over versions, and fits every venue (B2c)")
    func form() throws {
        let account = try #require(AccountCode("MAIN0001"))
        let id = ClientOrderID.derive(account: account, origin: .manual, intent: "request-1")
        #expect(id.text == "PMSMAIN0001_m_" + String(id.text.dropFirst(14)))
        #expect(id.text.utf8.count == 30)
        let isFit = id.text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
                true
            case _: false
            }
        }
        #expect(isFit)
    }

    @Test("texts of another form are not taken for ids of ours")
    func foreign() throws {
        let account = try #require(AccountCode("MAIN0001"))
        let id = ClientOrderID.derive(account: account, origin: .risk, intent: "x").text
        for text in [
            "", "autoclose-123", "adl_autoclose", String(id.dropLast()), id + "0",
            "XMS" + id.dropFirst(3), id.replacingOccurrences("_r_", "_z_"),
            id.replacingOccurrences("_r_", "-r-"), "PMSmain0001" + id.dropFirst(11),
            String(id.dropLast()) + "-", String(id.dropLast(2)) + "é",
        ] {
            #expect(ClientOrderID(text) == nil, "\(text)")
        }
    }

    @Test("venue words that are not known are kept and count as still working (T12)")
    func statuses() {
        for text in [
            "NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED",
            "EXPIRED_IN_MATCH", "NEW_ADL",
        ] {
            #expect(VenueOrderStatus(text).text == text)
        }
        #expect(!VenueOrderStatus("NEW_ADL").isFinal)
        #expect(VenueOrderStatus("EXPIRED_IN_MATCH").isFinal)
        #expect(InstrumentStatus("PRE_TRADING") == .other("PRE_TRADING"))
        #expect(InstrumentStatus("TRADING") == .trading)
        #expect(Side.sell.signed(.one) == -.one)
        #expect(Side.buy.opposite == .sell)
    }
}

extension String {
    fileprivate func replacingOccurrences(_ sought: String, _ other: String) -> String {
        split(separator: sought, omittingEmptySubsequences: false).joined(separator: other)
    }

    @Test(
        "Client order ids are those that older records hold",
        arguments: [
            ("DEMO0001", OrderOrigin.manual, "request-1", "PMSDEMO0001_m_1OWsCNH0mLSBkbV0"),
            ("MAIN0001", OrderOrigin.twap, "algo-7:12", "PMSMAIN0001_t_pSPHTrYpJGVSiIp0"),
            ("ZZZZ9999", OrderOrigin.flatten, "é", "PMSZZZZ9999_f_BsL3AXN8icywaMBg"),
        ])
    func pinned(code: String, origin: OrderOrigin, intent: String, expected: String) throws {
        let account = try #require(AccountCode(code))
        let id = ClientOrderID.derive(account: account, origin: origin, intent: intent)
        #expect(id.text == expected)
        #expect(ClientOrderID(expected) == id)
        #expect(id.origin == origin && id.accountCode == account)
    }

    @Test("Names keep their text, of one to 32 bytes, and are ordered by it")
    func texts() throws {
        var random = SplitMix64(seed: 77)
        let letters = Array("ABCXYZ0189-_.")
        var names: [AccountID] = []
        for length in 1...32 {
            for _ in 0..<20 {
                let text = String((0..<length).map { _ in letters.randomElement(using: &random) ?? "A" })
                let account = try #require(AccountID(text))
                #expect(account.name == text)
                #expect(account.description == text)
                #expect(Symbol(text)?.name == text)
                names.append(account)
            }
        }
        #expect(names.sorted().map(\.name) == names.map(\.name).sorted())
        #expect(Set(names).count == Set(names.map(\.name)).count)
        #expect(AccountID(String(repeating: "A", count: 33)) == nil)
        #expect(AccountID("") == nil && Symbol("") == nil && Symbol("A\0") == nil)
        let wide = String(repeating: "é", count: 16)
        #expect(Symbol(wide)?.name == wide)
        #expect(Symbol(wide + "A") == nil)
    }
}

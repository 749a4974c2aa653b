import Bounded
import BusProtocol
import Bytes
import Testing
import Trading

@Suite("Records read back what was written and never guess")
struct RecordTests {
    static let stamp = RecordStamp(sequence: 7, writer: "risk-engine:one", atMilliseconds: 1_700_000_000_123)
    static let id = ClientOrderID.derive(
        account: AccountCode("ALPHA001")!, origin: .manual, intent: "request-1")

    static var order: OrderRecord {
        var order = OrderRecord(
            intent: OrderIntent(
                clientOrderID: id, account: AccountID("alpha")!, symbol: Symbol("BTCUSDT")!,
                side: .sell, type: .limit, timeInForce: .postOnly,
                quantity: Quantity(text: "0.013")!, price: Price(text: "60000.1")!,
                isReduceOnly: true),
            request: "request-1", status: "open", intentMilliseconds: 1, stamp: stamp)
        order.executed = Quantity(text: "0.003")!
        order.executedNotional = Money(text: "180.0003")!
        order.tradeIDs = [5, 9]
        return order
    }

    static var ledger: LedgerEntry {
        var entry = LedgerEntry(
            kind: .flipOpen, account: AccountID("alpha")!, symbol: Symbol("BTCUSDT")!,
            cause: "stream", atMilliseconds: 3, writer: "order-gateway:one")
        entry.sequence = 12
        entry.side = .buy
        entry.tradeID = 99
        entry.price = Price(text: "0.000000010101")!
        entry.quantity = Quantity(text: "-5")!
        return entry
    }

    static var risk: RiskRecord {
        RiskRecord(
            account: AccountID("alpha")!, wallet: .whole(10), equity: .whole(9),
            unrealised: .whole(-1), maintenance: .one, initial: .one, available: .zero,
            marginRatio: Ratio(text: "0.111111")!, tier: 0, accountMove: Ratio(text: "-0.5")!,
            isPriceStale: true, ledgerSequence: 12,
            positions: [
                RiskPosition(
                    symbol: Symbol("BTCUSDT")!, quantity: .whole(-1), entryPrice: .whole(3),
                    mark: .whole(4), unrealised: .whole(-1), maintenance: .one,
                    liquidationPrice: .whole(12))
            ], stamp: stamp)
    }

    private func dictionary(_ fields: [(String, String)]) -> [String: String] {
        Dictionary(fields, uniquingKeysWith: { first, _ in first })
    }

    @Test("every record survives the way to Redis and back")
    func roundTrips() throws {
        #expect(try OrderRecord(fields: dictionary(Self.order.fields)) == Self.order)
        #expect(try LedgerEntry(fields: dictionary(Self.ledger.fields)) == Self.ledger)
        #expect(try RiskRecord(fields: dictionary(Self.risk.fields)) == Self.risk)
        var balance = BalanceRecord(stamp: Self.stamp)
        balance.deposits = .whole(1_000)
        balance.fees = Money(text: "0.5")!
        #expect(try BalanceRecord(fields: dictionary(balance.fields)) == balance)
        let account = AccountRecord(
            id: AccountID("alpha")!, code: AccountCode("ALPHA001")!, isEnabled: true,
            stamp: Self.stamp)
        #expect(try AccountRecord(fields: dictionary(account.fields)) == account)
        var price = PriceRecord(source: "stream", stamp: Self.stamp)
        price.bid = .whole(10)
        price.ask = .whole(11)
        #expect(try PriceRecord(fields: dictionary(price.fields)) == price)
        let state = StateRecord(state: .reducing, why: "test", by: "me", stamp: Self.stamp)
        #expect(try StateRecord(fields: dictionary(state.fields)) == state)
        let heartbeat = HeartbeatRecord(
            service: "risk-engine", instance: "one", processID: 7, build: "x",
            startedMilliseconds: 4, isReady: false, reasons: "redis is down", stamp: Self.stamp)
        #expect(try HeartbeatRecord(fields: dictionary(heartbeat.fields)) == heartbeat)
    }

    @Test("a ledger message is read in place as it is read by its fields; other forms are left to those")
    func ledgerMessages() throws {
        var random = SplitMix64(seed: 20_260)
        for round in 0..<2_000 {
            let entry = Self.randomEntry(&random)
            let text = FlatJSON.encode(entry.fields)
            #expect(LedgerEntry(message: text.rawSpan) == entry, "round \(round)")
            #expect(try LedgerEntry(fields: try FlatJSON.decode(text.rawSpan)) == entry)
            // Whatever is made of it, in place is never read what is not read by the fields.
            var spoilt = text
            let place = Int.random(in: 0..<text.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: spoilt.remove(at: place)
            case 1: spoilt[place] = UInt8.random(in: 32..<127, using: &random)
            case _: spoilt.removeLast(text.count - place)
            }
            guard let read = LedgerEntry(message: spoilt.rawSpan) else { continue }
            let fields = try FlatJSON.decode(spoilt.rawSpan)
            #expect(try LedgerEntry(fields: fields) == read, "round \(round)")
        }
        let fields = Self.ledger.fields
        let swapped = FlatJSON.encode([fields[1], fields[0]] + fields.dropFirst(2))
        #expect(LedgerEntry(message: swapped.rawSpan) == nil)
        let longer = FlatJSON.encode(fields + [("more", "1")])
        #expect(LedgerEntry(message: longer.rawSpan) == nil)
        #expect(LedgerEntry(message: Array("{}".utf8).rawSpan) == nil)
    }

    private static func randomEntry(_ random: inout SplitMix64) -> LedgerEntry {
        func units(_ random: inout SplitMix64) -> Int128 {
            let wide = Int128(Int64.random(in: -9_000_000_000...9_000_000_000, using: &random))
            return Bool.random(using: &random) ? wide : wide * 1_000_000_007
        }
        var entry = ledger
        entry.sequence = Int64.random(in: 0...Int64.max, using: &random)
        entry.kind = LedgerKind.allCases.randomElement(using: &random) ?? .fill
        if Bool.random(using: &random) { entry.symbol = nil }
        entry.side = [nil, .buy, .sell].randomElement(using: &random) ?? nil
        entry.tradeID = Int64.random(in: -5...9_000_000_000, using: &random)
        entry.order = ["", "PMSx", "a \"b\" \\ é"].randomElement(using: &random) ?? ""
        entry.venueOrderID = Int64.random(in: 0...1_000, using: &random)
        entry.price = Price(units: units(&random))
        entry.quantity = Quantity(units: units(&random))
        entry.fee = Money(units: units(&random))
        entry.feeAsset = ["", "BNB"].randomElement(using: &random) ?? ""
        entry.realised = Money(units: units(&random))
        entry.position = Quantity(units: units(&random))
        entry.entryPrice = Price(units: units(&random))
        entry.positionVersion = Int64.random(in: 0...100, using: &random)
        entry.wallet = Money(units: units(&random))
        entry.balanceVersion = Int64.random(in: 0...100, using: &random)
        entry.cause = ["stream", "command:x\ny", ""].randomElement(using: &random) ?? ""
        return entry
    }

    @Test("what is told of a snapshot is the same object, written in place or by its fields")
    func riskNotice() throws {
        var record = Self.risk
        var object = FieldObject()
        for wallet in [Money.zero, .whole(-3), Money(units: 1), Money(units: 12_345_678_901_234)] {
            record.wallet = wallet
            record.isPriceStale.toggle()
            object.begin()
            record.writeNotice(into: &object)
            object.end()
            let fields =
                [("account", record.account.name)] + record.accountFields + record.stamp.fields
            #expect([UInt8](object.rawSpan) == FlatJSON.encode(fields))
        }
    }

    @Test("a missing or spoilt field is an error that names the record and the field")
    func spoiltFields() {
        for spoiling in Self.order.fields.map(\.0)
        where !["average", "revision"].contains(spoiling) {
            var fields = dictionary(Self.order.fields)
            fields[spoiling] = nil
            #expect(throws: RecordError(record: "order", field: spoiling, problem: "missing")) {
                try OrderRecord(fields: fields)
            }
        }
        // Records written before there were revisions have none.
        var fields = dictionary(Self.order.fields)
        fields["revision"] = nil
        #expect((try? OrderRecord(fields: fields))?.revision == 0)
        fields = dictionary(Self.order.fields)
        fields["qty"] = "1e400"
        #expect(throws: RecordError(record: "order", field: "qty", problem: "not a decimal: 1e400")) {
            try OrderRecord(fields: fields)
        }
    }

    @Test("a wallet that does not add up is refused")
    func walletAddsUp() {
        var fields = dictionary(BalanceRecord(stamp: Self.stamp).fields)
        fields["wallet"] = "5"
        #expect(throws: RecordError.self) { try BalanceRecord(fields: fields) }
    }

    @Test("a command carries id, sender, deadline and body, and its errors say what is wrong")
    func commands() throws {
        let command = Command(
            id: "r-1", from: "cli.7", deadlineMilliseconds: 5, kind: "order.place",
            body: ["symbol": "BTCUSDT", "note": "a \"quote\"\n"])
        #expect(try Command.decode(command.encoded().rawSpan) == command)
        let reply = Reply.refused("r-1", "halted", "trading is halted")
        #expect(try Reply.decode(reply.encoded().rawSpan) == reply)
        for bad in [
            "", "{", "[]", "{\"id\":\"a b\",\"from\":\"x\",\"deadline_ms\":\"1\",\"kind\":\"k\"}",
            "{\"id\":\"a\",\"from\":\"x\",\"deadline_ms\":\"soon\",\"kind\":\"k\"}",
            "{\"id\":\"a\",\"from\":\"x\",\"deadline_ms\":1,\"kind\":\"k\",\"body\":[]}",
        ] {
            #expect(throws: RecordError.self) { try Command.decode(Array(bad.utf8).rawSpan) }
        }
    }

    @Test("a deposit that no balance could hold is refused with the limit (I1)")
    func absurdDeposit() {
        #expect(throws: RecordError.self) {
            try AccountBody(["account": "alpha", "deposit": "1000000000000.01"])
        }
        #expect((try? AccountBody(["account": "alpha", "deposit": "1000000000000"])) != nil)
    }

    @Test("a tick is read back exactly, and in the documented field order")
    func ticks() throws {
        let tick = Tick(
            sequence: 3, bid: Price(text: "61800.2")!, bidQuantity: Quantity(text: "2.507")!,
            ask: Price(text: "61800.3")!, askQuantity: Quantity(text: "2.51")!,
            mark: Price(text: "61799.98765432")!, index: .zero, bookTime: 1_723_161_256_313,
            markTime: 0, publishTime: 1_723_161_256_400)
        var out = ByteWriter()
        "BTCUSDT".withRawSpan { tick.write(symbol: $0, into: &out) }
        #expect(
            String(out.rawSpan)
                == #"{"s":"BTCUSDT","seq":"3","b":"61800.2","B":"2.507","a":"61800.3","A":"2.51","#
                + #""m":"61799.98765432","i":"0","tb":"1723161256313","tm":"0","t":"1723161256400"}"#)
        let (symbol, read) = try Tick.decode(out.rawSpan)
        #expect(symbol == "BTCUSDT")
        #expect(read == tick)
    }

    @Test("mutated messages are refused or read, never a crash (I3)", arguments: [UInt64(20_261_121)])
    func mutations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let command = Command(
            id: "r-1", from: "cli", deadlineMilliseconds: 5, kind: "order.place",
            body: ["qty": "1"])
        let corpus: [[UInt8]] = [
            command.encoded(), Reply.ok("r-1", ["a": "b"]).encoded(),
            FlatJSON.encode(Self.order.fields), FlatJSON.encode(Self.ledger.fields),
        ]
        for _ in 0..<100_000 {
            var bytes = corpus[Int.random(in: 0..<corpus.count, using: &random)]
            for _ in 0...Int.random(in: 0..<4, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(at..<min(bytes.count, at + 3))
                case _: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            _ = try? Command.decode(bytes.rawSpan)
            _ = try? Reply.decode(bytes.rawSpan)
            _ = try? Tick.decode(bytes.rawSpan)
            if let fields = try? FlatJSON.decode(bytes.rawSpan) {
                _ = try? OrderRecord(fields: fields)
                _ = try? LedgerEntry(fields: fields)
            }
        }
    }
}

@Suite("Keys")
struct KeyTests {
    @Test("every key of a venue carries its hash tag")
    func hashTags() {
        let keys = BusKeys(venue: VenueID("usdm")!)
        let all = [
            keys.books, keys.ledger, keys.orders, keys.openOrders, keys.state,
            keys.position(AccountID("a")!, Symbol("BTCUSDT")!), keys.tickChannel(Symbol("B")!),
        ]
        #expect(all.allSatisfy { $0.hasPrefix("pms:{usdm}:") })
        #expect(keys.position(AccountID("a")!, Symbol("BTCUSDT")!) == "pms:{usdm}:position:a:BTCUSDT")
    }

    @Test("names that would break a key are refused")
    func badNames() {
        for bad in ["", "a b", "a:b", "a{b", "a*", "a\"", "a\n"] {
            #expect(Symbol(bad) == nil, "symbol \(bad)")
            #expect(AccountID(bad) == nil, "account \(bad)")
            #expect(VenueID(bad) == nil, "venue \(bad)")
        }
        #expect(BusKeys.book(of: "alpha:BTCUSDT")?.symbol == Symbol("BTCUSDT"))
        #expect(BusKeys.book(of: "alpha") == nil)
    }
}

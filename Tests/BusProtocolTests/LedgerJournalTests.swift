import Bounded
import BusProtocol
import Positions
import Testing
import Trading

/// A journal of random changes, as the ledger script writes it.
private struct RandomJournal {
    static let accounts = ["alpha", "beta"].map { AccountID($0)! }
    static let symbol = Symbol("BTCUSDT")!
    var entries: [LedgerEntry] = []
    var positions: [AccountID: Position] = [:]
    var wallets: [AccountID: Money] = [:]
    /// How the books stood when so many entries were written.
    var standings: [Int: ([AccountID: Position], [AccountID: Money])] = [:]

    init(seed: UInt64, count: Int = 300) {
        var random = SplitMix64(seed: seed)
        var machine = LedgerMachine(settlementAsset: "USDT", takesFeesInKind: true)
        _ = machine.resume()
        for number in 1...Int64(count) {
            let account = Self.accounts[Int.random(in: 0...1, using: &random)]
            let subject: LedgerChange.Subject
            var symbol: Symbol? = Self.symbol
            switch Int.random(in: 0...9, using: &random) {
            case 0:
                subject = .deposit(.whole(Int64.random(in: 1...99, using: &random)))
                symbol = nil
            case 1:
                subject = .transfer(.whole(Int64.random(in: -9...9, using: &random)))
                symbol = nil
            case 2: subject = .funding(.whole(Int64.random(in: -9...9, using: &random)))
            case 3:
                subject = .adjustment(
                    .whole(Int64.random(in: 1...9, using: &random)), at: .whole(77),
                    isVirtualClose: false)
            case _: subject = .fill(Self.fill(number, &random), order: nil)
            }
            let change = LedgerChange(
                account: account, symbol: symbol, subject: subject, identity: "\(number)",
                cause: "test", atMilliseconds: number)
            guard case .apply(let command)? = machine.submit(change).actions.first else { continue }
            for leg in command.legs {
                var entry = LedgerScript.entry(leg, command, writer: "test:1")
                entry.sequence = Int64(entries.count + 1)
                entries.append(entry)
            }
            _ = machine.replied(command.token, .applied(sequence: Int64(entries.count)))
            positions[account] = machine.position(account, Self.symbol)
            wallets[account] = machine.balance(account)?.wallet
            standings[entries.count] = (positions, wallets)
        }
    }

    private static func fill(_ number: Int64, _ random: inout SplitMix64) -> Fill {
        Fill(
            symbol: symbol, tradeID: number, orderID: number, clientOrderID: "",
            side: Bool.random(using: &random) ? .buy : .sell,
            price: .whole(Int64.random(in: 50...150, using: &random)),
            quantity: .whole(Int64.random(in: 1...9, using: &random)), fee: .whole(1),
            feeAsset: ["USDT", "BNB", "BTC"][Int.random(in: 0...2, using: &random)], isMaker: false,
            timeMilliseconds: number)
    }

    func verify(_ entries: [LedgerEntry]) -> LedgerVerification {
        var verification = LedgerVerification()
        for entry in entries { verification.entryRead(entry) }
        for account in Self.accounts {
            let position = positions[account] ?? Position()
            verification.recordRead(
                account, Self.symbol, quantity: position.quantity, entryPrice: position.entryPrice)
            verification.recordRead(account, wallet: wallets[account] ?? .zero)
        }
        return verification
    }
}

@Suite("the journal rebuilds the books, and its archive tells what was tampered with")
struct LedgerJournalTests {
    @Test("every book is rebuilt from the journal, and equals its record")
    func rebuilt() {
        let seed = UInt64.random(in: 0...UInt64.max)
        let journal = RandomJournal(seed: seed)
        let verification = journal.verify(journal.entries)
        #expect(verification.problems == [], "seed \(seed)")
        #expect(verification.booksRebuilt == 2 && verification.walletsRebuilt == 2)
        #expect(verification.first == 1 && verification.last == Int64(journal.entries.count))
    }

    @Test("an entry that is missing, doubled or altered is found, whichever it is")
    func altered() {
        let seed = UInt64.random(in: 0...UInt64.max)
        let journal = RandomJournal(seed: seed, count: 80)
        var random = SplitMix64(seed: seed)
        for index in 2..<journal.entries.count {
            let note: Comment = "seed \(seed), entry \(index)"
            var entries = journal.entries
            // A change that is its account's first has nothing before it to be held against.
            let isFirst = !entries[..<index].contains {
                $0.account == entries[index].account && $0.symbol == entries[index].symbol
            }
            if isFirst { continue }
            switch Int.random(in: 0...3, using: &random) {
            case 0 where index < entries.count - 1: entries.remove(at: index)
            case 1: entries.insert(entries[index], at: index)
            case 2: entries[index].wallet += .whole(1)
            case _:
                entries[index].quantity += .one
                entries[index].realised += .one
            }
            #expect(journal.verify(entries).problemCount > 0, note)
        }
    }

    @Test("a record that is not what the journal makes of it is found")
    func record() {
        var journal = RandomJournal(seed: 5)
        journal.wallets[RandomJournal.accounts[0]]? += .whole(1)
        #expect(journal.verify(journal.entries).problemCount == 1)
        journal = RandomJournal(seed: 5)
        journal.positions[RandomJournal.accounts[1]]?.quantity += .one
        #expect(journal.verify(journal.entries).problemCount == 1)
    }

    @Test("a record that no entry made is found where the journal is whole, and only there")
    func unknownRecord() {
        let journal = RandomJournal(seed: 5)
        let stranger = AccountID("gamma")!
        for (skipped, problems) in [(0, 2), (1, 0)] {
            var verification = LedgerVerification()
            for entry in journal.entries.dropFirst(skipped) { verification.entryRead(entry) }
            verification.recordRead(
                stranger, RandomJournal.symbol, quantity: .one, entryPrice: .whole(9))
            verification.recordRead(stranger, wallet: .whole(5))
            // Nothing on record, and nothing in the journal: as it should be.
            verification.recordRead(
                AccountID("delta")!, RandomJournal.symbol, quantity: .zero, entryPrice: .zero)
            verification.recordRead(AccountID("delta")!, wallet: .zero)
            #expect(verification.problemCount == problems, "\(verification.problems)")
        }
    }

    @Test("P3: entries that Redis lost and gave again are counted, and are no problem of the books")
    func losses() throws {
        let journal = RandomJournal(seed: 6, count: 60)
        var chain = ArchiveChain()
        var reader = ArchiveReader()
        var verification = LedgerVerification()
        // Forty were archived, of which Redis lost ten; the journal goes on from thirty.
        for entry in journal.entries.prefix(40) { verification.entryRead(entry) }
        _ = try reader.lineRead(
            Array(chain.header(venue: VenueID("usdm")!, after: 40).dropLast()))
        #expect(
            try reader.lineRead(Array(chain.loss(after: 30, to: 40).dropLast()))
                == .loss(from: 31, to: 40))
        #expect(reader.last == 30)
        verification.lossRead(after: 30)
        for entry in journal.entries.dropFirst(30) { verification.entryRead(entry) }
        #expect(verification.problems == [] && verification.losses == 1)
    }

    /// Two files, begun anew after the first `half` entries; and what Redis may remember of them, after
    /// each line.
    private func files(
        _ entries: [LedgerEntry], half: Int
    ) -> (lines: [[UInt8]], records: [ArchiveRecord]) {
        var chain = ArchiveChain()
        var (lines, records): ([[UInt8]], [ArchiveRecord]) = ([], [])
        func wrote(_ line: [UInt8], _ last: Int64) {
            lines.append(Array(line.dropLast()))
            records.append(
                ArchiveRecord(
                    sequence: last, link: chain.link, file: "", writer: "", atMilliseconds: 0))
        }
        for (index, entry) in entries.enumerated() {
            if index == 0 || index == half {
                wrote(chain.header(venue: VenueID("usdm")!, after: Int64(index)), Int64(index))
            }
            wrote(chain.entry(entry), entry.sequence)
        }
        return (lines, records)
    }

    private func verification(
        _ lines: [[UInt8]], _ record: ArchiveRecord?, _ stream: [LedgerEntry]
    ) -> LedgerVerification {
        var journal = JournalVerification(record: record)
        journal.fileBegan("one")
        for line in lines {
            let isRead = journal.lineRead(line)
            #expect(isRead)
        }
        journal.filesEnded("here")
        for entry in stream { journal.streamRead(entry) }
        journal.streamEnded()
        return journal.books
    }

    @Test("what Redis remembers of the archive may be behind by anything, a rotation too; what it does not know is told")
    func remembered() {
        let journal = RandomJournal(seed: 8, count: 30)
        for half in [10, journal.entries.count - 1] {
            let (lines, records) = files(journal.entries, half: half)
            for record in records {
                let found = verification(lines, record, journal.entries)
                #expect(found.problems == [], "\(record.sequence), \(half)")
            }
            // A tail that was cut off, and another chain.
            let cut = verification(Array(lines.dropLast(5)), records.last, journal.entries)
            #expect(cut.problemCount == 1 && cut.problems[0].text.contains("ends here"))
            var other = records[3]
            other.link = String(repeating: "7", count: 64)
            #expect(verification(lines, other, journal.entries).problemCount == 1)
        }
    }

    @Test("P3: a loss that the archive has not noted yet is counted, and what follows is verified all the same")
    func lossUnnoted() throws {
        let journal = RandomJournal(seed: 9, count: 80)
        // Forty are archived; what Redis lost of them differs from what it gave again.
        let lost = journal.entries.prefix(40).enumerated().map { index, entry in
            var entry = entry
            if index >= 30 { entry.cause = "lost" }
            return entry
        }
        let (lines, records) = files(lost, half: 35)
        for count in journal.standings.keys.sorted() where count > 30 {
            var found = verification(lines, records.last, Array(journal.entries.prefix(count)))
            #expect(found.problems == [], "\(count)")
            #expect(found.losses == 1, "\(count)")
            let (positions, wallets) = try #require(journal.standings[count])
            for (account, position) in positions {
                found.recordRead(
                    account, RandomJournal.symbol, quantity: position.quantity,
                    entryPrice: position.entryPrice)
                found.recordRead(account, wallet: wallets[account] ?? .zero)
            }
            #expect(found.problems == [], "\(count)")
            // It is not that nothing is held against them any more.
            found.recordRead(RandomJournal.accounts[0], wallet: .whole(-12_345))
            #expect(found.problemCount == 1, "\(count)")
        }
        // All of it lost, and nothing written since.
        #expect(verification(lines, records.last, []).problems == [])
        // An entry in the middle is no loss: one of the two was changed.
        var changed = Array(journal.entries.prefix(30))
        changed[12].wallet += .whole(1)
        #expect(verification(lines, records.last, changed).problemCount == 1)
    }

    @Test("P3: the books are gone on with from where Redis lost entries, however many times")
    func goneBack() {
        let journal = RandomJournal(seed: 10, count: 60)
        var verification = LedgerVerification()
        for entry in journal.entries.prefix(50) { verification.entryRead(entry) }
        for kept in [45, 20, 3] {
            verification.lossRead(after: Int64(kept))
            for entry in journal.entries[kept..<50] { verification.entryRead(entry) }
        }
        #expect(verification.problems == [] && verification.losses == 3)
        #expect(verification.booksRebuilt == 2)
        verification.lossRead(after: 20)
        var entry = journal.entries[20]
        entry.wallet += .whole(1)
        verification.entryRead(entry)
        #expect(verification.problemCount == 1)
    }

    private func archive(_ entries: [LedgerEntry]) -> [[UInt8]] {
        var chain = ArchiveChain()
        var lines = [chain.header(venue: VenueID("usdm")!, after: 0)]
        for entry in entries { lines.append(chain.entry(entry)) }
        return lines.map { Array($0.dropLast()) }
    }

    private func read(_ lines: [[UInt8]]) throws -> [LedgerEntry] {
        var reader = ArchiveReader()
        return try lines.compactMap {
            if case .entry(let entry) = try reader.lineRead($0) { entry } else { nil }
        }
    }

    @Test("the archive reads back as it was written, over the edge of a file too")
    func archive() throws {
        let entries = RandomJournal(seed: 3, count: 40).entries
        let lines = archive(entries)
        #expect(try read(lines) == entries)
        var chain = ArchiveChain()
        var reader = ArchiveReader()
        for (index, entry) in entries.enumerated() {
            if index % 10 == 0 {
                let header = chain.header(venue: VenueID("usdm")!, after: Int64(index))
                    .dropLast()
                #expect(try reader.lineRead(Array(header)) == .header)
            }
            #expect(
                try reader.lineRead(Array(chain.entry(entry).dropLast())) == .entry(entry))
        }
        #expect(
            try reader.lineRead(Array(chain.gap(from: 41, to: 60).dropLast()))
                == .gap(from: 41, to: 60))
        #expect(reader.link == chain.link && reader.last == 60)
    }

    @Test("any byte that is changed, and any line taken out or moved, breaks the chain")
    func chain() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix64(seed: seed)
        let lines = archive(RandomJournal(seed: 3, count: 20).entries)
        for round in 0..<300 {
            var spoilt = lines
            let index = Int.random(in: 1..<(lines.count - 1), using: &random)
            switch Int.random(in: 0...2, using: &random) {
            case 0:
                let place = Int.random(in: 0..<lines[index].count, using: &random)
                spoilt[index][place] ^= UInt8.random(in: 1...127, using: &random)
            case 1: spoilt.remove(at: index)
            case _: spoilt.swapAt(index, index + 1)
            }
            #expect(throws: ArchiveProblem.self, "seed \(seed), round \(round)") {
                try read(spoilt)
            }
        }
    }

    @Test("a file that is not hung on the one before it is refused")
    func hung() {
        var first = ArchiveChain()
        var other = ArchiveChain(link: String(repeating: "1", count: 64))
        let venue = VenueID("usdm")!
        let lines = [first.header(venue: venue, after: 0), other.header(venue: venue, after: 0)]
        #expect(throws: ArchiveProblem.self) { try read(lines.map { Array($0.dropLast()) }) }
    }
}

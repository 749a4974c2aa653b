import BusProtocol
import Bytes
import Reactor
import Runtime
import Trading

/// `pms ledger verify`.
@LoopActor enum LedgerCommands {
    static func verify(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        var verification = LedgerVerification()
        let archive = try await archived(session, &verification)
        try await JournalReading.forEach(session, session.keys.ledger) {
            fields throws(CommandFailure) in
            let entry = try JournalReading.ledgerEntry(session, fields)
            if entry.sequence > archive.last {
                verification.entryRead(entry)
            } else if let known = archive.digests[entry.sequence], known != digest(entry) {
                verification.problemFound(
                    entry.sequence, "journal", "is not what was archived under its number")
            }
            return true
        }
        try await compare(session, &verification)
        show(session, verification, archive)
        if verification.problemCount > 0 {
            throw CommandFailure(
                .error, "the books are not what the journal makes of them: see the lines above")
        }
    }

    private static func show(
        _ session: Session, _ verification: LedgerVerification, _ archive: Archive
    ) {
        for problem in verification.problems {
            session.note("entry \(problem.sequence), \(problem.book): \(problem.text)")
        }
        session.show([
            ("entries", "\(verification.entries)"), ("first", "\(verification.first)"),
            ("last", "\(verification.last)"), ("archived", "\(archive.last)"),
            ("files", "\(archive.files)"), ("books", "\(verification.booksRebuilt)"),
            ("wallets", "\(verification.walletsRebuilt)"),
            ("losses", "\(verification.losses)"), ("problems", "\(verification.problemCount)"),
        ])
    }

    // MARK: the archive

    /// What the files say.
    private struct Archive {
        var files = 0
        /// The last number in them; 0 without any.
        var last: Int64 = 0
        /// By number, to hold the stream against; the newest only, which are those it still has.
        var digests: [Int64: SHA256.Digest] = [:]
    }

    private static func digest(_ entry: LedgerEntry) -> SHA256.Digest {
        let json = FlatJSON.encode(entry.fields)
        return SHA256.digest(json.rawSpan)
    }

    private static func archived(
        _ session: Session, _ verification: inout LedgerVerification
    ) async throws(CommandFailure) -> Archive {
        var archive = Archive()
        guard let directory = session.environment.optionalText("PMS_ARCHIVE_DIR") else {
            return archive
        }
        let record = try await session.read(
            session.keys.archive,
            { fields throws(RecordError) in try ArchiveRecord(fields: fields) })
        var reader = ArchiveReader()
        for path in LineFile.paths(matching: "\(directory)/ledger-*.jsonl") {
            archive.files += 1
            let end = LineFile.forEachLine(path) { line in
                take(line, path, record, &reader, &verification, &archive)
            }
            if case .failure(let problem) = end {
                throw CommandFailure(.error, "\(path): \(problem.reason)")
            }
        }
        archive.last = reader.last
        if let record, reader.last < record.sequence {
            verification.problemFound(
                reader.last, directory,
                "ends here, though entries up to \(record.sequence) were archived")
        }
        return archive
    }

    /// False where the rest of the file cannot be believed.
    private static func take(
        _ line: [UInt8], _ path: String, _ record: ArchiveRecord?, _ reader: inout ArchiveReader,
        _ verification: inout LedgerVerification, _ archive: inout Archive
    ) -> Bool {
        do throws(ArchiveProblem) {
            switch try reader.lineRead(line) {
            case .header: return true
            case .gap(let first, let last): verification.gapRead(from: first, to: last)
            case .loss(let first, _): verification.lossRead(after: first - 1)
            case .entry(let entry):
                verification.entryRead(entry)
                archive.digests[entry.sequence] = digest(entry)
                archive.digests[entry.sequence - 2 * LedgerScript.journalLength] = nil
            }
        } catch {
            verification.problemFound(reader.last, path, error.description)
            return false
        }
        if let record, record.sequence == reader.last, record.link != reader.link {
            verification.problemFound(
                reader.last, path, "the chain is not the one that Redis remembers")
        }
        return true
    }

    // MARK: the records

    /// The records as they are now. One that has moved since the journal was read to its end is not
    /// held against it.
    private static func compare(
        _ session: Session, _ verification: inout LedgerVerification
    ) async throws(CommandFailure) {
        let keys = session.keys
        var books: Set<String> = Set(try await session.members(keys.books))
        books.formUnion(verification.openBooks)
        for book in books.sorted() {
            guard let (account, symbol) = BusKeys.book(of: book) else { continue }
            let record = try await session.read(
                keys.position(account, symbol),
                { fields throws(RecordError) in try PositionRecord(fields: fields) })
            if let record, record.stamp.sequence > verification.last { continue }
            verification.recordRead(
                account, symbol, quantity: record?.quantity ?? .zero,
                entryPrice: record?.entryPrice ?? .zero)
        }
        for name in try await session.members(keys.accounts) {
            guard let account = AccountID(name),
                let record = try await session.read(
                    keys.balance(account),
                    { fields throws(RecordError) in try BalanceRecord(fields: fields) }),
                record.stamp.sequence <= verification.last
            else { continue }
            verification.recordRead(account, wallet: record.wallet)
        }
    }
}

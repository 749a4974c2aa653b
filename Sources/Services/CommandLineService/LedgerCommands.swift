import BusProtocol
import Reactor
import Runtime
import Trading

/// `pms ledger verify`.
@LoopActor enum LedgerCommands {
    static func verify(_ session: Session, _ arguments: Arguments) async throws(CommandFailure) {
        var journal = try await archived(session)
        try await JournalReading.forEach(session, session.keys.ledger) {
            fields throws(CommandFailure) in
            journal.streamRead(try JournalReading.ledgerEntry(session, fields))
            return true
        }
        journal.streamEnded()
        var books = journal.books
        try await compare(session, &books)
        show(session, books, journal)
        if books.problemCount > 0 {
            throw CommandFailure(
                .error, "the books are not what the journal makes of them: see the lines above")
        }
    }

    private static func show(
        _ session: Session, _ books: LedgerVerification, _ journal: JournalVerification
    ) {
        for problem in books.problems {
            session.note("entry \(problem.sequence), \(problem.book): \(problem.text)")
        }
        session.show([
            ("entries", "\(books.entries)"), ("first", "\(books.first)"),
            ("last", "\(books.last)"), ("archived", "\(journal.archived)"),
            ("files", "\(journal.files)"), ("books", "\(books.booksRebuilt)"),
            ("wallets", "\(books.walletsRebuilt)"),
            ("losses", "\(books.losses)"), ("problems", "\(books.problemCount)"),
        ])
    }

    /// The files of the archive, read through.
    private static func archived(
        _ session: Session
    ) async throws(CommandFailure) -> JournalVerification {
        guard let directory = session.environment.optionalText("PMS_ARCHIVE_DIR") else {
            return JournalVerification(record: nil)
        }
        let record = try await session.read(
            session.keys.archive,
            { fields throws(RecordError) in try ArchiveRecord(fields: fields) })
        var journal = JournalVerification(record: record)
        for path in LineFile.paths(matching: "\(directory)/ledger-*.jsonl") {
            journal.fileBegan(path)
            let end = LineFile.forEachLine(path) { journal.lineRead($0) }
            if case .failure(let problem) = end {
                throw CommandFailure(.error, "\(path): \(problem.reason)")
            }
        }
        journal.filesEnded(directory)
        return journal
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

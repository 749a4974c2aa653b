import BusProtocol
import Bytes
import Chronology
import Reactor
import RedisLink
import Runtime

/// Copies the ledger's journal from its bounded stream into files, each line chained to the one before
/// (`ArchiveChain`). Only the holder of the lease `sync` writes; a restart goes on behind the last
/// whole line.
@LoopActor final class JournalArchive {
    private let host: ServiceHost
    private let directory: String
    private let files: ArchiveFiles
    private let lines: Gauge
    private var timer: LoopTimer?
    private var isActive = false
    private var isReading = false
    private var toldProblem = ""

    /// Between two looks at the journal: a tenth of the time in which 5,000 fills a second would
    /// fill the stream.
    private static let interval = Interval.seconds(1)
    /// Between two pieces of a file that is read: what waits on the loop comes first.
    private static let breath = Interval.milliseconds(1)
    /// After a file could not be read or written.
    private static let afterProblem = Interval.seconds(30)
    private static let page = 500

    init(host: ServiceHost, directory: String) {
        self.host = host
        self.directory = directory
        files = ArchiveFiles(directory: directory, venue: host.keys.venue)
        lines = host.metrics.gauge("pms_archive_sequence", "last journal number that is archived")
    }

    func start() {
        timer = host.loop.timer { [weak self] in self?.poll() }
        timer?.arm(after: JournalArchive.interval)
    }

    func stop() {
        timer?.disarm()
        timer = nil
        isActive = false
        files.close()
    }

    /// The lease was gained or lost. Another's lines are read before the first of ours.
    func leaseChanged(isHeld: Bool) {
        isActive = isHeld
        files.close()
    }

    private func poll() {
        timer?.arm(after: JournalArchive.interval)
        guard isActive, !isReading, host.redis.isUp else { return }
        do throws(FileProblem) {
            guard try files.open() else {
                timer?.arm(after: JournalArchive.breath)
                return
            }
        } catch {
            timer?.arm(after: JournalArchive.afterProblem)
            return tell("the archive \(directory) cannot be written: \(error.reason)")
        }
        isReading = true
        Task { @LoopActor in
            defer { isReading = false }
            do {
                try await copy()
            } catch let failure as SyncLoadFailure {
                // Redis is away, or holds something else: asked again in a second.
                Log.warn("journal not archived", ["reason": failure.reason])
            } catch {
                timer?.arm(after: JournalArchive.afterProblem)
                tell("the archive is not written: \((error as? FileProblem)?.reason ?? "\(error)")")
            }
        }
    }

    /// Copies what the journal has beyond the files. The newest entry archived is read with it: where
    /// it is another, or gone, Redis has lost entries and given their numbers again.
    private func copy() async throws {
        let last = files.last
        var entries = try await read([
            "XRANGE", host.keys.ledger, last > 0 ? "\(last)-0" : "-", "+", "COUNT",
            "\(JournalArchive.page + 1)",
        ])
        guard isActive, files.path != nil, files.last == last else { return }
        let isFull = entries.count > JournalArchive.page
        if entries.first?.sequence == last, let first = entries.first {
            if files.isArchived(first) == false { return try await findLoss() }
            entries.removeFirst()
        } else if last > 0, entries.isEmpty {
            return try await findLoss()
        }
        if entries.isEmpty { return }
        for gap in try files.append(entries) {
            tell("entries \(gap.lowerBound) to \(gap.upperBound) were gone before they were archived")
        }
        toldProblem = ""
        record()
        if isFull { timer?.arm(after: JournalArchive.breath) }
    }

    /// Looks for the newest entry that is in the journal as it was archived, and goes on behind it.
    private func findLoss() async throws {
        let last = files.last
        var kept: Int64?
        var oldest = last + 1
        while kept == nil, oldest > 1, last - oldest < Int64(ArchiveFiles.memory) {
            let entries = try await read([
                "XREVRANGE", host.keys.ledger, "\(oldest - 1)-0", "-", "COUNT",
                "\(JournalArchive.page)",
            ])
            guard isActive, files.path != nil, files.last == last else { return }
            kept = entries.first { files.isArchived($0) == true }?.sequence
            guard let end = entries.last?.sequence else { break }
            oldest = end
        }
        // An empty journal says nothing yet: with its next entry it is known where it goes on.
        guard oldest <= last else { return }
        let from = kept ?? oldest - 1
        guard from < last else { return }
        try files.lost(after: from)
        tell("Redis lost the entries \(from + 1) to \(last) after they were archived")
        record()
        timer?.arm(after: JournalArchive.breath)
    }

    private func read(_ command: [String]) async throws -> [LedgerEntry] {
        let outcome = await host.redis.send(command)
        guard let rows = outcome.value?.elements else { throw SyncLoadFailure([outcome]) }
        var entries: [LedgerEntry] = []
        for row in rows {
            guard let fields = row.elements?.last?.fields else {
                throw SyncLoadFailure(reason: "the journal holds something else than entries")
            }
            entries.append(try LedgerEntry(fields: fields))
        }
        return entries
    }

    private func record() {
        lines.set(Int(files.last))
        let record = ArchiveRecord(
            sequence: files.last, link: files.link, file: files.path ?? "", writer: host.writer,
            atMilliseconds: host.loop.wallNow.milliseconds)
        host.redis.send(["HSET", host.keys.archive] + record.fields.flatMap { [$0.0, $0.1] }) {
            outcome in
            if let failure = outcome.failure {
                Log.warn("archive record not written", ["reason": failure])
            }
        }
    }

    private func tell(_ text: String) {
        if text == toldProblem { return }
        toldProblem = text
        Log.warn("alert", ["code": "archive", "text": text])
        let alert = Alert(
            code: "archive", text: text, details: [:],
            stamp: RecordStamp(
                sequence: files.last, writer: host.writer,
                atMilliseconds: host.loop.wallNow.milliseconds))
        let message = String(decoding: FlatJSON.encode(alert.fields), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.alertChannel, message]) { _ in }
    }
}

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
    private let lines: Gauge
    private var timer: LoopTimer?
    private var file: AppendFile?
    private var chain = ArchiveChain()
    private var last: Int64 = 0
    private var isActive = false
    private var isReading = false
    private var toldProblem = ""

    /// Between two looks at the journal: a tenth of the time in which 5,000 fills a second would
    /// fill the stream.
    private static let interval = Interval.seconds(1)
    private static let page = 500
    /// A file is begun anew at this many bytes: about 100,000 entries.
    private static let fileBytes = 64 << 20

    init(host: ServiceHost, directory: String) {
        self.host = host
        self.directory = directory
        lines = host.metrics.gauge("pms_archive_sequence", "last journal number that is archived")
    }

    func start() {
        timer = host.loop.timer { [weak self] in self?.poll() }
        timer?.arm(after: JournalArchive.interval)
    }

    func stop() {
        timer?.disarm()
        isActive = false
        file = nil
    }

    /// The lease was gained or lost. Another's lines are read before the first of ours.
    func leaseChanged(isHeld: Bool) {
        isActive = isHeld
        file = nil
    }

    private func poll() {
        timer?.arm(after: JournalArchive.interval)
        guard isActive, !isReading, host.redis.isUp else { return }
        do throws(FileProblem) {
            if file == nil { try open() }
        } catch {
            return tell("the archive \(directory) cannot be written: \(error.reason)")
        }
        isReading = true
        let command = [
            "XRANGE", host.keys.ledger, "(\(last)-0", "+", "COUNT", "\(JournalArchive.page)",
        ]
        host.redis.send(command) { [weak self] outcome in
            self?.isReading = false
            self?.read(outcome)
        }
    }

    /// Reads the newest file, checking the chain, and goes on behind its last whole line; the chain
    /// within older files is checked by `pms ledger verify`.
    private func open() throws(FileProblem) {
        // A file that was begun and got no whole line says nothing: the one before it does.
        for path in LineFile.paths(matching: "\(directory)/ledger-*.jsonl").reversed() {
            var reader = ArchiveReader()
            var problem: ArchiveProblem?
            let end = LineFile.forEachLine(path) { line in
                do throws(ArchiveProblem) {
                    _ = try reader.lineRead(line)
                    return true
                } catch {
                    problem = error
                    return false
                }
            }
            let whole = try end.get()
            if let problem { throw FileProblem(reason: "\(path): \(problem)") }
            guard let link = reader.link else { continue }
            // Where there is only a header yet, the name says what comes first.
            last = reader.last > 0 ? reader.last : JournalArchive.first(of: path) - 1
            chain = ArchiveChain(link: link)
            file = try AppendFile(path, whole: whole)
            return
        }
        last = 0
        chain = ArchiveChain()
        try begin(after: 0)
    }

    /// The number of the first entry of a file, by its name.
    private static func first(of path: String) -> Int64 {
        let name = path.split(separator: "/").last ?? ""
        return Int64(name.dropFirst("ledger-".count).prefix { $0.isNumber }) ?? 1
    }

    /// Begins a file whose first entry follows a number.
    private func begin(after last: Int64) throws(FileProblem) {
        let digits = "\(last + 1)"
        let name = String(repeating: "0", count: max(0, 15 - digits.utf8.count)) + digits
        let path = "\(directory)/ledger-\(name).jsonl"
        let next = try AppendFile(path, whole: 0)
        try next.append(chain.header(venue: host.keys.venue))
        file = next
    }

    private func read(_ outcome: RedisOutcome) {
        guard isActive, let rows = outcome.value?.elements, !rows.isEmpty else { return }
        do {
            var bytes: [UInt8] = []
            for row in rows {
                guard let fields = row.elements?.last?.fields else {
                    throw FileProblem(reason: "the journal holds something else than entries")
                }
                let entry = try LedgerEntry(fields: fields)
                if entry.sequence != last + 1 {
                    let end = entry.sequence - 1
                    bytes += chain.gap(from: last + 1, to: end)
                    tell("entries \(last + 1) to \(end) were gone before they were archived")
                }
                bytes += chain.entry(entry)
                last = entry.sequence
            }
            try file?.append(bytes)
            if let file, file.size > JournalArchive.fileBytes { try begin(after: last) }
            toldProblem = ""
            record()
            if rows.count == JournalArchive.page { poll() }
        } catch {
            // What reached the file, if anything, is read again from there.
            file = nil
            tell("the archive is not written: \((error as? FileProblem)?.reason ?? "\(error)")")
        }
    }

    private func record() {
        lines.set(Int(last))
        let record = ArchiveRecord(
            sequence: last, link: chain.link, file: file?.path ?? "", writer: host.writer,
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
                sequence: last, writer: host.writer,
                atMilliseconds: host.loop.wallNow.milliseconds))
        let message = String(decoding: FlatJSON.encode(alert.fields), as: UTF8.self)
        host.redis.send(["PUBLISH", host.keys.alertChannel, message]) { _ in }
    }
}
